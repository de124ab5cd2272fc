//! What `canonical-abi` answers to a case, in the form of the oracle's answers.

use super::case::{Case, Given, Handle, Lift, Lower, hex, pattern, pointer_name};
use super::notation::value_to_json;
use super::steps::{self, N_RESOURCES};
use canonical_abi::despecialize::{Despecialized, despecialize};
use canonical_abi::ends::{self, Element};
use canonical_abi::handles::{self, BorrowScope, HandleTable, Lends, RuntimeResource};
use canonical_abi::layout::{field_offsets, payload_offset};
use canonical_abi::{
    Context, CoreFuncType, CoreType, CoreValue, CoreValueIter, Direction, FuncType, Host, Options, PtrType,
    ResourceId, StringEncoding, Trap, Types, ValType, Value, flatten_functype, flatten_type, layout,
    lift_flat_values, lower_flat_values,
};
use serde_json::{Map, Value as Json, json};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How many bytes of values a lifting may make, so that lists of lists in the same place come to an
/// end.
const MAX_RESERVED_BYTES: u64 = 1 << 15;

/// Returns what `canonical-abi` says about the case.
pub fn answer(case: &Case) -> Json {
    let mut said = Map::new();
    for ptr in [PtrType::I32, PtrType::I64] {
        said.insert(pointer_name(ptr).to_owned(), static_answer(case, ptr));
    }
    said.insert("lower".to_owned(), case.lower.as_ref().map_or(Json::Null, |job| lower_answer(case, job)));
    said.insert("lift".to_owned(), case.lift.as_ref().map_or(Json::Null, |job| lift_answer(case, job)));
    said.insert("table".to_owned(), case.table.as_deref().map_or(Json::Null, steps::answer));
    Json::Object(said)
}

/// What of types can be said without a value.
fn static_answer(case: &Case, ptr: PtrType) -> Json {
    let tys: Vec<_> = case.params.iter().copied().chain(case.result).collect();
    let mut layouts = Vec::new();
    for ty in &tys {
        measure(&case.types, *ty, ptr, &mut layouts);
    }
    let flat: Vec<_> = tys.iter().map(|ty| names(&flatten_type(&case.types, *ty, ptr))).collect();
    let params = case.params.iter().enumerate().map(|(i, ty)| (format!("p{i}"), *ty)).collect();
    let ft = FuncType { params, result: case.result, is_async: false };
    // Synchronous, asynchronous with a callback, asynchronous without a callback.
    let modes = [
        (false, false, Direction::Lift),
        (false, false, Direction::Lower),
        (true, true, Direction::Lift),
        (true, false, Direction::Lift),
        (true, false, Direction::Lower),
    ];
    let functypes = modes.map(|(is_async, has_callback, direction)| {
        let opts = Options { string_encoding: case.encoding, ptr, is_async, has_callback };
        let CoreFuncType { params, results } = flatten_functype(&case.types, &ft, &opts, direction);
        format!("{} -> {}", names(&params), names(&results))
    });
    json!({ "layouts": layouts, "flat": flat, "functypes": functypes })
}

fn names(tys: &[CoreType]) -> String {
    tys.iter().map(|ty| ty.name()).collect::<Vec<_>>().join(" ")
}

/// Appends size, alignment and offsets of a type, then those of its component types.
fn measure(types: &Types, ty: ValType, ptr: PtrType, rows: &mut Vec<Json>) {
    let (offsets, parts): (Vec<u64>, Vec<ValType>) = match despecialize(types, ty) {
        Despecialized::List { element, length: _ } => (vec![], vec![element]),
        Despecialized::Record(fields) => field_offsets(types, fields.types(), ptr).unzip(),
        Despecialized::Variant(cases) => {
            let payloads: Vec<_> = cases.payloads().collect();
            let offset = u64::from(payload_offset(types, ty, ptr));
            (if payloads.is_empty() { vec![] } else { vec![offset] }, payloads)
        }
        Despecialized::Scalar(_)
        | Despecialized::String
        | Despecialized::Handle(_)
        | Despecialized::Flags(_) => (vec![], vec![]),
    };
    let layout = layout(types, ty, ptr);
    rows.push(json!([layout.size(), layout.align(), offsets]));
    for part in parts {
        measure(types, part, ptr, rows);
    }
}

