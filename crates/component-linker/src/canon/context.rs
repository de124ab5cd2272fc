//! `canon context.get` and `canon context.set`: two words of storage for the current call.
//! Follows CanonicalABI.md, "`canon context.get`" and "`canon context.set`".

use super::{from_core, host_func};
use crate::store::StoreContextMut;
use canonical_abi::CoreValue;

/// One of the words, as an integer of either width.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub(crate) index: u32,
    pub(crate) is_64: bool,
}

impl Slot {
    fn core_type(self) -> jit::ValType {
        if self.is_64 { jit::ValType::I64 } else { jit::ValType::I32 }
    }
}

/// Makes the core function of `context.get`.
pub(crate) fn context_get<T>(cx: &mut StoreContextMut<'_, T>, slot: Slot) -> jit::Func {
    let ty = jit::FuncType::new(vec![], vec![slot.core_type()]);
    host_func(cx, ty, move |cx, _, results| {
        let value = cx.state().tasks.last().and_then(|task| task.storage.get(slot.index as usize));
        let value = value.copied().expect("validation bounds the slot, and core code runs in a call");
        results[0] = match slot.is_64 {
            true => jit::Val::I64(value.cast_signed()),
            false => {
                let value = u32::try_from(value & u64::from(u32::MAX)).expect("masked to 32 bits");
                jit::Val::I32(value.cast_signed())
            }
        };
        Ok(())
    })
}

/// Makes the core function of `context.set`.
pub(crate) fn context_set<T>(cx: &mut StoreContextMut<'_, T>, slot: Slot) -> jit::Func {
    let ty = jit::FuncType::new(vec![slot.core_type()], vec![]);
    host_func(cx, ty, move |cx, params, _| {
        let value = match params.first().map(from_core) {
            Some(CoreValue::I32(value)) => u64::from(value),
            Some(CoreValue::I64(value)) => value,
            other => unreachable!("{other:?} where the type has an integer"),
        };
        let task = cx.state_mut().tasks.last_mut();
        let word = task.and_then(|task| task.storage.get_mut(slot.index as usize));
        *word.expect("validation bounds the slot, and core code runs in a call") = value;
        Ok(())
    })
}
