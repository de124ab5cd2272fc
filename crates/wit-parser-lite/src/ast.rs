//! The syntax tree of one file, with names unresolved: one type per production of WIT.md, named
//! after it.
//!
//! Names borrow from the source. The parser bounds the depth (`MAX_TYPE_DEPTH`), so walking a tree
//! may recurse.

use std::collections::BTreeSet;

use semver::Version;

use crate::span::{FileId, Span};

/// A name with its span, without its `%`.
#[derive(Clone, Copy, Debug)]
pub struct Id<'a> {
    /// The name.
    pub name: &'a str,
    /// The span, including `%`.
    pub span: Span,
}

/// `wit-file`.
#[derive(Clone, Debug)]
pub struct WitFile<'a> {
    /// The file.
    pub file: FileId,
    /// Its whole text.
    pub span: Span,
    /// The header, if the file has one.
    pub package: Option<PackageDecl<'a>>,
    /// The definitions.
    pub items: Vec<FileItem<'a>>,
    /// The parts of the file that are left out because of faults: each from the start of an item to
    /// the start of the next.
    pub skipped: Vec<Span>,
    /// The names that may be defined in those parts.
    pub lost: LostNames<'a>,
}

/// The names that may be defined in the parts of a file that its tree lacks.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct LostNames<'a> {
    /// The names.
    pub names: BTreeSet<&'a str>,
    /// Whether the name of such a definition is missing. It may then be any name.
    pub is_nameless: bool,
}

/// An item of a file.
#[derive(Clone, Debug)]
pub enum FileItem<'a> {
    /// An item of the file's package.
    Package(PackageItem<'a>),
    /// A package with its definitions in braces.
    Nested(NestedPackageDefinition<'a>),
}

/// `nested-package-definition`.
#[derive(Clone, Debug)]
pub struct NestedPackageDefinition<'a> {
    /// The header.
    pub package: PackageDecl<'a>,
    /// The definitions.
    pub items: Vec<PackageItem<'a>>,
    /// From the name to the closing brace.
    pub span: Span,
}

/// `package-items`.
#[derive(Clone, Debug)]
pub enum PackageItem<'a> {
    /// `use` of an interface or world.
    Use(ToplevelUse<'a>),
    /// An interface.
    Interface(InterfaceItem<'a>),
    /// A world.
    World(WorldItem<'a>),
}

/// `package-decl`.
#[derive(Clone, Debug)]
pub struct PackageDecl<'a> {
    /// Documentation above it.
    pub docs: Docs<'a>,
    /// The package's name.
    pub name: PackageName<'a>,
}

/// `a:b@1.0.0`, or with nested namespaces and packages `a:b:c/d@1.0.0`.
#[derive(Clone, Debug)]
pub struct PackageName<'a> {
    /// The namespaces, outermost first; at least one.
    pub namespaces: Vec<Id<'a>>,
    /// The package's name, then those nested in it; at least one.
    pub names: Vec<Id<'a>>,
    /// The version.
    pub version: Option<Version>,
    /// The span of the whole name.
    pub span: Span,
}

/// `toplevel-use-item`.
#[derive(Clone, Debug)]
pub struct ToplevelUse<'a> {
    /// Gates before it.
    pub attributes: Attributes<'a>,
    /// The interface or world.
    pub path: UsePath<'a>,
    /// The name that it has in this file.
    pub alias: Option<Id<'a>>,
}

/// `use-path`.
#[derive(Clone, Debug)]
pub enum UsePath<'a> {
    /// A name in this file or package.
    Id(Id<'a>),
    /// A name in some package.
    Package {
        /// The package.
        package: PackageName<'a>,
        /// The name in it.
        id: Id<'a>,
    },
}

impl<'a> UsePath<'a> {
    /// Returns the last name of the path.
    pub fn id(&self) -> Id<'a> {
        match self {
            Self::Id(id) | Self::Package { id, .. } => *id,
        }
    }

    /// Returns the span of the whole path.
    pub fn span(&self) -> Span {
        match self {
            Self::Id(id) => id.span,
            Self::Package { package, id } => package.span.to(id.span),
        }
    }
}

/// The attributes of an item: documentation, gates and an external id.
#[derive(Clone, Debug, Default)]
pub struct Attributes<'a> {
    /// Documentation comments.
    pub docs: Docs<'a>,
    /// `gate`.
    pub gates: Vec<Gate<'a>>,
    /// `external-id`.
    pub external_id: Option<ExternalId>,
}

/// Documentation comments in source order, each as in the file.
#[derive(Clone, Debug, Default)]
pub struct Docs<'a> {
    /// The comments.
    pub comments: Vec<&'a str>,
}

