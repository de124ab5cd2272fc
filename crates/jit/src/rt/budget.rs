//! What the guests of a store may take of the host, in bytes, and what they have taken; and how
//! long they may block its thread.

use std::time::Duration;

/// The accounts of a store.
#[derive(Debug)]
pub(crate) struct Budget {
    /// The present sizes of memories and tables.
    pub(crate) sizes: Account,
    /// What instances take otherwise.
    pub(crate) instances: Account,
    /// How long waits may still take while there is no deadline.
    pub(crate) wait_left: Duration,
}

/// Bytes that may be taken, and those that are.
#[derive(Debug)]
pub(crate) struct Account {
    limit: u64,
    taken: u64,
}

/// Bytes of memories and tables that a store may have unless it is told otherwise.
const DEFAULT_SIZE_BYTES: u64 = 4 << 30;
/// How long the waits of a store without a deadline may take unless it is told otherwise.
pub(crate) const DEFAULT_WAIT: Duration = Duration::from_secs(1);
/// Bytes that instances may take otherwise.
const DEFAULT_INSTANCE_BYTES: u64 = 1 << 30;

impl Budget {
    pub(super) fn new() -> Self {
        let account = |limit| Account { limit, taken: 0 };
        Self {
            sizes: account(DEFAULT_SIZE_BYTES),
            instances: account(DEFAULT_INSTANCE_BYTES),
            wait_left: DEFAULT_WAIT,
        }
    }

    /// Sets what may be taken from now on; without a limit, the default.
    pub(crate) fn set_limits(&mut self, size_bytes: Option<u64>, instance_bytes: Option<u64>) {
        self.sizes.limit = size_bytes.unwrap_or(DEFAULT_SIZE_BYTES);
        self.instances.limit = instance_bytes.unwrap_or(DEFAULT_INSTANCE_BYTES);
    }
}

impl Account {
    /// Takes bytes; takes none and returns `None` if that exceeds the limit.
    pub(crate) fn take(&mut self, bytes: u64) -> Option<()> {
        self.taken = self.taken.checked_add(bytes).filter(|&taken| taken <= self.limit)?;
        Some(())
    }

    /// Gives bytes back that were taken.
    pub(crate) fn give(&mut self, bytes: u64) {
        self.taken = self.taken.saturating_sub(bytes);
    }

    pub(crate) fn limit(&self) -> u64 {
        self.limit
    }

    pub(crate) fn taken(&self) -> u64 {
        self.taken
    }
}
