//! Instructions that call run-time functions: growth, bulk memory and bulk table instructions.
//! Follows the core specification, "Memory Instructions" and "Table Instructions".

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{AbiParam, InstBuilder, Signature, TrapCode, Value};

use crate::module::index::{DataIndex, ElemIndex, MemoryIndex, TableIndex};
use crate::module::types::ValType;
use crate::vm::builtin::{Builtin, INTERRUPTED, OUT_OF_FUEL};
use crate::vm::{layout, trap_code as code};

use super::{Translator, WORD, cell, fixed};

impl Translator<'_, '_> {
    /// Calls a run-time function with words and returns its result.
    pub(super) fn builtin(&mut self, builtin: Builtin, args: &[Value]) -> Value {
        assert!(args.len() == builtin.n_args(), "run-time functions are called with all their arguments");
        let (isa, builder) = (self.env.isa, &mut self.builder);
        let signature = *self.builtins.entry(args.len()).or_insert_with(|| {
            let mut signature = Signature::new(isa.default_call_conv());
            signature.params.extend((0..=args.len()).map(|_| AbiParam::new(WORD)));
            signature.returns.push(AbiParam::new(WORD));
            builder.import_signature(signature)
        });
        let table = self.block_word(layout::BUILTINS);
        let address = self.builder.ins().load(WORD, fixed(), table, builtin.offset());
        let mut words = vec![self.vmctx];
        words.extend_from_slice(args);
        let call = self.builder.ins().call_indirect(signature, address, &words);
        self.builder.inst_results(call)[0]
    }

    /// Calls a run-time function that returns non-zero to trap: with `code`, unless the status is
    /// of an interruption.
    pub(super) fn builtin_or_trap(&mut self, builtin: Builtin, args: &[Value], code: TrapCode) {
        let status = self.builtin(builtin, args);
        if builtin.is_bulk() {
            self.trap_interrupted(status);
        }
        self.builder.ins().trapnz(status, code);
    }

    /// Traps if a bulk instruction was not finished because of the deadline or for want of fuel.
    /// Nothing is emitted unless the configuration asks for it.
    fn trap_interrupted(&mut self, status: Value) {
        if self.env.interruption.epochs {
            self.trap_status(status, INTERRUPTED, code::INTERRUPT);
        }
        if self.env.interruption.fuel {
            self.trap_status(status, OUT_OF_FUEL, code::OUT_OF_FUEL);
        }
    }

    /// Traps if a run-time function has returned this status.
    pub(super) fn trap_status(&mut self, word: Value, status: u64, code: TrapCode) {
        let is_status = self.builder.ins().icmp_imm_u(IntCC::Equal, word, status.cast_signed());
        self.builder.ins().trapnz(is_status, code);
    }

    fn index_constant(&mut self, index: u32) -> Value {
        self.builder.ins().iconst(WORD, i64::from(index))
    }

    fn is_memory64(&self, memory: MemoryIndex) -> bool {
        self.env.info.memories[memory.pos()].memory64
    }

    fn is_table64(&self, table: TableIndex) -> bool {
        self.env.info.tables[table.pos()].table64
    }

    pub(super) fn memory_grow(&mut self, memory: MemoryIndex) {
        let is_64 = self.is_memory64(memory);
        let delta = self.pop();
        let delta = self.index_word(delta, is_64);
        let at = self.index_constant(memory.0);
        let former = self.builtin(Builtin::MemoryGrow, &[at, delta]);
        let former = self.word_index(former, is_64);
        self.push(former);
    }

    pub(super) fn memory_fill(&mut self, memory: MemoryIndex) {
        let is_64 = self.is_memory64(memory);
        let [to, byte, len] = self.pop_n();
        let (to, byte, len) =
            (self.index_word(to, is_64), self.index_word(byte, false), self.index_word(len, is_64));
        let at = self.index_constant(memory.0);
        self.builtin_or_trap(Builtin::MemoryFill, &[at, to, byte, len], TrapCode::HEAP_OUT_OF_BOUNDS);
    }

