//! What a type contains. Follows CanonicalABI.md, "Type Predicates".

use super::despecialize::{Despecialized, HandleType};
use super::{Types, ValType, info_of};

/// Returns whether `ty` contains a `borrow` (the spec's `contains_borrow`).
pub fn contains_borrow(types: &Types, ty: ValType) -> bool {
    contains(types, ty).borrow
}

/// Returns whether `ty` contains an `own`.
pub fn contains_own(types: &Types, ty: ValType) -> bool {
    contains(types, ty).own
}

/// Returns whether `ty` contains a stream, a future (the spec's `contains_async_value`) or an error
/// context.
pub fn contains_async_value(types: &Types, ty: ValType) -> bool {
    contains(types, ty).async_value
}

/// Returns whether lowering a `ty` may call `realloc` for its own sake: whether it contains a
/// string, list or map.
pub fn contains_heap(types: &Types, ty: ValType) -> bool {
    contains(types, ty).heap
}

/// Which type predicates hold of a type.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Contains {
    pub(crate) borrow: bool,
    pub(crate) own: bool,
    pub(crate) async_value: bool,
    /// A string, list or map, for which lowering calls `realloc`.
    pub(crate) heap: bool,
}

impl Contains {
    /// Returns the type predicates that hold of a type whatever its components are.
    pub(super) fn itself(shape: Despecialized<'_>) -> Self {
        Self {
            borrow: matches!(shape, Despecialized::Handle(HandleType::Borrow(_))),
            own: matches!(shape, Despecialized::Handle(HandleType::Own(_))),
            async_value: matches!(
                shape,
                Despecialized::Handle(
                    HandleType::Stream(_) | HandleType::Future(_) | HandleType::ErrorContext
                )
            ),
            heap: matches!(shape, Despecialized::String | Despecialized::List { length: None, .. }),
        }
    }

    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            borrow: self.borrow | other.borrow,
            own: self.own | other.own,
            async_value: self.async_value | other.async_value,
            heap: self.heap | other.heap,
        }
    }
}

/// Returns the type predicates of `ty`.
pub(crate) fn contains(types: &Types, ty: ValType) -> Contains {
    match info_of(types, ty) {
        Some(info) => info.contains,
        None => Contains {
            borrow: matches!(ty, ValType::Borrow(_)),
            own: matches!(ty, ValType::Own(_)),
            async_value: matches!(ty, ValType::ErrorContext),
            heap: matches!(ty, ValType::String),
        },
    }
}
