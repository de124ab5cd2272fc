//! All faults of a case, where `plain` stops at the first: what an engine may find that looks in
//! another order.

use std::collections::BTreeSet;

use canonical_abi::despecialize::{Cases, Despecialized, despecialize};
use canonical_abi::flatten::{MAX_FLAT_PARAMS, MAX_FLAT_RESULTS, flat_count};
use canonical_abi::layout::{field_offsets, layout, payload_offset, tuple_layout};
use canonical_abi::{
    Context, CoreType, CoreValue, CoreValueIter, Direction, PtrType, StringEncoding, Types, ValType,
    flatten_type, lift_flat, load,
};

use super::case::{Case, Drive};
use super::image::{MEMORY_BYTES, TRAPS};
use super::plain::{Machine, pass_params, start, typed};
use super::shape::Shape;
use crate::fault::Fault;

/// Where lowered values lie: at an address, or in flat slots.
#[derive(Clone, Copy)]
enum LoweredAt<'a> {
    Memory(u64),
    Flat(&'a [CoreValue]),
}

/// What is looked at, and what was found so far.
struct Search<'a> {
    types: &'a Types,
    encoding: StringEncoding,
    machine: Machine,
    found: BTreeSet<Fault>,
    /// The bytes that strings and lists claim: all of that is to be allocated on the other side.
    claimed_bytes: u64,
}

/// Returns every fault that can occur while the parameters of the case are passed; if there is
/// none, those of passing the result.
pub(crate) fn all_faults(shape: &Shape, case: &Case) -> BTreeSet<Fault> {
    let Some((phase, search)) = searches(shape, case).pop() else { return BTreeSet::new() };
    let Search { mut found, claimed_bytes, .. } = search;
    let of_caller = if let Drive::Raw(image) = &case.drive { image.answers.as_slice() } else { &[] };
    for answer in of_caller.iter().chain(&case.callee.answers) {
        match *answer {
            0 => {}
            TRAPS => drop(found.insert(Fault::Unreachable)),
            _ => found.extend([
                Fault::Unaligned,
                Fault::OutOfBounds,
                Fault::StringOutOfBounds,
                Fault::ListOutOfBounds,
            ]),
        }
    }
    // An encoding may take three bytes for one, and be moved as it grows.
    if claimed_bytes.saturating_mul(6) > MEMORY_BYTES as u64 {
        found.extend([Fault::OutOfBounds, Fault::StringOutOfBounds, Fault::ListOutOfBounds]);
    }
    if let (Phase::Result, Drive::Raw(image)) = (phase, &case.drive) {
        let flat = typed(&shape.core_type(Direction::Lower).params, &image.slots);
        if let (true, Some(ptr)) = (shape.result_spills(), flat.last()) {
            let (size, align) = tuple_layout(&shape.types, shape.result.into_iter(), PtrType::I32);
            check_range(&mut found, ptr.bits(), size, align, Fault::OutOfBounds);
        }
    }
    found
}

#[derive(Clone, Copy)]
enum Phase {
    Params,
    Result,
}

/// Looks at the parameters and, if they can be passed, at the result.
fn searches<'a>(shape: &'a Shape, case: &Case) -> Vec<(Phase, Search<'a>)> {
    let Ok((mut caller, given)) = start(shape, case) else { return vec![] };
    let mut callee = Machine::new(&case.callee);
    let flat = typed(&shape.core_type(Direction::Lower).params, &given);
    let mut params = Search::new(shape, caller.clone(), shape.caller);
    params.values(&shape.params, MAX_FLAT_PARAMS, &flat);
    let mut searches = vec![(Phase::Params, params)];
    if pass_params(shape, &mut caller, &given, &mut callee).is_ok() {
        let flat = typed(&shape.core_type(Direction::Lift).results, &case.callee.slots);
        let tys: Vec<_> = shape.result.into_iter().collect();
        let mut result = Search::new(shape, callee, shape.callee);
        result.values(&tys, MAX_FLAT_RESULTS, &flat);
        searches.push((Phase::Result, result));
    }
    searches
}

/// Adds what is wrong with a range of memory, and returns whether nothing is.
fn check_range(found: &mut BTreeSet<Fault>, ptr: u64, size: u64, align: u32, out: Fault) -> bool {
    let is_aligned = ptr.is_multiple_of(u64::from(align));
    let is_within = ptr.checked_add(size).is_some_and(|end| end <= MEMORY_BYTES as u64);
    if !is_aligned {
        found.insert(Fault::Unaligned);
    }
    if !is_within {
        found.insert(out);
    }
    is_aligned && is_within
}

impl<'a> Search<'a> {
    fn new(shape: &'a Shape, machine: Machine, encoding: StringEncoding) -> Self {
        let found = BTreeSet::new();
        Self { types: &shape.types, encoding, machine, found, claimed_bytes: 0 }
    }

    fn values(&mut self, tys: &[ValType], max_flat: usize, flat: &[CoreValue]) {
        if tys.iter().map(|ty| flat_count(self.types, *ty)).sum::<usize>() <= max_flat {
            return self.fields(tys, LoweredAt::Flat(flat));
        }
        let (size, align) = tuple_layout(self.types, tys.iter().copied(), PtrType::I32);
        if check_range(&mut self.found, flat[0].bits(), size, align, Fault::OutOfBounds) {
            self.fields(tys, LoweredAt::Memory(flat[0].bits()));
        }
    }

