//! Definitions of the types of an interface or world.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Path, Result};
use wit_parser_lite::{Case, Field, Label, Type, TypeDefId, TypeDefKind};

use super::derives::case_names;
use super::types::{Mode, docs};
use super::world::{Scope, World, WorldSide};
use crate::names::{Names, shouty, snake};

impl World<'_> {
    /// Defines the types with names of a place.
    pub(crate) fn define_all(&self, scope: Scope, derives: &[Path]) -> Result<TokenStream> {
        let types = self.types_of(scope.place);
        let named = types.iter().filter(|id| self.resolved[**id].name.is_some());
        named.map(|id| self.define(scope, *id, derives)).collect()
    }

    /// Returns the definition of a type with a name.
    fn define(&self, scope: Scope, id: TypeDefId, derives: &[Path]) -> Result<TokenStream> {
        let def = &self.resolved[id];
        let docs = docs(def.attributes.docs.as_deref());
        let name = self.type_name(scope.place, id);
        if let Some(alias) = self.given_types.get(&(scope.place, id)) {
            let path = self.beside(scope, alias);
            return Ok(quote!(#docs pub type #name = #path;));
        }
        let error = self.error_impls(id, &name);
        let all_derives = || self.derives(scope, id, derives);
        Ok(match &def.kind {
            TypeDefKind::Record(fields) => {
                let (derives, fields) = (all_derives(), self.fields(scope, fields)?);
                quote!(#docs #derives pub struct #name { #fields } #error)
            }
            TypeDefKind::Variant(cases) => {
                let (derives, cases) = (all_derives(), self.cases(scope, cases)?);
                quote!(#docs #derives #[component(variant)] pub enum #name { #cases } #error)
            }
            TypeDefKind::Enum(labels) => {
                let (derives, cases) = (all_derives(), labels_of(labels));
                quote!(#docs #derives pub enum #name { #cases } #error)
            }
            TypeDefKind::Flags(labels) => {
                let flags = labels.iter().map(|label| {
                    let (name, wit) = (shouty(&label.name), &label.name);
                    let docs = self::docs(label.docs.as_deref());
                    quote!(#docs #[component(name = #wit)] const #name;)
                });
                let derives = self.flags_derives(scope, derives);
                quote!(__m::derive::flags! { #docs #derives pub struct #name { #(#flags)* } } #error)
            }
            TypeDefKind::Resource => match scope.side {
                WorldSide::Export => quote!(#docs pub type #name = __m::ResourceAny;),
                WorldSide::Import => quote!(#docs #[derive(::core::fmt::Debug)] pub enum #name {}),
            },
            TypeDefKind::Alias(target) => self.alias(scope, *target, &name, &docs)?,
            TypeDefKind::Use(target) => self.alias(scope, Type::Def(*target), &name, &docs)?,
            TypeDefKind::Tuple(_)
            | TypeDefKind::Option(_)
            | TypeDefKind::Result { .. }
            | TypeDefKind::List(_)
            | TypeDefKind::FixedLengthList(..)
            | TypeDefKind::Map(..)
            | TypeDefKind::Stream(_)
            | TypeDefKind::Future(_)
            | TypeDefKind::Own(_)
            | TypeDefKind::Borrow(_) => {
                let ty = self.anonymous(scope, id, Mode::Owned)?;
                quote!(#docs pub type #name = #ty;)
            }
        })
    }

    fn alias(&self, scope: Scope, target: Type, name: &Ident, docs: &TokenStream) -> Result<TokenStream> {
        // What goes by the name of a resource is the resource type, not a handle to it.
        let resource = match target {
            Type::Def(id) => self.resolved.resource(id),
            Type::Primitive(_) => None,
        };
        let ty = match resource {
            Some(base) => self.path(scope, base),
            None => self.ty(scope, target, Mode::Owned)?,
        };
        Ok(quote!(#docs pub type #name = #ty;))
    }

    fn fields(&self, scope: Scope, fields: &[Field]) -> Result<TokenStream> {
        let mut names = Names::default();
        let mut definitions = TokenStream::new();
        for field in fields {
            let (name, wit) = (names.give(&snake(&field.name)), &field.name);
            let docs = docs(field.docs.as_deref());
            let ty = self.ty(scope, field.ty, Mode::Owned)?;
            definitions.extend(quote!(#docs #[component(name = #wit)] pub #name: #ty,));
        }
        Ok(definitions)
    }

    fn cases(&self, scope: Scope, cases: &[Case]) -> Result<TokenStream> {
        let names = case_names(cases.iter().map(|case| &*case.name));
        let mut definitions = TokenStream::new();
        for (case, name) in cases.iter().zip(names) {
            let (wit, docs) = (&case.name, docs(case.docs.as_deref()));
            let payload = match case.ty {
                None => None,
                Some(ty) => {
                    let ty = self.ty(scope, ty, Mode::Owned)?;
                    Some(quote!((#ty)))
                }
            };
            definitions.extend(quote!(#docs #[component(name = #wit)] #name #payload,));
        }
        Ok(definitions)
    }
}

fn labels_of(labels: &[Label]) -> TokenStream {
    let names = case_names(labels.iter().map(|label| &*label.name));
    let definition = |(label, name): (&Label, Ident)| {
        let (wit, docs) = (&label.name, docs(label.docs.as_deref()));
        quote!(#docs #[component(name = #wit)] #name,)
    };
    labels.iter().zip(names).map(definition).collect()
}
