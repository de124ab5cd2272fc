//! Sizes, alignments and field offsets of values in linear memory.
//! Follows CanonicalABI.md, "Alignment" and "Element Size".
//!
//! Layouts are worked out when a type is built ([`Types`]), bottom up, for both pointer types; the
//! public functions look them up.

use super::despecialize::{Cases, Despecialized, Fields};
use super::type_error::TypeError;
use super::{MAP_ENTRY_SIZE_LIMIT_BYTES, PtrType, Types, ValType, defined_layouts, info_of};

/// How a value sits in linear memory.
///
/// Invariants: `align` is 1, 2, 4 or 8 and divides `size`; `0 < size < 2^28`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Layout {
    size: u32,
    align: u32,
}

impl Layout {
    /// Returns the spec's `elem_size`, in bytes.
    pub const fn size(self) -> u32 {
        self.size
    }

    /// Returns the spec's `alignment`, in bytes.
    pub const fn align(self) -> u32 {
        self.align
    }

    /// Returns the layout of a scalar, or of a handle: `size` is 1, 2, 4 or 8 bytes, and the
    /// alignment too.
    ///
    /// # Panics
    ///
    /// When it is none of these.
    pub const fn scalar(size: u32) -> Self {
        assert!(matches!(size, 1 | 2 | 4 | 8), "the size of a scalar");
        Self { size, align: size }
    }

    /// Returns the layout of a string, list or map: a pointer and a length.
    pub const fn pair_of_pointers(ptr: PtrType) -> Self {
        Self { size: 2 * ptr.size(), align: ptr.size() }
    }

    /// Returns the layout of this size, rounded up to a multiple of `align`, or `None` if it is too
    /// large for any type.
    #[expect(clippy::cast_possible_truncation, reason = "below the limit, which is an u32")]
    pub const fn rounded(size: u64, align: u32) -> Option<Self> {
        let size = size.next_multiple_of(align as u64);
        if size < MAP_ENTRY_SIZE_LIMIT_BYTES as u64 { Some(Self { size: size as u32, align }) } else { None }
    }

    fn checked(size: u64, align: u32) -> Result<Self, TypeError> {
        Self::rounded(size, align).ok_or(TypeError::TooLarge)
    }
}

/// The fields of a record so far: its size without padding at the end, and its alignment. A
/// constant function places each field, so that layouts of Rust's types can be constants.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RecordLayout {
    size: u64,
    align: u32,
}

impl RecordLayout {
    /// Returns the layout of a record without fields.
    pub const fn new() -> Self {
        Self { size: 0, align: 1 }
    }

    /// Returns the offset in bytes of one more field, and the record with that field.
    ///
    /// # Panics
    ///
    /// When the size exceeds `u64::MAX`.
    #[must_use]
    pub const fn with(self, field: Layout) -> (u64, Self) {
        let offset = self.size.next_multiple_of(field.align as u64);
        let align = if field.align > self.align { field.align } else { self.align };
        (offset, Self { size: offset + field.size as u64, align })
    }

    /// Returns the size with padding, in bytes, and the alignment.
    pub const fn finish(self) -> (u64, u32) {
        (self.size.next_multiple_of(self.align as u64), self.align)
    }
}

impl Default for RecordLayout {
    fn default() -> Self {
        Self::new()
    }
}

/// The cases of a variant so far: the size and the alignment of its payloads.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct VariantLayout {
    discriminant: u32,
    max_size: u32,
    max_align: u32,
}

impl VariantLayout {
    /// Returns the layout of a variant of `n_cases` without payloads.
    pub const fn new(n_cases: usize) -> Self {
        Self { discriminant: discriminant_size(n_cases), max_size: 0, max_align: 1 }
    }

    /// Returns the variant with one more payload.
    #[must_use]
    pub const fn with(self, payload: Layout) -> Self {
        let max_size = if payload.size > self.max_size { payload.size } else { self.max_size };
        let max_align = if payload.align > self.max_align { payload.align } else { self.max_align };
        Self { max_size, max_align, ..self }
    }

    /// Returns where the payloads lie, in bytes from the start.
    pub const fn payload_offset(self) -> u32 {
        self.discriminant.next_multiple_of(self.max_align)
    }

    /// Returns the layout, or `None` if it is too large for any type.
    pub const fn finish(self) -> Option<Layout> {
        let align = if self.discriminant > self.max_align { self.discriminant } else { self.max_align };
        Layout::rounded(self.payload_offset() as u64 + self.max_size as u64, align)
    }
}

