//! The interpreter of plans, over the two [`Host`]s.
//!
//! It checks ranges, allocates and transcodes with the same functions as the interpreter of types,
//! so their traps are the same.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::{BlockId, Check, CheckEach, Form, Move, MoveEach, Operand, Passed, Plan, Units};
use crate::flat::CoreValue;
use crate::handles::values::{lift_rep, lower_rep};
use crate::host::{Context, Host};
use crate::memory::load::check_discriminant;
use crate::memory::scalar::{Scalar, convert_i32_to_char, decode_i32_as_float, decode_i64_as_float};
use crate::memory::string::{
    SimpleEncoding, check_string_range, decode_stoppable, store_string_from, validate,
};
use crate::memory::{
    allocate, allocate_elements, bytes, bytes_mut, check_elements, check_pointer, load_int, store_int,
};
use crate::options::{Options, StringEncoding};
use crate::trap::{Allocation, Trap};
use crate::types::ScalarType;

/// Passes the plan's values on, as [`lift_flat_values`](crate::lift_flat_values) and
/// [`lower_flat_values`](crate::lower_flat_values) would: `flat` holds the source's core values, or
/// the one that points to its block of memory. Returns the destination's core values: the values
/// themselves if they are flat, else the pointer to a new block, or nothing if there is one already
/// at `out_param`.
///
/// # Errors
///
/// When a block is not aligned or not within its memory, the core values and bytes are no values of
/// the types, `realloc` fails or returns a block that is not aligned or within the memory, or a
/// handle table is full.
///
/// # Panics
///
/// When the contexts have other options than the plan was made for, or the number or the types of
/// the core values are not those that the source passes.
pub fn run<S: Host, D: Host<Error = S::Error>>(
    plan: &Plan,
    src: &mut Context<'_, S>,
    flat: &[CoreValue],
    dst: &mut Context<'_, D>,
    out_param: Option<u64>,
) -> Result<Vec<CoreValue>, S::Error> {
    let fits = |side: &Passed, opts: Options| {
        (side.opts.ptr, side.opts.string_encoding) == (opts.ptr, opts.string_encoding)
    };
    assert!(
        fits(&plan.from, src.opts) && fits(&plan.to, dst.opts),
        "a plan is run with the options it is for"
    );
    let from = source(plan, src, flat)?;
    let mut run = Run { plan, src, dst, flat, out: Vec::new(), reps: VecDeque::new() };
    check_block(&mut run, &plan.check.main, from)?;
    let to = destination(&mut run, out_param)?;
    move_block(&mut run, &plan.moves.main, to, from)?;
    Ok(run.out)
}

/// A plan that is being run.
struct Run<'r, 's, 'd, S: Host, D: Host> {
    plan: &'r Plan,
    src: &'r mut Context<'s, S>,
    dst: &'r mut Context<'d, D>,
    /// The source's core values.
    flat: &'r [CoreValue],
    /// The destination's core values.
    out: Vec<CoreValue>,
    /// The representations of the handles that are between the two tables, in order.
    reps: VecDeque<u32>,
}

/// Returns where the source's values start.
fn source<S: Host>(plan: &Plan, src: &Context<'_, S>, flat: &[CoreValue]) -> Result<Operand, Trap> {
    match &plan.from.form {
        Form::Flat(tys) => {
            assert!(
                flat.iter().map(|value| value.ty()).eq(tys.iter().copied()),
                "core values of the plan's types"
            );
            Ok(Operand::Flat(0))
        }
        Form::Memory { size_bytes, align } => {
            let [ptr] = flat else { panic!("one core value points to the block") };
            check_pointer(src, ptr.bits(), *size_bytes, *align)?;
            Ok(Operand::Memory(ptr.bits()))
        }
    }
}

