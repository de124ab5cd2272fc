//! Trampolines of a function type: generated code between the host and functions of it, each kind compiled when it is
//! first asked for.

use std::sync::{Arc, OnceLock};

use crate::compile;
use crate::engine::Engine;
use crate::error::Result;
use crate::module::registry::InternedType;
use crate::module::types::{FuncType, TypeId};
use crate::rt::LoadedCode;

/// What a trampoline connects, and where the values are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// From the host into a function, with values in slots in memory.
    EnterBySlots,
    /// From the host into a function, with values in the registers of the C convention.
    EnterByRegisters,
    /// From wasm to a host function that finds its values in slots.
    HostBySlots,
    /// From wasm to a host function that takes its values in the registers of the C convention.
    HostByRegisters,
}

/// The number of kinds.
const N_KINDS: usize = 4;

/// A trampoline as a store has it.
///
/// Invariant: `address` is that of a trampoline of the kind `kind` for functions of the type `sig`, and the store that it
/// was asked of keeps its code.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trampoline {
    pub(crate) kind: Kind,
    pub(crate) sig: TypeId,
    pub(crate) address: usize,
}

/// The trampolines of one type, as far as they are compiled.
#[derive(Default)]
pub(crate) struct Trampolines([OnceLock<Result<Arc<LoadedCode>>>; N_KINDS]);

impl Trampolines {
    /// Returns the code of the trampoline for functions of type `ty`, which is the same at each call.
    ///
    /// # Errors
    ///
    /// Fails if Cranelift refuses the type or the system the memory.
    pub(crate) fn code(&self, engine: &Engine, ty: &FuncType, kind: Kind) -> Result<Arc<LoadedCode>> {
        let compile = || {
            let compiled = compile::trampoline(engine.isa().as_ref(), ty, kind)?;
            Ok(Arc::new(LoadedCode::load_into(engine.trampolines(), compiled, None)?))
        };
        self.0[kind as usize].get_or_init(compile).clone()
    }
}

/// The function types of which functions of a store have been made or called, by their ids.
#[derive(Default)]
pub(crate) struct Signatures(Vec<Option<Signature>>);

/// What a store needs to know of a function type.
pub(crate) struct Signature {
    interned: Arc<InternedType>,
    n_slots: usize,
    is_numeric: bool,
    /// Addresses of those that the store keeps, zero for others.
    trampolines: [usize; N_KINDS],
}

/// What a call with values in slots needs.
///
/// Invariant: `entry` is the address of the trampoline [`Kind::EnterBySlots`] of the type `sig`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SlotCall {
    pub(crate) entry: usize,
    pub(crate) sig: TypeId,
    /// The larger of the numbers of parameters and results.
    pub(crate) n_slots: usize,
    /// Whether there are no references among them.
    pub(crate) is_numeric: bool,
}

impl Signatures {
    /// Returns what is known of the type that `id` names.
    pub(crate) fn get(&mut self, engine: &Engine, id: TypeId) -> &mut Signature {
        let at = id.pos();
        if self.0.len() <= at {
            self.0.resize_with(at + 1, || None);
        }
        self.0[at].get_or_insert_with(|| {
            let interned = engine.interned(id);
            let ty = interned.func();
            let (n_slots, is_numeric) = (ty.n_slots(), ty.is_numeric());
            Signature { interned, n_slots, is_numeric, trampolines: [0; N_KINDS] }
        })
    }

    /// Returns what calls with values in slots need, once their entry is compiled.
    #[inline]
    pub(crate) fn slot_call(&self, id: TypeId) -> Option<SlotCall> {
        let &Signature { n_slots, is_numeric, trampolines, .. } = self.0.get(id.pos())?.as_ref()?;
        let entry = trampolines[Kind::EnterBySlots as usize];
        (entry != 0).then_some(SlotCall { entry, sig: id, n_slots, is_numeric })
    }
}

impl Signature {
    pub(crate) fn interned(&self) -> &Arc<InternedType> {
        &self.interned
    }

    pub(crate) fn known(&self, kind: Kind) -> Option<Trampoline> {
        let address = self.trampolines[kind as usize];
        (address != 0).then_some(Trampoline { kind, sig: self.interned.id, address })
    }

    /// Returns the trampoline of a kind that is not known yet, and its code for the store to keep.
    ///
    /// # Errors
    ///
    /// As [`Trampolines::code`].
    pub(crate) fn compile(&mut self, engine: &Engine, kind: Kind) -> Result<(Arc<LoadedCode>, Trampoline)> {
        let code = self.interned.trampoline(engine, kind)?;
        let address = code.func_address(0);
        self.trampolines[kind as usize] = address;
        Ok((code, Trampoline { kind, sig: self.interned.id, address }))
    }
}
