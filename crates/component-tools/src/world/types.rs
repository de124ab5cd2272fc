//! Types and functions as WIT. Follows WIT.md, "Types" and "Item: `func`".

use wasmparser::PrimitiveValType;
use wasmparser::component_types::{
    AliasableResourceId, ComponentAnyTypeId, ComponentDefinedType, ComponentDefinedTypeId,
    ComponentFuncTypeId, ComponentValType,
};
use wasmparser::types::TypesRef;

use super::names::{Scope, TypeNames, escape};

/// What the name of a function says (Explainer.md, "Import and Export Definitions").
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum FuncName<'a> {
    Free(&'a str),
    Constructor { resource: &'a str },
    Member { resource: &'a str, label: &'a str, is_static: bool },
}

/// Splits the name of a function.
pub(crate) fn func_name(name: &str) -> FuncName<'_> {
    if let Some(resource) = name.strip_prefix("[constructor]") {
        return FuncName::Constructor { resource };
    }
    for (prefix, is_static) in [("[method]", false), ("[static]", true)] {
        if let Some((resource, label)) = name.strip_prefix(prefix).and_then(|rest| rest.split_once('.')) {
            return FuncName::Member { resource, label, is_static };
        }
    }
    FuncName::Free(name)
}

/// Returns the type of a function; a method's `self` is left out.
pub(super) fn func(
    types: TypesRef<'_>,
    names: &TypeNames,
    scope: &Scope,
    id: ComponentFuncTypeId,
    is_method: bool,
) -> String {
    let ty = &types[id];
    let params = ty.params.iter().skip(usize::from(is_method));
    let params = params.map(|(name, ty)| format!("{}: {}", escape(name), val(types, names, scope, *ty)));
    let params = params.collect::<Vec<_>>().join(", ");
    let result = ty.result.map(|ty| format!(" -> {}", val(types, names, scope, ty))).unwrap_or_default();
    let is_async = if ty.async_ { "async " } else { "" };
    format!("{is_async}func({params}){result}")
}

/// Returns the line of a constructor. Its result is the resource, unless it may fail.
pub(super) fn constructor(
    types: TypesRef<'_>,
    names: &TypeNames,
    scope: &Scope,
    id: ComponentFuncTypeId,
) -> String {
    let text = func(types, names, scope, id, false).replacen("func", "constructor", 1);
    let is_fallible = match types[id].result {
        Some(ComponentValType::Type(id)) => matches!(types[id], ComponentDefinedType::Result { .. }),
        Some(ComponentValType::Primitive(_)) | None => false,
    };
    match text.rsplit_once(" -> ") {
        Some((head, _)) if !is_fallible => format!("{head};"),
        _ => format!("{text};"),
    }
}

/// Returns the item that defines a type under a name.
pub(super) fn definition(
    types: TypesRef<'_>,
    names: &TypeNames,
    scope: &Scope,
    name: &str,
    ty: ComponentAnyTypeId,
) -> String {
    let id = match ty {
        ComponentAnyTypeId::Resource(_) => return format!("resource {name};"),
        ComponentAnyTypeId::Func(_) => return format!("// type {name}: func"),
        ComponentAnyTypeId::Instance(_) => return format!("// type {name}: instance"),
        ComponentAnyTypeId::Component(_) => return format!("// type {name}: component"),
        ComponentAnyTypeId::Defined(id) => id,
    };
    let text = defined(types, names, scope, id);
    match &types[id] {
        ComponentDefinedType::Record(_)
        | ComponentDefinedType::Variant(_)
        | ComponentDefinedType::Flags(_)
        | ComponentDefinedType::Enum(_) => text.replacen(' ', &format!(" {name} "), 1),
        ComponentDefinedType::Primitive(_)
        | ComponentDefinedType::List { .. }
        | ComponentDefinedType::Map { .. }
        | ComponentDefinedType::FixedLengthList { .. }
        | ComponentDefinedType::Tuple(_)
        | ComponentDefinedType::Option { .. }
        | ComponentDefinedType::Result { .. }
        | ComponentDefinedType::Own(_)
        | ComponentDefinedType::Borrow(_)
        | ComponentDefinedType::Future { .. }
        | ComponentDefinedType::Stream { .. } => format!("type {name} = {text};"),
    }
}

/// Returns a mention of a type: its name, or its text if it has none.
fn val(types: TypesRef<'_>, names: &TypeNames, scope: &Scope, ty: ComponentValType) -> String {
    match ty {
        ComponentValType::Primitive(ty) => primitive(ty).to_owned(),
        ComponentValType::Type(id) => match names.find(types, ComponentAnyTypeId::Defined(id)) {
            Some(named) => mention(named, scope),
            None => defined(types, names, scope, id),
        },
    }
}

