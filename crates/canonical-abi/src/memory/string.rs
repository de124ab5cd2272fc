//! Strings in and out of linear memory, in all three encodings.
//! Follows CanonicalABI.md, "Loading" (`load_string`) and "Storing" (`store_string`).
//!
//! The guest sees the calls of its `realloc`, so each way of storing makes exactly the spec's
//! calls, which depend on the encoding that the string came in ([`Host::source_encoding`]).

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::{
    allocate, bytes, bytes_mut, check_aligned, ends_beyond, load_pointer_and_length, memory_bytes,
    reallocate, store_pointer_and_length,
};
use crate::host::{Begin, Context, End, Host, observed};
pub use crate::options::StringEncoding;
use crate::trap::{Allocation, MAX_STRING_BYTE_LENGTH, Trap, trap_if};
use crate::types::PtrType;

/// Returns the bit of a tagged length that means UTF-16 (the spec's `utf16_tag`).
pub const fn utf16_tag(ptr: PtrType) -> u64 {
    1 << (ptr.size() * 8 - 1)
}

/// An encoding of which a string has exactly one (the spec's `src_simple_encoding`).
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum SimpleEncoding {
    Utf8,
    Utf16,
    Latin1,
}

/// How many bytes of a string are handled before the host is told again.
const PIECE_BYTES: u64 = PIECE_LEN as u64;
const PIECE_LEN: usize = 1 << 20;

/// Where a string's bytes are, once alignment and bounds were checked.
#[derive(Clone, Copy)]
pub(crate) struct StringRange {
    ptr: u64,
    size_bytes: u64,
    pub(crate) encoding: SimpleEncoding,
}

/// Returns the string whose pointer and length are at `ptr`.
///
/// # Errors
///
/// As [`load_string_from_range`], or when the two are not within the memory.
pub fn load_string<H: Host>(cx: &mut Context<'_, H>, ptr: u64) -> Result<String, H::Error> {
    let (begin, tagged_code_units) = load_pointer_and_length(cx, ptr)?;
    load_string_from_range(cx, begin, tagged_code_units)
}

/// Returns the string of `tagged_code_units` code units at `ptr` (the spec's
/// `load_string_from_range`).
///
/// # Errors
///
/// When the string is too long, not aligned, not within the memory, or not valid in its encoding.
pub fn load_string_from_range<H: Host>(
    cx: &mut Context<'_, H>,
    ptr: u64,
    tagged_code_units: u64,
) -> Result<String, H::Error> {
    let begin = Begin::LoadString { ptr, tagged_code_units };
    observed(cx, begin, |cx| load_checked_string(cx, ptr, tagged_code_units), |s| End::Loaded(s))
}

fn load_checked_string<H: Host>(
    cx: &mut Context<'_, H>,
    ptr: u64,
    tagged_code_units: u64,
) -> Result<String, H::Error> {
    let range = check_string_range(cx, ptr, tagged_code_units)?;
    cx.host.consume_bytes(range.size_bytes)?;
    let s = if range.size_bytes <= PIECE_BYTES {
        let utf8_size = utf8_size(range.encoding, bytes(cx, range.ptr, range.size_bytes)?);
        cx.host.reserve_string(utf8_size as u64)?;
        decode_sized(cx, range, utf8_size)?.into_owned()
    } else {
        load_long_string(cx, range)?
    };
    if cx.opts.string_encoding == StringEncoding::Latin1Utf16 {
        cx.host.string_lifted(range.encoding == SimpleEncoding::Utf16);
    }
    Ok(s)
}

/// Loads a string in pieces, and lets the host stop it before each.
#[cold]
#[inline(never)]
fn load_long_string<H: Host>(cx: &mut Context<'_, H>, range: StringRange) -> Result<String, H::Error> {
    let mut n_utf8_bytes = 0;
    for_pieces(cx, range, |cx, piece| {
        n_utf8_bytes += utf8_size(piece.encoding, bytes(cx, piece.ptr, piece.size_bytes)?);
        Ok(())
    })?;
    cx.host.reserve_string(n_utf8_bytes as u64)?;
    let mut s = String::with_capacity(n_utf8_bytes);
    for_pieces(cx, range, |cx, piece| {
        s.push_str(&decode(cx, piece)?);
        Ok(())
    })?;
    Ok(s)
}

