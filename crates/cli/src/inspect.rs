//! `lowlift inspect`: what a component consists of, and its world as WIT.

use std::fmt::Write as _;
use std::path::PathBuf;

use canonical_abi::name::escape_lines;
use clap::ValueEnum;
use component_tools::{ComponentPart, Definition, ModulePart, Part, PartKind};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::input::{self, read_component};
use crate::{output, proposals};

/// The arguments of `lowlift inspect`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A component or a core module, binary or text.
    file: PathBuf,
    /// The format of the output.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Writes the output here.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// The format of the output.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    /// A tree and WIT.
    #[default]
    Text,
    /// The same as JSON.
    Json,
}

/// Returns the tree of the file's parts and, below it, the component's world.
///
/// # Errors
///
/// If the file is not valid.
pub(crate) fn run(args: &Args) -> Result<String, Failure> {
    let file = input::name(&args.file);
    let bytes = read_component(&args.file)?;
    let part = component_tools::outline_with(&bytes, proposals::chosen());
    let part = part.map_err(|error| proposals::refused(&file, &bytes, error))?;
    let world = match part.kind {
        PartKind::Module(_) => None,
        PartKind::Component(_) => {
            Some(component_tools::world(&bytes).map_err(|error| Failure::in_file(&file, error))?)
        }
    };
    let text = match args.format {
        Format::Text => {
            let mut text = format!("{}\n", heading(&part));
            push_children(&mut text, "", &part);
            if let Some(world) = world {
                let _ = write!(text, "\n{}", escape_lines(&world));
            }
            text
        }
        Format::Json => {
            let document = json!({ "file": file, "root": part_json(&part), "wit": world });
            format!("{document:#}\n")
        }
    };
    output::text(args.output.as_deref(), text)
}

/// Returns the line of a part itself: its kind, name and size, and the numbers of its contents.
fn heading(part: &Part) -> String {
    let name = part.name.as_ref().map(|name| format!(" {name:?}")).unwrap_or_default();
    let size = part.range.len();
    match &part.kind {
        PartKind::Component(ComponentPart { n_types, n_aliases, .. }) => {
            format!("component{name}, {size} bytes: {n_types} types, {n_aliases} aliases")
        }
        PartKind::Module(module) => {
            let ModulePart { n_imports, n_exports, n_functions, code_bytes, data_bytes } = module;
            format!(
                "core module{name}, {size} bytes: {n_imports} imports, {n_exports} exports, {n_functions} functions \
                 ({code_bytes} bytes of code), {data_bytes} bytes of data"
            )
        }
    }
}

fn push_children(text: &mut String, indent: &str, part: &Part) {
    let definitions = match &part.kind {
        PartKind::Component(component) => &component.definitions[..],
        PartKind::Module(_) => &[],
    };
    let n_children = definitions.len() + part.custom_sections.len();
    let branches = |i: usize| if i + 1 == n_children { ("└ ", "  ") } else { ("├ ", "│ ") };
    for (i, definition) in definitions.iter().enumerate() {
        let (branch, below) = branches(i);
        let _ = writeln!(text, "{indent}{branch}{}", line(definition));
        if let Definition::Part { part, .. } = definition {
            push_children(text, &format!("{indent}{below}"), part);
        }
    }
    for (i, section) in part.custom_sections.iter().enumerate() {
        let (branch, _) = branches(definitions.len() + i);
        let _ =
            writeln!(text, "{indent}{branch}custom section {:?}, {} bytes", section.name, section.size_bytes);
    }
}

fn line(definition: &Definition) -> String {
    let list = |with: &[(String, &str, u32)]| {
        let with = with.iter().map(|(name, sort, index)| format!("{name:?} = {sort} {index}"));
        with.collect::<Vec<_>>().join(", ")
    };
    let made = |sort: &str, index: &u32, of: Option<String>, with: &[(String, &'static str, u32)]| match of {
        None => format!("{sort} {index}: exports {}", list(with)),
        Some(of) if with.is_empty() => format!("{sort} {index}: instantiates {of}"),
        Some(of) => format!("{sort} {index}: instantiates {of} with {}", list(with)),
    };
    match definition {
        Definition::Import { name, sort } => format!("import {name:?}: {sort}"),
        Definition::Export { name, sort, index } => format!("export {name:?}: {sort} {index}"),
        Definition::Part { index, part } => format!("{index}: {}", heading(part)),
        Definition::CoreInstance { index, module, with } => {
            made("core instance", index, module.map(|module| format!("core module {module}")), with)
        }
        Definition::Instance { index, component, with } => {
            made("instance", index, component.map(|component| format!("component {component}")), with)
        }
        Definition::Canon { name, index, of, options } => {
            let (sort, of_sort) = if name == "lift" { ("func", "core func") } else { ("core func", "func") };
            let of = of.map(|of| format!(" {of_sort} {of}")).unwrap_or_default();
            let options =
                if options.is_empty() { String::new() } else { format!(" ({})", options.join(", ")) };
            format!("{sort} {index}: canon {name}{of}{options}")
        }
    }
}

fn part_json(part: &Part) -> Value {
    let custom = part.custom_sections.iter();
    let custom = custom.map(|section| json!({ "name": section.name, "size": section.size_bytes }));
    let mut value = json!({
        "name": part.name,
        "offset": part.range.start,
        "size": part.range.len(),
        "custom_sections": custom.collect::<Vec<_>>(),
    });
    match &part.kind {
        PartKind::Module(module) => {
            value["kind"] = json!("core module");
            value["imports"] = json!(module.n_imports);
            value["exports"] = json!(module.n_exports);
            value["functions"] = json!(module.n_functions);
            value["code_size"] = json!(module.code_bytes);
            value["data_size"] = json!(module.data_bytes);
        }
        PartKind::Component(component) => {
            value["kind"] = json!("component");
            value["types"] = json!(component.n_types);
            value["aliases"] = json!(component.n_aliases);
            value["items"] = component.definitions.iter().map(definition_json).collect();
        }
    }
    value
}

fn definition_json(definition: &Definition) -> Value {
    let list = |with: &[(String, &str, u32)]| {
        with.iter()
            .map(|(name, sort, index)| json!({ "name": name, "sort": sort, "index": index }))
            .collect::<Value>()
    };
    match definition {
        Definition::Import { name, sort } => json!({ "item": "import", "name": name, "sort": sort }),
        Definition::Export { name, sort, index } => {
            json!({ "item": "export", "name": name, "sort": sort, "index": index })
        }
        Definition::Part { index, part } => {
            let mut value = part_json(part);
            value["item"] = json!("part");
            value["index"] = json!(index);
            value
        }
        Definition::CoreInstance { index, module, with } => {
            json!({ "item": "core instance", "index": index, "module": module, "with": list(with) })
        }
        Definition::Instance { index, component, with } => {
            json!({ "item": "instance", "index": index, "component": component, "with": list(with) })
        }
        Definition::Canon { name, index, of, options } => {
            json!({ "item": "canon", "name": name, "index": index, "of": of, "options": options })
        }
    }
}
