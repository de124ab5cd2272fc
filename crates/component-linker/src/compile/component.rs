//! Components that are compiled, ready to be linked and instantiated.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

use canonical_abi::Types;
use jit::Watch;

use super::module::{CompiledModule, Module};
use super::promises::promises;
use crate::engine::Engine;
use crate::error::Error;
use crate::names::Path;
use crate::resolve::{
    Fault, InstantiationPlan, Item, Program, Resolution, ResolvedComponent, Unsupported, find_item,
};

/// A compiled component. Cheap to clone; shared by all its instances.
#[derive(Clone)]
pub struct Component {
    pub(crate) inner: Arc<ComponentInner>,
}

pub(crate) struct ComponentInner {
    pub(crate) plan: Arc<InstantiationPlan>,
    pub(crate) types: Arc<Types>,
    /// By [`ModuleId`](crate::decode::ModuleId): the binary's own, then those of what is given.
    pub(crate) modules: Vec<CompiledModule>,
    /// What it was resolved from, to resolve it again when more of its imports are satisfied.
    program: Arc<Program>,
}

/// A module or a component that satisfies an import.
#[derive(Clone)]
pub(crate) enum Given {
    Module(Module),
    Component(Component),
}

impl Component {
    /// Validates, resolves and compiles a component in the binary format, which may use the
    /// features of WebAssembly that the engine accepts ([`Config`](crate::Config)).
    ///
    /// A component may use built-ins that are not supported yet ([`Self::unsupported`] lists them):
    /// calling one traps.
    ///
    /// # Errors
    ///
    /// If `bytes` are not a valid component, or use something that is not supported yet and cannot
    /// be left to trap.
    pub fn new(engine: &Engine, bytes: &[u8]) -> Result<Self, Error> {
        let features = engine.core().config().accepted_features();
        Self::compile(engine, &ResolvedComponent::with_features(bytes, features)?)
    }

    /// Compiles a component that has been resolved.
    ///
    /// # Errors
    ///
    /// If its core modules use something that is not supported yet.
    pub fn compile(engine: &Engine, component: &ResolvedComponent) -> Result<Self, Error> {
        Self::compile_watched(engine, component, &|_| ControlFlow::Continue(()))
    }

    /// Like [`Component::compile`], and tells `watch` how many functions are compiled, before the
    /// first and after each; it may end the compilation.
    ///
    /// # Errors
    ///
    /// Fails like [`Component::compile`], and with [`ErrorKind::Cancelled`](crate::ErrorKind) if
    /// `watch` ends it.
    pub fn compile_watched(
        engine: &Engine,
        component: &ResolvedComponent,
        watch: &Watch<'_>,
    ) -> Result<Self, Error> {
        let resolution = component.resolution.clone();
        let definitions = resolution.program.modules.iter().cloned();
        let modules = compile_modules(engine, component, watch)?.into_iter().zip(definitions);
        let modules = modules.map(|(core, definition)| CompiledModule { core, definition }).collect();
        Ok(Self::of_parts(resolution, modules))
    }

    fn of_parts(resolution: Resolution, modules: Vec<CompiledModule>) -> Self {
        let Resolution { program, plan, types } = resolution;
        Self { inner: Arc::new(ComponentInner { plan, types, modules, program }) }
    }

    /// Satisfies imports of modules and components, and resolves the component anew.
    ///
    /// # Errors
    ///
    /// If something given is not of the type of its import.
    pub(crate) fn with_given(&self, given: BTreeMap<Path, Given>) -> Result<Self, Fault> {
        let mut program = Program::clone(&self.inner.program);
        if !program.exported_at().is_empty() {
            let what = "satisfying imports of a component that another one exports";
            return Err(Error::unsupported(what, 0).into());
        }
        let mut modules = self.inner.modules.clone();
        for (path, given) in given {
            match given {
                Given::Module(module) => {
                    program.give_module(path, &module.compiled.definition);
                    modules.push(module.compiled);
                }
                Given::Component(component) => {
                    program.give_component(path, &component.inner.program);
                    modules.extend(component.inner.modules.iter().cloned());
                }
            }
        }
        Ok(Self::of_parts(Resolution::new(program)?, modules))
    }

