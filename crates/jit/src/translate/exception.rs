//! Exceptions: `throw`, `throw_ref`, `try_table`, and calls inside of one.
//! Follows the core specification, "Control Instructions".
//!
//! A call inside a `try_table` is a `try_call`, whose exception table names the context, and one
//! landing with the chain of clauses that may see the exception. All calls in one `try_table` share
//! both, so that the size of the code is that of the clauses and of the calls, not of their
//! product. The run time finds the clause and leaves its number in the store's figure. The landing
//! gets the exception and the address of its payload in registers; it goes on to the clause's
//! handler, or to the landing of the `try_table` around. A handler loads the payload and branches
//! to the clause's label.

use cranelift_codegen::ir::{
    AbiParam, Block, BlockArg, BlockCall, ExceptionTable, ExceptionTableData, ExceptionTableItem,
    ExceptionTag, FuncRef, InstBuilder, JumpTableData, SigRef, Signature, StackSlotData, StackSlotKind,
    Value, types,
};
use cranelift_codegen::isa::CallConv;
use wasmparser::{Catch as WasmCatch, TryTable};

use crate::error::Result;
use crate::module::index::{TagIndex, to_u32};
use crate::module::types::ValType;
use crate::vm::builtin::Builtin;
use crate::vm::catch::Catch;
use crate::vm::compiled::Chain;
use crate::vm::{layout, offsets, trap_code as code};

use super::trampoline::{slot, store_slot};
use super::{Translator, WORD, cell, cl_type, constant, fixed};

/// What the `try_table`s of a function catch.
#[derive(Debug, Default)]
pub(crate) struct Chains {
    /// A chain for each `try_table` with clauses; one comes after those around it.
    pub(crate) chains: Vec<Chain>,
    /// The clauses, whose positions are their numbers.
    pub(crate) catches: Vec<Catch>,
}

/// Where an exception of a call goes.
#[derive(Clone, Copy)]
pub(super) struct Landing {
    /// Position of the chain that may see it.
    chain: u32,
    /// The block where execution continues, whose parameters are the exception and its payload.
    block: Block,
}

/// What a `try_table` leaves behind when it ends.
#[derive(Clone, Copy)]
pub(super) struct Around {
    /// Its own landing, which no call goes to any more.
    own: Landing,
    /// The landing from now on.
    outer: Option<Landing>,
}

/// What is called.
pub(super) enum Callee {
    Direct(FuncRef),
    Address(Value),
}

impl Translator<'_, '_> {
    pub(super) fn try_table(&mut self, table: &TryTable) -> Result<()> {
        // The handlers come between here and the body, so that the body starts a block of its own.
        let body = self.builder.create_block();
        self.builder.ins().jump(body, &[]);
        self.builder.seal_block(body);
        let (mut catches, mut handlers) = (Vec::new(), Vec::new());
        for clause in &table.catches {
            let (tag, label, with_ref) = match *clause {
                WasmCatch::One { tag, label } => (Some(TagIndex(tag)), label, false),
                WasmCatch::OneRef { tag, label } => (Some(TagIndex(tag)), label, true),
                WasmCatch::All { label } => (None, label, false),
                WasmCatch::AllRef { label } => (None, label, true),
            };
            let catch = Catch { tag, with_ref };
            catches.push(catch);
            handlers.push(self.handler_of(catch, label));
            if tag.is_none() {
                // Nobody sees what this one does not.
                break;
            }
        }
        let around = (!catches.is_empty()).then(|| {
            let outer = self.landing;
            let own = self.add_landing(catches, &handlers);
            self.landing = Some(own);
            Around { own, outer }
        });
        self.builder.switch_to_block(body);
        self.block(table.ty)?;
        self.set_around(around);
        Ok(())
    }

    pub(super) fn leave_try_table(&mut self, Around { own, outer }: Around) {
        self.builder.seal_block(own.block);
        self.landing = outer;
    }

