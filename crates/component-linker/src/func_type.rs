//! Function types as WIT writes them, for errors and listings.

use std::fmt::Write as _;

use canonical_abi::{FuncType, Types, display};

/// Returns a function's name and type as WIT: `f: func(x: u32) -> string`.
pub fn display_func(types: &Types, name: &str, ty: &FuncType) -> String {
    let mut text = format!("{name}: {}func(", if ty.is_async { "async " } else { "" });
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
