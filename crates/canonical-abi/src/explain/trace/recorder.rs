//! A host around a host, which writes down its calls, and the steps that are being made.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{Call, MAX_STEP_BYTES, Place, Step, Trace};
use crate::explain::{Budget, brief};
use crate::flat::lift::CoreValue;
use crate::host::{Context, Host};
use crate::options::StringEncoding;
use crate::types::{ResourceId, ValType};
use crate::value::Value;

/// The context of lifting and lowering that is traced.
pub(super) type Cx<'a, 'h, H> = Context<'a, Recorder<'h, H>>;

/// The longest string that a step shows, in characters.
const VALUE_CHARS: usize = 60;

/// Passes every call on and makes a step of it, below the innermost step that is open.
pub(super) struct Recorder<'h, H: Host> {
    host: &'h mut H,
    /// Each step is part of the one before it.
    open: Vec<Step>,
    done: Vec<Step>,
    budget: Budget,
    n_elided: usize,
}

impl<'h, H: Host> Recorder<'h, H> {
    pub(super) fn new(host: &'h mut H) -> Self {
        Self { host, open: Vec::new(), done: Vec::new(), budget: Budget::new(), n_elided: 0 }
    }

    /// Returns the trace. If it ended in a trap, the innermost step that is open is where.
    pub(super) fn finish(mut self, is_trapped: bool) -> Trace {
        if let Some(step) = self.open.last_mut() {
            step.is_trapped = is_trapped;
        }
        while !self.open.is_empty() {
            self.end();
        }
        Trace { steps: self.done, n_elided: self.n_elided }
    }

    /// Returns whether one more component may be traced.
    pub(super) fn has_room(&mut self) -> bool {
        let has_room = self.budget.take();
        self.n_elided += usize::from(!has_room);
        has_room
    }

    /// Begins a step.
    pub(super) fn begin(&mut self, function: &'static str, path: &str, place: Place) {
        self.open.push(Step {
            function,
            path: path.to_string(),
            ty: String::new(),
            place,
            call: None,
            value: None,
            is_trapped: false,
            steps: Vec::new(),
        });
    }

    /// Returns the innermost step, which the caller has begun.
    pub(super) fn step(&mut self) -> &mut Step {
        self.open.last_mut().expect("the caller began a step")
    }

    /// Ends the innermost step.
    pub(super) fn end(&mut self) {
        let step = self.open.pop().expect("each step is begun before it ends");
        match self.open.last_mut() {
            Some(outer) => outer.steps.push(step),
            None => self.done.push(step),
        }
    }

    /// Makes a step of a call that is over. One that failed is where the trace ends.
    fn record(&mut self, function: &'static str, call: Call, is_trapped: bool) {
        // Components that are not traced make calls too.
        if self.budget.take() {
            self.begin(function, "", Place::Nowhere);
            self.step().call = Some(call);
            // A step that trapped stays open; `finish` closes it.
            if !is_trapped {
                self.end();
            }
        }
    }

    fn record_handle(
        &mut self,
        function: &'static str,
        (resource, given): (Option<ResourceId>, u32),
        result: &Result<u32, H::Error>,
    ) {
        let result = result.as_ref().ok().copied();
        self.record(function, Call::Handle { resource, given, result }, result.is_none());
    }
}

