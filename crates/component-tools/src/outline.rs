//! What a binary consists of, as a tree. Follows Binary.md: one [`Definition`] for each entry of a
//! component's sections, in the order of the binary.
//!
//! Indices are those of the component's index spaces, so that definitions can refer to each other.
//! Types and aliases have indices too; they are counted, not listed.

use std::ops::Range;

use wasmparser::{
    CanonicalFunction, CanonicalOption, ComponentAlias, ComponentExternalKind, ComponentInstance,
    ComponentName, ComponentOuterAliasKind, ComponentTypeRef, ExternalKind, Instance, KnownCustom, Name,
    Payload,
};

use crate::binary::{parser, validate_with};
use crate::error::Error;
use crate::proposals::Proposals;

/// A component or a core module within a binary.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Part {
    /// The range of its bytes in the whole binary.
    pub range: Range<usize>,
    /// The name that its `name` section gives it.
    pub name: Option<String>,
    /// Its own custom sections; those of nested parts are listed there.
    pub custom_sections: Vec<CustomSection>,
    /// What it is, with its contents.
    pub kind: PartKind,
}

/// The kinds of [`Part`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PartKind {
    /// A core module.
    Module(ModulePart),
    /// A component.
    Component(ComponentPart),
}

/// The contents of a core module.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ModulePart {
    /// The number of its imports.
    pub n_imports: u32,
    /// The number of its exports.
    pub n_exports: u32,
    /// The number of functions that it defines.
    pub n_functions: u32,
    /// The size of its code section.
    pub code_bytes: u64,
    /// The size of its data section.
    pub data_bytes: u64,
}

/// The contents of a component.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ComponentPart {
    /// Its definitions, in order.
    pub definitions: Vec<Definition>,
    /// The number of types that it defines, core types included.
    pub n_types: u32,
    /// The number of its aliases.
    pub n_aliases: u32,
}

/// One definition of a component.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Definition {
    /// An import.
    Import {
        /// Its name.
        name: String,
        /// The sort of what is imported, such as `instance`.
        sort: &'static str,
    },
    /// A core module or a nested component.
    Part {
        /// Its index among the core modules or among the components.
        index: u32,
        /// Its contents.
        part: Part,
    },
    /// A core instance.
    CoreInstance {
        /// Its index.
        index: u32,
        /// The module that is instantiated; none if the instance is a list of exports.
        module: Option<u32>,
        /// The arguments or the exports: name, sort and index.
        with: Vec<(String, &'static str, u32)>,
    },
    /// An instance.
    Instance {
        /// Its index.
        index: u32,
        /// The component that is instantiated; none if the instance is a list of exports.
        component: Option<u32>,
        /// The arguments or the exports: name, sort and index.
        with: Vec<(String, &'static str, u32)>,
    },
    /// A canonical definition.
    Canon {
        /// Its name in the text format, such as `lift` or `resource.new`.
        name: String,
        /// The index of the function that `lift` defines, or of the core function that any other
        /// definition defines.
        index: u32,
        /// The index of the function that is lifted or lowered.
        of: Option<u32>,
        /// Its other operands, such as `memory 0` or `realloc core func 3`.
        options: Vec<String>,
    },
    /// An export.
    Export {
        /// Its name.
        name: String,
        /// The sort of what is exported, such as `func`.
        sort: &'static str,
        /// The index of what is exported.
        index: u32,
    },
}

/// A custom section.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CustomSection {
    /// Its name.
    pub name: String,
    /// The size of its contents.
    pub size_bytes: u64,
}

impl Part {
    /// Returns the core modules and components within this part, each after the part that it is
    /// nested in, and named after the path of indices to it: `component-1.module-0` is core module
    /// 0 of component 1. Where such a path grows long, it starts again with the number of a part in
    /// this list, counted from 1: `part-40.module-0`.
    pub fn nested(&self) -> Vec<(String, &Self)> {
        let mut nested = Vec::new();
        push_nested(self, "", &mut nested);
        nested
    }
}

/// The size of the longest path of indices. File systems limit the length of names.
const MAX_PATH_BYTES: usize = 80;

fn push_nested<'a>(part: &'a Part, prefix: &str, nested: &mut Vec<(String, &'a Part)>) {
    let PartKind::Component(component) = &part.kind else { return };
    for definition in &component.definitions {
        let Definition::Part { index, part } = definition else { continue };
        let kind = match part.kind {
            PartKind::Module(_) => "module",
            PartKind::Component(_) => "component",
        };
        let path = format!("{prefix}{kind}-{index}");
        nested.push((path.clone(), part));
        let below =
            if path.len() > MAX_PATH_BYTES { format!("part-{}.", nested.len()) } else { format!("{path}.") };
        push_nested(part, &below, nested);
    }
}

