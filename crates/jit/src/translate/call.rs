//! Calls and function references.
//! Follows the core specification, "Control Instructions" and "Reference Instructions".

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};

use crate::module::index::{FuncIndex, TableIndex, TypeIndex};
use crate::vm::builtin::Builtin;
use crate::vm::{layout, offsets, trap_code as code};

use super::exception::Callee;
use super::{Translator, WORD, cell, constant, fixed, offset32};

/// What becomes of the caller's frame.
#[derive(Clone, Copy)]
pub(super) enum CallKind {
    Plain,
    /// The callee takes its place.
    Tail,
}

impl Translator<'_, '_> {
    pub(super) fn call(&mut self, func: FuncIndex, kind: CallKind) {
        let ty = self.env.info.funcs[func.pos()];
        let (callee, vmctx) = self.callee(func);
        self.finish_call(ty, callee, vmctx, kind);
    }

    /// Returns how a function is called, and its context.
    pub(super) fn callee(&mut self, func: FuncIndex) -> (Callee, Value) {
        if self.env.lazy {
            return self.callee_by_reference(func);
        }
        let callee = self.env.position_in_text(func).map(|at| Callee::Direct(self.func_ref(func, at)));
        if self.env.info.code_position(func).is_some() {
            return (callee.expect("a defined function has a position"), self.vmctx);
        }
        let callee = match callee {
            Some(callee) => callee,
            None => Callee::Address(self.block_word(self.env.layout.import_code(func))),
        };
        (callee, self.block_word(self.env.layout.import_vmctx(func)))
    }

    /// Like `callee`, for functions that may not be compiled yet: the code's address changes once.
    fn callee_by_reference(&mut self, func: FuncIndex) -> (Callee, Value) {
        match self.env.info.code_position(func) {
            Some(_) => {
                let vmctx = self.vmctx;
                let at = offset32(self.env.layout.func_ref(func)) + offsets::FUNC_REF_CODE;
                (Callee::Address(self.builder.ins().load(WORD, cell(), vmctx, at)), vmctx)
            }
            None => {
                let reference = self.block_word(self.env.layout.import_func_ref(func));
                let code = self.builder.ins().load(WORD, cell(), reference, offsets::FUNC_REF_CODE);
                (Callee::Address(code), self.block_word(self.env.layout.import_vmctx(func)))
            }
        }
    }

    pub(super) fn call_indirect(&mut self, ty: TypeIndex, table: TableIndex, kind: CallKind) {
        let index = self.pop();
        let element = self.element_address(table, index, code::UNDEFINED_ELEMENT);
        let func = self.builder.ins().load(WORD, cell(), element, 0);
        self.trap_uninitialized(func, table, index);
        self.check_type(func, ty);
        self.call_func_ref(func, ty, kind);
    }

    /// Traps if `func`, which is the element at `index`, is null. The trap's message says the
    /// index, which is stored on the way to the trap only.
    fn trap_uninitialized(&mut self, func: Value, table: TableIndex, index: Value) {
        let (null, next) = (self.builder.create_block(), self.builder.create_block());
        self.builder.set_cold_block(null);
        // In this order: Cranelift moves nothing out of a loop once it has seen a block outside of
        // the loop.
        let is_null = self.builder.ins().icmp_imm_s(IntCC::Equal, func, 0);
        self.builder.ins().brif(is_null, null, &[], next, &[]);
        self.builder.seal_block(null);
        self.builder.switch_to_block(null);
        let index = self.index_word(index, self.env.info.tables[table.pos()].table64);
        let vmctx = self.vmctx;
        // Not `fixed`, which would let it move out of this block.
        let store = self.builder.ins().load(WORD, constant(), vmctx, layout::STORE.cast_signed());
        self.builder.ins().store(cell(), index, store, offsets::STORE_FIGURE);
        self.builder.ins().trap(code::UNINITIALIZED_ELEMENT);
        self.builder.seal_block(next);
        self.builder.switch_to_block(next);
    }

    pub(super) fn call_ref(&mut self, ty: TypeIndex, kind: CallKind) {
        let func = self.pop();
        self.builder.ins().trapz(func, code::NULL_FUNCTION);
        self.call_func_ref(func, ty, kind);
    }

