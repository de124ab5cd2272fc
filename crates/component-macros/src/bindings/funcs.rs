//! Functions: what both sides need of them.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::Result;
use wit_parser_lite::{Accessor, Function, FunctionId, MethodKind, TypeDefId};

use super::types::Mode;
use super::world::{Scope, World};
use crate::names::{Names, snake};

/// The most parameters of one function: the longest tuple that has the traits.
const MAX_PARAMS: usize = 20;

/// The functions of an interface or world, its resources' apart.
pub(crate) struct Funcs {
    pub(crate) free: Vec<FunctionId>,
    pub(crate) resources: Vec<(TypeDefId, Vec<FunctionId>)>,
}

impl Funcs {
    /// Sorts the functions of a place by the resource that they belong to.
    pub(crate) fn new(world: &World<'_>, scope: Scope) -> Self {
        let funcs = world.funcs_of(scope);
        let of = |resource: Option<TypeDefId>| {
            let is_of = |id: &FunctionId| {
                let of = world.resolved[*id].method.map(|(_, resource)| resource);
                of.and_then(|of| world.resolved.resource(of)) == resource
            };
            funcs.iter().copied().filter(is_of).collect()
        };
        // The resources of a world are its imports.
        let is_exporting_world =
            world.places[scope.place].interface.is_none() && scope.side != world.places[scope.place].side;
        let resources = if is_exporting_world { Vec::new() } else { world.resources_of(scope.place) };
        let resources = resources.iter().map(|resource| (*resource, of(Some(*resource)))).collect();
        Self { free: of(None), resources }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.free.is_empty() && self.resources.is_empty()
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = FunctionId> {
        self.free.iter().chain(self.resources.iter().flat_map(|(_, funcs)| funcs)).copied()
    }
}

/// A function's signature in Rust.
pub(crate) struct Signature {
    pub(crate) params: Vec<Ident>,
    pub(crate) types: Vec<TokenStream>,
    /// The result's type, if there is one.
    pub(crate) result: Option<TokenStream>,
    /// What the names of the parameters leave for others.
    pub(crate) names: Names,
}

impl Signature {
    pub(crate) fn new(world: &World<'_>, scope: Scope, func: &Function, mode: Mode) -> Result<Self> {
        if func.params.len() > MAX_PARAMS {
            let message = format!("not supported: `{}` has more than {MAX_PARAMS} parameters", func.name);
            return Err(world.error(func.span, message));
        }
        let mut names = Names::default();
        let params = func.params.iter().map(|param| names.give(&snake(&param.name))).collect();
        let types = func.params.iter().map(|param| world.ty(scope, param.ty, mode)).collect::<Result<_>>()?;
        let result = func.result.map(|ty| world.ty(scope, ty, Mode::Owned)).transpose()?;
        Ok(Self { params, types, result, names })
    }
}

/// Returns the words of a function's name: `set_prop` for a setter of `prop`.
pub(crate) fn func_words(func: &Function) -> String {
    match (func.method, func.accessor) {
        (Some((MethodKind::Constructor, _)), _) => String::from("constructor"),
        (_, Some(Accessor::Set)) => format!("set_{}", snake(&func.label)),
        (_, Some(Accessor::Get) | None) => snake(&func.label),
    }
}

/// Names functions in a scope, those first whose names are only theirs.
pub(crate) fn func_names(
    world: &World<'_>,
    funcs: &[FunctionId],
    names: &mut Names,
    words: impl Fn(&Function) -> String,
) -> Vec<(FunctionId, Ident)> {
    let func = |id: &FunctionId| &world.resolved[*id];
    let is_first = |id: &FunctionId| {
        let is_constructor = matches!(func(id).method, Some((MethodKind::Constructor, _)));
        (!is_constructor, func(id).accessor.is_some())
    };
    let mut order = funcs.to_vec();
    order.sort_by_key(is_first);
    let mut given: Vec<_> = order.iter().map(|id| (*id, names.give(&words(func(id))))).collect();
    given.sort_by_key(|(id, _)| funcs.iter().position(|other| other == id));
    given
}

/// Returns what documents a function.
pub(crate) fn func_docs(func: &Function) -> TokenStream {
    match &func.attributes.docs {
        Some(text) => super::types::docs(Some(text)),
        None => {
            let text = format!(" `{}`.", func.name);
            quote!(#[doc = #text])
        }
    }
}
