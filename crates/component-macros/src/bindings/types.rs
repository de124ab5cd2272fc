//! WIT types as Rust types.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{Error, Result};
use wit_parser_lite::{
    Case, Field, InterfaceId, Label, Owner, Primitive, Resolved, Type, TypeDefId, TypeDefKind,
};

use crate::names::{camel, shouty, snake};

/// A world and what is known of its interfaces.
pub(crate) struct World<'a> {
    pub(crate) resolved: &'a Resolved,
    pub(crate) span: proc_macro2::Span,
    /// The path of the module of each interface that is imported, and of each that is exported.
    pub(crate) imports: BTreeMap<InterfaceId, Vec<Ident>>,
    pub(crate) exports: BTreeMap<InterfaceId, Vec<Ident>>,
    /// The Rust types that the caller gives to resources of the host.
    pub(crate) with: BTreeMap<TypeDefId, syn::Type>,
}

/// The side of the world that code is for: its imports, which the host implements, or its exports.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum WorldSide {
    Import,
    Export,
}

/// Where code is written: in the module of an interface, or beside the `bindings!`.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) side: WorldSide,
    pub(crate) module: &'a [Ident],
}

/// How a value is passed.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Mode {
    /// By value: results, fields, and arguments of host functions.
    Owned,
    /// As an argument of a guest's function: strings, lists and records are borrowed.
    Argument(Lifetime),
}

/// How long an argument is borrowed.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Lifetime {
    /// For a call.
    Call,
    /// Where a type without lifetime is needed.
    Static,
}

impl ToTokens for Lifetime {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(match self {
            Self::Call => quote!('arg),
            Self::Static => quote!('static),
        });
    }
}

impl World<'_> {
    pub(crate) fn error(&self, message: impl std::fmt::Display) -> Error {
        Error::new(self.span, message)
    }

    /// Returns the Rust type of a WIT type.
    pub(crate) fn ty(&self, scope: Scope<'_>, ty: Type, mode: Mode) -> Result<TokenStream> {
        if let (Type::Def(id), Mode::Argument(lifetime)) = (ty, mode) {
            return self.argument(scope, id, lifetime);
        }
        match ty {
            Type::Primitive(primitive) => self.primitive(primitive, mode),
            Type::Def(id) if self.resolved.resource(id).is_some() => self.handle(scope, id),
            Type::Def(id) if self.resolved[id].name.is_some() => Ok(self.path(scope, id)),
            Type::Def(id) => self.anonymous(scope, id, mode),
        }
    }

