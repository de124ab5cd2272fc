//! Index newtypes: one per index space of a module.
//!
//! Invariant: an index of one space is never used in another. Follows the core specification,
//! "Structure: Indices".

macro_rules! index {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub(crate) struct $name(pub(crate) u32);

        impl $name {
            /// Returns the index as a position in the arena of its space.
            pub(crate) fn pos(self) -> usize {
                // A u32 fits usize on every target the crate supports (64-bit only).
                self.0 as usize
            }
        }
    };
}

index!(
    /// A position in a module's type index space.
    TypeIndex
);
index!(
    /// A position in a module's function index space, imports first.
    FuncIndex
);
index!(
    /// A position in a module's table index space, imports first.
    TableIndex
);
index!(
    /// A position in a module's memory index space, imports first.
    MemoryIndex
);
index!(
    /// A position in a module's global index space, imports first.
    GlobalIndex
);
index!(
    /// A position in a module's tag index space, imports first.
    TagIndex
);
index!(
    /// A position among a module's element segments.
    ElemIndex
);
index!(
    /// A position among a module's data segments.
    DataIndex
);

/// Converts a count that a validated module bounds to a `u32` index.
///
/// # Panics
///
/// Panics if the count exceeds `u32`; the binary format's own limits exclude that.
pub(crate) fn to_u32(n: usize) -> u32 {
    u32::try_from(n).expect("index spaces are bounded by u32 in the binary format")
}
