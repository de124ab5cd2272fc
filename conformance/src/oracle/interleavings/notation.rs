//! Scenarios and outcomes in JSON, as `driver.py` has them.

use component_async::EndKind;
use component_async::scenario::{End, EndOp, Function, Lift, Op, Outcome, Scenario, Seen, SetOp, ThreadOp};
use serde_json::{Value as Json, json};

/// Returns the JSON of a scenario.
pub(super) fn scenario(scenario: &Scenario) -> Json {
    scenario.functions.iter().map(function).collect()
}

/// Returns the JSON of an outcome. Which trap it was is left out: the spec's program does not say.
pub(super) fn outcome(outcome: &Outcome) -> Json {
    let end = match &outcome.end {
        End::Resolved => "resolved",
        End::Deadlock => "deadlock",
        End::Trap(_) => "trap",
        End::TooLong => "too long",
    };
    let seen: Json = outcome.seen.iter().map(seen).collect();
    json!({ "end": end, "memories": outcome.memories, "seen": seen })
}

fn seen(seen: &Seen) -> Json {
    match *seen {
        Seen::Begin { function } => json!(["begin", function]),
        Seen::Callback { function, event: (code, index, payload) } => {
            json!(["callback", function, code, index, payload])
        }
        Seen::Result { function, value: (code, index, payload) } => {
            json!(["result", function, code, index, payload])
        }
        Seen::Resolved => json!(["resolved"]),
    }
}

fn function(function: &Function) -> Json {
    let ops = |ops: &[Op]| -> Json { ops.iter().map(op).collect() };
    json!({
        "instance": function.instance,
        "async_type": function.is_async_type,
        "lift": match function.lift {
            Lift::Sync => "sync",
            Lift::Stackful => "stackful",
            Lift::Callback => "callback",
        },
        "param": function.param.map(kind),
        "body": ops(&function.body),
        "callback": ops(&function.callback),
    })
}

fn kind(kind: EndKind) -> &'static str {
    match kind {
        EndKind::Stream => "stream",
        EndKind::Future => "future",
    }
}

fn op(op: &Op) -> Json {
    match *op {
        Op::Call { function, is_async, arg, into } => json!(["call", function, is_async, arg, into]),
        Op::Return => json!(["return"]),
        Op::Cancel => json!(["cancel"]),
        Op::SubtaskCancel { is_async, of } => json!(["subtask-cancel", is_async, of]),
        Op::SubtaskDrop { of } => json!(["subtask-drop", of]),
        Op::Set(SetOp::New { into }) => json!(["set-new", into]),
        Op::Set(SetOp::Wait { of }) => json!(["set-wait", of]),
        Op::Set(SetOp::Poll { of }) => json!(["set-poll", of]),
        Op::Set(SetOp::Drop { of }) => json!(["set-drop", of]),
        Op::Set(SetOp::Join { of, set }) => json!(["join", of, set]),
        Op::BackpressureInc => json!(["backpressure-inc"]),
        Op::BackpressureDec => json!(["backpressure-dec"]),
        Op::End(of, op) => end_op(kind(of), op),
        Op::Thread(op) => thread_op(op),
        Op::ContextSet { to } => json!(["context-set", to]),
        Op::ContextGet => json!(["context-get"]),
        Op::CallbackExit => json!(["callback-exit"]),
        Op::CallbackYield => json!(["callback-yield"]),
        Op::CallbackWait { of } => json!(["callback-wait", of]),
    }
}

fn end_op(kind: &str, op: EndOp) -> Json {
    match op {
        EndOp::New { readable, writable } => json!([kind, "new", readable, writable]),
        EndOp::Read { of, n, is_async } => json!([kind, "read", of, n, is_async]),
        EndOp::Write { of, n, is_async } => json!([kind, "write", of, n, is_async]),
        EndOp::Cancel { is_read, of, is_async } => json!([kind, "cancel", is_read, of, is_async]),
        EndOp::Drop { is_readable, of } => json!([kind, "drop", is_readable, of]),
        EndOp::Forward { readable, writable } => json!([kind, "forward", readable, writable]),
    }
}

fn thread_op(op: ThreadOp) -> Json {
    match op {
        ThreadOp::New { function, into } => json!(["thread", "new", function, into]),
        ThreadOp::Index { into } => json!(["thread", "index", into]),
        ThreadOp::ResumeLater { of } => json!(["thread", "resume-later", of]),
        ThreadOp::Suspend => json!(["thread", "suspend"]),
        ThreadOp::Yield => json!(["thread", "yield"]),
        ThreadOp::SuspendThenResume { of } => json!(["thread", "suspend-then-resume", of]),
        ThreadOp::YieldThenResume { of } => json!(["thread", "yield-then-resume", of]),
        ThreadOp::SuspendThenPromote { of } => json!(["thread", "suspend-then-promote", of]),
        ThreadOp::YieldThenPromote { of } => json!(["thread", "yield-then-promote", of]),
    }
}