/// What a lowering leaves behind.
pub(crate) struct Lowered {
    pub(crate) flat: Vec<CoreValue>,
    pub(crate) memory: Vec<u8>,
    pub(crate) table: HandleTable<Element>,
}

/// Returns what is left of the case's lowering, unless it traps, or panics, which the comparison
/// will find.
pub(crate) fn lowered(case: &Case, job: &Lower) -> Option<Lowered> {
    let (machine, outcome) = catch_unwind(AssertUnwindSafe(|| lower(case, job))).ok()?;
    let flat = outcome.ok()?;
    Some(Lowered { flat, memory: machine.memory, table: machine.table })
}

/// Returns whether lifting the case's core values stays within what this comparison wants to spend
/// on it. A panic does: the comparison will find it.
pub(crate) fn is_liftable(case: &Case, job: &Lift) -> bool {
    let outcome = catch_unwind(AssertUnwindSafe(|| lift(case, job).1));
    !matches!(outcome, Ok(Err(Stop::TooLarge)))
}

fn lower_answer(case: &Case, job: &Lower) -> Json {
    let (mut machine, outcome) = lower(case, job);
    match outcome {
        Err(Stop::Trap | Stop::TooLarge) => json!({ "realloc": machine.reallocs, "trap": true }),
        Ok(flat) => json!({
            "realloc": machine.reallocs,
            "flat": flat.iter().map(|value| value.bits()).collect::<Vec<_>>(),
            "memory": hex(&machine.memory),
            "handles": steps::rows(&machine.table),
            "borrows": steps::num_borrows(&mut machine.table, machine.scope),
        }),
    }
}

fn lower(case: &Case, job: &Lower) -> (Machine, Result<Vec<CoreValue>, Stop>) {
    let mut machine = Machine::new((0..job.memory_bytes).map(pattern).collect(), &job.handles);
    machine.source = job.source;
    machine.gap_bytes = job.gap_bytes;
    machine.answer = job.answer;
    let mut cx = Context::new(&case.types, options(case), &mut machine);
    let outcome = lower_flat_values(&mut cx, case.max_flat, &job.values, &case.params, job.out);
    (machine, outcome)
}

fn lift_answer(case: &Case, job: &Lift) -> Json {
    let (machine, outcome) = lift(case, job);
    match outcome {
        Err(Stop::Trap) => json!({ "trap": true }),
        Err(Stop::TooLarge) => json!({ "error": "the values are larger than this comparison makes" }),
        Ok(values) => json!({
            "values": values.iter().map(value_to_json).collect::<Vec<_>>(),
            "handles": steps::rows(&machine.table),
        }),
    }
}

fn lift(case: &Case, job: &Lift) -> (Machine, Result<Vec<Value>, Stop>) {
    let mut machine = Machine::new(job.memory.clone(), &job.handles);
    let mut cx = Context::new(&case.types, options(case), &mut machine);
    let mut vi = CoreValueIter::new(&job.flat);
    let outcome = lift_flat_values(&mut cx, case.max_flat, &mut vi, &case.params);
    (machine, outcome)
}

fn options(case: &Case) -> Options {
    Options { string_encoding: case.encoding, ptr: case.ptr, ..Options::default() }
}

/// Why a call ended early.
enum Stop {
    /// A fault of the guest's. The spec's program knows no kinds of them.
    Trap,
    /// More values than [`MAX_RESERVED_BYTES`].
    TooLarge,
}

impl From<Trap> for Stop {
    fn from(_: Trap) -> Self {
        Self::Trap
    }
}

/// An instance: a memory that grows at its end, an allocator that moves every block, a handle
/// table.
struct Machine {
    memory: Vec<u8>,
    source: StringEncoding,
    gap_bytes: usize,
    answer: Option<(usize, u64)>,
    reallocs: Vec<[u64; 4]>,
    reserved_bytes: u64,
    table: HandleTable<Element>,
    lends: Lends,
    scope: BorrowScope,
}

