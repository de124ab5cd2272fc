//! Whether an export can satisfy an import, as far as one sees without instances: resources are
//! compared by being resources only. Validation of the new component has the last word.

use std::collections::HashMap;

use canonical_abi::{FuncType, TypeError, ValType, display, display_func};
use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentDefinedTypeId, ComponentEntityType, ComponentFuncTypeId, ComponentType,
};
use wasmparser::types::TypesRef;

use crate::convert::{Converter, Resources};

/// The resources of some components: with their names, and as if there were only one.
pub(super) struct Fitting<'a> {
    types: TypesRef<'a>,
    named: Resources,
    alike: Resources,
}

impl<'a> Fitting<'a> {
    pub(super) fn new(types: TypesRef<'a>, components: &[&'a ComponentType]) -> Self {
        let (mut named, mut alike) = (Resources::default(), Resources::default());
        let mut first = None;
        let mut add = |name: &str, ty: &ComponentEntityType| {
            let ComponentEntityType::Type { created: ComponentAnyTypeId::Resource(id), .. } = ty else {
                return;
            };
            let id = id.resource();
            named.names.entry(id).or_insert_with(|| name.to_owned());
            alike.firsts.insert(id, *first.get_or_insert(id));
        };
        for (name, item) in components.iter().flat_map(|it| it.imports.iter().chain(&it.exports)) {
            add(name, &item.ty);
            let ComponentEntityType::Instance(id) = item.ty else { continue };
            types[id].exports.iter().for_each(|(name, item)| add(name, &item.ty));
        }
        Self { types, named, alike }
    }

    /// Returns what an export lacks of what an import asks for. Nothing if it fits.
    pub(super) fn problems(&self, wanted: &ComponentEntityType, given: &ComponentEntityType) -> Vec<String> {
        let mut problems = Vec::new();
        let mut fit = Fit { fitting: self, converter: Converter::new(self.types, &self.alike) };
        fit.item("", wanted, given, &mut problems);
        problems
    }
}

struct Fit<'a> {
    fitting: &'a Fitting<'a>,
    /// Types that are equal but for the resources have the same id here.
    converter: Converter<'a>,
}

impl Fit<'_> {
    /// Compares items of this name. The import or the export itself has none.
    fn item(
        &mut self,
        name: &str,
        wanted: &ComponentEntityType,
        given: &ComponentEntityType,
        problems: &mut Vec<String>,
    ) {
        let shown = if name.is_empty() { String::new() } else { format!("`{name}`: ") };
        match (wanted, given) {
            (ComponentEntityType::Func(wanted), ComponentEntityType::Func(given)) => {
                if self.func(*wanted) != self.func(*given) {
                    let (wanted, given) = (self.func_text(name, *wanted), self.func_text(name, *given));
                    problems.push(format!("expected `{wanted}`, found `{given}`"));
                }
            }
            (ComponentEntityType::Instance(wanted), ComponentEntityType::Instance(given)) => {
                let types = self.fitting.types;
                for (name, item) in &types[*wanted].exports {
                    match types[*given].exports.get(name) {
                        Some(given) => self.item(name, &item.ty, &given.ty, problems),
                        None => problems.push(format!("it lacks `{name}`")),
                    }
                }
            }
            (
                ComponentEntityType::Type { created: ComponentAnyTypeId::Defined(wanted), .. },
                ComponentEntityType::Type { created: ComponentAnyTypeId::Defined(given), .. },
            ) => {
                if self.defined(*wanted) != self.defined(*given) {
                    let (wanted, given) = (self.type_text(*wanted), self.type_text(*given));
                    problems.push(format!("{shown}expected the type `{wanted}`, found `{given}`"));
                }
            }
            (
                ComponentEntityType::Type { created: ComponentAnyTypeId::Resource(_), .. },
                ComponentEntityType::Type { created: ComponentAnyTypeId::Resource(_), .. },
            )
            | (ComponentEntityType::Module(_), ComponentEntityType::Module(_))
            | (ComponentEntityType::Component(_), ComponentEntityType::Component(_))
            | (ComponentEntityType::Value(_), ComponentEntityType::Value(_)) => {}
            (wanted, given) => {
                let (wanted, given) = (sort(wanted), sort(given));
                problems.push(format!("{shown}expected {wanted}, found {given}"));
            }
        }
    }

    fn func(&mut self, id: ComponentFuncTypeId) -> Result<FuncType, TypeError> {
        self.converter.func(id)
    }

    fn defined(&mut self, id: ComponentDefinedTypeId) -> Result<ValType, TypeError> {
        let types = self.fitting.types;
        self.converter.defined(&types[id])
    }

    fn func_text(&self, name: &str, id: ComponentFuncTypeId) -> String {
        let mut converter = Converter::new(self.fitting.types, &self.fitting.named);
        match converter.func(id) {
            Ok(ty) if name.is_empty() => {
                let text = display_func(&converter.to, name, &ty);
                text.trim_start_matches(": ").to_owned()
            }
            Ok(ty) => display_func(&converter.to, name, &ty),
            Err(error) => error.to_string(),
        }
    }

    fn type_text(&self, id: ComponentDefinedTypeId) -> String {
        let types = self.fitting.types;
        let mut converter = Converter::new(types, &self.fitting.named);
        match converter.defined(&types[id]) {
            Ok(ty) => display(&converter.to, ty).to_string(),
            Err(error) => error.to_string(),
        }
    }
}

