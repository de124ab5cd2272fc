//! What a call does at a component's boundary, written down on request.
//!
//! A traced call runs like any other, except that its values go through the tracing twins of the
//! interpreter, which tests in canonical-abi hold to it. Calls that the callee makes in turn are
//! not traced.

use canonical_abi::explain::{Trace, trace_lift_flat_values, trace_lower_flat_values};
use canonical_abi::{Context, CoreValue, Host, MAX_FLAT_PARAMS, MAX_FLAT_RESULTS, Options, ValType, Value};

/// How far a call came, and what lifting and lowering did; see
/// [`Func::call_traced`](crate::Func::call_traced).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct CallTrace {
    /// The canonical options of the function. `None` until its arguments are lowered, and for a
    /// function that the host itself provides.
    pub options: Option<Options>,
    /// How the arguments were lowered.
    pub lowering: Option<Trace>,
    /// What the core function was called with; empty until lowering is done.
    pub core_params: Vec<CoreValue>,
    /// What the core function returned, if it did.
    pub core_results: Option<Vec<CoreValue>>,
    /// How the result was lifted.
    pub lifting: Option<Trace>,
    /// Whether the post-return function was called, if there is one, and returned.
    pub post_returned: bool,
}

impl CallTrace {
    pub(super) fn lower_params<H: Host>(
        &mut self,
        cx: &mut Context<'_, H>,
        args: &[Value],
        params: &[(String, ValType)],
    ) -> Result<Vec<CoreValue>, H::Error> {
        self.options = Some(cx.opts);
        let (flat, trace) = trace_lower_flat_values(cx, MAX_FLAT_PARAMS, args, params, None);
        self.lowering = Some(trace);
        let flat = flat?;
        self.core_params.clone_from(&flat);
        Ok(flat)
    }

    pub(super) fn lift_results<H: Host>(
        &mut self,
        cx: &mut Context<'_, H>,
        flat: &[CoreValue],
        result: Option<ValType>,
    ) -> Result<Vec<Value>, H::Error> {
        let fields: Vec<_> = result.into_iter().map(|ty| (String::from("result"), ty)).collect();
        self.core_results = Some(flat.to_vec());
        let (values, trace) = trace_lift_flat_values(cx, MAX_FLAT_RESULTS, flat, &fields);
        self.lifting = Some(trace);
        values
    }
}
