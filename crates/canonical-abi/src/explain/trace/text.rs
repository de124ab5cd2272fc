//! Traces as text.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::{self, Write as _};

use super::{Call, Place, Step, Trace};
use crate::explain::columns::write_columns;
use crate::explain::count;
use crate::flat::lift::CoreValue;

/// The most bytes in a line.
const LINE_BYTES: usize = 16;
/// The most core values in a line.
const LINE_VALUES: usize = 4;

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows = Vec::new();
        push_rows(&mut rows, 0, &self.steps);
        write_columns(f, 2, [false; 5], &rows)?;
        match self.n_elided {
            0 => Ok(()),
            n => writeln!(f, "  … {} more that are not listed", count(n as u64, "component")),
        }
    }
}

fn push_rows(rows: &mut Vec<[String; 5]>, depth: usize, steps: &[Step]) {
    for step in steps {
        let call = step.call.map_or_else(|| step.function.to_string(), |call| call_text(step.function, call));
        let call = format!("{:width$}{call}", "", width = 2 * depth);
        let value = match (&step.value, step.is_trapped) {
            (_, true) => "TRAP".to_string(),
            (value, false) => value.clone().unwrap_or_default(),
        };
        rows.push([call, step.path.clone(), step.place.to_string(), data_text(&step.place), value]);
        push_rows(rows, depth + 1, &step.steps);
    }
}

fn call_text(function: &str, call: Call) -> String {
    match call {
        Call::Realloc { old_ptr, old_size, align, new_size, result } => {
            let result = result.map_or("trap".to_string(), |ptr| format!("{ptr:#x}"));
            format!("{function}({old_ptr:#x}, {old_size}, {align}, {new_size}) = {result}")
        }
        Call::Handle { resource, given, result } => {
            let result = result.map_or("trap".to_string(), |index| format!("{index}"));
            let resource = resource.map_or(String::new(), |resource| format!(", resource-{}", resource.0));
            format!("{function}({given}{resource}) = {result}")
        }
    }
}

/// Says where: `0x10..0x14`, `core 0`, `core 1..3`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nowhere => Ok(()),
            Self::Memory { address, size: 1, .. } => write!(f, "{address:#x}"),
            Self::Memory { address, size, .. } => {
                write!(f, "{address:#x}..{:#x}", u128::from(*address) + u128::from(*size))
            }
            Self::Core { first: _, values } if values.is_empty() => f.write_str("no core values"),
            Self::Core { first, values } if values.len() == 1 => write!(f, "core {first}"),
            Self::Core { first, values } => write!(f, "core {first}..{}", first + values.len()),
        }
    }
}

/// Returns the first bytes or core values.
fn data_text(place: &Place) -> String {
    let mut text = String::new();
    match place {
        Place::Nowhere => {}
        Place::Memory { size, bytes, .. } => {
            for (i, byte) in bytes.iter().take(LINE_BYTES).enumerate() {
                let _ = write!(text, "{}{byte:02x}", if i == 0 { "" } else { " " });
            }
            if bytes.len() > LINE_BYTES || (!bytes.is_empty() && (bytes.len() as u64) < *size) {
                text.push_str(" …");
            }
        }
        Place::Core { values, .. } => {
            for (i, value) in values.iter().take(LINE_VALUES).enumerate() {
                let _ = write!(text, "{}{value}", if i == 0 { "" } else { ", " });
            }
            if values.len() > LINE_VALUES {
                text.push_str(", …");
            }
        }
    }
    text
}

/// Writes the type and the value: `i32 7`, `i64 0x10010`, `f32 1.5`.
impl fmt::Display for CoreValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ty = self.ty();
        match self {
            Self::I32(_) | Self::I64(_) if self.bits() > 0xfff => write!(f, "{ty} {:#x}", self.bits()),
            Self::I32(_) | Self::I64(_) => write!(f, "{ty} {}", self.bits()),
            Self::F32(bits) => write!(f, "{ty} {}", f32::from_bits(*bits)),
            Self::F64(bits) => write!(f, "{ty} {}", f64::from_bits(*bits)),
        }
    }
}
