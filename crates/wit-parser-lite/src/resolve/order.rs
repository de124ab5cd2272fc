//! Dependency order.

use crate::error::{Error, ErrorKind};
use crate::span::{Span, count};

/// Returns the nodes `0..edges.len()` in an order in which each comes after the targets of its
/// edges.
///
/// Each edge carries a span. For an edge that closes a cycle, `on_cycle` is called with the nodes
/// of the cycle, starting with the target of the edge; the edge is then ignored.
///
/// The stack is explicit, since a chain of definitions can be as long as the input.
pub(super) fn order(edges: &[Vec<(u32, Span)>], mut on_cycle: impl FnMut(&[u32], Span)) -> Vec<u32> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        /// On the path, at this position.
        Open(usize),
        Done,
    }
    let mut states = vec![State::New; edges.len()];
    let mut done = Vec::with_capacity(edges.len());
    let mut path: Vec<u32> = Vec::new();
    // For each node on the path, the number of edges already followed.
    let mut followed: Vec<usize> = Vec::new();
    for root in 0..count(edges.len()) {
        if states[root as usize] == State::New {
            states[root as usize] = State::Open(0);
            path.push(root);
            followed.push(0);
        }
        while let (Some(&node), Some(n_followed)) = (path.last(), followed.last_mut()) {
            let Some(&(target, span)) = edges[node as usize].get(*n_followed) else {
                states[node as usize] = State::Done;
                done.push(node);
                path.pop();
                followed.pop();
                continue;
            };
            *n_followed += 1;
            match states[target as usize] {
                State::New => {
                    states[target as usize] = State::Open(path.len());
                    path.push(target);
                    followed.push(0);
                }
                State::Open(start) => on_cycle(&path[start..], span),
                State::Done => {}
            }
        }
    }
    done
}

/// The number of members of a cycle that an error shows.
const MAX_NAMES: usize = 8;

/// Returns the error that the definitions of a cycle depend on each other. `what` and `does` give
/// "interface `a` uses itself", with a note for each member. `name` gives the names of the members.
#[cold]
pub(super) fn cycle_error<'a>(
    (what, does): (&str, &str),
    edges: &[Vec<(u32, Span)>],
    cycle: &[u32],
    span: Span,
    name: impl Fn(u32) -> &'a str,
) -> Error {
    let names: Vec<_> = cycle.iter().map(|node| name(*node)).collect();
    let message = format!("{what} `{}` {does} itself: {}", names[0], cycle_text(&names));
    let mut error = Error::new(ErrorKind::Cycle, span, message);
    for pair in cycle.windows(2).take(MAX_NAMES) {
        let edge = edges[pair[0] as usize].iter().find(|(target, _)| *target == pair[1]);
        let (_, span) = edge.expect("the cycle's members follow its edges");
        error = error.note(&format!("`{}` {does} `{}` here", name(pair[0]), name(pair[1])), *span);
    }
    error
}

/// Returns a cycle's names as `a -> b -> a`.
fn cycle_text(names: &[&str]) -> String {
    let shown = names[..names.len().min(MAX_NAMES)].join(" -> ");
    let gap = if names.len() > MAX_NAMES { " -> …" } else { "" };
    format!("{shown}{gap} -> {}", names[0])
}
