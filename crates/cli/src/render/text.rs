//! Text in colour, if it goes to a terminal that supports it. `NO_COLOR`, `CLICOLOR_FORCE` and the
//! like are respected.
//!
//! The text is the `Display` form of the explanations. Colour is added to its lines and removes
//! nothing.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::io;

use anstyle::{AnsiColor, Style};
use canonical_abi::explain::{
    ByteEntry, ByteKind, ByteMap, CoreSlot, FlattenedFunc, Reason, TableStyle, View,
};
use canonical_abi::flatten::{flat_count, flatten_types_up_to};
use canonical_abi::{
    CoreType, MAX_FLAT_PARAMS, PtrType, StringEncoding, Types, ValType, display_definition,
    display_func_named,
};

use crate::abi::{length_unit, lowered_text, options_text};
use crate::core_names::ImportName;
use crate::parts::components;
use crate::signatures::{Described, Own, component_types};

const HEADING: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Returns whether standard output should be in colour.
pub(crate) fn wants_colour() -> bool {
    anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
}

/// Returns a heading line.
pub(crate) fn heading(line: &str, colour: bool) -> String {
    paint(line, &[HEADING], colour)
}

/// Returns a byte map, each line in the colour of its kind.
pub(crate) fn byte_map(map: &ByteMap, style: TableStyle, colour: bool) -> String {
    paint(&map.table(style).to_string(), &map_styles(map), colour)
}

/// How many core values a line lists, unless all are wanted.
const SHOWN_FLAT: usize = 16;
/// How many core values are listed at all.
const MAX_SHOWN_FLAT: usize = 4096;

/// Returns the core values that a type flattens to, and what becomes of more than there may be.
pub(crate) fn flat(types: &Types, ty: ValType, ptr: PtrType, is_full: bool) -> String {
    let count = flat_count(types, ty);
    let list = flatten_types_up_to(types, &[ty], ptr, MAX_SHOWN_FLAT).unwrap_or_default();
    let n_shown = if is_full { list.len() } else { list.len().min(SHOWN_FLAT) };
    let names: Vec<_> = list[..n_shown].iter().map(|ty| ty.name()).collect();
    if count <= MAX_FLAT_PARAMS {
        return format!("  flat: {}", names.join(" "));
    }
    let listed = match (n_shown, n_shown < count) {
        (0, _) => String::new(),
        (_, true) => format!(" ({} …)", names.join(" ")),
        (_, false) => format!(" ({})", names.join(" ")),
    };
    let pointer = CoreType::from(ptr);
    format!(
        "  flat: {count} core values{listed}, over the limit of {MAX_FLAT_PARAMS}: passed as one {pointer}, a \
         pointer"
    )
}

/// Returns a function: its type, the definitions of the types in it that were not given before, its
/// core signatures and core names.
pub(crate) fn function(
    view: View<'_>,
    described: &Described<'_>,
    defined: &mut Defined,
    style: TableStyle,
    colour: bool,
) -> String {
    let (function, opts) = (described.function, &described.opts);
    let ty = display_func_named(view.types, &function.full_name(), &function.ty, view.name_of);
    let mut text = heading(&ty, colour) + "\n";
    let mut visited = HashSet::new();
    for ty in component_types(&function.ty) {
        push_definitions(&mut text, view, defined, &mut visited, ty);
    }
    match described.own {
        Some(Own::Lifts) => {
            let _ = writeln!(text, "as this component lifts it: {}", options_text(opts));
        }
        Some(Own::Lowers) => {
            let _ = writeln!(text, "as this component lowers it: {}", lowered_text(opts));
        }
        None => {}
    }
    for way in &described.more_ways {
        let _ = writeln!(text, "this component also lowers it: {}", lowered_text(way));
    }
    if opts.string_encoding != StringEncoding::Utf8 {
        let _ = writeln!(text, "{}", length_unit(opts));
    }
    let mut shown: Vec<ByteMap> = Vec::new();
    for mut flat in described.signatures(view) {
        let mut again = Vec::new();
        for map in [&mut flat.spilled_params, &mut flat.spilled_result] {
            match map.take() {
                Some(it) if shown.contains(&it) => again.push(it.ty),
                Some(it) => {
                    shown.push(it.clone());
                    *map = Some(it);
                }
                None => {}
            }
        }
        let _ = write!(text, "\n{}\n", signature(&flat, style, colour).trim_end());
        for title in again {
            let _ = writeln!(text, "{title}: as above");
        }
    }
    push_core_names(&mut text, described);
    text
}

/// The names that are defined already, with their types.
pub(crate) type Defined = HashSet<(String, ValType)>;

