//! Plans as text that reads like assembly: one instruction a line, destination before source.

use core::fmt;

use super::{BlockId, Check, CheckEach, Move, MoveEach, Plan, Program, Side, Span};
use crate::options::StringEncoding;
use crate::types::despecialize::HandleType;

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "; from {}", self.from)?;
        writeln!(f, "; to {}", self.to)?;
        write_program(f, CHECK, &self.check)?;
        write_program(f, MOVE, &self.moves)
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoding = match self.opts.string_encoding {
            StringEncoding::Utf8 => "utf8",
            StringEncoding::Utf16 => "utf16",
            StringEncoding::Latin1Utf16 => "latin1+utf16",
        };
        let bits = 8 * self.opts.ptr.size();
        let size = Bytes(self.size_bytes);
        write!(f, "{encoding} in a {bits}-bit memory, {size} aligned to {}", self.align)
    }
}

const CHECK: &str = "check";
const MOVE: &str = "move";

/// Writes a program, its blocks named by its own name and their number.
fn write_program<Op: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    program: &Program<Op>,
) -> fmt::Result {
    writeln!(f, "{name}:")?;
    write_ops(f, &program.main)?;
    for (i, ops) in program.blocks.iter().enumerate() {
        writeln!(f, "{name}{i}:")?;
        write_ops(f, ops)?;
    }
    Ok(())
}

fn write_ops<Op: fmt::Display>(f: &mut fmt::Formatter<'_>, ops: &[Op]) -> fmt::Result {
    if ops.is_empty() {
        return writeln!(f, "    nop");
    }
    ops.iter().try_for_each(|op| writeln!(f, "    {op}"))
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chars { at, count } => write!(f, "chars     from[{at}], {count}"),
            Self::Discriminant { at, size_bytes, n_cases } => {
                write!(f, "below     from[{at}], {}, {n_cases}", Bytes(u64::from(*size_bytes)))
            }
            Self::Switch { at, size_bytes, payload_at, arms } => {
                let size = Bytes(u64::from(*size_bytes));
                write!(f, "switch    from[{at}], {size}, payload from[{payload_at}], ")?;
                write_arms(f, CHECK, arms)
            }
            Self::String { at } => write!(f, "string    from[{at}]"),
            Self::List { at, stride, align, each } => {
                write!(f, "list      from[{at}], stride {stride}, align {align}")?;
                match each {
                    CheckEach::Nothing => Ok(()),
                    CheckEach::Chars { count } => write!(f, ", {count} chars each"),
                    CheckEach::Block(body) => write!(f, ", {CHECK}{} each", body.index()),
                }
            }
            Self::Repeat { at, count, stride, body } => {
                write!(f, "repeat    from[{at}], {count} times, stride {stride}, {CHECK}{}", body.index())
            }
            Self::Call { at, body } => write!(f, "call      from[{at}], {CHECK}{}", body.index()),
            Self::Handle { at, ty } => write_handle(f, *ty, format_args!("from[{at}]")),
        }
    }
}

impl fmt::Display for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Span { kind: Span::Bytes, to, from, count } => {
                write!(f, "copy      to[{to}], from[{from}], {}", Bytes(*count))
            }
            Self::Span { kind, to, from, count } => {
                write!(f, "{:<9} to[{to}], from[{from}], {count}", units(*kind))
            }
            Self::Flags { to, from, size_bytes, mask } => {
                let size = Bytes(u64::from(*size_bytes));
                write!(f, "flags     to[{to}], from[{from}], {size}, mask {mask:#x}")
            }
            Self::Switch { to, from, size_bytes, to_payload, from_payload, arms } => {
                let size = Bytes(u64::from(*size_bytes));
                write!(
                    f,
                    "switch    to[{to}], from[{from}], {size}, payload to[{to_payload}], from[{from_payload}], "
                )?;
                write_arms(f, MOVE, arms)
            }
            Self::String { to, from } => write!(f, "string    to[{to}], from[{from}]"),
            Self::List { to, from, to_stride, from_stride, align, each } => {
                write!(f, "list      to[{to}], from[{from}], align {align}, ")?;
                match each {
                    MoveEach::Span { kind: Span::Bytes, count } => write!(f, "copy {} each", Bytes(*count)),
                    MoveEach::Span { kind, count } => write!(f, "{count} {} each", units(*kind)),
                    MoveEach::Block(body) => {
                        write!(f, "stride to {to_stride} from {from_stride}, {MOVE}{} each", body.index())
                    }
                }
            }
            Self::Repeat { to, from, count, to_stride, from_stride, body } => {
                let body = body.index();
                write!(f, "repeat    to[{to}], from[{from}], {count} times, ")?;
                write!(f, "stride to {to_stride} from {from_stride}, {MOVE}{body}")
            }
            Self::Call { to, from, body } => {
                write!(f, "call      to[{to}], from[{from}], {MOVE}{}", body.index())
            }
            Self::Handle { to, ty } => write_handle(f, *ty, format_args!("to[{to}]")),
        }
    }
}

/// Writes each case's block, `_` where there is nothing to do.
fn write_arms(f: &mut fmt::Formatter<'_>, name: &str, arms: &[Option<BlockId>]) -> fmt::Result {
    f.write_str("[")?;
    for (i, arm) in arms.iter().enumerate() {
        f.write_str(if i > 0 { ", " } else { "" })?;
        match arm {
            Some(id) => write!(f, "{name}{}", id.index())?,
            None => f.write_str("_")?,
        }
    }
    f.write_str("]")
}

fn units(kind: Span) -> &'static str {
    match kind {
        Span::Bytes => "bytes",
        Span::Bools => "bools",
        Span::F32s => "f32s",
        Span::F64s => "f64s",
    }
}

fn write_handle(f: &mut fmt::Formatter<'_>, ty: HandleType, place: fmt::Arguments<'_>) -> fmt::Result {
    match ty {
        HandleType::Own(resource) => write!(f, "own       {place}, resource {}", resource.0),
        HandleType::Borrow(resource) => write!(f, "borrow    {place}, resource {}", resource.0),
        HandleType::ErrorContext => write!(f, "errctx    {place}"),
        HandleType::Stream(_) => write!(f, "stream    {place}"),
        HandleType::Future(_) => write!(f, "future    {place}"),
    }
}

/// A number of bytes in words.
struct Bytes(u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} byte{}", self.0, if self.0 == 1 { "" } else { "s" })
    }
}