/// Returns where the destination's values are to start, after making room for them.
fn destination<S: Host, D: Host<Error = S::Error>>(
    run: &mut Run<'_, '_, '_, S, D>,
    out_param: Option<u64>,
) -> Result<Operand, S::Error> {
    match (&run.plan.to.form, out_param) {
        (Form::Flat(tys), _) => {
            run.out.extend(tys.iter().map(|ty| CoreValue::from_bits(*ty, 0)));
            Ok(Operand::Flat(0))
        }
        (Form::Memory { size_bytes, align }, Some(ptr)) => {
            check_pointer(run.dst, ptr, *size_bytes, *align)?;
            Ok(Operand::Memory(ptr))
        }
        (Form::Memory { size_bytes, align }, None) => {
            let ptr = allocate(run.dst, *align, *size_bytes, Allocation::Params)?;
            run.out.push(CoreValue::pointer(ptr, run.dst.opts.ptr));
            Ok(Operand::Memory(ptr))
        }
    }
}

/// Returns the integer of `size_bytes` in memory that is at `from` in the source; of a core value
/// its `i32` or `i64`.
fn read<S: Host, D: Host>(run: &Run<'_, '_, '_, S, D>, from: Operand, size_bytes: u32) -> Result<u64, Trap> {
    match from {
        Operand::Flat(slot) => {
            // What is smaller in memory is a whole `i32` here: any bit of it makes a `bool` true.
            let core_bytes = size_bytes.max(4);
            Ok(run.flat[slot as usize].bits() & (u64::MAX >> (64 - 8 * core_bytes)))
        }
        Operand::Memory(ptr) => load_int(run.src, ptr, size_bytes),
    }
}

/// Returns the integer at `from` that takes `size_bytes` in memory and is an `i32` as a core value.
fn read_u32<S: Host, D: Host>(
    run: &Run<'_, '_, '_, S, D>,
    from: Operand,
    size_bytes: u32,
) -> Result<u32, Trap> {
    let int = read(run, from, size_bytes)?;
    Ok(u32::try_from(int).expect("at most 4 bytes were read"))
}

/// Returns the pointer and the length at `from`.
fn read_pointer_and_length<S: Host, D: Host>(
    run: &Run<'_, '_, '_, S, D>,
    from: Operand,
) -> Result<(u64, u64), Trap> {
    let size = run.src.opts.ptr.size();
    Ok((read(run, from, size)?, read(run, second(from, size), size)?))
}

/// Writes the low `size_bytes` of an integer to `to` in the destination; a core value is extended
/// with zeros.
fn write<S: Host, D: Host>(
    run: &mut Run<'_, '_, '_, S, D>,
    to: Operand,
    int: u64,
    size_bytes: u32,
) -> Result<(), Trap> {
    match to {
        Operand::Flat(slot) => {
            let slot = &mut run.out[slot as usize];
            *slot = CoreValue::from_bits(slot.ty(), int);
            Ok(())
        }
        Operand::Memory(ptr) => store_int(run.dst, int, ptr, size_bytes),
    }
}

/// Writes the pointer and the length of a string or list to `to`.
fn write_pointer_and_length<S: Host, D: Host>(
    run: &mut Run<'_, '_, '_, S, D>,
    to: Operand,
    (begin, length): (u64, u64),
) -> Result<(), Trap> {
    let size = run.dst.opts.ptr.size();
    write(run, to, begin, size)?;
    write(run, second(to, size), length, size)
}

/// Returns where a length is that follows the pointer at `first`.
fn second(first: Operand, ptr_size: u32) -> Operand {
    match first {
        Operand::Flat(slot) => Operand::Flat(slot + 1),
        Operand::Memory(ptr) => Operand::Memory(ptr + u64::from(ptr_size)),
    }
}

