//! A host without an engine: bytes, a bump allocator, and no handle table.
//!
//! For tools that read or write values in a buffer, and for tests.

use alloc::vec::Vec;

use crate::host::Host;
use crate::trap::{Allocation, Trap};
use crate::types::{ResourceId, ValType};

/// A [`Host`] that is a growing buffer. New blocks go to its end and nothing is ever freed. A
/// handle's index is its representation.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Standalone {
    /// The memory.
    pub memory: Vec<u8>,
}

impl Host for Standalone {
    type Error = Trap;

    fn memory(&self) -> &[u8] {
        &self.memory
    }

    fn memory_mut(&mut self) -> &mut [u8] {
        &mut self.memory
    }

    fn realloc(&mut self, old_ptr: u64, old_size: u64, align: u64, new_size: u64) -> Result<u64, Trap> {
        let start = (self.memory.len() as u64).next_multiple_of(align);
        let too_large = Trap::ReallocOutOfBounds { ptr: start, size_bytes: new_size, of: Allocation::Params };
        let end = start.checked_add(new_size).and_then(|end| usize::try_from(end).ok()).ok_or(too_large)?;
        self.memory.resize(end, 0);
        let kept = old_size.min(new_size);
        let old = usize_range(old_ptr, kept).filter(|old| old.end <= end);
        if let (Some(old), Some(new)) = (old, usize_range(start, kept)) {
            self.memory.copy_within(old, new.start);
        }
        Ok(start)
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

    fn lift_error_context(&mut self, index: u32) -> Result<u32, Trap> {
        Ok(index)
    }

    fn lower_error_context(&mut self, rep: u32) -> Result<u32, Trap> {
        Ok(rep)
    }

    fn lift_stream(&mut self, _: Option<ValType>, index: u32) -> Result<u32, Trap> {
        Ok(index)
    }

    fn lower_stream(&mut self, _: Option<ValType>, rep: u32) -> Result<u32, Trap> {
        Ok(rep)
    }

    fn lift_future(&mut self, _: Option<ValType>, index: u32) -> Result<u32, Trap> {
        Ok(index)
    }

    fn lower_future(&mut self, _: Option<ValType>, rep: u32) -> Result<u32, Trap> {
        Ok(rep)
    }
}

fn usize_range(ptr: u64, n: u64) -> Option<core::ops::Range<usize>> {
    Some(usize::try_from(ptr).ok()?..usize::try_from(ptr.checked_add(n)?).ok()?)
}
