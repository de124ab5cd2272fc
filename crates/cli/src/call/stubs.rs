//! Stubs for imports, which write down how they are called.

use std::fmt;
use std::sync::Arc;

use canonical_abi::Types;
use component_linker::{Component, Item, ItemKind, LinkError, Linker, StoreContextMut, Val};

use super::print::text;
use crate::functions::join_name;

/// The most calls that are written down for each call of the user's.
const MAX_CALLS: usize = 1_000;

/// The calls that guests have made to the host.
#[derive(Debug, Default)]
pub(crate) struct HostCalls {
    pub(crate) list: Vec<HostCall>,
    pub(crate) n_more: usize,
}

/// A call of an import.
#[derive(Clone, Debug)]
pub(crate) struct HostCall {
    /// The import: `demo:host/log.level@0.1.0`.
    pub(crate) function: String,
    /// The arguments as WAVE.
    pub(crate) args: Vec<String>,
    /// Why there is no result.
    pub(crate) failure: String,
}

impl HostCalls {
    fn push(&mut self, call: impl FnOnce() -> HostCall) {
        if self.list.len() < MAX_CALLS {
            self.list.push(call());
        } else {
            self.n_more += 1;
        }
    }
}

/// Links each import to a function that traps with the import's name, and each resource type to one
/// of the host.
///
/// # Errors
///
/// Those of the linker.
pub(super) fn stub_imports(linker: &mut Linker<HostCalls>, component: &Component) -> Result<(), LinkError> {
    let types = Arc::new(component.types().clone());
    stub_items(linker, &types, component.imports(), &mut Vec::new())?;
    // Resource types.
    linker.stub_imports(component)
}

fn stub_items(
    linker: &mut Linker<HostCalls>,
    types: &Arc<Types>,
    items: &[Item],
    path: &mut Vec<String>,
) -> Result<(), LinkError> {
    for Item { name, kind, .. } in items {
        match kind {
            ItemKind::Func(ty) => {
                let mut instance = linker.root();
                for name in &*path {
                    instance = instance.into_instance(name)?;
                }
                let stub = Stub::new(path, name);
                let types = Arc::clone(types);
                let tys: Vec<_> = ty.params.iter().map(|(_, ty)| *ty).collect();
                let call = move |cx: &mut StoreContextMut<'_, HostCalls>, args: &[Val]| {
                    cx.data_mut().push(|| HostCall {
                        function: stub.function.clone(),
                        args: args.iter().zip(&tys).map(|(arg, ty)| text(&types, *ty, arg)).collect(),
                        failure: stub.to_string(),
                    });
                    Err(stub.clone().into())
                };
                instance.func_new(name, call)?;
            }
            ItemKind::Instance(items) => {
                path.push(name.clone());
                stub_items(linker, types, items, path)?;
                path.pop();
            }
            ItemKind::Resource(_)
            | ItemKind::Type(_)
            | ItemKind::OtherType
            | ItemKind::Module
            | ItemKind::Component => {}
        }
    }
    Ok(())
}

/// The error of a stub.
#[derive(Clone, Debug)]
struct Stub {
    /// The import's name as one.
    function: String,
    /// The import's name as messages of the linker have it.
    import: String,
}

impl Stub {
    fn new(path: &[String], name: &String) -> Self {
        let owners: String = path.iter().map(|owner| format!("`{owner}` ")).collect();
        let all: Vec<&String> = path.iter().chain([name]).collect();
        Self { function: join_name(&all), import: format!("{owners}function `{name}`") }
    }
}

impl fmt::Display for Stub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "import {} was called, but is only a stub", self.import)
    }
}

impl std::error::Error for Stub {}
