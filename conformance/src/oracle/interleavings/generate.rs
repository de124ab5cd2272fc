//! Random scenarios.
//!
//! A scenario begins with functions that do little, and grows by operations that are put somewhere
//! in their code. An operation with which the deterministic run traps is left out again, but for
//! some, so that runs get far. A function calls later ones only, and no code loops, so that each
//! run ends.

use component_async::EndKind;
use component_async::policy::Deterministic;
use component_async::scenario::{End, EndOp, Function, Lift, Op, Reg, Scenario, SetOp, ThreadOp, run};
use proptest::collection::vec;
use proptest::prelude::*;

const MAX_FUNCTIONS: usize = 5;
const MAX_ADDITIONS: usize = 24;

/// Where handles lie. A parameter is in register 0.
const READABLE: Reg = 1;
const WRITABLE: Reg = 2;
const SET: Reg = 3;
const SUBTASK: Reg = 4;
const OTHER_SUBTASK: Reg = 5;
const THREAD: Reg = 6;
const MAIN_THREAD: Reg = 7;

/// Returns scenarios.
pub(super) fn any_scenario() -> impl Strategy<Value = Scenario> {
    (any_kind(), 2..=MAX_FUNCTIONS).prop_flat_map(|(kind, n)| {
        let functions: Vec<_> = (0..n).map(|number| any_function(kind, number, n)).collect();
        (functions, vec(any_addition(kind, n), 1..=MAX_ADDITIONS), 0..6u8)
            .prop_map(|(functions, additions, trap)| grown(Scenario { functions }, &additions, trap == 0))
    })
}

/// Operations that are put into a function's code.
#[derive(Clone, Debug)]
struct Addition {
    function: usize,
    /// Where, modulo the places that there are.
    place: usize,
    ops: Vec<Op>,
}

fn any_addition(kind: EndKind, n: usize) -> impl Strategy<Value = Addition> {
    // The first functions are those that run.
    (0..n, 0..n, any::<usize>()).prop_flat_map(move |(a, b, place)| {
        let function = a.min(b);
        any_ops(kind, function, n).prop_map(move |ops| Addition { function, place, ops })
    })
}

/// Adds what lets the deterministic run go on. With `may_trap` the last addition stays in any case.
fn grown(mut scenario: Scenario, additions: &[Addition], may_trap: bool) -> Scenario {
    for (i, addition) in additions.iter().enumerate() {
        let mut longer = scenario.clone();
        if !add(&mut longer.functions, addition) {
            continue;
        }
        let traps = matches!(run(&longer, &mut Deterministic).end, End::Trap(_) | End::TooLong);
        if !traps || (may_trap && i + 1 == additions.len()) {
            scenario = longer;
        }
    }
    scenario
}

/// Puts operations into code, and returns whether they make sense there.
fn add(functions: &mut [Function], addition: &Addition) -> bool {
    let Addition { function, place, ops } = addition;
    if !ops.iter().all(|op| makes_sense(functions, *function, op)) {
        return false;
    }
    let function = &mut functions[*function];
    let n_places = function.body.len() + 1;
    let of_callback = if function.lift == Lift::Callback { function.callback.len() + 1 } else { 0 };
    let place = place % (n_places + of_callback);
    let (code, at) = match place.checked_sub(n_places) {
        None => (&mut function.body, place),
        Some(at) => (&mut function.callback, at),
    };
    code.splice(at..at, ops.iter().copied());
    true
}

fn any_kind() -> impl Strategy<Value = EndKind> {
    prop_oneof![3 => Just(EndKind::Stream), 1 => Just(EndKind::Future)]
}

/// Returns whether a function's code may have an operation.
fn makes_sense(functions: &[Function], function: usize, op: &Op) -> bool {
    let function = &functions[function];
    if let Op::Thread(ThreadOp::New { function: code, .. }) = op {
        let code = &functions[*code];
        code.instance == function.instance && code.lift == Lift::Stackful && code.param.is_none()
    } else {
        let is_of_callback = matches!(op, Op::CallbackExit | Op::CallbackYield | Op::CallbackWait { .. });
        function.lift == Lift::Callback || !is_of_callback
    }
}

fn any_function(kind: EndKind, number: usize, n: usize) -> impl Strategy<Value = Function> {
    let lift = prop_oneof![2 => Just(Lift::Sync), 3 => Just(Lift::Stackful), 3 => Just(Lift::Callback)];
    let param = prop_oneof![3 => Just(None), 2 => Just(Some(kind))];
    (0..2u32, any::<[bool; 2]>(), lift, param, 0..4u8).prop_map(
        move |(instance, [is_async_type, waits], lift, param, last)| {
            let (mut body, mut callback) = (Vec::new(), Vec::new());
            match lift {
                Lift::Sync => {}
                Lift::Stackful => body.push(Op::Return),
                Lift::Callback => end_callbacks(&mut body, &mut callback, last),
            }
            if number == 0 {
                // Two calls that may wait, of the last functions, so that there is something to
                // choose.
                let call = |function, into| Op::Call { function, is_async: true, arg: READABLE, into };
                body.splice(0..0, [call(n - 1, SUBTASK), call(n.saturating_sub(2).max(1), OTHER_SUBTASK)]);
            } else if waits {
                body.insert(0, Op::Thread(ThreadOp::Yield));
            }
            // The host passes nothing, and the calls that are there from the start pass nothing.
            let param = param.filter(|_| number > 0 && number + 2 < n);
            let is_async_type = is_async_type || lift != Lift::Sync;
            Function { instance, is_async_type, lift, param, body, callback }
        },
    )
}

