//! Types and functions as WIT text.
//!
//! Records, variants, enums and flags, which WIT knows by name only, are written out in place. A
//! resource type has the name that [`Types::name_resource`] gave it, or is written `resource-N`
//! after its id.

use alloc::format;
use alloc::string::String;
use core::cell::Cell;
use core::fmt::{self, Write as _};

use super::despecialize::{Cases, Fields};
use super::{FuncType, ResourceId, Types, ValType};

/// How many types one text may mention. A type of few definitions may have very many paths, so the
/// rest is written as `…`.
const MAX_MENTIONS: u32 = 4096;

/// Tells the name that a type goes by in a text; `None` for a type that is written out. Structural
/// types (lists, options, …) may have names too.
pub type NameOf<'a> = dyn Fn(ValType) -> Option<&'a str> + 'a;

/// Returns `ty` as WIT: `list<u8>`, `record { id: u64, payload: list<u8> }`. Very long texts end in
/// `…`.
pub fn display(types: &Types, ty: ValType) -> impl fmt::Display + '_ {
    display_named(types, ty, &|_| None)
}

/// Returns `ty` as [`display`] does, with the names of the types that have one: `option<point>`.
pub fn display_named<'a>(types: &'a Types, ty: ValType, name_of: &'a NameOf<'a>) -> impl fmt::Display + 'a {
    Written { types, ty, name_of, is_definition: false }
}

/// Returns the definition of `ty` even if it has a name, with names of the types in it:
/// `record { a: point, b: point }`.
pub fn display_definition<'a>(
    types: &'a Types,
    ty: ValType,
    name_of: &'a NameOf<'a>,
) -> impl fmt::Display + 'a {
    Written { types, ty, name_of, is_definition: true }
}

/// Returns a function's name and type as WIT: `f: func(x: u32) -> string`.
pub fn display_func(types: &Types, name: &str, ty: &FuncType) -> String {
    display_func_named(types, name, ty, &|_| None)
}

/// Returns a function's name and type as [`display_func`] does, with the names of types:
/// `f: func(at: point)`.
pub fn display_func_named<'a>(
    types: &'a Types,
    name: &str,
    ty: &FuncType,
    name_of: &'a NameOf<'a>,
) -> String {
    let mut text = format!("{name}: {}func(", if ty.is_async { "async " } else { "" });
    let shown = |ty| display_named(types, ty, name_of);
    for (i, (param, ty)) in ty.params.iter().enumerate() {
        let comma = if i == 0 { "" } else { ", " };
        write!(text, "{comma}{param}: {}", shown(*ty)).expect("writing to a string cannot fail");
    }
    text.push(')');
    if let Some(result) = ty.result {
        write!(text, " -> {}", shown(result)).expect("writing to a string cannot fail");
    }
    text
}

struct Written<'a> {
    types: &'a Types,
    ty: ValType,
    name_of: &'a NameOf<'a>,
    is_definition: bool,
}

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let writer =
            Writer { types: self.types, name_of: self.name_of, mentions_left: Cell::new(MAX_MENTIONS) };
        if self.is_definition { write_out(&writer, f, self.ty) } else { write_type(&writer, f, self.ty) }
    }
}

struct Writer<'a> {
    types: &'a Types,
    name_of: &'a NameOf<'a>,
    mentions_left: Cell<u32>,
}

/// Writes the name of a type, or the type itself.
fn write_type(w: &Writer<'_>, f: &mut fmt::Formatter<'_>, ty: ValType) -> fmt::Result {
    let Some(left) = w.mentions_left.get().checked_sub(1) else {
        return f.write_str("…");
    };
    w.mentions_left.set(left);
    match (w.name_of)(ty) {
        Some(name) => f.write_str(name),
        None => write_out(w, f, ty),
    }
}

/// Writes what a type is, with the names of the types in it.
fn write_out(w: &Writer<'_>, f: &mut fmt::Formatter<'_>, ty: ValType) -> fmt::Result {
    match ty {
        ValType::Scalar(ty) => f.write_str(ty.name()),
        ValType::String => f.write_str("string"),
        ValType::ErrorContext => f.write_str("error-context"),
        ValType::List(id) => write_generic(w, f, "list", &[Some(w.types[id].element)]),
        ValType::FixedLengthList(id) => {
            f.write_str("list<")?;
            write_type(w, f, w.types[id].element)?;
            write!(f, ", {}>", w.types[id].length)
        }
        ValType::Map(id) => write_generic(w, f, "map", &[Some(w.types[id].key), Some(w.types[id].value)]),
        ValType::Record(id) => write_record(w, f, Fields::Record(&w.types[id].fields)),
        ValType::Tuple(id) => {
            f.write_str("tuple<")?;
            write_separated(f, w.types[id].types.iter(), |f, ty| write_type(w, f, *ty))?;
            f.write_str(">")
        }
        ValType::Variant(id) => write_variant(w, f, Cases::Variant(&w.types[id].cases)),
        ValType::Enum(id) => write_labels(w, f, "enum", &w.types[id].labels),
        ValType::Option(id) => write_generic(w, f, "option", &[Some(w.types[id].some)]),
        ValType::Result(id) => write_result(w, f, w.types[id].ok, w.types[id].err),
        ValType::Flags(id) => write_labels(w, f, "flags", &w.types[id].labels),
        ValType::Own(resource) => write_handle(w, f, "own", resource),
        ValType::Borrow(resource) => write_handle(w, f, "borrow", resource),
        ValType::Stream(id) => write_generic(w, f, "stream", &[w.types[id].payload]),
        ValType::Future(id) => write_generic(w, f, "future", &[w.types[id].payload]),
    }
}

