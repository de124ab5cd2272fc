//! Plans as text that reads like assembly: one instruction a line, destination before source.

use core::fmt;

use super::{BlockId, Check, CheckEach, Form, Move, MoveEach, Operand, Passed, Plan, Program, Units};
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

impl fmt::Display for Passed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoding = match self.opts.string_encoding {
            StringEncoding::Utf8 => "utf8",
            StringEncoding::Utf16 => "utf16",
            StringEncoding::Latin1Utf16 => "latin1+utf16",
        };
        let bits = 8 * self.opts.ptr.size();
        write!(f, "{encoding} in a {bits}-bit memory, ")?;
        match &self.form {
            Form::Flat(tys) => {
                f.write_str("flat:")?;
                tys.iter().try_for_each(|ty| write!(f, " {ty}"))
            }
            Form::Memory { size_bytes, align } => write!(f, "{} aligned to {align}", Bytes(*size_bytes)),
        }
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
            Self::Chars { at, count } => write!(f, "chars     {at}, {count}", at = src(*at)),
            Self::Discriminant { at, size_bytes, n_cases } => {
                write!(f, "below     {at}, {}, {n_cases}", Bytes(u64::from(*size_bytes)), at = src(*at))
            }
            Self::Switch { at, size_bytes, payload_at, arms } => {
                let size = Bytes(u64::from(*size_bytes));
                write!(
                    f,
                    "switch    {at}, {size}, payload {payload_at}, ",
                    at = src(*at),
                    payload_at = src(*payload_at)
                )?;
                write_arms(f, CHECK, arms)
            }
            Self::String { at } => write!(f, "string    {at}", at = src(*at)),
            Self::List { at, stride, align, each } => {
                write!(f, "list      {at}, stride {stride}, align {align}", at = src(*at))?;
                match each {
                    CheckEach::Nothing => Ok(()),
                    CheckEach::Chars { count } => write!(f, ", {count} chars each"),
                    CheckEach::Block(body) => write!(f, ", {CHECK}{} each", body.index()),
                }
            }
            Self::Repeat { at, count, stride, body } => {
                write!(
                    f,
                    "repeat    {at}, {count} times, stride {stride}, {CHECK}{}",
                    body.index(),
                    at = src(Operand::Memory(*at))
                )
            }
            Self::Call { at, body } => write!(f, "call      {at}, {CHECK}{}", body.index(), at = src(*at)),
            Self::Handle { at, ty } => write_handle(f, *ty, format_args!("{at}", at = src(*at))),
        }
    }
}

impl fmt::Display for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Span { units: Units::Bytes, to, from, count } => {
                write!(
                    f,
                    "copy      {to}, {from}, {}",
                    Bytes(*count),
                    to = dst(Operand::Memory(*to)),
                    from = src(Operand::Memory(*from))
                )
            }
            Self::Scalar { ty, to, from } => {
                write!(f, "{:<9} {}, {}", ty.name(), dst(*to), src(*from))
            }
            Self::Span { units, to, from, count } => {
                write!(
                    f,
                    "{:<9} {to}, {from}, {count}",
                    units_name(*units),
                    to = dst(Operand::Memory(*to)),
                    from = src(Operand::Memory(*from))
                )
            }
            Self::Flags { to, from, size_bytes, mask } => {
                let size = Bytes(u64::from(*size_bytes));
                write!(f, "flags     {to}, {from}, {size}, mask {mask:#x}", to = dst(*to), from = src(*from))
            }
            Self::Switch { to, from, size_bytes, to_payload, from_payload, arms } => {
                let size = Bytes(u64::from(*size_bytes));
                write!(
                    f,
                    "switch    {to}, {from}, {size}, payload {to_payload}, {from_payload}, ",
                    to = dst(*to),
                    from = src(*from),
                    to_payload = dst(*to_payload),
                    from_payload = src(*from_payload)
                )?;
                write_arms(f, MOVE, arms)
            }
            Self::String { to, from } => {
                write!(f, "string    {to}, {from}", to = dst(*to), from = src(*from))
            }
            Self::List { to, from, to_stride, from_stride, align, each } => {
                write!(f, "list      {to}, {from}, align {align}, ", to = dst(*to), from = src(*from))?;
                match each {
                    MoveEach::Span { units: Units::Bytes, count } => write!(f, "copy {} each", Bytes(*count)),
                    MoveEach::Span { units, count } => write!(f, "{count} {} each", units_name(*units)),
                    MoveEach::Block(body) => {
                        write!(f, "stride to {to_stride} from {from_stride}, {MOVE}{} each", body.index())
                    }
                }
            }
            Self::Repeat { to, from, count, to_stride, from_stride, body } => {
                let body = body.index();
                write!(
                    f,
                    "repeat    {to}, {from}, {count} times, ",
                    to = dst(Operand::Memory(*to)),
                    from = src(Operand::Memory(*from))
                )?;
                write!(f, "stride to {to_stride} from {from_stride}, {MOVE}{body}")
            }
            Self::Call { to, from, body } => {
                write!(f, "call      {to}, {from}, {MOVE}{}", body.index(), to = dst(*to), from = src(*from))
            }
            Self::Handle { to, ty } => write_handle(f, *ty, format_args!("{to}", to = dst(*to))),
        }
    }
}

/// Writes a place in the destination: `to[4]` in memory, `to.4` among the core values.
fn dst(operand: Operand) -> Named {
    Named("to", operand)
}

/// Writes a place in the source.
fn src(operand: Operand) -> Named {
    Named("from", operand)
}

struct Named(&'static str, Operand);

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            Operand::Flat(slot) => write!(f, "{}.{slot}", self.0),
            Operand::Memory(offset) => write!(f, "{}[{offset}]", self.0),
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

fn units_name(units: Units) -> &'static str {
    match units {
        Units::Bytes => "bytes",
        Units::Bools => "bools",
        Units::F32s => "f32s",
        Units::F64s => "f64s",
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
