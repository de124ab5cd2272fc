//! Finds what each import of a core module means.

use canonical_abi::Direction;
use wasmparser::collections::IndexMap;
use wasmparser::component_types::{
    AliasableResourceId, ComponentAnyTypeId, ComponentEntityType, ComponentFuncTypeId, ComponentItem,
};
use wasmparser::{FuncType, ValType};

use super::context::{Context, check_type, list};
use crate::componentize::core::{CoreImport, Extern};
use crate::componentize::error::ComponentizeError;
use crate::componentize::names::{self, ImportName, MAIN_MODULE, REALLOC, What, import_name};
use crate::componentize::signature::Needs;
use crate::componentize::worlds::interfaces;
use crate::wiring::Member;

/// What an import of a core module means.
pub(in crate::componentize) enum Meaning<'t> {
    /// A function that the component imports.
    Lower(Lower<'t>),
    ResourceDrop(AliasableResourceId),
    ResourceNew(AliasableResourceId),
    ResourceRep(AliasableResourceId),
    /// A function of an adapter.
    Adapter {
        module: usize,
        export: &'t str,
    },
    /// An export of the main module, for an adapter.
    Main {
        export: &'t str,
    },
}

/// A function that the component imports.
pub(in crate::componentize) struct Lower<'t> {
    pub(in crate::componentize) member: Member,
    /// Its name, if the import is an instance.
    pub(in crate::componentize) func: Option<&'t str>,
    pub(in crate::componentize) id: ComponentFuncTypeId,
    pub(in crate::componentize) needs: Needs,
}

/// Returns what an import of a module means.
pub(super) fn import<'t>(
    cx: &Context<'t>,
    module: usize,
    import: &'t CoreImport,
) -> Result<Meaning<'t>, ComponentizeError> {
    let unknown = |problem: String| ComponentizeError::Import {
        file: cx.modules[module].name.to_owned(),
        import: [import.module.clone(), import.name.clone()],
        problem,
    };
    if module != 0 && (import.module == MAIN_MODULE || (import.module == "env" && import.name == "memory")) {
        return from_main(cx, import).map_err(unknown);
    }
    let adapter = cx.modules.iter().skip(1).position(|adapter| adapter.name == import.module);
    if let Some(adapter) = adapter {
        return from_adapter(cx, module, import, adapter + 1);
    }
    let Extern::Func(given) = &import.ty else {
        let problem = format!(
            "a component gives its core modules functions only, and this is {}",
            import.ty.describe()
        );
        return Err(unknown(problem));
    };
    let name = import_name(&import.module, &import.name);
    let (resource, meaning): (_, fn(AliasableResourceId) -> Meaning<'t>) = match name.what {
        What::Async => {
            let text = format!("the built-in `{}` `{}` of concurrency", import.module, import.name);
            return Err(ComponentizeError::Unsupported(text));
        }
        What::Func(func) => return lower(cx, module, import, given, (name, func)),
        What::ResourceDrop(resource) => (resource, Meaning::ResourceDrop),
        What::ResourceNew(resource) => (resource, Meaning::ResourceNew),
        What::ResourceRep(resource) => (resource, Meaning::ResourceRep),
    };
    let is_own = !matches!(name.what, What::ResourceDrop(_));
    if is_own && !name.is_exported {
        return Err(unknown("only the component that defines a resource can do this".to_owned()));
    }
    let ty = find_resource(cx, module, name, resource).ok_or_else(|| {
        let direction = if name.is_exported { "exports" } else { "imports" };
        let place = name.interface.map(|interface| format!(" in `{interface}`")).unwrap_or_default();
        unknown(format!("the world {direction} no resource `{resource}`{place}"))
    })?;
    if is_own && cx.wiring.origins.resource(ty.resource()).is_some() {
        return Err(unknown(format!(
            "the world imports the resource `{resource}`; only its own component can do this"
        )));
    }
    let results: &[_] = if is_own { &[ValType::I32] } else { &[] };
    let expected = FuncType::new([ValType::I32], results.iter().copied());
    let wanted = match name.what {
        What::ResourceNew(_) => "resource.new",
        What::ResourceRep(_) => "resource.rep",
        What::ResourceDrop(_) | What::Func(_) | What::Async => "resource.drop",
    };
    check_type(cx, module, &import_text(import), (&format!("{wanted} of `{resource}`"), &expected), given)?;
    Ok(meaning(ty))
}

fn import_text(import: &CoreImport) -> String {
    format!("import `{}` `{}`", import.module, import.name)
}

/// Returns an export of the main module that an adapter imports.
fn from_main<'t>(cx: &Context<'t>, import: &'t CoreImport) -> Result<Meaning<'t>, String> {
    let main = &cx.modules[0];
    let names: &[&str] = match (&*import.module, &*import.name) {
        ("env", _) => names::MEMORY,
        (_, name) if REALLOC.contains(&name) => names::ADAPTER_REALLOC,
        (_, _) => &[],
    };
    let own_name = [&*import.name];
    let mut candidates = names.iter().chain(&own_name).filter_map(|name| main.exports.get_key_value(*name));
    let Some((export, ty)) = candidates.next() else {
        return Err(format!("{} exports nothing of this name", main.name));
    };
    // Memories may differ in their limits; validation compares them.
    let fits = match (&import.ty, ty) {
        (Extern::Memory { .. }, Extern::Memory { .. }) => true,
        (wanted, given) => wanted == given,
    };
    match fits {
        true => Ok(Meaning::Main { export }),
        false => {
            Err(format!("expected {}, and {} exports {}", import.ty.describe(), main.name, ty.describe()))
        }
    }
}

