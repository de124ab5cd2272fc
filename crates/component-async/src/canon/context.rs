//! Thread-local storage and backpressure. Follows CanonicalABI.md, "`canon context.get`", "`canon
//! context.set`" and "`canon backpressure.{inc,dec}`".

use crate::embedding::Embedding;
use crate::state::Store;
use crate::trap::{Trap, trap_if};

/// One more than the greatest backpressure.
const MAX_BACKPRESSURE: u32 = 1 << 16;

impl<E: Embedding> Store<E> {
    /// Returns word `i` of the current thread (the spec's `canon_context_get`).
    ///
    /// # Panics
    ///
    /// When `i` is not 0 or 1, or no thread runs.
    pub fn canon_context_get(&mut self, i: usize) -> u64 {
        *self.storage(i)
    }

    /// Sets word `i` of the current thread (the spec's `canon_context_set`).
    ///
    /// # Panics
    ///
    /// When `i` is not 0 or 1, or no thread runs.
    pub fn canon_context_set(&mut self, i: usize, v: u64) {
        *self.storage(i) = v;
    }

    /// Asks for no more calls into the current instance (the spec's `canon_backpressure_inc`).
    ///
    /// # Errors
    ///
    /// When it was asked for 2^16 times.
    pub fn canon_backpressure_inc(&mut self) -> Result<(), Trap> {
        let instance = self.current_instance();
        let instance = self.instance_mut(instance);
        instance.backpressure += 1;
        trap_if(instance.backpressure == MAX_BACKPRESSURE, Trap::Backpressure)
    }

    /// Takes back one such request (the spec's `canon_backpressure_dec`).
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn canon_backpressure_dec(&mut self) -> Result<(), Trap> {
        let instance = self.current_instance();
        let instance = self.instance_mut(instance);
        instance.backpressure = instance.backpressure.checked_sub(1).ok_or(Trap::Backpressure)?;
        Ok(())
    }
}
