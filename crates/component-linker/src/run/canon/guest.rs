//! The guest's side of lifting and lowering: its memory, its `realloc` and its handle table.
//! Follows CanonicalABI.md, "Lifting and Lowering Context".

use canonical_abi::handles::{self, BorrowScope, HandleTable, Lends, RuntimeResource};
use canonical_abi::{Context, Host, PtrType, ResourceId, StringEncoding, Trap as AbiTrap};
use jit::ValRaw;

use super::call::{call_without_leave, check_enter, with_call};
use super::{FuncInfo, InstanceIndex, Options, StoreContextMut, slot_u32};
use crate::limits::LimitKind;
use crate::run::state::ResourceType;
use crate::trap::{Trap, TrapCause};
use crate::typed::{Loan, ResourceKey, TypedHost};

/// One instance as the interpreter sees it during one lift or lower.
pub(super) struct Guest<'a, 'c, T: 'static> {
    cx: &'a mut StoreContextMut<'c, T>,
    pub(super) info: &'a FuncInfo,
    pub(super) options: &'a Options,
    loans: Loans<'a>,
    strings: Strings<'a>,
    n_reserved_bytes: u64,
}

/// What is known of strings besides their text.
enum Strings<'a> {
    /// They are lifted, and nobody asks how they were tagged; or they are the host's and lowered.
    Plain,
    /// They are lifted: those of a `latin1+utf16` memory leave here whether they were tagged as
    /// UTF-16.
    Lifted(&'a mut Vec<bool>),
    /// They are lowered: the encoding that they came in, and their tags.
    Lowered(StringEncoding, std::slice::Iter<'a, bool>),
}

/// Where borrowed handles are accounted for (the spec's `LiftLowerContext.borrow_scope`).
pub(super) enum Loans<'a> {
    /// The guest is the caller, and lends its own.
    Caller(&'a mut Lends, &'a mut Option<Loan>),
    /// The guest is the callee, and is lent the caller's.
    Callee(BorrowScope),
    /// There are no borrowed handles.
    None,
}

impl<'a, 'c, T> Guest<'a, 'c, T> {
    #[inline]
    pub(super) fn new(
        cx: &'a mut StoreContextMut<'c, T>,
        info: &'a FuncInfo,
        options: &'a Options,
        loans: Loans<'a>,
    ) -> Self {
        Self { cx, info, options, loans, strings: Strings::Plain, n_reserved_bytes: 0 }
    }

    /// Keeps the tags of the strings to be lifted.
    pub(super) fn keeping_tags(self, tags: &'a mut Vec<bool>) -> Self {
        Self { strings: Strings::Lifted(tags), ..self }
    }

    /// Lowers strings that came in this encoding and with these tags.
    pub(super) fn lowering_strings(self, encoding: StringEncoding, tags: &'a [bool]) -> Self {
        Self { strings: Strings::Lowered(encoding, tags.iter()), ..self }
    }

    /// Returns what the interpreter works in.
    #[inline]
    pub(super) fn context(&mut self) -> Context<'_, Self> {
        let (info, options) = (self.info, self.options);
        Context::new(&info.types, options.abi, self)
    }

    fn table(&mut self) -> &mut HandleTable {
        let instance = self.options.instance;
        self.cx.state_mut().instance_mut(instance).handles_mut()
    }

    fn runtime_type(&self, rt: ResourceId) -> RuntimeResource {
        self.info.resource(rt).runtime()
    }

    #[cold]
    fn word_handle(&self, trap: AbiTrap, expected: RuntimeResource) -> Trap {
        self.cx.state().word_handle(trap, expected, self.options.instance).into()
    }

    /// Returns whether the guest itself implements the resource type (the spec's
    /// `cx.inst is t.rt.impl`).
    fn implements(&self, rt: ResourceId, instance: InstanceIndex) -> bool {
        match self.cx.state().resource(self.info.resource(rt)) {
            ResourceType::Guest { instance: implementer, .. } => implementer == instance,
            ResourceType::Host { .. } | ResourceType::Undefined => false,
        }
    }
}

impl<T> Host for Guest<'_, '_, T> {
    type Error = Trap;

    fn memory(&self) -> &[u8] {
        match &self.options.memory {
            Some(memory) => memory.data(&self.cx.core),
            None => &[],
        }
    }