/// Returns the spec's `elem_size` and `alignment` of `ty`, in bytes.
///
/// # Panics
///
/// When `ty` is not of this arena.
#[inline]
pub fn layout(types: &Types, ty: ValType, ptr: PtrType) -> Layout {
    #[cfg(test)]
    tests::N_LAYOUTS.set(tests::N_LAYOUTS.get() + 1);
    match defined_layouts(types, ty) {
        Some(layouts) => layouts[ptr.index()],
        None => undefined_layout(ty, ptr),
    }
}

/// Returns the layout of a type without definition.
#[inline]
fn undefined_layout(ty: ValType, ptr: PtrType) -> Layout {
    match ty {
        ValType::Scalar(ty) => Layout { size: ty.size(), align: ty.size() },
        ValType::String => Layout::pair_of_pointers(ptr),
        ValType::ErrorContext | ValType::Own(_) | ValType::Borrow(_) => Layout::scalar(4),
        ValType::List(_)
        | ValType::FixedLengthList(_)
        | ValType::Map(_)
        | ValType::Record(_)
        | ValType::Tuple(_)
        | ValType::Variant(_)
        | ValType::Enum(_)
        | ValType::Option(_)
        | ValType::Result(_)
        | ValType::Flags(_)
        | ValType::Stream(_)
        | ValType::Future(_) => unreachable!("a compound has a definition"),
    }
}

/// Returns the spec's `alignment` of `ty`, in bytes.
pub fn alignment(types: &Types, ty: ValType, ptr: PtrType) -> u32 {
    layout(types, ty, ptr).align
}

/// Returns the spec's `elem_size` of `ty`, in bytes.
pub fn elem_size(types: &Types, ty: ValType, ptr: PtrType) -> u32 {
    layout(types, ty, ptr).size
}

/// Returns `ptr` rounded up to a multiple of `alignment`, which is a power of two.
///
/// # Panics
///
/// When the result exceeds `u64::MAX`.
pub fn align_to(ptr: u64, alignment: u32) -> u64 {
    ptr.next_multiple_of(u64::from(alignment))
}

/// Returns the size and the alignment in bytes that `tuple<tys...>` has: those of spilled
/// parameters. The tuple need not be a type of the arena, nor keep its size limit.
pub fn tuple_layout(types: &Types, tys: impl Iterator<Item = ValType>, ptr: PtrType) -> (u64, u32) {
    tys.fold(RecordLayout::new(), |record, ty| record.with(layout(types, ty, ptr)).1).finish()
}

/// Returns each type with its offset in bytes from the start of a record of these fields.
pub fn field_offsets<'a>(
    types: &'a Types,
    tys: impl Iterator<Item = ValType> + 'a,
    ptr: PtrType,
) -> impl Iterator<Item = (u64, ValType)> + 'a {
    tys.scan(RecordLayout::new(), move |record, ty| {
        let (offset, with_field) = record.with(layout(types, ty, ptr));
        *record = with_field;
        Some((offset, ty))
    })
}

/// Returns the size in bytes of the discriminant of a variant of `n_cases` (the spec's
/// `discriminant_type`).
pub const fn discriminant_size(n_cases: usize) -> u32 {
    match n_cases {
        0..=0x100 => 1,
        0x101..=0x1_0000 => 2,
        _ => 4,
    }
}

/// Returns where the payload of a variant, enum, option or result starts, in bytes from the
/// discriminant. For any other type this is 0.
pub fn payload_offset(types: &Types, ty: ValType, ptr: PtrType) -> u32 {
    info_of(types, ty).map_or(0, |info| info.payload_offsets[ptr.index()])
}

/// Returns the size in bytes of `n_flags` flags, which is also their alignment (the spec's
/// `elem_size_flags` and `alignment_flags`).
pub const fn flags_size(n_flags: usize) -> u32 {
    match n_flags {
        0..=8 => 1,
        9..=16 => 2,
        _ => 4,
    }
}

