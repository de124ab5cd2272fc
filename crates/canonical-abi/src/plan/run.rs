//! The interpreter of plans, over the two [`Host`]s.
//!
//! It shares with `load` and `store` what checks ranges, allocates and transcodes, and so their traps.

use alloc::collections::VecDeque;

use super::{BlockId, Check, CheckEach, Move, MoveEach, Plan, Side, Span};
use crate::handles::values::{lift_rep, lower_rep};
use crate::host::{Context, Host};
use crate::memory::scalar::{convert_i32_to_char, decode_i32_as_float, decode_i64_as_float};
use crate::memory::string::{SimpleEncoding, check_string_range, decode, store_string_from, validate};
use crate::memory::{
    allocate, allocate_elements, bytes, bytes_mut, check_elements, check_pointer, load_int,
    load_pointer_and_length, store_int, store_pointer_and_length,
};
use crate::options::Options;
use crate::options::StringEncoding;
use crate::trap::{Allocation, Trap, trap_if};

/// Copies the plan's values from `from` in the source's memory to `to` in the destination's, as `load` and `store`
/// would.
///
/// # Errors
///
/// When `from` or `to` is not aligned or not within its memory, the bytes there are no values of the types, `realloc`
/// fails or returns a block that is not aligned or within the memory, or a handle table is full.
///
/// # Panics
///
/// When the contexts' options are others than the plan was made for.
pub fn copy<S: Host, D: Host<Error = S::Error>>(
    plan: &Plan,
    src: &mut Context<'_, S>,
    from: u64,
    dst: &mut Context<'_, D>,
    to: u64,
) -> Result<(), S::Error> {
    let mut run = start(plan, src, from, dst)?;
    check_pointer(run.dst, to, plan.to.size_bytes, plan.to.align)?;
    move_block(&mut run, &plan.moves.main, to, from)
}

/// Copies the plan's values from `from` in the source's memory to a new block in the destination's, and returns where
/// that is: what becomes of spilled parameters (the spec's `lower_flat_values`).
///
/// # Errors
///
/// As for [`copy`].
///
/// # Panics
///
/// As for [`copy`].
pub fn copy_spilled<S: Host, D: Host<Error = S::Error>>(
    plan: &Plan,
    src: &mut Context<'_, S>,
    from: u64,
    dst: &mut Context<'_, D>,
) -> Result<u64, S::Error> {
    let mut run = start(plan, src, from, dst)?;
    let to = allocate(run.dst, plan.to.align, plan.to.size_bytes, Allocation::Params)?;
    move_block(&mut run, &plan.moves.main, to, from)?;
    Ok(to)
}

/// A plan that is being run.
struct Run<'r, 's, 'd, S: Host, D: Host> {
    plan: &'r Plan,
    src: &'r mut Context<'s, S>,
    dst: &'r mut Context<'d, D>,
    /// The representations of the handles that are between the two tables, in order.
    reps: VecDeque<u32>,
}

/// Runs the plan's first program.
fn start<'r, 's, 'd, S: Host, D: Host<Error = S::Error>>(
    plan: &'r Plan,
    src: &'r mut Context<'s, S>,
    from: u64,
    dst: &'r mut Context<'d, D>,
) -> Result<Run<'r, 's, 'd, S, D>, S::Error> {
    let fits = |side: &Side, opts: Options| {
        (side.opts.ptr, side.opts.string_encoding) == (opts.ptr, opts.string_encoding)
    };
    assert!(
        fits(&plan.from, src.opts) && fits(&plan.to, dst.opts),
        "a plan is run with the options it is for"
    );
    check_pointer(src, from, plan.from.size_bytes, plan.from.align)?;
    let mut run = Run { plan, src, dst, reps: VecDeque::new() };
    check_block(&mut run, &plan.check.main, from)?;
    Ok(run)
}

