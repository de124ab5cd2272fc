//! A component that is decoded, resolved and compiled, ready to be linked and instantiated.

use std::fmt;
use std::sync::Arc;

use canonical_abi::{FuncType, ResourceId, Types, ValType};

use crate::decode::{Definitions, ModuleDefinition, decode, validate};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::plan::{Plan, Unsupported};
use crate::resolve::resolve;

/// A compiled component. Cheap to clone; shared by all its instances.
#[derive(Clone)]
pub struct Component {
    pub(crate) inner: Arc<ComponentInner>,
}

pub(crate) struct ComponentInner {
    pub(crate) plan: Plan,
    pub(crate) types: Arc<Types>,
    /// By [`ModuleId`](crate::decode::ModuleId).
    pub(crate) modules: Vec<jit::Module>,
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
        let (plan, types) = resolve(&definitions)?;
        let modules = compile_modules(engine, &definitions, bytes)?;
        Ok(Self { inner: Arc::new(ComponentInner { plan, types: Arc::new(types), modules }) })
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
    definitions: &Definitions<'_>,
    bytes: &[u8],
) -> Result<Vec<jit::Module>, Error> {
    let compile = |module: &ModuleDefinition<'_>| {
        jit::Module::new(engine.core(), &bytes[module.range.clone()])
            .map_err(|error| core_error(&error, module.range.start as u64))
    };
    definitions.modules.iter().map(compile).collect()
}

/// Places an error of a core module, which starts at `start`, in the component.
fn core_error(error: &jit::Error, start: u64) -> Error {
    let kind = match error.kind() {
        jit::ErrorKind::Invalid => ErrorKind::Invalid,
        jit::ErrorKind::Unsupported => ErrorKind::Unsupported,
        jit::ErrorKind::Limit | jit::ErrorKind::Host => ErrorKind::Limit,
        jit::ErrorKind::Type => ErrorKind::Internal,
    };
    Error::new(kind, error.message(), start + error.offset().unwrap_or(0))
}