fn write_handle(
    w: &Writer<'_>,
    f: &mut fmt::Formatter<'_>,
    handle: &str,
    resource: ResourceId,
) -> fmt::Result {
    match w.types.resource_name(resource) {
        Some(name) => write!(f, "{handle}<{name}>"),
        None => write!(f, "{handle}<resource-{}>", resource.0),
    }
}

/// Writes `name<args>`, without the brackets if there are no arguments.
fn write_generic(
    w: &Writer<'_>,
    f: &mut fmt::Formatter<'_>,
    name: &str,
    args: &[Option<ValType>],
) -> fmt::Result {
    f.write_str(name)?;
    if args.iter().all(Option::is_none) {
        return Ok(());
    }
    f.write_str("<")?;
    write_separated(f, args.iter().flatten(), |f, ty| write_type(w, f, *ty))?;
    f.write_str(">")
}

fn write_result(
    w: &Writer<'_>,
    f: &mut fmt::Formatter<'_>,
    ok: Option<ValType>,
    err: Option<ValType>,
) -> fmt::Result {
    match (ok, err) {
        (None, Some(err)) => {
            f.write_str("result<_, ")?;
            write_type(w, f, err)?;
            f.write_str(">")
        }
        (ok, err) => write_generic(w, f, "result", &[ok, err]),
    }
}

fn write_record(w: &Writer<'_>, f: &mut fmt::Formatter<'_>, fields: Fields<'_>) -> fmt::Result {
    f.write_str("record { ")?;
    write_separated(f, fields.types().enumerate(), |f, (i, ty)| {
        write!(f, "{}: ", fields.label(i))?;
        write_type(w, f, ty)
    })?;
    f.write_str(" }")
}

fn write_variant(w: &Writer<'_>, f: &mut fmt::Formatter<'_>, cases: Cases<'_>) -> fmt::Result {
    f.write_str("variant { ")?;
    write_separated(f, 0..cases.len(), |f, i| {
        f.write_str(cases.label(i))?;
        let Some(ty) = cases.payload(i) else { return Ok(()) };
        f.write_str("(")?;
        write_type(w, f, ty)?;
        f.write_str(")")
    })?;
    f.write_str(" }")
}

fn write_labels(
    w: &Writer<'_>,
    f: &mut fmt::Formatter<'_>,
    name: &str,
    labels: &[alloc::string::String],
) -> fmt::Result {
    write!(f, "{name} {{ ")?;
    write_separated(f, labels.iter(), |f, label| {
        let Some(left) = w.mentions_left.get().checked_sub(1) else {
            return f.write_str("…");
        };
        w.mentions_left.set(left);
        f.write_str(label)
    })?;
    f.write_str(" }")
}

fn write_separated<T>(
    f: &mut fmt::Formatter<'_>,
    items: impl Iterator<Item = T>,
    mut write: impl FnMut(&mut fmt::Formatter<'_>, T) -> fmt::Result,
) -> fmt::Result {
    for (i, item) in items.enumerate() {
        if i > 0 {
            f.write_str(", ")?;
        }
        write(f, item)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;

    #[test]
    fn resource_types_have_their_names() {
        let mut types = Types::new();
        types.name_resource(ResourceId(1), "counter");
        let check = |ty, text| assert_eq!(display(&types, ty).to_string(), text);
        check(ValType::Own(ResourceId(1)), "own<counter>");
        check(ValType::Borrow(ResourceId(1)), "borrow<counter>");
        check(ValType::Borrow(ResourceId(2)), "borrow<resource-2>");
    }

    #[test]
    fn types_have_the_names_that_they_are_given() {
        let mut types = Types::new();
        let point = types.record(alloc::vec![("x".into(), ValType::F32)]).unwrap();
        let points = types.list(point).unwrap();
        let line = types.tuple(alloc::vec![point, points]).unwrap();
        let name_of = |ty| (ty == point).then_some("point");
        let check = |given: &dyn fmt::Display, text| assert_eq!(given.to_string(), text);
        check(&display_named(&types, point, &name_of), "point");
        check(&display_named(&types, line, &name_of), "tuple<point, list<point>>");
        check(&display_definition(&types, point, &name_of), "record { x: f32 }");
        check(&display_definition(&types, line, &name_of), "tuple<point, list<point>>");
        let ty = FuncType { params: alloc::vec![("at".into(), point)], result: Some(points), is_async: true };
        check(&display_func_named(&types, "f", &ty, &name_of), "f: async func(at: point) -> list<point>");
    }
}
