//! Runs a plan: makes a component's instances in a store, step by step.
//!
//! Names of core exports are looked up here and never again.

use std::sync::Arc;

use canonical_abi::name::escape;
use canonical_abi::{Direction, PtrType, ResourceId, flatten_functype};

use super::canon::{self, BuiltinFunc, Lifted, core_func_type, with_call};
use super::func::{Body, FuncInfo, FuncInstance, Import, Options};
use super::host::ResourceOrigin;
use super::instance::{Func, Instance, InstanceInner};
use super::state::{InstanceIndex, InstanceState, ResourceIndex, ResourceType};
use super::store::StoreContextMut;
use crate::compile::Component;
use crate::func_type::Signature;
use crate::link_error::{InstantiateError, LinkError};
use crate::resolve::{
    Builtin, BuiltinDef, CoreDef, FuncDef, ImportedFuncId, InstanceId, InstantiationPlan, LiftDef,
    OptionsDef, Step,
};

/// What satisfies the imports of a plan, in its order.
pub(crate) struct Imports<T: 'static> {
    pub(crate) funcs: Vec<Body<T>>,
    /// By [`ResourceId`]; `None` for those that the component defines.
    pub(crate) resources: Vec<Option<ImportedResource>>,
}

/// A resource type that satisfies an import.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ImportedResource {
    pub(crate) index: ResourceIndex,
    pub(crate) origin: ResourceOrigin,
}

/// An instantiation in progress: what its steps have made so far.
struct Progress {
    component: Component,
    first_instance: InstanceIndex,
    resources: Arc<[ResourceIndex]>,
    origins: Arc<[ResourceOrigin]>,
    core_instances: Vec<jit::Instance>,
    builtins: Vec<BuiltinFunc>,
    lifted: Vec<Func>,
    imported: Vec<Func>,
}

/// Instantiates a component.
pub(crate) fn instantiate<T: 'static>(
    cx: &mut StoreContextMut<'_, T>,
    component: &Component,
    imports: Imports<T>,
) -> Result<Instance, InstantiateError> {
    let plan = &component.inner.plan;
    cx.state_mut().take(&plan.needs).map_err(InstantiateError::Limit)?;
    cx.charge(plan_bytes(plan)).map_err(InstantiateError::Limit)?;
    let mut progress = begin(cx, component, imports);
    for step in &plan.steps {
        let done = run_step(cx, &mut progress, step);
        if let Err(error) = &done {
            poison_all(cx, &progress, plan);
            if let InstantiateError::Trap(trap) = error {
                cx.state_mut().explain(trap);
            }
        }
        done?;
    }
    let inner = InstanceInner {
        store: cx.state().id,
        component: progress.component,
        lifted: progress.lifted,
        imported: progress.imported,
        resources: progress.resources,
        origins: progress.origins,
    };
    Ok(Instance { inner: Arc::new(inner) })
}

/// Returns the bytes that an instantiation takes besides what its core instances do.
fn plan_bytes(plan: &InstantiationPlan) -> u64 {
    /// What a step leaves in the store, a function mostly, takes less than this.
    const STEP_BYTES: u64 = 256;
    let n_steps = plan.steps.len() + plan.imported_funcs.len();
    STEP_BYTES * n_steps as u64 + InstanceState::BYTES * u64::from(plan.n_instances)
}

/// Makes room for the instances and resource types, and makes the imported functions.
fn begin<T>(cx: &mut StoreContextMut<'_, T>, component: &Component, imports: Imports<T>) -> Progress {
    let plan = &component.inner.plan;
    let state = cx.state_mut();
    let first_instance = state.push_instances(plan.n_instances);
    let resource = |imported: Option<ImportedResource>| {
        imported.unwrap_or_else(|| {
            let index = state.push_resource(ResourceType::Undefined);
            ImportedResource { index, origin: ResourceOrigin::Guest { store: state.id, index } }
        })
    };
    let resources: Vec<_> = imports.resources.into_iter().map(resource).collect();
    let mut progress = Progress {
        component: component.clone(),
        first_instance,
        resources: resources.iter().map(|resource| resource.index).collect(),
        origins: resources.iter().map(|resource| resource.origin).collect(),
        core_instances: Vec::new(),
        builtins: Vec::new(),
        lifted: Vec::new(),
        imported: Vec::with_capacity(imports.funcs.len()),
    };
    for ((id, import), body) in (0..).zip(&plan.imported_funcs).zip(imports.funcs) {
        let import_name = Import { plan: Arc::clone(plan), id: ImportedFuncId(id) };
        let info = func_info(&progress, &import.signature, Some(import_name));
        progress.imported.push(push_func(cx, FuncInstance { info, body }));
    }
    progress
}