/// Adds the definitions of the named types in a type, each once in the whole output.
fn push_definitions(
    text: &mut String,
    view: View<'_>,
    defined: &mut Defined,
    visited: &mut HashSet<ValType>,
    ty: ValType,
) {
    if !visited.insert(ty) {
        return;
    }
    if let Some(name) = (view.name_of)(ty) {
        if !defined.insert((name.to_owned(), ty)) {
            return;
        }
        let _ = writeln!(text, "  {name} = {}", display_definition(view.types, ty, view.name_of));
    }
    for ty in components(view.types, ty).into_iter().filter_map(|(_, ty)| ty) {
        push_definitions(text, view, defined, visited, ty);
    }
}

/// Adds the core names: those that the component at hand has, or else those of the tools.
fn push_core_names(text: &mut String, described: &Described<'_>) {
    let names = &described.names;
    let import = |(module, field): &ImportName| format!("{module:?} {field:?}");
    let lines = [
        ("export", names.export.join("  or  ")),
        ("post-return", names.post_return.join("  or  ")),
        ("callback", names.callback.join("  or  ")),
        ("task.return", names.task_return.iter().map(import).collect::<Vec<_>>().join("  or  ")),
        ("import", names.import.iter().map(import).collect::<Vec<_>>().join("  or  ")),
    ];
    let is_own = described.own == Some(Own::Lifts);
    let whose = if is_own { ", the export as in this component" } else { "" };
    let _ = writeln!(text, "\ncore names{whose}");
    for (what, names) in lines.iter().filter(|(_, names)| !names.is_empty()) {
        let _ = writeln!(text, "  {what:<11}  {names}");
    }
}

/// Returns a signature, in which pointers to spilled values and joined core values stand out.
pub(crate) fn signature(flat: &FlattenedFunc, style: TableStyle, colour: bool) -> String {
    let mut styles = vec![HEADING];
    for slot in flat.params.iter().chain(&flat.results) {
        push_slot_styles(&mut styles, slot);
    }
    for map in [&flat.spilled_params, &flat.spilled_result].into_iter().flatten() {
        styles.extend(map_styles(map));
    }
    paint(&flat.table(style).to_string(), &styles, colour)
}

/// Gives each line its style. Lines after the last style are plain.
pub(super) fn paint(text: &str, styles: &[Style], colour: bool) -> String {
    if !colour {
        return text.to_owned();
    }
    let mut painted = String::new();
    let styles = styles.iter().copied().chain(std::iter::repeat(Style::new()));
    for (line, style) in text.split_inclusive('\n').zip(styles) {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        let _ = write!(painted, "{style}{line}{style:#}{end}");
    }
    painted
}

fn map_styles(map: &ByteMap) -> Vec<Style> {
    let mut styles = vec![HEADING];
    push_entry_styles(&mut styles, &map.entries);
    styles
}

fn push_entry_styles(styles: &mut Vec<Style>, entries: &[ByteEntry]) {
    for entry in entries {
        styles.push(match entry.kind {
            ByteKind::Compound { .. } => HEADING,
            ByteKind::Scalar { .. } | ByteKind::Flags { .. } | ByteKind::MoreElements { .. } => Style::new(),
            ByteKind::Pointer { .. } => AnsiColor::Green.on_default(),
            ByteKind::Length { .. } => AnsiColor::Cyan.on_default(),
            ByteKind::Discriminant { .. } => AnsiColor::Yellow.on_default(),
            ByteKind::Payload { .. } => AnsiColor::Magenta.on_default(),
            ByteKind::Unused { .. } | ByteKind::Padding | ByteKind::Elided => DIM,
        });
        push_entry_styles(styles, &entry.entries);
    }
}

/// Adds a style for each line of a core value: one per source, at least one.
fn push_slot_styles(styles: &mut Vec<Style>, slot: &CoreSlot) {
    match &slot.reason {
        Reason::Flat(sources) if sources.is_empty() => styles.push(DIM),
        Reason::Flat(sources) => {
            let is_joined = |ty| sources.len() > 1 || ty != slot.ty;
            let style = |ty| if is_joined(ty) { AnsiColor::Magenta.on_default() } else { Style::new() };
            styles.extend(sources.iter().map(|source| style(source.ty)));
        }
        Reason::SpilledParams { .. } | Reason::SpilledResult { .. } => {
            styles.push(AnsiColor::Yellow.on_default());
        }
        Reason::CallbackCode | Reason::SubtaskState | Reason::Event(_) => {
            styles.push(AnsiColor::Cyan.on_default())
        }
    }
}