    /// Traps unless the function is of type `ty`, or of a subtype of it.
    fn check_type(&mut self, func: Value, ty: TypeIndex) {
        let actual = self.builder.ins().load(types::I32, constant(), func, offsets::FUNC_REF_SIG);
        let vmctx = self.vmctx;
        let at = offset32(self.env.layout.signature(ty));
        let expected = self.builder.ins().load(types::I32, fixed(), vmctx, at);
        let differ = self.builder.ins().icmp(IntCC::NotEqual, actual, expected);
        if self.env.info.types[ty.pos()].ty.is_final {
            self.builder.ins().trapnz(differ, code::SIGNATURE_MISMATCH);
            return;
        }
        let (slow, next) = (self.builder.create_block(), self.builder.create_block());
        self.builder.ins().brif(differ, slow, &[], next, &[]);
        self.builder.seal_block(slow);
        self.builder.switch_to_block(slow);
        let actual = self.builder.ins().uextend(WORD, actual);
        let expected = self.builder.ins().uextend(WORD, expected);
        self.builtin_or_trap(Builtin::CheckSubtype, &[actual, expected], code::SIGNATURE_MISMATCH);
        self.builder.ins().jump(next, &[]);
        self.builder.seal_block(next);
        self.builder.switch_to_block(next);
    }

    /// Calls through a function reference that is not null and of type `ty`.
    fn call_func_ref(&mut self, func: Value, ty: TypeIndex, kind: CallKind) {
        // Where functions are compiled when first called, the address changes then.
        let flags = if self.env.lazy { cell() } else { constant() };
        let code = self.builder.ins().load(WORD, flags, func, offsets::FUNC_REF_CODE);
        let vmctx = self.builder.ins().load(WORD, constant(), func, offsets::FUNC_REF_VMCTX);
        self.finish_call(ty, Callee::Address(code), vmctx, kind);
    }

    fn finish_call(&mut self, ty: TypeIndex, callee: Callee, vmctx: Value, kind: CallKind) {
        let signature = self.signature(ty);
        let n_params = self.env.info.types[ty.pos()].func().params.len();
        let args = self.args(vmctx, n_params);
        match (kind, callee) {
            (CallKind::Plain, callee) => {
                let results = self.emit_call(callee, signature, &args);
                self.trace_all(&results, &self.env.info.types[ty.pos()].func().results);
                self.stack.extend(results);
                return;
            }
            (CallKind::Tail, Callee::Direct(func)) => self.builder.ins().return_call(func, &args),
            (CallKind::Tail, Callee::Address(code)) => {
                self.builder.ins().return_call_indirect(signature, code, &args)
            }
        };
        self.reachable = false;
    }

    /// Pops `n_params` operands and returns them after the callee's context.
    fn args(&mut self, vmctx: Value, n_params: usize) -> Vec<Value> {
        let mut args = vec![vmctx];
        args.extend(self.stack.drain(self.stack.len() - n_params..));
        args
    }

    pub(super) fn ref_func(&mut self, func: FuncIndex) {
        let address = match self.env.info.code_position(func) {
            None => self.block_word(self.env.layout.import_func_ref(func)),
            Some(_) => {
                let vmctx = self.vmctx;
                self.builder.ins().iadd_imm_s(vmctx, i64::from(self.env.layout.func_ref(func)))
            }
        };
        self.push(address);
    }

    pub(super) fn ref_is_null(&mut self) {
        let reference = self.pop();
        let is_null = self.builder.ins().icmp_imm_s(IntCC::Equal, reference, 0);
        let is_null = self.builder.ins().uextend(types::I32, is_null);
        self.push(is_null);
    }

    pub(super) fn ref_as_non_null(&mut self) {
        let reference = self.pop();
        self.builder.ins().trapz(reference, code::NULL_REFERENCE);
        self.push(reference);
    }

    /// Branches if the reference is null; keeps it otherwise.
    pub(super) fn br_on_null(&mut self, depth: u32) {
        let reference = self.pop();
        let is_null = self.builder.ins().icmp_imm_s(IntCC::Equal, reference, 0);
        self.push(is_null);
        self.br_if(depth);
        self.push(reference);
    }

    /// Branches with the reference unless it is null; drops it otherwise.
    pub(super) fn br_on_non_null(&mut self, depth: u32) {
        let reference = self.pop();
        self.stack.extend([reference, reference]);
        self.br_if(depth);
        self.pop();
    }
}