    fn fields(&mut self, tys: &[ValType], at: LoweredAt<'_>) {
        match at {
            LoweredAt::Memory(ptr) => {
                let offsets: Vec<_> = field_offsets(self.types, tys.iter().copied(), PtrType::I32).collect();
                for (offset, ty) in offsets {
                    self.value(ty, LoweredAt::Memory(ptr + offset));
                }
            }
            LoweredAt::Flat(mut flat) => {
                for ty in tys {
                    let (own, rest) = flat.split_at(flat_count(self.types, *ty));
                    self.value(*ty, LoweredAt::Flat(own));
                    flat = rest;
                }
            }
        }
    }

    fn value(&mut self, ty: ValType, at: LoweredAt<'_>) {
        match despecialize(self.types, ty) {
            Despecialized::Record(fields) => self.fields(&fields.types().collect::<Vec<_>>(), at),
            Despecialized::Variant(cases) => self.variant(ty, cases, at),
            Despecialized::List { element, length: Some(n) } => self.fields(&vec![element; n as usize], at),
            Despecialized::List { element, length: None } => self.list(element, at),
            Despecialized::String => self.string(at),
            Despecialized::Scalar(_) | Despecialized::Flags(_) => self.leaf(ty, at),
            Despecialized::Handle(_) => unreachable!("random types have no handles"),
        }
    }

    /// Lifts a value that has no parts.
    fn leaf(&mut self, ty: ValType, at: LoweredAt<'_>) {
        let mut cx = Context::new(self.types, Shape::options(self.encoding), &mut self.machine);
        let lifted = match at {
            LoweredAt::Memory(ptr) => load(&mut cx, ptr, ty),
            LoweredAt::Flat(flat) => lift_flat(&mut cx, &mut CoreValueIter::new(flat), ty),
        };
        self.found.extend(lifted.err());
    }

    fn variant(&mut self, ty: ValType, cases: Cases<'_>, at: LoweredAt<'_>) {
        let (case, payload_at) = match at {
            LoweredAt::Memory(ptr) => {
                let n_bytes = match cases.len() {
                    0..=0x100 => 1,
                    0x101..=0x1_0000 => 2,
                    _ => 4,
                };
                let payload = ptr + u64::from(payload_offset(self.types, ty, PtrType::I32));
                (self.int(ptr, n_bytes), LoweredAt::Memory(payload))
            }
            LoweredAt::Flat(flat) => (flat[0].bits(), LoweredAt::Flat(&flat[1..])),
        };
        let Some(case) = usize::try_from(case).ok().filter(|case| *case < cases.len()) else {
            self.found.insert(Fault::Discriminant);
            return;
        };
        let Some(payload) = cases.payload(case) else { return };
        match payload_at {
            LoweredAt::Memory(_) => self.value(payload, payload_at),
            LoweredAt::Flat(slots) => {
                let own: Vec<_> = flatten_type(self.types, payload, PtrType::I32)
                    .into_iter()
                    .zip(slots)
                    .map(|(ty, slot): (CoreType, _)| CoreValue::from_bits(ty, slot.bits()))
                    .collect();
                self.value(payload, LoweredAt::Flat(&own));
            }
        }
    }

    fn list(&mut self, element: ValType, at: LoweredAt<'_>) {
        let (ptr, length) = self.pair(at);
        let element_layout = layout(self.types, element, PtrType::I32);
        let size = u64::from(element_layout.size());
        self.claimed_bytes = self.claimed_bytes.saturating_add(length * size);
        if check_range(&mut self.found, ptr, length * size, element_layout.align(), Fault::ListOutOfBounds) {
            for i in 0..length {
                self.value(element, LoweredAt::Memory(ptr + i * size));
            }
        }
    }

    fn string(&mut self, at: LoweredAt<'_>) {
        let (ptr, units) = self.pair(at);
        const UTF16_TAG: u64 = 1 << 31;
        let (size, align) = match self.encoding {
            StringEncoding::Utf8 => (units, 1),
            StringEncoding::Utf16 => (2 * units, 2),
            StringEncoding::Latin1Utf16 if units & UTF16_TAG == 0 => (units, 2),
            StringEncoding::Latin1Utf16 => (2 * (units ^ UTF16_TAG), 2),
        };
        self.claimed_bytes = self.claimed_bytes.saturating_add(size);
        if check_range(&mut self.found, ptr, size, align, Fault::StringOutOfBounds) {
            let flat = [ptr, units].map(|bits| CoreValue::from_bits(CoreType::I32, bits));
            self.leaf(ValType::String, LoweredAt::Flat(&flat));
        }
    }

    fn pair(&self, at: LoweredAt<'_>) -> (u64, u64) {
        match at {
            LoweredAt::Memory(ptr) => (self.int(ptr, 4), self.int(ptr + 4, 4)),
            LoweredAt::Flat(flat) => (flat[0].bits(), flat[1].bits()),
        }
    }

    /// Reads an integer from a place that was checked.
    fn int(&self, ptr: u64, n_bytes: usize) -> u64 {
        let at = usize::try_from(ptr).expect("a small memory");
        let bytes = canonical_abi::Host::memory(&self.machine)[at..at + n_bytes].iter().rev();
        bytes.fold(0, |value, byte| value << 8 | u64::from(*byte))
    }
}
