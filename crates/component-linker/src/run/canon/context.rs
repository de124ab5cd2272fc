//! `canon context.get` and `canon context.set`: two words of storage for the current call.
//! Follows CanonicalABI.md, "`canon context.get`" and "`canon context.set`".

use super::{CoreCaller, StoreContextMut, builtin};

/// One of the words, as an integer of either width.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub(crate) index: u32,
    pub(crate) is_64: bool,
}

/// Makes the core function of `context.get` (the spec's `canon_context_get`).
pub(crate) fn context_get<T>(cx: &mut StoreContextMut<'_, T>, slot: Slot) -> jit::Func {
    let get = move |caller: CoreCaller<'_, T>| builtin(caller, |cx| Ok(word(cx, slot)));
    match slot.is_64 {
        true => jit::Func::wrap(&mut cx.core, get),
        false => jit::Func::wrap(&mut cx.core, move |caller: CoreCaller<'_, T>| get(caller).map(low)),
    }
}

/// Makes the core function of `context.set` (the spec's `canon_context_set`).
pub(crate) fn context_set<T>(cx: &mut StoreContextMut<'_, T>, slot: Slot) -> jit::Func {
    let set = move |caller: CoreCaller<'_, T>, value: u64| {
        builtin(caller, |cx| {
            cx.state_mut().tasks.current_mut().storage[slot.index as usize] = value;
            Ok(())
        })
    };
    match slot.is_64 {
        true => jit::Func::wrap(&mut cx.core, set),
        false => jit::Func::wrap(&mut cx.core, move |caller: CoreCaller<'_, T>, value: u32| {
            set(caller, u64::from(value))
        }),
    }
}

/// Returns the word. Validation bounds the slot.
fn word<T>(cx: &StoreContextMut<'_, T>, slot: Slot) -> u64 {
    cx.state().tasks.current().map_or(0, |task| task.storage[slot.index as usize])
}

fn low(word: u64) -> u32 {
    u32::try_from(word & u64::from(u32::MAX)).expect("masked to 32 bits")
}