/// Does something with each piece of a string, in order, and lets the host stop it before each.
fn for_pieces<H: Host>(
    cx: &mut Context<'_, H>,
    range: StringRange,
    mut each: impl FnMut(&Context<'_, H>, StringRange) -> Result<(), Trap>,
) -> Result<(), H::Error> {
    let mut rest = range;
    while rest.size_bytes > 0 {
        cx.host.consume_bytes(0)?;
        let start = rest.ptr - range.ptr;
        let piece = take_piece(cx, &mut rest)?;
        let is_last = rest.size_bytes == 0;
        each(cx, piece).map_err(|trap| in_whole(trap, (start, piece.size_bytes), is_last))?;
    }
    Ok(())
}

/// Takes a piece off the beginning of a string. No character is split; where there is none, bytes
/// are in error for themselves.
fn take_piece<H: Host>(cx: &Context<'_, H>, rest: &mut StringRange) -> Result<StringRange, Trap> {
    let mut piece = *rest;
    if rest.size_bytes > PIECE_BYTES {
        // The longest character has four bytes, so its last three may lie beyond the end.
        let n_before = PIECE_BYTES - 4;
        let around = bytes(cx, rest.ptr + n_before, 4)?;
        let n_bytes = match rest.encoding {
            SimpleEncoding::Latin1 => 4,
            SimpleEncoding::Utf16 => match utf16_units(around).nth(1) {
                Some(0xd800..0xdc00) => 2,
                Some(_) | None => 4,
            },
            // Before the last byte that begins a character.
            SimpleEncoding::Utf8 => around.iter().rposition(|byte| byte & 0xc0 != 0x80).unwrap_or(4) as u64,
        };
        piece.size_bytes = n_before + n_bytes;
    }
    rest.ptr += piece.size_bytes;
    rest.size_bytes -= piece.size_bytes;
    Ok(piece)
}

/// Returns the trap that a whole string ends in whose piece (start and size) ended in this one.
fn in_whole(trap: Trap, (start, size): (u64, u64), is_last: bool) -> Trap {
    let Trap::InvalidUtf8 { valid_up_to_bytes: n_valid, error_bytes } = trap else { return trap };
    // A character that the piece cuts off is cut off by what follows, which begins another.
    let n_left = || u8::try_from(size - n_valid as u64).expect("less than a character is left");
    let error_bytes = if is_last { error_bytes } else { error_bytes.or_else(|| Some(n_left())) };
    let start = usize::try_from(start).expect("what lies within the memory is addressable");
    Trap::InvalidUtf8 { valid_up_to_bytes: start + n_valid, error_bytes }
}

/// Returns where the string of `tagged_code_units` code units at `ptr` is, and in which encoding.
pub(crate) fn check_string_range<H: Host>(
    cx: &Context<'_, H>,
    ptr: u64,
    tagged_code_units: u64,
) -> Result<StringRange, Trap> {
    let tag = utf16_tag(cx.opts.ptr);
    let (alignment, size_bytes, encoding) = match cx.opts.string_encoding {
        StringEncoding::Utf8 => (1, tagged_code_units, SimpleEncoding::Utf8),
        StringEncoding::Utf16 => (2, tagged_code_units.saturating_mul(2), SimpleEncoding::Utf16),
        StringEncoding::Latin1Utf16 if tagged_code_units & tag != 0 => {
            (2, (tagged_code_units ^ tag).saturating_mul(2), SimpleEncoding::Utf16)
        }
        StringEncoding::Latin1Utf16 => (2, tagged_code_units, SimpleEncoding::Latin1),
    };
    trap_if(size_bytes > MAX_STRING_BYTE_LENGTH, Trap::StringTooLong { size_bytes })?;
    check_aligned(ptr, alignment)?;
    let memory_bytes = memory_bytes(cx);
    let is_out = ends_beyond(ptr, size_bytes, memory_bytes);
    trap_if(is_out, Trap::StringOutOfBounds { ptr, size_bytes, memory_bytes })?;
    Ok(StringRange { ptr, size_bytes, encoding })
}

/// Returns the string of a range; borrowed from the memory when that holds UTF-8.
fn decode<'a, H: Host>(cx: &'a Context<'_, H>, range: StringRange) -> Result<Cow<'a, str>, Trap> {
    let utf8_size = utf8_size(range.encoding, bytes(cx, range.ptr, range.size_bytes)?);
    decode_sized(cx, range, utf8_size)
}

/// Does the same, and lets the host stop it if the string is long.
pub(crate) fn decode_stoppable<'a, H: Host>(
    cx: &'a mut Context<'_, H>,
    range: StringRange,
) -> Result<Cow<'a, str>, H::Error> {
    if range.size_bytes <= PIECE_BYTES {
        Ok(decode(cx, range)?)
    } else {
        decode_long(cx, range).map(Cow::Owned)
    }
}

