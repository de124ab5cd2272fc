//! Shared memories: a region that several stores on several threads have at once, and who waits on
//! it. Follows the threads proposal, "Shared Linear Memory" and "Wait and Notify".
//!
//! Rust code reaches the bytes through atomics only, as compiled code writes to them at any time.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::module::types::MemoryType;

use super::memory_def::{Bounds, MemoryDef, RELAXED, grown};
use super::mmap::Reservation;
use super::pool::MemorySlot;

/// A shared memory, which any number of stores hold.
///
/// Invariant: `def.base` is the reservation's, and its first `def.len` bytes are accessible and
/// stay so.
#[derive(Debug)]
pub(crate) struct SharedRegion {
    def: MemoryDef,
    /// Whoever grows the memory holds the lock.
    growing: Mutex<()>,
    reservation: Reservation,
    ty: MemoryType,
    limit_bytes: u64,
    waiters: Mutex<Waiters>,
    woken: Condvar,
}

// SAFETY: the reservation's bytes are accessed through atomics only.
unsafe impl Send for SharedRegion {}
// SAFETY: as for `Send`; growth takes a lock.
unsafe impl Sync for SharedRegion {}

/// Who waits, by byte offset, first come first.
#[derive(Debug, Default)]
struct Waiters {
    next: u64,
    queues: HashMap<usize, VecDeque<u64>>,
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WaitResult {
    /// A notification woke it.
    Ok,
    /// The value in memory was another one: it did not wait.
    Mismatch,
    /// The time was over.
    TimedOut,
}

/// A value to wait for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Awaited {
    Word32(u32),
    Word64(u64),
}

/// How often a waiting guest looks whether it is to be interrupted.
const INTERRUPT_INTERVAL: Duration = Duration::from_millis(10);

impl SharedRegion {
    pub(super) fn new(ty: MemoryType, bounds: Bounds) -> Result<Self> {
        let refuse = |e: &dyn std::fmt::Display| Error::limit(format!("cannot make a shared memory: {e}"));
        let reserved = usize::try_from(bounds.reserved).map_err(|e| refuse(&e))?;
        let mut slot = MemorySlot::new(reserved)?;
        slot.resize(bounds.minimum).map_err(|e| refuse(&e))?;
        let reservation = slot.into_reservation();
        let def = MemoryDef { base: reservation.base().as_ptr(), len: AtomicUsize::new(bounds.minimum) };
        Ok(Self {
            def,
            growing: Mutex::default(),
            reservation,
            ty,
            limit_bytes: bounds.limit,
            waiters: Mutex::default(),
            woken: Condvar::new(),
        })
    }

    /// Returns the region of a memory of type `ty` that never exceeds `limit_bytes`.
    pub(crate) fn of_type(ty: MemoryType, limit_bytes: u64) -> Result<Self> {
        Self::new(ty, Bounds::new(ty, limit_bytes)?)
    }

    pub(super) fn def(&self) -> &MemoryDef {
        &self.def
    }

    pub(super) fn reservation(&self) -> &Reservation {
        &self.reservation
    }

    /// Returns the declared type.
    pub(crate) fn ty(&self) -> MemoryType {
        self.ty
    }

    /// Returns the size in bytes.
    pub(crate) fn len(&self) -> usize {
        self.def.len.load(Ordering::Acquire)
    }

    /// Returns the bytes.
    pub(crate) fn cells(&self) -> &[AtomicU8] {
        // SAFETY: accessible as long as `self` lives (type invariant); references are made here
        // only.
        unsafe { cells(self.def.base, self.len()) }
    }

    /// Copies a range to `to`, both within the memory, as if through a buffer.
    pub(crate) fn copy_within(&self, from: Range<usize>, to: usize) {
        let cells = self.cells();
        let (source, target) = (&cells[from.clone()], &cells[to..to + from.len()]);
        let copy = |(from, to): (&AtomicU8, &AtomicU8)| to.store(from.load(RELAXED), RELAXED);
        if to <= from.start {
            source.iter().zip(target).for_each(copy);
        } else {
            source.iter().zip(target).rev().for_each(copy);
        }
    }

    /// Grows by `delta` pages and returns the former size in pages, or `None` if a limit or the
    /// system refuses.
    pub(crate) fn grow(&self, delta: u64) -> Option<u64> {
        let _growing = lock(&self.growing);
        let (old, new_bytes) = grown(self.ty, self.len(), delta, self.limit_bytes)?;
        self.reservation.extend_accessible(self.len(), new_bytes).ok()?;
        self.def.len.store(new_bytes, Ordering::Release);
        Some(old)
    }

