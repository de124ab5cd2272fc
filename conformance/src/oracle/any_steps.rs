//! Random sequences of handle operations.
//!
//! Each is planned without a table, and then given an index while the table is at hand: mostly of a
//! handle that the operation is for, so that sequences get far, else of any handle, or of none.

use super::steps::{N_CALLS, N_RESOURCES, PAYLOADS, Run, Step};
use canonical_abi::ValType;
use canonical_abi::ends::{Element, EndKind, EndState};
use canonical_abi::handles::{Ownership, TableEntry};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::panic::{AssertUnwindSafe, catch_unwind};

const MAX_STEPS: usize = 48;

/// Returns sequences of handle operations, of which the last one may trap.
pub(crate) fn any_steps() -> impl Strategy<Value = Vec<Step>> {
    vec(any_choice(), 1..MAX_STEPS).prop_map(|choices| placed(&choices))
}

#[derive(Clone, Copy, Debug)]
enum Op {
    New,
    Rep,
    Drop,
    LiftOwn,
    LiftBorrow,
    LowerOwn,
    LowerBorrow,
    Return,
    DeliverResolve,
    LowerErrorContext,
    LiftErrorContext,
    DropErrorContext,
    LowerEnd,
    LiftEnd,
    Read,
    Join,
}

/// How an operation comes by its handle.
#[derive(Clone, Copy, Debug)]
enum Aim {
    /// It is one that the operation is for.
    Fitting,
    /// It is one of the table's.
    Any,
    /// This is its index.
    At(u32),
}

/// Random choices, of which `place` makes a step that suits the state of a run.
#[derive(Clone, Copy, Debug)]
struct StepChoice {
    op: Op,
    aim: Aim,
    /// Which of the handles that come into question, modulo how many there are.
    pick: usize,
    rt: u32,
    rep: u32,
    call: usize,
    kind: EndKind,
    payload: Option<ValType>,
}

fn any_choice() -> impl Strategy<Value = StepChoice> {
    let op = prop_oneof![
        4 => Just(Op::New),
        2 => Just(Op::Rep),
        4 => Just(Op::Drop),
        3 => Just(Op::LiftOwn),
        5 => Just(Op::LiftBorrow),
        3 => Just(Op::LowerOwn),
        4 => Just(Op::LowerBorrow),
        2 => Just(Op::Return),
        2 => Just(Op::DeliverResolve),
        1 => Just(Op::LowerErrorContext),
        1 => Just(Op::LiftErrorContext),
        1 => Just(Op::DropErrorContext),
        2 => Just(Op::LowerEnd),
        2 => Just(Op::LiftEnd),
        1 => Just(Op::Read),
        1 => Just(Op::Join),
    ];
    let aim = prop_oneof![
        96 => Just(Aim::Fitting),
        3 => Just(Aim::Any),
        1 => prop_oneof![0..12u32, any::<u32>()].prop_map(Aim::At),
    ];
    let kind = select(vec![EndKind::Stream, EndKind::Future]);
    let parts =
        (op, aim, any::<usize>(), 0..N_RESOURCES, any::<u32>(), 0..N_CALLS, kind, select(&PAYLOADS[..]));
    parts.prop_map(|(op, aim, pick, rt, rep, call, kind, payload)| StepChoice {
        op,
        aim,
        pick,
        rt,
        rep,
        call,
        kind,
        payload,
    })
}

/// Returns the steps, up to one that traps, or panics, which the comparison will find.
fn placed(choices: &[StepChoice]) -> Vec<Step> {
    let mut run = Run::new();
    let mut steps = Vec::new();
    for choice in choices {
        let step = place(choice, &run);
        steps.push(step);
        let done = catch_unwind(AssertUnwindSafe(|| run.step(step)));
        if !matches!(done, Ok(Ok(_))) {
            break;
        }
    }
    steps
}