    /// Adds a chain of these clauses within the present one and returns its landing, which goes to
    /// the handler of the clause that catches. It is sealed with its `try_table`.
    fn add_landing(&mut self, catches: Vec<Catch>, handlers: &[Block]) -> Landing {
        let outer = self.landing.filter(|_| catches.iter().all(|catch| catch.tag.is_some()));
        let first_number = to_u32(self.chains.catches.len());
        self.chains.catches.extend(catches);
        let catches = first_number..to_u32(self.chains.catches.len());
        let chain = to_u32(self.chains.chains.len());
        self.chains.chains.push(Chain { catches, first_number, outer: outer.map(|outer| outer.chain) });
        if let (&[handler], None) = (handlers, outer) {
            return Landing { chain, block: handler };
        }
        let block = self.builder.create_block();
        self.builder.set_cold_block(block);
        let args = [(); 2].map(|()| BlockArg::Value(self.builder.append_block_param(block, WORD)));
        self.builder.switch_to_block(block);
        let vmctx = self.vmctx;
        // Not `fixed`: what is loaded here is of no use elsewhere.
        let store = self.builder.ins().load(WORD, constant(), vmctx, layout::STORE.cast_signed());
        let number = self.builder.ins().load(types::I32, cell(), store, offsets::STORE_FIGURE);
        let position = self.builder.ins().iadd_imm_s(number, -i64::from(first_number));
        // The clauses around have lower numbers, whose positions wrap around.
        let dfg = &mut self.builder.func.dfg;
        let calls: Vec<_> = handlers.iter().map(|&handler| dfg.block_call(handler, &args)).collect();
        let default = outer.map_or(calls[0], |outer| dfg.block_call(outer.block, &args));
        let table = self.builder.create_jump_table(JumpTableData::new(default, &calls));
        self.builder.ins().br_table(position, table);
        handlers.iter().for_each(|&handler| self.builder.seal_block(handler));
        Landing { chain, block }
    }

    /// Makes the block of a clause's handler.
    fn handler_of(&mut self, catch: Catch, label: u32) -> Block {
        let handler = self.builder.create_block();
        let exception = self.builder.append_block_param(handler, WORD);
        let payload = self.builder.append_block_param(handler, WORD);
        self.builder.switch_to_block(handler);
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
        handler
    }

    /// Calls and returns the results. Inside a `try_table` the code after the call is a block of
    /// its own.
    pub(super) fn emit_call(&mut self, callee: Callee, signature: SigRef, args: &[Value]) -> Vec<Value> {
        if let Some(landing) = self.landing {
            return self.emit_try_call(callee, signature, args, landing);
        }
        let call = match callee {
            Callee::Direct(func) => self.builder.ins().call(func, args),
            Callee::Address(code) => self.builder.ins().call_indirect(signature, code, args),
        };
        self.builder.inst_results(call).to_vec()
    }

    /// Calls and returns the results; any exception continues at `handler`, whose two parameters
    /// are words.
    pub(super) fn emit_call_catching(
        &mut self,
        callee: Callee,
        signature: SigRef,
        args: &[Value],
        handler: Block,
    ) -> Vec<Value> {
        let landing = self.add_landing(vec![Catch { tag: None, with_ref: false }], &[handler]);
        self.emit_try_call(callee, signature, args, landing)
    }

    fn emit_try_call(
        &mut self,
        callee: Callee,
        signature: SigRef,
        args: &[Value],
        landing: Landing,
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
        let table = self.exception_table(landing, signature, returned, types.len());
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
        landing: Landing,
        signature: SigRef,
        returned: Block,
        n_results: usize,
    ) -> ExceptionTable {
        let vmctx = self.vmctx;
        let dfg = &mut self.builder.func.dfg;
        let pool = &mut dfg.value_lists;
        let normal = BlockCall::new(returned, (0..to_u32(n_results)).map(BlockArg::TryCallRet), pool);
        let args = [BlockArg::TryCallExn(0), BlockArg::TryCallExn(1)];
        let caught = BlockCall::new(landing.block, args, pool);
        let chain = ExceptionTag::from_u32(landing.chain);
        let items = vec![ExceptionTableItem::Context(vmctx), ExceptionTableItem::Tag(chain, caught)];
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
