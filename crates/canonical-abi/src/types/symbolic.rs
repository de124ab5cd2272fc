//! Sizes and alignments for memories of either pointer type at once, as `8 + 2·ptr`.
//! Follows CanonicalABI.md, "Alignment" and "Element Size".
//!
//! A size has a form `bytes + pointers · ptr` that is exact for both pointer types, since two
//! points determine a line. Its coefficients are whole: a size that depends on the pointer type is
//! a multiple of the pointer's. They are not negative: wider pointers make nothing smaller, and
//! nothing more than twice as large.

use core::fmt;

use super::layout::layout;
use super::{PtrType, Types, ValType};

/// A size or an offset in memories of either pointer type: a number of bytes and of pointers.
///
/// ```
/// use canonical_abi::{PtrType, Types, ValType, symbolic_layout};
///
/// let mut types = Types::new();
/// let fields = vec![("id".into(), ValType::U64), ("name".into(), ValType::String)];
/// let record = types.record(fields)?;
/// let (size, align) = symbolic_layout(&types, record);
/// assert_eq!((size.bytes(), size.pointers()), (8, 2));
/// assert_eq!(size.to_string(), "8 + 2·ptr");
/// assert_eq!((size.at(PtrType::I32), size.at(PtrType::I64)), (16, 24));
/// assert_eq!(align.at(PtrType::I32), 8);
/// # Ok::<(), canonical_abi::TypeError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Hash)]
pub struct ArchSize {
    bytes: u64,
    pointers: u64,
}

impl ArchSize {
    /// Returns the size that is `with_32` bytes with 32-bit pointers and `with_64` with 64-bit
    /// ones.
    ///
    /// # Panics
    ///
    /// When no size is: the difference is a multiple of four, and `with_64` is between `with_32`
    /// and twice that.
    pub const fn between(with_32: u64, with_64: u64) -> Self {
        assert!(with_32 <= with_64 && with_64 - with_32 <= with_32, "no size has these values");
        let difference = with_64 - with_32;
        assert!(difference % 4 == 0, "a size grows by four bytes for each pointer");
        Self { bytes: with_32 - difference, pointers: difference / 4 }
    }

    /// Returns the bytes of its own, besides those of the pointers.
    pub const fn bytes(self) -> u64 {
        self.bytes
    }

    /// Returns the number of pointers.
    pub const fn pointers(self) -> u64 {
        self.pointers
    }

    /// Returns the size in bytes with pointers of this type.
    pub const fn at(self, ptr: PtrType) -> u64 {
        self.bytes + self.pointers * ptr.size() as u64
    }

    /// Returns the sum of two sizes.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { bytes: self.bytes + other.bytes, pointers: self.pointers + other.pointers }
    }
}

impl fmt::Display for ArchSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.bytes, self.pointers) {
            (bytes, 0) => write!(f, "{bytes}"),
            (0, 1) => f.write_str("ptr"),
            (0, pointers) => write!(f, "{pointers}·ptr"),
            (bytes, 1) => write!(f, "{bytes} + ptr"),
            (bytes, pointers) => write!(f, "{bytes} + {pointers}·ptr"),
        }
    }
}

/// An alignment in memories of either pointer type.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum ArchAlign {
    /// As many bytes with either: 1, 2, 4 or 8.
    Bytes(u32),
    /// The size of a pointer.
    Pointer,
}

impl ArchAlign {
    /// Returns the alignment in bytes with pointers of this type.
    pub const fn at(self, ptr: PtrType) -> u32 {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Pointer => ptr.size(),
        }
    }

    pub(crate) fn between(with_32: u32, with_64: u32) -> Self {
        if with_32 == with_64 { Self::Bytes(with_32) } else { Self::Pointer }
    }
}

impl fmt::Display for ArchAlign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "{bytes}"),
            Self::Pointer => f.write_str("ptr"),
        }
    }
}

/// Returns the spec's `elem_size` and `alignment` of `ty` for either pointer type.
///
/// # Panics
///
/// When `ty` is not of this arena.
pub fn symbolic_layout(types: &Types, ty: ValType) -> (ArchSize, ArchAlign) {
    let [with_32, with_64] = [PtrType::I32, PtrType::I64].map(|ptr| layout(types, ty, ptr));
    (
        ArchSize::between(with_32.size().into(), with_64.size().into()),
        ArchAlign::between(with_32.align(), with_64.align()),
    )
}
