//! Values that cross between host and guest, and references to host values.

use std::any::Any;

use crate::func::Func;
use crate::store::{AsContext, AsContextMut, StoreId, StoreOpaque};
use crate::types::ValType;

/// A value (core specification, "Runtime Structure: Values"). Floats are bits, so that NaNs keep theirs.
#[derive(Clone, Copy, Debug, PartialEq)]
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
}

impl Val {
    /// Returns the type of the value.
    pub fn ty(&self) -> ValType {
        match self {
            Self::I32(_) => ValType::I32,
            Self::I64(_) => ValType::I64,
            Self::F32(_) => ValType::F32,
            Self::F64(_) => ValType::F64,
            Self::V128(_) => ValType::V128,
            Self::FuncRef(_) => ValType::FuncRef,
            Self::ExternRef(_) => ValType::ExternRef,
        }
    }

    /// Returns the default value of a type: zero or null (core specification, "Default").
    pub fn default_for(ty: ValType) -> Self {
        match ty {
            ValType::I32 => Self::I32(0),
            ValType::I64 => Self::I64(0),
            ValType::F32 => Self::F32(0),
            ValType::F64 => Self::F64(0),
            ValType::V128 => Self::V128(0),
            ValType::FuncRef => Self::FuncRef(None),
            ValType::ExternRef => Self::ExternRef(None),
        }
    }
}

/// A reference to a host value that a store owns. A copyable handle; the value lives as long as the store.
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
