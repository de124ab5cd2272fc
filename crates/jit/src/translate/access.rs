//! Variables, globals, memory accesses and table elements. Follows the core specification,
//! "Variable Instructions", "Memory Instructions" and "Table Instructions".

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, TrapCode, Type, Value, types};
use wasmparser::{MemArg, MemArgTarget};

use crate::error::{Error, Result};
use crate::module::index::{GlobalIndex, MemoryIndex, TableIndex};
use crate::vm::layout::GlobalPlace;
use crate::vm::offsets;

use super::{Translator, WORD, cell, cl_type, fixed, offset32};

/// How a load widens what it reads, or a store narrows what it writes.
#[derive(Clone, Copy)]
pub(super) enum Width {
    /// As many bytes as the type has.
    Full,
    /// Fewer bytes, of this type, sign-extended by loads.
    Signed(Type),
    /// Fewer bytes, of this type, zero-extended by loads.
    Unsigned(Type),
}

impl Translator<'_, '_> {
    pub(super) fn local_get(&mut self, index: u32) {
        let value = self.get_local(index);
        self.push(value);
    }

    pub(super) fn local_set(&mut self, index: u32) {
        let value = self.pop();
        self.set_local(index, value);
    }

    fn global_place(&mut self, global: GlobalIndex) -> (Value, i32) {
        match self.env.layout.global(global) {
            GlobalPlace::Here(offset) => (self.vmctx, offset32(offset)),
            GlobalPlace::AddressAt(offset) => (self.block_word(offset), 0),
        }
    }

    pub(super) fn global_get(&mut self, global: GlobalIndex) {
        let ty = self.env.info.globals[global.pos()];
        let (base, offset) = self.global_place(global);
        let flags = if ty.mutable { cell() } else { fixed() };
        let value = self.builder.ins().load(cl_type(ty.content), flags, base, offset);
        self.push_traced(value, ty.content);
    }

    pub(super) fn global_set(&mut self, global: GlobalIndex) {
        let value = self.pop();
        let (base, offset) = self.global_place(global);
        self.builder.ins().store(cell(), value, base, offset);
    }

    pub(super) fn load(&mut self, arg: &MemArg, ty: Type, width: Width) -> Result<()> {
        let index = self.pop();
        let (address, offset) = self.address(arg, index, width.bytes(ty))?;
        let flags = heap();
        let ins = self.builder.ins();
        let value = match width {
            Width::Full => ins.load(ty, flags, address, offset),
            Width::Signed(types::I8) => ins.sload8(ty, flags, address, offset),
            Width::Unsigned(types::I8) => ins.uload8(ty, flags, address, offset),
            Width::Signed(types::I16) => ins.sload16(ty, flags, address, offset),
            Width::Unsigned(types::I16) => ins.uload16(ty, flags, address, offset),
            // A narrow load of 32 bits is always to i64.
            Width::Signed(_) => ins.sload32(flags, address, offset),
            Width::Unsigned(_) => ins.uload32(flags, address, offset),
        };
        self.push(value);
        Ok(())
    }

    pub(super) fn store(&mut self, arg: &MemArg, ty: Type, width: Width) -> Result<()> {
        let [index, value] = self.pop_n();
        let (address, offset) = self.address(arg, index, width.bytes(ty))?;
        let value = match width {
            Width::Full => value,
            Width::Signed(narrow) | Width::Unsigned(narrow) => self.builder.ins().ireduce(narrow, value),
        };
        self.builder.ins().store(heap(), value, address, offset);
        Ok(())
    }

