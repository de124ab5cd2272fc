//! What is resolved: the decoded binary of a component, with the binaries that satisfy its imports
//! of modules and components.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::decode::{Definitions, ModuleDefinition, ModuleId};
use crate::names::Path;

/// Names a binary in [`Program`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct SourceId(pub(crate) u32);

/// A component with all that satisfies its imports of modules and components. Cheap to clone.
///
/// Invariant: the component is that of the first source.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) sources: Vec<Source>,
    /// Of all sources, and those that are given, by [`ModuleId`].
    pub(crate) modules: Vec<Arc<ModuleDefinition>>,
}

/// One binary of a [`Program`].
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) definitions: Arc<Definitions>,
    /// Of the binary's core modules, which follow each other.
    pub(crate) first_module: ModuleId,
    /// What satisfies imports of its root.
    pub(crate) given: BTreeMap<Path, GivenId>,
    /// Where the root exports the component that is meant; empty for the root itself.
    pub(crate) exported_at: Path,
}

/// A module or a component that satisfies an import.
#[derive(Clone, Copy, Debug)]
pub(crate) enum GivenId {
    Module(ModuleId),
    Component(SourceId),
}

impl Program {
    /// Returns the program of a binary to which nothing is given.
    pub(crate) fn new(definitions: Definitions) -> Self {
        let modules = definitions.modules.clone();
        let source = Source {
            definitions: Arc::new(definitions),
            first_module: ModuleId(0),
            given: BTreeMap::new(),
            exported_at: Path::new(),
        };
        Self { sources: vec![source], modules }
    }

    /// Returns where the binary exports the component that is meant; empty for the root itself.
    pub(crate) fn exported_at(&self) -> &Path {
        &self.sources[0].exported_at
    }

    /// Returns the program of the component that the root exports at a path.
    pub(crate) fn exported(&self, path: &Path) -> Self {
        let mut program = self.clone();
        program.sources[0].exported_at.clone_from(path);
        program
    }

    /// Gives a module for an import of the root. It becomes the last of the modules.
    pub(crate) fn give_module(&mut self, import: Path, module: &Arc<ModuleDefinition>) {
        let id = ModuleId(id32(self.modules.len()));
        self.modules.push(Arc::clone(module));
        self.sources[0].given.insert(import, GivenId::Module(id));
    }

    /// Gives a component for an import of the root. Its modules follow those that are there.
    pub(crate) fn give_component(&mut self, import: Path, component: &Self) {
        let (first_source, first_module) = (id32(self.sources.len()), id32(self.modules.len()));
        for source in &component.sources {
            let mut source = source.clone();
            source.first_module.0 += first_module;
            for given in source.given.values_mut() {
                match given {
                    GivenId::Module(ModuleId(id)) => *id += first_module,
                    GivenId::Component(SourceId(id)) => *id += first_source,
                }
            }
            self.sources.push(source);
        }
        self.modules.extend(component.modules.iter().cloned());
        self.sources[0].given.insert(import, GivenId::Component(SourceId(first_source)));
    }
}

fn id32(len: usize) -> u32 {
    u32::try_from(len).expect("a host gives fewer than 2^32 modules")
}
