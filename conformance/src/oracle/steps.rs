//! Handle operations, one after the other over one table: their form in JSON, and what
//! `canonical-abi` does with them. Follows CanonicalABI.md, "Table State", "Resource State",
//! "Canonical Definitions".
//!
//! A step that traps is the last one: what a trap leaves in a table, nobody sees.

use super::BadVector;
use super::notation::{array, bad, number, optional_from_json, type_to_json};
use canonical_abi::ends::{self, Element, EndKind, EndState};
use canonical_abi::handles::{
    self, BorrowScope, Dropped, HandleTable, Lends, Ownership, ResourceHandle, RuntimeResource, TableEntry,
};
use canonical_abi::{ResourceId, Trap, Types, ValType};
use serde_json::{Value as Json, json};

/// How many resource types there are. The instance of a case implements the last one itself, so
/// that borrows of it are passed as their representation.
pub const N_RESOURCES: u32 = 3;

/// How many calls into the table's instance, and how many out of it, are in progress. One that ends
/// is followed by the next.
pub(crate) const N_CALLS: usize = 3;

/// What streams and futures of a table carry.
pub(crate) const PAYLOADS: [Option<ValType>; 4] =
    [None, Some(ValType::U8), Some(ValType::String), Some(ValType::Own(ResourceId(0)))];

/// An operation on a table. Its name in JSON is the spec's, without what is before the operation's
/// own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of the spec's functions")]
pub enum Step {
    /// `canon_resource_new`.
    New { rt: u32, rep: u32 },
    /// `canon_resource_rep`.
    Rep { rt: u32, index: u32 },
    /// `canon_resource_drop`.
    Drop { rt: u32, index: u32 },
    /// `lift_own`.
    LiftOwn { rt: u32, index: u32 },
    /// `lift_borrow`, for a call out of the instance.
    LiftBorrow { rt: u32, index: u32, call: usize },
    /// `lower_own`.
    LowerOwn { rt: u32, rep: u32 },
    /// `lower_borrow`, for a call into the instance.
    LowerBorrow { rt: u32, rep: u32, task: usize },
    /// `Task.return_`, for a call into the instance.
    Return { task: usize },
    /// `Subtask.deliver_resolve`, for a call out of the instance.
    DeliverResolve { call: usize },
    /// `lower_error_context`.
    LowerErrorContext { rep: u32 },
    /// `lift_error_context`.
    LiftErrorContext { index: u32 },
    /// `canon_error_context_drop`.
    DropErrorContext { index: u32 },
    /// `lower_stream` or `lower_future`.
    LowerEnd { kind: EndKind, payload: Option<ValType>, rep: u32 },
    /// `lift_stream` or `lift_future`.
    LiftEnd { kind: EndKind, payload: Option<ValType>, index: u32 },
    /// An asynchronous `canon_stream_read` or `canon_future_read` that waits, if there is an idle
    /// end.
    Read { index: u32 },
    /// `Waitable.join` of a new waitable set, if there is an end.
    Join { index: u32 },
}

impl Step {
    pub(crate) fn to_json(self) -> Json {
        match self {
            Self::New { rt, rep } => json!(["new", rt, rep]),
            Self::Rep { rt, index } => json!(["rep", rt, index]),
            Self::Drop { rt, index } => json!(["drop", rt, index]),
            Self::LiftOwn { rt, index } => json!(["lift_own", rt, index]),
            Self::LiftBorrow { rt, index, call } => json!(["lift_borrow", rt, index, call]),
            Self::LowerOwn { rt, rep } => json!(["lower_own", rt, rep]),
            Self::LowerBorrow { rt, rep, task } => json!(["lower_borrow", rt, rep, task]),
            Self::Return { task } => json!(["return", task]),
            Self::DeliverResolve { call } => json!(["deliver_resolve", call]),
            Self::LowerErrorContext { rep } => json!(["lower_error_context", rep]),
            Self::LiftErrorContext { index } => json!(["lift_error_context", index]),
            Self::DropErrorContext { index } => json!(["drop_error_context", index]),
            Self::LowerEnd { kind, payload, rep } => {
                json!([format!("lower_{}", kind_name(kind)), payload_to_json(payload), rep])
            }
            Self::LiftEnd { kind, payload, index } => {
                json!([format!("lift_{}", kind_name(kind)), payload_to_json(payload), index])
            }
            Self::Read { index } => json!(["read", index]),
            Self::Join { index } => json!(["join", index]),
        }
    }