    pub(super) fn memory_copy(&mut self, into: MemoryIndex, out_of: MemoryIndex) {
        let (into_64, out_of_64) = (self.is_memory64(into), self.is_memory64(out_of));
        let [to, from, len] = self.pop_n();
        let (to, from) = (self.index_word(to, into_64), self.index_word(from, out_of_64));
        let len = self.index_word(len, into_64 && out_of_64);
        let (into, out_of) = (self.index_constant(into.0), self.index_constant(out_of.0));
        let args = [into, out_of, to, from, len];
        self.builtin_or_trap(Builtin::MemoryCopy, &args, TrapCode::HEAP_OUT_OF_BOUNDS);
    }

    pub(super) fn memory_init(&mut self, memory: MemoryIndex, segment: DataIndex) {
        let [to, from, len] = self.pop_n();
        let to = self.index_word(to, self.is_memory64(memory));
        let (from, len) = (self.index_word(from, false), self.index_word(len, false));
        let (memory, segment) = (self.index_constant(memory.0), self.index_constant(segment.0));
        let args = [memory, segment, to, from, len];
        self.builtin_or_trap(Builtin::MemoryInit, &args, TrapCode::HEAP_OUT_OF_BOUNDS);
    }

    pub(super) fn data_drop(&mut self, segment: DataIndex) {
        let segment = self.index_constant(segment.0);
        self.builtin(Builtin::DataDrop, &[segment]);
    }

    pub(super) fn table_get(&mut self, table: TableIndex) {
        let index = self.pop();
        let address = self.element_address(table, index, code::TABLE_OUT_OF_BOUNDS);
        let element = self.builder.ins().load(WORD, cell(), address, 0);
        self.push_traced(element, ValType::Ref(self.env.info.tables[table.pos()].element));
    }

    pub(super) fn table_set(&mut self, table: TableIndex) {
        let [index, element] = self.pop_n();
        let address = self.element_address(table, index, code::TABLE_OUT_OF_BOUNDS);
        self.builder.ins().store(cell(), element, address, 0);
    }

    pub(super) fn table_grow(&mut self, table: TableIndex) {
        let is_64 = self.is_table64(table);
        let [element, delta] = self.pop_n();
        let delta = self.index_word(delta, is_64);
        let at = self.index_constant(table.0);
        let former = self.builtin(Builtin::TableGrow, &[at, element, delta]);
        self.trap_interrupted(former);
        let former = self.word_index(former, is_64);
        self.push(former);
    }

    pub(super) fn table_fill(&mut self, table: TableIndex) {
        let is_64 = self.is_table64(table);
        let [to, element, len] = self.pop_n();
        let (to, len) = (self.index_word(to, is_64), self.index_word(len, is_64));
        let at = self.index_constant(table.0);
        self.builtin_or_trap(Builtin::TableFill, &[at, to, element, len], code::TABLE_OUT_OF_BOUNDS);
    }

    pub(super) fn table_copy(&mut self, into: TableIndex, out_of: TableIndex) {
        let (into_64, out_of_64) = (self.is_table64(into), self.is_table64(out_of));
        let [to, from, len] = self.pop_n();
        let (to, from) = (self.index_word(to, into_64), self.index_word(from, out_of_64));
        let len = self.index_word(len, into_64 && out_of_64);
        let (into, out_of) = (self.index_constant(into.0), self.index_constant(out_of.0));
        let args = [into, out_of, to, from, len];
        self.builtin_or_trap(Builtin::TableCopy, &args, code::TABLE_OUT_OF_BOUNDS);
    }

    pub(super) fn table_init(&mut self, table: TableIndex, segment: ElemIndex) {
        let [to, from, len] = self.pop_n();
        let to = self.index_word(to, self.is_table64(table));
        let (from, len) = (self.index_word(from, false), self.index_word(len, false));
        let (table, segment) = (self.index_constant(table.0), self.index_constant(segment.0));
        let args = [table, segment, to, from, len];
        self.builtin_or_trap(Builtin::TableInit, &args, code::TABLE_OUT_OF_BOUNDS);
    }

    pub(super) fn elem_drop(&mut self, segment: ElemIndex) {
        let segment = self.index_constant(segment.0);
        self.builtin(Builtin::ElemDrop, &[segment]);
    }
}