fn func_info(progress: &Progress, signature: &Arc<Signature>, import: Option<Import>) -> Arc<FuncInfo> {
    Arc::new(FuncInfo {
        types: Arc::clone(&progress.component.inner.types),
        signature: Arc::clone(signature),
        resources: Arc::clone(&progress.resources),
        import,
    })
}

fn push_func<T>(cx: &mut StoreContextMut<'_, T>, func: FuncInstance<T>) -> Func {
    let info = Arc::clone(&func.info);
    let (state, host) = cx.halves_mut();
    Func { store: state.id, index: host.push_func(func), info }
}

/// Puts the half-made instances of a failed instantiation out of use.
fn poison_all<T>(cx: &mut StoreContextMut<'_, T>, progress: &Progress, plan: &InstantiationPlan) {
    for id in 0..plan.n_instances {
        let index = instance_index(progress, InstanceId(id));
        cx.state_mut().poison(index);
    }
}

fn instance_index(progress: &Progress, id: InstanceId) -> InstanceIndex {
    InstanceIndex(progress.first_instance.0 + id.0)
}

fn run_step<T: 'static>(
    cx: &mut StoreContextMut<'_, T>,
    progress: &mut Progress,
    step: &Step,
) -> Result<(), InstantiateError> {
    match step {
        Step::InstantiateModule { module, instance, args } => {
            let module = progress.component.inner.modules[module.0 as usize].core.clone();
            let instance = instance_index(progress, *instance);
            let made = instantiate_module(cx, progress, &module, instance, args)?;
            progress.core_instances.push(made);
        }
        Step::DefineResource { resource, instance, dtor } => {
            let dtor = core_func(cx, progress, dtor.as_ref(), || jit_type(&[jit::ValType::I32], &[]))?;
            let instance = instance_index(progress, *instance);
            let index = resource_index(progress, *resource);
            cx.state_mut().define_resource(index, ResourceType::Guest { instance, dtor });
        }
        Step::DefineBuiltin(def) => {
            let builtin = make_builtin(cx, progress, def)?;
            progress.builtins.push(builtin);
        }
        Step::Lift(def) => {
            let func = lift(cx, progress, def)?;
            progress.lifted.push(push_func(cx, func));
        }
    }
    Ok(())
}

fn jit_type(params: &[jit::ValType], results: &[jit::ValType]) -> jit::FuncType {
    jit::FuncType::new(params.to_vec(), results.to_vec())
}

fn resource_index(progress: &Progress, id: ResourceId) -> ResourceIndex {
    progress.resources[id.0 as usize]
}

fn instantiate_module<T: 'static>(
    cx: &mut StoreContextMut<'_, T>,
    progress: &Progress,
    module: &jit::Module,
    instance: InstanceIndex,
    args: &[CoreDef],
) -> Result<jit::Instance, InstantiateError> {
    let mut imports = Vec::with_capacity(args.len());
    for (def, import) in args.iter().zip(module.imports()) {
        let expected = || if let jit::ExternType::Func(ty) = import.ty { ty } else { jit_type(&[], &[]) };
        imports.push(core_extern(cx, progress, def, expected)?);
    }
    let made = with_call(cx, instance, |cx| Ok(jit::Instance::new(&mut cx.core, module, &imports)));
    match made.map_err(InstantiateError::Trap)? {
        Ok(made) => Ok(made),
        Err(jit::InstantiateError::Trap(trap)) => Err(InstantiateError::Trap(canon::core_trap(cx, trap))),
        Err(jit::InstantiateError::Link(error)) => {
            Err(InstantiateError::Link(LinkError::Core(error.to_string())))
        }
        Err(jit::InstantiateError::Resource(error)) => Err(match error.budget() {
            Some(budget) => InstantiateError::Limit(cx.state().limits.exceeded(budget)),
            None => InstantiateError::Resource(error),
        }),
    }
}

/// Returns what a core definition names. A built-in that is not supported becomes a function of
/// type `ty`.
fn core_extern<T: 'static>(
    cx: &mut StoreContextMut<'_, T>,
    progress: &Progress,
    def: &CoreDef,
    ty: impl FnOnce() -> jit::FuncType,
) -> Result<jit::Extern, InstantiateError> {
    match def {
        CoreDef::Export { instance, name } => {
            let instance = progress.core_instances[instance.0 as usize];
            let found = instance.get_export(&mut cx.core, name);
            found.ok_or_else(|| {
                let name = escape(name);
                InstantiateError::Link(LinkError::Core(format!("a core instance has no export `{name}`")))
            })
        }
        CoreDef::Builtin(id) => Ok(jit::Extern::Func(match &progress.builtins[id.0 as usize] {
            BuiltinFunc::Func(func) => *func,
            BuiltinFunc::Unsupported { instance, what } => canon::unsupported(cx, *instance, what, ty()),
        })),
    }
}