/// Returns what a component or core module consists of, after validating it.
///
/// # Errors
///
/// If `bytes` are neither.
pub fn outline(bytes: &[u8]) -> Result<Part, Error> {
    outline_with(bytes, Proposals::default())
}

/// Does what [`outline`] does, for a binary that may use these proposals.
///
/// # Errors
///
/// As for [`outline`].
#[expect(clippy::wildcard_enum_match_arm, reason = "sections are read in `Open::read`")]
pub fn outline_with(bytes: &[u8], proposals: Proposals) -> Result<Part, Error> {
    validate_with(bytes, proposals)?;
    let mut open: Vec<Open> = Vec::new();
    let mut next = 0..bytes.len();
    for payload in parser().parse_all(bytes) {
        match payload? {
            Payload::Version { encoding, .. } => open.push(Open::new(encoding, next.clone())),
            Payload::ModuleSection { unchecked_range, .. }
            | Payload::ComponentSection { unchecked_range, .. } => {
                next = usize_range(&unchecked_range)?;
            }
            Payload::End(_) => {
                let Some(Open { part, .. }) = open.pop() else { continue };
                match open.last_mut() {
                    Some(parent) => parent.nest(part),
                    None => return Ok(part),
                }
            }
            payload => {
                let Some(open) = open.last_mut() else { continue };
                open.read(payload)?;
            }
        }
    }
    Err(Error::internal("a valid binary does not end", 0))
}

fn usize_range(range: &Range<u64>) -> Result<Range<usize>, Error> {
    match (usize::try_from(range.start), usize::try_from(range.end)) {
        (Ok(start), Ok(end)) => Ok(start..end),
        _ => Err(Error::internal("a part lies outside of the address space", range.start)),
    }
}

/// A part that is being read.
struct Open {
    part: Part,
    counts: Counts,
}

/// The number of definitions in each index space of a component so far, except types.
#[derive(Default)]
struct Counts {
    core_funcs: u32,
    modules: u32,
    core_instances: u32,
    components: u32,
    instances: u32,
    funcs: u32,
}

impl Open {
    fn new(encoding: wasmparser::Encoding, range: Range<usize>) -> Self {
        let kind = match encoding {
            wasmparser::Encoding::Module => PartKind::Module(ModulePart::default()),
            wasmparser::Encoding::Component => PartKind::Component(ComponentPart::default()),
        };
        let part = Part { range, name: None, custom_sections: Vec::new(), kind };
        Self { part, counts: Counts::default() }
    }

    fn nest(&mut self, part: Part) {
        let PartKind::Component(parent) = &mut self.part.kind else { return };
        let index = match part.kind {
            PartKind::Module(_) => take(&mut self.counts.modules),
            PartKind::Component(_) => take(&mut self.counts.components),
        };
        parent.definitions.push(Definition::Part { index, part });
    }

    fn read(&mut self, payload: Payload<'_>) -> Result<(), Error> {
        if let Payload::CustomSection(section) = payload {
            let size_bytes = section.data().len() as u64;
            self.part.custom_sections.push(CustomSection { name: section.name().to_owned(), size_bytes });
            if let Some(name) = name_of(&section.as_known()) {
                self.part.name = Some(name);
            }
            return Ok(());
        }
        match &mut self.part.kind {
            PartKind::Module(module) => {
                read_module(module, &payload);
                Ok(())
            }
            PartKind::Component(component) => read_component(component, &mut self.counts, payload),
        }
    }
}

fn take(count: &mut u32) -> u32 {
    let index = *count;
    *count += 1;
    index
}

/// Returns the name that a `name` section gives its module or component.
#[expect(clippy::wildcard_enum_match_arm, reason = "all other custom sections")]
fn name_of(section: &KnownCustom<'_>) -> Option<String> {
    match section {
        KnownCustom::Name(names) => names.clone().into_iter().find_map(|name| match name {
            Ok(Name::Module { name, .. }) => Some(name.to_owned()),
            _ => None,
        }),
        KnownCustom::ComponentName(names) => names.clone().into_iter().find_map(|name| match name {
            Ok(ComponentName::Component { name, .. }) => Some(name.to_owned()),
            _ => None,
        }),
        _ => None,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "sections that are not counted")]