/// Works out the layout of a new type from its components' layouts.
pub(crate) fn measure(types: &Types, shape: Despecialized<'_>, ptr: PtrType) -> Result<Layout, TypeError> {
    match shape {
        Despecialized::Scalar(ty) => Ok(Layout::scalar(ty.size())),
        Despecialized::String | Despecialized::List { length: None, .. } => Ok(Layout::pair_of_pointers(ptr)),
        Despecialized::List { element, length: Some(n) } => measure_fixed_length_list(types, element, n, ptr),
        Despecialized::Record(fields) => measure_record(types, fields, ptr),
        Despecialized::Variant(cases) => measure_variant(types, cases, ptr),
        Despecialized::Flags(labels) => Ok(Layout::scalar(flags_size(labels.len()))),
        Despecialized::Handle(_) => Ok(Layout::scalar(4)),
    }
}

/// Works out the payload offset of a new variant; 0 for other types.
pub(crate) fn measure_payload_offset(types: &Types, shape: Despecialized<'_>, ptr: PtrType) -> u32 {
    match shape {
        Despecialized::Variant(cases) => variant_layout(types, cases, ptr).payload_offset(),
        Despecialized::Scalar(_)
        | Despecialized::String
        | Despecialized::Handle(_)
        | Despecialized::List { .. }
        | Despecialized::Record(_)
        | Despecialized::Flags(_) => 0,
    }
}

/// Works out a list of a fixed length (the spec's `elem_size_list` and `alignment_list`).
fn measure_fixed_length_list(
    types: &Types,
    element: ValType,
    length: u32,
    ptr: PtrType,
) -> Result<Layout, TypeError> {
    let element = layout(types, element, ptr);
    Layout::checked(u64::from(length) * u64::from(element.size), element.align)
}

/// Works out a record (the spec's `elem_size_record` and `alignment_record`).
fn measure_record(types: &Types, fields: Fields<'_>, ptr: PtrType) -> Result<Layout, TypeError> {
    let (size, align) = tuple_layout(types, fields.types(), ptr);
    Layout::checked(size, align)
}

/// Works out a variant (the spec's `elem_size_variant` and `alignment_variant`).
fn measure_variant(types: &Types, cases: Cases<'_>, ptr: PtrType) -> Result<Layout, TypeError> {
    variant_layout(types, cases, ptr).finish().ok_or(TypeError::TooLarge)
}

/// Returns the cases' layouts together (the spec's `max_case_alignment`, and the largest size).
fn variant_layout(types: &Types, cases: Cases<'_>, ptr: PtrType) -> VariantLayout {
    let variant = VariantLayout::new(cases.len());
    cases.payloads().fold(variant, |variant, ty| variant.with(layout(types, ty, ptr)))
}

#[cfg(test)]
mod tests {
    extern crate std;

    use alloc::vec::Vec;
    use core::cell::Cell;

    use super::{PtrType, layout};
    use crate::types::{MAX_TYPE_DEPTH, Types, ValType};

    std::thread_local! {
        /// How often `layout` was called.
        pub(super) static N_LAYOUTS: Cell<u64> = const { Cell::new(0) };
    }

    /// Builds a graph of types, `width` in each layer, each of two of the layer below, asks for all
    /// layouts, and returns how many types there are and how many layouts were looked at.
    fn lay_out_graph(width: u32) -> (u64, u64) {
        let before = N_LAYOUTS.get();
        let mut types = Types::new();
        let mut all: Vec<ValType> = Vec::new();
        let mut layer: Vec<ValType> =
            (1..=width).map(|n| types.fixed_length_list(ValType::U8, n).unwrap()).collect();
        for depth in 2..MAX_TYPE_DEPTH {
            all.extend(&layer);
            let below = |i: usize| layer[i % layer.len()];
            // Lists keep the sizes small; variants would as well.
            layer = (0..layer.len())
                .map(|i| match depth % 3 {
                    0 => types.list(below(i)),
                    1 => types.tuple(alloc::vec![below(i), below(7 * i + 1)]),
                    _ => types.result(Some(below(i)), Some(below(3 * i + 1))),
                })
                .collect::<Result<_, _>>()
                .unwrap();
        }
        all.extend(&layer);
        let sizes = all.iter().map(|ty| u64::from(layout(&types, *ty, PtrType::I64).size()));
        assert!(sizes.sum::<u64>() > 0);
        (all.len() as u64, N_LAYOUTS.get() - before)
    }

    #[test]
    fn a_graph_of_100000_types_is_laid_out_in_linear_time() {
        let (n_half, work_half) = lay_out_graph(510);
        let (n_types, work) = lay_out_graph(1020);
        assert!(n_types > 100_000 && n_types == 2 * n_half);
        assert_eq!(work, 2 * work_half);
        assert!(work < 12 * n_types, "{work} look-ups for {n_types} types");
    }
}
