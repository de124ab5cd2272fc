//! Values as scripts write them. Component values: names in the value, no types beside it.
//!
//! Invariant: two floats that are both NaN are the same value, since a component's `f32` and `f64`
//! have one NaN each (CanonicalABI.md, "Loading").

use super::CoreVal;
use std::collections::BTreeSet;
use std::fmt;

/// A component value with its names, or a core value.
#[derive(Clone, Debug)]
pub enum Val {
    /// `bool`.
    Bool(bool),
    /// `s8`.
    S8(i8),
    /// `u8`.
    U8(u8),
    /// `s16`.
    S16(i16),
    /// `u16`.
    U16(u16),
    /// `s32`.
    S32(i32),
    /// `u32`.
    U32(u32),
    /// `s64`.
    S64(i64),
    /// `u64`.
    U64(u64),
    /// `f32`.
    F32(f32),
    /// `f64`.
    F64(f64),
    /// `char`.
    Char(char),
    /// `string`.
    String(String),
    /// `list`, of any length or of a fixed one.
    List(Vec<Self>),
    /// `map`, its entries in order.
    Map(Vec<(Self, Self)>),
    /// `record`, its fields in order.
    Record(Vec<(String, Self)>),
    /// `tuple`.
    Tuple(Vec<Self>),
    /// `variant`: the case and its payload.
    Variant(String, Option<Box<Self>>),
    /// `enum`: the case.
    Enum(String),
    /// `option`.
    Option(Option<Box<Self>>),
    /// `result`.
    Result(Result<Option<Box<Self>>, Option<Box<Self>>>),
    /// `flags`: the labels that are set, in any order.
    Flags(Vec<String>),
    /// A value that scripts cannot write, such as a handle; what it is, in words. Equals nothing.
    Unwritable(String),
    /// A value of the core language.
    Core(CoreVal),
}

/// Returns where and how `got` differs from `expected`, or nothing if they are the same value.
pub fn mismatch(expected: &Val, got: &Val) -> Option<String> {
    let mut path = String::new();
    let (expected, got) = first_difference(expected, got, &mut path)?;
    let at = if path.is_empty() { String::new() } else { format!("at {path}: ") };
    Some(format!("{at}{} {got} instead of {} {expected}", got.kind(), expected.kind()))
}

/// Finds the innermost pair of values that differ, leaving the way to it in `path`.
fn first_difference<'a>(expected: &'a Val, got: &'a Val, path: &mut String) -> Option<(&'a Val, &'a Val)> {
    let this = Some((expected, got));
    match (expected, got) {
        (Val::List(a), Val::List(b)) | (Val::Tuple(a), Val::Tuple(b)) if a.len() == b.len() => {
            for (i, (a, b)) in a.iter().zip(b).enumerate() {
                let found = step(&format!("[{i}]"), a, b, path);
                if found.is_some() {
                    return found;
                }
            }
            None
        }
        (Val::Map(a), Val::Map(b)) if a.len() == b.len() => {
            for (i, ((ka, va), (kb, vb))) in a.iter().zip(b).enumerate() {
                let found = step(&format!("[{i}].key"), ka, kb, path)
                    .or_else(|| step(&format!("[{i}].value"), va, vb, path));
                if found.is_some() {
                    return found;
                }
            }
            None
        }
        (Val::Record(a), Val::Record(b)) if a.iter().map(|f| &f.0).eq(b.iter().map(|f| &f.0)) => {
            for ((name, a), (_, b)) in a.iter().zip(b) {
                let found = step(&format!(".{name}"), a, b, path);
                if found.is_some() {
                    return found;
                }
            }
            None
        }
        (Val::Variant(a, Some(x)), Val::Variant(b, Some(y))) if a == b => step(&format!(".{a}"), x, y, path),
        (Val::Option(Some(x)), Val::Option(Some(y))) => step(".some", x, y, path),
        (Val::Result(Ok(Some(x))), Val::Result(Ok(Some(y)))) => step(".ok", x, y, path),
        (Val::Result(Err(Some(x))), Val::Result(Err(Some(y)))) => step(".err", x, y, path),
        (expected, got) => {
            if same_leaf(expected, got) {
                None
            } else {
                this
            }
        }
    }
}

fn step<'a>(part: &str, expected: &'a Val, got: &'a Val, path: &mut String) -> Option<(&'a Val, &'a Val)> {
    let length = path.len();
    path.push_str(part);
    let found = first_difference(expected, got, path);
    if found.is_none() {
        path.truncate(length);
    }
    found
}

/// Returns whether two values are the same, where [`first_difference`] has nothing to descend into.
fn same_leaf(expected: &Val, got: &Val) -> bool {
    match (expected, got) {
        (Val::Bool(a), Val::Bool(b)) => a == b,
        (Val::S8(a), Val::S8(b)) => a == b,
        (Val::U8(a), Val::U8(b)) => a == b,
        (Val::S16(a), Val::S16(b)) => a == b,
        (Val::U16(a), Val::U16(b)) => a == b,
        (Val::S32(a), Val::S32(b)) => a == b,
        (Val::U32(a), Val::U32(b)) => a == b,
        (Val::S64(a), Val::S64(b)) => a == b,
        (Val::U64(a), Val::U64(b)) => a == b,
        (Val::F32(a), Val::F32(b)) => a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan(),
        (Val::F64(a), Val::F64(b)) => a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan(),
        (Val::Char(a), Val::Char(b)) => a == b,
        (Val::String(a), Val::String(b)) | (Val::Enum(a), Val::Enum(b)) => a == b,
        (Val::Variant(a, None), Val::Variant(b, None)) => a == b,
        (Val::Flags(a), Val::Flags(b)) => a.iter().collect::<BTreeSet<_>>() == b.iter().collect(),
        (Val::Core(a), Val::Core(b)) => a == b,
        (Val::Option(None), Val::Option(None))
        | (Val::Result(Ok(None)), Val::Result(Ok(None)))
        | (Val::Result(Err(None)), Val::Result(Err(None))) => true,
        (_, _) => false,
    }
}

