//! Which traits the types of bindings derive, and which of them are errors.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::Path;
use wit_parser_lite::{FunctionId, Primitive, Type, TypeDefId, TypeDefKind, WorldItemKind};

use super::types::docs_first_line;
use super::with::derive_alias;
use super::world::{Scope, World};
use crate::names::Names;

/// The traits that `core` derives, and where they are.
const KNOWN: &[(&str, &str)] = &[
    ("Clone", "clone"),
    ("Copy", "marker"),
    ("Debug", "fmt"),
    ("Default", "default"),
    ("Eq", "cmp"),
    ("Hash", "hash"),
    ("Ord", "cmp"),
    ("PartialEq", "cmp"),
    ("PartialOrd", "cmp"),
];

/// Returns the name of a derive if it is one of `core`, which types have where they can.
pub(crate) fn known(path: &Path) -> Option<&'static str> {
    let is_core = path.segments.len() == 1
        || path.segments.first().is_some_and(|first| first.ident == "std" || first.ident == "core");
    let last = &path.segments.last().filter(|_| is_core)?.ident;
    KNOWN.iter().map(|(known, _)| *known).find(|known| last == known)
}

/// The sorts of types that differ in what they can derive.
#[derive(Clone, Copy, Default)]
struct Parts {
    /// Handles are neither copied nor compared.
    handles: bool,
    /// Numbers that are not equal to themselves.
    floats: bool,
    /// What allocates is not copied bit by bit.
    heap: bool,
    /// No case is the default.
    no_default: bool,
    /// Maps have no order and no hash.
    maps: bool,
}

impl Parts {
    fn with(self, other: Self) -> Self {
        Self {
            handles: self.handles || other.handles,
            floats: self.floats || other.floats,
            heap: self.heap || other.heap,
            no_default: self.no_default || other.no_default,
            maps: self.maps || other.maps,
        }
    }

    /// Returns whether a type with these parts can derive a trait of `core`.
    fn allow(self, derive: &str) -> bool {
        match derive {
            "Debug" => true,
            "Clone" | "PartialEq" => !self.handles,
            "Copy" => !self.handles && !self.heap,
            "Default" => !self.handles && !self.no_default,
            "PartialOrd" => !self.handles && !self.maps,
            _ => !self.handles && !self.floats && !self.maps,
        }
    }
}

