//! Which function each import of a core module is given, where that is certain.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::decode::ModuleId;
use crate::resolve::{CoreDef, InstantiationPlan, Step};

/// An import that every instance of a module is given from an instance of one other module.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Promise<'a> {
    pub(super) importer: ModuleId,
    /// Among all imports of the importer.
    pub(super) position: usize,
    pub(super) exporter: ModuleId,
    pub(super) export: &'a str,
}

/// Returns what is certain of the imports of all modules. What a module is promised comes after
/// what those are that it imports from.
///
/// Nothing is certain of a component that exports modules or components, for others may instantiate
/// these with other arguments, nor of one whose own modules are not all known.
pub(super) fn promises(plan: &InstantiationPlan) -> Vec<Promise<'_>> {
    let is_closed = plan.exported_modules.is_empty() && plan.exported_components.is_empty() && !plan.is_open;
    if !is_closed {
        return Vec::new();
    }
    let mut modules: Vec<ModuleId> = Vec::new(); // by core instance
    let mut order = Vec::new();
    let mut given = BTreeMap::new();
    for step in &plan.steps {
        let (module, args) = match step {
            Step::InstantiateModule { module, instance: _, args } => (*module, args),
            Step::DefineResource { .. } | Step::DefineBuiltin(_) | Step::Lift(_) => continue,
        };
        for (position, arg) in args.iter().enumerate() {
            let source = match arg {
                CoreDef::Export { instance, name } => Some((modules[instance.0 as usize], &**name)),
                CoreDef::Builtin(_) => None,
            };
            match given.entry((module.0, position)) {
                Entry::Vacant(entry) => {
                    order.push((module, position));
                    entry.insert(source);
                }
                Entry::Occupied(mut entry) if *entry.get() != source => _ = entry.insert(None),
                Entry::Occupied(_) => {}
            }
        }
        modules.push(module);
    }
    let promise = |(importer, position): (ModuleId, usize)| {
        let (exporter, export) = given[&(importer.0, position)]?;
        Some(Promise { importer, position, exporter, export })
    };
    order.into_iter().filter_map(promise).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ResolvedComponent;

    const MODULES: &str = r#"
        (core module $one (func (export "f") (result i32) (i32.const 1)))
        (core module $two (func (export "f") (result i32) (i32.const 2)))
        (core module $user (import "i" "f" (func $f (result i32)))
            (func (export "run") (result i32) (call $f)))
        (core instance $one (instantiate $one))
        (core instance $two (instantiate $two))
        (core instance (instantiate $user (with "i" (instance $one))))"#;

    #[test]
    fn only_what_is_certain_is_promised() {
        let check = |rest: &str, n_promises: usize| {
            let bytes = wat::parse_str(format!("(component {MODULES} {rest})")).expect("it is valid text");
            let component = ResolvedComponent::new(&bytes).expect("it is valid");
            assert_eq!(promises(&component.resolution.plan).len(), n_promises, "{rest}");
        };
        check("", 1);
        check(r#"(core instance (instantiate $user (with "i" (instance $one))))"#, 1);
        check(r#"(core instance (instantiate $user (with "i" (instance $two))))"#, 0);
        check(r#"(export "m" (core module $user))"#, 0);
        check(r#"(component $c) (export "c" (component $c))"#, 0);
        check(r#"(import "m" (core module))"#, 0);
    }
}
