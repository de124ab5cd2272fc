//! Aliases: a second index for something that has a name or an index elsewhere.
//! Follows Explainer.md, "Alias Definitions".

use std::sync::Arc;

use super::frame::{CoreInstance, Entity, FrameId, get};
use super::plan::CoreDef;
use super::{Resolver, push_entity};
use crate::decode::{Alias, CoreSort, Sort};
use crate::error::Error;

/// Evaluates an alias and appends what it names to the index space of its sort.
pub(super) fn alias(
    resolver: &mut Resolver<'_>,
    frame: FrameId,
    alias: &Alias,
    offset: u64,
) -> Result<(), Error> {
    match alias {
        Alias::Export { instance, name } => {
            let instance = get(&resolver.frame(frame).instances, *instance, "instance", offset)?;
            let entity = instance.get(name).cloned();
            let entity = entity.ok_or_else(|| Error::internal(format_args!("no export `{name}`"), offset))?;
            push_entity(resolver, frame, entity);
        }
        Alias::CoreExport { sort, instance, name } => {
            let instance = get(&resolver.frame(frame).core_instances, *instance, "core instance", offset)?;
            let def = core_export(&instance, name, offset)?;
            push_core(resolver, frame, *sort, def, offset)?;
        }
        Alias::Outer { sort, count, index } => outer(resolver, frame, (*sort, *index), *count, offset)?,
    }
    Ok(())
}

/// Returns what a core instance exports under a name.
pub(super) fn core_export(
    instance: &CoreInstance<'_>,
    name: &Arc<str>,
    offset: u64,
) -> Result<CoreDef, Error> {
    match instance {
        CoreInstance::Instantiated(instance) => {
            Ok(CoreDef::Export { instance: *instance, name: Arc::clone(name) })
        }
        CoreInstance::Exports(exports) => exports
            .get(&**name)
            .cloned()
            .ok_or_else(|| Error::internal(format_args!("no core export `{name}`"), offset)),
    }
}

fn push_core(
    resolver: &mut Resolver<'_>,
    frame: FrameId,
    sort: CoreSort,
    def: CoreDef,
    offset: u64,
) -> Result<(), Error> {
    let frame = resolver.frame_mut(frame);
    match sort {
        CoreSort::Func => frame.core_funcs.push(def),
        CoreSort::Table => frame.core_tables.push(def),
        CoreSort::Memory => frame.core_memories.push(def),
        CoreSort::Global => frame.core_globals.push(def),
        CoreSort::Tag => frame.core_tags.push(def),
        CoreSort::Type | CoreSort::Module => {
            return Err(Error::internal("a core instance exports no types and modules", offset));
        }
    }
    Ok(())
}

fn outer(
    resolver: &mut Resolver<'_>,
    frame: FrameId,
    (sort, index): (Sort, u32),
    count: u32,
    offset: u64,
) -> Result<(), Error> {
    let outer = resolver.frame(enclosing(resolver, frame, count, offset)?);
    let entity = match sort {
        Sort::Core(CoreSort::Module) => Entity::Module(get(&outer.modules, index, "module", offset)?),
        Sort::Core(CoreSort::Type) => {
            let ty = get(&outer.core_types, index, "core type", offset)?;
            resolver.frame_mut(frame).core_types.push(ty);
            return Ok(());
        }
        Sort::Type => Entity::Type(get(&outer.types, index, "type", offset)?),
        Sort::Component => Entity::Component(get(&outer.components, index, "component", offset)?),
        Sort::Core(
            CoreSort::Func | CoreSort::Table | CoreSort::Memory | CoreSort::Global | CoreSort::Tag,
        )
        | Sort::Func
        | Sort::Value
        | Sort::Instance => return Err(Error::internal("an outer alias of what instances own", offset)),
    };
    push_entity(resolver, frame, entity);
    Ok(())
}

/// Returns the frame that is `count` frames further out.
pub(super) fn enclosing(
    resolver: &Resolver<'_>,
    frame: FrameId,
    count: u32,
    offset: u64,
) -> Result<FrameId, Error> {
    let mut from = frame;
    for _ in 0..count {
        let parent = resolver.frame(from).parent;
        from = parent.ok_or_else(|| Error::internal("an outer alias leaves the root", offset))?;
    }
    Ok(from)
}