/// Ends the code of a function with a callback as guests do.
fn end_callbacks(body: &mut Vec<Op>, callback: &mut Vec<Op>, how: u8) {
    match how {
        0 => body.push(Op::Return),
        1 => {
            body.push(Op::CallbackYield);
            callback.push(Op::Return);
        }
        2 => {
            body.extend([Op::Set(SetOp::New { into: SET }), Op::CallbackWait { of: SET }]);
            callback.push(Op::Return);
        }
        _ => {
            body.extend([Op::Set(SetOp::New { into: SET }), Op::CallbackWait { of: SET }]);
            callback.push(Op::Cancel);
        }
    }
}

/// Returns one operation, or some that guests write together.
fn any_ops(kind: EndKind, number: usize, n: usize) -> BoxedStrategy<Vec<Op>> {
    let one = |op: Op| vec![op];
    let later = if number + 1 < n { number + 1..n } else { 0..0 };
    let of_threads = any_thread_op().prop_map(move |op| one(Op::Thread(op)));
    let of_ends = any_end_op().prop_map(move |op| one(Op::End(kind, op)));
    let of_sets = prop_oneof![
        Just(vec![Op::Set(SetOp::New { into: SET })]),
        Just(vec![Op::Set(SetOp::New { into: SET }), join(SUBTASK)]),
        Just(vec![Op::Set(SetOp::New { into: SET }), join(WRITABLE), join(READABLE)]),
        Just(vec![join(SUBTASK), Op::Set(SetOp::Wait { of: SET })]),
        Just(vec![Op::Set(SetOp::Wait { of: SET })]),
        Just(vec![Op::Set(SetOp::Poll { of: SET })]),
        Just(vec![Op::Set(SetOp::Join { of: SUBTASK, set: None }), Op::SubtaskDrop { of: SUBTASK }]),
        Just(vec![Op::Set(SetOp::Drop { of: SET })]),
    ];
    let of_subtasks = prop_oneof![
        any::<bool>().prop_map(|is_async| vec![Op::SubtaskCancel { is_async, of: SUBTASK }]),
        Just(vec![Op::SubtaskDrop { of: SUBTASK }]),
    ];
    let of_tasks = prop_oneof![
        2 => Just(vec![Op::Return]),
        1 => Just(vec![Op::Cancel]),
        1 => Just(vec![Op::BackpressureInc]),
        1 => Just(vec![Op::BackpressureDec]),
        1 => Just(vec![Op::ContextSet { to: 7 }]),
        1 => Just(vec![Op::ContextGet]),
        1 => Just(vec![Op::CallbackYield]),
        1 => Just(vec![Op::CallbackWait { of: SET }]),
    ];
    if later.is_empty() {
        return prop_oneof![2 => of_threads, 4 => of_ends, 3 => of_sets, 2 => of_tasks].boxed();
    }
    let of_calls =
        (later.clone(), any::<bool>(), any::<bool>()).prop_map(move |(function, is_async, other)| {
            let into = if other { OTHER_SUBTASK } else { SUBTASK };
            one(Op::Call { function, is_async, arg: READABLE, into })
        });
    let of_new_threads = later.prop_map(move |function| {
        vec![
            Op::Thread(ThreadOp::Index { into: MAIN_THREAD }),
            Op::Thread(ThreadOp::New { function, into: THREAD }),
        ]
    });
    prop_oneof![
        4 => of_calls,
        1 => of_new_threads,
        2 => of_threads,
        4 => of_ends,
        3 => of_sets,
        2 => of_subtasks,
        2 => of_tasks,
    ]
    .boxed()
}

fn join(of: Reg) -> Op {
    Op::Set(SetOp::Join { of, set: Some(SET) })
}

fn any_thread_op() -> impl Strategy<Value = ThreadOp> {
    let of = prop_oneof![3 => Just(THREAD), 1 => Just(MAIN_THREAD)];
    (0..8u8, of).prop_map(|(op, of)| match op {
        0 => ThreadOp::ResumeLater { of },
        1 => ThreadOp::SuspendThenResume { of },
        2 => ThreadOp::YieldThenResume { of },
        3 => ThreadOp::SuspendThenPromote { of },
        4 => ThreadOp::YieldThenPromote { of },
        5 => ThreadOp::Suspend,
        _ => ThreadOp::Yield,
    })
}

fn any_end_op() -> impl Strategy<Value = EndOp> {
    let readable = prop_oneof![1 => Just(0), 1 => Just(READABLE)];
    (0..9u8, readable, 0..4u32, any::<bool>(), any::<bool>()).prop_map(
        |(op, readable, n, is_async, is_read)| {
            let of = if is_read { readable } else { WRITABLE };
            match op {
                0 | 1 => EndOp::New { readable: READABLE, writable: WRITABLE },
                2 | 3 => EndOp::Read { of: readable, n, is_async },
                4 | 5 => EndOp::Write { of: WRITABLE, n, is_async },
                6 => EndOp::Cancel { is_read, of, is_async },
                7 => EndOp::Drop { is_readable: is_read, of },
                _ => EndOp::Forward { readable, writable: WRITABLE },
            }
        },
    )
}
