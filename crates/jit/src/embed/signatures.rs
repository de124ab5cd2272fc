//! What a store knows of the function types that are used in it.

use std::sync::Arc;

use crate::engine::Engine;
use crate::error::Result;
use crate::module::registry::InternedType;
use crate::module::types::TypeId;
use crate::rt::{LoadedCode, SlotCall, Trampoline};
use crate::vm::trampoline::{N_KINDS, TrampolineKind};

/// The types of the functions that a store has made or called, by their ids.
#[derive(Default)]
pub(crate) struct Signatures(Vec<Option<Signature>>);

/// What a store needs to know of a function type.
pub(crate) struct Signature {
    interned: Arc<InternedType>,
    n_slots: usize,
    is_numeric: bool,
    /// Addresses of the compiled ones, zero for the others.
    trampolines: [usize; N_KINDS],
}

impl Signatures {
    /// Returns what is known of the type that `id` names.
    pub(crate) fn get(&mut self, engine: &Engine, id: TypeId) -> &mut Signature {
        let at = id.pos();
        if self.0.len() <= at {
            self.0.resize_with(at + 1, || None);
        }
        self.0[at].get_or_insert_with(|| {
            let interned = engine.registry().interned(id);
            let ty = interned.func();
            let (n_slots, is_numeric) = (ty.n_slots(), ty.is_numeric());
            Signature { interned, n_slots, is_numeric, trampolines: [0; N_KINDS] }
        })
    }

    /// Returns what calls with values in slots need, once their entry is compiled.
    #[inline]
    pub(crate) fn slot_call(&self, id: TypeId) -> Option<SlotCall> {
        let &Signature { n_slots, is_numeric, trampolines, .. } = self.0.get(id.pos())?.as_ref()?;
        let entry = trampolines[TrampolineKind::EnterBySlots as usize];
        (entry != 0).then_some(SlotCall { entry, sig: id, n_slots, is_numeric })
    }
}

impl Signature {
    pub(crate) fn interned(&self) -> &Arc<InternedType> {
        &self.interned
    }

    pub(crate) fn known(&self, kind: TrampolineKind) -> Option<Trampoline> {
        let address = self.trampolines[kind as usize];
        (address != 0).then_some(Trampoline { kind, sig: self.interned.id, address })
    }

    /// Returns the trampoline of a kind that is not known yet, and its code for the store to keep.
    ///
    /// # Errors
    ///
    /// Fails like [`Engine::trampoline`].
    pub(crate) fn compile(
        &mut self,
        engine: &Engine,
        kind: TrampolineKind,
    ) -> Result<(Arc<LoadedCode>, Trampoline)> {
        let code = engine.trampoline(&self.interned, kind)?;
        let address = code.func_address(0);
        self.trampolines[kind as usize] = address;
        Ok((code, Trampoline { kind, sig: self.interned.id, address }))
    }
}
