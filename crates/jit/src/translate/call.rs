//! Calls and function references.
//! Follows the core specification, "Control Instructions" and "Reference Instructions".

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};

use super::exception::Callee;
use super::{Translator, WORD, cell, constant, fixed, offset32};
use crate::index::{FuncIndex, TableIndex, TypeIndex, to_u32};
use crate::rt::offsets;
use crate::trap::code;

impl Translator<'_, '_> {
    pub(super) fn call(&mut self, func: FuncIndex) {
        let n_params = self.env.info.func_type(func).params.len();
        let signature = self.signature(self.env.info.funcs[func.pos()]);
        let (callee, vmctx) = self.callee(func);
        let args = self.args(vmctx, n_params);
        let results = self.emit_call(callee, signature, &args);
        self.stack.extend(results);
    }

    /// Returns how a function is called, and its context.
    fn callee(&mut self, func: FuncIndex) -> (Callee, Value) {
        match self.env.info.code_position(func) {
            Some(position) => (Callee::Direct(self.func_ref(func, to_u32(position))), self.vmctx),
            None => {
                let code = self.block_word(self.env.layout.import_code(func));
                (Callee::Address(code), self.block_word(self.env.layout.import_vmctx(func)))
            }
        }
    }

    pub(super) fn call_indirect(&mut self, ty: TypeIndex, table: TableIndex) {
        let index = self.pop();
        let element = self.element_address(table, index, code::UNDEFINED_ELEMENT);
        let func = self.builder.ins().load(WORD, cell(), element, 0);
        self.builder.ins().trapz(func, code::UNINITIALIZED_ELEMENT);
        let actual = self.builder.ins().load(types::I32, constant(), func, offsets::FUNC_REF_SIG);
        let vmctx = self.vmctx;
        let at = offset32(self.env.layout.signature(ty));
        let expected = self.builder.ins().load(types::I32, fixed(), vmctx, at);
        let differ = self.builder.ins().icmp(IntCC::NotEqual, actual, expected);
        self.builder.ins().trapnz(differ, code::SIGNATURE_MISMATCH);
        let code = self.builder.ins().load(WORD, constant(), func, offsets::FUNC_REF_CODE);
        let vmctx = self.builder.ins().load(WORD, constant(), func, offsets::FUNC_REF_VMCTX);
        let signature = self.signature(ty);
        let n_params = self.env.info.types[ty.pos()].func().params.len();
        let args = self.args(vmctx, n_params);
        let results = self.emit_call(Callee::Address(code), signature, &args);
        self.stack.extend(results);
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
}