#[cold]
#[inline(never)]
fn decode_long<H: Host>(cx: &mut Context<'_, H>, range: StringRange) -> Result<String, H::Error> {
    let mut s = String::new();
    for_pieces(cx, range, |cx, piece| {
        s.push_str(&decode(cx, piece)?);
        Ok(())
    })?;
    Ok(s)
}

/// Does the same for a string whose [`utf8_size`] is known.
#[inline(always)]
fn decode_sized<'a, H: Host>(
    cx: &'a Context<'_, H>,
    range: StringRange,
    utf8_size: usize,
) -> Result<Cow<'a, str>, Trap> {
    let bytes = bytes(cx, range.ptr, range.size_bytes)?;
    let with_room = || String::with_capacity(utf8_size);
    Ok(match range.encoding {
        SimpleEncoding::Utf8 => Cow::Borrowed(from_utf8(bytes)?),
        SimpleEncoding::Utf16 => {
            let mut s = with_room();
            for c in decode_utf16(bytes) {
                s.push(c?);
            }
            Cow::Owned(s)
        }
        SimpleEncoding::Latin1 => {
            let mut s = with_room();
            s.extend(bytes.iter().map(|byte| char::from(*byte)));
            Cow::Owned(s)
        }
    })
}

/// Returns how many bytes a string in this encoding takes as UTF-8, if it is valid.
fn utf8_size(encoding: SimpleEncoding, bytes: &[u8]) -> usize {
    match encoding {
        SimpleEncoding::Utf8 => bytes.len(),
        // Two units of two bytes make four of a surrogate pair.
        SimpleEncoding::Utf16 => utf16_units(bytes)
            .map(|unit| match unit {
                0..0x80 => 1,
                0x80..0x800 | 0xd800..0xe000 => 2,
                0x800.. => 3,
            })
            .sum(),
        SimpleEncoding::Latin1 => bytes.len() + bytes.iter().filter(|byte| !byte.is_ascii()).count(),
    }
}

/// Checks that a range holds a string, as [`decode_stoppable`] does, without building it.
pub(crate) fn validate<H: Host>(cx: &mut Context<'_, H>, range: StringRange) -> Result<(), H::Error> {
    if range.size_bytes <= PIECE_BYTES { Ok(validate_piece(cx, range)?) } else { validate_long(cx, range) }
}

#[cold]
#[inline(never)]
fn validate_long<H: Host>(cx: &mut Context<'_, H>, range: StringRange) -> Result<(), H::Error> {
    for_pieces(cx, range, validate_piece)
}

fn validate_piece<H: Host>(cx: &Context<'_, H>, piece: StringRange) -> Result<(), Trap> {
    let bytes = bytes(cx, piece.ptr, piece.size_bytes)?;
    match piece.encoding {
        SimpleEncoding::Utf8 => from_utf8(bytes).map(|_| ()),
        SimpleEncoding::Utf16 => decode_utf16(bytes).try_for_each(|c| c.map(|_| ())),
        SimpleEncoding::Latin1 => Ok(()),
    }
}