    fn memory_mut(&mut self) -> &mut [u8] {
        match &self.options.memory {
            Some(memory) => memory.data_mut(&mut self.cx.core),
            None => &mut [],
        }
    }

    fn realloc(&mut self, old_ptr: u64, old_size: u64, align: u64, new_size: u64) -> Result<u64, Trap> {
        let realloc = self.options.realloc.expect("validation demands it where values are allocated");
        let instance = self.options.instance;
        let mut slots = [old_ptr, old_size, align, new_size].map(ValRaw::from_u64);
        check_enter(self.cx, instance)?;
        with_call(self.cx, instance, |cx| call_without_leave(cx, instance, realloc, &mut slots))?;
        Ok(match self.options.abi.ptr {
            PtrType::I32 => u64::from(slot_u32(slots[0])),
            PtrType::I64 => slots[0].to_u64(),
        })
    }

    fn lift_own(&mut self, rt: ResourceId, index: u32) -> Result<u32, Trap> {
        let rt = self.runtime_type(rt);
        handles::lift_own(self.table(), rt, index).map_err(|trap| self.word_handle(trap, rt))
    }

    fn lift_borrow(&mut self, rt: ResourceId, index: u32) -> Result<u32, Trap> {
        let rt = self.runtime_type(rt);
        let table = self.cx.state_mut().instance_mut(self.options.instance).handles_mut();
        match &mut self.loans {
            Loans::Caller(lends, _) => {
                let lent = handles::lift_borrow(table, lends, rt, index);
                lent.map_err(|trap| self.word_handle(trap, rt))
            }
            Loans::Callee(_) | Loans::None => unreachable!("validation admits no borrows in results"),
        }
    }

    fn lower_own(&mut self, rt: ResourceId, rep: u32) -> Result<u32, Trap> {
        let rt = self.runtime_type(rt);
        self.cx.add_handle(self.options.instance, |table| handles::lower_own(table, rt, rep))
    }

    fn lower_borrow(&mut self, rt: ResourceId, rep: u32) -> Result<u32, Trap> {
        if self.implements(rt, self.options.instance) {
            return Ok(rep);
        }
        let rt = self.runtime_type(rt);
        match self.loans {
            Loans::Callee(scope) => self
                .cx
                .add_handle(self.options.instance, |table| handles::lower_borrow(table, scope, rt, rep)),
            Loans::Caller(..) | Loans::None => unreachable!("validation admits no borrows in results"),
        }
    }

    fn reserve(&mut self, n_bytes: u64) -> Result<(), Trap> {
        self.n_reserved_bytes = self.n_reserved_bytes.saturating_add(n_bytes);
        let max = self.cx.state().limits.max_lifted_bytes;
        Ok(LimitKind::LiftedBytes.check(self.n_reserved_bytes, max)?)
    }

    fn reserve_string(&mut self, n_bytes: u64) -> Result<(), Trap> {
        LimitKind::StringBytes.check(n_bytes, self.cx.state().limits.max_string_bytes)?;
        self.reserve(n_bytes)
    }

    fn consume_bytes(&mut self, n_bytes: u64) -> Result<(), Trap> {
        // The frames are added where the trap reaches core code.
        self.cx.core.consume_bytes(n_bytes).map_err(|trap| TrapCause::Core(trap.into_kind()).into())
    }

    fn source_encoding(&self) -> StringEncoding {
        match &self.strings {
            Strings::Plain | Strings::Lifted(_) => StringEncoding::Utf8,
            Strings::Lowered(encoding, _) => *encoding,
        }
    }

    fn string_lifted(&mut self, is_utf16: bool) {
        if let Strings::Lifted(tags) = &mut self.strings {
            tags.push(is_utf16);
        }
    }

    fn next_string_tag(&mut self) -> Option<bool> {
        if let Strings::Lowered(_, tags) = &mut self.strings { tags.next().copied() } else { None }
    }
}

impl<T> TypedHost for Guest<'_, '_, T> {
    fn resource_key(&self, id: ResourceId) -> ResourceKey {
        ResourceKey { store: self.cx.state().id, index: self.info.resource(id).0 }
    }

    fn loan(&mut self) -> Option<Loan> {
        let Loans::Caller(_, loan) = &mut self.loans else { return None };
        Some(*loan.get_or_insert_with(|| self.cx.state_mut().loans.open()))
    }

    fn is_open(&self, loan: Loan) -> bool {
        self.cx.state().loans.is_open(loan)
    }
}
