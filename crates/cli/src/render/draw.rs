//! Drawings of signatures and traced calls: a row for each core value or step, with boxes for its
//! contents.

use std::fmt::Write as _;
use std::io::{self, Write};

use canonical_abi::CoreValue;
use canonical_abi::explain::{ByteMap, Call, CoreSlot, FlattenedFunc, Place, Reason, Step, Trace};

use super::{escape, svg};

const ROW_HEIGHT: usize = 24;
const CHAR_TENTHS: usize = 67;
const MARGIN: usize = 12;
/// Where the text of a row starts.
const TEXT_X: usize = 150;
const INDENT: usize = 14;
/// The maximum indentation of steps.
const MAX_DEPTH: usize = 12;
/// The maximum number of steps drawn. The other formats show all.
const MAX_STEPS: usize = 400;
/// The maximum number of bytes drawn for a step.
const SHOWN_BYTES: usize = 16;
const BYTE_WIDTH: usize = 20;
/// The longest line of a title, in characters.
const TITLE_CHARS: usize = 90;

/// A part of a drawing.
pub(crate) enum Part {
    /// A function: its name and type, and its core signatures.
    Function { title: String, signatures: Vec<FlattenedFunc> },
    /// A type: its name, and its bytes.
    Type { title: String, map: ByteMap },
}

/// Writes a drawing of functions and types below each other. The parts are made twice: the size of
/// a drawing stands before its contents, and they may be many.
pub(crate) fn file(out: &mut dyn Write, parts: impl Iterator<Item = Part> + Clone) -> io::Result<()> {
    let (mut width, mut height) = (400, MARGIN);
    for part in parts.clone() {
        let drawing = part_drawing(&part);
        width = width.max(drawing.width);
        height += drawing.y;
    }
    writeln!(out, "{}", start(width, height))?;
    let mut y = 0;
    for part in parts {
        let drawing = part_drawing(&part);
        writeln!(out, "<g transform=\"translate(0 {y})\">\n{}</g>", drawing.body)?;
        y += drawing.y;
    }
    writeln!(out, "</svg>")
}

fn part_drawing(part: &Part) -> Drawing {
    let mut drawing = Drawing::default();
    match part {
        Part::Function { title, signatures } => {
            drawing.title(title);
            for signature in signatures {
                draw_signature(&mut drawing, signature);
            }
        }
        Part::Type { title, map } => {
            drawing.title(title);
            draw_map(&mut drawing, map);
        }
    }
    drawing.y += ROW_HEIGHT / 2;
    drawing
}

fn start(width: usize, height: usize) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\">\n<style>\n{}</style>\n\
         <rect class=\"m-page\" width=\"100%\" height=\"100%\"/>",
        svg::STYLE
    )
}