fn from_utf8(bytes: &[u8]) -> Result<&str, Trap> {
    #[cfg(feature = "simd")]
    if let Ok(s) = simdutf8::basic::from_utf8(bytes) {
        return Ok(s);
    }
    // Without the feature, and to learn where the fault is.
    core::str::from_utf8(bytes).map_err(|e| Trap::InvalidUtf8 {
        valid_up_to_bytes: e.valid_up_to(),
        error_bytes: e.error_len().map(|n| u8::try_from(n).expect("1 to 3 bytes are in error")),
    })
}

fn utf16_units(bytes: &[u8]) -> impl Iterator<Item = u16> + '_ {
    bytes.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]))
}

fn decode_utf16(bytes: &[u8]) -> impl Iterator<Item = Result<char, Trap>> + '_ {
    char::decode_utf16(utf16_units(bytes))
        .map(|c| c.map_err(|e| Trap::InvalidUtf16 { surrogate: e.unpaired_surrogate() }))
}

/// Stores a string into a new block, and that block's pointer and length at `ptr`.
///
/// # Errors
///
/// As [`store_string_into_range`], or when there is no room for the two within the memory.
pub fn store_string<H: Host>(cx: &mut Context<'_, H>, s: &str, ptr: u64) -> Result<(), H::Error> {
    let pointer_and_length = store_string_into_range(cx, s)?;
    Ok(store_pointer_and_length(cx, pointer_and_length, ptr)?)
}

/// Stores a string into a new block and returns its pointer and tagged length (the spec's
/// `store_string_into_range`).
///
/// A string that came as `latin1+utf16` may have been tagged as UTF-16 though it fits Latin-1:
/// [`Host::next_string_tag`] tells.
///
/// # Errors
///
/// When the string is too long, or `realloc` fails or returns a block that is not aligned or within
/// the memory.
pub fn store_string_into_range<H: Host>(cx: &mut Context<'_, H>, s: &str) -> Result<(u64, u64), H::Error> {
    if !H::OBSERVES {
        return store_string_of_host(cx, s);
    }
    cx.host.begin(Begin::StoreString { string: s });
    let (ptr, tagged_code_units) = store_string_of_host(cx, s)?;
    cx.host.end(End::Stored { string: s, ptr, tagged_code_units });
    Ok((ptr, tagged_code_units))
}

fn store_string_of_host<H: Host>(cx: &mut Context<'_, H>, s: &str) -> Result<(u64, u64), H::Error> {
    let src_encoding = cx.host.source_encoding();
    let src_simple_encoding = match src_encoding {
        StringEncoding::Utf8 => SimpleEncoding::Utf8,
        StringEncoding::Utf16 => SimpleEncoding::Utf16,
        StringEncoding::Latin1Utf16 => match cx.host.next_string_tag() {
            None | Some(false) if s.chars().all(is_latin1) => SimpleEncoding::Latin1,
            None | Some(_) => SimpleEncoding::Utf16,
        },
    };
    store_string_from(cx, s, src_encoding, src_simple_encoding)
}