impl World<'_> {
    /// Returns the derives of a record, variant or enum.
    pub(crate) fn derives(&self, scope: Scope, id: TypeDefId, more: &[Path]) -> TokenStream {
        let parts = self.parts(Type::Def(id), &mut BTreeMap::new());
        let is_enum = matches!(self.resolved[id].kind, TypeDefKind::Enum(_));
        let mut wanted: BTreeSet<&str> = ["Clone", "Debug", "PartialEq"].into();
        if is_enum {
            wanted.extend(["Copy", "Eq", "Hash", "Ord", "PartialOrd"]);
        }
        wanted.extend(more.iter().filter_map(known));
        let known_derives = KNOWN.iter().filter(|(name, _)| wanted.contains(name) && parts.allow(name));
        let known_derives = known_derives.map(|(name, module)| {
            let (name, module) = (crate::names::ident(name), crate::names::ident(module));
            quote!(::core::#module::#name)
        });
        let others = self.other_derives(scope, more);
        quote! {
            #[derive(
                #(#known_derives,)* #(#others,)* __m::derive::ComponentType, __m::derive::Lift,
                __m::derive::Lower,
            )]
        }
    }

    /// Returns the derives of flags beyond those that all flags have.
    pub(crate) fn flags_derives(&self, scope: Scope, more: &[Path]) -> TokenStream {
        let known = more.iter().filter_map(known).filter(|name| ["Ord", "PartialOrd"].contains(name));
        let known: BTreeSet<_> = known.collect();
        let known = known.into_iter().map(crate::names::ident);
        let others = self.other_derives(scope, more);
        quote!(#[derive(#(::core::cmp::#known,)* #(#others,)*)])
    }

    /// Returns the paths of the derives that are not of `core`.
    fn other_derives(&self, scope: Scope, more: &[Path]) -> Vec<TokenStream> {
        let others = more.iter().enumerate().filter(|(_, path)| known(path).is_none());
        others.map(|(i, _)| self.beside(scope, &derive_alias(self, i))).collect()
    }

    /// Returns what is in a type. Types are acyclic, but may have very many paths to few
    /// definitions.
    fn parts(&self, ty: Type, known: &mut BTreeMap<TypeDefId, Parts>) -> Parts {
        let id = match ty {
            Type::Primitive(Primitive::F32 | Primitive::F64) => {
                return Parts { floats: true, ..Parts::default() };
            }
            Type::Primitive(Primitive::String) => return Parts { heap: true, ..Parts::default() },
            Type::Primitive(Primitive::ErrorContext) => return Parts { handles: true, ..Parts::default() },
            Type::Primitive(_) => return Parts::default(),
            Type::Def(id) => id,
        };
        if let Some(parts) = known.get(&id) {
            return *parts;
        }
        let mut all = |types: &mut dyn Iterator<Item = Type>| {
            types.fold(Parts::default(), |parts, ty| parts.with(self.parts(ty, known)))
        };
        let no_default = Parts { no_default: true, ..Parts::default() };
        let heap = Parts { heap: true, ..Parts::default() };
        let parts = match &self.resolved[id].kind {
            TypeDefKind::Record(fields) => all(&mut fields.iter().map(|field| field.ty)),
            TypeDefKind::Tuple(types) => all(&mut types.iter().copied()),
            TypeDefKind::Variant(cases) => all(&mut cases.iter().filter_map(|case| case.ty)).with(no_default),
            TypeDefKind::Result { ok, err } => all(&mut ok.iter().chain(err).copied()).with(no_default),
            TypeDefKind::List(ty) => all(&mut [*ty].into_iter()).with(heap),
            // An array has a default only if it is short.
            TypeDefKind::FixedLengthList(ty, _) => all(&mut [*ty].into_iter()).with(no_default),
            TypeDefKind::Option(ty) | TypeDefKind::Alias(ty) => all(&mut [*ty].into_iter()),
            TypeDefKind::Map(key, value) => {
                all(&mut [*key, *value].into_iter()).with(Parts { maps: true, ..heap })
            }
            TypeDefKind::Use(id) => all(&mut [Type::Def(*id)].into_iter()),
            TypeDefKind::Enum(_) => no_default,
            TypeDefKind::Flags(_) => Parts::default(),
            TypeDefKind::Stream(_)
            | TypeDefKind::Future(_)
            | TypeDefKind::Own(_)
            | TypeDefKind::Borrow(_)
            | TypeDefKind::Resource => Parts { handles: true, ..Parts::default() },
        };
        known.insert(id, parts);
        parts
    }

    /// Returns the types that are the error of a result somewhere in the world's functions.
    pub(crate) fn error_types(&self) -> BTreeSet<TypeDefId> {
        let mut walk = Walk { world: self, seen: BTreeSet::new(), errors: BTreeSet::new() };
        let def = &self.resolved[self.id];
        for item in def.imports.iter().chain(&def.exports) {
            match item.kind {
                WorldItemKind::Interface(id) => {
                    self.resolved[id].functions.iter().for_each(|func| walk.func(*func));
                }
                WorldItemKind::Function(func) => walk.func(func),
                WorldItemKind::Type(_) => {}
            }
        }
        walk.errors
    }

    /// Returns the impls that make a type an error, if it is one.
    pub(crate) fn error_impls(&self, id: TypeDefId, name: &Ident) -> TokenStream {
        if !self.errors.contains(&id) {
            return TokenStream::new();
        }
        let body = match &self.resolved[id].kind {
            TypeDefKind::Enum(labels) => {
                let cases = labels.iter().zip(case_names(labels.iter().map(|label| &*label.name)));
                let arms = cases.map(|(label, case)| {
                    let text = case_text(&label.name, label.docs.as_deref());
                    quote!(Self::#case => #text)
                });
                quote!(f.write_str(match self { #(#arms,)* }))
            }
            TypeDefKind::Variant(cases) => {
                let names = case_names(cases.iter().map(|case| &*case.name));
                let arms = cases.iter().zip(names).map(|(case, name)| match case.ty {
                    None => {
                        let text = case_text(&case.name, case.docs.as_deref());
                        quote!(Self::#name => f.write_str(#text))
                    }
                    Some(_) => {
                        let text = &case.name;
                        quote!(Self::#name(payload) => ::core::write!(f, "{}({:?})", #text, payload))
                    }
                });
                quote!(match self { #(#arms,)* })
            }
            TypeDefKind::Record(_)
            | TypeDefKind::Tuple(_)
            | TypeDefKind::Flags(_)
            | TypeDefKind::Option(_)
            | TypeDefKind::Result { .. }
            | TypeDefKind::List(_)
            | TypeDefKind::FixedLengthList(..)
            | TypeDefKind::Map(..)
            | TypeDefKind::Stream(_)
            | TypeDefKind::Future(_)
            | TypeDefKind::Own(_)
            | TypeDefKind::Borrow(_)
            | TypeDefKind::Resource
            | TypeDefKind::Alias(_)
            | TypeDefKind::Use(_) => quote!(::core::fmt::Debug::fmt(self, f)),
        };
        quote! {
            impl ::core::fmt::Display for #name {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    #body
                }
            }

            impl ::core::error::Error for #name {}
        }
    }
}

/// Returns the names of cases, each different.
pub(crate) fn case_names<'l>(labels: impl Iterator<Item = &'l str>) -> Vec<Ident> {
    let mut names = Names::default();
    labels.map(|label| names.give(&crate::names::camel(label))).collect()
}

/// Returns what an error says: its label, and what its documentation says first.
fn case_text(label: &str, docs: Option<&str>) -> String {
    match docs_first_line(docs) {
        Some(line) => format!("{label}: {line}"),
        None => String::from(label),
    }
}

/// Looks for errors in types.
struct Walk<'a> {
    world: &'a World<'a>,
    seen: BTreeSet<TypeDefId>,
    errors: BTreeSet<TypeDefId>,
}

impl Walk<'_> {
    fn func(&mut self, id: FunctionId) {
        let func = &self.world.resolved[id];
        for ty in func.params.iter().map(|param| param.ty).chain(func.result) {
            self.ty(ty);
        }
    }

    fn ty(&mut self, ty: Type) {
        let Type::Def(id) = ty else { return };
        if !self.seen.insert(id) {
            return;
        }
        let resolved = self.world.resolved;
        match &resolved[id].kind {
            TypeDefKind::Record(fields) => fields.iter().for_each(|field| self.ty(field.ty)),
            TypeDefKind::Tuple(types) => types.iter().for_each(|ty| self.ty(*ty)),
            TypeDefKind::Variant(cases) => cases.iter().filter_map(|case| case.ty).for_each(|ty| self.ty(ty)),
            TypeDefKind::Result { ok, err } => {
                if let Some(Type::Def(error)) = err.map(|err| resolved.dealias(err))
                    && resolved[error].name.is_some()
                {
                    self.errors.insert(error);
                }
                ok.iter().chain(err).for_each(|ty| self.ty(*ty));
            }
            TypeDefKind::List(ty)
            | TypeDefKind::FixedLengthList(ty, _)
            | TypeDefKind::Option(ty)
            | TypeDefKind::Alias(ty) => self.ty(*ty),
            TypeDefKind::Map(key, value) => [*key, *value].into_iter().for_each(|ty| self.ty(ty)),
            TypeDefKind::Use(id) => self.ty(Type::Def(*id)),
            TypeDefKind::Stream(ty) | TypeDefKind::Future(ty) => ty.iter().for_each(|ty| self.ty(*ty)),
            TypeDefKind::Enum(_)
            | TypeDefKind::Flags(_)
            | TypeDefKind::Own(_)
            | TypeDefKind::Borrow(_)
            | TypeDefKind::Resource => {}
        }
    }
}
