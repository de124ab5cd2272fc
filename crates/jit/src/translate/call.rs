//! Calls and function references.
//! Follows the core specification, "Control Instructions" and "Reference Instructions".

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Inst, InstBuilder, SigRef, Value, types};

use super::{Translator, WORD, cell, constant, fixed, offset32};
use crate::index::{FuncIndex, TableIndex, TypeIndex, to_u32};
use crate::rt::offsets;
use crate::trap::code;

impl Translator<'_, '_> {
    pub(super) fn call(&mut self, func: FuncIndex) {
        let n_params = self.env.info.func_type(func).params.len();
        let call = match self.env.info.code_position(func) {
            Some(position) => {
                let callee = self.func_ref(func, to_u32(position));
                let args = self.args(self.vmctx, n_params);
                self.builder.ins().call(callee, &args)
            }
            None => {
                let code = self.block_word(self.env.layout.import_code(func));
                let vmctx = self.block_word(self.env.layout.import_vmctx(func));
                let signature = self.signature(self.env.info.funcs[func.pos()]);
                self.call_address(signature, code, vmctx, n_params)
            }
        };
        self.push_results(call);
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
        let n_params = self.env.info.types[ty.pos()].params.len();
        let call = self.call_address(signature, code, vmctx, n_params);
        self.push_results(call);
    }

    fn call_address(&mut self, signature: SigRef, code: Value, vmctx: Value, n_params: usize) -> Inst {
        let args = self.args(vmctx, n_params);
        self.builder.ins().call_indirect(signature, code, &args)
    }

    /// Pops `n_params` operands and returns them after the callee's context.
    fn args(&mut self, vmctx: Value, n_params: usize) -> Vec<Value> {
        let mut args = vec![vmctx];
        args.extend(self.stack.drain(self.stack.len() - n_params..));
        args
    }

    fn push_results(&mut self, call: Inst) {
        self.stack.extend_from_slice(self.builder.inst_results(call));
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