/// `gate-item`.
#[derive(Clone, Debug)]
pub struct Gate<'a> {
    /// Which gate.
    pub kind: GateKind<'a>,
    /// The span of the whole gate.
    pub span: Span,
}

/// The three gates.
#[derive(Clone, Debug)]
pub enum GateKind<'a> {
    /// `@since(version = …)`.
    Since(Version),
    /// `@unstable(feature = …)`.
    Unstable(Id<'a>),
    /// `@deprecated(version = …)`.
    Deprecated(Version),
}

/// `external-id`.
#[derive(Clone, Debug)]
pub struct ExternalId {
    /// The string, with escapes decoded.
    pub value: String,
    /// The span from `@` to `)`.
    pub span: Span,
}

/// `interface-item`.
#[derive(Clone, Debug)]
pub struct InterfaceItem<'a> {
    /// Its attributes.
    pub attributes: Attributes<'a>,
    /// Its name.
    pub id: Id<'a>,
    /// Its definitions.
    pub items: Vec<InterfaceDefinition<'a>>,
}

/// `interface-definition`.
#[derive(Clone, Debug)]
pub enum InterfaceDefinition<'a> {
    /// Types of other interfaces.
    Use(UseItem<'a>),
    /// A type.
    Typedef(TypedefItem<'a>),
    /// A function.
    Func(FuncItem<'a>),
}

/// `world-item`.
#[derive(Clone, Debug)]
pub struct WorldItem<'a> {
    /// Its attributes.
    pub attributes: Attributes<'a>,
    /// Its name.
    pub id: Id<'a>,
    /// Its definitions.
    pub items: Vec<WorldDefinition<'a>>,
}

/// `world-definition`.
#[derive(Clone, Debug)]
pub enum WorldDefinition<'a> {
    /// `import-item`.
    Import(ExternItem<'a>),
    /// `export-item`.
    Export(ExternItem<'a>),
    /// Types of interfaces.
    Use(UseItem<'a>),
    /// A type, which the world imports.
    Typedef(TypedefItem<'a>),
    /// Another world's imports and exports.
    Include(IncludeItem<'a>),
}

/// What follows `import` or `export`.
#[derive(Clone, Debug)]
pub struct ExternItem<'a> {
    /// Its attributes.
    pub attributes: Attributes<'a>,
    /// What is imported or exported.
    pub kind: ExternKind<'a>,
}

/// The two forms of imports and exports.
#[derive(Clone, Debug)]
pub enum ExternKind<'a> {
    /// Under a plain name.
    Plain(Id<'a>, ExternType<'a>),
    /// Under the name of the interface.
    Path(UsePath<'a>),
}

/// `extern-type`.
#[derive(Clone, Debug)]
pub enum ExternType<'a> {
    /// A function.
    Func(FuncType<'a>),
    /// An interface defined inline.
    Interface(Vec<InterfaceDefinition<'a>>),
    /// An interface defined elsewhere.
    Path(UsePath<'a>),
}

/// `include-item`.
#[derive(Clone, Debug)]
pub struct IncludeItem<'a> {
    /// Its attributes.
    pub attributes: Attributes<'a>,
    /// The world.
    pub path: UsePath<'a>,
    /// `include-names-list`.
    pub names: Vec<IncludeName<'a>>,
}

/// `include-names-item`.
#[derive(Clone, Copy, Debug)]
pub struct IncludeName<'a> {
    /// The name in the included world.
    pub id: Id<'a>,
    /// The name in this world.
    pub alias: Id<'a>,
}

/// `use-item`.
#[derive(Clone, Debug)]
pub struct UseItem<'a> {
    /// Its attributes.
    pub attributes: Attributes<'a>,
    /// The interface.
    pub path: UsePath<'a>,
    /// `use-names-list`.
    pub names: Vec<UseName<'a>>,
}

/// `use-names-item`.
#[derive(Clone, Copy, Debug)]
pub struct UseName<'a> {
    /// The type's name in its interface.
    pub id: Id<'a>,
    /// The name that it has here.
    pub alias: Option<Id<'a>>,
}

/// `typedef-item`.
#[derive(Clone, Debug)]
pub struct TypedefItem<'a> {
    /// Its attributes.
    pub attributes: Attributes<'a>,
    /// Its name.
    pub id: Id<'a>,
    /// Its definition.
    pub kind: TypedefKind<'a>,
}

/// The kinds of type definitions.
#[derive(Clone, Debug)]
pub enum TypedefKind<'a> {
    /// `resource-item`.
    Resource(Vec<ResourceMethod<'a>>),
    /// `variant-items`.
    Variant(Vec<VariantCase<'a>>),
    /// `record-item`.
    Record(Vec<RecordField<'a>>),
    /// `flags-items`.
    Flags(Vec<Label<'a>>),
    /// `enum-items`.
    Enum(Vec<Label<'a>>),
    /// `type-item`.
    Type(Ty<'a>),
}

/// `record-field`.
#[derive(Clone, Debug)]
pub struct RecordField<'a> {
    /// Documentation above it.
    pub docs: Docs<'a>,
    /// Its name.
    pub id: Id<'a>,
    /// Its type.
    pub ty: Ty<'a>,
}

/// `variant-case`.
#[derive(Clone, Debug)]
pub struct VariantCase<'a> {
    /// Documentation above it.
    pub docs: Docs<'a>,
    /// Its name.
    pub id: Id<'a>,
    /// Its payload.
    pub ty: Option<Ty<'a>>,
}

/// One of `flags-fields` or `enum-cases`.
#[derive(Clone, Debug)]
pub struct Label<'a> {
    /// Documentation above it.
    pub docs: Docs<'a>,
    /// Its name.
    pub id: Id<'a>,
}

/// `resource-method`.
#[derive(Clone, Debug)]
pub struct ResourceMethod<'a> {
    /// Its attributes.
    pub attributes: Attributes<'a>,
    /// Method, static function or constructor.
    pub kind: MethodKind,
    /// Its name; for a constructor, the keyword.
    pub id: Id<'a>,
    /// Its type as written, without `self`.
    pub func: FuncType<'a>,
}

/// The kinds of functions of a resource.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum MethodKind {
    /// Takes a borrowed `self`.
    Method,
    /// Takes no `self`.
    Static,
    /// Returns a new resource.
    Constructor,
}

/// `func-item`.
#[derive(Clone, Debug)]
pub struct FuncItem<'a> {
    /// Its attributes.
    pub attributes: Attributes<'a>,
    /// Its name.
    pub id: Id<'a>,
    /// Its type.
    pub func: FuncType<'a>,
}

