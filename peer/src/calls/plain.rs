//! The plain interpreter's answer to a case: `canonical_abi`'s functions over two byte vectors.
//! Follows CanonicalABI.md, "`canon lower`" and "`canon lift`", one inside the other.

use std::collections::VecDeque;

use canonical_abi::{
    Context, CoreType, CoreValue, CoreValueIter, Direction, Host, MAX_FLAT_PARAMS, MAX_FLAT_RESULTS,
    ResourceId, StringEncoding, Trap, Value, lift_flat_values, lower_flat_values,
};
use canonical_abi::{PtrType, layout::tuple_layout};

use super::case::{Case, Drive, Outcome, Run};
use super::image::{Image, MAX_REALLOCS, MEMORY_BYTES, Seen, TRAPS};
use super::shape::Shape;
use crate::fault::Fault;

/// A memory and its `realloc`, as `libc.wat` has them.
#[derive(Clone)]
pub(crate) struct Machine {
    memory: Vec<u8>,
    next: u32,
    answers: Vec<u32>,
    reallocs: Vec<[u32; 4]>,
    n_reallocs: u32,
    /// How much of the memory was set at first.
    n_set: usize,
    source: StringEncoding,
    /// Of the strings lifted, or of those to be lowered.
    tags: VecDeque<bool>,
}

impl Machine {
    pub(crate) fn new(image: &Image) -> Self {
        let mut memory = image.memory.clone();
        let n_set = memory.len();
        memory.resize(MEMORY_BYTES, 0);
        Self {
            memory,
            next: image.free,
            answers: image.answers.clone(),
            reallocs: vec![],
            n_reallocs: 0,
            n_set,
            source: StringEncoding::Utf8,
            tags: VecDeque::new(),
        }
    }

    /// Returns what the memory holds now as something to start with.
    pub(crate) fn into_image(self, slots: Vec<u64>) -> Image {
        let mut memory = self.memory;
        memory.truncate(self.next as usize);
        Image { memory, free: self.next, slots, answers: vec![] }
    }

    fn seen(self, slots: Vec<u64>, post_returned: bool) -> Seen {
        let Self { mut memory, next, reallocs, n_reallocs, n_set, answers: _, source: _, tags: _ } = self;
        memory.truncate(n_set.max(next as usize));
        let mut seen = Seen { slots, n_reallocs, reallocs, post_returned, memory };
        seen.trim();
        seen
    }
}

impl Host for Machine {
    type Error = Fault;

    fn memory(&self) -> &[u8] {
        &self.memory
    }

    fn memory_mut(&mut self) -> &mut [u8] {
        &mut self.memory
    }

    fn realloc(&mut self, old: u64, old_size: u64, align: u64, size: u64) -> Result<u64, Fault> {
        let [old, old_size, align, size] =
            [old, old_size, align, size].map(|x| u32::try_from(x).expect("a 32-bit memory"));
        let n = self.n_reallocs as usize;
        self.n_reallocs += 1;
        if n < MAX_REALLOCS {
            self.reallocs.push([old, old_size, align, size]);
        }
        match self.answers.get(n) {
            None | Some(0) => {}
            Some(&TRAPS) => return Err(Fault::Unreachable),
            Some(answer) => return Ok(u64::from(*answer)),
        }
        let at = self.next.wrapping_add(align).wrapping_sub(1) & 0u32.wrapping_sub(align);
        self.next = at.wrapping_add(size);
        let n_bytes = old_size.min(size) as usize;
        let (from, to) = (old as usize, at as usize);
        if from + n_bytes > MEMORY_BYTES || to + n_bytes > MEMORY_BYTES {
            return Err(Fault::OutOfBounds);
        }
        self.memory.copy_within(from..from + n_bytes, to);
        Ok(u64::from(at))
    }

    fn lift_own(&mut self, _: ResourceId, _: u32) -> Result<u32, Fault> {
        unreachable!("random types have no handles")
    }

    fn lift_borrow(&mut self, _: ResourceId, _: u32) -> Result<u32, Fault> {
        unreachable!("random types have no handles")
    }

    fn lower_own(&mut self, _: ResourceId, _: u32) -> Result<u32, Fault> {
        unreachable!("random types have no handles")
    }

    fn lower_borrow(&mut self, _: ResourceId, _: u32) -> Result<u32, Fault> {
        unreachable!("random types have no handles")
    }

    fn source_encoding(&self) -> StringEncoding {
        self.source
    }

    fn string_lifted(&mut self, is_utf16: bool) {
        self.tags.push_back(is_utf16);
    }

    fn next_string_tag(&mut self) -> Option<bool> {
        self.tags.pop_front()
    }
}

/// Returns the outcome of the case.
pub(crate) fn run(shape: &Shape, case: &Case) -> Outcome {
    let mut callee = Machine::new(&case.callee);
    let (mut caller, given) = start(shape, case)?;
    let results = call(shape, &mut caller, &given, &mut callee, &case.callee.slots)?;
    let result = match &case.drive {
        Drive::Raw(_) => None,
        Drive::Host(_) => lift_result(shape, &mut caller, &given, &results.to_caller)?,
    };
    let written = match &case.drive {
        Drive::Raw(_) => bits(&results.to_caller),
        Drive::Host(_) => vec![],
    };
    let post_returned = shape.has_post_return;
    Ok(Run {
        caller: caller.seen(written, false),
        callee: callee.seen(bits(&results.to_callee), post_returned),
        result,
    })
}

