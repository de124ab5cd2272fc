//! The values of a call between a guest and whoever is on the other side of its boundary: component
//! values, or Rust values. Follows CanonicalABI.md, "Lifting and Lowering Values".

use std::borrow::Cow;

use canonical_abi::{
    CoreType, CoreValue, CoreValueIter, StringEncoding, ValType, Value, lift_flat_values, lower_flat_values,
};
use jit::ValRaw;

use super::FuncInfo;
use super::guest::Guest;
use super::scratch::{Scratch, from_values};
use crate::run::state::State;
use crate::trap::Trap;
use crate::typed::{FlatIn, FlatOut, LiftTuple, LowerTuple, has_handles, lift_values, lower_values};

/// Values that can be lowered into a guest.
pub(super) trait LowerValues {
    /// Whether there may be handles among them.
    const HAS_HANDLES: bool;

    /// Lowers them (the spec's `lower_flat_values`).
    fn lower<T>(
        &self,
        guest: Guest<'_, '_, T>,
        max_flat: usize,
        tys: &[ValType],
        out_param: Option<u64>,
        out: &mut FlatOut<'_>,
    ) -> Result<(), Trap>;
}

/// Values that can be lifted out of a guest.
pub(super) trait LiftValues: Sized {
    /// Lifts them (the spec's `lift_flat_values`).
    fn lift<T>(
        guest: Guest<'_, '_, T>,
        max_flat: usize,
        tys: &[ValType],
        flat: Slots<'_>,
    ) -> Result<Self, Trap>;

    /// Makes them of the result that `task.return` was called with.
    fn from_result(values: Values<'static>, info: &FuncInfo, state: &State) -> Result<Self, Trap>;
}

/// Core values in slots, with their types.
#[derive(Clone, Copy)]
pub(super) struct Slots<'a> {
    pub(super) types: &'a [CoreType],
    pub(super) slots: &'a [ValRaw],
}

/// Component values, and what lifting them told of their strings.
#[derive(Debug)]
pub(crate) struct Values<'v> {
    values: Cow<'v, [Value]>,
    /// The encoding that the strings came in: UTF-8 for those of the host.
    encoding: StringEncoding,
    /// For strings that came in `latin1+utf16`, in order, whether they were tagged as UTF-16.
    tags: Vec<bool>,
}

impl<'v> Values<'v> {
    /// Returns values of the host.
    pub(super) fn of_host(values: impl Into<Cow<'v, [Value]>>) -> Self {
        Self { values: values.into(), encoding: StringEncoding::Utf8, tags: Vec::new() }
    }

    /// Returns the values alone.
    pub(super) fn as_slice(&self) -> &[Value] {
        &self.values
    }
}

impl Values<'static> {
    /// Returns the one value, or none: a function's result.
    pub(super) fn into_result(self) -> Option<Value> {
        self.values.into_owned().into_iter().next()
    }
}

impl LowerValues for Values<'_> {
    const HAS_HANDLES: bool = true;

    fn lower<T>(
        &self,
        guest: Guest<'_, '_, T>,
        max_flat: usize,
        tys: &[ValType],
        out_param: Option<u64>,
        out: &mut FlatOut<'_>,
    ) -> Result<(), Trap> {
        let mut guest = guest.lowering_strings(self.encoding, &self.tags);
        for value in lower_flat_values(&mut guest.context(), max_flat, &self.values, tys, out_param)? {
            out.push(value.bits());
        }
        Ok(())
    }
}

impl LiftValues for Values<'static> {
    fn lift<T>(
        guest: Guest<'_, '_, T>,
        max_flat: usize,
        tys: &[ValType],
        flat: Slots<'_>,
    ) -> Result<Self, Trap> {
        let encoding = guest.options.abi.string_encoding;
        let mut tags = Vec::new();
        let mut guest = guest.keeping_tags(&mut tags);
        let flat = flat.core_values();
        let values = lift_flat_values(&mut guest.context(), max_flat, &mut CoreValueIter::new(&flat), tys)?;
        Ok(Self { values: Cow::Owned(values), encoding, tags })
    }

    fn from_result(values: Values<'static>, _: &FuncInfo, _: &State) -> Result<Self, Trap> {
        Ok(values)
    }
}

impl Slots<'_> {
    pub(super) fn core_values(self) -> Vec<CoreValue> {
        let Self { types, slots } = self;
        types.iter().zip(slots).map(|(ty, slot)| CoreValue::from_bits(*ty, slot.to_u64())).collect()
    }
}

/// A tuple of Rust values to be lowered.
pub(super) struct ToLower<'p, P>(pub(super) &'p P);

/// A tuple of Rust values that was lifted.
pub(super) struct ToLift<R>(pub(super) R);

impl<P: LowerTuple> LowerValues for ToLower<'_, P> {
    const HAS_HANDLES: bool = has_handles::<P>();

    #[inline]
    fn lower<T>(
        &self,
        mut guest: Guest<'_, '_, T>,
        max_flat: usize,
        tys: &[ValType],
        out_param: Option<u64>,
        out: &mut FlatOut<'_>,
    ) -> Result<(), Trap> {
        lower_values(&mut guest.context(), max_flat, self.0, tys, out_param, out)
    }
}

impl<R: LiftTuple> LiftValues for ToLift<R> {
    #[inline]
    fn lift<T>(
        mut guest: Guest<'_, '_, T>,
        max_flat: usize,
        tys: &[ValType],
        flat: Slots<'_>,
    ) -> Result<Self, Trap> {
        lift_values(&mut guest.context(), max_flat, tys, &mut FlatIn::new(flat.slots)).map(Self)
    }

    fn from_result(values: Values<'static>, info: &FuncInfo, state: &State) -> Result<Self, Trap> {
        let tys = &info.signature.result_types;
        from_values(Scratch::new(info, state), values.as_slice(), tys).map(Self)
    }
}

/// Returns the pointer in a slot.
#[inline]
pub(super) fn slot_pointer(slot: ValRaw, ptr: canonical_abi::PtrType) -> u64 {
    FlatIn::new(&[slot]).next_pointer(ptr)
}
