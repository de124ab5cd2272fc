//! Finds the core functions that the exports of the worlds are lifted from.

use canonical_abi::Direction;
use wasmparser::component_types::{
    AliasableResourceId, ComponentAnyTypeId, ComponentEntityType, ComponentFuncTypeId,
    ComponentInstanceTypeId, ComponentItem,
};
use wasmparser::{FuncType, ValType};

use super::context::{Context, check_type, list};
use crate::componentize::core::{CoreModule, Extern, display};
use crate::componentize::error::ComponentizeError;
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
    /// An instance, with its functions in order.
    Instance {
        id: ComponentInstanceTypeId,
        lifts: Vec<Lift>,
    },
    Type(ComponentAnyTypeId),
}

/// A resource that the component defines.
pub(in crate::componentize) struct OwnResource {
    pub(in crate::componentize) ty: AliasableResourceId,
    /// The module and the name of its destructor.
    pub(in crate::componentize) dtor: Option<(usize, String)>,
}

/// Returns what the component exports, and the resources that it defines for that.
pub(super) fn exports<'t>(
    cx: &Context<'t>,
) -> Result<(Vec<Export<'t>>, Vec<OwnResource>), ComponentizeError> {
    let mut exports: Vec<Export<'t>> = Vec::new();
    let mut resources = Vec::new();
    for world in cx.worlds {
        for (key, item) in &world.ty.exports {
            // Two sections of a module may hold the same world.
            if exports.iter().any(|known| known.item.full_name(known.key) == item.full_name(key)) {
                continue;
            }
            let kind = match item.ty {
                ComponentEntityType::Func(id) => Exported::Func(lift(cx, world, None, key, id)?),
                ComponentEntityType::Type { created, .. } => Exported::Type(created),
                ComponentEntityType::Instance(id) => {
                    let interface = item.full_name(key).into_owned();
                    let items = &cx.types.get(id).expect("the id is of these types").exports;
                    let mut lifts = Vec::new();
                    for (name, item) in items {
                        match item.ty {
                            ComponentEntityType::Func(id) => {
                                lifts.push(lift(cx, world, Some(&interface), name, id)?)
                            }
                            ComponentEntityType::Type {
                                created: ComponentAnyTypeId::Resource(ty), ..
                            } => {
                                own_resource(cx, world, &interface, name, ty, &mut resources)?;
                            }
                            ComponentEntityType::Type { .. } => {}
                            ComponentEntityType::Instance(_) => {
                                return Err(unsupported("an instance", &interface));
                            }
                            ComponentEntityType::Module(_) => {
                                return Err(unsupported("a core module", &interface));
                            }
                            ComponentEntityType::Component(_) => {
                                return Err(unsupported("a component", &interface));
                            }
                            ComponentEntityType::Value(_) => return Err(unsupported("a value", &interface)),
                        }
                    }
                    Exported::Instance { id, lifts }
                }
                ComponentEntityType::Module(_) => return Err(unsupported("a core module", key)),
                ComponentEntityType::Component(_) => return Err(unsupported("a component", key)),
                ComponentEntityType::Value(_) => return Err(unsupported("a value", key)),
            };
            exports.push(Export { key, item, kind });
        }
    }
    Ok((exports, resources))
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
    interface: &str,
    name: &str,
    ty: AliasableResourceId,
    resources: &mut Vec<OwnResource>,
) -> Result<(), ComponentizeError> {
    let is_known = resources.iter().any(|known| known.ty.resource() == ty.resource());
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
    resources.push(OwnResource { ty, dtor });
    Ok(())
}