impl Machine {
    fn new(memory: Vec<u8>, given: &[Given]) -> Self {
        let mut table = HandleTable::new();
        let earlier = table.enter_scope();
        let scope = table.enter_scope();
        for given in given {
            let added = match *given {
                Given::Resource(Handle { rt, rep, own: true }) => {
                    handles::lower_own(&mut table, RuntimeResource(rt), rep)
                }
                Given::Resource(Handle { rt, rep, own: false }) => {
                    handles::lower_borrow(&mut table, earlier, RuntimeResource(rt), rep)
                }
                Given::ErrorContext(rep) => ends::lower_error_context(&mut table, rep),
                Given::End(end) => table.add(Element::ReadableEnd(end)),
            };
            added.expect("a case gives few handles");
        }
        Self {
            memory,
            source: StringEncoding::Utf8,
            gap_bytes: 0,
            answer: None,
            reallocs: Vec::new(),
            reserved_bytes: 0,
            table,
            lends: Lends::new(),
            scope,
        }
    }
}

impl Host for Machine {
    type Error = Stop;

    fn memory(&self) -> &[u8] {
        &self.memory
    }

    fn memory_mut(&mut self) -> &mut [u8] {
        &mut self.memory
    }

    fn realloc(&mut self, old_ptr: u64, old_size: u64, align: u64, new_size: u64) -> Result<u64, Stop> {
        let n_calls = self.reallocs.len();
        self.reallocs.push([old_ptr, old_size, align, new_size]);
        if let Some((call, answer)) = self.answer
            && call == n_calls
        {
            return Ok(answer);
        }
        let in_memory = |n: u64| usize::try_from(n).expect("a case's memory is small");
        let start = (self.memory.len() + self.gap_bytes).next_multiple_of(in_memory(align));
        self.memory.extend((self.memory.len()..start + in_memory(new_size)).map(pattern));
        let old = in_memory(old_ptr)..in_memory(old_ptr + old_size.min(new_size));
        self.memory.copy_within(old, start);
        Ok(start as u64)
    }

    fn lift_own(&mut self, rt: ResourceId, index: u32) -> Result<u32, Stop> {
        Ok(handles::lift_own(&mut self.table, RuntimeResource(rt.0), index)?)
    }

    fn lift_borrow(&mut self, rt: ResourceId, index: u32) -> Result<u32, Stop> {
        Ok(handles::lift_borrow(&mut self.table, &mut self.lends, RuntimeResource(rt.0), index)?)
    }

    fn lower_own(&mut self, rt: ResourceId, rep: u32) -> Result<u32, Stop> {
        Ok(handles::lower_own(&mut self.table, RuntimeResource(rt.0), rep)?)
    }

    fn lower_borrow(&mut self, rt: ResourceId, rep: u32) -> Result<u32, Stop> {
        if rt.0 == N_RESOURCES - 1 {
            return Ok(rep);
        }
        Ok(handles::lower_borrow(&mut self.table, self.scope, RuntimeResource(rt.0), rep)?)
    }

    fn lift_error_context(&mut self, index: u32) -> Result<u32, Stop> {
        Ok(ends::lift_error_context(&self.table, index)?)
    }

    fn lower_error_context(&mut self, rep: u32) -> Result<u32, Stop> {
        Ok(ends::lower_error_context(&mut self.table, rep)?)
    }

    fn lift_stream(&mut self, payload: Option<ValType>, index: u32) -> Result<u32, Stop> {
        Ok(ends::lift_stream(&mut self.table, &payload, index)?)
    }

    fn lower_stream(&mut self, payload: Option<ValType>, rep: u32) -> Result<u32, Stop> {
        Ok(ends::lower_stream(&mut self.table, payload, rep)?)
    }

    fn lift_future(&mut self, payload: Option<ValType>, index: u32) -> Result<u32, Stop> {
        Ok(ends::lift_future(&mut self.table, &payload, index)?)
    }

    fn lower_future(&mut self, payload: Option<ValType>, rep: u32) -> Result<u32, Stop> {
        Ok(ends::lower_future(&mut self.table, payload, rep)?)
    }

    fn reserve(&mut self, n_bytes: u64) -> Result<(), Stop> {
        self.reserved_bytes = self.reserved_bytes.saturating_add(n_bytes);
        if self.reserved_bytes > MAX_RESERVED_BYTES { Err(Stop::TooLarge) } else { Ok(()) }
    }

    fn source_encoding(&self) -> StringEncoding {
        self.source
    }
}