/// Returns an item's sort, with its article.
fn sort(ty: &ComponentEntityType) -> &'static str {
    match ty {
        ComponentEntityType::Module(_) => "a core module",
        ComponentEntityType::Func(_) => "a function",
        ComponentEntityType::Value(_) => "a value",
        ComponentEntityType::Type { created: ComponentAnyTypeId::Resource(_), .. } => "a resource",
        ComponentEntityType::Type { .. } => "a type",
        ComponentEntityType::Instance(_) => "an instance",
        ComponentEntityType::Component(_) => "a component",
    }
}

/// Which export satisfies which import: the place of a file, and the name of its export.
pub(super) type Provider = (usize, String);

/// What each import is satisfied by, and what was considered.
pub(super) struct Choice {
    /// By file and import.
    pub(super) providers: Vec<Vec<Option<Provider>>>,
    /// By file and import: the exports of any file that have the name or a compatible one, with
    /// what they lack.
    pub(super) candidates: Vec<Vec<Vec<Candidate>>>,
}

/// An export that has the name of an import, or a compatible one.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) file: usize,
    pub(super) key: String,
    /// Its name with the full version.
    pub(super) name: String,
    pub(super) problems: Vec<String>,
}

/// Chooses the export that satisfies each import, but for those in `blocked`.
///
/// Only files after the import's own can satisfy it. Among the exports that fit, the same name is
/// preferred, then the newest version, then the earlier file. An export of the same name is chosen
/// even if it does not fit, which is an error; one of another version is not.
pub(super) fn choose(
    fitting: &Fitting<'_>,
    components: &[&ComponentType],
    blocked: &HashMap<(usize, usize), String>,
) -> Choice {
    let mut choice = Choice { providers: Vec::new(), candidates: Vec::new() };
    for (file, component) in components.iter().enumerate() {
        let (mut providers, mut candidates) = (Vec::new(), Vec::new());
        for (import, (key, item)) in component.imports.iter().enumerate() {
            let name = item.full_name(key).into_owned();
            let found = find(fitting, components, &name, &item.ty);
            let chosen = best(found.iter().filter(|it| it.file > file), &name);
            let chosen = chosen.filter(|_| !blocked.contains_key(&(file, import)));
            providers.push(chosen.map(|it| (it.file, it.key.clone())));
            candidates.push(found);
        }
        choice.providers.push(providers);
        choice.candidates.push(candidates);
    }
    choice
}

/// Returns the exports of a name or a compatible one.
fn find(
    fitting: &Fitting<'_>,
    components: &[&ComponentType],
    name: &str,
    wanted: &ComponentEntityType,
) -> Vec<Candidate> {
    let mut found = Vec::new();
    for (file, component) in components.iter().enumerate() {
        for (key, item) in &component.exports {
            let offered = item.full_name(key);
            if canonical_abi::name::is_compatible(&offered, name) {
                let problems = fitting.problems(wanted, &item.ty);
                found.push(Candidate { file, key: key.clone(), name: offered.into_owned(), problems });
            }
        }
    }
    found
}

fn best<'c>(candidates: impl Iterator<Item = &'c Candidate>, name: &str) -> Option<&'c Candidate> {
    let usable = candidates.filter(|it| it.problems.is_empty() || it.name == name);
    usable.max_by(|a, b| {
        let rank = |it: &Candidate| (it.problems.is_empty(), it.name == name);
        let newer = || canonical_abi::name::compare_versions(&a.name, &b.name);
        rank(a).cmp(&rank(b)).then_with(newer).then_with(|| b.file.cmp(&a.file))
    })
}