fn place(choice: &StepChoice, run: &Run) -> Step {
    let StepChoice { op, aim, pick: _, rt, rep, call, kind, payload } = *choice;
    if matches!((op, aim), (Op::Return, Aim::Fitting)) && run.has_borrows(call) {
        return give_up_borrow(choice, run);
    }
    let fits = |entry: &Element| fits(op, entry);
    let (index, entry) = match aim {
        Aim::At(index) => (index, None),
        Aim::Any => match pick(choice, run, |_| true) {
            Some((index, _)) => (index, None),
            None => (0, None),
        },
        Aim::Fitting => match pick(choice, run, fits) {
            Some((index, entry)) => (index, Some(entry)),
            None => return made_for(choice),
        },
    };
    // A fitting handle is taken for what it is.
    let rt = entry.and_then(Element::as_resource).map_or(rt, |handle| handle.rt().0);
    let (kind, payload) = match entry {
        Some(Element::ReadableEnd(end)) => (end.kind, end.payload),
        Some(Element::Resource(_) | Element::ErrorContext(_)) | None => (kind, payload),
    };
    match op {
        Op::New => Step::New { rt: choice.rt, rep },
        Op::Rep => Step::Rep { rt, index },
        Op::Drop => Step::Drop { rt, index },
        Op::LiftOwn => Step::LiftOwn { rt, index },
        Op::LiftBorrow => Step::LiftBorrow { rt, index, call },
        Op::LowerOwn => Step::LowerOwn { rt: choice.rt, rep },
        Op::LowerBorrow => Step::LowerBorrow { rt: choice.rt, rep, task: call },
        Op::Return => Step::Return { task: call },
        Op::DeliverResolve => Step::DeliverResolve { call },
        Op::LowerErrorContext => Step::LowerErrorContext { rep },
        Op::LiftErrorContext => Step::LiftErrorContext { index },
        Op::DropErrorContext => Step::DropErrorContext { index },
        Op::LowerEnd => Step::LowerEnd { kind: choice.kind, payload: choice.payload, rep },
        Op::LiftEnd => Step::LiftEnd { kind, payload, index },
        Op::Read => Step::Read { index },
        Op::Join => Step::Join { index },
    }
}

/// Returns a step towards a call's return that does not trap.
fn give_up_borrow(choice: &StepChoice, run: &Run) -> Step {
    let borrow = pick(choice, run, |entry| fits(Op::Drop, entry) && run.is_borrow_of(entry, choice.call));
    let handle = borrow.and_then(|(index, entry)| Some((index, entry.as_resource()?)));
    match handle {
        Some((index, handle)) => Step::Drop { rt: handle.rt().0, index },
        None => Step::DeliverResolve { call: choice.call },
    }
}

fn pick<'a>(
    choice: &StepChoice,
    run: &'a Run,
    fits: impl Fn(&Element) -> bool,
) -> Option<(u32, &'a Element)> {
    let fitting: Vec<_> = run.table.iter().filter(|(_, entry)| fits(entry)).collect();
    choice.pick.checked_rem(fitting.len()).map(|at| fitting[at])
}

/// Returns whether the operation, if it needs a handle, does not trap for this one.
fn fits(op: Op, entry: &Element) -> bool {
    let resource = entry.as_resource();
    match op {
        Op::Rep | Op::LiftBorrow => resource.is_some(),
        Op::Drop => resource.is_some_and(|handle| handle.num_lends() == 0),
        Op::LiftOwn => resource.is_some_and(|h| h.num_lends() == 0 && h.ownership() == Ownership::Own),
        Op::LiftErrorContext | Op::DropErrorContext => matches!(entry, Element::ErrorContext(_)),
        Op::LiftEnd | Op::Read => {
            matches!(entry, Element::ReadableEnd(e) if e.state == EndState::Idle && !e.in_waitable_set)
        }
        Op::Join => matches!(entry, Element::ReadableEnd(_)),
        Op::New
        | Op::LowerOwn
        | Op::LowerBorrow
        | Op::Return
        | Op::DeliverResolve
        | Op::LowerErrorContext
        | Op::LowerEnd => true,
    }
}

/// Returns a step that needs no handle, for an operation that finds none.
fn made_for(choice: &StepChoice) -> Step {
    let StepChoice { op, aim: _, pick: _, rt, rep, call, kind, payload } = *choice;
    match op {
        Op::Rep | Op::Drop | Op::LiftOwn | Op::LowerOwn => Step::LowerOwn { rt, rep },
        Op::New => Step::New { rt, rep },
        Op::LiftBorrow | Op::LowerBorrow => Step::LowerBorrow { rt, rep, task: call },
        Op::LiftErrorContext | Op::DropErrorContext | Op::LowerErrorContext => {
            Step::LowerErrorContext { rep }
        }
        Op::LiftEnd | Op::Read | Op::Join | Op::LowerEnd => Step::LowerEnd { kind, payload, rep },
        Op::Return => Step::Return { task: call },
        Op::DeliverResolve => Step::DeliverResolve { call },
    }
}
