//! The layouts of all types of an arena in one pass.
//! Follows CanonicalABI.md, "Alignment" and "Element Size".
//!
//! An arena keeps each type a second time as a few numbers: what kind of layout it has, and for each component the row of a
//! table that holds the component's layout. The table starts with the layouts that types without definition have; components
//! are built before what they are part of. So a pass that appends a row for each type always has what it needs, with no
//! recursion, no look-up of a definition, and no decision about what a component is.
//!
//! A row has the figures for 32-bit pointers in the low halves of two integers and those for 64-bit pointers in the high
//! halves, and all arithmetic is on both at once. Nothing carries from one half to the other, since sizes stay far below
//! 2^31 bytes.
//!
//! The plain twin is `measure` in `layout.rs`, which each type has passed when it was built, and which alone checks limits.

use alloc::vec::Vec;

use crate::despecialize::Despecialized;
use crate::layout::{Layout, discriminant_size, flags_size};
use crate::types::{PtrType, Types, ValType, position, shapes};

/// The size and the alignment of every type of an arena, worked out at once.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Layouts {
    /// Those of [`BASE_ROWS`], then a row for each compound type, in the order in which they were built.
    rows: Vec<Row>,
}

impl Layouts {
    /// Works out the layouts of all types of an arena, in time linear in the types and their components. It
    /// yields what [`layout`](crate::layout::layout) looks up, and reads nothing of that.
    pub fn new(types: &Types) -> Self {
        let shapes = shapes(types);
        let mut rows = Vec::with_capacity(BASE_ROWS.len() + shapes.n_types);
        rows.extend_from_slice(&BASE_ROWS);
        let mut code = shapes.code.as_slice();
        while let [head, rest @ ..] = code {
            let n = (head >> COUNT_SHIFT) as usize;
            let (parts, rest) = match head & KIND_MASK {
                LIKE => (&[][..], rest),
                ARRAY => rest.split_at(2),
                _ => rest.split_at(n),
            };
            let row = match head & KIND_MASK {
                LIKE => rows[n],
                RECORD => record(&rows, parts),
                VARIANT => variant(&rows, parts, u64::from(*head >> SIZE_SHIFT & 7)),
                _ => array(rows[parts[0] as usize], u64::from(parts[1])),
            };
            rows.push(row);
            code = rest;
        }
        Self { rows }
    }

    /// Returns the layout of a type of the arena, or of one without definition.
    ///
    /// # Panics
    ///
    /// When the type was built after this, or is of a larger arena.
    #[inline]
    pub fn layout(&self, ty: ValType, ptr: PtrType) -> Layout {
        self.rows[row_of(ty) as usize].layout(ptr)
    }

    /// Returns the layouts of all compound types in 32-bit and in 64-bit memories, in the order in which they were built.
    #[inline]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = [Layout; 2]> + '_ {
        self.rows[BASE_ROWS.len()..].iter().map(|row| [PtrType::I32, PtrType::I64].map(|ptr| row.layout(ptr)))
    }
}

/// The types of an arena as [`Layouts::new`] reads them.
///
/// Invariant: `code` has `n_types` entries, each a head and the operands that the head says, and each operand that is a row
/// is below the entry's own row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shapes {
    code: Vec<u32>,
    n_types: usize,
}

const KIND_MASK: u32 = 3;
/// Has the layout of the row that stands in place of the count.
const LIKE: u32 = 0;
/// Fields, by row.
const RECORD: u32 = 1;
/// Payloads, by row; the size of the discriminant is in the head.
const VARIANT: u32 = 2;
/// An element's row, and how many there are.
const ARRAY: u32 = 3;
const SIZE_SHIFT: u32 = 2;
/// Counts are below 2^27: each component takes a byte of a type that is smaller than 2^28, and equal payloads count once.
const COUNT_SHIFT: u32 = 5;

impl Shapes {
    /// Appends a new type, whose components are there already.
    pub(crate) fn push(&mut self, shape: Despecialized<'_>) {
        self.n_types += 1;
        match shape {
            Despecialized::Record(fields) => {
                self.push_parts(RECORD, fields.types().map(row_of).collect());
            }
            Despecialized::Variant(cases) => {
                let mut payloads: Vec<_> = cases.payloads().map(row_of).collect();
                payloads.sort_unstable();
                payloads.dedup();
                let size = discriminant_size(cases.len());
                if payloads.is_empty() {
                    self.push_like(row_of_size(size));
                } else {
                    self.push_parts(VARIANT | size << SIZE_SHIFT, payloads);
                }
            }
            Despecialized::List { element, length: Some(length) } => {
                self.code.extend([ARRAY, row_of(element), length]);
            }
            Despecialized::String | Despecialized::List { length: None, .. } => {
                self.push_like(PAIR_OF_POINTERS);
            }
            Despecialized::Flags(labels) => self.push_like(row_of_size(flags_size(labels.len()))),
            Despecialized::Bool | Despecialized::S8 | Despecialized::U8 => self.push_like(row_of_size(1)),
            Despecialized::S16 | Despecialized::U16 => self.push_like(row_of_size(2)),
            Despecialized::S64 | Despecialized::U64 | Despecialized::F64 => self.push_like(row_of_size(8)),
            Despecialized::S32
            | Despecialized::U32
            | Despecialized::F32
            | Despecialized::Char
            | Despecialized::ErrorContext
            | Despecialized::Own(_)
            | Despecialized::Borrow(_)
            | Despecialized::Stream(_)
            | Despecialized::Future(_) => self.push_like(row_of_size(4)),
        }
    }

