//! What a store may hold at most, beside the engine's own limits.

use crate::error::{Error, Result};

/// Limits on what a store's guests may take. Without one, the engine's limits are all there are.
///
/// They hold for what is made after [`Store::set_limits`](crate::Store::set_limits): a memory or table that
/// exists keeps its own.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct StoreLimits {
    /// Bytes of each memory.
    pub memory_bytes: Option<u64>,
    /// Elements of each table.
    pub table_elements: Option<u64>,
    /// Instances.
    pub instances: Option<u32>,
    /// Memories.
    pub memories: Option<u32>,
    /// Tables.
    pub tables: Option<u32>,
    /// Bytes that all exceptions may take together, 64 MiB without it: for each, 64 and 16 per value of its payload.
    /// What nobody can reach does not count, but up to a quarter more may wait for the next collection.
    pub exception_bytes: Option<u64>,
}

/// Fails if `more` of what the store has `now` exceeds the limit.
pub(crate) fn check(limit: Option<u32>, now: usize, more: usize, what: &str) -> Result<()> {
    match limit {
        Some(limit) if now.saturating_add(more) > limit as usize => {
            Err(Error::limit(format!("a store may have {limit} {what}")))
        }
        Some(_) | None => Ok(()),
    }
}
