//! Functions whose bodies an embedder builds in Cranelift IR, and the operations that such a body
//! can use.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, Function, InstBuilder, TrapCode, Value, types};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};

use crate::module::index::{FuncIndex, GlobalIndex, MemoryIndex, TableIndex};
use crate::vm::builtin::Builtin;
use crate::vm::trap_code as code;

use super::{Chains, Env, Translator, WORD};

/// A function of a [`BuiltModule`](crate::BuiltModule), imported or its own.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct BuiltFunc(BuiltIndex);

/// Positions among the imported functions, and among those that the module defines.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum BuiltIndex {
    Imported(u32),
    Defined(u32),
}

/// A memory that a [`BuiltModule`](crate::BuiltModule) imports.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct BuiltMemory(pub(crate) MemoryIndex);

/// A table that a [`BuiltModule`](crate::BuiltModule) imports.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct BuiltTable(pub(crate) TableIndex);

/// A global that a [`BuiltModule`](crate::BuiltModule) imports.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct BuiltGlobal(pub(crate) GlobalIndex);

impl BuiltFunc {
    /// Returns the imported function at a position among the imported ones.
    pub(crate) fn imported(at: u32) -> Self {
        Self(BuiltIndex::Imported(at))
    }

    /// Returns the function at a position among those that the module defines.
    pub(crate) fn defined(at: u32) -> Self {
        Self(BuiltIndex::Defined(at))
    }

    /// Returns the index in the module's function index space.
    fn index(self, n_imported: u32) -> FuncIndex {
        match self.0 {
            BuiltIndex::Imported(at) => FuncIndex(at),
            BuiltIndex::Defined(at) => FuncIndex(n_imported + at),
        }
    }
}

/// Builds a function's body.
pub(crate) type BuildFn<'a> = Box<dyn Fn(&mut FuncBody<'_, '_>) + Send + Sync + 'a>;

/// The body of a function of a [`BuiltModule`](crate::BuiltModule) while it is built.
///
/// What needs no knowledge of instances is done with Cranelift's own [`FunctionBuilder`]; blocks
/// need not be sealed. References are 64-bit words, vectors `I8X16`, other types as their names
/// say. Where a body passes a reference to an exception (`exnref`) on through a variable, a block's
/// parameter or an instruction, it declares that so
/// ([`FunctionBuilder::declare_value_needs_stack_map`]); what this type returns is declared.
pub struct FuncBody<'a, 'f> {
    translator: Translator<'a, 'f>,
    params: Vec<Value>,
}

/// Builds the defined function at `position` into `func`, which is empty.
///
/// # Panics
///
/// Panics, in debug builds, if the body ends before its last block does.
pub(crate) fn built_function(
    env: &Env<'_>,
    position: usize,
    build: &BuildFn<'_>,
    func: &mut Function,
    context: &mut FunctionBuilderContext,
) -> Chains {
    let (mut translator, params) = Translator::start(env, position, func, context);
    let ty = env.info.func_type(env.info.func_index_of_code(position));
    translator.trace_all(&params, &ty.params);
    let mut body = FuncBody { translator, params };
    build(&mut body);
    let Translator { mut builder, chains, .. } = body.translator;
    builder.seal_all_blocks();
    builder.finalize(env.isa.frontend_config());
    chains
}

