//! Type definitions, uses of types, and what imports and exports ask for. Follows Binary.md, "Type
//! Definitions".

use std::sync::Arc;

use super::alias::Alias;
use super::core_types::CoreType;

/// A `deftype`.
#[derive(Debug)]
pub(crate) enum DefType {
    /// A `defvaltype`.
    DefVal(DefValType),
    /// A `functype`.
    Func(FuncTypeDef),
    /// A `componenttype`.
    Component(Vec<ComponentDecl>),
    /// An `instancetype`.
    Instance(Vec<InstanceDecl>),
    /// A `resourcetype`.
    Resource {
        /// The index of a core function.
        dtor: Option<u32>,
    },
}

/// A `defvaltype`.
#[derive(Debug)]
pub(crate) enum DefValType {
    PrimValType(PrimValType),
    Record(Vec<LabelValType>),
    Variant(Vec<Case>),
    List(ValTypeRef),
    FixedLengthList(ValTypeRef, u32),
    Map(ValTypeRef, ValTypeRef),
    Tuple(Vec<ValTypeRef>),
    Flags(Vec<Arc<str>>),
    Enum(Vec<Arc<str>>),
    Option(ValTypeRef),
    Result {
        ok: Option<ValTypeRef>,
        error: Option<ValTypeRef>,
    },
    /// The index of a resource type.
    Own(u32),
    /// The index of a resource type.
    Borrow(u32),
    Stream(Option<ValTypeRef>),
    Future(Option<ValTypeRef>),
}

/// A `primvaltype`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PrimValType {
    Bool,
    S8,
    U8,
    S16,
    U16,
    S32,
    U32,
    S64,
    U64,
    F32,
    F64,
    Char,
    String,
    ErrorContext,
}

/// A `valtype`: the use of a value type, which is primitive or has an index.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ValTypeRef {
    PrimValType(PrimValType),
    Index(u32),
}

/// A `labelvaltype`: a field of a record, or a parameter.
#[derive(Debug)]
pub(crate) struct LabelValType {
    pub(crate) label: Arc<str>,
    pub(crate) ty: ValTypeRef,
}

/// A `case` of a variant.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) label: Arc<str>,
    pub(crate) ty: Option<ValTypeRef>,
}

/// A `functype`.
#[derive(Debug)]
pub(crate) struct FuncTypeDef {
    pub(crate) is_async: bool,
    pub(crate) params: Vec<LabelValType>,
    pub(crate) result: Option<ValTypeRef>,
}

/// A `componentdecl`.
#[derive(Debug)]
pub(crate) enum ComponentDecl {
    Import(ImportDecl),
    InstanceDecl(InstanceDecl),
}

/// An `instancedecl`.
#[derive(Debug)]
pub(crate) enum InstanceDecl {
    CoreType(CoreType),
    Type(DefType),
    Alias(Alias),
    Export(ExportDecl),
}

/// An `externname`: the name of an import or an export.
pub(crate) type ExternName = Arc<str>;

/// The `attribute`s of a name, which few names have. They have no part in the checks of types.
pub(crate) type NameAttributes = Option<Arc<Attributes>>;

/// The `attribute`s of a name that has one at least.
#[derive(Debug)]
pub(crate) struct Attributes {
    pub(crate) implements: Option<Box<str>>,
    pub(crate) version_suffix: Option<Box<str>>,
    pub(crate) external_id: Option<Box<str>>,
}

/// An `importdecl`, and an `import` of a component.
#[derive(Debug)]
pub(crate) struct ImportDecl {
    pub(crate) name: ExternName,
    pub(crate) attributes: NameAttributes,
    pub(crate) ty: ExternType,
}

/// An `exportdecl`.
#[derive(Debug)]
pub(crate) struct ExportDecl {
    pub(crate) name: ExternName,
    pub(crate) attributes: NameAttributes,
    pub(crate) ty: ExternType,
}

/// An `externtype`. Indices are of types; the index of a module's type is of the core types.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ExternType {
    CoreModule(u32),
    Func(u32),
    Value,
    Type(TypeBound),
    Component(u32),
    Instance(u32),
}

/// A `typebound`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TypeBound {
    Eq(u32),
    SubResource,
}