    /// Returns the core module that the component exports at a path.
    pub(crate) fn exported_module(&self, path: &Path) -> Option<Module> {
        let id = *self.inner.plan.exported_modules.get(path)?;
        Some(Module { compiled: self.inner.modules[id.0 as usize].clone() })
    }

    /// Returns the component that the component exports at a path.
    pub(crate) fn exported_component(&self, path: &Path) -> Result<Option<Self>, Error> {
        let inner = &*self.inner;
        if !inner.plan.exported_components.contains(path) {
            return Ok(None);
        }
        if !inner.program.exported_at().is_empty() {
            return Err(Error::unsupported("a component exported by one that another one exports", 0));
        }
        let resolution = Resolution::new(inner.program.exported(path)).map_err(Fault::into_error)?;
        Ok(Some(Self::of_parts(resolution, inner.modules.clone())))
    }

    /// Checks that `bytes` are a valid component, supported or not, without compiling anything.
    ///
    /// # Errors
    ///
    /// If they are not.
    pub fn validate(bytes: &[u8]) -> Result<(), Error> {
        ResolvedComponent::validate(bytes)
    }

    /// Returns what the component imports, in order.
    pub fn imports(&self) -> &[Item] {
        &self.inner.plan.imports
    }

    /// Returns what the component exports, in order.
    pub fn exports(&self) -> &[Item] {
        &self.inner.plan.exports
    }

    /// Returns what the component imports at a path, in this version or in the newest of the
    /// compatible ones.
    pub fn import(&self, path: &[&str]) -> Option<&Item> {
        find_item(self.imports(), path).map(|found| found.item)
    }

    /// Returns what the component exports at a path, in this version or in the newest of the
    /// compatible ones.
    pub fn export(&self, path: &[&str]) -> Option<&Item> {
        find_item(self.exports(), path).map(|found| found.item)
    }

    /// Returns the types that the ids in its items name.
    pub fn types(&self) -> &Types {
        &self.inner.types
    }

    /// Returns the built-ins and kinds of functions that the component defines and that are not
    /// supported yet. Calling one of them traps.
    pub fn unsupported(&self) -> &[Unsupported] {
        &self.inner.plan.unsupported
    }
}

/// Compiles a component's core modules, which have been validated, as one unit.
fn compile_modules(
    engine: &Engine,
    component: &ResolvedComponent,
    watch: &Watch<'_>,
) -> Result<Vec<jit::Module>, Error> {
    let ResolvedComponent { modules, resolution } = component;
    if modules.is_empty() {
        return Ok(Vec::new());
    }
    let starts = resolution.program.modules.iter().map(|definition| definition.range.start);
    let valid = modules.iter().zip(starts.clone()).map(|(bytes, start)| {
        let module = jit::ValidModule::of_bytes(engine.core(), bytes);
        module.map_err(|error| Error::of_core(&error, start))
    });
    let valid = valid.collect::<Result<Vec<_>, Error>>()?;
    let mut unit = jit::Unit::new(engine.core());
    let members: Vec<_> = valid.iter().map(|module| unit.add_valid(module)).collect();
    for promise in promises(&resolution.plan) {
        let importer = members[promise.importer.0 as usize];
        let exporter = members[promise.exporter.0 as usize];
        // Memories and the like are not connected, nor what another module only passes on from
        // outside of the unit.
        let _not_a_function = unit.connect(importer, promise.position, exporter, promise.export);
    }
    unit.compile_watched(watch).map_err(|error| {
        if error.kind() == jit::ErrorKind::Cancelled {
            return Error::of_core(&error, 0);
        }
        // The error says where in its module, but not in which.
        let apart = valid.iter().zip(starts).find_map(|(module, start)| {
            jit::Module::compile(module).err().map(|error| Error::of_core(&error, start))
        });
        apart.unwrap_or_else(|| Error::of_core(&error, 0))
    })
}

impl fmt::Debug for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = &self.inner.plan;
        let mut debug = f.debug_struct("Component");
        debug.field("imports", &plan.imports).field("exports", &plan.exports).finish_non_exhaustive()
    }
}