/// Returns a function of an adapter that a module imports.
fn from_adapter<'t>(
    cx: &Context<'t>,
    module: usize,
    import: &CoreImport,
    adapter: usize,
) -> Result<Meaning<'t>, ComponentizeError> {
    let unknown = |problem: String| ComponentizeError::Import {
        file: cx.modules[module].name.to_owned(),
        import: [import.module.clone(), import.name.clone()],
        problem,
    };
    let Some((export, ty)) = cx.modules[adapter].exports.get_key_value(&import.name) else {
        return Err(unknown("the adapter of this name exports no such function".to_owned()));
    };
    match (&import.ty, ty) {
        (Extern::Func(given), Extern::Func(expected)) => {
            check_type(cx, module, &import_text(import), ("the adapter's function", expected), given)?;
            Ok(Meaning::Adapter { module: adapter, export })
        }
        (given, _) => {
            Err(unknown(format!("an adapter gives functions only, and this is {}", given.describe())))
        }
    }
}

/// Returns the function of the world that a module imports.
fn lower<'t>(
    cx: &Context<'t>,
    module: usize,
    import: &CoreImport,
    given: &FuncType,
    (name, func): (ImportName<'_>, &str),
) -> Result<Meaning<'t>, ComponentizeError> {
    let unknown = |problem: String| ComponentizeError::Import {
        file: cx.modules[module].name.to_owned(),
        import: [import.module.clone(), import.name.clone()],
        problem,
    };
    if name.is_exported {
        return Err(unknown(
            "the world exports this; a module imports only what it needs of exported resources".to_owned(),
        ));
    }
    let found = match name.interface {
        None => find_root_func(cx, module, func),
        Some(interface) => find_func(cx, module, interface, func).map_err(&unknown)?,
    };
    let Some((world, member, func_name, id)) = found else {
        let worlds = cx.worlds_of(module);
        let names = worlds.flat_map(|(_, world)| world.ty.imports.iter().filter(|(_, item)| is_func(item)));
        let names = list(names.map(|(key, _)| key.clone()));
        return Err(unknown(format!("the world imports no such function; its own functions are {names}")));
    };
    let signature = cx.signature(&cx.worlds[world], (func, id), Direction::Lower)?;
    check_type(cx, module, &import_text(import), (&signature.wit, &signature.ty), given)?;
    Ok(Meaning::Lower(Lower { member, func: func_name, id, needs: signature.needs }))
}

/// The world, the import, the name in its interface, the type.
type Found<'t> = (usize, Member, Option<&'t str>, ComponentFuncTypeId);

fn find_root_func<'t>(cx: &Context<'t>, module: usize, func: &str) -> Option<Found<'t>> {
    cx.worlds_of(module).find_map(|(file, world)| {
        let (import, _, item) = world.ty.imports.get_full(func)?;
        let ComponentEntityType::Func(id) = item.ty else { return None };
        Some((file, Member { file, import }, None, id))
    })
}

fn find_func<'t>(
    cx: &Context<'t>,
    module: usize,
    given: &str,
    func: &str,
) -> Result<Option<Found<'t>>, String> {
    let mut offered = Vec::new();
    for (file, world) in cx.worlds_of(module) {
        for interface in interfaces(cx.types, &world.ty.imports, given) {
            if let Some((name, item)) = interface.exports.get_key_value(func)
                && let ComponentEntityType::Func(id) = item.ty
            {
                let member = Member { file, import: interface.index };
                return Ok(Some((file, member, Some(name), id)));
            }
            let funcs = interface.exports.iter().filter(|(_, item)| is_func(item));
            offered.push(list(funcs.map(|(key, _)| key.clone())));
        }
    }
    if let Some(offered) = offered.pop() {
        return Err(format!("the interface has no such function; it has {offered}"));
    }
    let worlds = cx.worlds_of(module);
    let names = worlds.flat_map(|(_, world)| {
        let imports = world.ty.imports.iter();
        let instances = imports.filter(|(_, item)| matches!(item.ty, ComponentEntityType::Instance(_)));
        instances.map(|(key, item)| item.full_name(key).into_owned())
    });
    // An interface of a package has a `/` in its name, one of the world alone could be called
    // anything.
    let adapter = if given.contains('/') { "" } else { ", and there is no adapter of this name" };
    Err(format!("the world imports no such interface; it imports {}{adapter}", list(names)))
}

fn is_func(item: &ComponentItem) -> bool {
    matches!(item.ty, ComponentEntityType::Func(_))
}

fn find_resource(
    cx: &Context<'_>,
    module: usize,
    name: ImportName<'_>,
    resource: &str,
) -> Option<AliasableResourceId> {
    let resource = |items: &IndexMap<String, ComponentItem>| match items.get(resource)?.ty {
        ComponentEntityType::Type { created: ComponentAnyTypeId::Resource(id), .. } => Some(id),
        ComponentEntityType::Type { .. }
        | ComponentEntityType::Module(_)
        | ComponentEntityType::Func(_)
        | ComponentEntityType::Value(_)
        | ComponentEntityType::Instance(_)
        | ComponentEntityType::Component(_) => None,
    };
    cx.worlds_of(module).find_map(|(_, world)| {
        let items = if name.is_exported { &world.ty.exports } else { &world.ty.imports };
        match name.interface {
            None => resource(items),
            Some(given) => {
                interfaces(cx.types, items, given).iter().find_map(|found| resource(found.exports))
            }
        }
    })
}
