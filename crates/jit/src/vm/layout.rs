//! Layout of an instance's block, which compiled code reaches through its context pointer.
//!
//! The block starts with a header; then come, in this order, imported functions, signature ids,
//! memories, tables, imported globals, defined globals, and function references of defined
//! functions. All offsets are in bytes and depend on the module only.

use crate::module::index::{FuncIndex, GlobalIndex, MemoryIndex, TableIndex, TypeIndex, to_u32};
use crate::module::info::ModuleInfo;
use crate::vm::offsets::{FUNC_REF_SIZE, VALUE_SIZE};

/// Offset of the address of the store's VM state (as in the context of host functions).
pub(crate) const STORE: u32 = 0;
/// Offset of the address of the table of run-time functions.
pub(crate) const BUILTINS: u32 = 8;
/// Offset of the instance's number in its store, a 32-bit word.
pub(crate) const INSTANCE: u32 = 16;
const HEADER_SIZE: u32 = 24;

/// An imported function: code, context, address of its function reference.
const IMPORT_SIZE: u32 = 24;
/// A memory: base address, address of its definition.
const MEMORY_SIZE: u32 = 16;
const WORD: u32 = 8;

/// Where things lie in the block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VmLayout {
    n_imported_funcs: u32,
    n_imported_globals: u32,
    signatures: u32,
    memories: u32,
    tables: u32,
    imported_globals: u32,
    globals: u32,
    func_refs: u32,
    size: u32,
}

impl VmLayout {
    /// Returns the layout for a module's instances.
    ///
    /// # Panics
    ///
    /// Panics if the block exceeds 4 GiB; the validator's limits on index spaces exclude that.
    pub(crate) fn new(info: &ModuleInfo) -> Self {
        let n = info.n_imported;
        let mut end = HEADER_SIZE;
        let mut take = |count: u32, size: u32, align: u32| {
            let start = end.next_multiple_of(align);
            let bytes = count.checked_mul(size).and_then(|bytes| start.checked_add(bytes));
            end = bytes.expect("index spaces are bounded by the validator");
            start
        };
        let imports = take(n.funcs, IMPORT_SIZE, WORD);
        assert!(imports == HEADER_SIZE, "imported functions follow the header");
        let signatures = take(to_u32(info.types.len()), 4, 4);
        let memories = take(to_u32(info.memories.len()), MEMORY_SIZE, WORD);
        let tables = take(to_u32(info.tables.len()), WORD, WORD);
        let imported_globals = take(n.globals, WORD, WORD);
        let globals = take(to_u32(info.globals.len()) - n.globals, VALUE_SIZE, VALUE_SIZE);
        let func_refs = take(info.n_defined_funcs(), FUNC_REF_SIZE, WORD);
        let size = take(0, 0, VALUE_SIZE);
        Self {
            n_imported_funcs: n.funcs,
            n_imported_globals: n.globals,
            signatures,
            memories,
            tables,
            imported_globals,
            globals,
            func_refs,
            size,
        }
    }

    /// Returns the size of the block.
    pub(crate) fn size(&self) -> u32 {
        self.size
    }

    /// Returns the offset of an imported function's code address; its context follows.
    pub(crate) fn import_code(&self, func: FuncIndex) -> u32 {
        assert!(func.0 < self.n_imported_funcs, "the function is imported");
        HEADER_SIZE + func.0 * IMPORT_SIZE
    }

    /// Returns the offset of an imported function's context.
    pub(crate) fn import_vmctx(&self, func: FuncIndex) -> u32 {
        self.import_code(func) + WORD
    }

    /// Returns the offset of the address of an imported function's function reference.
    pub(crate) fn import_func_ref(&self, func: FuncIndex) -> u32 {
        self.import_code(func) + 2 * WORD
    }

    /// Returns the offset of the engine-wide signature id of a type, a 32-bit word.
    pub(crate) fn signature(&self, ty: TypeIndex) -> u32 {
        self.signatures + ty.0 * 4
    }

    /// Returns the offset of a memory's base address.
    pub(crate) fn memory_base(&self, memory: MemoryIndex) -> u32 {
        self.memories + memory.0 * MEMORY_SIZE
    }

    /// Returns the offset of the address of a memory's definition.
    pub(crate) fn memory_def(&self, memory: MemoryIndex) -> u32 {
        self.memory_base(memory) + WORD
    }

    /// Returns the offset of the address of a table's definition.
    pub(crate) fn table_def(&self, table: TableIndex) -> u32 {
        self.tables + table.0 * WORD
    }

    /// Returns where a global lies.
    pub(crate) fn global(&self, global: GlobalIndex) -> GlobalPlace {
        match global.0.checked_sub(self.n_imported_globals) {
            None => GlobalPlace::AddressAt(self.imported_globals + global.0 * WORD),
            Some(defined) => GlobalPlace::Here(self.globals + defined * VALUE_SIZE),
        }
    }

    /// Returns the offset of the function reference of a defined function.
    pub(crate) fn func_ref(&self, func: FuncIndex) -> u32 {
        assert!(func.0 >= self.n_imported_funcs, "the function is defined");
        self.func_refs + (func.0 - self.n_imported_funcs) * FUNC_REF_SIZE
    }
}

/// Where a global's cell is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum GlobalPlace {
    /// The block has its address, at this offset.
    AddressAt(u32),
    /// It is in the block, at this offset.
    Here(u32),
}