fn core_func<T: 'static>(
    cx: &mut StoreContextMut<'_, T>,
    progress: &Progress,
    def: Option<&CoreDef>,
    ty: impl FnOnce() -> jit::FuncType,
) -> Result<Option<jit::Func>, InstantiateError> {
    let Some(def) = def else { return Ok(None) };
    match core_extern(cx, progress, def, ty)?.into_func() {
        Some(func) => Ok(Some(func)),
        None => Err(wrong_extern("function")),
    }
}

fn wrong_extern(expected: &str) -> InstantiateError {
    InstantiateError::Link(LinkError::Core(format!("something else is provided as a core {expected}")))
}

fn options<T: 'static>(
    cx: &mut StoreContextMut<'_, T>,
    progress: &Progress,
    instance: InstanceId,
    def: &OptionsDef,
) -> Result<Options, InstantiateError> {
    let memory = match &def.memory {
        None => None,
        Some(def) => {
            let memory = core_extern(cx, progress, def, || jit_type(&[], &[]))?.into_memory();
            Some(memory.ok_or_else(|| wrong_extern("memory"))?)
        }
    };
    // Validation admits no 64-bit memory here yet.
    let (ptr, core_ptr) = (PtrType::I32, jit::ValType::I32);
    let realloc = core_func(cx, progress, def.realloc.as_ref(), || jit_type(&[core_ptr; 4], &[core_ptr]))?;
    let abi = canonical_abi::Options {
        string_encoding: def.string_encoding,
        ptr,
        is_async: def.is_async,
        has_callback: def.callback.is_some(),
    };
    let instance = instance_index(progress, instance);
    Ok(Options { abi, memory, realloc, instance })
}

fn lift<T: 'static>(
    cx: &mut StoreContextMut<'_, T>,
    progress: &Progress,
    def: &LiftDef,
) -> Result<FuncInstance<T>, InstantiateError> {
    let options = options(cx, progress, def.instance, &def.options)?;
    let info = func_info(progress, &def.signature, None);
    let flat = flatten_functype(&info.types, &def.signature.ty, &options.abi, Direction::Lift);
    let core = core_func(cx, progress, Some(&def.core_func), || core_func_type(&flat))?;
    let core = core.expect("a definition was given");
    let post_return_type = || jit::FuncType::new(core_func_type(&flat).results, vec![]);
    let post_return = core_func(cx, progress, def.options.post_return.as_ref(), post_return_type)?;
    let lifted = Lifted::new(&info, flat, options, core, post_return);
    Ok(FuncInstance { info, body: Body::Lifted(lifted) })
}

fn make_builtin<T: 'static>(
    cx: &mut StoreContextMut<'_, T>,
    progress: &Progress,
    def: &BuiltinDef,
) -> Result<BuiltinFunc, InstantiateError> {
    let instance = instance_index(progress, def.instance);
    let func = match &def.builtin {
        Builtin::Lower { func, options: def_options } => {
            let options = options(cx, progress, def.instance, def_options)?;
            let func = match *func {
                FuncDef::Unknown => unreachable!("an open plan has no steps"),
                FuncDef::Lifted(id) => &progress.lifted[id.0 as usize],
                FuncDef::Imported(id) => &progress.imported[id.0 as usize],
            };
            let callee = Arc::clone(cx.host().func(func.index));
            canon::lower(cx, callee, options)
        }
        Builtin::ResourceNew(id) => canon::resource_new(cx, instance, resource_index(progress, *id)),
        Builtin::ResourceDrop(id) => canon::resource_drop(cx, instance, resource_index(progress, *id)),
        Builtin::ResourceRep(id) => canon::resource_rep(cx, instance, resource_index(progress, *id)),
        Builtin::ContextGet { slot, is_64 } => {
            canon::context_get(cx, canon::Slot { index: *slot, is_64: *is_64 })
        }
        Builtin::ContextSet { slot, is_64 } => {
            canon::context_set(cx, canon::Slot { index: *slot, is_64: *is_64 })
        }
        Builtin::BackpressureInc => canon::backpressure_inc(cx, instance),
        Builtin::BackpressureDec => canon::backpressure_dec(cx, instance),
        Builtin::TaskReturn { signature, options: def_options } => {
            let options = options(cx, progress, def.instance, def_options)?;
            canon::task_return(cx, func_info(progress, signature, None), options)
        }
        Builtin::Unsupported { what } => {
            return Ok(BuiltinFunc::Unsupported { instance, what: what.clone() });
        }
    };
    Ok(BuiltinFunc::Func(func))
}