impl<H: Host> Host for Recorder<'_, H> {
    type Error = H::Error;

    fn memory(&self) -> &[u8] {
        self.host.memory()
    }

    fn memory_mut(&mut self) -> &mut [u8] {
        self.host.memory_mut()
    }

    fn realloc(&mut self, old_ptr: u64, old_size: u64, align: u64, new_size: u64) -> Result<u64, H::Error> {
        let answer = self.host.realloc(old_ptr, old_size, align, new_size);
        let result = answer.as_ref().ok().copied();
        let call = Call::Realloc { old_ptr, old_size, align, new_size, result };
        self.record("realloc", call, result.is_none());
        answer
    }

    fn lift_own(&mut self, rt: ResourceId, index: u32) -> Result<u32, H::Error> {
        let answer = self.host.lift_own(rt, index);
        self.record_handle("lift_own", (Some(rt), index), &answer);
        answer
    }

    fn lift_borrow(&mut self, rt: ResourceId, index: u32) -> Result<u32, H::Error> {
        let answer = self.host.lift_borrow(rt, index);
        self.record_handle("lift_borrow", (Some(rt), index), &answer);
        answer
    }

    fn lower_own(&mut self, rt: ResourceId, rep: u32) -> Result<u32, H::Error> {
        let answer = self.host.lower_own(rt, rep);
        self.record_handle("lower_own", (Some(rt), rep), &answer);
        answer
    }

    fn lower_borrow(&mut self, rt: ResourceId, rep: u32) -> Result<u32, H::Error> {
        let answer = self.host.lower_borrow(rt, rep);
        self.record_handle("lower_borrow", (Some(rt), rep), &answer);
        answer
    }

    fn lift_error_context(&mut self, index: u32) -> Result<u32, H::Error> {
        let answer = self.host.lift_error_context(index);
        self.record_handle("lift_error_context", (None, index), &answer);
        answer
    }

    fn lower_error_context(&mut self, rep: u32) -> Result<u32, H::Error> {
        let answer = self.host.lower_error_context(rep);
        self.record_handle("lower_error_context", (None, rep), &answer);
        answer
    }

    fn lift_stream(&mut self, payload: Option<ValType>, index: u32) -> Result<u32, H::Error> {
        let answer = self.host.lift_stream(payload, index);
        self.record_handle("lift_stream", (None, index), &answer);
        answer
    }

    fn lower_stream(&mut self, payload: Option<ValType>, rep: u32) -> Result<u32, H::Error> {
        let answer = self.host.lower_stream(payload, rep);
        self.record_handle("lower_stream", (None, rep), &answer);
        answer
    }

    fn lift_future(&mut self, payload: Option<ValType>, index: u32) -> Result<u32, H::Error> {
        let answer = self.host.lift_future(payload, index);
        self.record_handle("lift_future", (None, index), &answer);
        answer
    }

    fn lower_future(&mut self, payload: Option<ValType>, rep: u32) -> Result<u32, H::Error> {
        let answer = self.host.lower_future(payload, rep);
        self.record_handle("lower_future", (None, rep), &answer);
        answer
    }

    fn reserve(&mut self, n_bytes: u64) -> Result<(), H::Error> {
        self.host.reserve(n_bytes)
    }

    fn reserve_string(&mut self, n_bytes: u64) -> Result<(), H::Error> {
        self.host.reserve_string(n_bytes)
    }

    fn source_encoding(&self) -> StringEncoding {
        self.host.source_encoding()
    }

    fn string_lifted(&mut self, is_utf16: bool) {
        self.host.string_lifted(is_utf16);
    }

    fn next_string_tag(&mut self) -> Option<bool> {
        self.host.next_string_tag()
    }
}

/// Begins a step about a component of type `ty`.
pub(super) fn begin<H: Host>(
    cx: &mut Cx<'_, '_, H>,
    function: &'static str,
    path: &str,
    ty: ValType,
    place: Place,
) {
    cx.host.begin(function, path, place);
    cx.host.step().ty = brief(cx.types, ty);
}

/// Returns a place in memory, with as many of its bytes as are shown; none if it does not lie within the memory.
pub(super) fn memory<H: Host>(cx: &Cx<'_, '_, H>, address: u64, size: u64) -> Place {
    let bytes = crate::memory::bytes(cx, address, size).unwrap_or_default();
    Place::Memory { address, size, bytes: bytes[..bytes.len().min(MAX_STEP_BYTES)].to_vec() }
}

/// Returns a place in memory whose bytes the steps below show.
pub(super) fn range(address: u64, size: u64) -> Place {
    Place::Memory { address, size, bytes: Vec::new() }
}

/// Returns a place among the core values.
pub(super) fn core(first: usize, values: &[CoreValue]) -> Place {
    Place::Core { first, values: values.to_vec() }
}

/// Ends the innermost step, which read or wrote the bytes there.
pub(super) fn end_with<H: Host>(cx: &mut Cx<'_, '_, H>, place: Place, value: Option<String>) {
    let step = cx.host.step();
    step.place = place;
    step.value = value;
    cx.host.end();
}

/// Returns a value as one line, if it is short by nature.
pub(super) fn brief_value(value: &Value) -> Option<String> {
    let text = match value {
        Value::Bool(x) => format!("{x}"),
        Value::S8(x) => format!("{x}"),
        Value::U8(x) => format!("{x}"),
        Value::S16(x) => format!("{x}"),
        Value::U16(x) => format!("{x}"),
        Value::S32(x) => format!("{x}"),
        Value::U32(x) => format!("{x}"),
        Value::S64(x) => format!("{x}"),
        Value::U64(x) => format!("{x}"),
        Value::F32(x) => format!("{x}"),
        Value::F64(x) => format!("{x}"),
        Value::Char(x) => format!("{x:?}"),
        Value::String(s) => return Some(brief_string(s)),
        Value::Flags(bits) => format!("{bits:#b}"),
        Value::Own(rep) | Value::Borrow(rep) => format!("representation {rep}"),
        Value::ErrorContext(rep) | Value::Stream(rep) | Value::Future(rep) => format!("number {rep}"),
        Value::List(_)
        | Value::Map(_)
        | Value::Record(_)
        | Value::Tuple(_)
        | Value::Variant { .. }
        | Value::Enum(_)
        | Value::Option(_)
        | Value::Result(_) => return None,
    };
    Some(text)
}

/// Returns a string in quotes, cut if it is long.
pub(super) fn brief_string(s: &str) -> String {
    match s.char_indices().nth(VALUE_CHARS) {
        Some((end, _)) => format!("{:?}…", &s[..end]),
        None => format!("{s:?}"),
    }
}
