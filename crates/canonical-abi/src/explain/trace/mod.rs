//! What lifting and lowering do with concrete values, step by step. Follows CanonicalABI.md,
//! "Loading", "Storing", "Flat Lifting", "Flat Lowering" and "Lifting and Lowering Values".
//!
//! The interpreter does the work and tells its host each step as it begins and ends
//! ([`Host::begin`](crate::Host::begin)); a host around the caller's own writes the steps down and
//! reads what was read or written from memory. So a trace tells what happened, to the last byte,
//! also when it ends in a trap.
//!
//! ```
//! use canonical_abi::explain::trace_lower_flat_values;
//! use canonical_abi::standalone::Standalone;
//! use canonical_abi::{Context, CoreValue, MAX_FLAT_PARAMS, Options, Types, ValType, Value};
//!
//! let types = Types::new();
//! let mut host = Standalone { memory: vec![0; 16] };
//! let mut cx = Context::new(&types, Options::default(), &mut host);
//! let (values, params) = ([Value::String("hi".into())], [("name".into(), ValType::String)]);
//! let (flat, trace) = trace_lower_flat_values(&mut cx, MAX_FLAT_PARAMS, &values, &params, None);
//! assert_eq!(flat, Ok(vec![CoreValue::I32(16), CoreValue::I32(2)]));
//! assert!(trace.to_string().contains("realloc(0x0, 0, 1, 2) = 0x10"));
//! ```

mod names;
mod recorder;
mod steps;
mod text;

use alloc::string::String;
use alloc::vec::Vec;

use recorder::Recorder;

use crate::core_value::{CoreValue, CoreValueIter};
use crate::flat::lift::lift_flat_values;
use crate::flat::lower::lower_flat_values;
use crate::host::{Context, Host};
use crate::types::{ResourceId, ValType};
use crate::value::Value;

/// The most bytes that one step of a trace shows.
pub const MAX_STEP_BYTES: usize = 4096;

/// Lifts values like [`lift_flat_values`](crate::lift_flat_values), and returns the steps as well,
/// even after a trap. Each value comes with its label, such as `result`.
///
/// # Panics
///
/// When there are too few core values, or of other types than flattening yields.
pub fn trace_lift_flat_values<H: Host>(
    cx: &mut Context<'_, H>,
    max_flat: usize,
    flat: &[CoreValue],
    fields: &[(String, ValType)],
) -> (Result<Vec<Value>, H::Error>, Trace) {
    let tys: Vec<_> = fields.iter().map(|(_, ty)| *ty).collect();
    traced(cx, fields, |cx| lift_flat_values(cx, max_flat, &mut CoreValueIter::new(flat), &tys))
}

/// Lowers values like [`lower_flat_values`](crate::lower_flat_values), and returns the steps as
/// well, even after a trap. Each value comes with its label, such as a parameter's name.
///
/// # Panics
///
/// When a value is not one of its type ([`type_check`](crate::type_check::type_check)).
pub fn trace_lower_flat_values<H: Host>(
    cx: &mut Context<'_, H>,
    max_flat: usize,
    values: &[Value],
    fields: &[(String, ValType)],
    out_param: Option<u64>,
) -> (Result<Vec<CoreValue>, H::Error>, Trace) {
    let tys: Vec<_> = fields.iter().map(|(_, ty)| *ty).collect();
    traced(cx, fields, |cx| lower_flat_values(cx, max_flat, values, &tys, out_param))
}

fn traced<H: Host, R>(
    cx: &mut Context<'_, H>,
    fields: &[(String, ValType)],
    work: impl FnOnce(&mut Context<'_, Recorder<'_, H>>) -> Result<R, H::Error>,
) -> (Result<R, H::Error>, Trace) {
    let mut recorder = Recorder::new(&mut *cx.host, cx.types, cx.opts, fields);
    let result = work(&mut Context::new(cx.types, cx.opts, &mut recorder));
    let trace = recorder.finish(result.is_err());
    (result, trace)
}

/// The steps of lifting or lowering values. Its `Display` is a table, indented as the functions
/// call each other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// The outermost steps, in order.
    pub steps: Vec<Step>,
    /// How many steps are not listed because there were too many
    /// ([`MAX_ENTRIES`](super::MAX_ENTRIES)), counting a component with all its parts as one.
    pub n_elided: usize,
}

/// A call of one of the spec's functions.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The spec's function: `store_record`, `lift_flat_variant`; `realloc` is the guest's.
    pub function: &'static str,
    /// Which component is at work: `input.payload[2]`; empty for all of them.
    pub path: String,
    /// The component's type, as WIT; empty where the function has none.
    pub ty: String,
    /// What the step reads (lifting) or writes (lowering), and where.
    pub place: Place,
    /// The call out of lifting and lowering that the step is.
    pub call: Option<Call>,
    /// The value that the step makes or consumes, where one line can tell: a number, a label, a
    /// short string.
    pub value: Option<String>,
    /// Whether lifting or lowering ended here, in a trap.
    pub is_trapped: bool,
    /// What the function calls in turn, in order.
    pub steps: Vec<Self>,
}

/// What a step reads or writes.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// Nothing by itself.
    Nowhere,
    /// Linear memory.
    Memory {
        /// The address of the first byte.
        address: u64,
        /// The number of bytes.
        size: u64,
        /// The bytes, of which there are at most [`MAX_STEP_BYTES`]; none where the steps below
        /// show them.
        bytes: Vec<u8>,
    },
    /// Core values: arguments or results of a core function.
    Core {
        /// The position of the first.
        first: usize,
        /// The values, before they are joined with those of other cases of a variant around.
        values: Vec<CoreValue>,
    },
}

/// A call out of lifting and lowering.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Call {
    /// The guest's `realloc`.
    Realloc {
        /// The block that is given back or moved; 0 if none.
        old_ptr: u64,
        /// Its size in bytes.
        old_size: u64,
        /// The alignment, in bytes.
        align: u64,
        /// The size asked for, in bytes.
        new_size: u64,
        /// What it returned, unless the guest trapped.
        result: Option<u64>,
    },
    /// A handle goes into the guest's table, or out of it or is lent (`lift_own`, `lower_stream`
    /// and their siblings).
    Handle {
        /// The resource type, if it is a resource.
        resource: Option<ResourceId>,
        /// The index, when lifting; the representation, when lowering.
        given: u32,
        /// The representation, when lifting; the index, when lowering. `None` if there was a trap.
        result: Option<u32>,
    },
}