    /// Returns the step that [`to_json`](Self::to_json) wrote.
    pub(crate) fn from_json(json: &Json) -> Result<Self, BadVector> {
        let rt = || {
            Some(number(&json[1])?).filter(|rt| *rt < N_RESOURCES).ok_or_else(|| bad("a resource type", json))
        };
        let slot = |at: usize| {
            Some(number(&json[at])?)
                .filter(|slot| *slot < N_CALLS)
                .ok_or_else(|| bad("a call in progress", json))
        };
        let (first, second) = (|| number(&json[1]), || number(&json[2]));
        let payload = || payload_from_json(&json[1]);
        array(json)?;
        Ok(match json[0].as_str().unwrap_or_default() {
            "new" => Self::New { rt: rt()?, rep: second()? },
            "rep" => Self::Rep { rt: rt()?, index: second()? },
            "drop" => Self::Drop { rt: rt()?, index: second()? },
            "lift_own" => Self::LiftOwn { rt: rt()?, index: second()? },
            "lift_borrow" => Self::LiftBorrow { rt: rt()?, index: second()?, call: slot(3)? },
            "lower_own" => Self::LowerOwn { rt: rt()?, rep: second()? },
            "lower_borrow" => Self::LowerBorrow { rt: rt()?, rep: second()?, task: slot(3)? },
            "return" => Self::Return { task: slot(1)? },
            "deliver_resolve" => Self::DeliverResolve { call: slot(1)? },
            "lower_error_context" => Self::LowerErrorContext { rep: first()? },
            "lift_error_context" => Self::LiftErrorContext { index: first()? },
            "drop_error_context" => Self::DropErrorContext { index: first()? },
            "lower_stream" => Self::LowerEnd { kind: EndKind::Stream, payload: payload()?, rep: second()? },
            "lower_future" => Self::LowerEnd { kind: EndKind::Future, payload: payload()?, rep: second()? },
            "lift_stream" => Self::LiftEnd { kind: EndKind::Stream, payload: payload()?, index: second()? },
            "lift_future" => Self::LiftEnd { kind: EndKind::Future, payload: payload()?, index: second()? },
            "read" => Self::Read { index: first()? },
            "join" => Self::Join { index: first()? },
            _ => return Err(bad("a handle operation", json)),
        })
    }
}

pub(crate) fn kind_name(kind: EndKind) -> &'static str {
    match kind {
        EndKind::Stream => "stream",
        EndKind::Future => "future",
    }
}

pub(crate) fn payload_to_json(payload: Option<ValType>) -> Json {
    payload.map_or(Json::Null, |ty| type_to_json(&Types::new(), ty))
}

pub(crate) fn payload_from_json(json: &Json) -> Result<Option<ValType>, BadVector> {
    // All of them are types that lie in no arena.
    let payload = optional_from_json(&mut Types::new(), json)?;
    if PAYLOADS.contains(&payload) { Ok(payload) } else { Err(bad("a payload of a table's ends", json)) }
}

/// A table, and the calls in progress.
pub(crate) struct Run {
    pub(crate) table: HandleTable<Element>,
    /// What calls out of the instance have been lent.
    lends: [Lends; N_CALLS],
    /// The scopes of calls into the instance.
    scopes: [BorrowScope; N_CALLS],
}

impl Run {
    pub(crate) fn new() -> Self {
        let mut table = HandleTable::new();
        let scopes = std::array::from_fn(|_| table.enter_scope());
        Self { table, lends: [const { Lends::new() }; N_CALLS], scopes }
    }

    /// Returns whether a call into the instance holds borrows.
    pub(crate) fn has_borrows(&self, task: usize) -> bool {
        self.table.iter().any(|(_, entry)| self.is_borrow_of(entry, task))
    }

    /// Returns whether an entry is a borrow that a call into the instance was given.
    pub(crate) fn is_borrow_of(&self, entry: &Element, task: usize) -> bool {
        let ownership = entry.as_resource().map(ResourceHandle::ownership);
        ownership == Some(Ownership::Borrow(self.scopes[task]))
    }