/// A phase of a traced call: steps, or a line.
pub(crate) enum Phase<'a> {
    /// The steps of lowering or lifting.
    Steps(&'a Trace),
    /// The call, or its result.
    Line(&'a str),
}

/// Returns a drawing of the phases of a call, each under its heading.
pub(crate) fn steps(title: &str, phases: &[(&str, Phase<'_>)]) -> String {
    let mut drawing = Drawing::default();
    drawing.title(title);
    for (heading, phase) in phases {
        drawing.heading(heading);
        match phase {
            Phase::Line(line) => drawing.text(MARGIN + INDENT, "", line),
            Phase::Steps(trace) => {
                let mut n_left = MAX_STEPS;
                draw_steps(&mut drawing, &trace.steps, 0, &mut n_left);
                let n_more = count_steps(&trace.steps).saturating_sub(MAX_STEPS) + trace.n_elided;
                if n_more > 0 {
                    drawing.text(MARGIN + INDENT, "m-off", &format!("… {n_more} more steps"));
                }
            }
        }
    }
    drawing.finish()
}

/// A drawing, written from top to bottom. `y` is the position of the next row.
#[derive(Default)]
struct Drawing {
    body: String,
    y: usize,
    width: usize,
}

impl Drawing {
    fn title(&mut self, text: &str) {
        self.y += 6;
        for line in svg::wrapped(text, TITLE_CHARS) {
            self.text(MARGIN, "m-name", &line);
        }
    }

    fn heading(&mut self, text: &str) {
        self.y += 8;
        self.text(MARGIN, "", text);
    }

    /// Draws a row of text.
    fn text(&mut self, x: usize, class: &str, text: &str) {
        self.text_beside(x, class, text);
        self.y += ROW_HEIGHT;
    }

    /// Draws text in the current row, and returns where it ends.
    fn text_beside(&mut self, x: usize, class: &str, text: &str) -> usize {
        let y = self.y + 16;
        let _ = writeln!(self.body, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>", escape(text));
        // Names are larger.
        let char_tenths = if class == "m-name" { 80 } else { CHAR_TENTHS };
        let end = x + text.chars().count() * char_tenths / 10;
        self.width = self.width.max(end + MARGIN);
        end
    }

    /// Draws a box in the current row, and returns where it ends.
    fn boxed(&mut self, x: usize, width: usize, kind: &str, text: &str, title: &str) -> usize {
        let _ = writeln!(
            self.body,
            "<g><title>{}</title><rect class=\"m-{kind}\" x=\"{x}\" y=\"{}\" width=\"{width}\" height=\"{}\" \
             rx=\"3\"/><text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text></g>",
            escape(title),
            self.y,
            ROW_HEIGHT - 2,
            x + width / 2,
            self.y + 15,
            escape(text)
        );
        self.width = self.width.max(x + width + MARGIN);
        x + width
    }

    fn finish(self) -> String {
        let (width, height) = (self.width.max(400), self.y + MARGIN);
        format!("{}\n{}</svg>\n", start(width, height), self.body)
    }
}

fn draw_signature(drawing: &mut Drawing, flat: &FlattenedFunc) {
    drawing.heading(super::role_text(flat.role));
    draw_slots(drawing, "param", &flat.params);
    draw_slots(drawing, "result", &flat.results);
    if flat.params.is_empty() && flat.results.is_empty() {
        drawing.text(MARGIN + INDENT, "m-off", "no core values");
    }
    for map in [&flat.spilled_params, &flat.spilled_result].into_iter().flatten() {
        draw_map(drawing, map);
    }
}

/// Draws core values, each with its components beside it, one below the other.
fn draw_slots(drawing: &mut Drawing, what: &str, slots: &[CoreSlot]) {
    for (i, slot) in slots.iter().enumerate() {
        let lines = slot_lines(slot);
        let kind = match &slot.reason {
            Reason::Flat(sources) if sources.len() > 1 => "payload",
            Reason::Flat(_) => "scalar",
            Reason::SpilledParams { .. } | Reason::SpilledResult { .. } => "pointer",
            Reason::CallbackCode | Reason::SubtaskState | Reason::Event(_) => "discriminant",
        };
        let name = format!("{what} {i}: {}", slot.ty);
        drawing.boxed(MARGIN + INDENT, 110, kind, &name, &lines.join("; "));
        for line in &lines {
            drawing.text(TEXT_X, "", line);
        }
    }
}

/// Returns the components of a core value, one line each.
fn slot_lines(slot: &CoreSlot) -> Vec<String> {
    let Reason::Flat(sources) = &slot.reason else { return vec![slot.reason.to_string()] };
    if sources.is_empty() {
        return vec![slot.reason.to_string()];
    }
    let line = |source: &canonical_abi::explain::Source| {
        let joined = match (source.ty == slot.ty, sources.len()) {
            (false, _) => format!(", joined: {} as {}", source.ty, slot.ty),
            (true, 1) => String::new(),
            (true, _) => ", joined".to_owned(),
        };
        format!("{}: {}{joined}", source.path, source.what)
    };
    sources.iter().map(line).collect()
}

/// Draws the bytes of spilled values.
fn draw_map(drawing: &mut Drawing, map: &ByteMap) {
    drawing.text(MARGIN + INDENT, "m-off", &format!("{}: {}", map.ty, super::size_text(map)));
    let drawn = svg::drawing(map);
    let (x, y) = (MARGIN + INDENT, drawing.y);
    let _ = writeln!(drawing.body, "<g transform=\"translate({x} {y})\">\n{}</g>", drawn.body);
    drawing.width = drawing.width.max(x + drawn.width + MARGIN);
    drawing.y += drawn.height + 6;
}

fn draw_steps(drawing: &mut Drawing, steps: &[Step], depth: usize, n_left: &mut usize) {
    for step in steps {
        if *n_left == 0 {
            return;
        }
        *n_left -= 1;
        draw_step(drawing, step, depth);
        draw_steps(drawing, &step.steps, depth + 1, n_left);
    }
}

/// Draws a step: its function and operand, then the bytes or core values that it reads or writes.
fn draw_step(drawing: &mut Drawing, step: &Step, depth: usize) {
    let mut x = MARGIN + INDENT * (1 + depth.min(MAX_DEPTH));
    let name = format!("{}{}", step.function, step.call.map(call_text).unwrap_or_default());
    x = if step.call.is_some() || step.is_trapped {
        let kind = if step.is_trapped { "payload" } else { "discriminant" };
        let width = (name.chars().count() + 2) * CHAR_TENTHS / 10;
        drawing.boxed(x, width, kind, &name, &step.ty)
    } else {
        drawing.text_beside(x, "", &name)
    };
    let what = [step.path.as_str(), step.value.as_deref().unwrap_or_default()];
    let what = what.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(" = ");
    let trap = if step.is_trapped { " trap" } else { "" };
    x = drawing.text_beside(x + 10, "", &format!("{what}{trap}"));
    draw_place(drawing, x + 10, &step.place);
    drawing.y += ROW_HEIGHT;
}

fn draw_place(drawing: &mut Drawing, x: usize, place: &Place) {
    if *place == Place::Nowhere {
        return;
    }
    let mut x = drawing.text_beside(x, "m-off", &place.to_string()) + 8;
    match place {
        Place::Nowhere => {}
        Place::Memory { address, size: _, bytes } => {
            for (at, byte) in (*address..).zip(bytes.iter().take(SHOWN_BYTES)) {
                x = drawing.boxed(x, BYTE_WIDTH, "scalar", &format!("{byte:02x}"), &format!("{at:#x}"));
            }
            if bytes.len() > SHOWN_BYTES {
                drawing.text_beside(x + 4, "m-off", "…");
            }
        }
        Place::Core { first, values } => {
            for (i, value) in (*first..).zip(values.iter().take(SHOWN_BYTES)) {
                let text = value.to_string();
                let width = (text.chars().count() + 2) * CHAR_TENTHS / 10;
                x = drawing.boxed(x, width, "payload", &text, &format!("core value {i}: {}", bits(*value)))
                    + 3;
            }
            if values.len() > SHOWN_BYTES {
                drawing.text_beside(x + 4, "m-off", "…");
            }
        }
    }
}

fn bits(value: CoreValue) -> String {
    format!("{} {:#x}", value.ty(), value.bits())
}

fn call_text(call: Call) -> String {
    match call {
        Call::Realloc { old_ptr, old_size, align, new_size, result } => {
            let result = result.map_or_else(|| "trap".to_owned(), |ptr| format!("{ptr:#x}"));
            format!("({old_ptr:#x}, {old_size}, {align}, {new_size}) = {result}")
        }
        Call::Handle { resource, given, result } => {
            let result = result.map_or_else(|| "trap".to_owned(), |index| index.to_string());
            let resource = resource.map_or_else(String::new, |resource| format!(", resource-{}", resource.0));
            format!("({given}{resource}) = {result}")
        }
    }
}

fn count_steps(steps: &[Step]) -> usize {
    steps.iter().map(|step| 1 + count_steps(&step.steps)).sum()
}
