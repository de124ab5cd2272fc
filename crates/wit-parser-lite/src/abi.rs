//! Resolved types as Canonical ABI types.
//!
//! Aliases and `use`s disappear: equal types are one type there. A resource becomes the
//! [`ResourceId`] with the number of its [`TypeDefId`], wherever it is used, and keeps its WIT
//! name.
//!
//! [`val_types`] converts any number of types in one pass. [`val_type`] and [`func_type`] convert a
//! single one, and each call visits the whole arena.

use canonical_abi::{FuncType, ResourceId, TypeError, Types, ValType};

use crate::arena::{Field, Function, FunctionId, Primitive, Resolved, Type, TypeDefId, TypeDefKind};
use crate::error::{Error, ErrorKind, Result};

/// Returns the Canonical ABI types of `roots` and of all their parts, in time linear in the arena,
/// however many roots there are.
///
/// # Errors
///
/// A part of one of the types exceeds a limit of the Canonical ABI. The error names the type and
/// its position.
pub fn val_types(
    resolved: &Resolved,
    types: &mut Types,
    roots: impl IntoIterator<Item = Type>,
) -> Result<ValTypes> {
    let mut is_needed = vec![false; resolved.types().len()];
    for root in roots {
        mark(&mut is_needed, root);
    }
    // Definitions refer to smaller ids only, so one pass down the arena marks what is needed and
    // one pass up builds it, without recursion.
    for (id, ty) in resolved.types().rev() {
        if is_needed[id.index() as usize] {
            for_each_part(&ty.kind, |part| mark(&mut is_needed, part));
        }
    }
    let mut known = ValTypes { val_types: vec![None; is_needed.len()] };
    for (id, _) in resolved.types() {
        if is_needed[id.index() as usize] {
            let ty =
                definition(resolved, types, &known, id).map_err(|error| located(resolved, id, &error))?;
            known.val_types[id.index() as usize] = Some(ty);
        }
    }
    Ok(known)
}

/// Returns the Canonical ABI type of `ty`. A resource by itself means a handle that owns it.
///
/// # Errors
///
/// As for [`val_types`].
pub fn val_type(resolved: &Resolved, types: &mut Types, ty: Type) -> Result<ValType> {
    val_types(resolved, types, [ty]).map(|known| known.needed(ty))
}

/// Returns the Canonical ABI function type of `id`; the first parameter of a method is `self`.
///
/// # Errors
///
/// As for [`val_types`].
///
/// # Panics
///
/// When `id` is of another [`Resolved`].
pub fn func_type(resolved: &Resolved, types: &mut Types, id: FunctionId) -> Result<FuncType> {
    let known = val_types(resolved, types, types_of(&resolved[id]))?;
    Ok(known.func_type(resolved, id).expect("all of the function's types were asked for"))
}

/// Returns the types in the type of a function, as roots for [`val_types`].
pub fn types_of(function: &Function) -> impl Iterator<Item = Type> + '_ {
    function.params.iter().map(|param| param.ty).chain(function.result)
}

/// The Canonical ABI types of WIT types: of the roots given to [`val_types`], and of all their
/// parts.
#[derive(Clone, Debug)]
pub struct ValTypes {
    /// By [`TypeDefId`].
    val_types: Vec<Option<ValType>>,
}

impl ValTypes {
    /// Returns the type of `ty`, unless it was not asked for.
    ///
    /// # Panics
    ///
    /// When `ty` is of a larger [`Resolved`].
    pub fn val_type(&self, ty: Type) -> Option<ValType> {
        match ty {
            Type::Def(id) => self.val_types[id.index() as usize],
            Type::Primitive(primitive) => Some(of_primitive(primitive)),
        }
    }

    /// Returns the function type of `id`, unless one of its types was not asked for. The first
    /// parameter of a method is `self`.
    ///
    /// # Panics
    ///
    /// When `id` is of another [`Resolved`].
    pub fn func_type(&self, resolved: &Resolved, id: FunctionId) -> Option<FuncType> {
        let Function { params, result, is_async, .. } = &resolved[id];
        let param = |param: &Field| Some((param.name.clone(), self.val_type(param.ty)?));
        let result = match result {
            Some(ty) => Some(self.val_type(*ty)?),
            None => None,
        };
        Some(FuncType {
            params: params.iter().map(param).collect::<Option<_>>()?,
            result,
            is_async: *is_async,
        })
    }

    fn needed(&self, ty: Type) -> ValType {
        self.val_type(ty).expect("parts come before wholes in the arena, and needed ones are marked")
    }
}

