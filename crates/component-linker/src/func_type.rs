//! Function types, and how WIT writes them.

use std::fmt::Write as _;

use canonical_abi::{FuncType, Types, ValType, display};

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

/// Returns a function's name and type as WIT: `f: func(x: u32) -> string`.
pub fn display_func(types: &Types, name: &str, ty: &FuncType) -> String {
    format!("{name}: {}", display_func_type(types, ty))
}

/// Returns a function's type as WIT: `func(x: u32) -> string`.
pub(crate) fn display_func_type(types: &Types, ty: &FuncType) -> String {
    let mut text = String::from(if ty.is_async { "async func(" } else { "func(" });
    for (i, (param, ty)) in ty.params.iter().enumerate() {
        let comma = if i == 0 { "" } else { ", " };
        write!(text, "{comma}{param}: {}", display(types, *ty)).expect("writing to a string cannot fail");
    }
    text.push(')');
    if let Some(result) = ty.result {
        write!(text, " -> {}", display(types, result)).expect("writing to a string cannot fail");
    }
    text
}
