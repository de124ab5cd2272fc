//! Bulk instructions. Follows the core specification, "Memory Instructions" and "Table
//! Instructions".
//!
//! Each checks its bounds first, then pays for its size, and then does its work in chunks, between
//! which it looks at the store's deadline. So one that is out of bounds or that the guest can't pay
//! for changes nothing; one that is interrupted has done a part. Without fuel nothing is paid, and
//! without epochs the work is one chunk.

use std::ops::Range;
use std::sync::Arc;

use crate::module::index::{DataIndex, ElemIndex, MemoryIndex, TableIndex};
use crate::vm::builtin::{ENDLESS_WAIT, INTERRUPTED, OUT_OF_BOUNDS, OUT_OF_FUEL, WAIT_TOO_LONG};

use super::entities::{Entities, table_bytes};
use super::instance_data::{InstanceData, span};
use super::linear_memory::LinearMemory;
use super::state::VmStore;

/// Why an instruction is not finished.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Refusal {
    /// It is outside of a memory, a table or a segment.
    OutOfBounds,
    /// The store's deadline has passed.
    Interrupted,
    /// The fuel that is left does not pay for it.
    OutOfFuel,
    /// Nobody can end the wait.
    EndlessWait,
    /// The store's waits have taken too long.
    WaitTooLong,
}

/// Bytes that one unit of fuel pays for: those of a word, which an element of a table is too.
const BYTES_PER_FUEL: u64 = 8;

/// Bytes that are moved between two looks at a store's deadline: some hundred microseconds of work.
pub const CHUNK_BYTES: usize = 1 << 20;

/// `[destination, source, length]` of an instruction.
pub(super) type Places = [u64; 3];

impl Refusal {
    /// Returns the status for compiled code.
    pub(super) fn status(self) -> u64 {
        match self {
            Self::OutOfBounds => OUT_OF_BOUNDS,
            Self::Interrupted => INTERRUPTED,
            Self::OutOfFuel => OUT_OF_FUEL,
            Self::EndlessWait => ENDLESS_WAIT,
            Self::WaitTooLong => WAIT_TOO_LONG,
        }
    }
}

impl VmStore {
    /// Takes the fuel that moving so many bytes costs.
    pub(super) fn pay(&mut self, bytes: u64) -> Result<(), Refusal> {
        if !self.has_fuel {
            return Ok(());
        }
        let cost = i64::try_from(bytes.div_ceil(BYTES_PER_FUEL)).expect("an eighth of a u64");
        if cost > self.fuel {
            self.fuel = 0;
            return Err(Refusal::OutOfFuel);
        }
        self.fuel -= cost;
        Ok(())
    }

    /// Fails if the deadline has passed.
    pub(super) fn look_at_deadline(&self) -> Result<(), Refusal> {
        if self.deadline_passed() { Err(Refusal::Interrupted) } else { Ok(()) }
    }

    /// Pays for `len` units of `unit` bytes each and does `step` for parts of `0..len`, the last
    /// ones first if `backwards`.
    fn in_chunks(
        &mut self,
        len: usize,
        unit: usize,
        backwards: bool,
        mut step: impl FnMut(&mut Entities, Range<usize>),
    ) -> Result<(), Refusal> {
        self.pay((len as u64).saturating_mul(unit as u64))?;
        if !self.has_epochs {
            step(&mut self.entities, 0..len);
            return Ok(());
        }
        let chunk = CHUNK_BYTES / unit;
        let mut done = 0;
        while done < len {
            let next = (done + chunk).min(len);
            step(&mut self.entities, if backwards { len - next..len - done } else { done..next });
            done = next;
            self.look_at_deadline()?;
        }
        Ok(())
    }

    fn instance(&self, instance: u32) -> &InstanceData {
        &self.entities.instances[instance as usize]
    }

    pub(super) fn memory_number(&self, instance: u32, memory: MemoryIndex) -> usize {
        self.instance(instance).memories[memory.pos()] as usize
    }

    pub(super) fn table_number(&self, instance: u32, table: TableIndex) -> usize {
        self.instance(instance).tables[table.pos()] as usize
    }

    pub(super) fn memory_fill(
        &mut self,
        number: usize,
        byte: u8,
        [to, len]: [u64; 2],
    ) -> Result<(), Refusal> {
        let to = in_bounds(to, len, self.entities.memories[number].len())?;
        self.in_chunks(to.len(), 1, false, |entities, part| {
            entities.memories[number].fill(within(&to, part), byte);
        })
    }

    pub(super) fn memory_copy(
        &mut self,
        into: usize,
        out_of: usize,
        [to, from, len]: Places,
    ) -> Result<(), Refusal> {
        let memories = &self.entities.memories;
        let to = in_bounds(to, len, memories[into].len())?;
        let from = in_bounds(from, len, memories[out_of].len())?;
        self.in_chunks(to.len(), 1, from.start < to.start, |entities, part| {
            let (to, from) = (to.start + part.start, within(&from, part));
            copy_memory(&mut entities.memories, into, out_of, to, from);
        })
    }