    fn push_like(&mut self, row: u32) {
        self.code.push(LIKE | row << COUNT_SHIFT);
    }

    fn push_parts(&mut self, head: u32, parts: Vec<u32>) {
        let n = u32::try_from(parts.len()).expect("components are fewer than a type has bytes");
        assert!(n < 1 << (32 - COUNT_SHIFT), "components are fewer than a type has bytes");
        self.code.push(head | n << COUNT_SHIFT);
        self.code.extend(parts);
    }
}

/// A size and an alignment, for both pointer types.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Row {
    sizes: u64,
    /// One less than each alignment: what rounding up needs, and what the greatest of is the union of the bits.
    masks: u64,
}

/// The low half.
const LOW: u64 = 0xffff_ffff;

/// An integer with this in both halves.
const fn both(n: u64) -> u64 {
    n << 32 | n
}

impl Row {
    const fn scalar(size: u64) -> Self {
        Self { sizes: both(size), masks: both(size - 1) }
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "a half is asked for")]
    const fn layout(self, ptr: PtrType) -> Layout {
        match ptr {
            PtrType::I32 => Layout::new(self.sizes as u32, self.masks as u32 + 1),
            PtrType::I64 => Layout::new((self.sizes >> 32) as u32, (self.masks >> 32) as u32 + 1),
        }
    }
}

/// The rows of types without definition: scalars of 1, 2, 4 and 8 bytes, and a pointer with a length.
const BASE_ROWS: [Row; 5] = [
    Row::scalar(1),
    Row::scalar(2),
    Row::scalar(4),
    Row::scalar(8),
    Row { sizes: 16 << 32 | 8, masks: 7 << 32 | 3 },
];
const PAIR_OF_POINTERS: u32 = 4;

/// Returns the row of scalars of 1, 2, 4 or 8 bytes.
const fn row_of_size(size: u32) -> u32 {
    size.trailing_zeros()
}

#[inline]
fn row_of(ty: ValType) -> u32 {
    match ty {
        ValType::Bool | ValType::S8 | ValType::U8 => row_of_size(1),
        ValType::S16 | ValType::U16 => row_of_size(2),
        ValType::S32
        | ValType::U32
        | ValType::F32
        | ValType::Char
        | ValType::ErrorContext
        | ValType::Own(_)
        | ValType::Borrow(_) => row_of_size(4),
        ValType::S64 | ValType::U64 | ValType::F64 => row_of_size(8),
        ValType::String => PAIR_OF_POINTERS,
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
        | ValType::Future(_) => {
            let position = position(ty).expect("a compound has a definition");
            PAIR_OF_POINTERS + 1 + position
        }
    }
}

fn align_to(sizes: u64, masks: u64) -> u64 {
    (sizes + masks) & !masks
}

#[inline]
fn record(rows: &[Row], fields: &[u32]) -> Row {
    let (mut sizes, mut masks) = (0, 0);
    for field in fields {
        let field = rows[*field as usize];
        sizes = align_to(sizes, field.masks) + field.sizes;
        masks |= field.masks;
    }
    Row { sizes: align_to(sizes, masks), masks }
}

#[inline]
fn variant(rows: &[Row], payloads: &[u32], discriminant_size: u64) -> Row {
    // The greatest size is the one thing that is worked out for each half by itself.
    let (mut low, mut high, mut masks) = (0, 0, 0);
    for payload in payloads {
        let payload = rows[*payload as usize];
        low = low.max(payload.sizes & LOW);
        high = high.max(payload.sizes >> 32);
        masks |= payload.masks;
    }
    let payload_offsets = align_to(both(discriminant_size), masks);
    masks |= both(discriminant_size - 1);
    Row { sizes: align_to(payload_offsets + (high << 32 | low), masks), masks }
}

fn array(element: Row, length: u64) -> Row {
    Row { sizes: element.sizes * length, masks: element.masks }
}