    /// Returns an address and a constant offset to it for an access of `bytes` bytes, checked as
    /// far as page faults do not check it.
    pub(super) fn address(&mut self, arg: &MemArg, index: Value, bytes: u32) -> Result<(Value, i32)> {
        let memory = match arg.target {
            MemArgTarget::Memory(memory) => MemoryIndex(memory),
            MemArgTarget::Array(_) => return Err(Error::unsupported("accesses to arrays")),
        };
        let ty = self.env.info.memories[memory.pos()];
        let index = self.index_word(index, ty.memory64);
        let base = self.block_word(self.env.layout.memory_base(memory));
        let guarded = offsets::GUARD_SIZE - u64::from(bytes);
        // Page faults check at the granularity of the host's pages only.
        if !ty.memory64 && ty.page_size_log2 == 16 && arg.offset <= guarded {
            let address = self.builder.ins().iadd(base, index);
            let offset = i32::try_from(arg.offset).expect("the guard is smaller than 2 GiB");
            return Ok((address, offset));
        }
        let Some(reach) = arg.offset.checked_add(u64::from(bytes)) else {
            // Such an access ends beyond any memory.
            let always = self.builder.ins().iconst(types::I8, 1);
            self.builder.ins().trapnz(always, TrapCode::HEAP_OUT_OF_BOUNDS);
            return Ok((base, 0));
        };
        let reach = self.builder.ins().iconst(WORD, reach.cast_signed());
        let end = self.builder.ins().uadd_overflow_trap(index, reach, TrapCode::HEAP_OUT_OF_BOUNDS);
        let len = self.memory_len(memory);
        let beyond = self.builder.ins().icmp(IntCC::UnsignedGreaterThan, end, len);
        self.builder.ins().trapnz(beyond, TrapCode::HEAP_OUT_OF_BOUNDS);
        let address = self.builder.ins().iadd(base, index);
        let address = self.builder.ins().iadd_imm_s(address, arg.offset.cast_signed());
        if self.env.guards_speculation {
            // The check of the sum may be predicted wrongly too.
            let (_, wraps) = self.builder.ins().uadd_overflow(index, reach);
            let beyond = self.builder.ins().bor(beyond, wraps);
            return Ok((self.guarded(beyond, base, address), 0));
        }
        Ok((address, 0))
    }

    /// Returns a memory or table index as a word.
    pub(super) fn index_word(&mut self, index: Value, is_64: bool) -> Value {
        if is_64 { index } else { self.builder.ins().uextend(WORD, index) }
    }

    /// Returns a word as a memory or table index.
    pub(super) fn word_index(&mut self, word: Value, is_64: bool) -> Value {
        if is_64 { word } else { self.builder.ins().ireduce(types::I32, word) }
    }

    /// Returns a memory's size in bytes.
    pub(super) fn memory_len(&mut self, memory: MemoryIndex) -> Value {
        let def = self.block_word(self.env.layout.memory_def(memory));
        self.builder.ins().load(WORD, cell(), def, offsets::MEMORY_DEF_LEN)
    }

    pub(super) fn memory_size(&mut self, memory: MemoryIndex) {
        let len = self.memory_len(memory);
        let log2 = self.env.info.memories[memory.pos()].page_size_log2;
        let pages = self.builder.ins().ushr_imm_u(len, i64::from(log2));
        let pages = self.word_index(pages, self.env.info.memories[memory.pos()].memory64);
        self.push(pages);
    }

    /// Returns the address of a table's element; traps with `code` outside of the table.
    pub(super) fn element_address(&mut self, table: TableIndex, index: Value, code: TrapCode) -> Value {
        let index = self.index_word(index, self.env.info.tables[table.pos()].table64);
        let def = self.block_word(self.env.layout.table_def(table));
        let len = self.builder.ins().load(WORD, cell(), def, offsets::TABLE_DEF_LEN);
        let beyond = self.builder.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, index, len);
        self.builder.ins().trapnz(beyond, code);
        let base = self.builder.ins().load(WORD, cell(), def, offsets::TABLE_DEF_BASE);
        let offset = self.builder.ins().ishl_imm_u(index, 3);
        let address = self.builder.ins().iadd(base, offset);
        self.guarded(beyond, base, address)
    }

    /// Returns `address`, or `base` where `beyond` holds though the branch on it was predicted not
    /// to be taken, if the configuration wants that. Cranelift keeps such a choice as it is.
    fn guarded(&mut self, beyond: Value, base: Value, address: Value) -> Value {
        if !self.env.guards_speculation {
            return address;
        }
        self.builder.ins().select_spectre_guard(beyond, base, address)
    }

    pub(super) fn table_size(&mut self, table: TableIndex) {
        let def = self.block_word(self.env.layout.table_def(table));
        let len = self.builder.ins().load(WORD, cell(), def, offsets::TABLE_DEF_LEN);
        let len = self.word_index(len, self.env.info.tables[table.pos()].table64);
        self.push(len);
    }
}

impl Width {
    fn bytes(self, ty: Type) -> u32 {
        match self {
            Self::Full => ty.bytes(),
            Self::Signed(narrow) | Self::Unsigned(narrow) => narrow.bytes(),
        }
    }
}

/// Returns the flags of accesses to a linear memory: they may fault, at any alignment.
pub(super) fn heap() -> MemFlagsData {
    MemFlagsData::new().with_endianness(cranelift_codegen::ir::Endianness::Little)
}