    pub(super) fn memory_init(
        &mut self,
        instance: u32,
        memory: MemoryIndex,
        segment: DataIndex,
        [to, from, len]: Places,
    ) -> Result<(), Refusal> {
        let number = self.memory_number(instance, memory);
        let from = in_bounds(from, len, self.instance(instance).data_bytes(segment).len())?;
        let to = in_bounds(to, len, self.entities.memories[number].len())?;
        self.in_chunks(to.len(), 1, false, |entities, part| {
            let bytes = entities.instances[instance as usize].data_bytes(segment);
            entities.memories[number].write(to.start + part.start, &bytes[within(&from, part)]);
        })
    }

    /// Returns the former size, or `None` if the table can't grow.
    pub(super) fn table_grow(
        &mut self,
        number: usize,
        delta: u64,
        element: u64,
    ) -> Result<Option<u64>, Refusal> {
        // Nulls are there already; the instruction costs the same all the same.
        let Some(former) = self.entities.grow_table(number, delta, 0) else { return Ok(None) };
        if element == 0 {
            self.pay(table_bytes(delta))?;
            self.look_at_deadline()?;
        } else {
            self.table_fill(number, element, [former, delta])?;
        }
        Ok(Some(former))
    }

    pub(super) fn table_fill(
        &mut self,
        number: usize,
        element: u64,
        [to, len]: [u64; 2],
    ) -> Result<(), Refusal> {
        let to = in_bounds(to, len, self.entities.tables[number].elements().len())?;
        self.in_chunks(to.len(), size_of::<u64>(), false, |entities, part| {
            entities.tables[number].elements_mut()[within(&to, part)].fill(element);
        })
    }

    pub(super) fn table_copy(
        &mut self,
        into: usize,
        out_of: usize,
        [to, from, len]: Places,
    ) -> Result<(), Refusal> {
        let tables = &self.entities.tables;
        let to = in_bounds(to, len, tables[into].elements().len())?;
        let from = in_bounds(from, len, tables[out_of].elements().len())?;
        self.in_chunks(to.len(), size_of::<u64>(), from.start < to.start, |entities, part| {
            let (to, from) = (to.start + part.start, within(&from, part));
            copy(&mut entities.tables, into, out_of, to, from, |table| table.elements_mut());
        })
    }

    pub(super) fn table_init(
        &mut self,
        instance: u32,
        table: TableIndex,
        segment: ElemIndex,
        [to, from, len]: Places,
    ) -> Result<(), Refusal> {
        let number = self.table_number(instance, table);
        let from = in_bounds(from, len, self.instance(instance).elems[segment.pos()].len())?;
        let to = in_bounds(to, len, self.entities.tables[number].elements().len())?;
        self.in_chunks(to.len(), size_of::<u64>(), false, |entities, part| {
            let words = &entities.instances[instance as usize].elems[segment.pos()];
            let elements = entities.tables[number].elements_mut();
            elements[within(&to, part.clone())].copy_from_slice(&words[within(&from, part)]);
        })
    }
}

fn in_bounds(start: u64, len: u64, size: usize) -> Result<Range<usize>, Refusal> {
    span(start, len, size).ok_or(Refusal::OutOfBounds)
}

/// Returns a part of a range, whose positions are relative to it.
fn within(range: &Range<usize>, part: Range<usize>) -> Range<usize> {
    range.start + part.start..range.start + part.end
}

/// Like [`copy`], between memories, one of which may be shared.
fn copy_memory(all: &mut [LinearMemory], into: usize, out_of: usize, to: usize, from: Range<usize>) {
    if all[into].shared().is_none() && all[out_of].shared().is_none() {
        return copy(all, into, out_of, to, from, |memory| memory.data_mut());
    }
    if into == out_of {
        let region = Arc::clone(all[into].shared().expect("the one memory is shared"));
        return region.copy_within(from, to);
    }
    let [into, out_of] = all.get_disjoint_mut([into, out_of]).expect("different items of the store");
    out_of.copy_shared(from, into, to);
}

/// Copies a range within one of `all` or between two, where there is room for it from `to` on.
fn copy<S, E: Copy>(
    all: &mut [S],
    into: usize,
    out_of: usize,
    to: usize,
    from: Range<usize>,
    contents: fn(&mut S) -> &mut [E],
) {
    if into == out_of {
        contents(&mut all[into]).copy_within(from, to);
        return;
    }
    let [into, out_of] = all.get_disjoint_mut([into, out_of]).expect("different items of the store");
    let to = to..to + from.len();
    contents(into)[to].copy_from_slice(&contents(out_of)[from]);
}
