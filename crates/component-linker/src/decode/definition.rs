//! A decoded component: plain data, nothing resolved yet.
//! Follows Binary.md: one [`Definition`] per entry of a section, in the order of the binary.
//!
//! Invariants: ids are in range; the root component is the first of the arena; the definitions passed validation, so
//! that every index into an index space names an earlier definition of the right sort.

use std::collections::BTreeMap;
use std::ops::Range;

use wasmparser::{
    CanonicalFunction, ComponentAlias, ComponentExport, ComponentImport, ComponentInstance, ComponentType,
    CoreType, Instance,
};

use crate::plan::Path;

/// Names a component definition in [`Definitions`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ComponentId(pub(crate) u32);

/// Names a core module definition in [`Definitions`] or in [`Program`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ModuleId(pub(crate) u32);

/// Names a binary in [`Program`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct SourceId(pub(crate) u32);

/// A component with the binaries that meet its imports of modules and components.
///
/// Invariant: the component is that of the first source.
#[derive(Debug, Default)]
pub(crate) struct Program<'a> {
    pub(crate) sources: Vec<Source<'a>>,
    /// Of all sources, and those that are given, by [`ModuleId`].
    pub(crate) modules: Vec<ModuleDefinition<'a>>,
}

/// One binary of a [`Program`].
#[derive(Debug)]
pub(crate) struct Source<'a> {
    pub(crate) definitions: Definitions<'a>,
    /// Of the binary's core modules, which follow each other.
    pub(crate) first_module: ModuleId,
    /// What meets imports of its root.
    pub(crate) given: BTreeMap<Path, GivenId>,
    /// Where the root exports the component that is meant; empty for the root itself.
    pub(crate) exported_at: Path,
}

/// A module or a component that meets an import.
#[derive(Clone, Copy, Debug)]
pub(crate) enum GivenId {
    Module(ModuleId),
    Component(SourceId),
}

/// All component and core module definitions of one binary, nested ones by id.
#[derive(Debug, Default)]
pub(crate) struct Definitions<'a> {
    pub(crate) components: Vec<Vec<Definition<'a>>>,
    pub(crate) modules: Vec<ModuleDefinition<'a>>,
}

/// A core module: where its bytes lie, and what it imports.
#[derive(Clone, Debug)]
pub(crate) struct ModuleDefinition<'a> {
    pub(crate) range: Range<usize>,
    /// Module name and field name of each import, in order.
    pub(crate) imports: Vec<(&'a str, &'a str)>,
    /// Those that it defines itself, as are the tables.
    pub(crate) n_memories: u32,
    pub(crate) n_tables: u32,
}

/// One definition, with the offset of its first byte (of its section, where the format gives no better) and its size.
///
/// What lies within nested components and modules is not counted in the size.
#[derive(Debug)]
pub(crate) struct Definition<'a> {
    pub(crate) offset: u64,
    pub(crate) size_bytes: u64,
    pub(crate) kind: DefinitionKind<'a>,
}

/// The sorts of definitions.
#[derive(Debug)]
pub(crate) enum DefinitionKind<'a> {
    CoreModule(ModuleId),
    CoreInstance(Instance<'a>),
    CoreType(#[expect(dead_code, reason = "only its place in the index space matters")] CoreType<'a>),
    Component(ComponentId),
    Instance(ComponentInstance<'a>),
    Alias(ComponentAlias<'a>),
    Type(ComponentType<'a>),
    Canon(CanonicalFunction),
    Start,
    Import(ComponentImport<'a>),
    Export(ComponentExport<'a>),
}

impl Definitions<'_> {
    /// The component that the binary is.
    pub(crate) const ROOT: ComponentId = ComponentId(0);
}
