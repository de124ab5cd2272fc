//! `canon context.get` and `canon context.set`: two words of storage for the current call.
//! Follows CanonicalABI.md, "`canon context.get`" and "`canon context.set`".

use super::{CoreCaller, builtin};
use crate::run::store::StoreContextMut;

/// One of the words, as an integer of either width.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub(crate) index: u32,
    pub(crate) is_64: bool,
}

/// Makes the core function of `context.get`.
pub(crate) fn context_get<T>(cx: &mut StoreContextMut<'_, T>, slot: Slot) -> jit::Func {
    let get = move |caller: CoreCaller<'_, T>| builtin(caller, |cx| Ok(*word(cx, slot)));
    match slot.is_64 {
        true => jit::Func::wrap(&mut cx.core, get),
        false => jit::Func::wrap(&mut cx.core, move |caller: CoreCaller<'_, T>| get(caller).map(low)),
    }
}

/// Makes the core function of `context.set`.
pub(crate) fn context_set<T>(cx: &mut StoreContextMut<'_, T>, slot: Slot) -> jit::Func {
    let set = move |caller: CoreCaller<'_, T>, value: u64| {
        builtin(caller, |cx| {
            *word(cx, slot) = value;
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

fn word<'a, T>(cx: &'a mut StoreContextMut<'_, T>, slot: Slot) -> &'a mut u64 {
    let task = cx.state_mut().tasks.last_mut();
    let word = task.and_then(|task| task.storage.get_mut(slot.index as usize));
    word.expect("validation bounds the slot, and core code runs in a call")
}

fn low(word: u64) -> u32 {
    u32::try_from(word & u64::from(u32::MAX)).expect("masked to 32 bits")
}
