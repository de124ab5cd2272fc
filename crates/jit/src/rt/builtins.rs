//! The run-time functions that `vm::builtin` lists.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crate::module::index::{DataIndex, ElemIndex, MemoryIndex, TableIndex};
use crate::module::types::TypeId;
use crate::vm::builtin::{N_BUILTINS, NOT_GROWN, OUT_OF_BOUNDS};
use crate::vm::layout;

use super::bulk::Refusal;
use super::instance_data::span;
use super::shared_region::{Awaited, WaitResult};
use super::state::VmStore;

/// Returns the address of the table of addresses, in the order of [`Builtin`].
pub(crate) fn addresses() -> usize {
    static TABLE: OnceLock<[usize; N_BUILTINS]> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        [
            memory_grow as *const () as usize,
            memory_fill as *const () as usize,
            memory_copy as *const () as usize,
            memory_init_words as *const () as usize,
            data_drop as *const () as usize,
            table_grow as *const () as usize,
            table_fill as *const () as usize,
            table_copy as *const () as usize,
            table_init_words as *const () as usize,
            elem_drop as *const () as usize,
            check_subtype as *const () as usize,
            atomic_notify as *const () as usize,
            atomic_wait32 as *const () as usize,
            atomic_wait64 as *const () as usize,
            super::unwind::throw as *const () as usize,
            super::unwind::throw_ref as *const () as usize,
        ]
    });
    (&raw const *table).expose_provenance()
}

/// Returns the status that compiled code traps on unless it is zero.
fn status(done: Result<(), Refusal>) -> u64 {
    done.err().map_or(0, Refusal::status)
}

/// Returns the word for a former size: all ones if there was no growth, or a status.
fn former(grown: Result<Option<u64>, Refusal>) -> u64 {
    match grown {
        Ok(former) => former.unwrap_or(NOT_GROWN),
        Err(refusal) => refusal.status(),
    }
}

/// Returns the state of the store and the number of the instance whose block is at `vmctx`.
///
/// # Safety
///
/// `vmctx` is the context that running compiled code passed; the result is not kept beyond the
/// call.
unsafe fn store_of<'a>(vmctx: *const u8) -> (&'a mut VmStore, u32) {
    // SAFETY: the block is live and filled at instantiation (`VmBlock`'s cells are aligned), and
    // nobody uses the state while compiled code waits for us.
    unsafe {
        let vm = vmctx.add(layout::STORE as usize).cast::<*mut VmStore>().read();
        let instance = vmctx.add(layout::INSTANCE as usize).cast::<u32>().read();
        (&mut *vm, instance)
    }
}

/// Converts a word that the translator made from a constant index.
fn constant(word: u64) -> u32 {
    u32::try_from(word).expect("the translator passes u32 indices")
}

fn memory_number(vm: &VmStore, instance: u32, word: u64) -> usize {
    vm.memory_number(instance, MemoryIndex(constant(word)))
}

fn table_number(vm: &VmStore, instance: u32, word: u64) -> usize {
    vm.table_number(instance, TableIndex(constant(word)))
}

/// Defines run-time functions over the store and the instance's number.
macro_rules! builtins {
    ($($name:ident($store:ident, $instance:ident $(, $arg:ident)*) $body:block)*) => {
        $(
            /// # Safety
            ///
            /// Called by compiled code only, with its own context.
            unsafe extern "C" fn $name(vmctx: *const u8 $(, $arg: u64)*) -> u64 {
                // SAFETY: compiled code passes its context; the store is used within this call
                // only.
                let ($store, $instance) = unsafe { store_of(vmctx) };
                $body
            }
        )*
    };
}

