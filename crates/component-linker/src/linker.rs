//! The linker: meets a component's imports by name.

use std::fmt;
use std::sync::Arc;

use jit::HostError;

use crate::Val;
use crate::component::Component;
use crate::error::Error;
use crate::func_type::display_func;
use crate::host::{Definition, Definitions, HostDtor, HostFunc};
use crate::instance::Instance;
use crate::instantiate::{Imports, instantiate};
use crate::names::{compatible_name, describe_path};
use crate::plan::Path;
use crate::store::{AsContextMut, StoreContextMut};
use crate::trap::Trap;

/// Host functions and resource types by name.
///
/// Where a component imports `a:b/c@1.2.3` and the linker has no such instance but has one of a compatible version
/// (the same major version, or the same minor version of major version 0), that one is taken.
pub struct Linker<T: 'static> {
    definitions: Definitions<T>,
}

/// One named instance of a [`Linker`], or its root.
pub struct LinkerInstance<'a, T: 'static> {
    definitions: &'a mut Definitions<T>,
    path: Path,
}

/// Why a component could not be linked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LinkError {
    /// The linker has nothing for an import. The message names it and its type.
    Missing(String),
    /// The linker has something of another sort under the name of an import.
    WrongSort(String),
    /// A name was given to the linker twice.
    Duplicate(String),
    /// The component needs something at instantiation that is not supported yet.
    Unsupported(Error),
    /// A core module did not accept an argument. Validation of the component rules this out.
    Core(String),
}

/// Why a component could not be instantiated.
#[derive(Debug)]
pub enum InstantiateError {
    /// Its imports could not be met; nothing has run.
    Link(LinkError),
    /// It trapped while its core modules were initialized.
    Trap(Trap),
    /// A limit of the configuration or of the system is exceeded.
    Resource(jit::Error),
}

