//! A component that is decoded, resolved and compiled, ready to be linked and instantiated.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use canonical_abi::{FuncType, ResourceId, Types, ValType};

use crate::decode::{
    GivenId, ModuleDefinition, ModuleId, Place, Program, Source, SourceId, decode, read, validate,
};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::module::{CompiledModule, Module};
use crate::plan::{Path, Plan, Unsupported};
use crate::resolve::resolve;

/// A compiled component. Cheap to clone; shared by all its instances.
#[derive(Clone)]
pub struct Component {
    pub(crate) inner: Arc<ComponentInner>,
}

pub(crate) struct ComponentInner {
    pub(crate) plan: Plan,
    pub(crate) types: Arc<Types>,
    /// By [`ModuleId`]: the binary's own, then those of what is given.
    pub(crate) modules: Vec<CompiledModule>,
    origin: Origin,
}

/// What a component is made of, to make it again when more of its imports are met.
#[derive(Clone)]
struct Origin {
    /// The binary, and where it exports the component.
    place: Place,
    /// The core modules of the binary.
    own_modules: Vec<CompiledModule>,
    /// What meets imports of the binary's root.
    given: BTreeMap<Path, Given>,
}

/// A module or a component that meets an import.
#[derive(Clone)]
pub(crate) enum Given {
    Module(Module),
    Component(Component),
}

/// An import or an export of a component, or of an instance that it imports or exports.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Item {
    /// The name, such as `run` or `wasi:cli/environment@0.2.6`.
    pub name: String,
    /// What it is.
    pub kind: ItemKind,
}

/// The kinds of [`Item`]s. Ids in types belong to [`Component::types`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ItemKind {
    /// A function.
    Func(FuncType),
    /// An instance, with its exports.
    Instance(Vec<Item>),
    /// A resource type.
    Resource(ResourceId),
    /// A value type.
    Type(ValType),
    /// A function type, an instance type or a component type.
    OtherType,
    /// A core module.
    Module,
    /// A component.
    Component,
}

impl Component {
    /// Validates, resolves and compiles a component in the binary format.
    ///
    /// A component may use built-ins that are not supported yet ([`Self::unsupported`] lists them): calling one traps.
    ///
    /// # Errors
    ///
    /// If `bytes` are not a valid component, or use something that is not supported yet and cannot be left to trap.
    pub fn new(engine: &Engine, bytes: &[u8]) -> Result<Self, Error> {
        let definitions = decode(bytes)?;
        let mut program = Program::default();
        program.modules.clone_from(&definitions.modules);
        program.sources.push(Source {
            definitions,
            first_module: ModuleId(0),
            given: BTreeMap::new(),
            exported_at: Path::new(),
        });
        let (plan, types) = resolve(&program)?;
        let modules = compile_modules(engine, &program.modules, bytes)?;
        let place = Place { bytes: Arc::from(bytes), path: Path::new() };
        let origin = Origin { place, own_modules: modules.clone(), given: BTreeMap::new() };
        Ok(Self { inner: Arc::new(ComponentInner { plan, types: Arc::new(types), modules, origin }) })
    }

    /// Meets imports of modules and components, and resolves the component anew. What is given is of the right type.
    pub(crate) fn with_given(&self, given: BTreeMap<Path, Given>) -> Result<Self, Error> {
        let mut origin = self.inner.origin.clone();
        if !origin.place.path.is_empty() {
            return Err(Error::unsupported("meeting imports of a component that another one exports", 0));
        }
        origin.given.extend(given);
        from_origin(origin)
    }

    /// Returns where the component's definition is.
    pub(crate) fn place(&self) -> &Place {
        &self.inner.origin.place
    }

    /// Returns the core module that the component exports at a path.
    pub(crate) fn exported_module(&self, path: &Path) -> Option<Module> {
        let id = *self.inner.plan.exported_modules.get(path)?;
        let place = self.place();
        let place = Place { bytes: Arc::clone(&place.bytes), path: [&place.path[..], path].concat() };
        Some(Module { compiled: self.inner.modules[id.0 as usize].clone(), place })
    }

