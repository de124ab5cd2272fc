//! Functions, including those of resources. Follows WIT.md, "Item: `interface`" and "Item:
//! `resource`", and the rules on names in Binary.md, "Import and Export Definitions".

use std::collections::{BTreeMap, HashSet};

use super::context::{Context, Scope, TypeNames, attributes};
use super::equal::{Pair, despelled, types_equal};
use super::types::{holds_borrow, ty};
use super::unique::{Name, UniqueNames, check_unique};
use crate::arena::{Accessor, Field, Function, FunctionId, MethodKind, Type, TypeDefId, TypeDefKind, push};
use crate::ast::{self, FuncType, Id, ResourceMethod, TyKind};
use crate::error::{Error, ErrorKind};
use crate::proposals::Proposal;
use crate::span::Span;

/// A function as written.
pub(super) struct Signature<'s, 'a> {
    pub(super) label: Id<'a>,
    /// For a function of a resource: its kind, the name and id of the resource, and the type of
    /// `self`.
    pub(super) method: Option<(MethodKind, &'a str, TypeDefId, TypeDefId)>,
    pub(super) func: &'s FuncType<'a>,
}

/// Adds a function of a resource, which is given by its name, its id and the type of `self`.
pub(super) fn method<'a>(
    cx: &mut Context<'a, '_>,
    scope: Scope,
    names: &TypeNames<'a>,
    unique: &mut UniqueNames<'a>,
    (name, resource, self_type): (&'a str, TypeDefId, TypeDefId),
    ast: &ResourceMethod<'a>,
) -> Option<FunctionId> {
    let method = Some((ast.kind, name, resource, self_type));
    function(cx, scope, names, unique, &ast.attributes, Signature { label: ast.id, method, func: &ast.func })
}

/// Adds a function, or returns `None` after reporting a fault.
pub(super) fn function<'a>(
    cx: &mut Context<'a, '_>,
    scope: Scope,
    names: &TypeNames<'a>,
    unique: &mut UniqueNames<'a>,
    ast_attributes: &ast::Attributes<'a>,
    signature: Signature<'_, 'a>,
) -> Option<FunctionId> {
    let Signature { label, method, func } = signature;
    let attributes = attributes(cx, scope.package, ast_attributes);
    let name = function_name(&signature);
    let is_free = unique.add(&mut cx.errors, "function", name.clone(), label.span);
    let params = params(cx, scope, names, &signature);
    let result = result(cx, scope, names, &signature);
    accessor_rules(cx, &signature);
    let (params, result) = (params?, result?);
    if let Some(ty) = result
        && holds_borrow(cx, ty)
    {
        let span = func.result.as_ref().map_or(label.span, |ast| ast.span);
        let message = format!("`{}` returns a `borrow`, which only parameters may hold", name.text());
        let error = Error::new(ErrorKind::Function, span, message);
        cx.errors.push(error.help("return the resource itself to hand it over"));
    }
    let function = Function {
        name: name.text(),
        label: label.name.to_owned(),
        method: method.map(|(kind, _, resource, _)| (kind, resource)),
        accessor: func.accessor,
        is_async: func.is_async,
        params,
        result,
        owner: scope.owner,
        attributes,
        span: label.span,
    };
    is_free.then(|| push(&mut cx.out.functions, function, FunctionId::new))
}

/// Returns the component-level name, a `plainname` of Explainer.md.
fn function_name<'a>(Signature { label, method, func }: &Signature<'_, 'a>) -> Name<'a> {
    let label = label.name;
    let (annotations, resource) = match (method, func.accessor) {
        (Some((MethodKind::Constructor, resource, ..)), _) => {
            return Name::Parts { annotations: "[constructor]", resource: "", label: resource };
        }
        (None, None) => ("", ""),
        (None, Some(Accessor::Get)) => ("[get]", ""),
        (None, Some(Accessor::Set)) => ("[set]", ""),
        (Some((MethodKind::Method, resource, ..)), None) => ("[method]", *resource),
        (Some((MethodKind::Method, resource, ..)), Some(Accessor::Get)) => ("[method][get]", *resource),
        (Some((MethodKind::Method, resource, ..)), Some(Accessor::Set)) => ("[method][set]", *resource),
        (Some((MethodKind::Static, resource, ..)), None) => ("[static]", *resource),
        (Some((MethodKind::Static, resource, ..)), Some(Accessor::Get)) => ("[static][get]", *resource),
        (Some((MethodKind::Static, resource, ..)), Some(Accessor::Set)) => ("[static][set]", *resource),
    };
    Name::Parts { annotations, resource, label }
}

fn params(
    cx: &mut Context<'_, '_>,
    scope: Scope,
    names: &TypeNames<'_>,
    signature: &Signature<'_, '_>,
) -> Option<Vec<Field>> {
    let mut params = Vec::with_capacity(signature.func.params.len() + 1);
    let own = match signature.method {
        Some((MethodKind::Method, _, _, self_type)) => {
            let id = Id { name: "self", span: signature.label.span };
            let (name, ty) = (id.name.to_owned(), Type::Def(self_type));
            params.push(Field { name, ty, docs: None, span: id.span });
            Some(id)
        }
        Some((MethodKind::Static | MethodKind::Constructor, ..)) | None => None,
    };
    let written = signature.func.params.iter().map(|param| param.id);
    check_unique(&mut cx.errors, "parameter", own.into_iter().chain(written));
    let mut is_sound = true;
    for param in &signature.func.params {
        match ty(cx, scope, names, &param.ty) {
            Some(ty) => {
                params.push(Field { name: param.id.name.to_owned(), ty, docs: None, span: param.id.span })
            }
            None => is_sound = false,
        }
    }
    is_sound.then_some(params)
}

