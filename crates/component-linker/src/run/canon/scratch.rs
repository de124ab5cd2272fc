//! The bridge between Rust types and [`Val`]s, where a typed function calls a dynamic one or the
//! other way round.
//!
//! Values of either kind are lowered into a buffer like into a guest, and lifted from it as the
//! other kind. That happens where the host calls a host function, through a component that exports
//! what it imports; where a host function on Rust types is lowered with the option `async`; and for
//! the result of an asynchronously lifted function.

use canonical_abi::flatten::{MAX_FLAT_PARAMS, flatten_types_up_to};
use canonical_abi::standalone::Standalone;
use canonical_abi::{
    Context, CoreValue, CoreValueIter, Host, Options, PtrType, ResourceId, Types, ValType, lift_flat_values,
    lower_flat_values,
};
use jit::ValRaw;
use std::collections::BTreeSet;

use super::FuncInfo;
use crate::Val;
use crate::run::state::State;
use crate::trap::Trap;
use crate::typed::{
    FlatIn, FlatOut, LiftTuple, Loan, LowerTuple, MAX_SLOTS, ResourceError, ResourceKey, TypedHost,
    lift_values, lower_values,
};

/// A buffer that values are lowered into and lifted from. A handle's index is its representation.
pub(crate) struct Scratch<'a> {
    buffer: Standalone,
    info: &'a FuncInfo,
    state: &'a State,
    /// What resources that are lifted are lent for.
    loan: Option<Loan>,
    /// The resources that are passed, if what is lowered is only tried out.
    rehearsed: Option<Rehearsed>,
}

/// The resources that are passed in one call, by the addresses of the Rust values.
#[derive(Default)]
struct Rehearsed {
    given: BTreeSet<usize>,
    lent: BTreeSet<usize>,
}

impl<'a> Scratch<'a> {
    pub(crate) fn new(info: &'a FuncInfo, state: &'a State) -> Self {
        Self { buffer: Standalone::default(), info, state, loan: None, rehearsed: None }
    }

    /// Lets resources that are lifted be lent for a call.
    pub(crate) fn lending(self, loan: Option<Loan>) -> Self {
        Self { loan, ..self }
    }

    /// Returns a buffer to find out whether values can be lowered, with resources staying what they
    /// are.
    pub(crate) fn rehearsal(info: &'a FuncInfo, state: &'a State) -> Self {
        Self { rehearsed: Some(Rehearsed::default()), ..Self::new(info, state) }
    }
}

impl Host for Scratch<'_> {
    type Error = Trap;

    fn memory(&self) -> &[u8] {
        self.buffer.memory()
    }

    fn memory_mut(&mut self) -> &mut [u8] {
        self.buffer.memory_mut()
    }

    fn realloc(&mut self, old_ptr: u64, old_size: u64, align: u64, new_size: u64) -> Result<u64, Trap> {
        Ok(self.buffer.realloc(old_ptr, old_size, align, new_size)?)
    }

    fn lift_own(&mut self, _: ResourceId, index: u32) -> Result<u32, Trap> {
        Ok(index)
    }

    fn lift_borrow(&mut self, _: ResourceId, index: u32) -> Result<u32, Trap> {
        Ok(index)
    }

    fn lower_own(&mut self, _: ResourceId, rep: u32) -> Result<u32, Trap> {
        Ok(rep)
    }

    fn lower_borrow(&mut self, _: ResourceId, rep: u32) -> Result<u32, Trap> {
        Ok(rep)
    }
}

impl TypedHost for Scratch<'_> {
    fn resource_key(&self, id: ResourceId) -> ResourceKey {
        ResourceKey { store: self.state.id, index: self.info.resource(id).0 }
    }

    fn rehearse(&mut self, address: usize, gives: bool) -> Result<bool, ResourceError> {
        let Some(Rehearsed { given, lent }) = &mut self.rehearsed else { return Ok(false) };
        let is_new = match gives {
            true => given.insert(address) && !lent.contains(&address),
            false => {
                lent.insert(address);
                !given.contains(&address)
            }
        };
        if is_new { Ok(true) } else { Err(ResourceError::Twice) }
    }

    fn loan(&mut self) -> Option<Loan> {
        self.loan
    }

    fn is_open(&self, loan: Loan) -> bool {
        self.state.loans.is_open(loan)
    }
}

/// Returns the component values that Rust values, of the types `tys`, are.
pub(crate) fn to_values<P: LowerTuple>(
    mut scratch: Scratch<'_>,
    values: &P,
    tys: &[ValType],
) -> Result<Vec<Val>, Trap> {
    let types = &*scratch.info.types;
    let mut cx = Context::new(types, Options::default(), &mut scratch);
    let mut slots = [ValRaw::default(); MAX_SLOTS];
    let mut out = FlatOut::new(&mut slots);
    lower_values(&mut cx, MAX_FLAT_PARAMS, values, tys, None, &mut out)?;
    let flat = core_values(types, tys, MAX_FLAT_PARAMS, out.slots());
    lift_flat_values(&mut cx, MAX_FLAT_PARAMS, &mut CoreValueIter::new(&flat), tys)
}

/// Returns the Rust values that component values, of the types `tys`, are.
pub(crate) fn from_values<R: LiftTuple>(
    mut scratch: Scratch<'_>,
    values: &[Val],
    tys: &[ValType],
) -> Result<R, Trap> {
    let types = &*scratch.info.types;
    let mut cx = Context::new(types, Options::default(), &mut scratch);
    let flat = lower_flat_values(&mut cx, MAX_FLAT_PARAMS, values, tys, None)?;
    let slots: Vec<_> = flat.iter().map(|value| ValRaw::from_u64(value.bits())).collect();
    lift_values(&mut cx, MAX_FLAT_PARAMS, tys, &mut FlatIn::new(&slots))
}

/// Gives slots the types that flattening yields.
fn core_values(types: &Types, tys: &[ValType], max_flat: usize, slots: &[ValRaw]) -> Vec<CoreValue> {
    let flat = flatten_types_up_to(types, tys, PtrType::I32, max_flat);
    let flat = flat.unwrap_or_else(|| vec![PtrType::I32.into()]);
    flat.iter().zip(slots).map(|(ty, slot)| CoreValue::from_bits(*ty, slot.to_u64())).collect()
}