/// Returns the caller as it calls, and the core values that it passes.
pub(crate) fn start(shape: &Shape, case: &Case) -> Result<(Machine, Vec<u64>), Fault> {
    match &case.drive {
        Drive::Raw(image) => Ok((Machine::new(image), image.slots.clone())),
        Drive::Host(values) => {
            let mut caller = Machine::new(&Image { free: 8, ..Image::default() });
            let slots = lower_args(shape, &mut caller, values)?;
            Ok((caller, slots))
        }
    }
}

/// The core values that both sides are given.
struct Passed {
    to_callee: Vec<CoreValue>,
    to_caller: Vec<CoreValue>,
}

/// Lowers the host's arguments into the caller as its `f` gets them, and finds a place for the
/// result as `f` does. Returns the core values that it passes on.
pub(crate) fn lower_args(shape: &Shape, caller: &mut Machine, values: &[Value]) -> Result<Vec<u64>, Fault> {
    let mut cx = Context::new(&shape.types, Shape::options(shape.caller), caller);
    let mut slots = bits(&lower_flat_values(&mut cx, MAX_FLAT_PARAMS, values, &shape.params, None)?);
    if shape.result_spills() {
        let (size, align) = tuple_layout(&shape.types, shape.result.into_iter(), PtrType::I32);
        slots.push(caller.realloc(0, 0, u64::from(align), size)?);
    }
    Ok(slots)
}

/// Lifts the result that a caller's `f` has got, as the host does.
pub(crate) fn lift_result(
    shape: &Shape,
    caller: &mut Machine,
    given: &[u64],
    to_caller: &[CoreValue],
) -> Result<Option<Value>, Fault> {
    let mut cx = Context::new(&shape.types, Shape::options(shape.caller), caller);
    let pointer = given.last().map(|ptr| CoreValue::from_bits(CoreType::I32, *ptr));
    let flat: Vec<_> = if shape.result_spills() { pointer.into_iter().collect() } else { to_caller.to_vec() };
    let tys: Vec<_> = shape.result.into_iter().collect();
    let values = lift_flat_values(&mut cx, MAX_FLAT_RESULTS, &mut CoreValueIter::new(&flat), &tys)?;
    Ok(values.into_iter().next())
}

/// Lifts the parameters that a callee was given.
pub(crate) fn lift_params(shape: &Shape, callee: &mut Machine, given: &[u64]) -> Result<Vec<Value>, Fault> {
    let flat = typed(&shape.core_type(Direction::Lift).params, given);
    let mut cx = Context::new(&shape.types, Shape::options(shape.callee), callee);
    lift_flat_values(&mut cx, MAX_FLAT_PARAMS, &mut CoreValueIter::new(&flat), &shape.params)
}

/// Calls from one component to the other: the callee returns `returned`.
fn call(
    shape: &Shape,
    caller: &mut Machine,
    given: &[u64],
    callee: &mut Machine,
    returned: &[u64],
) -> Result<Passed, Fault> {
    let types = &shape.types;
    let (of_caller, of_callee) = (Shape::options(shape.caller), Shape::options(shape.callee));
    let to_callee = pass_params(shape, caller, given, callee)?;
    let flat = typed(&shape.core_type(Direction::Lower).params, given);
    let out_param = shape.result_spills().then(|| flat.last().map(|ptr| ptr.bits())).flatten();

    let tys: Vec<_> = shape.result.into_iter().collect();
    let flat = typed(&shape.core_type(Direction::Lift).results, returned);
    let mut cx = Context::new(types, of_callee, callee);
    let values = lift_flat_values(&mut cx, MAX_FLAT_RESULTS, &mut CoreValueIter::new(&flat), &tys)?;
    caller.source = shape.callee;
    caller.tags = std::mem::take(&mut callee.tags);
    let mut cx = Context::new(types, of_caller, caller);
    let to_caller = lower_flat_values(&mut cx, MAX_FLAT_RESULTS, &values, &tys, out_param)?;
    Ok(Passed { to_callee, to_caller })
}

/// Lifts the parameters out of the caller and lowers them into the callee. Returns the core values
/// for it.
pub(crate) fn pass_params(
    shape: &Shape,
    caller: &mut Machine,
    given: &[u64],
    callee: &mut Machine,
) -> Result<Vec<CoreValue>, Fault> {
    let flat = typed(&shape.core_type(Direction::Lower).params, given);
    let mut cx = Context::new(&shape.types, Shape::options(shape.caller), caller);
    let values = lift_flat_values(&mut cx, MAX_FLAT_PARAMS, &mut CoreValueIter::new(&flat), &shape.params)?;
    callee.source = shape.caller;
    callee.tags = std::mem::take(&mut caller.tags);
    let mut cx = Context::new(&shape.types, Shape::options(shape.callee), callee);
    lower_flat_values(&mut cx, MAX_FLAT_PARAMS, &values, &shape.params, None)
}

/// Returns the core values that a caller has got.
pub(crate) fn typed_results(shape: &Shape, slots: &[u64]) -> Vec<CoreValue> {
    typed(&shape.core_type(Direction::Lower).results, slots)
}

/// Returns core values of these types; missing ones are zero.
pub(crate) fn typed(types: &[CoreType], slots: &[u64]) -> Vec<CoreValue> {
    let slots = slots.iter().copied().chain(std::iter::repeat(0));
    types.iter().zip(slots).map(|(ty, bits)| CoreValue::from_bits(*ty, bits)).collect()
}

fn bits(values: &[CoreValue]) -> Vec<u64> {
    values.iter().map(|value| value.bits()).collect()
}

impl From<Trap> for Fault {
    fn from(trap: Trap) -> Self {
        Self::of_abi(&trap)
    }
}