    fn primitive(&self, primitive: Primitive, mode: Mode) -> Result<TokenStream> {
        Ok(match primitive {
            Primitive::Bool => quote!(bool),
            Primitive::S8 => quote!(i8),
            Primitive::U8 => quote!(u8),
            Primitive::S16 => quote!(i16),
            Primitive::U16 => quote!(u16),
            Primitive::S32 => quote!(i32),
            Primitive::U32 => quote!(u32),
            Primitive::S64 => quote!(i64),
            Primitive::U64 => quote!(u64),
            Primitive::F32 => quote!(f32),
            Primitive::F64 => quote!(f64),
            Primitive::Char => quote!(char),
            Primitive::String => match mode {
                Mode::Owned => quote!(String),
                Mode::Argument(lifetime) => quote!(&#lifetime str),
            },
            Primitive::ErrorContext => return Err(self.error("not supported yet: `error-context`")),
        })
    }

    /// Returns the type of an argument: what has a name in Rust is borrowed, unless it is as small
    /// as an enum.
    fn argument(&self, scope: Scope<'_>, id: TypeDefId, lifetime: Lifetime) -> Result<TokenStream> {
        if self.resolved.resource(id).is_some() {
            return self.handle(scope, id);
        }
        let base = match self.resolved.dealias(Type::Def(id)) {
            Type::Primitive(primitive) => return self.primitive(primitive, Mode::Argument(lifetime)),
            Type::Def(base) => base,
        };
        match &self.resolved[base].kind {
            TypeDefKind::Enum(_) | TypeDefKind::Flags(_) => self.ty(scope, Type::Def(id), Mode::Owned),
            TypeDefKind::Record(_) | TypeDefKind::Variant(_) | TypeDefKind::Map(..) => {
                let ty = self.ty(scope, Type::Def(id), Mode::Owned)?;
                Ok(quote!(&#lifetime #ty))
            }
            TypeDefKind::Tuple(_)
            | TypeDefKind::Option(_)
            | TypeDefKind::Result { .. }
            | TypeDefKind::List(_)
            | TypeDefKind::FixedLengthList(..)
            | TypeDefKind::Stream(_)
            | TypeDefKind::Future(_)
            | TypeDefKind::Own(_)
            | TypeDefKind::Borrow(_)
            | TypeDefKind::Resource
            | TypeDefKind::Alias(_)
            | TypeDefKind::Use(_) => self.anonymous(scope, base, Mode::Argument(lifetime)),
        }
    }

    /// Returns the Rust type of a WIT type by its parts.
    fn anonymous(&self, scope: Scope<'_>, id: TypeDefId, mode: Mode) -> Result<TokenStream> {
        let payload = |ty: &Option<Type>| match ty {
            None => Ok(quote!(())),
            Some(ty) => self.ty(scope, *ty, mode),
        };
        Ok(match &self.resolved[id].kind {
            TypeDefKind::Tuple(types) => {
                let types = types.iter().map(|ty| self.ty(scope, *ty, mode)).collect::<Result<Vec<_>>>()?;
                quote!((#(#types,)*))
            }
            TypeDefKind::Option(ty) => {
                let ty = self.ty(scope, *ty, mode)?;
                quote!(Option<#ty>)
            }
            TypeDefKind::Result { ok, err } => {
                let (ok, err) = (payload(ok)?, payload(err)?);
                quote!(Result<#ok, #err>)
            }
            TypeDefKind::List(ty) => {
                let element = self.element(scope, *ty, mode)?;
                match mode {
                    Mode::Owned => quote!(Vec<#element>),
                    Mode::Argument(lifetime) => quote!(&#lifetime [#element]),
                }
            }
            TypeDefKind::FixedLengthList(ty, length) => {
                let element = self.element(scope, *ty, mode)?;
                let length = usize::try_from(*length).map_err(|error| self.error(error))?;
                match mode {
                    Mode::Owned => quote!([#element; #length]),
                    Mode::Argument(lifetime) => quote!(&#lifetime [#element; #length]),
                }
            }
            TypeDefKind::Map(key, value) => {
                let key = self.ty(scope, *key, Mode::Owned)?;
                let value = self.ty(scope, *value, Mode::Owned)?;
                quote!(::component_linker::typed::Map<#key, #value>)
            }
            TypeDefKind::Own(resource) => self.handle(scope, *resource)?,
            TypeDefKind::Borrow(resource) => {
                let handle = self.handle(scope, *resource)?;
                match mode {
                    Mode::Owned => handle,
                    Mode::Argument(lifetime) => quote!(&#lifetime #handle),
                }
            }
            TypeDefKind::Stream(_) => return Err(self.error("not supported yet: `stream`")),
            TypeDefKind::Future(_) => return Err(self.error("not supported yet: `future`")),
            TypeDefKind::Record(_)
            | TypeDefKind::Variant(_)
            | TypeDefKind::Enum(_)
            | TypeDefKind::Flags(_)
            | TypeDefKind::Resource
            | TypeDefKind::Alias(_)
            | TypeDefKind::Use(_) => unreachable!("WIT has names for these"),
        })
    }

    /// Returns the type of a list's elements: those of an argument are values too, but for borrowed
    /// handles.
    fn element(&self, scope: Scope<'_>, ty: Type, mode: Mode) -> Result<TokenStream> {
        let is_borrow = match self.resolved.dealias(ty) {
            Type::Def(id) => matches!(self.resolved[id].kind, TypeDefKind::Borrow(_)),
            Type::Primitive(_) => false,
        };
        self.ty(scope, ty, if is_borrow { mode } else { Mode::Owned })
    }

    /// Returns the module and the name of a type with a name.
    fn place(&self, scope: Scope<'_>, id: TypeDefId) -> (&[Ident], Ident) {
        let name = camel(self.resolved[id].name.as_deref().expect("the type has a name"));
        match self.resolved[id].owner {
            Owner::World(_) => (&[], name),
            Owner::Interface(interface) => (self.module(scope.side, interface), name),
        }
    }

    /// Returns the module that has the types of an interface as functions of `side` mean them.
    fn module(&self, side: WorldSide, interface: InterfaceId) -> &[Ident] {
        let exported = self.exports.get(&interface);
        let imported = self.imports.get(&interface);
        let module = match side {
            WorldSide::Export => exported.or(imported),
            WorldSide::Import => imported.or(exported),
        };
        module.expect("a world imports or exports each interface whose types it uses")
    }

    /// Returns the path of a type with a name.
    pub(crate) fn path(&self, scope: Scope<'_>, id: TypeDefId) -> TokenStream {
        let (module, name) = self.place(scope, id);
        if module == scope.module {
            return quote!(#name);
        }
        let root = root(scope.module);
        quote!(#root #(#module::)* #name)
    }

    /// Returns the type of handles to a resource, in both an `own` and a `borrow`.
    fn handle(&self, scope: Scope<'_>, id: TypeDefId) -> Result<TokenStream> {
        let base = self
            .resolved
            .resource(id)
            .ok_or_else(|| self.error("a handle to something else than a resource"))?;
        let path = self.path(scope, base);
        Ok(match self.resource_side(scope, base) {
            WorldSide::Import => quote!(::component_linker::Resource<#path>),
            WorldSide::Export => path,
        })
    }

    /// Returns who implements a resource type that functions of a scope mention.
    fn resource_side(&self, scope: Scope<'_>, resource: TypeDefId) -> WorldSide {
        match self.resolved[resource].owner {
            Owner::World(_) => WorldSide::Import,
            Owner::Interface(interface) => match scope.side {
                WorldSide::Export if self.exports.contains_key(&interface) => WorldSide::Export,
                WorldSide::Export | WorldSide::Import => WorldSide::Import,
            },
        }
    }

    /// Returns the definition of a type with a name.
    pub(crate) fn define(&self, scope: Scope<'_>, id: TypeDefId) -> Result<TokenStream> {
        let def = &self.resolved[id];
        let docs = docs(def.attributes.docs.as_deref());
        let (_, name) = self.place(scope, id);
        let derives = self.derives(Type::Def(id));
        Ok(match &def.kind {
            TypeDefKind::Record(fields) => {
                let fields =
                    fields.iter().map(|field| self.field(scope, field)).collect::<Result<Vec<_>>>()?;
                quote!(#docs #derives pub struct #name { #(#fields)* })
            }
            TypeDefKind::Variant(cases) => {
                let cases = cases.iter().map(|case| self.case(scope, case)).collect::<Result<Vec<_>>>()?;
                quote!(#docs #derives #[component(variant)] pub enum #name { #(#cases)* })
            }
            TypeDefKind::Enum(labels) => {
                let cases = labels.iter().map(label);
                quote! {
                    #docs
                    #derives
                    #[derive(Copy, Eq, Hash, Ord, PartialOrd)]
                    pub enum #name { #(#cases)* }
                }
            }
            TypeDefKind::Flags(labels) => {
                let flags = labels.iter().map(|label| {
                    let (name, wit) = (shouty(&label.name), &label.name);
                    let docs = self::docs(label.docs.as_deref());
                    quote!(#docs #[component(name = #wit)] const #name;)
                });
                quote!(::component_linker::flags! { #docs pub struct #name { #(#flags)* } })
            }
            TypeDefKind::Resource => self.define_resource(scope, id, &name, &docs),
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

    fn define_resource(
        &self,
        scope: Scope<'_>,
        id: TypeDefId,
        name: &Ident,
        docs: &TokenStream,
    ) -> TokenStream {
        match (self.resource_side(scope, id), self.with.get(&id)) {
            (WorldSide::Export, _) => quote!(#docs pub type #name = ::component_linker::ResourceAny;),
            (WorldSide::Import, Some(ty)) => quote!(#docs pub type #name = #ty;),
            (WorldSide::Import, None) => quote!(#docs #[derive(Debug)] pub enum #name {}),
        }
    }

    fn alias(&self, scope: Scope<'_>, target: Type, name: &Ident, docs: &TokenStream) -> Result<TokenStream> {
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

    fn field(&self, scope: Scope<'_>, field: &Field) -> Result<TokenStream> {
        let (name, wit) = (snake(&field.name), &field.name);
        let docs = docs(field.docs.as_deref());
        let ty = self.ty(scope, field.ty, Mode::Owned)?;
        Ok(quote!(#docs #[component(name = #wit)] pub #name: #ty,))
    }

    fn case(&self, scope: Scope<'_>, case: &Case) -> Result<TokenStream> {
        let (name, wit) = (camel(&case.name), &case.name);
        let docs = docs(case.docs.as_deref());
        let payload = match case.ty {
            None => None,
            Some(ty) => {
                let ty = self.ty(scope, ty, Mode::Owned)?;
                Some(quote!((#ty)))
            }
        };
        Ok(quote!(#docs #[component(name = #wit)] #name #payload,))
    }

    fn derives(&self, ty: Type) -> TokenStream {
        let traits =
            quote!(::component_linker::ComponentType, ::component_linker::Lift, ::component_linker::Lower);
        // Handles are not copied.
        match self.has_handles(ty, &mut BTreeSet::new()) {
            true => quote!(#[derive(Debug, #traits)]),
            false => quote!(#[derive(Clone, Debug, PartialEq, #traits)]),
        }
    }

    fn has_handles(&self, ty: Type, seen: &mut BTreeSet<TypeDefId>) -> bool {
        let Type::Def(id) = ty else { return false };
        if !seen.insert(id) {
            return false; // it was looked at, and the answer is known there
        }
        let mut any = |types: &mut dyn Iterator<Item = Type>| {
            let mut types = types;
            (&mut types).any(|ty| self.has_handles(ty, seen))
        };
        match &self.resolved[id].kind {
            TypeDefKind::Record(fields) => any(&mut fields.iter().map(|field| field.ty)),
            TypeDefKind::Tuple(types) => any(&mut types.iter().copied()),
            TypeDefKind::Variant(cases) => any(&mut cases.iter().filter_map(|case| case.ty)),
            TypeDefKind::Result { ok, err } => any(&mut ok.iter().chain(err).copied()),
            TypeDefKind::Option(ty)
            | TypeDefKind::List(ty)
            | TypeDefKind::FixedLengthList(ty, _)
            | TypeDefKind::Alias(ty) => any(&mut [*ty].into_iter()),
            TypeDefKind::Map(key, value) => any(&mut [*key, *value].into_iter()),
            TypeDefKind::Use(id) => any(&mut [Type::Def(*id)].into_iter()),
            TypeDefKind::Enum(_) | TypeDefKind::Flags(_) => false,
            TypeDefKind::Stream(_)
            | TypeDefKind::Future(_)
            | TypeDefKind::Own(_)
            | TypeDefKind::Borrow(_)
            | TypeDefKind::Resource => true,
        }
    }
}

fn label(label: &Label) -> TokenStream {
    let (name, wit) = (camel(&label.name), &label.name);
    let docs = docs(label.docs.as_deref());
    quote!(#docs #[component(name = #wit)] #name,)
}

/// Returns the documentation as attributes; what has none says so, for crates that ask for
/// documentation.
pub(crate) fn docs(docs: Option<&str>) -> TokenStream {
    match docs {
        None => quote!(#[allow(missing_docs)]),
        Some(docs) => {
            let lines = docs.lines().map(|line| format!(" {}", line.trim()));
            quote!(#(#[doc = #lines])*)
        }
    }
}

/// Returns the path from a module to where the `bindings!` stands.
pub(crate) fn root(module: &[Ident]) -> TokenStream {
    if module.is_empty() {
        return quote!(self::);
    }
    let up = module.iter().map(|_| format_ident!("super"));
    quote!(#(#up::)*)
}