impl<'f> FuncBody<'_, 'f> {
    /// Returns the builder of the function, in its entry block at first.
    pub fn builder(&mut self) -> &mut FunctionBuilder<'f> {
        &mut self.translator.builder
    }

    /// Returns the values of the parameters.
    pub fn params(&self) -> &[Value] {
        &self.params
    }

    /// Returns from the function.
    pub fn return_(&mut self, results: &[Value]) {
        self.translator.builder.ins().return_(results);
    }

    /// Calls a function and returns its results. An exception of the callee passes through.
    pub fn call(&mut self, func: BuiltFunc, args: &[Value]) -> Vec<Value> {
        let func = self.index(func);
        let (callee, vmctx) = self.translator.callee(func);
        let signature = self.translator.signature(self.translator.env.info.funcs[func.pos()]);
        let results = self.translator.emit_call(callee, signature, &with_context(vmctx, args));
        self.translator.trace_all(&results, &self.translator.env.info.func_type(func).results);
        results
    }

    /// Calls a function and returns its results. An exception of the callee ends here and execution
    /// continues in the block `handler`, which has no parameters and is the caller's to fill.
    pub fn call_catching(&mut self, func: BuiltFunc, args: &[Value], handler: Block) -> Vec<Value> {
        let func = self.index(func);
        let (callee, vmctx) = self.translator.callee(func);
        let signature = self.translator.signature(self.translator.env.info.funcs[func.pos()]);
        let builder = &mut self.translator.builder;
        let landing = builder.create_block();
        builder.append_block_param(landing, WORD);
        builder.append_block_param(landing, WORD);
        builder.set_cold_block(landing);
        let args = with_context(vmctx, args);
        let results = self.translator.emit_call_catching(callee, signature, &args, landing);
        self.translator.trace_all(&results, &self.translator.env.info.func_type(func).results);
        let builder = &mut self.translator.builder;
        let returned = builder.current_block();
        builder.switch_to_block(landing);
        builder.ins().jump(handler, &[]);
        returned.into_iter().for_each(|returned| builder.switch_to_block(returned));
        results
    }

    /// Returns the value of a global.
    pub fn global_get(&mut self, global: BuiltGlobal) -> Value {
        self.translator.global_get(global.0);
        self.translator.pop()
    }

    /// Sets a mutable global.
    pub fn global_set(&mut self, global: BuiltGlobal, value: Value) {
        self.translator.push(value);
        self.translator.global_set(global.0);
    }

    /// Returns an element of a table. Traps with
    /// [`TrapKind::TableOutOfBounds`](crate::TrapKind::TableOutOfBounds) outside of it.
    pub fn table_get(&mut self, table: BuiltTable, index: Value) -> Value {
        self.translator.push(index);
        self.translator.table_get(table.0);
        self.translator.pop()
    }

    /// Returns the address of a memory's first byte. It stays the same as long as the memory lives.
    pub fn memory_base(&mut self, memory: BuiltMemory) -> Value {
        let at = self.translator.env.layout.memory_base(memory.0);
        self.translator.block_word(at)
    }

    /// Returns the present size of a memory in bytes, as a word.
    pub fn memory_len(&mut self, memory: BuiltMemory) -> Value {
        self.translator.memory_len(memory.0)
    }

    /// Returns the condition that `start..start + len` lies within a memory; both are words in
    /// bytes, and their sum does not wrap around.
    pub fn is_in_memory(&mut self, memory: BuiltMemory, start: Value, len: Value) -> Value {
        let size = self.memory_len(memory);
        let ins = self.translator.builder.ins();
        let end = ins.iadd(start, len);
        self.translator.builder.ins().icmp(IntCC::UnsignedLessThanOrEqual, end, size)
    }

    /// Returns the address of `start..start + len` in a memory; both are words in bytes, any. Traps
    /// with [`TrapKind::MemoryOutOfBounds`](crate::TrapKind::MemoryOutOfBounds) unless it lies
    /// within.
    pub fn memory_span(&mut self, memory: BuiltMemory, start: Value, len: Value) -> Value {
        let size = self.memory_len(memory);
        let builder = &mut self.translator.builder;
        let end = builder.ins().uadd_overflow_trap(start, len, TrapCode::HEAP_OUT_OF_BOUNDS);
        let beyond = builder.ins().icmp(IntCC::UnsignedGreaterThan, end, size);
        builder.ins().trapnz(beyond, TrapCode::HEAP_OUT_OF_BOUNDS);
        let base = self.memory_base(memory);
        self.translator.builder.ins().iadd(base, start)
    }

    /// Copies `len` bytes from address `from` of one memory to address `to` of another, or of the
    /// same; all three are words in bytes. Traps with
    /// [`TrapKind::MemoryOutOfBounds`](crate::TrapKind::MemoryOutOfBounds), before it copies
    /// anything, unless both spans lie within.
    pub fn memory_copy(
        &mut self,
        into: BuiltMemory,
        out_of: BuiltMemory,
        to: Value,
        from: Value,
        len: Value,
    ) {
        let ins = self.translator.builder.ins();
        let into = ins.iconst(WORD, i64::from(into.0.0));
        let out_of = self.translator.builder.ins().iconst(WORD, i64::from(out_of.0.0));
        let args = [into, out_of, to, from, len];
        self.translator.builtin_or_trap(Builtin::MemoryCopy, &args, TrapCode::HEAP_OUT_OF_BOUNDS);
    }

    /// Traps with [`TrapKind::Built`](crate::TrapKind::Built) of this code if `condition` is not
    /// zero.
    ///
    /// A body may also trap with Cranelift's own codes (`TrapCode::HEAP_OUT_OF_BOUNDS` and its
    /// like), which have kinds of their own; and it may call an imported host function whose error
    /// then is the trap.
    ///
    /// # Panics
    ///
    /// Panics if `code` is not below 128.
    pub fn trap_if(&mut self, condition: Value, code: u8) {
        self.translator.builder.ins().trapnz(condition, code::built(code));
    }

    /// Ends the current block with a trap of this code ([`FuncBody::trap_if`]).
    ///
    /// # Panics
    ///
    /// Panics if `code` is not below 128.
    pub fn trap(&mut self, code: u8) {
        self.translator.builder.ins().trap(code::built(code));
    }

    /// Returns a 32-bit value as a word, zero-extended.
    pub fn word(&mut self, value: Value) -> Value {
        self.translator.builder.ins().uextend(types::I64, value)
    }

    fn index(&self, func: BuiltFunc) -> FuncIndex {
        func.index(self.translator.env.info.n_imported.funcs)
    }
}

fn with_context(vmctx: Value, args: &[Value]) -> Vec<Value> {
    let mut all = vec![vmctx];
    all.extend_from_slice(args);
    all
}
