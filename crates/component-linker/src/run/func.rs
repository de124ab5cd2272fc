//! Component functions of a store: their types, and what a call of one runs.

use std::sync::Arc;

use canonical_abi::{ResourceId, Types};

use super::canon::{Lifted, TypedHostFunc};
use super::host::HostFunc;
use super::instance::Func;
use super::state::{InstanceIndex, ResourceIndex};
use super::store::StoreContextMut;
use crate::func_type::Signature;
use crate::names::describe_path;
use crate::resolve::{ImportedFuncId, InstantiationPlan};

/// Names a component function of a store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct FuncIndex(pub(crate) u32);

/// A component function of a store.
pub(crate) struct FuncInstance<T: 'static> {
    pub(crate) info: Arc<FuncInfo>,
    pub(crate) body: Body<T>,
}

/// A function's type, with what its ids name.
#[derive(Debug)]
pub(crate) struct FuncInfo {
    pub(crate) types: Arc<Types>,
    pub(crate) signature: Arc<Signature>,
    /// The store's resource types by [`ResourceId`].
    pub(crate) resources: Arc<[ResourceIndex]>,
    /// Which import it is, if it is one.
    pub(crate) import: Option<Import>,
}

/// Names an imported function.
#[derive(Clone, Debug)]
pub(crate) struct Import {
    pub(crate) plan: Arc<InstantiationPlan>,
    pub(crate) id: ImportedFuncId,
}

/// What a call of a component function runs.
pub(crate) enum Body<T: 'static> {
    Lifted(Lifted),
    Host(HostFunc<T>),
    Typed(Arc<dyn TypedHostFunc<T>>),
    /// An export of another instance, whose types are equal and whose ids are not.
    Exported(Arc<FuncInstance<T>>),
}

/// The canonical options at run time, and the instance they belong to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) abi: canonical_abi::Options,
    pub(crate) memory: Option<jit::Memory>,
    pub(crate) realloc: Option<jit::Func>,
    pub(crate) instance: InstanceIndex,
}

impl<T> FuncInstance<T> {
    /// Returns whether a call of it is one of a guest.
    pub(super) fn is_lifted(&self) -> bool {
        match &self.body {
            Body::Lifted(_) => true,
            Body::Host(_) | Body::Typed(_) => false,
            Body::Exported(callee) => callee.is_lifted(),
        }
    }
}

impl FuncInfo {
    /// Returns the function's name as errors write it, if it is an import.
    pub(crate) fn name(&self) -> Option<String> {
        let Import { plan, id } = self.import.as_ref()?;
        Some(describe_path(&plan.imported_funcs.get(id.0 as usize)?.path, "host function"))
    }

    /// Returns the store's resource type for one that the function's type names.
    pub(crate) fn resource(&self, id: ResourceId) -> ResourceIndex {
        self.resources[id.0 as usize]
    }
}

/// Returns the body of a function that is an export of an instance of the same store. A function
/// that only calls another is left out, so that chains do not grow.
pub(crate) fn body_of_export<T>(cx: &StoreContextMut<'_, T>, func: &Func) -> Body<T> {
    let func = cx.host().func(func.index);
    Body::Exported(match &func.body {
        Body::Exported(callee) => Arc::clone(callee),
        Body::Lifted(_) | Body::Host(_) | Body::Typed(_) => Arc::clone(func),
    })
}