/// `func-type`.
#[derive(Clone, Debug)]
pub struct FuncType<'a> {
    /// Plain function, getter or setter.
    pub accessor: Option<Accessor>,
    /// Whether `async` stands before `func`.
    pub is_async: bool,
    /// `param-list`.
    pub params: Vec<NamedType<'a>>,
    /// `result-list`.
    pub result: Option<Ty<'a>>,
    /// The span of the keyword `func`, `get` or `set`.
    pub span: Span,
}

/// The accessors of a property.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Accessor {
    /// `get`.
    Get,
    /// `set`.
    Set,
}

/// `named-type`.
#[derive(Clone, Debug)]
pub struct NamedType<'a> {
    /// The parameter's name.
    pub id: Id<'a>,
    /// Its type.
    pub ty: Ty<'a>,
}

/// `ty`, with its span.
#[derive(Clone, Debug)]
pub struct Ty<'a> {
    /// Which type.
    pub kind: TyKind<'a>,
    /// The span of the whole type.
    pub span: Span,
}

/// `ty`.
#[derive(Clone, Debug)]
pub enum TyKind<'a> {
    /// A type without parts.
    Primitive(Primitive),
    /// `tuple<…>`.
    Tuple(Vec<Ty<'a>>),
    /// `list<t>`.
    List(Box<Ty<'a>>),
    /// `list<t, n>`.
    FixedLengthList(Box<Ty<'a>>, u32),
    /// `map<k, v>`.
    Map(Box<Ty<'a>>, Box<Ty<'a>>),
    /// `option<t>`.
    Option(Box<Ty<'a>>),
    /// `result<ok, err>`.
    Result(Option<Box<Ty<'a>>>, Option<Box<Ty<'a>>>),
    /// `future<t>`.
    Future(Option<Box<Ty<'a>>>),
    /// `stream<t>`.
    Stream(Option<Box<Ty<'a>>>),
    /// `own<r>`.
    Own(Id<'a>),
    /// `borrow<r>`.
    Borrow(Id<'a>),
    /// A type or resource by name.
    Id(Id<'a>),
}

/// The types without parts.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(missing_docs, reason = "each is named as in WIT")]
pub enum Primitive {
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

impl Primitive {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Bool,
        Self::S8,
        Self::U8,
        Self::S16,
        Self::U16,
        Self::S32,
        Self::U32,
        Self::S64,
        Self::U64,
        Self::F32,
        Self::F64,
        Self::Char,
        Self::String,
        Self::ErrorContext,
    ];

    /// Returns the keyword.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::S8 => "s8",
            Self::U8 => "u8",
            Self::S16 => "s16",
            Self::U16 => "u16",
            Self::S32 => "s32",
            Self::U32 => "u32",
            Self::S64 => "s64",
            Self::U64 => "u64",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::Char => "char",
            Self::String => "string",
            Self::ErrorContext => "error-context",
        }
    }
}