/// Stores a string that came in this encoding, with or without a tag as the simple one says.
pub(crate) fn store_string_from<H: Host>(
    cx: &mut Context<'_, H>,
    s: &str,
    src_encoding: StringEncoding,
    src_simple_encoding: SimpleEncoding,
) -> Result<(u64, u64), H::Error> {
    let (src_code_units, unit_size) = match src_simple_encoding {
        SimpleEncoding::Utf8 => (s.len() as u64, 1),
        SimpleEncoding::Utf16 => (s.encode_utf16().count() as u64, 2),
        SimpleEncoding::Latin1 => (s.chars().count() as u64, 1),
    };
    let size_bytes = src_code_units * unit_size;
    trap_if(size_bytes > MAX_STRING_BYTE_LENGTH, Trap::StringTooLong { size_bytes })?;
    match (cx.opts.string_encoding, src_simple_encoding) {
        (StringEncoding::Utf8, SimpleEncoding::Utf8) => {
            store_string_copy(cx, s.as_bytes(), 1, src_code_units)
        }
        (StringEncoding::Utf8, SimpleEncoding::Utf16) => {
            store_string_to_utf8(cx, s, src_code_units, 3 * src_code_units)
        }
        (StringEncoding::Utf8, SimpleEncoding::Latin1) => {
            store_string_to_utf8(cx, s, src_code_units, 2 * src_code_units)
        }
        (StringEncoding::Utf16, SimpleEncoding::Utf8) => store_utf8_to_utf16(cx, s, src_code_units),
        (StringEncoding::Utf16, SimpleEncoding::Utf16 | SimpleEncoding::Latin1) => {
            let encoded = encode_utf16(cx, s)?;
            store_string_copy(cx, &encoded, 2, src_code_units)
        }
        (StringEncoding::Latin1Utf16, SimpleEncoding::Latin1) => {
            store_string_copy(cx, &encode_latin1(s), 2, src_code_units)
        }
        (StringEncoding::Latin1Utf16, SimpleEncoding::Utf16)
            if src_encoding == StringEncoding::Latin1Utf16 =>
        {
            store_probably_utf16_to_latin1_or_utf16(cx, s, src_code_units)
        }
        (StringEncoding::Latin1Utf16, SimpleEncoding::Utf8 | SimpleEncoding::Utf16) => {
            store_string_to_latin1_or_utf16(cx, s, src_code_units)
        }
    }
}

fn is_latin1(c: char) -> bool {
    u32::from(c) < 0x100
}

/// Returns the UTF-16 of a string, unless the host stops it.
fn encode_utf16<H: Host>(cx: &mut Context<'_, H>, s: &str) -> Result<Vec<u8>, H::Error> {
    // What UTF-8 writes in one byte takes two, and nothing takes more than twice its bytes.
    let mut encoded = Vec::with_capacity(2 * s.len());
    let mut rest = s;
    while !rest.is_empty() {
        if !encoded.is_empty() {
            cx.host.consume_bytes(0)?;
        }
        let mut end = rest.len().min(PIECE_LEN);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (piece, after) = rest.split_at(end);
        encoded.extend(piece.encode_utf16().flat_map(u16::to_le_bytes));
        rest = after;
    }
    Ok(encoded)
}

/// Returns the Latin-1 bytes of a string that has only such characters.
fn encode_latin1(s: &str) -> Vec<u8> {
    s.chars().map(|c| u8::try_from(c).expect("the caller checks for Latin-1")).collect()
}

/// Writes `encoded[from..]` to where it belongs in the block at `ptr`.
fn write_from<H: Host>(cx: &mut Context<'_, H>, ptr: u64, encoded: &[u8], from: usize) -> Result<(), Trap> {
    let rest = &encoded[from..];
    bytes_mut(cx, ptr + from as u64, rest.len() as u64)?.copy_from_slice(rest);
    Ok(())
}

fn store_string_copy<H: Host>(
    cx: &mut Context<'_, H>,
    encoded: &[u8],
    dst_alignment: u32,
    src_code_units: u64,
) -> Result<(u64, u64), H::Error> {
    let ptr = allocate(cx, dst_alignment, encoded.len() as u64, Allocation::String)?;
    write_from(cx, ptr, encoded, 0)?;
    Ok((ptr, src_code_units))
}

/// Stores optimistically as ASCII, and reallocates for the worst case at the first character that
/// is not (the spec's `store_latin1_to_utf8` and `store_utf16_to_utf8`).
fn store_string_to_utf8<H: Host>(
    cx: &mut Context<'_, H>,
    s: &str,
    src_code_units: u64,
    worst_case_size: u64,
) -> Result<(u64, u64), H::Error> {
    let ptr = allocate(cx, 1, src_code_units, Allocation::String)?;
    let n_ascii = s.bytes().take_while(u8::is_ascii).count();
    write_from(cx, ptr, &s.as_bytes()[..n_ascii], 0)?;
    if n_ascii == s.len() {
        return Ok((ptr, src_code_units));
    }
    let ptr = reallocate(cx, (ptr, src_code_units), 1, worst_case_size, Allocation::String)?;
    write_from(cx, ptr, s.as_bytes(), n_ascii)?;
    let ptr = shrink(cx, (ptr, worst_case_size), 1, s.len() as u64)?;
    Ok((ptr, s.len() as u64))
}

