//! Exceptions: `throw`, `throw_ref`, `try_table`, and calls inside of one.
//! Follows the core specification, "Control Instructions".
//!
//! A call inside a `try_table` is a `try_call`, whose exception table names the context and then
//! every clause that may see the exception, innermost first. A clause's landing block gets the
//! exception and the address of its payload in registers, loads the payload and branches to the
//! clause's label.

use cranelift_codegen::ir::{
    AbiParam, Block, BlockArg, BlockCall, ExceptionTable, ExceptionTableData, ExceptionTableItem,
    ExceptionTag, FuncRef, InstBuilder, SigRef, Signature, StackSlotData, StackSlotKind, Value,
};
use cranelift_codegen::isa::CallConv;
use wasmparser::{Catch as WasmCatch, TryTable};

use crate::error::Result;
use crate::module::index::{TagIndex, to_u32};
use crate::module::types::ValType;
use crate::vm::builtin::Builtin;
use crate::vm::catch::Catch;
use crate::vm::{layout, offsets, trap_code as code};

use super::trampoline::{slot, store_slot};
use super::{Translator, WORD, cell, cl_type, fixed};

/// A clause of a `try_table` being translated.
#[derive(Clone, Copy)]
pub(super) struct Clause {
    catch: Catch,
    landing: Block,
}

/// What is called.
pub(super) enum Callee {
    Direct(FuncRef),
    Address(Value),
}

impl Translator<'_, '_> {
    pub(super) fn try_table(&mut self, table: &TryTable) -> Result<()> {
        let mut clauses = Vec::new();
        // The landings come between here and the body, so that the body starts a block of its own.
        let body = self.builder.create_block();
        self.builder.ins().jump(body, &[]);
        self.builder.seal_block(body);
        for clause in &table.catches {
            let (tag, label, with_ref) = match *clause {
                WasmCatch::One { tag, label } => (Some(TagIndex(tag)), label, false),
                WasmCatch::OneRef { tag, label } => (Some(TagIndex(tag)), label, true),
                WasmCatch::All { label } => (None, label, false),
                WasmCatch::AllRef { label } => (None, label, true),
            };
            let catch = Catch { tag, with_ref };
            clauses.push(Clause { catch, landing: self.landing(catch, label) });
        }
        self.builder.switch_to_block(body);
        self.block(table.ty)?;
        self.set_clauses(clauses);
        Ok(())
    }

    /// Makes the block where a clause's handler starts. It is sealed with its `try_table`.
    fn landing(&mut self, catch: Catch, label: u32) -> Block {
        let landing = self.builder.create_block();
        let exception = self.builder.append_block_param(landing, WORD);
        let payload = self.builder.append_block_param(landing, WORD);
        self.builder.switch_to_block(landing);
        let height = self.stack.len();
        let info = self.env.info;
        for (position, &ty) in catch.tag.iter().flat_map(|&tag| &info.tag_type(tag).params).enumerate() {
            let value = self.builder.ins().load(cl_type(ty), cell(), payload, slot(position));
            self.push_traced(value, ty);
        }
        if catch.with_ref {
            self.push_traced(exception, ValType::EXNREF);
        }
        self.jump_to_label(label);
        self.stack.truncate(height);
        landing
    }

    pub(super) fn seal_clauses(&mut self, clauses: &[Clause]) {
        for clause in clauses {
            self.builder.seal_block(clause.landing);
        }
    }

    /// Returns the clauses that may see an exception thrown here, innermost first: no clause whose
    /// tag, or all of them, an earlier one catches.
    fn clauses(&self) -> Vec<Clause> {
        let mut visible: Vec<Clause> = Vec::new();
        for clause in self.frames_clauses() {
            if visible.iter().any(|v| v.catch.tag.is_none()) {
                break;
            }
            if !visible.iter().any(|v| v.catch.tag == clause.catch.tag) {
                visible.push(clause);
            }
        }
        visible
    }

    /// Calls and returns the results. Inside a `try_table` the code after the call is a block of
    /// its own.
    pub(super) fn emit_call(&mut self, callee: Callee, signature: SigRef, args: &[Value]) -> Vec<Value> {
        let clauses = self.clauses();
        if clauses.is_empty() {
            let call = match callee {
                Callee::Direct(func) => self.builder.ins().call(func, args),
                Callee::Address(code) => self.builder.ins().call_indirect(signature, code, args),
            };
            return self.builder.inst_results(call).to_vec();
        }
        self.emit_try_call(callee, signature, args, &clauses)
    }

