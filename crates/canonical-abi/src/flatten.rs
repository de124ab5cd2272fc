//! Core function types of component function types. Follows CanonicalABI.md, "Flattening".

use alloc::vec::Vec;

pub use crate::options::Options;
pub use crate::types::flat::{
    CoreType, MAX_FLAT_ASYNC_PARAMS, MAX_FLAT_PARAMS, MAX_FLAT_RESULTS, flat_count, flat_count_of_types,
    flatten_type, flatten_types_up_to, join,
};
use crate::types::{FuncType, Types, ValType};

/// A core function type.
#[derive(Clone, Debug, Eq, PartialEq, Hash)]
pub struct CoreFuncType {
    /// The parameters' types.
    pub params: Vec<CoreType>,
    /// The results' types; at most one.
    pub results: Vec<CoreType>,
}

/// Whether a core function is lifted (`canon lift`) or a component function lowered (`canon
/// lower`).
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum Direction {
    /// `canon lift`: the core function is the callee.
    Lift,
    /// `canon lower`: the core function is what the caller sees.
    Lower,
}

/// Returns the spec's `flatten_functype`: the core type of lifting from or lowering to a core
/// function.
pub fn flatten_functype(types: &Types, ft: &FuncType, opts: &Options, direction: Direction) -> CoreFuncType {
    let pointer = CoreType::from(opts.ptr);
    let params = ft.param_types();
    let result = ft.result_type();
    let flat_or_pointer = |tys: &[ValType], max: usize| {
        flatten_types_up_to(types, tys, opts.ptr, max).unwrap_or_else(|| alloc::vec![pointer])
    };
    match (opts.is_async, direction) {
        (false, Direction::Lift) => CoreFuncType {
            params: flat_or_pointer(&params, MAX_FLAT_PARAMS),
            results: flat_or_pointer(&result, MAX_FLAT_RESULTS),
        },
        (false, Direction::Lower) => {
            let mut params = flat_or_pointer(&params, MAX_FLAT_PARAMS);
            match flatten_types_up_to(types, &result, opts.ptr, MAX_FLAT_RESULTS) {
                Some(results) => CoreFuncType { params, results },
                None => {
                    params.push(pointer);
                    CoreFuncType { params, results: Vec::new() }
                }
            }
        }
        (true, Direction::Lift) => CoreFuncType {
            params: flat_or_pointer(&params, MAX_FLAT_PARAMS),
            results: if opts.has_callback { alloc::vec![CoreType::I32] } else { Vec::new() },
        },
        (true, Direction::Lower) => {
            let mut params = flat_or_pointer(&params, MAX_FLAT_ASYNC_PARAMS);
            if !result.is_empty() {
                params.push(pointer);
            }
            CoreFuncType { params, results: alloc::vec![CoreType::I32] }
        }
    }
}
