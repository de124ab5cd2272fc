//! What the Canonical ABI knows of a Rust type, as a constant: layouts, the number of core values,
//! whether handles are in it. Follows CanonicalABI.md, "Alignment", "Element Size" and
//! "Flattening".
//!
//! The arithmetic is that of `canonical-abi`'s layouts; only who asks is another: the compiler,
//! once per type.

use canonical_abi::PtrType;
use canonical_abi::flatten::MAX_FLAT_PARAMS;
use canonical_abi::layout::{Layout, RecordLayout, VariantLayout, flags_size};

/// The constant part of a [`ComponentType`](super::ComponentType).
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// With 32-bit pointers, then with 64-bit ones.
    layouts: [Layout; 2],
    /// How many core values the type flattens to; `MAX_FLAT_PARAMS + 1` stands for more than that.
    n_flat: usize,
    has_handles: bool,
}

/// A distance in bytes, which depends on the size of pointers.
#[derive(Clone, Copy, Debug)]
pub struct Offset([u64; 2]);

const TOO_LARGE: &str = "the type is larger than the Canonical ABI allows";

impl Shape {
    /// Returns the shape of a type of `size` bytes that flattens to one core value.
    pub const fn scalar(size: u32) -> Self {
        Self { layouts: [Layout::scalar(size); 2], n_flat: 1, has_handles: false }
    }

    /// Returns the shape of a resource handle.
    pub const fn handle() -> Self {
        Self { has_handles: true, ..Self::scalar(4) }
    }

    /// Returns the shape of a string.
    pub const fn string() -> Self {
        let layouts = [Layout::pair_of_pointers(PtrType::I32), Layout::pair_of_pointers(PtrType::I64)];
        Self { layouts, n_flat: 2, has_handles: false }
    }

    /// Returns the shape of a list, or of a map with such entries.
    pub const fn list(element: Self) -> Self {
        Self { has_handles: element.has_handles, ..Self::string() }
    }

    /// Returns the shape of a list of fixed length.
    ///
    /// # Panics
    ///
    /// When the type is larger than the Canonical ABI allows; in a constant, that is a compile
    /// error.
    pub const fn fixed_length_list(element: Self, length: usize) -> Self {
        let mut layouts = element.layouts;
        let mut i = 0;
        while i < 2 {
            let size = (layouts[i].size() as u64).saturating_mul(length as u64);
            layouts[i] = Layout::rounded(size, layouts[i].align()).expect(TOO_LARGE);
            i += 1;
        }
        let n_flat = bounded(element.n_flat.saturating_mul(length));
        Self { layouts, n_flat, has_handles: element.has_handles }
    }

    /// Returns the shape of a record or tuple.
    ///
    /// # Panics
    ///
    /// When the type is larger than the Canonical ABI allows; in a constant, that is a compile
    /// error.
    pub const fn record(fields: &[Self]) -> Self {
        let mut records = [RecordLayout::new(); 2];
        let mut n_flat = 0;
        let mut has_handles = false;
        let mut i = 0;
        while i < fields.len() {
            records = [records[0].with(fields[i].layouts[0]).1, records[1].with(fields[i].layouts[1]).1];
            n_flat = bounded(n_flat + fields[i].n_flat);
            has_handles |= fields[i].has_handles;
            i += 1;
        }
        Self { layouts: [finish(records[0]), finish(records[1])], n_flat, has_handles }
    }

    /// Returns where field `index` of a record lies.
    pub const fn field_offset(fields: &[Self], index: usize) -> Offset {
        let mut records = [RecordLayout::new(); 2];
        let mut offsets = [0; 2];
        let mut i = 0;
        while i <= index {
            let (offset_32, record_32) = records[0].with(fields[i].layouts[0]);
            let (offset_64, record_64) = records[1].with(fields[i].layouts[1]);
            offsets = [offset_32, offset_64];
            records = [record_32, record_64];
            i += 1;
        }
        Offset(offsets)
    }

    /// Returns the shape of a variant, enum, option or result.
    ///
    /// # Panics
    ///
    /// When the type is larger than the Canonical ABI allows; in a constant, that is a compile
    /// error.
    pub const fn variant(cases: &[Option<Self>]) -> Self {
        let variants = variants(cases);
        let mut n_flat = 0;
        let mut has_handles = false;
        let mut i = 0;
        while i < cases.len() {
            if let Some(payload) = cases[i] {
                n_flat = if payload.n_flat > n_flat { payload.n_flat } else { n_flat };
                has_handles |= payload.has_handles;
            }
            i += 1;
        }
        let layouts = [variants[0].finish().expect(TOO_LARGE), variants[1].finish().expect(TOO_LARGE)];
        Self { layouts, n_flat: bounded(1 + n_flat), has_handles }
    }

    /// Returns the shape of an enum, a variant without payloads.
    ///
    /// # Panics
    ///
    /// When the type is larger than the Canonical ABI allows; in a constant, that is a compile
    /// error.
    pub const fn enumeration(n_cases: usize) -> Self {
        let layout = VariantLayout::new(n_cases).finish().expect(TOO_LARGE);
        Self { layouts: [layout; 2], n_flat: 1, has_handles: false }
    }

    /// Returns where the payload of a variant lies.
    pub const fn payload_offset(cases: &[Option<Self>]) -> Offset {
        let [with_32, with_64] = variants(cases);
        Offset([with_32.payload_offset() as u64, with_64.payload_offset() as u64])
    }

    /// Returns the shape of flags.
    pub const fn flags(n_flags: usize) -> Self {
        Self::scalar(flags_size(n_flags))
    }

    /// Returns the size in bytes.
    #[inline]
    pub const fn size(self, ptr: PtrType) -> u64 {
        self.layouts[pointer_index(ptr)].size() as u64
    }

    /// Returns the alignment in bytes.
    #[inline]
    pub const fn align(self, ptr: PtrType) -> u32 {
        self.layouts[pointer_index(ptr)].align()
    }

    /// Returns how many core values the type flattens to; one more than [`MAX_FLAT_PARAMS`] if it
    /// is more than that.
    #[inline]
    pub const fn n_flat(self) -> usize {
        self.n_flat
    }

    /// Returns whether values may have resource handles in them.
    #[inline]
    pub const fn has_handles(self) -> bool {
        self.has_handles
    }
}

impl Offset {
    /// Returns the distance in bytes.
    #[inline]
    pub const fn bytes(self, ptr: PtrType) -> u64 {
        self.0[pointer_index(ptr)]
    }
}

const fn pointer_index(ptr: PtrType) -> usize {
    match ptr {
        PtrType::I32 => 0,
        PtrType::I64 => 1,
    }
}

const fn bounded(n_flat: usize) -> usize {
    if n_flat > MAX_FLAT_PARAMS { MAX_FLAT_PARAMS + 1 } else { n_flat }
}

const fn finish(record: RecordLayout) -> Layout {
    let (size, align) = record.finish();
    Layout::rounded(size, align).expect(TOO_LARGE)
}

const fn variants(cases: &[Option<Shape>]) -> [VariantLayout; 2] {
    let mut variants = [VariantLayout::new(cases.len()); 2];
    let mut i = 0;
    while i < cases.len() {
        if let Some(payload) = cases[i] {
            variants = [variants[0].with(payload.layouts[0]), variants[1].with(payload.layouts[1])];
        }
        i += 1;
    }
    variants
}
