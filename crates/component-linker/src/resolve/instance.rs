//! Instances, core and component. Follows Explainer.md, "Core Instance Definitions" and "Instance
//! Definitions".

use std::collections::BTreeMap;
use std::rc::Rc;

use super::alias::core_export;
use super::fault::Fault;
use super::frame::{Component, CoreInstance, Exports, Frame, FrameId, Instance, Module, get, no_argument};
use super::import::unknown_instance;
use super::plan::{CoreDef, CoreInstanceId, Step};
use super::{Args, Resolver, entity, run_component};
use crate::decode::{
    CoreImport, CoreInlineExport, CoreInstanceExpr, CoreInstantiateArg, CoreSort, InstanceExpr,
};
use crate::error::Error;

/// What each import of a core module counts at each instantiation, as if it were part of the
/// definition.
const IMPORT_BYTES: u64 = 8;

/// Evaluates a core instance definition.
pub(super) fn core_instance<'a>(
    resolver: &mut Resolver<'a>,
    frame: FrameId,
    instance: &'a CoreInstanceExpr,
    offset: u64,
) -> Result<CoreInstance<'a>, Error> {
    match instance {
        CoreInstanceExpr::Instantiate { module, args } => {
            instantiate_module(resolver, frame, *module, args, offset)
        }
        CoreInstanceExpr::InlineExports(exports) => {
            let frame = resolver.frame(frame);
            let defs = exports.iter().map(|export| Ok((&*export.name, core_def(frame, export, offset)?)));
            Ok(CoreInstance::Exports(Rc::new(defs.collect::<Result<_, Error>>()?)))
        }
    }
}

fn core_def(frame: &Frame<'_>, export: &CoreInlineExport, offset: u64) -> Result<CoreDef, Error> {
    let index = export.index;
    match export.sort {
        CoreSort::Func => get(&frame.core_funcs, index, "core function", offset),
        CoreSort::Table => get(&frame.core_tables, index, "core table", offset),
        CoreSort::Memory => get(&frame.core_memories, index, "core memory", offset),
        CoreSort::Global => get(&frame.core_globals, index, "core global", offset),
        CoreSort::Tag => get(&frame.core_tags, index, "core tag", offset),
        CoreSort::Type | CoreSort::Module => {
            Err(Error::internal("a core instance exports no types and modules", offset))
        }
    }
}

fn instantiate_module<'a>(
    resolver: &mut Resolver<'a>,
    frame: FrameId,
    module: u32,
    args: &[CoreInstantiateArg],
    offset: u64,
) -> Result<CoreInstance<'a>, Error> {
    let module = match get(&resolver.frame(frame).modules, module, "module", offset)? {
        Module::Defined(id) => id,
        Module::Imported(_) => {
            let id = CoreInstanceId(resolver.n_core_instances);
            resolver.n_core_instances += 1;
            return Ok(CoreInstance::Instantiated(id));
        }
    };
    let mut by_name = BTreeMap::new();
    for arg in args {
        let instance = get(&resolver.frame(frame).core_instances, arg.instance, "core instance", offset)?;
        by_name.insert(&*arg.name, instance);
    }
    let definition = resolver.program.modules.get(module.0 as usize);
    let definition = definition.ok_or_else(|| Error::internal("no such module", offset))?;
    let mut defs = Vec::with_capacity(definition.imports.len());
    for CoreImport { module: from, name, ty: _ } in &definition.imports {
        let instance = by_name.get(&**from);
        let instance = instance.ok_or_else(|| no_argument(from, offset))?;
        defs.push(core_export(instance, name, offset)?);
    }
    resolver.charge(definition.imports.len() as u64 * IMPORT_BYTES, offset)?;
    let needs = &mut resolver.plan.needs;
    needs.n_instances += 1;
    needs.n_memories += u64::from(definition.n_memories);
    needs.n_tables += u64::from(definition.n_tables);
    let id = CoreInstanceId(resolver.n_core_instances);
    resolver.n_core_instances += 1;
    let instance = resolver.frame(frame).instance;
    resolver.push_step(Step::InstantiateModule { module, instance, args: defs }, offset)?;
    Ok(CoreInstance::Instantiated(id))
}

/// Evaluates a component instance definition.
pub(super) fn instance<'a>(
    resolver: &mut Resolver<'a>,
    frame: FrameId,
    instance: &'a InstanceExpr,
    offset: u64,
) -> Result<Instance<'a>, Fault> {
    match instance {
        InstanceExpr::Instantiate { component, args } => {
            let component = get(&resolver.frame(frame).components, *component, "component", offset)?;
            let mut given = BTreeMap::new();
            for arg in args {
                given.insert(&*arg.name, entity(resolver.frame(frame), arg.sortidx, offset)?);
            }
            resolver.nested(offset, |resolver| match component {
                Component::Defined { source, id, parent } => {
                    let args = Args::Given(given);
                    Ok(Rc::new(run_component(resolver, source, id, parent, args, offset)?))
                }
                Component::Imported(ty) => unknown_instance(resolver, ty, offset, |_, _, import| {
                    let entity = given.get(&*import.name).cloned();
                    Ok(entity.ok_or_else(|| no_argument(&import.name, offset))?)
                }),
            })
        }
        InstanceExpr::InlineExports(exports) => {
            let mut bundle = Exports::default();
            for export in exports {
                let entity = entity(resolver.frame(frame), export.sortidx, offset)?;
                bundle.insert(&export.name, &export.attributes, entity, offset)?;
            }
            Ok(Rc::new(bundle))
        }
    }
}
