//! The layouts of all types of an arena in one pass.
//! Follows CanonicalABI.md, "Alignment" and "Element Size".
//!
//! An arena keeps what matters to layouts a second time, as *shapes*: a shape is a kind, and for each component the number
//! of the component's shape. Types of one shape have one layout: all lists, all records of a `u32` and a string, all results
//! with the same payloads' shapes. Shapes are hash-consed as types are built, and components are built before what they are
//! part of. So a pass that works out one row for each shape, in order, always has what it needs, with no recursion, no
//! look-up of a definition, and nothing done twice.
//!
//! A row has the figures for 32-bit pointers in the low halves of two integers and those for 64-bit pointers in the high
//! halves, and all arithmetic is on both at once. Nothing carries from one half to the other, since sizes stay far below
//! 2^31 bytes.
//!
//! The plain twin is `measure` in `layout.rs`, which each type has passed when it was built, and which alone checks limits.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::despecialize::Despecialized;
use crate::layout::{Layout, discriminant_size, flags_size};
use crate::types::{PtrType, Types, ValType, position, shapes};

/// The size and the alignment of every type of an arena, worked out at once.
#[derive(Clone, Debug)]
pub struct Layouts<'t> {
    /// By shape.
    rows: Vec<Row>,
    shapes: &'t Shapes,
}

impl<'t> Layouts<'t> {
    /// Works out the layouts of all types of an arena, in time linear in the types and their components. It
    /// yields what [`layout`](crate::layout::layout) looks up, and reads nothing of that.
    pub fn new(types: &'t Types) -> Self {
        let shapes = shapes(types);
        let mut rows = Vec::with_capacity(shapes.n_shapes as usize);
        rows.extend_from_slice(&BASE_ROWS);
        let mut code = shapes.code.as_slice();
        while let [head, rest @ ..] = code {
            let n = (head >> COUNT_SHIFT) as usize;
            let (parts, rest) = rest.split_at(n);
            let row = match head & KIND_MASK {
                RECORD => record(&rows, parts),
                VARIANT => variant(&rows, parts, u64::from(*head >> SIZE_SHIFT & 7)),
                _ => array(rows[parts[0] as usize], u64::from(parts[1])),
            };
            rows.push(row);
            code = rest;
        }
        Self { rows, shapes }
    }

    /// Returns the layout of a type of the arena, or of one without definition.
    ///
    /// # Panics
    ///
    /// When the type was built after this, or is of a larger arena.
    #[inline]
    pub fn layout(&self, ty: ValType, ptr: PtrType) -> Layout {
        self.rows[self.shapes.shape_of(ty) as usize].layout(ptr)
    }

    /// Returns the layouts of all compound types in 32-bit and in 64-bit memories, in the order in which they were built.
    #[inline]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = [Layout; 2]> + '_ {
        let rows = self.shapes.of_types.iter().map(|shape| self.rows[*shape as usize]);
        rows.map(|row| [PtrType::I32, PtrType::I64].map(|ptr| row.layout(ptr)))
    }
}

/// The types of an arena as [`Layouts::new`] reads them.
///
/// Invariant: `code` has an entry for each shape after the first few, which is a head and as many operands as the head says,
/// and each operand that is a shape is below the entry's own.
#[derive(Clone, Debug)]
pub(crate) struct Shapes {
    code: Vec<u32>,
    n_shapes: u32,
    /// The number of each entry of `code`.
    known: BTreeMap<Vec<u32>, u32>,
    /// The shape of each compound type, in the order in which they were built.
    of_types: Vec<u32>,
}

const KIND_MASK: u32 = 3;
/// Fields, by shape.
const RECORD: u32 = 0;
/// Payloads, by shape; the size of the discriminant is in the head.
const VARIANT: u32 = 1;
/// An element's shape, and how many there are.
const ARRAY: u32 = 2;
const SIZE_SHIFT: u32 = 2;
/// Counts are below 2^27: each component takes a byte of a type that is smaller than 2^28, and equal payloads count once.
const COUNT_SHIFT: u32 = 5;

impl Default for Shapes {
    fn default() -> Self {
        let n_shapes = PAIR_OF_POINTERS + 1;
        Self { code: Vec::new(), n_shapes, known: BTreeMap::new(), of_types: Vec::new() }
    }
}

impl Shapes {
    /// Appends a new type, whose components are there already.
    pub(crate) fn push(&mut self, ty: Despecialized<'_>) {
        let shape = match ty {
            Despecialized::Record(fields) => {
                let fields = fields.types().map(|ty| self.shape_of(ty));
                self.intern(RECORD, fields.collect())
            }
            Despecialized::Variant(cases) => {
                let mut payloads: Vec<_> = cases.payloads().map(|ty| self.shape_of(ty)).collect();
                payloads.sort_unstable();
                payloads.dedup();
                // A narrower scalar adds nothing to a wider one.
                let n_scalars = payloads.partition_point(|shape| *shape < PAIR_OF_POINTERS);
                payloads.drain(..n_scalars.saturating_sub(1));
                let size = discriminant_size(cases.len());
                match payloads.is_empty() {
                    true => scalar(size),
                    false => self.intern(VARIANT | size << SIZE_SHIFT, payloads),
                }
            }
            Despecialized::List { element, length: Some(length) } => {
                self.intern(ARRAY, alloc::vec![self.shape_of(element), length])
            }
            Despecialized::String | Despecialized::List { length: None, .. } => PAIR_OF_POINTERS,
            Despecialized::Flags(labels) => scalar(flags_size(labels.len())),
            Despecialized::Scalar(ty) => scalar(ty.size()),
            Despecialized::Handle(_) => scalar(4),
        };
        self.of_types.push(shape);
    }

    fn intern(&mut self, head: u32, operands: Vec<u32>) -> u32 {
        let n = u32::try_from(operands.len()).expect("components are fewer than a type has bytes");
        assert!(n < 1 << (32 - COUNT_SHIFT), "components are fewer than a type has bytes");
        let mut entry = operands;
        entry.insert(0, head | n << COUNT_SHIFT);
        if let Some(shape) = self.known.get(&entry) {
            return *shape;
        }
        let shape = self.n_shapes;
        self.code.extend(&entry);
        self.known.insert(entry, shape);
        self.n_shapes += 1;
        shape
    }

    #[inline]
    fn shape_of(&self, ty: ValType) -> u32 {
        position(ty).map_or_else(|| shape_of_undefined(ty), |position| self.of_types[position as usize])
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

/// The rows of the shapes that are always there, those of types without definition: scalars of 1, 2, 4 and 8 bytes, and a pointer with a length.
const BASE_ROWS: [Row; 5] = [
    Row::scalar(1),
    Row::scalar(2),
    Row::scalar(4),
    Row::scalar(8),
    Row { sizes: 16 << 32 | 8, masks: 7 << 32 | 3 },
];
const PAIR_OF_POINTERS: u32 = 4;

/// Returns the shape of scalars of 1, 2, 4 or 8 bytes.
const fn scalar(size: u32) -> u32 {
    size.trailing_zeros()
}

/// Returns the shape of a type without definition.
#[inline]
pub(crate) fn shape_of_undefined(ty: ValType) -> u32 {
    match ty {
        ValType::Scalar(ty) => scalar(ty.size()),
        ValType::ErrorContext | ValType::Own(_) | ValType::Borrow(_) => scalar(4),
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
        | ValType::Future(_) => unreachable!("a compound has a definition"),
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