/// Runs instructions of the first program for what is at `from`.
fn check_block<S: Host, D: Host<Error = S::Error>>(
    run: &mut Run<'_, '_, '_, S, D>,
    ops: &[Check],
    from: Operand,
) -> Result<(), S::Error> {
    for op in ops {
        match op {
            Check::Chars { at: Operand::Memory(at), count } => {
                check_chars(run.src, from.offset() + at, *count)?;
            }
            Check::Chars { at, count: _ } => {
                convert_i32_to_char(read_u32(run, at.from_base(from), 4)?)?;
            }
            Check::Discriminant { at, size_bytes, n_cases } => {
                read_discriminant(run, at.from_base(from), *size_bytes, *n_cases as usize)?;
            }
            Check::Switch { at, size_bytes, payload_at, arms } => {
                let case = read_discriminant(run, at.from_base(from), *size_bytes, arms.len())?;
                if let Some(arm) = arms[case] {
                    check_call(run, arm, payload_at.from_base(from))?;
                }
            }
            Check::String { at } => {
                let (ptr, tagged_code_units) = read_pointer_and_length(run, at.from_base(from))?;
                let range = check_string_range(run.src, ptr, tagged_code_units)?;
                validate(run.src, range)?;
            }
            Check::List { at, stride, align, each } => {
                let (ptr, length) = read_pointer_and_length(run, at.from_base(from))?;
                check_elements(run.src, ptr, length, *stride, *align)?;
                match each {
                    CheckEach::Nothing => {}
                    CheckEach::Chars { count } => check_chars(run.src, ptr, count * length)?,
                    CheckEach::Block(body) => check_each(run, *body, ptr, length, *stride)?,
                }
            }
            Check::Repeat { at, count, stride, body } => {
                check_each(run, *body, from.offset() + at, u64::from(*count), *stride)?;
            }
            Check::Call { at, body } => check_call(run, *body, at.from_base(from))?,
            Check::Handle { at, ty } => {
                let index = read_u32(run, at.from_base(from), 4)?;
                let rep = lift_rep(run.src, *ty, index)?;
                run.reps.push_back(rep);
            }
        }
    }
    Ok(())
}

fn check_call<S: Host, D: Host<Error = S::Error>>(
    run: &mut Run<'_, '_, '_, S, D>,
    body: BlockId,
    from: Operand,
) -> Result<(), S::Error> {
    let plan = run.plan;
    check_block(run, plan.check.block(body), from)
}

fn check_each<S: Host, D: Host<Error = S::Error>>(
    run: &mut Run<'_, '_, '_, S, D>,
    body: BlockId,
    from: u64,
    length: u64,
    stride: u64,
) -> Result<(), S::Error> {
    (0..length).try_for_each(|i| check_call(run, body, Operand::Memory(from + i * stride)))
}

fn check_chars<H: Host>(cx: &Context<'_, H>, ptr: u64, count: u64) -> Result<(), Trap> {
    let mut chars =
        bytes(cx, ptr, 4 * count)?.chunks_exact(4).map(|chunk| chunk.try_into().expect("4 bytes"));
    chars.try_for_each(|bits| convert_i32_to_char(u32::from_le_bytes(bits)).map(|_| ()))
}

/// Returns the discriminant at `from`, which names one of `n_cases`.
fn read_discriminant<S: Host, D: Host>(
    run: &Run<'_, '_, '_, S, D>,
    from: Operand,
    size_bytes: u32,
    n_cases: usize,
) -> Result<usize, Trap> {
    Ok(check_discriminant(read_u32(run, from, size_bytes)?.into(), n_cases)? as usize)
}

