//! Finds the core functions that the exports of the worlds are lifted from.

use std::borrow::Cow;
use std::collections::HashMap;

use canonical_abi::Direction;
use wasmparser::component_types::{
    AliasableResourceId, ComponentAnyTypeId, ComponentEntityType, ComponentFuncTypeId,
    ComponentInstanceTypeId, ComponentItem,
};
use wasmparser::{FuncType, ValType};

use super::context::{Context, check_type, list};
use crate::componentize::core::{CoreModule, Extern, display};
use crate::componentize::error::ComponentizeError;
use crate::componentize::merge::{self, MergedItem};
use crate::componentize::names;
use crate::componentize::signature::{CoreSignature, Needs};
use crate::componentize::worlds::ModuleWorld;

/// A function that the component exports.
pub(in crate::componentize) struct Lift {
    pub(in crate::componentize) module: usize,
    /// The name of the core function.
    pub(in crate::componentize) export: String,
    pub(in crate::componentize) post_return: Option<String>,
    pub(in crate::componentize) id: ComponentFuncTypeId,
    pub(in crate::componentize) needs: Needs,
}

/// An export of the component.
pub(in crate::componentize) struct Export<'t> {
    pub(in crate::componentize) key: &'t str,
    pub(in crate::componentize) item: &'t ComponentItem,
    pub(in crate::componentize) kind: Exported,
}

/// What is exported.
pub(in crate::componentize) enum Exported {
    Func(Lift),
    /// An instance: its types in the worlds that have it, and its functions in the order of
    /// [`merge::items`].
    Instance {
        ids: Vec<ComponentInstanceTypeId>,
        lifts: Vec<Lift>,
    },
    Type(ComponentAnyTypeId),
}

/// A resource that the component defines.
pub(in crate::componentize) struct OwnResource {
    pub(in crate::componentize) ty: AliasableResourceId,
    /// The same resource in other worlds.
    pub(in crate::componentize) others: Vec<AliasableResourceId>,
    /// The module and the name of its destructor.
    pub(in crate::componentize) dtor: Option<(usize, String)>,
}

/// Returns what the component exports, and the resources that it defines for that.
pub(super) fn exports<'t>(
    cx: &Context<'t>,
) -> Result<(Vec<Export<'t>>, Vec<OwnResource>), ComponentizeError> {
    let mut exports = Vec::new();
    let mut resources = Vec::new();
    for (key, item, ids) in merged(cx) {
        let (world, item) = item;
        let kind = match item.ty {
            ComponentEntityType::Func(id) => Exported::Func(lift(cx, world, None, key, id)?),
            ComponentEntityType::Type { created, .. } => Exported::Type(created),
            ComponentEntityType::Instance(_) => {
                let interface = item.full_name(key).into_owned();
                let lifts = interface_lifts(cx, &interface, &ids, &mut resources)?;
                Exported::Instance { ids: ids.into_iter().map(|(_, id)| id).collect(), lifts }
            }
            ComponentEntityType::Module(_) => return Err(unsupported("a core module", key)),
            ComponentEntityType::Component(_) => return Err(unsupported("a component", key)),
            ComponentEntityType::Value(_) => return Err(unsupported("a value", key)),
        };
        exports.push(Export { key, item, kind });
    }
    Ok((exports, resources))
}

/// A world's instance type.
type OfWorld<'t> = (&'t ModuleWorld<'t>, ComponentInstanceTypeId);

/// An export of the worlds: its name, the first world that has it and its type there, and its types
/// in all worlds if it is an instance.
type MergedExport<'t> = (&'t str, (&'t ModuleWorld<'t>, &'t ComponentItem), Vec<OfWorld<'t>>);

/// Returns the exports of all worlds, each name once. The worlds agree on what several of them
/// have.
fn merged<'t>(cx: &Context<'t>) -> Vec<MergedExport<'t>> {
    let mut exports: Vec<MergedExport<'t>> = Vec::new();
    let mut places: HashMap<Cow<'t, str>, usize> = HashMap::new();
    for world in cx.worlds {
        for (key, item) in &world.ty.exports {
            let place = *places.entry(item.full_name(key)).or_insert_with(|| {
                exports.push((key, (world, item), Vec::new()));
                exports.len() - 1
            });
            if let ComponentEntityType::Instance(id) = item.ty {
                exports[place].2.push((world, id));
            }
        }
    }
    exports
}

