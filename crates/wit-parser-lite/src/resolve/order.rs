//! Dependency order.

use crate::error::{Error, ErrorKind};
use crate::span::{Span, count};

/// Returns the nodes `0..edges.len()` such that each comes after those that its edges lead to.
///
/// An edge carries the place that made it. Each edge that closes a cycle is given to `on_cycle` with the nodes of the
/// cycle, first the one that the edge leads to, and is then ignored.
///
/// The walk keeps its own stack, since a chain of definitions can be as long as the input.
pub(super) fn order(edges: &[Vec<(u32, Span)>], mut on_cycle: impl FnMut(&[u32], Span)) -> Vec<u32> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        /// On the path, at this place.
        Open(usize),
        Done,
    }
    let mut states = vec![State::New; edges.len()];
    let mut done = Vec::with_capacity(edges.len());
    let mut path: Vec<u32> = Vec::new();
    // How many edges of each node on the path are followed.
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

/// How many members of a cycle an error shows.
const MAX_NAMES: usize = 8;

/// Returns the error that the definitions of a cycle need each other: `what` and `does` make "interface `a` uses itself",
/// and a note for each member says where. `name` gives the members' names.
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
