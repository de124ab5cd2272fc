//! Component values, and whether a value is one of a type.
//! Follows Explainer.md, "Type Definitions" (the abstract values of each type).
//!
//! Values are positional: field, case and flag names live in the type. A list of scalars has one
//! form only, the typed one ([`List::from_values`] finds it), so that it is lifted and lowered in
//! bulk.

mod rows;
pub(crate) mod specialize;
pub mod type_check;

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::types::{ScalarType, ValType};
pub use rows::{RowKind, Rows};

/// A component value. [`type_check`](crate::type_check::type_check) decides whether it is one of a
/// type.
///
/// Two floats are equal if they are numerically, or if both are NaN.
#[derive(Clone, Debug)]
pub enum Value {
    /// Of `bool`.
    Bool(bool),
    /// Of `s8`.
    S8(i8),
    /// Of `u8`.
    U8(u8),
    /// Of `s16`.
    S16(i16),
    /// Of `u16`.
    U16(u16),
    /// Of `s32`.
    S32(i32),
    /// Of `u32`.
    U32(u32),
    /// Of `s64`.
    S64(i64),
    /// Of `u64`.
    U64(u64),
    /// Of `f32`. All NaNs are the same value; lifting yields the canonical one.
    F32(f32),
    /// Of `f64`. All NaNs are the same value; lifting yields the canonical one.
    F64(f64),
    /// Of `char`.
    Char(char),
    /// Of `string`.
    String(String),
    /// Of `list<T>` or `list<T, N>`.
    List(List),
    /// Of `map<K, V>`: the entries in order. Like the spec, this does not ask that keys be unique.
    Map(Vec<(Self, Self)>),
    /// Of `record`: the fields' values in order.
    Record(Vec<Self>),
    /// Of `tuple`.
    Tuple(Vec<Self>),
    /// Of `variant`.
    Variant {
        /// The case's position.
        case: u32,
        /// The payload, if the case has one.
        payload: Option<Box<Self>>,
    },
    /// Of `enum`: the case's position.
    Enum(u32),
    /// Of `option`.
    Option(Option<Box<Self>>),
    /// Of `result`.
    Result(Result<Option<Box<Self>>, Option<Box<Self>>>),
    /// Of `flags`: bit `i` is the flag of label `i` (what the spec's `pack_flags_into_int`
    /// returns).
    Flags(u32),
    /// Of `own<R>`: the representation.
    Own(u32),
    /// Of `borrow<R>`: the representation.
    Borrow(u32),
    /// Of `error-context`: the engine's number for it.
    ErrorContext(u32),
    /// Of `stream<T>`: the engine's number for the stream whose readable end it is.
    Stream(u32),
    /// Of `future<T>`: the engine's number for the future whose readable end it is.
    Future(u32),
}