impl<T: 'static> Linker<T> {
    /// Creates a linker that knows nothing.
    pub fn new() -> Self {
        Self { definitions: Definitions::new() }
    }

    /// Returns the place for functions that a component imports without an instance.
    pub fn root(&mut self) -> LinkerInstance<'_, T> {
        LinkerInstance { definitions: &mut self.definitions, path: Path::new() }
    }

    /// Returns the place for what a component imports from the instance `name`, such as `wasi:cli/stdout@0.2.6`.
    ///
    /// # Errors
    ///
    /// If `name` is a function or a resource already.
    pub fn instance(&mut self, name: &str) -> Result<LinkerInstance<'_, T>, LinkError> {
        self.root().into_instance(name)
    }

    /// Meets each import of the component that is not met yet: functions trap when called and name the import,
    /// resource types become the host's.
    ///
    /// # Errors
    ///
    /// If the linker has something of another sort under the name of an import.
    pub fn stub_imports(&mut self, component: &Component) -> Result<(), LinkError> {
        let plan = &component.inner.plan;
        for path in plan.resources.iter().filter_map(|resource| resource.imported.as_ref()) {
            if let Found::Nothing = find(&self.definitions, path) {
                self.place(path)?.1.resource(last(path), |_, _| Ok(()))?;
            }
        }
        for import in &plan.imported_funcs {
            if let Found::Nothing = find(&self.definitions, &import.path) {
                let stub = Stub(import.path.clone());
                let (name, mut instance) = self.place(&import.path)?;
                instance.func_new(&name, move |_, _| Err(Box::new(stub.clone())))?;
            }
        }
        Ok(())
    }

    /// Returns the instance that a path ends in, and its last name.
    fn place(&mut self, path: &[Arc<str>]) -> Result<(String, LinkerInstance<'_, T>), LinkError> {
        let mut instance = self.root();
        for name in &path[..path.len().saturating_sub(1)] {
            instance = instance.into_instance(name)?;
        }
        Ok((String::from(last(path)), instance))
    }

    /// Instantiates a component: makes its core instances and runs their start functions.
    ///
    /// # Errors
    ///
    /// If an import is not met, or if the component traps.
    pub fn instantiate(
        &self,
        mut store: impl AsContextMut<Data = T>,
        component: &Component,
    ) -> Result<Instance, InstantiateError> {
        let imports = self.imports(component).map_err(InstantiateError::Link)?;
        instantiate(&mut store.as_context_mut(), component, imports)
    }

    /// Looks up every import of the component.
    fn imports(&self, component: &Component) -> Result<Imports<T>, LinkError> {
        let plan = &component.inner.plan;
        if let Some(unmet) = plan.unmet_imports.first() {
            return Err(LinkError::Unsupported(Error::unsupported(&unmet.what, unmet.offset)));
        }
        let mut funcs = Vec::with_capacity(plan.imported_funcs.len());
        for import in &plan.imported_funcs {
            let expected = || display_func(component.types(), last(&import.path), &import.signature.ty);
            funcs.push(self.func(&import.path, expected)?);
        }
        let mut resources = Vec::new();
        for resource in &plan.resources {
            let dtor = resource.imported.as_deref().map(|path| self.resource(path)).transpose()?;
            resources.push(dtor);
        }
        Ok(Imports { funcs, resources })
    }

    fn func(&self, path: &[Arc<str>], expected: impl Fn() -> String) -> Result<HostFunc<T>, LinkError> {
        let describe = || match path {
            [outer @ .., _] if !outer.is_empty() => {
                format!("import `{}` function `{}`", outer.join("` `"), expected())
            }
            _ => format!("import function `{}`", expected()),
        };
        match find(&self.definitions, path) {
            Found::Definition(Definition::Func(func)) => Ok(Arc::clone(func)),
            Found::Definition(other) => Err(wrong_sort(&describe(), other.sort())),
            Found::NotAnInstance => Err(wrong_sort(&describe(), "function or a resource")),
            Found::Nothing => Err(LinkError::Missing(format!("{} is not provided", describe()))),
        }
    }

    fn resource(&self, path: &[Arc<str>]) -> Result<HostDtor<T>, LinkError> {
        let describe = || format!("import {}", describe_path(path, "resource"));
        match find(&self.definitions, path) {
            Found::Definition(Definition::Resource(dtor)) => Ok(Arc::clone(dtor)),
            Found::Definition(other) => Err(wrong_sort(&describe(), other.sort())),
            Found::NotAnInstance => Err(wrong_sort(&describe(), "function or a resource")),
            Found::Nothing => Err(LinkError::Missing(format!("{} is not provided", describe()))),
        }
    }
}

fn wrong_sort(expected: &str, given: &str) -> LinkError {
    LinkError::WrongSort(format!("{expected} is provided as a {given}"))
}

fn last(path: &[Arc<str>]) -> &str {
    path.last().map_or("", |name| &**name)
}

/// What a linker has under a path.
enum Found<'a, T: 'static> {
    Definition(&'a Definition<T>),
    NotAnInstance,
    Nothing,
}

/// Finds a path. Where an instance of the very name lacks the rest, one of a compatible version may have it.
fn find<'a, T>(definitions: &'a Definitions<T>, path: &[Arc<str>]) -> Found<'a, T> {
    let Some((name, rest)) = path.split_first() else { return Found::Nothing };
    let mut best = Found::Nothing;
    for definition in candidates(definitions, name) {
        best = match (definition, rest) {
            (definition, []) => Found::Definition(definition),
            (Definition::Instance(definitions), rest) => find(definitions, rest),
            (Definition::Func(_) | Definition::Resource(_), _) => Found::NotAnInstance,
        };
        if let Found::Definition(_) | Found::NotAnInstance = best {
            break;
        }
    }
    best
}

