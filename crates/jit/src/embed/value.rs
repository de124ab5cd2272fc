//! Values that cross between host and guest, and references to host values.

use std::any::Any;

use crate::embed::exception::ExnRef;
use crate::embed::func::Func;
use crate::embed::store::{AsContext, AsContextMut, StoreId, StoreOpaque};
use crate::module::types::{HeapType, RefType, Top, ValType};

/// A value (core specification, "Runtime Structure: Values"). Floats are bits, so that NaNs keep
/// theirs.
///
/// A value that refers to an exception keeps it alive, which is why values are cloned and not
/// copied.
#[derive(Clone, Debug, PartialEq)]
pub enum Val {
    /// 32-bit integer.
    I32(i32),
    /// 64-bit integer.
    I64(i64),
    /// Bits of a 32-bit float.
    F32(u32),
    /// Bits of a 64-bit float.
    F64(u64),
    /// Bits of a vector.
    V128(u128),
    /// Reference to a function, or null.
    FuncRef(Option<Func>),
    /// Reference to a host value, or null.
    ExternRef(Option<ExternRef>),
    /// Reference to an exception, or null.
    ExnRef(Option<ExnRef>),
    /// Reference to a value of the guest's own heap: always null so far.
    AnyRef(Option<AnyRef>),
}

/// A value of the guest's own heap. There are none until garbage collection is supported.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum AnyRef {}

impl Val {
    /// Returns the widest type of the value: a nullable reference to anything of its hierarchy for
    /// a reference.
    pub fn ty(&self) -> ValType {
        match self {
            Self::I32(_) => ValType::I32,
            Self::I64(_) => ValType::I64,
            Self::F32(_) => ValType::F32,
            Self::F64(_) => ValType::F64,
            Self::V128(_) => ValType::V128,
            Self::FuncRef(_) => ValType::FUNCREF,
            Self::ExternRef(_) => ValType::EXTERNREF,
            Self::ExnRef(_) => ValType::EXNREF,
            Self::AnyRef(_) => ValType::Ref(RefType { nullable: true, heap: HeapType::Any }),
        }
    }

    /// Returns whether the value is of type `ty`.
    pub(crate) fn is_of(&self, store: &StoreOpaque, ty: ValType) -> bool {
        if self.ty() == ty {
            return true;
        }
        let ValType::Ref(expected) = ty else { return false };
        let non_null = |heap| RefType { nullable: false, heap };
        let actual = match self {
            Self::I32(_) | Self::I64(_) | Self::F32(_) | Self::F64(_) | Self::V128(_) => return false,
            Self::FuncRef(Some(func)) => non_null(HeapType::ConcreteFunc(func.ptr(store).sig())),
            Self::ExternRef(Some(_)) => non_null(HeapType::Extern),
            Self::ExnRef(Some(_)) => non_null(HeapType::Exn),
            Self::FuncRef(None) => RefType { nullable: true, heap: HeapType::NoFunc },
            Self::ExternRef(None) => RefType { nullable: true, heap: HeapType::NoExtern },
            Self::ExnRef(None) => RefType { nullable: true, heap: HeapType::NoExn },
            Self::AnyRef(Some(never)) => match *never {},
            Self::AnyRef(None) => RefType { nullable: true, heap: HeapType::None },
        };
        store.engine().registry().lock().ref_matches(actual, expected)
    }

    /// Returns the default value of a type: zero or null (core specification, "Default"). A type of
    /// non-nullable references has none; null is returned, which does not fit it.
    pub fn default_for(ty: ValType) -> Self {
        match ty {
            ValType::I32 => Self::I32(0),
            ValType::I64 => Self::I64(0),
            ValType::F32 => Self::F32(0),
            ValType::F64 => Self::F64(0),
            ValType::V128 => Self::V128(0),
            ValType::Ref(ty) => match ty.heap.top() {
                Top::Func => Self::FuncRef(None),
                Top::Extern => Self::ExternRef(None),
                Top::Exn => Self::ExnRef(None),
                Top::Any => Self::AnyRef(None),
            },
        }
    }
}

/// A reference to a host value that a store owns. A copyable handle; the value lives as long as the
/// store.
///
/// Unlike an exception, it is not freed earlier, reachable or not. A host that keeps making
/// references should do so in stores that end.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct ExternRef {
    store: StoreId,
    index: u32,
}

impl ExternRef {
    /// Gives `value` to the store and returns the reference to it.
    ///
    /// # Panics
    ///
    /// Panics when the store already holds 2^32 - 1 such values.
    pub fn new(mut cx: impl AsContextMut, value: impl Any + Send + Sync) -> Self {
        let mut cx = cx.as_context_mut();
        let store = cx.opaque_mut();
        let index = store.add_extern(Box::new(value));
        Self { store: store.id(), index }
    }

    /// Returns the value.
    ///
    /// # Panics
    ///
    /// Panics if the reference belongs to another store.
    pub fn data<'a, T: 'static>(&self, cx: &'a impl AsContext<Data = T>) -> &'a (dyn Any + Send + Sync) {
        let store = cx.as_context().into_opaque();
        store.check(self.store);
        store.extern_value(self.index)
    }

    pub(crate) fn word(self, store: &StoreOpaque) -> u64 {
        store.check(self.store);
        u64::from(self.index) + 1
    }

    /// Returns the reference behind a word of compiled code, `None` for null.
    pub(crate) fn from_word(store: StoreId, word: u64) -> Option<Self> {
        let index = word.checked_sub(1)?;
        let index = u32::try_from(index).expect("externref words are numbers that the store gave out");
        Some(Self { store, index })
    }
}