impl Val {
    /// Returns the name of the value's kind of type, as WIT has it.
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
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Record(_) => "record",
            Self::Tuple(_) => "tuple",
            Self::Variant(..) => "variant",
            Self::Enum(_) => "enum",
            Self::Option(_) => "option",
            Self::Result(_) => "result",
            Self::Flags(_) => "flags",
            Self::Unwritable(_) => "unwritable",
            Self::Core(val) => val.kind(),
        }
    }
}

impl fmt::Display for Val {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(v) => write!(f, "{v}"),
            Self::S8(v) => write!(f, "{v}"),
            Self::U8(v) => write!(f, "{v}"),
            Self::S16(v) => write!(f, "{v}"),
            Self::U16(v) => write!(f, "{v}"),
            Self::S32(v) => write!(f, "{v}"),
            Self::U32(v) => write!(f, "{v}"),
            Self::S64(v) => write!(f, "{v}"),
            Self::U64(v) => write!(f, "{v}"),
            Self::F32(v) => write!(f, "{v:?}"),
            Self::F64(v) => write!(f, "{v:?}"),
            Self::Char(v) => write!(f, "{v:?}"),
            Self::String(v) => write!(f, "{v:?}"),
            Self::List(values) => join(f, "[", values, "]"),
            Self::Tuple(values) => join(f, "(", values, ")"),
            Self::Map(entries) => join(f, "{", entries.iter().map(|(k, v)| format!("{k} => {v}")), "}"),
            Self::Record(fields) => join(f, "{", fields.iter().map(|(name, v)| format!("{name}: {v}")), "}"),
            Self::Flags(labels) => join(f, "{", labels, "}"),
            Self::Variant(case, payload) => with_payload(f, case, payload.as_deref()),
            Self::Enum(case) => f.write_str(case),
            Self::Option(None) => f.write_str("none"),
            Self::Option(payload) => with_payload(f, "some", payload.as_deref()),
            Self::Result(Ok(payload)) => with_payload(f, "ok", payload.as_deref()),
            Self::Result(Err(payload)) => with_payload(f, "err", payload.as_deref()),
            Self::Unwritable(what) => write!(f, "<{what}>"),
            Self::Core(val) => val.fmt(f),
        }
    }
}

fn join(
    f: &mut fmt::Formatter<'_>,
    open: &str,
    items: impl IntoIterator<Item = impl fmt::Display>,
    close: &str,
) -> fmt::Result {
    f.write_str(open)?;
    for (i, item) in items.into_iter().enumerate() {
        let comma = if i == 0 { "" } else { ", " };
        write!(f, "{comma}{item}")?;
    }
    f.write_str(close)
}

fn with_payload(f: &mut fmt::Formatter<'_>, case: &str, payload: Option<&Val>) -> fmt::Result {
    match payload {
        Some(payload) => write!(f, "{case}({payload})"),
        None => f.write_str(case),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(s: &str) -> Val {
        Val::String(s.to_owned())
    }

    fn check(expected: &Val, got: &Val, difference: Option<&str>) {
        assert_eq!(mismatch(expected, got).as_deref(), difference);
    }

    #[test]
    fn equal_values() {
        for val in [
            Val::Bool(true),
            Val::F32(-0.0),
            Val::List(vec![Val::Option(None), Val::Option(Some(Box::new(Val::Char('é'))))]),
            Val::Record(vec![("a".to_owned(), Val::Enum("b".to_owned()))]),
            Val::Result(Ok(None)),
            Val::Map(vec![(text("k"), Val::U64(1))]),
            Val::Variant("v".to_owned(), Some(Box::new(Val::Tuple(vec![])))),
        ] {
            check(&val, &val, None);
        }
        check(&Val::F32(f32::from_bits(0x7fc0_0000)), &Val::F32(f32::from_bits(0xffa0_0001)), None);
        let flags = |labels: &[&str]| Val::Flags(labels.iter().map(|&s| s.to_owned()).collect());
        check(&flags(&["a", "b"]), &flags(&["b", "a"]), None);
    }

    #[test]
    fn differences_name_the_way() {
        check(&Val::U8(1), &Val::U16(1), Some("u16 1 instead of u8 1"));
        check(&Val::F64(0.0), &Val::F64(-0.0), Some("f64 -0.0 instead of f64 0.0"));
        let list = |n| Val::List(vec![Val::Bool(true), Val::Option(Some(Box::new(Val::U8(n))))]);
        check(&list(1), &list(2), Some("at [1].some: u8 2 instead of u8 1"));
        check(&Val::List(vec![]), &list(1), Some("list [true, some(1)] instead of list []"));
        let handle = Val::Unwritable("handle".to_owned());
        check(&handle, &handle, Some("unwritable <handle> instead of unwritable <handle>"));
        let map = |v| Val::Map(vec![(text("k"), text(v))]);
        check(&map("a"), &map("b"), Some("at [0].value: string \"b\" instead of string \"a\""));
        let record = |n: &str| Val::Record(vec![(n.to_owned(), Val::U8(0))]);
        check(&record("a"), &record("b"), Some("record {b: 0} instead of record {a: 0}"));
    }
}
