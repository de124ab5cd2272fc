//! Every run of small scenarios: what holds whatever the host chooses.

use component_async::EndKind::{Future, Stream};
use component_async::policy::{Deterministic, Script, Seeded};
use component_async::scenario::{
    End, EndOp, Function, Lift, Op, Outcome, Scenario, Seen, SetOp, ThreadOp, run,
};

const SET: usize = 3;
const A: usize = 4;
const B: usize = 5;

fn function(instance: u32, lift: Lift, body: Vec<Op>) -> Function {
    Function { instance, is_async_type: true, lift, param: None, body, callback: vec![] }
}

fn call(function: usize, into: usize) -> Op {
    Op::Call { function, is_async: true, arg: 0, into }
}

fn join(of: usize) -> Op {
    Op::Set(SetOp::Join { of, set: Some(SET) })
}

const NEW_SET: Op = Op::Set(SetOp::New { into: SET });
const WAIT: Op = Op::Set(SetOp::Wait { of: SET });

/// Returns the outcomes of all runs, and checks that those of some seeds are among them.
fn outcomes(functions: Vec<Function>) -> Vec<Outcome> {
    let scenario = Scenario { functions };
    let (mut script, mut all) = (Script::default(), vec![]);
    loop {
        all.push(run(&scenario, &mut script));
        assert!(all.len() < 10_000, "the scenario is small");
        if !script.next_run() {
            break;
        }
    }
    all.sort();
    all.dedup();
    for seed in 0..100 {
        assert!(all.contains(&run(&scenario, &mut Seeded::new(seed))), "seed {seed}");
    }
    assert!(all.contains(&run(&scenario, &mut Deterministic)));
    all
}

fn count(outcome: &Outcome, is: impl Fn(&Seen) -> bool) -> usize {
    outcome.seen.iter().filter(|seen| is(seen)).count()
}

/// A callee that yields resolves in every run, at once or by an event, and no event comes twice.
#[test]
fn no_wake_up_is_lost() {
    let caller = function(0, Lift::Stackful, vec![call(1, A), NEW_SET, join(A), WAIT, Op::Return]);
    let callee = function(1, Lift::Stackful, vec![Op::Thread(ThreadOp::Yield), Op::Return]);
    let all = outcomes(vec![caller, callee]);
    for outcome in &all {
        let at_once = outcome.seen.contains(&Seen::Result { function: 0, value: (2, 0, 0) });
        // Without a subtask there is nothing to join.
        let end = if at_once { matches!(outcome.end, End::Trap(_)) } else { outcome.end == End::Resolved };
        assert!(end, "{outcome}");
        let returned = Seen::Result { function: 0, value: (1, 1, 2) };
        assert_eq!(count(outcome, |seen| *seen == returned), usize::from(!at_once), "{outcome}");
    }
    assert_eq!(all.len(), 2);
}

/// Calls that need their instance for themselves run one after the other.
#[test]
fn exclusive_calls_do_not_overlap() {
    let caller = function(0, Lift::Stackful, vec![call(1, A), call(1, B), Op::Return]);
    let callee = function(1, Lift::Sync, vec![Op::Thread(ThreadOp::Yield), Op::ContextGet]);
    for outcome in outcomes(vec![caller, callee]) {
        assert_eq!(outcome.end, End::Resolved, "{outcome}");
        let of_callee: Vec<bool> = outcome
            .seen
            .iter()
            .filter_map(|seen| match seen {
                Seen::Begin { function: 1 } => Some(true),
                Seen::Result { function: 1, .. } => Some(false),
                Seen::Begin { .. } | Seen::Callback { .. } | Seen::Result { .. } | Seen::Resolved => None,
            })
            .collect();
        assert_eq!(of_callee, [true, false, true, false], "{outcome}");
    }
}

/// A call that waits to enter is cancelled before it has started, and never begins.
#[test]
fn cancellation_before_the_start() {
    let caller = function(
        0,
        Lift::Stackful,
        vec![call(1, A), call(2, B), Op::SubtaskCancel { is_async: false, of: B }, Op::Return],
    );
    let holder = function(1, Lift::Stackful, vec![Op::BackpressureInc, Op::Return]);
    let waiter = function(1, Lift::Stackful, vec![Op::Return]);
    for outcome in outcomes(vec![caller, holder, waiter]) {
        assert_eq!(outcome.end, End::Resolved, "{outcome}");
        assert_eq!(count(&outcome, |seen| *seen == Seen::Begin { function: 2 }), 0, "{outcome}");
        let cancelled = Seen::Result { function: 0, value: (3, 0, 0) };
        assert_eq!(count(&outcome, |seen| *seen == cancelled), 1, "{outcome}");
    }
}

/// What one instance writes another reads, in order, whoever comes first. A write ends with what
/// was read of it: the writer here does not write its third number again.
#[test]
fn streams_keep_their_order() {
    let writer = function(
        0,
        Lift::Stackful,
        vec![
            Op::End(Stream, EndOp::New { readable: 1, writable: 2 }),
            Op::Call { function: 1, is_async: true, arg: 1, into: A },
            Op::End(Stream, EndOp::Write { of: 2, n: 3, is_async: false }),
            Op::Thread(ThreadOp::Yield),
            Op::End(Stream, EndOp::Write { of: 2, n: 1, is_async: false }),
            Op::Return,
        ],
    );
    let read = Op::End(Stream, EndOp::Read { of: 0, n: 2, is_async: false });
    let mut reader = function(1, Lift::Sync, vec![read, Op::Thread(ThreadOp::Yield), read, read]);
    reader.param = Some(Stream);
    for outcome in outcomes(vec![writer, reader]) {
        assert_eq!(outcome.end, End::Resolved, "{outcome}");
        let places = outcome.memories[1].chunks(4);
        let read: Vec<u8> = places.flatten().copied().filter(|&n| n != 0).collect();
        assert_eq!(read, [1, 2, 4], "{outcome}");
    }
}

/// The writable end of a future that was not written can't be dropped.
#[test]
fn futures_must_be_written() {
    let body = vec![
        Op::End(Future, EndOp::New { readable: 1, writable: 2 }),
        Op::End(Future, EndOp::Drop { is_readable: false, of: 2 }),
    ];
    let all = outcomes(vec![function(0, Lift::Stackful, body)]);
    let trap = "cannot drop future write end without first writing a value";
    assert_eq!(all[0].end, End::Trap(trap.to_owned()));
    assert_eq!(all.len(), 1);
}

/// Threads that only wait for each other are a deadlock, and none runs twice.
#[test]
fn threads_switch_to_each_other() {
    let main = function(
        0,
        Lift::Stackful,
        vec![
            Op::Thread(ThreadOp::Index { into: 7 }),
            Op::Thread(ThreadOp::New { function: 1, into: 6 }),
            Op::Thread(ThreadOp::SuspendThenResume { of: 6 }),
            Op::ContextGet,
            Op::Return,
        ],
    );
    let other = function(0, Lift::Stackful, vec![Op::Thread(ThreadOp::ResumeLater { of: 7 })]);
    for outcome in outcomes(vec![main.clone(), other]) {
        assert_eq!(outcome.end, End::Resolved, "{outcome}");
        assert_eq!(count(&outcome, |seen| matches!(seen, Seen::Begin { .. })), 2, "{outcome}");
    }
    let forgetful = function(0, Lift::Stackful, vec![Op::Thread(ThreadOp::Suspend)]);
    for outcome in outcomes(vec![main, forgetful]) {
        assert_eq!(outcome.end, End::Deadlock, "{outcome}");
    }
}