/// The elements of a list: typed if they are of a scalar type. A list of records or tuples has two
/// forms, which are equal if their elements are. Lists without elements are equal, whatever their
/// form, and `Values` without elements is a list of any type.
#[derive(Clone, Debug)]
pub enum List {
    /// Of `bool`.
    Bool(Vec<bool>),
    /// Of `s8`.
    S8(Vec<i8>),
    /// Of `u8`.
    U8(Vec<u8>),
    /// Of `s16`.
    S16(Vec<i16>),
    /// Of `u16`.
    U16(Vec<u16>),
    /// Of `s32`.
    S32(Vec<i32>),
    /// Of `u32`.
    U32(Vec<u32>),
    /// Of `s64`.
    S64(Vec<i64>),
    /// Of `u64`.
    U64(Vec<u64>),
    /// Of `f32`.
    F32(Vec<f32>),
    /// Of `f64`.
    F64(Vec<f64>),
    /// Of `char`.
    Char(Vec<char>),
    /// Of a record or tuple type, as lifting returns it; `Values` does as well.
    Rows(Rows),
    /// Of any other type.
    Values(Vec<Value>),
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::S8(a), Self::S8(b)) => a == b,
            (Self::U8(a), Self::U8(b)) => a == b,
            (Self::S16(a), Self::S16(b)) => a == b,
            (Self::U16(a), Self::U16(b)) => a == b,
            (Self::S32(a), Self::S32(b)) => a == b,
            (Self::U32(a), Self::U32(b)) => a == b,
            (Self::S64(a), Self::S64(b)) => a == b,
            (Self::U64(a), Self::U64(b)) => a == b,
            (Self::F32(a), Self::F32(b)) => same_f32(a, b),
            (Self::F64(a), Self::F64(b)) => same_f64(a, b),
            (Self::Char(a), Self::Char(b)) => a == b,
            (Self::String(a), Self::String(b)) => a == b,
            (Self::List(a), Self::List(b)) => a == b,
            (Self::Map(a), Self::Map(b)) => a == b,
            (Self::Record(a), Self::Record(b)) | (Self::Tuple(a), Self::Tuple(b)) => a == b,
            (Self::Variant { case: a, payload: p }, Self::Variant { case: b, payload: q }) => {
                a == b && p == q
            }
            (Self::Option(a), Self::Option(b)) => a == b,
            (Self::Result(a), Self::Result(b)) => a == b,
            (Self::Enum(a), Self::Enum(b))
            | (Self::Flags(a), Self::Flags(b))
            | (Self::Own(a), Self::Own(b))
            | (Self::Borrow(a), Self::Borrow(b))
            | (Self::ErrorContext(a), Self::ErrorContext(b))
            | (Self::Stream(a), Self::Stream(b))
            | (Self::Future(a), Self::Future(b)) => a == b,
            // Values of two kinds.
            (_, _) => false,
        }
    }
}

/// Returns whether two floats are the same value: all NaNs are.
fn same_f32(a: &f32, b: &f32) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}

/// Returns whether two floats are the same value: all NaNs are.
fn same_f64(a: &f64, b: &f64) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}

impl PartialEq for List {
    fn eq(&self, other: &Self) -> bool {
        if self.is_empty() || other.is_empty() {
            return self.is_empty() && other.is_empty();
        }
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::S8(a), Self::S8(b)) => a == b,
            (Self::U8(a), Self::U8(b)) => a == b,
            (Self::S16(a), Self::S16(b)) => a == b,
            (Self::U16(a), Self::U16(b)) => a == b,
            (Self::S32(a), Self::S32(b)) => a == b,
            (Self::U32(a), Self::U32(b)) => a == b,
            (Self::S64(a), Self::S64(b)) => a == b,
            (Self::U64(a), Self::U64(b)) => a == b,
            (Self::F32(a), Self::F32(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_f32(a, b))
            }
            (Self::F64(a), Self::F64(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_f64(a, b))
            }
            (Self::Char(a), Self::Char(b)) => a == b,
            (Self::Rows(a), Self::Rows(b)) => a == b,
            (Self::Rows(rows), Self::Values(values)) | (Self::Values(values), Self::Rows(rows)) => {
                rows.are(values)
            }
            (Self::Values(a), Self::Values(b)) => a == b,
            // Elements of two types.
            (_, _) => false,
        }
    }
}

impl List {
    /// Returns the number of elements.
    pub fn len(&self) -> usize {
        match self {
            Self::Bool(v) => v.len(),
            Self::S8(v) => v.len(),
            Self::U8(v) => v.len(),
            Self::S16(v) => v.len(),
            Self::U16(v) => v.len(),
            Self::S32(v) => v.len(),
            Self::U32(v) => v.len(),
            Self::S64(v) => v.len(),
            Self::U64(v) => v.len(),
            Self::F32(v) => v.len(),
            Self::F64(v) => v.len(),
            Self::Char(v) => v.len(),
            Self::Rows(rows) => rows.len(),
            Self::Values(v) => v.len(),
        }
    }

    /// Returns whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns element `i`, or `None` beyond the end. Scalars are copied, other values cloned.
    pub fn get(&self, i: usize) -> Option<Value> {
        match self {
            Self::Bool(v) => v.get(i).copied().map(Value::Bool),
            Self::S8(v) => v.get(i).copied().map(Value::S8),
            Self::U8(v) => v.get(i).copied().map(Value::U8),
            Self::S16(v) => v.get(i).copied().map(Value::S16),
            Self::U16(v) => v.get(i).copied().map(Value::U16),
            Self::S32(v) => v.get(i).copied().map(Value::S32),
            Self::U32(v) => v.get(i).copied().map(Value::U32),
            Self::S64(v) => v.get(i).copied().map(Value::S64),
            Self::U64(v) => v.get(i).copied().map(Value::U64),
            Self::F32(v) => v.get(i).copied().map(Value::F32),
            Self::F64(v) => v.get(i).copied().map(Value::F64),
            Self::Char(v) => v.get(i).copied().map(Value::Char),
            Self::Rows(rows) => rows.get(i),
            Self::Values(v) => v.get(i).cloned(),
        }
    }

