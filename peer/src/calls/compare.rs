//! Whether three answers to a case are the same.

use std::fmt;

use canonical_abi::Value;

use super::Subject;
use super::case::{Case, Drive, Outcome, Recipe, Run};
use super::faults::all_faults;
use super::image::{Image, Seen};
use super::plain::{self, Machine, lift_params, lift_result, typed_results};
use super::shape::Shape;
use crate::fault::Fault;

/// What a comparison comes to.
pub(crate) enum Verdict {
    Same(Outcome),
    /// The peer is known to answer otherwise.
    Known(Known, Outcome),
    Different(Box<Difference>),
}

/// Where the peer's answer is known to be another than the spec's.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Known {
    /// Of several faults of one call the peer finds another first. CanonicalABI.md, "Lifting and
    /// Lowering Values", lifts all values before it lowers the first, and "Loading" asks for a
    /// list's length before its alignment; the peer moves value by value and asks the other way
    /// round. Either way the call traps, and what is found is at fault.
    OtherFault,
    /// What was needlessly tagged as UTF-16 is deflated to Latin-1 in place, and the block shrunk.
    /// The spec's `store_probably_utf16_to_latin1_or_utf16` asks `realloc` for an alignment of 1
    /// then (CanonicalABI.md, "Storing"), the peer for 2. The values are the same; where blocks lie
    /// is up to `realloc`.
    ShrinkAlignment,
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OtherFault => "of several faults, the peer finds another first",
            Self::ShrinkAlignment => "the peer shrinks deflated strings with an alignment of 2",
        })
    }
}

/// The three answers. An `Err` outside is a pair that was not compiled.
#[derive(Debug)]
pub(crate) struct Difference {
    pub(crate) what: &'static str,
    pub(crate) plain: Outcome,
    pub(crate) ours: Result<Outcome, String>,
    /// The linked file, run here.
    pub(crate) linked: Option<Result<Outcome, String>>,
    pub(crate) theirs: Result<Outcome, String>,
}

/// Runs a case everywhere and compares, unless its values do not fit.
pub(crate) fn compare(subject: &Subject, recipe: &Recipe) -> Option<Verdict> {
    let shape = &subject.shape;
    let case = recipe.case(shape)?;
    let plain = plain::run(shape, &case);
    let ours = subject.ours.as_ref().map_err(Clone::clone).map(|ours| ours.run(&case));
    let linked = subject
        .ours_linked
        .as_ref()
        .map(|ours| ours.as_ref().map_err(Clone::clone).map(|ours| ours.run(&case)));
    let theirs = subject.theirs.as_ref().map_err(Clone::clone).map(|theirs| theirs.run(shape, &case));
    let what = match (&ours, &theirs) {
        (Err(_), _) => "Lowlift does not compile the pair",
        (_, Err(_)) => "the peer does not compile the pair",
        (Ok(ours), Ok(_)) if !same(&plain, ours) => "Lowlift differs from the plain interpreter",
        (Ok(_), Ok(_)) if linked.as_ref().is_some_and(|linked| !same_answer(&ours, linked)) => {
            "Lowlift runs the linked file otherwise"
        }
        (Ok(_), Ok(theirs)) if known(shape, &case, &plain, theirs).is_some() => {
            return known(shape, &case, &plain, theirs).map(|known| Verdict::Known(known, plain));
        }
        (Ok(_), Ok(theirs)) if !means_same(shape, &case, &plain, theirs) => "the peer differs",
        (Ok(_), Ok(_)) => return Some(Verdict::Same(plain)),
    };
    Some(Verdict::Different(Box::new(Difference { what, plain, ours, linked, theirs })))
}

/// Returns in which of the known ways the peer's answer is another, if it is, after asking whether
/// it is right by them.
fn known(shape: &Shape, case: &Case, plain: &Outcome, theirs: &Outcome) -> Option<Known> {
    match (plain, theirs) {
        (Err(plain), Err(theirs)) if plain != theirs => {
            let faults = all_faults(shape, case);
            (faults.contains(plain) && faults.contains(theirs)).then_some(Known::OtherFault)
        }
        (Ok(plain), Ok(theirs)) if !means_same(shape, case, &Ok(plain.clone()), &Ok(theirs.clone())) => {
            let is_same = values(shape, case, plain) == values(shape, case, theirs)
                && differ_in_shrinking(&plain.caller, &theirs.caller)
                && differ_in_shrinking(&plain.callee, &theirs.callee);
            is_same.then_some(Known::ShrinkAlignment)
        }
        (Ok(_) | Err(_), Ok(_) | Err(_)) => None,
    }
}

