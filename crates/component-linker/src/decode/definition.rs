//! A decoded component: plain data, nothing resolved yet.
//! Follows Binary.md: one [`Definition`] per entry of a section, in the order of the binary.
//!
//! Invariants: ids are in range; the root component is the first of the arena; the definitions
//! passed validation, so that every index into an index space names an earlier definition of the
//! right sort.

use std::ops::Range;
use std::sync::Arc;

use super::alias::{Alias, CoreSort, Sort};
use super::canon::Canon;
use super::core_types::{CoreExport, CoreImport, CoreType, RecType};
use super::types::{DefType, ExternName, ExternType, ImportDecl, NameAttributes};

/// Names a component definition in [`Definitions`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ComponentId(pub(crate) u32);

/// Names a core module definition in [`Definitions`], or one of a program's modules.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ModuleId(pub(crate) u32);

/// All component and core module definitions of one binary, nested ones by id.
#[derive(Debug, Default)]
pub(crate) struct Definitions {
    pub(crate) components: Vec<Vec<Definition>>,
    pub(crate) modules: Vec<Arc<ModuleDefinition>>,
}

/// A core module: where its bytes lie in the binary, and its type.
#[derive(Debug)]
pub(crate) struct ModuleDefinition {
    pub(crate) range: Range<usize>,
    pub(crate) types: Vec<RecType<u32>>,
    pub(crate) imports: Vec<CoreImport<u32>>,
    pub(crate) exports: Vec<CoreExport<u32>>,
    /// Those that it defines itself, as are the tables.
    pub(crate) n_memories: u32,
    pub(crate) n_tables: u32,
}

/// One definition, with the offset of its first byte (of its section, where the format gives no
/// better) and its size.
///
/// What lies within nested components and modules is not counted in the size.
#[derive(Debug)]
pub(crate) struct Definition {
    pub(crate) offset: u64,
    pub(crate) size_bytes: u64,
    pub(crate) kind: DefinitionKind,
}

/// What a [`Definition`] defines.
#[derive(Debug)]
pub(crate) enum DefinitionKind {
    CoreModule(ModuleId),
    CoreInstance(CoreInstanceExpr),
    CoreType(CoreType),
    Component(ComponentId),
    Instance(InstanceExpr),
    Alias(Alias),
    Type(DefType),
    Canon(Canon),
    Start,
    Import(ImportDecl),
    Export(Export),
}

/// A `sortidx`: a sort, and an index into its index space.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SortIdx {
    pub(crate) sort: Sort,
    pub(crate) index: u32,
}

/// A `core:instanceexpr`.
#[derive(Debug)]
pub(crate) enum CoreInstanceExpr {
    Instantiate { module: u32, args: Vec<CoreInstantiateArg> },
    InlineExports(Vec<CoreInlineExport>),
}

/// A `core:instantiatearg`.
#[derive(Debug)]
pub(crate) struct CoreInstantiateArg {
    pub(crate) name: Arc<str>,
    /// The index of a core instance.
    pub(crate) instance: u32,
}

/// A `core:inlineexport`.
#[derive(Debug)]
pub(crate) struct CoreInlineExport {
    pub(crate) name: Arc<str>,
    pub(crate) sort: CoreSort,
    pub(crate) index: u32,
}

/// An `instanceexpr`.
#[derive(Debug)]
pub(crate) enum InstanceExpr {
    Instantiate { component: u32, args: Vec<InstantiateArg> },
    InlineExports(Vec<InlineExport>),
}

/// An `instantiatearg`.
#[derive(Debug)]
pub(crate) struct InstantiateArg {
    pub(crate) name: Arc<str>,
    pub(crate) sortidx: SortIdx,
}

/// An `inlineexport`.
#[derive(Debug)]
pub(crate) struct InlineExport {
    pub(crate) name: ExternName,
    pub(crate) attributes: NameAttributes,
    pub(crate) sortidx: SortIdx,
}

/// An `export`.
#[derive(Debug)]
pub(crate) struct Export {
    pub(crate) name: ExternName,
    pub(crate) attributes: NameAttributes,
    pub(crate) sortidx: SortIdx,
    /// The type that the export is given in place of that of what it names.
    pub(crate) ty: Option<ExternType>,
}

impl Definitions {
    /// The component that the binary is.
    pub(crate) const ROOT: ComponentId = ComponentId(0);
}