fn of_primitive(primitive: Primitive) -> ValType {
    match primitive {
        Primitive::Bool => ValType::Bool,
        Primitive::S8 => ValType::S8,
        Primitive::U8 => ValType::U8,
        Primitive::S16 => ValType::S16,
        Primitive::U16 => ValType::U16,
        Primitive::S32 => ValType::S32,
        Primitive::U32 => ValType::U32,
        Primitive::S64 => ValType::S64,
        Primitive::U64 => ValType::U64,
        Primitive::F32 => ValType::F32,
        Primitive::F64 => ValType::F64,
        Primitive::Char => ValType::Char,
        Primitive::String => ValType::String,
        Primitive::ErrorContext => ValType::ErrorContext,
    }
}

fn mark(is_needed: &mut [bool], ty: Type) {
    if let Type::Def(id) = ty {
        is_needed[id.index() as usize] = true;
    }
}

fn for_each_part(kind: &TypeDefKind, mut part: impl FnMut(Type)) {
    match kind {
        TypeDefKind::Record(fields) => fields.iter().for_each(|field| part(field.ty)),
        TypeDefKind::Variant(cases) => cases.iter().filter_map(|case| case.ty).for_each(part),
        TypeDefKind::Tuple(parts) => parts.iter().copied().for_each(part),
        TypeDefKind::Option(ty)
        | TypeDefKind::List(ty)
        | TypeDefKind::FixedLengthList(ty, _)
        | TypeDefKind::Alias(ty) => part(*ty),
        TypeDefKind::Map(key, value) => [*key, *value].into_iter().for_each(part),
        TypeDefKind::Result { ok, err } => [*ok, *err].into_iter().flatten().for_each(part),
        TypeDefKind::Stream(payload) | TypeDefKind::Future(payload) => payload.iter().copied().for_each(part),
        TypeDefKind::Own(id) | TypeDefKind::Borrow(id) | TypeDefKind::Use(id) => part(Type::Def(*id)),
        TypeDefKind::Enum(_) | TypeDefKind::Flags(_) | TypeDefKind::Resource => {}
    }
}

/// Returns the type of one definition whose parts are converted already.
fn definition(
    resolved: &Resolved,
    types: &mut Types,
    known: &ValTypes,
    id: TypeDefId,
) -> std::result::Result<ValType, TypeError> {
    let of = |ty: &Type| known.needed(*ty);
    match &resolved[id].kind {
        TypeDefKind::Record(fields) => {
            types.record(fields.iter().map(|field| (field.name.clone(), of(&field.ty))).collect())
        }
        TypeDefKind::Variant(cases) => {
            types.variant(cases.iter().map(|case| (case.name.clone(), case.ty.as_ref().map(of))).collect())
        }
        TypeDefKind::Enum(labels) => types.enum_(labels.iter().map(|label| label.name.clone()).collect()),
        TypeDefKind::Flags(labels) => types.flags(labels.iter().map(|label| label.name.clone()).collect()),
        TypeDefKind::Tuple(parts) => types.tuple(parts.iter().map(of).collect()),
        TypeDefKind::Option(ty) => types.option(of(ty)),
        TypeDefKind::Result { ok, err } => types.result(ok.as_ref().map(of), err.as_ref().map(of)),
        TypeDefKind::List(ty) => types.list(of(ty)),
        TypeDefKind::FixedLengthList(ty, length) => types.fixed_length_list(of(ty), *length),
        TypeDefKind::Map(key, value) => types.map(of(key), of(value)),
        TypeDefKind::Stream(payload) => types.stream(payload.as_ref().map(of)),
        TypeDefKind::Future(payload) => types.future(payload.as_ref().map(of)),
        TypeDefKind::Resource => {
            let resource = ResourceId(id.index());
            if let Some(name) = &resolved[id].name {
                types.name_resource(resource, name);
            }
            Ok(ValType::Own(resource))
        }
        TypeDefKind::Alias(ty) => Ok(of(ty)),
        TypeDefKind::Own(target) | TypeDefKind::Use(target) => Ok(known.needed(Type::Def(*target))),
        TypeDefKind::Borrow(target) => {
            let ValType::Own(resource) = known.needed(Type::Def(*target)) else {
                unreachable!("handles refer to resources, which resolve checks")
            };
            Ok(ValType::Borrow(resource))
        }
    }
}

#[cold]
fn located(resolved: &Resolved, id: TypeDefId, error: &TypeError) -> Error {
    let ty = &resolved[id];
    let message = match &ty.name {
        Some(name) => format!("`{name}`: {error}"),
        None => error.to_string(),
    };
    resolved.sources().located(Error::new(ErrorKind::Type, ty.span, message))
}