    /// Does a step and returns what it yields.
    pub(crate) fn step(&mut self, step: Step) -> Result<Json, Trap> {
        let Self { table, lends, scopes } = self;
        let of = RuntimeResource;
        Ok(match step {
            Step::New { rt, rep } => json!(handles::resource_new(table, of(rt), rep)?),
            Step::Rep { rt, index } => json!(handles::resource_rep(table, of(rt), index)?),
            Step::Drop { rt, index } => match handles::resource_drop(table, of(rt), index)? {
                Dropped::Own { rep } => json!(rep),
                Dropped::Borrow => Json::Null,
            },
            Step::LiftOwn { rt, index } => json!(handles::lift_own(table, of(rt), index)?),
            Step::LiftBorrow { rt, index, call } => {
                json!(handles::lift_borrow(table, &mut lends[call], of(rt), index)?)
            }
            Step::LowerOwn { rt, rep } => json!(handles::lower_own(table, of(rt), rep)?),
            Step::LowerBorrow { rt, rep, task: _ } if rt == N_RESOURCES - 1 => json!(rep),
            Step::LowerBorrow { rt, rep, task } => {
                json!(handles::lower_borrow(table, scopes[task], of(rt), rep)?)
            }
            Step::Return { task } => {
                table.exit_scope(scopes[task])?;
                scopes[task] = table.enter_scope();
                Json::Null
            }
            Step::DeliverResolve { call } => {
                std::mem::take(&mut lends[call]).end(table);
                Json::Null
            }
            Step::LowerErrorContext { rep } => json!(ends::lower_error_context(table, rep)?),
            Step::LiftErrorContext { index } => json!(ends::lift_error_context(table, index)?),
            Step::DropErrorContext { index } => json!(ends::error_context_drop(table, index)?),
            Step::LowerEnd { kind, payload, rep } => json!(match kind {
                EndKind::Stream => ends::lower_stream(table, payload, rep)?,
                EndKind::Future => ends::lower_future(table, payload, rep)?,
            }),
            Step::LiftEnd { kind, payload, index } => json!(match kind {
                EndKind::Stream => ends::lift_stream(table, &payload, index)?,
                EndKind::Future => ends::lift_future(table, &payload, index)?,
            }),
            Step::Read { index } => {
                if let Ok(Element::ReadableEnd(end)) = table.get_mut(index) {
                    end.state = EndState::Copying;
                }
                Json::Null
            }
            Step::Join { index } => {
                if let Ok(Element::ReadableEnd(end)) = table.get_mut(index) {
                    end.in_waitable_set = true;
                }
                Json::Null
            }
        })
    }

    /// Returns how many borrows each call into the instance holds. The calls without any are ended.
    fn num_borrows(&mut self) -> [u32; N_CALLS] {
        self.scopes.map(|scope| num_borrows(&mut self.table, scope))
    }
}

/// Returns what `canonical-abi` says to the steps: what each yields, then what the table holds, or
/// that the last traps.
pub(crate) fn answer(steps: &[Step]) -> Json {
    let mut run = Run::new();
    let mut yielded = Vec::new();
    for step in steps {
        match run.step(*step) {
            Ok(value) => yielded.push(value),
            Err(_) => return json!({ "steps": yielded, "trap": true }),
        }
    }
    json!({ "steps": yielded, "handles": rows(&run.table), "borrows": run.num_borrows() })
}

/// Returns how many borrows a scope counts. It is closed if there are none.
pub(crate) fn num_borrows(table: &mut HandleTable<Element>, scope: BorrowScope) -> u32 {
    match table.exit_scope(scope) {
        Ok(()) => 0,
        Err(trap) => {
            let Trap::BorrowsRemain { n_borrows } = trap else {
                panic!("a scope closes or has borrows: {trap}")
            };
            n_borrows
        }
    }
}

/// Returns what a table holds: index, resource type, representation, ownership and lends of
/// resource handles; index, kind and number of error contexts; of ends, also the payload, whether
/// they are idle and whether they are in a waitable set.
pub(crate) fn rows(table: &HandleTable<Element>) -> Json {
    let row = |(index, entry): (u32, &Element)| match entry {
        Element::Resource(handle) => {
            let own = handle.ownership() == Ownership::Own;
            json!([index, handle.rt().0, handle.rep(), own, handle.num_lends()])
        }
        Element::ErrorContext(context) => json!([index, "error-context", context.rep]),
        Element::ReadableEnd(end) => {
            let payload = payload_to_json(end.payload);
            let is_idle = end.state == EndState::Idle;
            json!([index, kind_name(end.kind), end.rep, payload, is_idle, end.in_waitable_set])
        }
    };
    table.iter().map(row).collect()
}
