//! The shape of a case: the type of the function under test, and both sides' options.

use std::fmt;

use canonical_abi::arbitrary::{TypeTree, any_type};
use canonical_abi::{
    CoreFuncType, Direction, FuncType, Options, StringEncoding, Types, ValType, display, flatten_functype,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// A shape as it is generated and shrunk: its types are in no arena.
#[derive(Clone, Debug)]
pub(crate) struct Sketch {
    pub(crate) params: Vec<TypeTree>,
    pub(crate) result: Option<TypeTree>,
    pub(crate) caller: StringEncoding,
    pub(crate) callee: StringEncoding,
    pub(crate) has_post_return: bool,
}

/// What a pair of components is made for.
pub(crate) struct Shape {
    pub(crate) types: Types,
    pub(crate) params: Vec<ValType>,
    pub(crate) result: Option<ValType>,
    pub(crate) caller: StringEncoding,
    pub(crate) callee: StringEncoding,
    pub(crate) has_post_return: bool,
}

impl Sketch {
    pub(crate) fn shape(&self) -> Shape {
        let mut types = Types::new();
        let params = self.params.iter().map(|tree| tree.intern(&mut types)).collect();
        let result = self.result.as_ref().map(|tree| tree.intern(&mut types));
        let Self { params: _, result: _, caller, callee, has_post_return } = *self;
        Shape { types, params, result, caller, callee, has_post_return }
    }
}

impl Shape {
    /// Returns the options of the side whose strings are in this encoding.
    pub(crate) fn options(string_encoding: StringEncoding) -> Options {
        Options { string_encoding, ..Options::default() }
    }

    /// Returns the function's core type on the caller's side (`Lower`) or the callee's (`Lift`).
    pub(crate) fn core_type(&self, direction: Direction) -> CoreFuncType {
        let params = self.params.iter().enumerate().map(|(i, ty)| (format!("p{i}"), *ty)).collect();
        let ty = FuncType { params, result: self.result, is_async: false };
        flatten_functype(&self.types, &ty, &Options::default(), direction)
    }

    /// Returns whether the caller says where the result is to be stored.
    pub(crate) fn result_spills(&self) -> bool {
        self.result.is_some() && self.core_type(Direction::Lower).results.is_empty()
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("func(")?;
        for (i, ty) in self.params.iter().enumerate() {
            write!(f, "{}p{i}: {}", if i == 0 { "" } else { ", " }, display(&self.types, *ty))?;
        }
        f.write_str(")")?;
        if let Some(ty) = self.result {
            write!(f, " -> {}", display(&self.types, ty))?;
        }
        let post = if self.has_post_return { ", with a post-return" } else { "" };
        write!(f, "; {:?} to {:?}{post}", self.caller, self.callee)
    }
}

/// Returns random shapes. Parameters are flat or spilled, and so are results.
pub(crate) fn any_sketch() -> impl Strategy<Value = Sketch> {
    let params = prop_oneof![4 => vec(any_type(), 1..=3), 1 => vec(any_type(), 0..=6)];
    let result = option::weighted(0.8, any_type());
    let encoding = || select(vec![StringEncoding::Utf8, StringEncoding::Utf16, StringEncoding::Latin1Utf16]);
    (params, result, encoding(), encoding(), any::<bool>()).prop_map(
        |(params, result, caller, callee, has_post_return)| Sketch {
            params,
            result,
            caller,
            callee,
            has_post_return,
        },
    )
}
