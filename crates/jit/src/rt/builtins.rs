//! The run-time functions that `vm::builtin` lists.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::module::index::{DataIndex, ElemIndex, MemoryIndex, TableIndex};
use crate::module::types::TypeId;
use crate::vm::builtin::{N_BUILTINS, WAIT_INTERRUPTED, WAIT_OUT_OF_BOUNDS};
use crate::vm::layout;

use super::instance_data::{InstanceData, memory_init, span, table_init};
use super::linear_memory::LinearMemory;
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

/// The status for an access out of bounds.
const OUT_OF_BOUNDS: u64 = 1;

fn status(done: Option<()>) -> u64 {
    if done.is_some() { 0 } else { OUT_OF_BOUNDS }
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

fn memory_number(instance: &InstanceData, word: u64) -> usize {
    instance.memories[MemoryIndex(constant(word)).pos()] as usize
}

fn table_number(instance: &InstanceData, word: u64) -> usize {
    instance.tables[TableIndex(constant(word)).pos()] as usize
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
        let at = memory_number(&vm.entities.instances[instance as usize], memory);
        vm.entities.grow_memory(at, delta).unwrap_or(u64::MAX)
    }

    memory_fill(vm, instance, memory, to, byte, len) {
        let at = memory_number(&vm.entities.instances[instance as usize], memory);
        let memory = &mut vm.entities.memories[at];
        let range = span(to, len, memory.len());
        status(range.map(|range| memory.fill(range, byte.to_le_bytes()[0])))
    }

    memory_copy(vm, instance, to_memory, from_memory, to, from, len) {
        let instance = &vm.entities.instances[instance as usize];
        let (into, out_of) = (memory_number(instance, to_memory), memory_number(instance, from_memory));
        status(copy_memory(&mut vm.entities.memories, into, out_of, [to, from, len]))
    }

    memory_init_words(vm, instance, memory, segment, to, from, len) {
        let (memory, segment) = (MemoryIndex(constant(memory)), DataIndex(constant(segment)));
        status(memory_init(&mut vm.entities, instance, memory, segment, [to, from, len]))
    }

    data_drop(vm, instance, segment) {
        vm.entities.instances[instance as usize].dropped_data[DataIndex(constant(segment)).pos()] = true;
        0
    }

    table_grow(vm, instance, table, element, delta) {
        let at = table_number(&vm.entities.instances[instance as usize], table);
        vm.entities.grow_table(at, delta, element).unwrap_or(u64::MAX)
    }

    table_fill(vm, instance, table, to, element, len) {
        let at = table_number(&vm.entities.instances[instance as usize], table);
        let elements = vm.entities.tables[at].elements_mut();
        let range = span(to, len, elements.len());
        status(range.map(|range| elements[range].fill(element)))
    }

    table_copy(vm, instance, to_table, from_table, to, from, len) {
        let instance = &vm.entities.instances[instance as usize];
        let (into, out_of) = (table_number(instance, to_table), table_number(instance, from_table));
        status(copy(&mut vm.entities.tables, into, out_of, [to, from, len], |table| table.elements_mut()))
    }

    table_init_words(vm, instance, table, segment, to, from, len) {
        let (table, segment) = (TableIndex(constant(table)), ElemIndex(constant(segment)));
        status(table_init(&mut vm.entities, instance, table, segment, [to, from, len]))
    }

    check_subtype(vm, _instance, ty, expected) {
        let registry = vm.entities.registry.lock();
        status(registry.is_subtype(TypeId(constant(ty)), TypeId(constant(expected))).then_some(()))
    }

    atomic_notify(vm, instance, memory, at, count) {
        let memory = &vm.entities.memories[memory_number(&vm.entities.instances[instance as usize], memory)];
        let woken = match memory.shared() {
            Some(region) => region.notify(at, count),
            // Nobody can wait on a memory that is not shared.
            None => span(at, 4, memory.len()).map(|_| 0),
        };
        woken.map_or(WAIT_OUT_OF_BOUNDS, u64::from)
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
fn atomic_wait(vm: &VmStore, instance: u32, memory: u64, at: u64, awaited: Awaited, timeout: u64) -> u64 {
    let memory = &vm.entities.memories[memory_number(&vm.entities.instances[instance as usize], memory)];
    let region = memory.shared().expect("the translator traps on waits on other memories");
    let timeout = (timeout.cast_signed() >= 0).then(|| Duration::from_nanos(timeout));
    let interrupted = || vm.deadline_passed();
    match region.wait(at, awaited, timeout, interrupted) {
        Ok(WaitResult::Ok) => 0,
        Ok(WaitResult::Mismatch) => 1,
        Ok(WaitResult::TimedOut) => 2,
        Err(None) => WAIT_OUT_OF_BOUNDS,
        Err(Some(())) => WAIT_INTERRUPTED,
    }
}

/// Like [`copy`], between memories, one of which may be shared.
fn copy_memory(
    all: &mut [LinearMemory],
    into: usize,
    out_of: usize,
    [to, from, len]: [u64; 3],
) -> Option<()> {
    if all[into].shared().is_none() && all[out_of].shared().is_none() {
        return copy(all, into, out_of, [to, from, len], |memory| memory.data_mut());
    }
    let to = span(to, len, all[into].len())?.start;
    let from = span(from, len, all[out_of].len())?;
    if into == out_of {
        let region = Arc::clone(all[into].shared()?);
        region.copy_within(from, to);
        return Some(());
    }
    let [into, out_of] = all.get_disjoint_mut([into, out_of]).expect("different items of the store");
    out_of.copy_shared(from, into, to);
    Some(())
}

/// Copies within one of `all` or between two, `[destination, source, length]` apart; `None` is out
/// of bounds.
fn copy<S, E: Copy>(
    all: &mut [S],
    into: usize,
    out_of: usize,
    [to, from, len]: [u64; 3],
    contents: fn(&mut S) -> &mut [E],
) -> Option<()> {
    if into == out_of {
        let cells = contents(&mut all[into]);
        let (to, from) = (span(to, len, cells.len())?, span(from, len, cells.len())?);
        cells.copy_within(from, to.start);
        return Some(());
    }
    let [into, out_of] = all.get_disjoint_mut([into, out_of]).expect("different items of the store");
    let (into, out_of) = (contents(into), contents(out_of));
    let (to, from) = (span(to, len, into.len())?, span(from, len, out_of.len())?);
    into[to].copy_from_slice(&out_of[from]);
    Some(())
}
