//! Text in colour, if it goes to a terminal that supports it. `NO_COLOR`, `CLICOLOR_FORCE` and the
//! like are respected.
//!
//! The text is the `Display` form of the explanations. Colour is added to its lines and removes
//! nothing.

use std::fmt::Write as _;
use std::io;

use anstyle::{AnsiColor, Style};
use canonical_abi::explain::{ByteEntry, ByteKind, ByteMap, CoreSlot, FlattenedFunc, Reason};

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
pub(crate) fn byte_map(map: &ByteMap, colour: bool) -> String {
    paint(&map.to_string(), &map_styles(map), colour)
}

/// Returns a signature, in which pointers to spilled values and joined core values stand out.
pub(crate) fn signature(flat: &FlattenedFunc, colour: bool) -> String {
    let mut styles = vec![HEADING];
    for slot in flat.params.iter().chain(&flat.results) {
        push_slot_styles(&mut styles, slot);
    }
    for map in [&flat.spilled_params, &flat.spilled_result].into_iter().flatten() {
        styles.extend(map_styles(map));
    }
    paint(&flat.to_string(), &styles, colour)
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
            ByteKind::Scalar { .. } | ByteKind::MoreElements { .. } => Style::new(),
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
        Reason::CallbackCode | Reason::SubtaskState => styles.push(AnsiColor::Cyan.on_default()),
    }
}