/// Returns a name, with its interface where it is not this one.
fn mention((owner, name): &(Scope, String), scope: &Scope) -> String {
    match owner {
        Scope::Interface(interface) if owner != scope => format!("/* {interface} */ {}", escape(name)),
        Scope::Interface(_) | Scope::World => escape(name),
    }
}

fn defined(types: TypesRef<'_>, names: &TypeNames, scope: &Scope, id: ComponentDefinedTypeId) -> String {
    let val = |ty: ComponentValType| val(types, names, scope, ty);
    let payload = |name: &str, ty: &Option<ComponentValType>| match ty {
        Some(ty) => format!("{name}<{}>", val(*ty)),
        None => name.to_owned(),
    };
    match &types[id] {
        ComponentDefinedType::Primitive(ty) => primitive(*ty).to_owned(),
        ComponentDefinedType::Record(record) => {
            lines("record", record.fields.iter().map(|(name, ty)| format!("{}: {}", escape(name), val(*ty))))
        }
        ComponentDefinedType::Variant(variant) => {
            let case =
                |ty: Option<ComponentValType>| ty.map(|ty| format!("({})", val(ty))).unwrap_or_default();
            lines("variant", variant.cases.iter().map(|(name, c)| format!("{}{}", escape(name), case(c.ty))))
        }
        ComponentDefinedType::Flags(labels) => lines("flags", labels.iter().map(|label| escape(label))),
        ComponentDefinedType::Enum(labels) => lines("enum", labels.iter().map(|label| escape(label))),
        ComponentDefinedType::List { element, .. } => format!("list<{}>", val(*element)),
        ComponentDefinedType::FixedLengthList { element, length, .. } => {
            format!("list<{}, {length}>", val(*element))
        }
        ComponentDefinedType::Map { key, value, .. } => format!("map<{}, {}>", val(*key), val(*value)),
        ComponentDefinedType::Tuple(tuple) => {
            format!("tuple<{}>", tuple.types.iter().map(|ty| val(*ty)).collect::<Vec<_>>().join(", "))
        }
        ComponentDefinedType::Option { ty, .. } => format!("option<{}>", val(*ty)),
        ComponentDefinedType::Result { ok, err, .. } => match (ok, err) {
            (ok, None) => payload("result", ok),
            (ok, Some(err)) => format!("result<{}, {}>", ok.map_or("_".to_owned(), val), val(*err)),
        },
        ComponentDefinedType::Own(id) => resource(types, names, scope, *id),
        ComponentDefinedType::Borrow(id) => format!("borrow<{}>", resource(types, names, scope, *id)),
        ComponentDefinedType::Future { ty, .. } => payload("future", ty),
        ComponentDefinedType::Stream { ty, .. } => payload("stream", ty),
    }
}

fn resource(types: TypesRef<'_>, names: &TypeNames, scope: &Scope, id: AliasableResourceId) -> String {
    match names.find(types, ComponentAnyTypeId::Resource(id)) {
        Some(named) => mention(named, scope),
        None => "/* a resource without a name */ own".to_owned(),
    }
}

/// Returns `keyword { label, … }`, a label a line.
fn lines(keyword: &str, labels: impl Iterator<Item = String>) -> String {
    let labels: String = labels.map(|label| format!("  {label},\n")).collect();
    format!("{keyword} {{\n{labels}}}")
}

fn primitive(ty: PrimitiveValType) -> &'static str {
    match ty {
        PrimitiveValType::Bool => "bool",
        PrimitiveValType::S8 => "s8",
        PrimitiveValType::U8 => "u8",
        PrimitiveValType::S16 => "s16",
        PrimitiveValType::U16 => "u16",
        PrimitiveValType::S32 => "s32",
        PrimitiveValType::U32 => "u32",
        PrimitiveValType::S64 => "s64",
        PrimitiveValType::U64 => "u64",
        PrimitiveValType::F32 => "f32",
        PrimitiveValType::F64 => "f64",
        PrimitiveValType::Char => "char",
        PrimitiveValType::String => "string",
        PrimitiveValType::ErrorContext => "error-context",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_functions() {
        let check = |name, expected| assert_eq!(func_name(name), expected);
        check("run", FuncName::Free("run"));
        check("[constructor]file", FuncName::Constructor { resource: "file" });
        check("[method]file.read", FuncName::Member { resource: "file", label: "read", is_static: false });
        check("[static]file.open", FuncName::Member { resource: "file", label: "open", is_static: true });
    }
}