    /// Returns the component that the component exports at a path.
    pub(crate) fn exported_component(&self, path: &Path) -> Result<Option<Self>, Error> {
        if !self.inner.plan.exported_components.contains(path) {
            return Ok(None);
        }
        let mut origin = self.inner.origin.clone();
        if !origin.place.path.is_empty() {
            return Err(Error::unsupported("a component exported by one that another one exports", 0));
        }
        origin.place.path.clone_from(path);
        from_origin(origin).map(Some)
    }

    /// Checks that `bytes` are a valid component, supported or not, without compiling anything.
    ///
    /// # Errors
    ///
    /// If they are not.
    pub fn validate(bytes: &[u8]) -> Result<(), Error> {
        validate(bytes)
    }

    /// Returns what the component imports, in order.
    pub fn imports(&self) -> &[Item] {
        &self.inner.plan.imports
    }

    /// Returns what the component exports, in order.
    pub fn exports(&self) -> &[Item] {
        &self.inner.plan.exports
    }

    /// Returns the types that the ids in its items name.
    pub fn types(&self) -> &Types {
        &self.inner.types
    }

    /// Returns the built-ins and kinds of functions that the component defines and that are not supported yet.
    /// Calling one of them traps.
    pub fn unsupported(&self) -> &[Unsupported] {
        &self.inner.plan.unsupported
    }
}

impl fmt::Debug for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = &self.inner.plan;
        let mut debug = f.debug_struct("Component");
        debug.field("imports", &plan.imports).field("exports", &plan.exports).finish_non_exhaustive()
    }
}

fn compile_modules(
    engine: &Engine,
    definitions: &[ModuleDefinition<'_>],
    bytes: &[u8],
) -> Result<Vec<CompiledModule>, Error> {
    let compile = |module: &ModuleDefinition<'_>| {
        let core = jit::Module::new(engine.core(), &bytes[module.range.clone()])
            .map_err(|error| core_error(&error, module.range.start as u64))?;
        Ok(CompiledModule::new(core, module))
    };
    definitions.iter().map(compile).collect()
}

/// Resolves a component from its parts.
fn from_origin(origin: Origin) -> Result<Component, Error> {
    let mut origins = vec![&origin];
    let mut first_modules = Vec::new();
    let mut modules: Vec<CompiledModule> = Vec::new();
    let mut given_ids: Vec<BTreeMap<Path, GivenId>> = Vec::new();
    while let Some(&next) = origins.get(given_ids.len()) {
        first_modules.push(ModuleId(id32(modules.len())));
        modules.extend(next.own_modules.iter().cloned());
        let mut ids = BTreeMap::new();
        for (path, given) in &next.given {
            let id = match given {
                Given::Module(module) => {
                    modules.push(module.compiled.clone());
                    GivenId::Module(ModuleId(id32(modules.len() - 1)))
                }
                Given::Component(component) => {
                    origins.push(&component.inner.origin);
                    GivenId::Component(SourceId(id32(origins.len() - 1)))
                }
            };
            ids.insert(path.clone(), id);
        }
        given_ids.push(ids);
    }
    let mut program = Program::default();
    for ((origin, first_module), given) in origins.iter().zip(first_modules).zip(given_ids) {
        let definitions = read(&origin.place.bytes)?;
        let exported_at = origin.place.path.clone();
        program.sources.push(Source { definitions, first_module, given, exported_at });
    }
    program.modules = modules.iter().map(CompiledModule::definition).collect();
    let (plan, types) = resolve(&program)?;
    drop(program);
    Ok(Component { inner: Arc::new(ComponentInner { plan, types: Arc::new(types), modules, origin }) })
}

fn id32(len: usize) -> u32 {
    u32::try_from(len).expect("a host provides fewer than 2^32 modules")
}

/// Places an error of a core module, which starts at `start`, in the component.
pub(crate) fn core_error(error: &jit::Error, start: u64) -> Error {
    let kind = match error.kind() {
        jit::ErrorKind::Invalid => ErrorKind::Invalid,
        jit::ErrorKind::Unsupported => ErrorKind::Unsupported,
        jit::ErrorKind::Limit | jit::ErrorKind::Host => ErrorKind::Limit,
        jit::ErrorKind::Type | jit::ErrorKind::Link | jit::ErrorKind::Artifact => ErrorKind::Internal,
    };
    Error::new(kind, error.message(), start + error.offset().unwrap_or(0))
}
