//! Instances of components and their exported functions.

use std::fmt;
use std::sync::Arc;

use canonical_abi::{FuncType, ResourceId, Types, ValueTypeError, display_func, type_check};

use super::canon::{CallTrace, call_destructor, invoke};
use super::func::{FuncIndex, FuncInfo};
use super::hook::calling_wasm;
use super::host::ResourceOrigin;
use super::state::ResourceIndex;
use super::store::{AsContextMut, StoreContextMut};
use crate::Val;
use crate::compile::Component;
use crate::compile::Module;
use crate::error::Error;
use crate::names::Path;
use crate::resolve::{FoundItem, FuncDef, ItemKind, find_item};
use crate::trap::Trap;
use crate::typed::{ResourceAny, ResourceError, ResourceKey};

/// An instance of a component, living in a store. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Instance {
    pub(crate) inner: Arc<InstanceInner>,
}

#[derive(Debug)]
pub(crate) struct InstanceInner {
    pub(crate) store: u64,
    pub(crate) component: Component,
    /// By [`LiftId`](crate::resolve::LiftId).
    pub(crate) lifted: Vec<Func>,
    /// By [`ImportedFuncId`](crate::resolve::ImportedFuncId).
    pub(crate) imported: Vec<Func>,
    /// By [`ResourceId`].
    pub(crate) resources: Arc<[ResourceIndex]>,
    /// By [`ResourceId`].
    pub(crate) origins: Arc<[ResourceOrigin]>,
}

/// A component function in a store. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Func {
    pub(crate) store: u64,
    pub(crate) index: FuncIndex,
    pub(crate) info: Arc<FuncInfo>,
}

/// Why a call has no result.
#[derive(Debug)]
pub enum CallError {
    /// The function or instance belongs to another store.
    WrongStore,
    /// The component has no such resource type.
    UnknownResource(ResourceId),
    /// The number of arguments is not the function's.
    Arity {
        /// The function's type as WIT.
        expected: String,
        /// How many arguments were given.
        n_given: usize,
    },
    /// An argument is not of its parameter's type.
    Type {
        /// The parameter's name.
        param: String,
        /// Where in the argument, what was expected there and what was given.
        error: ValueTypeError,
    },
    /// An argument is a resource that can't be passed.
    Resource(ResourceError),
    /// The guest, or a host function that it called, trapped.
    Trap(Trap),
}

impl Instance {
    /// Returns the component that this is an instance of.
    pub fn component(&self) -> &Component {
        &self.inner.component
    }

    /// Returns the exported function at a path: `["run"]`, or `["ns:pkg/interface", "run"]` for a
    /// function of an exported instance.
    ///
    /// An interface of which the component exports another version is found there, in the
    /// newest if there are several, as long as it is compatible.
    ///
    /// Returns `None` if there is no such function, or if the instance belongs to another store.
    /// Look a function up once and keep it.
    pub fn get_func(&self, mut store: impl AsContextMut, path: &[&str]) -> Option<Func> {
        if store.as_context_mut().state().id != self.inner.store {
            return None;
        }
        self.exported_func(path)
    }

    /// Returns the exported function at a path, or at one of a compatible version.
    pub(crate) fn exported_func(&self, path: &[&str]) -> Option<Func> {
        let exact: Path = path.iter().copied().map(Arc::from).collect();
        self.export_at(&exact).or_else(|| self.export_at(&self.find_export(path)?.path))
    }

    /// Returns the exported function at exactly this path.
    pub(crate) fn export_at(&self, path: &Path) -> Option<Func> {
        let inner = &*self.inner;
        match *inner.component.inner.plan.exported_funcs.get(path)? {
            FuncDef::Lifted(id) => inner.lifted.get(id.0 as usize).cloned(),
            FuncDef::Imported(id) => inner.imported.get(id.0 as usize).cloned(),
            FuncDef::Unknown => None,
        }
    }

    fn find_export(&self, path: &[&str]) -> Option<FoundItem<'_>> {
        find_item(self.component().exports(), path)
    }

    /// Returns the resource type that the instance exports at a path, as
    /// [`ResourceAny::ty`](crate::ResourceAny::ty) returns it: equal keys are the same type.
    ///
    /// Returns `None` if there is none, or if the instance belongs to another store.
    pub fn get_resource(&self, mut store: impl AsContextMut, path: &[&str]) -> Option<ResourceKey> {
        if store.as_context_mut().state().id != self.inner.store {
            return None;
        }
        match self.find_export(path)?.item.kind {
            ItemKind::Resource(id) => self.resource_key(id),
            ItemKind::Func(_)
            | ItemKind::Instance(_)
            | ItemKind::Type(_)
            | ItemKind::OtherType
            | ItemKind::Module
            | ItemKind::Component => None,
        }
    }

    /// Returns the exported core module at a path.
    pub fn get_module(&self, path: &[&str]) -> Option<Module> {
        self.component().exported_module(&self.find_export(path)?.path)
    }

    /// Returns the exported component at a path, if there is one.
    ///
    /// # Errors
    ///
    /// If the component asks for something that is not supported yet.
    pub fn get_component(&self, path: &[&str]) -> Result<Option<Component>, Error> {
        match self.find_export(path) {
            Some(found) => self.component().exported_component(&found.path),
            None => Ok(None),
        }
    }

    /// Drops a resource that the host owns: calls the destructor of `resource`, a resource type of
    /// [`Component::types`], with the representation that the host was given as [`Val::Own`].
    ///
    /// # Errors
    ///
    /// If the store is another one, if `resource` is no resource type of the component, or if the
    /// destructor traps.
    pub fn drop_resource(
        &self,
        mut store: impl AsContextMut,
        resource: ResourceId,
        rep: u32,
    ) -> Result<(), CallError> {
        let mut cx = store.as_context_mut();
        if cx.state().id != self.inner.store {
            return Err(CallError::WrongStore);
        }
        let index = self.inner.resources.get(resource.0 as usize);
        let index = *index.ok_or(CallError::UnknownResource(resource))?;
        let dropped = calling_wasm(&mut cx, |cx| call_destructor(cx, index, rep));
        dropped.map_err(|trap| CallError::trapped(&mut cx, trap))
    }
}