    /// Calls and returns the results; any exception continues at `landing`, whose two parameters
    /// are words.
    pub(super) fn emit_call_catching(
        &mut self,
        callee: Callee,
        signature: SigRef,
        args: &[Value],
        landing: Block,
    ) -> Vec<Value> {
        let catch = Catch { tag: None, with_ref: false };
        self.emit_try_call(callee, signature, args, &[Clause { catch, landing }])
    }

    fn emit_try_call(
        &mut self,
        callee: Callee,
        signature: SigRef,
        args: &[Value],
        clauses: &[Clause],
    ) -> Vec<Value> {
        let returned = self.builder.create_block();
        let types: Vec<_> = self.builder.func.dfg.signatures[signature]
            .returns
            .iter()
            .map(|result| result.value_type)
            .collect();
        for &ty in &types {
            self.builder.append_block_param(returned, ty);
        }
        let table = self.exception_table(clauses, signature, returned, types.len());
        match callee {
            Callee::Direct(func) => self.builder.ins().try_call(func, args, table),
            Callee::Address(code) => self.builder.ins().try_call_indirect(code, args, table),
        };
        self.builder.seal_block(returned);
        self.builder.switch_to_block(returned);
        self.builder.block_params(returned).to_vec()
    }

    fn exception_table(
        &mut self,
        clauses: &[Clause],
        signature: SigRef,
        returned: Block,
        n_results: usize,
    ) -> ExceptionTable {
        let vmctx = self.vmctx;
        let dfg = &mut self.builder.func.dfg;
        let pool = &mut dfg.value_lists;
        let normal = BlockCall::new(returned, (0..to_u32(n_results)).map(BlockArg::TryCallRet), pool);
        let mut items = vec![ExceptionTableItem::Context(vmctx)];
        for clause in clauses {
            let args = [BlockArg::TryCallExn(0), BlockArg::TryCallExn(1)];
            let target = BlockCall::new(clause.landing, args, pool);
            items.push(ExceptionTableItem::Tag(ExceptionTag::from_u32(clause.catch.to_tag()), target));
        }
        dfg.exception_tables.push(ExceptionTableData::new(signature, normal, items))
    }

    pub(super) fn throw(&mut self, tag: TagIndex) {
        let info = self.env.info;
        let params = &info.tag_type(tag).params;
        let size = to_u32(params.len()) * offsets::VALUE_SIZE;
        let slots = StackSlotData::new(StackSlotKind::ExplicitSlot, size, 4);
        let slots = self.builder.create_sized_stack_slot(slots);
        let slots = self.builder.ins().stack_addr(WORD, slots, 0);
        let zero = self.builder.ins().iconst(WORD, 0);
        let values = self.stack.split_off(self.stack.len() - params.len());
        for (position, (value, &ty)) in values.into_iter().zip(params).enumerate() {
            store_slot(&mut self.builder, value, ty, slots, slot(position), zero);
        }
        let tag = self.builder.ins().iconst(WORD, i64::from(tag.0));
        self.never_return(Builtin::Throw, &[tag, slots]);
    }

    pub(super) fn throw_ref(&mut self) {
        let exception = self.pop();
        self.builder.ins().trapz(exception, code::NULL_EXCEPTION);
        self.never_return(Builtin::ThrowRef, &[exception]);
    }

    /// Calls a run-time function that throws.
    fn never_return(&mut self, builtin: Builtin, args: &[Value]) {
        // The wasm convention, which keeps no register over a call that throws.
        let mut signature = Signature::new(CallConv::Tail);
        signature.params.extend((0..=args.len()).map(|_| AbiParam::new(WORD)));
        let signature = self.builder.import_signature(signature);
        let table = self.block_word(layout::BUILTINS);
        let address = self.builder.ins().load(WORD, fixed(), table, builtin.offset());
        let mut words = vec![self.vmctx];
        words.extend_from_slice(args);
        self.emit_call(Callee::Address(address), signature, &words);
        self.builder.ins().trap(code::UNREACHABLE);
        self.reachable = false;
    }
}