    /// Wakes up to `count` waiters of a 32-bit word and returns how many; `None` is out of bounds.
    pub(crate) fn notify(&self, at: u64, count: u64) -> Option<u32> {
        let at = self.place(at, 4)?;
        let mut waiters = lock(&self.waiters);
        let Some(queue) = waiters.queues.get_mut(&at) else { return Some(0) };
        let n_woken = queue.len().min(usize::try_from(count).unwrap_or(usize::MAX));
        queue.drain(..n_woken);
        if queue.is_empty() {
            waiters.queues.remove(&at);
        }
        drop(waiters);
        if n_woken > 0 {
            // One condition serves all places: waiters of other places go on waiting.
            self.woken.notify_all();
        }
        Some(u32::try_from(n_woken).unwrap_or(u32::MAX))
    }

    /// Waits for a notification at an aligned place, for at most `timeout` if there is one, as long
    /// as the place holds the awaited value and `stop` has no reason to stop. `Err(None)` is out of
    /// bounds, otherwise an error is that reason.
    pub(crate) fn wait<E>(
        &self,
        at: u64,
        awaited: Awaited,
        timeout: Option<Duration>,
        stop: impl Fn() -> Option<E>,
    ) -> Result<WaitResult, Option<E>> {
        let at = self.place(at, awaited.bytes()).ok_or(None)?;
        let end = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut waiters = lock(&self.waiters);
        // Under the lock that a notifier takes: no notification is lost between this look and the
        // wait.
        if !self.holds(at, awaited) {
            return Ok(WaitResult::Mismatch);
        }
        let is_over = || end.is_some_and(|end| end <= Instant::now());
        let result = || match is_over() {
            true => Some(Ok(WaitResult::TimedOut)),
            false => stop().map(|reason| Err(Some(reason))),
        };
        if let Some(result) = result() {
            return result;
        }
        let ticket = waiters.next;
        waiters.next += 1;
        waiters.queues.entry(at).or_default().push_back(ticket);
        loop {
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            let pause = left.map_or(INTERRUPT_INTERVAL, |left| left.min(INTERRUPT_INTERVAL));
            waiters = self.woken.wait_timeout(waiters, pause).unwrap_or_else(PoisonError::into_inner).0;
            let queue = waiters.queues.get_mut(&at);
            let Some((queue, place)) = queue.and_then(|queue| {
                let place = queue.iter().position(|&other| other == ticket)?;
                Some((queue, place))
            }) else {
                return Ok(WaitResult::Ok);
            };
            if let Some(result) = result() {
                queue.remove(place);
                if queue.is_empty() {
                    waiters.queues.remove(&at);
                }
                return result;
            }
        }
    }

    /// Returns where `bytes` bytes lie, if they lie in the memory, aligned.
    fn place(&self, at: u64, bytes: usize) -> Option<usize> {
        let at = usize::try_from(at).ok()?;
        let end = at.checked_add(bytes)?;
        (end <= self.len() && at.is_multiple_of(bytes)).then_some(at)
    }

    fn holds(&self, at: usize, awaited: Awaited) -> bool {
        let address = self.cells()[at..].as_ptr();
        // SAFETY: `place` has checked that the word lies in the memory, aligned; the memory is
        // accessed atomically.
        unsafe {
            match awaited {
                Awaited::Word32(value) => (*address.cast::<AtomicU32>()).load(Ordering::SeqCst) == value,
                Awaited::Word64(value) => (*address.cast::<AtomicU64>()).load(Ordering::SeqCst) == value,
            }
        }
    }
}

impl Awaited {
    fn bytes(self) -> usize {
        match self {
            Self::Word32(_) => 4,
            Self::Word64(_) => 8,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the bytes at an address as cells that any thread may access.
///
/// # Safety
///
/// The `len` bytes from `base` on stay mapped, readable and writable, for `'a`, and during that
/// time nobody makes a reference to them but through this function.
unsafe fn cells<'a>(base: *mut u8, len: usize) -> &'a [AtomicU8] {
    // SAFETY: as the caller says; an `AtomicU8` has the layout of a byte.
    unsafe { std::slice::from_raw_parts(base.cast::<AtomicU8>(), len) }
}