fn read_module(module: &mut ModulePart, payload: &Payload<'_>) {
    match payload {
        Payload::ImportSection(section) => {
            let n_imports = section.clone().into_imports().count();
            module.n_imports = u32::try_from(n_imports).unwrap_or(u32::MAX);
        }
        Payload::ExportSection(section) => module.n_exports = section.count(),
        Payload::FunctionSection(section) => module.n_functions = section.count(),
        Payload::CodeSectionStart { size, .. } => module.code_bytes = u64::from(*size),
        Payload::DataSection(section) => module.data_bytes = section.range().end - section.range().start,
        _ => {}
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "sections that are not listed")]
fn read_component(
    component: &mut ComponentPart,
    counts: &mut Counts,
    payload: Payload<'_>,
) -> Result<(), Error> {
    let definitions = &mut component.definitions;
    match payload {
        Payload::CoreTypeSection(section) => component.n_types += section.count(),
        Payload::ComponentTypeSection(section) => component.n_types += section.count(),
        Payload::ComponentAliasSection(section) => {
            component.n_aliases += section.count();
            for alias in section {
                count_alias(counts, &alias?);
            }
        }
        Payload::InstanceSection(section) => {
            for instance in section {
                definitions.push(core_instance(take(&mut counts.core_instances), instance?));
            }
        }
        Payload::ComponentInstanceSection(section) => {
            for made in section {
                definitions.push(instance(take(&mut counts.instances), made?));
            }
        }
        Payload::ComponentCanonicalSection(section) => {
            for canon in section {
                definitions.push(canonical(counts, &canon?));
            }
        }
        Payload::ComponentImportSection(section) => {
            for import in section {
                let import = import?;
                let kind = kind_of(&import.ty);
                count(counts, kind);
                definitions.push(Definition::Import {
                    name: import.name.full_name().into_owned(),
                    sort: sort(kind),
                });
            }
        }
        Payload::ComponentExportSection(section) => {
            for export in section {
                let export = export?;
                count(counts, export.kind);
                let name = export.name.full_name().into_owned();
                definitions.push(Definition::Export { name, sort: sort(export.kind), index: export.index });
            }
        }
        _ => {}
    }
    Ok(())
}

fn kind_of(ty: &ComponentTypeRef) -> ComponentExternalKind {
    match ty {
        ComponentTypeRef::Module(_) => ComponentExternalKind::Module,
        ComponentTypeRef::Func(_) => ComponentExternalKind::Func,
        ComponentTypeRef::Value(_) => ComponentExternalKind::Value,
        ComponentTypeRef::Type(_) => ComponentExternalKind::Type,
        ComponentTypeRef::Instance(_) => ComponentExternalKind::Instance,
        ComponentTypeRef::Component(_) => ComponentExternalKind::Component,
    }
}

/// Returns the sort's name in the text format.
fn sort(kind: ComponentExternalKind) -> &'static str {
    match kind {
        ComponentExternalKind::Module => "core module",
        ComponentExternalKind::Func => "func",
        ComponentExternalKind::Value => "value",
        ComponentExternalKind::Type => "type",
        ComponentExternalKind::Instance => "instance",
        ComponentExternalKind::Component => "component",
    }
}

fn core_sort(kind: ExternalKind) -> &'static str {
    match kind {
        ExternalKind::Func | ExternalKind::FuncExact => "core func",
        ExternalKind::Table => "core table",
        ExternalKind::Memory => "core memory",
        ExternalKind::Global => "core global",
        ExternalKind::Tag => "core tag",
    }
}

/// Counts the definition that an import, an export or an alias adds.
fn count(counts: &mut Counts, kind: ComponentExternalKind) {
    match kind {
        ComponentExternalKind::Module => counts.modules += 1,
        ComponentExternalKind::Func => counts.funcs += 1,
        ComponentExternalKind::Value | ComponentExternalKind::Type => {}
        ComponentExternalKind::Instance => counts.instances += 1,
        ComponentExternalKind::Component => counts.components += 1,
    }
}

fn count_alias(counts: &mut Counts, alias: &ComponentAlias<'_>) {
    match alias {
        ComponentAlias::InstanceExport { kind, .. } => count(counts, *kind),
        ComponentAlias::CoreInstanceExport { kind, .. } => match kind {
            ExternalKind::Func | ExternalKind::FuncExact => counts.core_funcs += 1,
            ExternalKind::Table | ExternalKind::Memory | ExternalKind::Global | ExternalKind::Tag => {}
        },
        ComponentAlias::Outer { kind, .. } => match kind {
            ComponentOuterAliasKind::CoreModule => counts.modules += 1,
            ComponentOuterAliasKind::Component => counts.components += 1,
            ComponentOuterAliasKind::CoreType | ComponentOuterAliasKind::Type => {}
        },
    }
}

fn core_instance(index: u32, instance: Instance<'_>) -> Definition {
    let (module, with) = match instance {
        Instance::Instantiate { module_index, args } => {
            let with = args.iter().map(|arg| (arg.name.to_owned(), "core instance", arg.index));
            (Some(module_index), with.collect())
        }
        Instance::FromExports(exports) => {
            let with = exports.iter().map(|e| (e.name.to_owned(), core_sort(e.kind), e.index));
            (None, with.collect())
        }
    };
    Definition::CoreInstance { index, module, with }
}

