//! What a component of a case starts with, and what is seen of it afterwards. Knows the log of
//! `libc.wat`.

use std::fmt;

/// Where the log keeps core values that came in.
pub(crate) const RECEIVED: u64 = 0;
/// Where the callee's post-return function says that it ran.
pub(crate) const POST_RETURNED: u64 = 0xf8;
/// Where the log keeps core values to give.
pub(crate) const GIVEN: u64 = 0x100;
/// The size of each of those.
pub(crate) const SLOT_BYTES: usize = 8;
const N_SLOTS: usize = 31;
const N_REALLOCS: usize = 0x300;
const REALLOCS: usize = 0x310;
/// How many calls of `realloc` are written down.
pub(crate) const MAX_REALLOCS: usize = 256;
const MEMORY: usize = 0x1400;

/// The size of the memory that values lie in.
pub(crate) const MEMORY_BYTES: usize = 1 << 16;

/// The answer of `realloc` that makes it trap.
pub(crate) const TRAPS: u32 = u32::MAX;

/// What a component starts with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Image {
    /// The first bytes of its memory; the others are zero.
    pub(crate) memory: Vec<u8>,
    /// Where `realloc` takes memory from.
    pub(crate) free: u32,
    /// The core values that it passes or returns; those of 32 bits in the low half.
    pub(crate) slots: Vec<u64>,
    /// What `realloc` returns, call by call; 0 where it is free to choose.
    pub(crate) answers: Vec<u32>,
}

/// What is seen of a component after a call.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct Seen {
    /// The core values that it was given.
    pub(crate) slots: Vec<u64>,
    /// How often `realloc` was called.
    pub(crate) n_reallocs: u32,
    /// With which parameters, at first.
    pub(crate) reallocs: Vec<[u32; 4]>,
    pub(crate) post_returned: bool,
    /// Its memory, as far as it was used.
    pub(crate) memory: Vec<u8>,
}

impl Seen {
    /// Reads what `dump` returns.
    pub(crate) fn parse(dump: &[u8]) -> Self {
        let u32_at = |at: usize| u32::from_le_bytes(dump[at..at + 4].try_into().expect("four bytes"));
        let slot = |i: usize| {
            let at = i * SLOT_BYTES;
            u64::from(u32_at(at)) | u64::from(u32_at(at + 4)) << 32
        };
        let n_reallocs = u32_at(N_REALLOCS);
        let realloc = |i: usize| std::array::from_fn(|j| u32_at(REALLOCS + 16 * i + 4 * j));
        let mut seen = Self {
            slots: (0..N_SLOTS).map(slot).collect(),
            n_reallocs,
            reallocs: (0..MAX_REALLOCS.min(n_reallocs as usize)).map(realloc).collect(),
            post_returned: u32_at(usize::try_from(POST_RETURNED).expect("a small offset")) == 1,
            memory: dump[MEMORY..].to_vec(),
        };
        seen.trim();
        seen
    }

    /// Leaves out what is zero at the end anyway.
    pub(crate) fn trim(&mut self) {
        while self.slots.last() == Some(&0) {
            self.slots.pop();
        }
        let n_bytes = self.memory.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
        self.memory.truncate(n_bytes);
    }
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "core values {:x?}; {} reallocs", self.slots, self.n_reallocs)?;
        write!(f, " {:x?}; memory ", self.reallocs)?;
        write_bytes(f, &self.memory)?;
        f.write_str(if self.post_returned { "; post-return ran" } else { "" })
    }
}

/// Writes bytes in hexadecimal.
pub(crate) fn write_bytes(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}
