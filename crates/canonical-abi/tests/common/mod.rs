//! A host whose memory grows by a bump allocator, for the tests.

use std::collections::VecDeque;

use canonical_abi::handles::{self, BorrowScope, HandleTable, Lends, RuntimeResource};
use canonical_abi::{Host, ResourceId, StringEncoding, Trap};

/// What the tests lift from and lower to. `realloc` always moves the block and fills the gap with a
/// pattern, so that bytes left unwritten or read from the old block show.
pub(crate) struct Bump {
    pub(crate) memory: Vec<u8>,
    pub(crate) source: StringEncoding,
    /// Of the strings lifted, or of those to be lowered.
    pub(crate) tags: VecDeque<bool>,
    pub(crate) reallocs: Vec<[u64; 4]>,
    /// What `realloc` returns instead of its own choice.
    pub(crate) answer: Option<u64>,
    pub(crate) table: HandleTable,
    pub(crate) lends: Lends,
    pub(crate) scope: BorrowScope,
    pub(crate) reserved_bytes: u64,
    /// How often it is told of bytes before it stops the work.
    pub(crate) patience: u32,
}

impl Bump {
    pub(crate) fn new(source: StringEncoding) -> Self {
        let mut table = HandleTable::new();
        let scope = table.enter_scope();
        Self {
            memory: vec![0xaa; 8],
            source,
            tags: VecDeque::new(),
            reallocs: Vec::new(),
            answer: None,
            table,
            lends: Lends::new(),
            scope,
            reserved_bytes: 0,
            patience: u32::MAX,
        }
    }
}

impl Host for Bump {
    type Error = Trap;

    fn memory(&self) -> &[u8] {
        &self.memory
    }

    fn memory_mut(&mut self) -> &mut [u8] {
        &mut self.memory
    }

    fn realloc(&mut self, old_ptr: u64, old_size: u64, align: u64, new_size: u64) -> Result<u64, Trap> {
        self.reallocs.push([old_ptr, old_size, align, new_size]);
        if let Some(answer) = self.answer {
            return Ok(answer);
        }
        let [old_ptr, old_size, align, new_size] = [old_ptr, old_size, align, new_size].map(to_usize);
        let start = self.memory.len().next_multiple_of(align);
        self.memory.resize(start + new_size, 0xaa);
        self.memory.copy_within(old_ptr..old_ptr + old_size.min(new_size), start);
        Ok(start as u64)
    }

    fn lift_own(&mut self, rt: ResourceId, index: u32) -> Result<u32, Trap> {
        handles::lift_own(&mut self.table, RuntimeResource(rt.0), index)
    }

    fn lift_borrow(&mut self, rt: ResourceId, index: u32) -> Result<u32, Trap> {
        handles::lift_borrow(&mut self.table, &mut self.lends, RuntimeResource(rt.0), index)
    }

    fn lower_own(&mut self, rt: ResourceId, rep: u32) -> Result<u32, Trap> {
        handles::lower_own(&mut self.table, RuntimeResource(rt.0), rep)
    }

    fn lower_borrow(&mut self, rt: ResourceId, rep: u32) -> Result<u32, Trap> {
        handles::lower_borrow(&mut self.table, self.scope, RuntimeResource(rt.0), rep)
    }

    fn reserve(&mut self, n_bytes: u64) -> Result<(), Trap> {
        self.reserved_bytes += n_bytes;
        Ok(())
    }

    fn consume_bytes(&mut self, _: u64) -> Result<(), Trap> {
        self.patience = self.patience.checked_sub(1).ok_or(Trap::Unsupported { what: "so much work" })?;
        Ok(())
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

/// Returns a size or address within the test's memory.
pub(crate) fn to_usize(n: u64) -> usize {
    usize::try_from(n).expect("the tests' memories are small")
}