builtins! {
    memory_grow(vm, instance, memory, delta) {
        let at = memory_number(vm, instance, memory);
        // The pages become accessible and stay untouched, so that any delta costs the same.
        former(Ok(vm.entities.grow_memory(at, delta)))
    }

    memory_fill(vm, instance, memory, to, byte, len) {
        let at = memory_number(vm, instance, memory);
        status(vm.memory_fill(at, byte.to_le_bytes()[0], [to, len]))
    }

    memory_copy(vm, instance, into, out_of, to, from, len) {
        let (into, out_of) = (memory_number(vm, instance, into), memory_number(vm, instance, out_of));
        status(vm.memory_copy(into, out_of, [to, from, len]))
    }

    memory_init_words(vm, instance, memory, segment, to, from, len) {
        let (memory, segment) = (MemoryIndex(constant(memory)), DataIndex(constant(segment)));
        status(vm.memory_init(instance, memory, segment, [to, from, len]))
    }

    data_drop(vm, instance, segment) {
        vm.entities.instances[instance as usize].dropped_data[DataIndex(constant(segment)).pos()] = true;
        0
    }

    table_grow(vm, instance, table, element, delta) {
        let at = table_number(vm, instance, table);
        former(vm.table_grow(at, delta, element))
    }

    table_fill(vm, instance, table, to, element, len) {
        let at = table_number(vm, instance, table);
        status(vm.table_fill(at, element, [to, len]))
    }

    table_copy(vm, instance, into, out_of, to, from, len) {
        let (into, out_of) = (table_number(vm, instance, into), table_number(vm, instance, out_of));
        status(vm.table_copy(into, out_of, [to, from, len]))
    }

    table_init_words(vm, instance, table, segment, to, from, len) {
        let (table, segment) = (TableIndex(constant(table)), ElemIndex(constant(segment)));
        status(vm.table_init(instance, table, segment, [to, from, len]))
    }

    check_subtype(vm, _instance, ty, expected) {
        let registry = vm.entities.registry.lock();
        u64::from(!registry.is_subtype(TypeId(constant(ty)), TypeId(constant(expected))))
    }

    atomic_notify(vm, instance, memory, at, count) {
        let memory = &vm.entities.memories[memory_number(vm, instance, memory)];
        let woken = match memory.shared() {
            Some(region) => region.notify(at, count),
            // Nobody can wait on a memory that is not shared.
            None => span(at, 4, memory.len()).map(|_| 0),
        };
        woken.map_or(OUT_OF_BOUNDS, u64::from)
    }

    atomic_wait32(vm, instance, memory, at, expected, timeout) {
        let expected = u32::try_from(expected).expect("the translator widens an i32");
        atomic_wait(vm, instance, memory, at, Awaited::Word32(expected), timeout)
    }

    atomic_wait64(vm, instance, memory, at, expected, timeout) {
        atomic_wait(vm, instance, memory, at, Awaited::Word64(expected), timeout)
    }

    elem_drop(vm, instance, segment) {
        vm.entities.drop_elem(instance, ElemIndex(constant(segment)));
        0
    }
}

/// Executes a wait; a negative timeout, in nanoseconds, is none.
fn atomic_wait(vm: &mut VmStore, instance: u32, memory: u64, at: u64, awaited: Awaited, timeout: u64) -> u64 {
    let memory = &vm.entities.memories[memory_number(vm, instance, memory)];
    let region = memory.shared().expect("the translator traps on waits on other memories");
    let timeout = (timeout.cast_signed() >= 0).then(|| Duration::from_nanos(timeout));
    // While this thread waits, nobody else can get hold of the memory.
    let is_endless = timeout.is_none() && Arc::strong_count(region) == 1;
    let limit = (!vm.has_deadline()).then_some(vm.entities.budget.wait_left);
    let start = Instant::now();
    let stop = || match limit {
        _ if is_endless => Some(Refusal::EndlessWait),
        None => vm.deadline_passed().then_some(Refusal::Interrupted),
        Some(limit) => (start.elapsed() >= limit).then_some(Refusal::WaitTooLong),
    };
    let result = region.wait(at, awaited, timeout, stop);
    if limit.is_some() {
        let left = &mut vm.entities.budget.wait_left;
        *left = left.saturating_sub(start.elapsed());
    }
    match result {
        Ok(WaitResult::Ok) => 0,
        Ok(WaitResult::Mismatch) => 1,
        Ok(WaitResult::TimedOut) => 2,
        Err(refusal) => refusal.unwrap_or(Refusal::OutOfBounds).status(),
    }
}