fn instance(index: u32, instance: ComponentInstance<'_>) -> Definition {
    let (component, with) = match instance {
        ComponentInstance::Instantiate { component_index, args } => {
            let with = args.iter().map(|arg| (arg.name.to_owned(), sort(arg.kind), arg.index));
            (Some(component_index), with.collect())
        }
        ComponentInstance::FromExports(exports) => {
            let with = exports.iter().map(|e| (e.name.full_name().into_owned(), sort(e.kind), e.index));
            (None, with.collect())
        }
    };
    Definition::Instance { index, component, with }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "all others define a core function without operands that are shown"
)]
fn canonical(counts: &mut Counts, canon: &CanonicalFunction) -> Definition {
    let (index, of, options) = match canon {
        CanonicalFunction::Lift { core_func_index, options, .. } => {
            (take(&mut counts.funcs), Some(*core_func_index), options.iter().map(canonical_option).collect())
        }
        CanonicalFunction::Lower { func_index, options } => {
            (take(&mut counts.core_funcs), Some(*func_index), options.iter().map(canonical_option).collect())
        }
        CanonicalFunction::ResourceNew { resource }
        | CanonicalFunction::ResourceDrop { resource }
        | CanonicalFunction::ResourceRep { resource } => {
            (take(&mut counts.core_funcs), None, vec![format!("type {resource}")])
        }
        _ => (take(&mut counts.core_funcs), None, Vec::new()),
    };
    Definition::Canon { name: canon_name(&format!("{canon:?}")), index, of, options }
}

fn canonical_option(option: &CanonicalOption) -> String {
    match option {
        CanonicalOption::UTF8 => "utf8".to_owned(),
        CanonicalOption::UTF16 => "utf16".to_owned(),
        CanonicalOption::CompactUTF16 => "latin1+utf16".to_owned(),
        CanonicalOption::Memory(index) => format!("memory {index}"),
        CanonicalOption::Realloc(index) => format!("realloc core func {index}"),
        CanonicalOption::PostReturn(index) => format!("post-return core func {index}"),
        CanonicalOption::Async => "async".to_owned(),
        CanonicalOption::Callback(index) => format!("callback core func {index}"),
        CanonicalOption::CoreType(index) => format!("core type {index}"),
        CanonicalOption::Gc => "gc".to_owned(),
    }
}

/// Returns the text format's name of a canonical definition from wasmparser's: `stream.cancel-read`
/// from `StreamCancelRead`. Both consist of the same words.
fn canon_name(debug: &str) -> String {
    let mut kebab = String::new();
    for c in debug.chars().take_while(|c| c.is_ascii_alphanumeric()) {
        if c.is_ascii_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.push(c.to_ascii_lowercase());
    }
    for noun in ["waitable-set-", "error-context-"] {
        if let Some(verb) = kebab.strip_prefix(noun) {
            return format!("{}.{verb}", noun.trim_end_matches('-'));
        }
    }
    kebab.replacen('-', ".", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_names() {
        let check = |debug, expected| assert_eq!(canon_name(debug), expected);
        check("Lift { core_func_index: 0 }", "lift");
        check("ResourceNew { resource: 0 }", "resource.new");
        check("StreamCancelRead { async_: false, ty: 1 }", "stream.cancel-read");
        check("WaitableSetNew", "waitable-set.new");
        check("ErrorContextDebugMessage", "error-context.debug-message");
        check("WaitableJoin", "waitable.join");
        check("ThreadSpawnRef { func_ty_index: 0 }", "thread.spawn-ref");
    }

    #[test]
    fn parts_have_their_bytes() {
        let bytes = wat::parse_str(
            r#"(component $outer
                 (core module $m (func (export "f")))
                 (component $c (core module (func) (data "")))
                 (instance (instantiate $c)))"#,
        )
        .unwrap();
        let part = outline(&bytes).unwrap();
        assert_eq!((part.range.clone(), part.name.as_deref()), (0..bytes.len(), Some("outer")));
        let PartKind::Component(component) = &part.kind else { panic!("this is a component") };
        let [
            Definition::Part { part: module, .. },
            Definition::Part { part: nested, .. },
            Definition::Instance { .. },
        ] = &component.definitions[..]
        else {
            panic!("unexpected definitions: {:?}", component.definitions)
        };
        for part in [module, nested] {
            assert!(crate::validate(&bytes[part.range.clone()]).is_ok(), "{part:?}");
        }
        let paths: Vec<String> = part.nested().into_iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["module-0", "component-0", "component-0.module-0"]);
        assert_eq!((module.name.as_deref(), nested.name.as_deref()), (Some("m"), Some("c")));
    }
}
