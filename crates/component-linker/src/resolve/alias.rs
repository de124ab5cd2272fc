//! Aliases: a second index for something that has a name or an index elsewhere.
//! Follows Explainer.md, "Alias Definitions".

use std::sync::Arc;

use wasmparser::{ComponentAlias, ComponentOuterAliasKind, ExternalKind};

use super::frame::{CoreInstance, Entity, FrameId, get};
use super::{Resolver, push_entity};
use crate::error::Error;
use crate::plan::CoreDef;

/// Evaluates an alias and appends what it names to the index space of its sort.
pub(super) fn alias<'a>(
    resolver: &mut Resolver<'a>,
    frame: FrameId,
    alias: &ComponentAlias<'a>,
    offset: u64,
) -> Result<(), Error> {
    match *alias {
        ComponentAlias::InstanceExport { kind: _, instance_index, name } => {
            let instance = get(&resolver.frame(frame).instances, instance_index, "instance", offset)?;
            let entity = instance.get(name).cloned();
            let entity = entity.ok_or_else(|| Error::internal(format_args!("no export `{name}`"), offset))?;
            push_entity(resolver, frame, entity);
        }
        ComponentAlias::CoreInstanceExport { kind, instance_index, name } => {
            let instance =
                get(&resolver.frame(frame).core_instances, instance_index, "core instance", offset)?;
            let def = core_export(&instance, name, offset)?;
            push_core(resolver, frame, kind, def);
        }
        ComponentAlias::Outer { kind, count, index } => outer(resolver, frame, kind, count, index, offset)?,
    }
    Ok(())
}

/// Returns what a core instance exports under a name.
pub(super) fn core_export(instance: &CoreInstance<'_>, name: &str, offset: u64) -> Result<CoreDef, Error> {
    match instance {
        CoreInstance::Instantiated(instance) => {
            Ok(CoreDef::Export { instance: *instance, name: Arc::from(name) })
        }
        CoreInstance::Exports(exports) => exports
            .get(name)
            .cloned()
            .ok_or_else(|| Error::internal(format_args!("no core export `{name}`"), offset)),
    }
}

fn push_core(resolver: &mut Resolver<'_>, frame: FrameId, kind: ExternalKind, def: CoreDef) {
    let frame = resolver.frame_mut(frame);
    match kind {
        ExternalKind::Func | ExternalKind::FuncExact => frame.core_funcs.push(def),
        ExternalKind::Table => frame.core_tables.push(def),
        ExternalKind::Memory => frame.core_memories.push(def),
        ExternalKind::Global => frame.core_globals.push(def),
        ExternalKind::Tag => frame.core_tags.push(def),
    }
}

fn outer(
    resolver: &mut Resolver<'_>,
    frame: FrameId,
    kind: ComponentOuterAliasKind,
    count: u32,
    index: u32,
    offset: u64,
) -> Result<(), Error> {
    let mut from = frame;
    for _ in 0..count {
        let parent = resolver.frame(from).parent;
        from = parent.ok_or_else(|| Error::internal("an outer alias leaves the root", offset))?;
    }
    let outer = resolver.frame(from);
    let entity = match kind {
        ComponentOuterAliasKind::CoreModule => Entity::Module(get(&outer.modules, index, "module", offset)?),
        ComponentOuterAliasKind::CoreType => return Ok(()), // nothing but validation looks at core types
        ComponentOuterAliasKind::Type => Entity::Type(get(&outer.types, index, "type", offset)?),
        ComponentOuterAliasKind::Component => {
            Entity::Component(get(&outer.components, index, "component", offset)?)
        }
    };
    push_entity(resolver, frame, entity);
    Ok(())
}