/// Returns whether the calls of `realloc` are the same, but for the alignment of blocks that shrink
/// by half and for where blocks lie.
fn differ_in_shrinking(plain: &Seen, theirs: &Seen) -> bool {
    let is_same = |([_, plain @ ..], [_, theirs @ ..]): (&[u32; 4], &[u32; 4])| {
        let [old_size, align, size] = *plain;
        plain == theirs || (align == 1 && old_size == 2 * size && *theirs == [old_size, 2, size])
    };
    plain.n_reallocs == theirs.n_reallocs && plain.reallocs.iter().zip(&theirs.reallocs).all(is_same)
}

fn same_answer(ours: &Result<Outcome, String>, linked: &Result<Outcome, String>) -> bool {
    match (ours, linked) {
        (Ok(ours), Ok(linked)) => same(ours, linked),
        (Err(_), _) | (_, Err(_)) => false,
    }
}

/// Returns whether two answers are the same, byte for byte.
fn same(plain: &Outcome, ours: &Outcome) -> bool {
    match (plain, ours) {
        (Err(plain), Err(ours)) => plain == ours,
        (Ok(plain), Ok(ours)) => {
            // NaNs have one text, while they do not equal themselves.
            (&plain.caller, &plain.callee) == (&ours.caller, &ours.callee)
                && plain.result.as_ref().map(show) == ours.result.as_ref().map(show)
        }
        (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
    }
}

/// Returns whether two answers mean the same: equal values on both sides, by equal calls of
/// `realloc`. Padding, what a variant's case leaves unused, and the bits of NaNs are left to the
/// engine.
fn means_same(shape: &Shape, case: &Case, plain: &Outcome, theirs: &Outcome) -> bool {
    match (plain, theirs) {
        (Err(plain), Err(theirs)) => plain == theirs,
        (Ok(plain), Ok(theirs)) => {
            same(&Ok(plain.clone()), &Ok(theirs.clone()))
                || meaning(shape, case, plain) == meaning(shape, case, theirs)
        }
        (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
    }
}

/// What a call means, as text: the values on both sides and the calls of `realloc`.
pub(crate) fn meaning(shape: &Shape, case: &Case, run: &Run) -> String {
    let reallocs = |n: u32, calls: &[[u32; 4]]| format!("{n} reallocs {calls:x?}");
    format!(
        "{}\ncaller: {}\ncallee: {}{}",
        values(shape, case, run),
        reallocs(run.caller.n_reallocs, &run.caller.reallocs),
        reallocs(run.callee.n_reallocs, &run.callee.reallocs),
        if run.callee.post_returned { "\npost-return ran" } else { "" },
    )
}

fn values(shape: &Shape, case: &Case, run: &Run) -> String {
    let at = |memory: &[u8]| Machine::new(&Image { memory: memory.to_vec(), ..Image::default() });
    let params = lift_params(shape, &mut at(&run.callee.memory), &run.callee.slots);
    let result = match &case.drive {
        Drive::Host(_) => Ok(run.result.clone()),
        Drive::Raw(image) => {
            let flat = typed_results(shape, &run.caller.slots);
            lift_result(shape, &mut at(&run.caller.memory), &image.slots, &flat)
        }
    };
    let result = result.map(|result| result.into_iter().collect());
    format!("parameters {}\nresult {}", text(params), text(result))
}

fn text(lifted: Result<Vec<Value>, Fault>) -> String {
    match lifted {
        Ok(values) => values.iter().map(show).collect::<Vec<_>>().join(", "),
        Err(fault) => format!("that are none: {fault:?}"),
    }
}

/// Returns a value's text: the same for all NaNs, and for all forms that a list may have.
fn show(value: &Value) -> String {
    let all = |values: &[Value]| values.iter().map(show).collect::<Vec<_>>().join(", ");
    let payload = |payload: &Option<Box<Value>>| payload.as_ref().map_or(String::new(), |value| show(value));
    match value {
        Value::List(list) => format!("[{}]", all(&list.iter().collect::<Vec<_>>())),
        Value::Map(entries) => {
            let entries: Vec<_> = entries.iter().map(|(k, v)| format!("{}: {}", show(k), show(v))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::Record(values) | Value::Tuple(values) => format!("({})", all(values)),
        Value::Variant { case, payload: value } => format!("case {case}({})", payload(value)),
        Value::Option(Some(value)) => format!("some({})", show(value)),
        Value::Result(Ok(value)) => format!("ok({})", payload(value)),
        Value::Result(Err(value)) => format!("err({})", payload(value)),
        Value::Bool(_)
        | Value::S8(_)
        | Value::U8(_)
        | Value::S16(_)
        | Value::U16(_)
        | Value::S32(_)
        | Value::U32(_)
        | Value::S64(_)
        | Value::U64(_)
        | Value::F32(_)
        | Value::F64(_)
        | Value::Char(_)
        | Value::String(_)
        | Value::Enum(_)
        | Value::Option(None)
        | Value::Flags(_)
        | Value::Own(_)
        | Value::Borrow(_)
        | Value::ErrorContext(_)
        | Value::Stream(_)
        | Value::Future(_) => format!("{value:?}"),
    }
}