impl ResourceAny {
    /// Drops a resource that the host owns: calls its destructor. For one that is borrowed there is
    /// nothing to do.
    ///
    /// # Errors
    ///
    /// If the resource is of another store, was given away or dropped before, or if its destructor
    /// traps.
    pub fn resource_drop(&self, mut store: impl AsContextMut) -> Result<(), CallError> {
        let mut cx = store.as_context_mut();
        if cx.state().id != self.ty().store {
            return Err(CallError::WrongStore);
        }
        if !self.give_up().map_err(CallError::Resource)? {
            return Ok(());
        }
        let index = ResourceIndex(self.ty().index);
        let dropped = calling_wasm(&mut cx, |cx| call_destructor(cx, index, self.rep()));
        dropped.map_err(|trap| CallError::trapped(&mut cx, trap))
    }
}

impl Func {
    /// Returns the function's type. Its ids belong to [`Self::types`].
    pub fn ty(&self) -> &FuncType {
        &self.info.signature.ty
    }

    /// Returns the types that the ids in the function's type name.
    pub fn types(&self) -> &Types {
        &self.info.types
    }

    /// Calls the function: lowers the arguments, runs it, lifts its result and calls its
    /// post-return function.
    ///
    /// # Errors
    ///
    /// If the arguments do not fit the function's type, nothing has run. If the guest traps, every
    /// component instance that the trap passed through is out of use.
    pub fn call(&self, mut store: impl AsContextMut, args: &[Val]) -> Result<Option<Val>, CallError> {
        self.call_with(&mut store.as_context_mut(), args, None)
    }

    /// Calls the function like [`call`](Self::call), and returns also what lowering the arguments
    /// and lifting the result did, step by step. For tools: it is slower.
    pub fn call_traced(
        &self,
        mut store: impl AsContextMut,
        args: &[Val],
    ) -> (Result<Option<Val>, CallError>, CallTrace) {
        let mut trace = CallTrace::default();
        let result = self.call_with(&mut store.as_context_mut(), args, Some(&mut trace));
        (result, trace)
    }

    fn call_with<T>(
        &self,
        cx: &mut StoreContextMut<'_, T>,
        args: &[Val],
        trace: Option<&mut CallTrace>,
    ) -> Result<Option<Val>, CallError> {
        if cx.state().id != self.store {
            return Err(CallError::WrongStore);
        }
        self.check_args(args)?;
        let func = Arc::clone(cx.host().func(self.index));
        let call = |cx: &mut StoreContextMut<'_, T>| invoke(cx, &func, args, trace);
        let result = if cx.has_hook() && func.is_lifted() { calling_wasm(cx, call) } else { call(cx) };
        result.map_err(|trap| CallError::trapped(cx, trap))
    }

    fn check_args(&self, args: &[Val]) -> Result<(), CallError> {
        let ty = self.ty();
        if args.len() != ty.params.len() {
            let expected = display_func(self.types(), "the function", ty);
            return Err(CallError::Arity { expected, n_given: args.len() });
        }
        for ((name, ty), arg) in ty.params.iter().zip(args) {
            type_check(self.types(), *ty, arg)
                .map_err(|error| CallError::Type { param: name.clone(), error })?;
        }
        Ok(())
    }
}

impl CallError {
    /// Returns the error of a call that ended in a trap, which has reached the host now.
    #[cold]
    pub(crate) fn trapped<T>(cx: &mut StoreContextMut<'_, T>, trap: Trap) -> Self {
        cx.state_mut().explain(&trap);
        Self::Trap(trap)
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongStore => f.write_str("the function belongs to another store"),
            Self::UnknownResource(id) => write!(f, "the component has no resource type {}", id.0),
            Self::Arity { expected, n_given } => write!(f, "{n_given} arguments given to {expected}"),
            Self::Type { param, error } => write!(f, "argument `{param}`: {error}"),
            Self::Resource(error) => error.fmt(f),
            Self::Trap(trap) => trap.fmt(f),
        }
    }
}

impl std::error::Error for CallError {
    /// Returns what the error within was caused by: that error itself is in the message.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::WrongStore | Self::UnknownResource(_) | Self::Arity { .. } => None,
            Self::Type { error, .. } => error.source(),
            Self::Resource(error) => error.source(),
            Self::Trap(trap) => trap.source(),
        }
    }
}