/// Returns the functions of an exported interface, in the order of [`merge::items`], and adds the
/// resources that it defines.
fn interface_lifts(
    cx: &Context<'_>,
    interface: &str,
    of_worlds: &[OfWorld<'_>],
    resources: &mut Vec<OwnResource>,
) -> Result<Vec<Lift>, ComponentizeError> {
    let ids: Vec<_> = of_worlds.iter().map(|(_, id)| *id).collect();
    let mut lifts = Vec::new();
    for MergedItem { name, first, item, others } in merge::items(cx.types, &ids) {
        let (world, _) = of_worlds[first];
        match item.ty {
            ComponentEntityType::Func(id) => lifts.push(lift(cx, world, Some(interface), name, id)?),
            ComponentEntityType::Type { created: ComponentAnyTypeId::Resource(ty), .. } => {
                let others = others.iter().filter_map(|item| resource(item)).collect();
                own_resource(cx, world, (interface, name), (ty, others), resources)?;
            }
            ComponentEntityType::Type { .. } => {}
            ComponentEntityType::Instance(_) => return Err(unsupported("an instance", interface)),
            ComponentEntityType::Module(_) => return Err(unsupported("a core module", interface)),
            ComponentEntityType::Component(_) => return Err(unsupported("a component", interface)),
            ComponentEntityType::Value(_) => return Err(unsupported("a value", interface)),
        }
    }
    Ok(lifts)
}

fn resource(item: &ComponentItem) -> Option<AliasableResourceId> {
    match item.ty {
        ComponentEntityType::Type { created: ComponentAnyTypeId::Resource(id), .. } => Some(id),
        ComponentEntityType::Type { .. }
        | ComponentEntityType::Module(_)
        | ComponentEntityType::Func(_)
        | ComponentEntityType::Value(_)
        | ComponentEntityType::Instance(_)
        | ComponentEntityType::Component(_) => None,
    }
}

fn unsupported(what: &str, export: &str) -> ComponentizeError {
    ComponentizeError::Unsupported(format!("{what} as an export, or in one: `{export}`"))
}

/// Returns the modules that may have an export of a world: the world's own, then the others.
fn providers<'t>(
    cx: &Context<'t>,
    world: &ModuleWorld<'_>,
) -> impl Iterator<Item = (usize, &'t CoreModule<'t>)> + use<'t> {
    let own = world.module;
    let modules = cx.modules;
    let others = modules.iter().enumerate().filter(move |(module, _)| *module != own);
    std::iter::once((own, &modules[own])).chain(others)
}

fn lift(
    cx: &Context<'_>,
    world: &ModuleWorld<'_>,
    interface: Option<&str>,
    func: &str,
    id: ComponentFuncTypeId,
) -> Result<Lift, ComponentizeError> {
    let names = names::export_names(interface, func);
    let candidates = [&*names[0], &*names[1]];
    let signature = cx.signature(world, (func, id), Direction::Lift)?;
    let Some((module, export)) =
        providers(cx, world).find_map(|(index, module)| Some((index, module.first_func(&candidates)?)))
    else {
        return Err(missing_export(cx, world, &names, &signature));
    };
    let core = &cx.modules[module];
    let given = core.func(export).expect("it was found above");
    check_type(cx, module, &format!("export `{export}`"), (&signature.wit, &signature.ty), given)?;
    let post_return = names::post_return_name(export);
    let post_return = match core.func(&post_return) {
        None => None,
        Some(given) => {
            let expected = FuncType::new(signature.ty.results().iter().copied(), []);
            let wanted = format!("cleaning up after `{}`", signature.wit);
            check_type(cx, module, &format!("export `{post_return}`"), (&wanted, &expected), given)?;
            Some(post_return)
        }
    };
    Ok(Lift { module, export: export.to_owned(), post_return, id, needs: signature.needs })
}

fn missing_export(
    cx: &Context<'_>,
    world: &ModuleWorld<'_>,
    names: &[String; 2],
    signature: &CoreSignature,
) -> ComponentizeError {
    let module = &cx.modules[world.module];
    let [_, export] = names;
    let is_async =
        |name: &String| names::async_export_names(name).iter().any(|name| module.func(name).is_some());
    if names.iter().any(is_async) {
        return ComponentizeError::Unsupported(format!(
            "the asynchronous export `{export}` of {}",
            module.name
        ));
    }
    let exports = module.exports.iter().filter(|(_, ty)| matches!(ty, Extern::Func(_)));
    ComponentizeError::Export {
        file: module.name.to_owned(),
        export: export.clone(),
        problem: format!(
            "the world exports `{}`, for which the module has to export {} under this name; it exports {}",
            signature.wit,
            display(&signature.ty),
            list(exports.map(|(name, _)| name.clone()))
        ),
    }
}

/// Adds a resource that an exported interface defines.
fn own_resource(
    cx: &Context<'_>,
    world: &ModuleWorld<'_>,
    (interface, name): (&str, &str),
    (ty, others): (AliasableResourceId, Vec<AliasableResourceId>),
    resources: &mut Vec<OwnResource>,
) -> Result<(), ComponentizeError> {
    let is_it = |known: &AliasableResourceId| known.resource() == ty.resource();
    let is_known = resources.iter().any(|known| is_it(&known.ty) || known.others.iter().any(is_it));
    if is_known || cx.wiring.origins.resource(ty.resource()).is_some() {
        return Ok(());
    }
    let names = names::dtor_names(interface, name);
    let candidates = [&*names[0], &*names[1]];
    let found =
        providers(cx, world).find_map(|(index, module)| Some((index, module.first_func(&candidates)?)));
    let dtor = match found {
        None => None,
        Some((module, export)) => {
            let expected = FuncType::new([ValType::I32], []);
            let given = cx.modules[module].func(export).expect("it was found above");
            let wanted = format!("destructor of `{name}`");
            check_type(cx, module, &format!("export `{export}`"), (&wanted, &expected), given)?;
            Some((module, export.to_owned()))
        }
    };
    resources.push(OwnResource { ty, others, dtor });
    Ok(())
}
