//! How a component lifts its exports and lowers its imports, for whoever explains them.
//! Follows CanonicalABI.md, "Canonical ABI Options".

use std::collections::BTreeMap;
use std::sync::Arc;

use canonical_abi::{Options, PtrType};

use super::plan::{Builtin, CoreDef, FuncDef, OptionsDef, Step};
use super::resolved::ResolvedComponent;
use crate::decode::{CoreExternType, ModuleId};

/// How a component lifts a function that it exports, or lowers one that it imports.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CanonOptions {
    /// The canonical options. Without the option `memory`, pointers are 32 bits wide.
    pub options: Options,
    /// The name under which a core module exports the lifted function, if one does.
    pub core_name: Option<String>,
    /// The name under which a core module exports the `post-return` function, if there is one.
    pub post_return: Option<String>,
    /// The name under which a core module exports the callback, if there is one.
    pub callback: Option<String>,
}

impl ResolvedComponent {
    /// Returns how the component lifts each function that it exports and does not import, by the
    /// names that lead to the export.
    ///
    /// ```
    /// use component_linker::ResolvedComponent;
    ///
    /// let bytes = wat::parse_str(
    ///     r#"(component
    ///         (core module $m (func (export "core-f") (result i32) (i32.const 1)))
    ///         (core instance $i (instantiate $m))
    ///         (func (export "f") (result u32) (canon lift (core func $i "core-f"))))"#,
    /// )?;
    /// let liftings = ResolvedComponent::new(&bytes)?.liftings();
    /// let lifting = &liftings[&vec!["f".to_owned()]];
    /// assert_eq!(lifting.core_name.as_deref(), Some("core-f"));
    /// assert!(!lifting.options.is_async && lifting.post_return.is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn liftings(&self) -> BTreeMap<Vec<String>, CanonOptions> {
        let plan = &self.resolution.plan;
        let lifts: Vec<_> = plan
            .steps
            .iter()
            .filter_map(|step| match step {
                Step::Lift(lift) => Some(lift),
                Step::InstantiateModule { .. } | Step::DefineResource { .. } | Step::DefineBuiltin(_) => None,
            })
            .collect();
        let mut memories = Memories::new(self);
        let lifted = plan.exported_funcs.iter().filter_map(|(path, func)| {
            let FuncDef::Lifted(id) = func else { return None };
            let lift = lifts.get(id.0 as usize)?;
            let path = path.iter().map(|name| name.to_string()).collect();
            Some((path, canon_options(&mut memories, &lift.options, Some(&lift.core_func))))
        });
        lifted.collect()
    }

    /// Returns how the component lowers each function that it imports, by the names that lead to
    /// the import. Each way of lowering it is there once.
    pub fn lowerings(&self) -> BTreeMap<Vec<String>, Vec<CanonOptions>> {
        let plan = &self.resolution.plan;
        let mut memories = Memories::new(self);
        let mut found = BTreeMap::<_, Vec<CanonOptions>>::new();
        for step in &plan.steps {
            if let Step::DefineBuiltin(def) = step
                && let Builtin::Lower { func: FuncDef::Imported(id), options } = &def.builtin
            {
                let path = plan.imported_funcs[id.0 as usize].path.iter().map(|name| name.to_string());
                let ways = found.entry(path.collect()).or_default();
                let way = canon_options(&mut memories, options, None);
                if !ways.contains(&way) {
                    ways.push(way);
                }
            }
        }
        found
    }
}

fn canon_options(memories: &mut Memories<'_>, def: &OptionsDef, core_func: Option<&CoreDef>) -> CanonOptions {
    let name = |def: Option<&CoreDef>| match def {
        Some(CoreDef::Export { name, .. }) => Some(name.to_string()),
        Some(CoreDef::Builtin(_)) | None => None,
    };
    let ptr = def.memory.as_ref().and_then(|memory| memories.pointer_type(memory));
    CanonOptions {
        options: Options {
            string_encoding: def.string_encoding,
            ptr: ptr.unwrap_or_default(),
            is_async: def.is_async,
            has_callback: def.callback.is_some(),
        },
        core_name: name(core_func),
        post_return: name(def.post_return.as_ref()),
        callback: name(def.callback.as_ref()),
    }
}

/// The address types of memories. Many functions use the same one.
struct Memories<'a> {
    component: &'a ResolvedComponent,
    /// By core instance.
    modules: Vec<ModuleId>,
    known: BTreeMap<(u32, Arc<str>), Option<PtrType>>,
}

impl<'a> Memories<'a> {
    fn new(component: &'a ResolvedComponent) -> Self {
        let steps = component.resolution.plan.steps.iter();
        let modules = steps.filter_map(|step| match step {
            Step::InstantiateModule { module, .. } => Some(*module),
            Step::DefineResource { .. } | Step::DefineBuiltin(_) | Step::Lift(_) => None,
        });
        Self { component, modules: modules.collect(), known: BTreeMap::new() }
    }

    fn pointer_type(&mut self, memory: &CoreDef) -> Option<PtrType> {
        let CoreDef::Export { instance, name } = memory else { return None };
        let Self { component, modules, known } = self;
        *known.entry((instance.0, Arc::clone(name))).or_insert_with(|| {
            let module = modules.get(instance.0 as usize)?;
            let module = &component.resolution.program.modules[module.0 as usize];
            let export = module.exports.iter().find(|export| export.name == *name)?;
            match export.ty {
                CoreExternType::Memory(ty) if ty.limits.is_64 => Some(PtrType::I64),
                CoreExternType::Memory(_) => Some(PtrType::I32),
                CoreExternType::Func(_)
                | CoreExternType::Table(_)
                | CoreExternType::Global(_)
                | CoreExternType::Tag(_) => None,
            }
        })
    }
}