/// Returns the result type. For a constructor it is the resource or a `result` of it.
fn result(
    cx: &mut Context<'_, '_>,
    scope: Scope,
    names: &TypeNames<'_>,
    signature: &Signature<'_, '_>,
) -> Option<Option<Type>> {
    let constructs = match signature.method {
        Some((MethodKind::Constructor, name, resource, _)) => Some((name, resource)),
        Some((MethodKind::Method | MethodKind::Static, ..)) | None => None,
    };
    let Some(ast) = &signature.func.result else {
        return Some(constructs.map(|(_, resource)| Type::Def(resource)));
    };
    let resolved = ty(cx, scope, names, ast)?;
    if let Some((name, resource)) = constructs {
        // Names don't matter: the rule is about the type in the component.
        let is_result = if let Type::Def(id) = cx.out.dealias(resolved)
            && let TypeDefKind::Result { ok: Some(ok), .. } = cx.out[id].kind
        {
            despelled(&cx.out, ok) == Type::Def(resource)
        } else {
            false
        };
        if !is_result {
            let message = format!("a constructor returns `{name}` or a `result` of it");
            let error = Error::new(ErrorKind::Function, ast.span, message);
            let help = format!(
                "write nothing for a constructor that cannot fail, `-> result<{name}, …>` for one that can"
            );
            cx.errors.push(error.help(help));
            return None;
        }
    }
    Some(Some(resolved))
}

/// The rules for the parameters and results of getters and setters.
fn accessor_rules(cx: &mut Context<'_, '_>, Signature { func, .. }: &Signature<'_, '_>) {
    if func.accessor.is_some() {
        cx.need(Proposal::Accessors, func.span, "a getter or setter");
    }
    let fault = match func.accessor {
        None => None,
        Some(Accessor::Get) => match (func.params.first(), &func.result) {
            (Some(param), _) => Some((param.id.span, "a getter has no parameters")),
            (None, None) => Some((func.span, "a getter returns a value")),
            (None, Some(ast)) => {
                let is_empty = matches!(ast.kind, TyKind::Result(None, _));
                is_empty.then_some((ast.span, "a getter's `result` has an `ok` type"))
            }
        },
        Some(Accessor::Set) => match (func.params.as_slice(), &func.result) {
            ([], _) => Some((func.span, "a setter has one parameter")),
            ([_, second, ..], _) => Some((second.id.span, "a setter has one parameter")),
            ([_], Some(ast)) if !matches!(ast.kind, TyKind::Result(None, _)) => {
                Some((ast.span, "a setter returns nothing or a `result` without `ok` type"))
            }
            ([_], _) => None,
        },
    };
    if let Some((span, message)) = fault {
        cx.errors.push(Error::new(ErrorKind::Function, span, message.to_owned()));
    }
}

/// Checks that each setter of a scope has a getter for a property of the same type. Each function
/// comes with the span for its fault.
pub(super) fn check_setters(cx: &mut Context<'_, '_>, functions: &[(FunctionId, Span)]) {
    let by_name: BTreeMap<&str, &Function> =
        functions.iter().map(|(id, _)| (cx.out[*id].name.as_str(), &cx.out[*id])).collect();
    let (mut faults, mut equal) = (Vec::new(), HashSet::new());
    for (id, span) in functions {
        let setter = &cx.out[*id];
        if setter.accessor != Some(Accessor::Set) {
            continue;
        }
        let getter_name = setter.name.replace("[set]", "[get]");
        let Some(getter) = by_name.get(getter_name.as_str()) else {
            if cx.errors.is_lost(&setter.label) {
                continue;
            }
            let message = format!("setter `{}` needs a getter `{getter_name}`", setter.name);
            faults.push(Error::new(ErrorKind::Function, *span, message));
            continue;
        };
        let (Some(value), Some(result)) = (setter.params.last(), getter.result) else { continue };
        let (pair, property) = (Pair { a: &cx.out, b: &cx.out }, property_type(cx, result));
        if !types_equal(pair, value.ty, property, &mut equal, |a, b| a == b) {
            let message = format!("setter `{}` takes another type than its getter returns", setter.name);
            let error = Error::new(ErrorKind::Function, *span, message);
            faults.push(error.note("the getter is here", getter.span));
        }
    }
    faults.into_iter().for_each(|fault| cx.errors.push(fault));
}

/// Returns the *property type* of a getter: its result, or the `ok` type if that is a `result`.
fn property_type(cx: &Context<'_, '_>, result: Type) -> Type {
    if let Type::Def(id) = cx.out.dealias(result)
        && let TypeDefKind::Result { ok: Some(ok), .. } = cx.out[id].kind
    {
        return ok;
    }
    result
}