/// Runs instructions of the second program from what is at `from` to what is at `to`.
fn move_block<S: Host, D: Host<Error = S::Error>>(
    run: &mut Run<'_, '_, '_, S, D>,
    ops: &[Move],
    to_base: Operand,
    from_base: Operand,
) -> Result<(), S::Error> {
    let places = |to: &Operand, from: &Operand| (to.from_base(to_base), from.from_base(from_base));
    for op in ops {
        match op {
            Move::Span { units, to, from, count } => {
                move_span(run, *units, to_base.offset() + to, from_base.offset() + from, *count)?;
            }
            Move::Scalar { ty, to, from } => {
                let (to, from) = places(to, from);
                let int = pass_scalar(*ty, read(run, from, ty.size())?)?;
                write(run, to, int, ty.size())?;
            }
            Move::Flags { to, from, size_bytes, mask } => {
                let (to, from) = places(to, from);
                let flags = read_u32(run, from, *size_bytes)? & mask;
                write(run, to, flags.into(), *size_bytes)?;
            }
            Move::Switch { to, from, size_bytes, to_payload, from_payload, arms } => {
                let (to, from) = places(to, from);
                let case = read_discriminant(run, from, *size_bytes, arms.len())?;
                write(run, to, case as u64, *size_bytes)?;
                if let Some(arm) = arms[case] {
                    move_call(run, arm, places(to_payload, from_payload))?;
                }
            }
            Move::String { to, from } => move_string(run, places(to, from))?,
            Move::List { to, from, to_stride, from_stride, align, each } => {
                move_list(run, places(to, from), (*to_stride, *from_stride), *align, *each)?;
            }
            Move::Repeat { to, from, count, to_stride, from_stride, body } => {
                let (to, from) = (to_base.offset() + to, from_base.offset() + from);
                move_each(run, *body, to, from, u64::from(*count), (*to_stride, *from_stride))?;
            }
            Move::Call { to, from, body } => move_call(run, *body, places(to, from))?,
            Move::Handle { to, ty } => {
                // The queue is empty only if the source's memory has changed.
                let rep = run.reps.pop_front().ok_or(Trap::UnknownHandle { index: 0 })?;
                let index = lower_rep(run.dst, *ty, rep)?;
                write(run, to.from_base(to_base), index.into(), 4)?;
            }
        }
    }
    Ok(())
}

fn move_call<S: Host, D: Host<Error = S::Error>>(
    run: &mut Run<'_, '_, '_, S, D>,
    body: BlockId,
    (to, from): (Operand, Operand),
) -> Result<(), S::Error> {
    let plan = run.plan;
    move_block(run, plan.moves.block(body), to, from)
}

fn move_each<S: Host, D: Host<Error = S::Error>>(
    run: &mut Run<'_, '_, '_, S, D>,
    body: BlockId,
    to: u64,
    from: u64,
    length: u64,
    (to_stride, from_stride): (u64, u64),
) -> Result<(), S::Error> {
    (0..length).try_for_each(|i| {
        let places = (Operand::Memory(to + i * to_stride), Operand::Memory(from + i * from_stride));
        move_call(run, body, places)
    })
}

/// Returns the core value's bits that a scalar of these bits becomes, which may be those in memory.
fn pass_scalar(ty: ScalarType, bits: u64) -> Result<u64, Trap> {
    fn pass<S: Scalar>(bits: u64) -> Result<u64, Trap> {
        Ok(S::from_core_bits(bits)?.to_core_bits())
    }
    match ty {
        ScalarType::Bool => pass::<bool>(bits),
        ScalarType::S8 => pass::<i8>(bits),
        ScalarType::U8 => pass::<u8>(bits),
        ScalarType::S16 => pass::<i16>(bits),
        ScalarType::U16 => pass::<u16>(bits),
        ScalarType::S32 => pass::<i32>(bits),
        ScalarType::U32 => pass::<u32>(bits),
        ScalarType::S64 => pass::<i64>(bits),
        ScalarType::U64 => pass::<u64>(bits),
        ScalarType::F32 => pass::<f32>(bits),
        ScalarType::F64 => pass::<f64>(bits),
        ScalarType::Char => pass::<char>(bits),
    }
}

