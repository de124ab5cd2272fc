//! Function types as calls need them.

use canonical_abi::{FuncType, ValType};

/// A function type, with its parameter and result types as lifting and lowering take them.
#[derive(Debug)]
pub(crate) struct Signature {
    pub(crate) ty: FuncType,
    pub(crate) param_types: Vec<ValType>,
    /// None or one.
    pub(crate) result_types: Vec<ValType>,
}

impl Signature {
    pub(crate) fn new(ty: FuncType) -> Self {
        Self { param_types: ty.param_types(), result_types: ty.result_type(), ty }
    }
}
