//! Explanations as text for a terminal, JSON, SVG and HTML, all from the same data.

pub(crate) mod draw;
mod html;
pub(crate) mod json;
pub(crate) mod page;
mod spec;
pub(crate) mod svg;
pub(crate) mod text;
pub(crate) mod trace;
mod wit;

use canonical_abi::explain::{ByteKind, ByteMap, Role};

/// Returns the name of a kind, in JSON and as a class.
fn kind_name(kind: &ByteKind) -> &'static str {
    match kind {
        ByteKind::Compound { .. } => "compound",
        ByteKind::Scalar { .. } | ByteKind::Flags { .. } => "scalar",
        ByteKind::Pointer { .. } => "pointer",
        ByteKind::Length { .. } => "length",
        ByteKind::Discriminant { .. } => "discriminant",
        ByteKind::Payload { .. } => "payload",
        ByteKind::MoreElements { .. } => "more-elements",
        ByteKind::Unused { .. } => "unused",
        ByteKind::Padding => "padding",
        ByteKind::Elided => "elided",
    }
}

/// Returns what a core function is, as a heading.
fn role_text(role: Role) -> &'static str {
    match role {
        Role::Lift => "Lifted: the core function that the component exports",
        Role::Lower => "Lowered: the core function that a component imports",
        Role::TaskReturn => "task.return: what the lifted function calls with its result",
        Role::Callback => "Callback: what is called again after an event",
    }
}

/// Returns the size and alignment of a map in words.
fn size_text(map: &ByteMap) -> String {
    let noun = if map.size == 1 { "byte" } else { "bytes" };
    format!("{} {noun}, aligned to {}", map.size, map.align)
}

/// Escapes text for HTML, XML and their attributes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // XML has no other control characters.
            '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}' => {
                escaped.push('\u{fffd}');
            }
            c => escaped.push(c),
        }
    }
    escaped
}