fn move_span<S: Host, D: Host>(
    run: &mut Run<'_, '_, '_, S, D>,
    units: Units,
    to: u64,
    from: u64,
    count: u64,
) -> Result<(), Trap> {
    let size_bytes = count * units.unit_bytes();
    let src = bytes(run.src, from, size_bytes)?;
    let dst = bytes_mut(run.dst, to, size_bytes)?;
    match units {
        Units::Bytes => dst.copy_from_slice(src),
        Units::Bools => {
            for (dst, src) in dst.iter_mut().zip(src) {
                *dst = u8::from(*src != 0);
            }
        }
        Units::F32s => {
            for (dst, src) in dst.chunks_exact_mut(4).zip(src.chunks_exact(4)) {
                let bits = u32::from_le_bytes(src.try_into().expect("4 bytes"));
                dst.copy_from_slice(&decode_i32_as_float(bits).to_le_bytes());
            }
        }
        Units::F64s => {
            for (dst, src) in dst.chunks_exact_mut(8).zip(src.chunks_exact(8)) {
                let bits = u64::from_le_bytes(src.try_into().expect("8 bytes"));
                dst.copy_from_slice(&decode_i64_as_float(bits).to_le_bytes());
            }
        }
    }
    Ok(())
}

fn move_string<S: Host, D: Host<Error = S::Error>>(
    run: &mut Run<'_, '_, '_, S, D>,
    (to, from): (Operand, Operand),
) -> Result<(), S::Error> {
    let (ptr, tagged_code_units) = read_pointer_and_length(run, from)?;
    let range = check_string_range(run.src, ptr, tagged_code_units)?;
    if range.encoding == SimpleEncoding::Utf8 && run.dst.opts.string_encoding == StringEncoding::Utf8 {
        // The first program has looked at the bytes, and they stay what they are.
        let begin = allocate(run.dst, 1, tagged_code_units, Allocation::String)?;
        move_span(run, Units::Bytes, begin, ptr, tagged_code_units)?;
        return Ok(write_pointer_and_length(run, to, (begin, tagged_code_units))?);
    }
    let src_encoding = run.src.opts.string_encoding;
    let s = decode_stoppable(run.src, range)?;
    let pointer_and_length = store_string_from(run.dst, &s, src_encoding, range.encoding)?;
    Ok(write_pointer_and_length(run, to, pointer_and_length)?)
}

fn move_list<S: Host, D: Host<Error = S::Error>>(
    run: &mut Run<'_, '_, '_, S, D>,
    (to, from): (Operand, Operand),
    strides: (u64, u64),
    align: u32,
    each: MoveEach,
) -> Result<(), S::Error> {
    let (begin, length) = read_pointer_and_length(run, from)?;
    // What the first program has checked, to be sure where the memory has changed.
    check_elements(run.src, begin, length, strides.1, 1)?;
    let ptr = allocate_elements(run.dst, length, strides.0, align)?;
    match each {
        MoveEach::Span { units, count } => move_span(run, units, ptr, begin, count.saturating_mul(length))?,
        MoveEach::Block(body) => move_each(run, body, ptr, begin, length, strides)?,
    }
    Ok(write_pointer_and_length(run, to, (ptr, length))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Passing, plan};
    use crate::standalone::Standalone;
    use crate::types::{Types, ValType};

    /// A `bool` as a core value is true if any bit of its `i32` is set; a smaller integer is its
    /// low bits, whatever the others are.
    #[test]
    fn small_core_values_are_whole_integers() {
        let types = Types::new();
        let flat = Passing { opts: Options::default(), max_flat: 16 };
        let plan = plan(&types, &[ValType::Bool, ValType::U8, ValType::S16], flat, flat);
        let given = [CoreValue::I32(0x100), CoreValue::I32(0x1ff), CoreValue::I32(0x1_8000)];
        let (mut src, mut dst) = (Standalone { memory: Vec::new() }, Standalone { memory: Vec::new() });
        let mut src_cx = Context::new(&types, flat.opts, &mut src);
        let mut dst_cx = Context::new(&types, flat.opts, &mut dst);
        let passed = run(&plan, &mut src_cx, &given, &mut dst_cx, None);
        let expected = [CoreValue::I32(1), CoreValue::I32(0xff), CoreValue::I32(0xffff_8000)];
        assert_eq!(passed.as_deref(), Ok(&expected[..]));
    }
}