/// Returns what has the very name, then what has one of a compatible version, last one first.
fn candidates<'a, T>(definitions: &'a Definitions<T>, name: &str) -> impl Iterator<Item = &'a Definition<T>> {
    let compatible = compatible_name(name).map(|wanted| {
        let matches = move |other: &str| other != name && compatible_name(other) == Some(wanted);
        definitions.iter().rev().filter(move |(other, _)| matches(other)).map(|(_, definition)| definition)
    });
    definitions.get(name).into_iter().chain(compatible.into_iter().flatten())
}

impl<'a, T: 'static> LinkerInstance<'a, T> {
    /// Provides a function.
    ///
    /// Arguments have been checked when `func` is called; the result is checked when it returns, a wrong one traps.
    /// An error that it returns becomes a trap of the guest.
    ///
    /// # Errors
    ///
    /// If the instance has something under `name` already.
    pub fn func_new<F>(&mut self, name: &str, func: F) -> Result<(), LinkError>
    where
        F: Fn(&mut StoreContextMut<'_, T>, &[Val]) -> Result<Option<Val>, HostError> + Send + Sync + 'static,
    {
        self.define(name, Definition::Func(Arc::new(func)))
    }

    /// Provides a resource type whose values the host knows by a number of its choice, the representation.
    /// `dtor` is called with it when a guest drops the last handle to a resource.
    ///
    /// # Errors
    ///
    /// If the instance has something under `name` already.
    pub fn resource<F>(&mut self, name: &str, dtor: F) -> Result<(), LinkError>
    where
        F: Fn(&mut StoreContextMut<'_, T>, u32) -> Result<(), HostError> + Send + Sync + 'static,
    {
        self.define(name, Definition::Resource(Arc::new(dtor)))
    }

    /// Returns the place for an instance within this one.
    ///
    /// # Errors
    ///
    /// If `name` is a function or a resource already.
    pub fn into_instance(self, name: &str) -> Result<Self, LinkError> {
        let Self { definitions, mut path } = self;
        path.push(Arc::from(name));
        let entry = definitions.entry(String::from(name));
        match entry.or_insert_with(|| Definition::Instance(Definitions::new())) {
            Definition::Instance(definitions) => Ok(LinkerInstance { definitions, path }),
            other @ (Definition::Func(_) | Definition::Resource(_)) => {
                Err(wrong_sort(&describe_path(&path, "instance"), other.sort()))
            }
        }
    }

    fn define(&mut self, name: &str, definition: Definition<T>) -> Result<(), LinkError> {
        if self.definitions.contains_key(name) {
            let mut path = self.path.clone();
            path.push(Arc::from(name));
            let message = format!("{} is provided twice", describe_path(&path, definition.sort()));
            return Err(LinkError::Duplicate(message));
        }
        self.definitions.insert(String::from(name), definition);
        Ok(())
    }
}

impl<T: 'static> Default for Linker<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: 'static> Clone for Linker<T> {
    fn clone(&self) -> Self {
        Self { definitions: self.definitions.clone() }
    }
}

impl<T: 'static> fmt::Debug for Linker<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Linker").field(&self.definitions).finish()
    }
}

impl<T: 'static> fmt::Debug for LinkerInstance<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LinkerInstance").field(&self.path).finish()
    }
}

/// The error of a stubbed import.
#[derive(Clone, Debug)]
struct Stub(Path);

impl fmt::Display for Stub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "import {} was called, but is only a stub", describe_path(&self.0, "function"))
    }
}

impl std::error::Error for Stub {}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(message)
            | Self::WrongSort(message)
            | Self::Duplicate(message)
            | Self::Core(message) => f.write_str(message),
            Self::Unsupported(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for LinkError {}

impl fmt::Display for InstantiateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link(error) => error.fmt(f),
            Self::Trap(trap) => trap.fmt(f),
            Self::Resource(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for InstantiateError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Link(error) => Some(error),
            Self::Trap(trap) => Some(trap),
            Self::Resource(error) => Some(error),
        }
    }
}