    /// Returns element `i`, or `None` beyond the end; borrowed if it is a value as it stands.
    pub(crate) fn cell(&self, i: usize) -> Option<Cow<'_, Value>> {
        if let Self::Values(values) = self {
            return values.get(i).map(Cow::Borrowed);
        }
        self.get(i).map(Cow::Owned)
    }

    /// Returns the elements as values, whatever their form.
    pub fn iter(&self) -> impl Iterator<Item = Value> + '_ {
        (0..self.len()).filter_map(|i| self.get(i))
    }

    /// Returns the list of these elements in the form for elements of type `element`: typed if that
    /// is scalar. A value of another type leaves the list untyped, which `type_check` then rejects.
    pub fn from_values(element: ValType, values: Vec<Value>) -> Self {
        macro_rules! typed {
            ($variant:ident) => {{
                let typed = values.iter().map(|v| if let Value::$variant(x) = v { Some(*x) } else { None });
                match typed.collect::<Option<Vec<_>>>() {
                    Some(typed) => Self::$variant(typed),
                    None => Self::Values(values),
                }
            }};
        }
        let ValType::Scalar(element) = element else { return Self::Values(values) };
        match element {
            ScalarType::Bool => typed!(Bool),
            ScalarType::S8 => typed!(S8),
            ScalarType::U8 => typed!(U8),
            ScalarType::S16 => typed!(S16),
            ScalarType::U16 => typed!(U16),
            ScalarType::S32 => typed!(S32),
            ScalarType::U32 => typed!(U32),
            ScalarType::S64 => typed!(S64),
            ScalarType::U64 => typed!(U64),
            ScalarType::F32 => typed!(F32),
            ScalarType::F64 => typed!(F64),
            ScalarType::Char => typed!(Char),
        }
    }
}

impl Value {
    /// Returns what the value is, as an error message names it: `u32`, `list of u8`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Bool(_) => "bool",
            Self::S8(_) => "s8",
            Self::U8(_) => "u8",
            Self::S16(_) => "s16",
            Self::U16(_) => "u16",
            Self::S32(_) => "s32",
            Self::U32(_) => "u32",
            Self::S64(_) => "s64",
            Self::U64(_) => "u64",
            Self::F32(_) => "f32",
            Self::F64(_) => "f64",
            Self::Char(_) => "char",
            Self::String(_) => "string",
            Self::List(list) => list.kind(),
            Self::Map(_) => "map",
            Self::Record(_) => "record",
            Self::Tuple(_) => "tuple",
            Self::Variant { .. } => "variant",
            Self::Enum(_) => "enum",
            Self::Option(_) => "option",
            Self::Result(_) => "result",
            Self::Flags(_) => "flags",
            Self::Own(_) => "own",
            Self::Borrow(_) => "borrow",
            Self::ErrorContext(_) => "error-context",
            Self::Stream(_) => "stream",
            Self::Future(_) => "future",
        }
    }
}

impl List {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Bool(_) => "list of bool",
            Self::S8(_) => "list of s8",
            Self::U8(_) => "list of u8",
            Self::S16(_) => "list of s16",
            Self::U16(_) => "list of u16",
            Self::S32(_) => "list of s32",
            Self::U32(_) => "list of u32",
            Self::S64(_) => "list of s64",
            Self::U64(_) => "list of u64",
            Self::F32(_) => "list of f32",
            Self::F64(_) => "list of f64",
            Self::Char(_) => "list of char",
            Self::Rows(rows) => match rows.kind() {
                RowKind::Record => "list of records",
                RowKind::Tuple => "list of tuples",
            },
            Self::Values(_) => "list of values",
        }
    }
}
