//! The core type of a function of the world, and the canonical options that it needs.
//! Follows CanonicalABI.md, "Flattening" and "Canonical Definitions".

use canonical_abi::flatten::{MAX_FLAT_PARAMS, MAX_FLAT_RESULTS, flat_count_of_types};
use canonical_abi::predicates::contains_heap;
use canonical_abi::{
    CoreFuncType, CoreType, Direction, Options, StringEncoding, TypeError, ValType, display_func,
    flatten_functype,
};
use wasmparser::component_types::ComponentFuncTypeId;
use wasmparser::types::TypesRef;

use super::error::ComponentizeError;
use crate::convert::{Converter, Resources};

/// A function as a core module sees it.
pub(super) struct CoreSignature {
    /// The function as WIT.
    pub(super) wit: String,
    pub(super) ty: wasmparser::FuncType,
    pub(super) needs: Needs,
}

/// The canonical options that passing the values of a function needs.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Needs {
    pub(super) memory: bool,
    pub(super) realloc: bool,
    pub(super) string_encoding: StringEncoding,
}

/// Returns the core type of a lifted or lowered function, and the options that it needs.
pub(super) fn signature(
    from: TypesRef<'_>,
    resources: &Resources,
    (name, id): (&str, ComponentFuncTypeId),
    string_encoding: StringEncoding,
    direction: Direction,
) -> Result<CoreSignature, ComponentizeError> {
    let mut converter = Converter::new(from, resources);
    let func = converter.func(id).map_err(|error: TypeError| {
        ComponentizeError::Unsupported(format!("a type of the function `{name}`: {error}"))
    })?;
    if func.is_async {
        return Err(ComponentizeError::Unsupported(format!("the asynchronous function `{name}`")));
    }
    let types = &converter.to;
    let (params, results) = (func.param_types(), func.result_type());
    let are_spilled = flat_count_of_types(types, &params) > MAX_FLAT_PARAMS;
    let is_returned = flat_count_of_types(types, &results) > MAX_FLAT_RESULTS;
    let have_heap = |tys: &[ValType]| tys.iter().any(|ty| contains_heap(types, *ty));
    let memory = are_spilled || is_returned || have_heap(&params) || have_heap(&results);
    let realloc = match direction {
        Direction::Lift => are_spilled || have_heap(&params),
        Direction::Lower => have_heap(&results),
    };
    let core = flatten_functype(types, &func, &Options::default(), direction);
    Ok(CoreSignature {
        wit: display_func(types, name, &func),
        ty: core_type(&core),
        needs: Needs { memory, realloc, string_encoding },
    })
}

fn core_type(ty: &CoreFuncType) -> wasmparser::FuncType {
    let val = |ty: &CoreType| match ty {
        CoreType::I32 => wasmparser::ValType::I32,
        CoreType::I64 => wasmparser::ValType::I64,
        CoreType::F32 => wasmparser::ValType::F32,
        CoreType::F64 => wasmparser::ValType::F64,
    };
    wasmparser::FuncType::new(ty.params.iter().map(val), ty.results.iter().map(val))
}