/// Runs instructions of the first program for what is at `from`.
fn check_block<S: Host, D: Host<Error = S::Error>>(
    run: &mut Run<'_, '_, '_, S, D>,
    ops: &[Check],
    from: u64,
) -> Result<(), S::Error> {
    for op in ops {
        match op {
            Check::Chars { at, count } => check_chars(run.src, from + at, *count)?,
            Check::Discriminant { at, size_bytes, n_cases } => {
                load_discriminant(run.src, from + at, *size_bytes, *n_cases as usize)?;
            }
            Check::Switch { at, size_bytes, payload_at, arms } => {
                let case = load_discriminant(run.src, from + at, *size_bytes, arms.len())?;
                if let Some(arm) = arms[case] {
                    check_call(run, arm, from + payload_at)?;
                }
            }
            Check::String { at } => {
                let (ptr, tagged_code_units) = load_pointer_and_length(run.src, from + at)?;
                let range = check_string_range(run.src, ptr, tagged_code_units)?;
                validate(run.src, range)?;
            }
            Check::List { at, stride, align, each } => {
                let (ptr, length) = load_pointer_and_length(run.src, from + at)?;
                check_elements(run.src, ptr, length, *stride, *align)?;
                match each {
                    CheckEach::Nothing => {}
                    CheckEach::Chars { count } => check_chars(run.src, ptr, count * length)?,
                    CheckEach::Block(body) => check_each(run, *body, ptr, length, *stride)?,
                }
            }
            Check::Repeat { at, count, stride, body } => {
                check_each(run, *body, from + at, u64::from(*count), *stride)?;
            }
            Check::Call { at, body } => check_call(run, *body, from + at)?,
            Check::Handle { at, ty } => {
                let index = load_u32(run.src, from + at)?;
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
    from: u64,
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
    (0..length).try_for_each(|i| check_call(run, body, from + i * stride))
}

fn check_chars<H: Host>(cx: &Context<'_, H>, ptr: u64, count: u64) -> Result<(), Trap> {
    let (chars, _) = bytes(cx, ptr, 4 * count)?.as_chunks();
    chars.iter().try_for_each(|bits| convert_i32_to_char(u32::from_le_bytes(*bits)).map(|_| ()))
}

fn load_u32<H: Host>(cx: &Context<'_, H>, ptr: u64) -> Result<u32, Trap> {
    Ok(u32::try_from(load_int(cx, ptr, 4)?).expect("4 bytes were loaded"))
}

/// Returns the discriminant of `size_bytes` at `ptr`, which names one of `n_cases`.
fn load_discriminant<H: Host>(
    cx: &Context<'_, H>,
    ptr: u64,
    size_bytes: u32,
    n_cases: usize,
) -> Result<usize, Trap> {
    let discriminant =
        u32::try_from(load_int(cx, ptr, size_bytes)?).expect("a discriminant has at most 4 bytes");
    let n_cases = u32::try_from(n_cases).expect("a type has fewer than 2^32 labels");
    trap_if(discriminant >= n_cases, Trap::InvalidDiscriminant { discriminant, n_cases })?;
    Ok(discriminant as usize)
}

/// Runs instructions of the second program from what is at `from` to what is at `to`.
fn move_block<S: Host, D: Host<Error = S::Error>>(
    run: &mut Run<'_, '_, '_, S, D>,
    ops: &[Move],
    to_base: u64,
    from_base: u64,
) -> Result<(), S::Error> {
    for op in ops {
        match op {
            Move::Span { kind, to, from, count } => {
                move_span(run, *kind, to_base + to, from_base + from, *count)?;
            }
            Move::Flags { to, from, size_bytes, mask } => {
                let flags = load_int(run.src, from_base + from, *size_bytes)? & u64::from(*mask);
                store_int(run.dst, flags, to_base + to, *size_bytes)?;
            }
            Move::Switch { to, from, size_bytes, to_payload, from_payload, arms } => {
                let case = load_discriminant(run.src, from_base + from, *size_bytes, arms.len())?;
                store_int(run.dst, case as u64, to_base + to, *size_bytes)?;
                if let Some(arm) = arms[case] {
                    move_call(run, arm, to_base + to_payload, from_base + from_payload)?;
                }
            }
            Move::String { to, from } => move_string(run, to_base + to, from_base + from)?,
            Move::List { to, from, to_stride, from_stride, align, each } => {
                let strides = (*to_stride, *from_stride);
                move_list(run, to_base + to, from_base + from, strides, *align, *each)?;
            }
            Move::Repeat { to, from, count, to_stride, from_stride, body } => {
                let (to, from) = (to_base + to, from_base + from);
                move_each(run, *body, to, from, u64::from(*count), (*to_stride, *from_stride))?;
            }
            Move::Call { to, from, body } => move_call(run, *body, to_base + to, from_base + from)?,
            Move::Handle { to, ty } => {
                // The queue is empty only if the source's memory has changed.
                let rep = run.reps.pop_front().ok_or(Trap::UnknownHandle { index: 0 })?;
                let index = lower_rep(run.dst, *ty, rep)?;
                store_int(run.dst, u64::from(index), to_base + to, 4)?;
            }
        }
    }
    Ok(())
}

fn move_call<S: Host, D: Host<Error = S::Error>>(
    run: &mut Run<'_, '_, '_, S, D>,
    body: BlockId,
    to: u64,
    from: u64,
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
    (0..length).try_for_each(|i| move_call(run, body, to + i * to_stride, from + i * from_stride))
}

fn move_span<S: Host, D: Host>(
    run: &mut Run<'_, '_, '_, S, D>,
    kind: Span,
    to: u64,
    from: u64,
    count: u64,
) -> Result<(), Trap> {
    let size_bytes = count * kind.unit_bytes();
    let src = bytes(run.src, from, size_bytes)?;
    let dst = bytes_mut(run.dst, to, size_bytes)?;
    match kind {
        Span::Bytes => dst.copy_from_slice(src),
        Span::Bools => {
            for (dst, src) in dst.iter_mut().zip(src) {
                *dst = u8::from(*src != 0);
            }
        }
        Span::F32s => {
            for (dst, src) in dst.as_chunks_mut().0.iter_mut().zip(src.as_chunks().0) {
                *dst = decode_i32_as_float(u32::from_le_bytes(*src)).to_le_bytes();
            }
        }
        Span::F64s => {
            for (dst, src) in dst.as_chunks_mut().0.iter_mut().zip(src.as_chunks().0) {
                *dst = decode_i64_as_float(u64::from_le_bytes(*src)).to_le_bytes();
            }
        }
    }
    Ok(())
}

fn move_string<S: Host, D: Host<Error = S::Error>>(
    run: &mut Run<'_, '_, '_, S, D>,
    to: u64,
    from: u64,
) -> Result<(), S::Error> {
    let (ptr, tagged_code_units) = load_pointer_and_length(run.src, from)?;
    let range = check_string_range(run.src, ptr, tagged_code_units)?;
    if range.encoding == SimpleEncoding::Utf8 && run.dst.opts.string_encoding == StringEncoding::Utf8 {
        // The first program has looked at the bytes, and they stay what they are.
        let begin = allocate(run.dst, 1, tagged_code_units, Allocation::String)?;
        move_span(run, Span::Bytes, begin, ptr, tagged_code_units)?;
        return Ok(store_pointer_and_length(run.dst, (begin, tagged_code_units), to)?);
    }
    let s = decode(run.src, range)?;
    let src_encoding = run.src.opts.string_encoding;
    let pointer_and_length = store_string_from(run.dst, &s, src_encoding, range.encoding)?;
    Ok(store_pointer_and_length(run.dst, pointer_and_length, to)?)
}

fn move_list<S: Host, D: Host<Error = S::Error>>(
    run: &mut Run<'_, '_, '_, S, D>,
    to: u64,
    from: u64,
    strides: (u64, u64),
    align: u32,
    each: MoveEach,
) -> Result<(), S::Error> {
    let (begin, length) = load_pointer_and_length(run.src, from)?;
    // What the first program has checked, to be sure where the memory has changed.
    check_elements(run.src, begin, length, strides.1, 1)?;
    let ptr = allocate_elements(run.dst, length, strides.0, align)?;
    match each {
        MoveEach::Span { kind, count } => move_span(run, kind, ptr, begin, count.saturating_mul(length))?,
        MoveEach::Block(body) => move_each(run, body, ptr, begin, length, strides)?,
    }
    Ok(store_pointer_and_length(run.dst, (ptr, length), to)?)
}