fn store_utf8_to_utf16<H: Host>(
    cx: &mut Context<'_, H>,
    s: &str,
    src_code_units: u64,
) -> Result<(u64, u64), H::Error> {
    let worst_case_size = 2 * src_code_units;
    let ptr = allocate(cx, 2, worst_case_size, Allocation::String)?;
    let encoded = encode_utf16(cx, s)?;
    write_from(cx, ptr, &encoded, 0)?;
    let ptr = shrink(cx, (ptr, worst_case_size), 2, encoded.len() as u64)?;
    Ok((ptr, encoded.len() as u64 / 2))
}

/// Stores optimistically as Latin-1, and inflates to UTF-16 at the first character that does not
/// fit.
fn store_string_to_latin1_or_utf16<H: Host>(
    cx: &mut Context<'_, H>,
    s: &str,
    src_code_units: u64,
) -> Result<(u64, u64), H::Error> {
    let ptr = allocate(cx, 2, src_code_units, Allocation::String)?;
    let latin1: Vec<u8> = s.chars().map_while(|c| u8::try_from(c).ok()).collect();
    write_from(cx, ptr, &latin1, 0)?;
    if s.chars().all(is_latin1) {
        let ptr = shrink(cx, (ptr, src_code_units), 2, latin1.len() as u64)?;
        return Ok((ptr, latin1.len() as u64));
    }
    let worst_case_size = 2 * src_code_units;
    let ptr = reallocate(cx, (ptr, src_code_units), 2, worst_case_size, Allocation::String)?;
    // Inflates what the guest's `realloc` has moved, from the end, so that nothing is overwritten
    // unread.
    let inflated = bytes_mut(cx, ptr, 2 * latin1.len() as u64)?;
    for i in (0..latin1.len()).rev() {
        inflated[2 * i] = inflated[i];
        inflated[2 * i + 1] = 0;
    }
    let encoded = encode_utf16(cx, s)?;
    write_from(cx, ptr, &encoded, 2 * latin1.len())?;
    let ptr = shrink(cx, (ptr, worst_case_size), 2, encoded.len() as u64)?;
    Ok((ptr, (encoded.len() as u64 / 2) | utf16_tag(cx.opts.ptr)))
}

/// Stores as UTF-16 a string whose source thought it needed that, and deflates to Latin-1 if it did
/// not.
fn store_probably_utf16_to_latin1_or_utf16<H: Host>(
    cx: &mut Context<'_, H>,
    s: &str,
    src_code_units: u64,
) -> Result<(u64, u64), H::Error> {
    let src_byte_length = 2 * src_code_units;
    let ptr = allocate(cx, 2, src_byte_length, Allocation::String)?;
    let encoded = encode_utf16(cx, s)?;
    write_from(cx, ptr, &encoded, 0)?;
    if !s.chars().all(is_latin1) {
        return Ok((ptr, src_code_units | utf16_tag(cx.opts.ptr)));
    }
    write_from(cx, ptr, &encode_latin1(s), 0)?;
    let ptr = reallocate(cx, (ptr, src_byte_length), 1, src_code_units, Allocation::String)?;
    Ok((ptr, src_code_units))
}

/// Gives back what a worst-case block has too many, if anything.
fn shrink<H: Host>(
    cx: &mut Context<'_, H>,
    old: (u64, u64),
    alignment: u32,
    byte_length: u64,
) -> Result<u64, H::Error> {
    if old.1 > byte_length {
        return reallocate(cx, old, alignment, byte_length, Allocation::String);
    }
    Ok(old.0)
}
