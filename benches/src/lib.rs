//! Timings of Lowlift: see `benches/`, and `src/bin/counts` for counts of instructions.
//! Both use what is here.

#![forbid(unsafe_code)]

use canonical_abi::{Host, ResourceId, Trap};

/// A memory whose `realloc` hands out bytes from `next` on.
#[derive(Debug)]
pub struct Memory {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Where the next allocation begins, unless its alignment moves it.
    pub next: u64,
}

impl Host for Memory {
    type Error = Trap;

    #[inline]
    fn memory(&self) -> &[u8] {
        &self.bytes
    }

    #[inline]
    fn memory_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    #[inline]
    fn realloc(&mut self, _: u64, _: u64, align: u64, new_size: u64) -> Result<u64, Trap> {
        let ptr = self.next.next_multiple_of(align);
        self.next = ptr + new_size;
        Ok(ptr)
    }

    fn lift_own(&mut self, _: ResourceId, _: u32) -> Result<u32, Trap> {
        unreachable!("no benched type has handles")
    }

    fn lift_borrow(&mut self, _: ResourceId, _: u32) -> Result<u32, Trap> {
        unreachable!("no benched type has handles")
    }

    fn lower_own(&mut self, _: ResourceId, _: u32) -> Result<u32, Trap> {
        unreachable!("no benched type has handles")
    }

    fn lower_borrow(&mut self, _: ResourceId, _: u32) -> Result<u32, Trap> {
        unreachable!("no benched type has handles")
    }
}
