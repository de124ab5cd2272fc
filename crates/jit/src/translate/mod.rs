//! From WebAssembly operators to Cranelift IR, one function at a time.
//! Follows the core specification, "Execution: Instructions".
//!
//! A wasm function takes its instance's block (the context) before its own parameters and has the
//! calling convention `Tail`, which tail calls need. References are 64-bit words. Bodies come from
//! a validated module, so that the translator may rely on types and nesting.

mod access;
mod atomic;
mod built;
mod bulk;
mod call;
mod control;
mod exception;
mod interrupt;
mod locals;
mod numeric;
mod operator;
mod simd;
pub(crate) mod trampoline;

use std::collections::HashMap;

use cranelift_codegen::ir::{
    self, AbiParam, ArgumentPurpose, FuncRef, Function, GlobalValue, GlobalValueData, InstBuilder,
    MemFlagsData, SigRef, Signature, SourceLoc, Type, UserExternalName, UserFuncName, Value, types,
};
use cranelift_codegen::isa::{CallConv, TargetIsa};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use wasmparser::FunctionBody;

use crate::error::Result;
use crate::module::decode;
use crate::module::index::{FuncIndex, TypeIndex, to_u32};
use crate::module::info::ModuleInfo;
use crate::module::types::{FuncType, ValType};
use crate::vm::layout::{self, VmLayout};
use crate::vm::offsets;

pub(crate) use built::{BuildFn, built_function};
pub use built::{BuiltFunc, BuiltGlobal, BuiltMemory, BuiltTable, FuncBody};
use control::Control;
pub(crate) use exception::Chains;
use exception::Landing;
use locals::{Frame, Local};

/// Type of addresses and references: the crate runs on 64-bit targets only.
const WORD: Type = types::I64;

/// What the translation of every function of a module needs.
pub(crate) struct Env<'a> {
    isa: &'a dyn TargetIsa,
    info: &'a ModuleInfo,
    layout: &'a VmLayout,
    interruption: Interruption,
    relaxed: Relaxed,
    /// [`CodeOptions::guards_speculation`].
    guards_speculation: bool,
    /// Whether functions are compiled one by one: calls of the module's own go through their
    /// references.
    lazy: bool,
    /// The module's place in its unit, if its code becomes one text with that of others.
    links: Option<&'a Links>,
}

/// A module's place in a unit.
#[derive(Debug, Default)]
pub(crate) struct Links {
    /// Position of its first function among those of the unit.
    pub(crate) first: u32,
    /// Positions of the functions that imports are connected to.
    pub(crate) connected: HashMap<FuncIndex, u32>,
}

/// How compiled code may be interrupted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Interruption {
    pub(crate) epochs: bool,
    pub(crate) fuel: bool,
}

/// What the code of a module depends on besides the module and the target.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct CodeOptions {
    pub(crate) interruption: Interruption,
    /// Whether relaxed vector instructions do what is fastest here, and not the same everywhere.
    pub(crate) native_relaxed_simd: bool,
    /// Whether the checks of bounds hold in speculation too.
    pub(crate) guards_speculation: bool,
}

/// Which instructions of the target serve for relaxed vector instructions.
#[derive(Clone, Copy)]
struct Relaxed {
    /// Multiplication and addition that round once.
    fused: bool,
    /// x86-64's shuffle of bytes and its rounding multiplication.
    x86: bool,
}

impl Relaxed {
    fn new(isa: &dyn TargetIsa, options: CodeOptions) -> Self {
        let native = options.native_relaxed_simd;
        let x86 = isa.name() == "x64";
        let has_fma =
            isa.isa_flags().iter().any(|flag| flag.name == "has_fma" && flag.as_bool() == Some(true));
        Self { fused: native && (has_fma || !x86), x86: native && x86 }
    }
}

impl<'a> Env<'a> {
    /// Returns the environment of a module.
    pub(crate) fn new(
        isa: &'a dyn TargetIsa,
        info: &'a ModuleInfo,
        layout: &'a VmLayout,
        options: CodeOptions,
    ) -> Self {
        let relaxed = Relaxed::new(isa, options);
        let CodeOptions { interruption, guards_speculation, .. } = options;
        Self { isa, info, layout, interruption, relaxed, guards_speculation, lazy: false, links: None }
    }

    /// Returns the same for functions that are compiled one by one.
    pub(crate) fn lazy(self) -> Self {
        Self { lazy: true, ..self }
    }

    /// Returns the same for a module of a unit.
    pub(crate) fn in_unit(self, links: &'a Links) -> Self {
        Self { links: Some(links), ..self }
    }

    /// Returns the position in the text of a function that the code may call there: one that the
    /// module defines, or that its import is connected to.
    fn position_in_text(&self, func: FuncIndex) -> Option<u32> {
        match self.info.code_position(func) {
            Some(position) => Some(self.links.map_or(0, |links| links.first) + to_u32(position)),
            None => self.links?.connected.get(&func).copied(),
        }
    }

    /// Returns the module.
    pub(crate) fn info(&self) -> &'a ModuleInfo {
        self.info
    }

    /// Returns the target.
    pub(crate) fn isa(&self) -> &'a dyn TargetIsa {
        self.isa
    }
}

/// State of the translation of one function.
///
/// Invariant: while `reachable`, `stack` holds the operands as the validator types them. While not,
/// the operands above the innermost frame's height are meaningless and nothing is emitted.
struct Translator<'a, 'f> {
    env: &'a Env<'a>,
    builder: FunctionBuilder<'f>,
    vmctx: Value,
    locals: Vec<Local>,
    /// Where those are that lie in the frame, if any do.
    frame: Option<Frame>,
    stack: Vec<Value>,
    control: Vec<Control>,
    reachable: bool,
    /// Fuel for operators that is not subtracted yet.
    fuel_counted: i64,
    signatures: HashMap<TypeIndex, SigRef>,
    funcs: HashMap<FuncIndex, FuncRef>,
    builtins: HashMap<usize, SigRef>,
    /// The chains so far.
    chains: Chains,
    /// What sees an exception that is thrown here.
    landing: Option<Landing>,
}

/// Translates the body of the defined function at `position` into `func`, which is empty.
///
/// # Errors
///
/// Fails on what is not compiled yet.
pub(crate) fn function(
    env: &Env<'_>,
    position: usize,
    body: &FunctionBody<'_>,
    func: &mut Function,
    context: &mut FunctionBuilderContext,
) -> Result<Chains> {
    let ty = env.info.func_type(env.info.func_index_of_code(position));
    let (mut translator, params) = Translator::start(env, position, func, context);
    translator.place_locals(body, params.len())?;
    for (&param, &ty) in params.iter().zip(&ty.params) {
        translator.declare_local(ty, param);
    }
    translator.declare_locals(body)?;
    translator.check_interrupt();
    translator.operators(ty, body)?;
    let chains = std::mem::take(&mut translator.chains);
    translator.builder.finalize(env.isa.frontend_config());
    Ok(chains)
}

/// Returns the Cranelift type of values of a type.
fn cl_type(ty: ValType) -> Type {
    match ty {
        ValType::I32 => types::I32,
        ValType::I64 => types::I64,
        ValType::F32 => types::F32,
        ValType::F64 => types::F64,
        ValType::V128 => types::I8X16,
        ValType::Ref(_) => WORD,
    }
}

/// Returns the signature of wasm functions of a type.
fn wasm_signature(ty: &FuncType) -> Signature {
    let mut signature = Signature::new(CallConv::Tail);
    signature.params.push(AbiParam::special(WORD, ArgumentPurpose::VMContext));
    signature.params.extend(ty.params.iter().map(|&ty| AbiParam::new(cl_type(ty))));
    signature.returns.extend(ty.results.iter().map(|&ty| AbiParam::new(cl_type(ty))));
    signature
}

/// Declares the stack limit, which the prologue loads through the context and the VM state.
fn stack_limit(func: &mut Function) -> GlobalValue {
    let flags = func.dfg.mem_flags.insert(fixed()).expect("a function starts without flags");
    let vmctx = func.create_global_value(GlobalValueData::VMContext);
    let mut load = |base, offset: i32| {
        let offset = ir::immediates::Offset32::new(offset);
        func.create_global_value(GlobalValueData::Load { base, offset, global_type: WORD, flags })
    };
    let store = load(vmctx, layout::STORE.cast_signed());
    load(store, offsets::STORE_STACK_LIMIT)
}

/// Returns the flags of accesses to cells that are always valid.
fn cell() -> MemFlagsData {
    MemFlagsData::trusted()
}

/// Returns the flags of loads of what never changes, through a pointer that is always valid: they
/// may move anywhere in the function.
fn fixed() -> MemFlagsData {
    constant().with_can_move()
}

/// Returns the flags of loads of what never changes, through a pointer that a check before it makes
/// valid.
fn constant() -> MemFlagsData {
    MemFlagsData::trusted().with_readonly()
}

impl<'a, 'f> Translator<'a, 'f> {
    /// Starts the defined function at `position` and returns its parameters.
    fn start(
        env: &'a Env<'a>,
        position: usize,
        func: &'f mut Function,
        context: &'f mut FunctionBuilderContext,
    ) -> (Self, Vec<Value>) {
        let index = env.info.func_index_of_code(position);
        func.name = UserFuncName::user(0, index.0);
        func.signature = wasm_signature(env.info.func_type(index));
        func.stack_limit = Some(stack_limit(func));
        let mut builder = FunctionBuilder::new(func, context);
        let entry = builder.create_block();
        builder.append_block_params_for_function_params(entry);
        builder.switch_to_block(entry);
        builder.seal_block(entry);
        let mut params = builder.block_params(entry).to_vec();
        let translator = Self {
            env,
            builder,
            vmctx: params.remove(0),
            locals: Vec::new(),
            frame: None,
            stack: Vec::new(),
            control: Vec::new(),
            reachable: true,
            fuel_counted: 0,
            signatures: HashMap::new(),
            funcs: HashMap::new(),
            builtins: HashMap::new(),
            chains: Chains::default(),
            landing: None,
        };
        (translator, params)
    }
}

impl Translator<'_, '_> {
    fn push(&mut self, value: Value) {
        self.stack.push(value);
    }

    /// Makes collection find a value of type `ty` on the frame during each call at which it is
    /// live. Every value of a traced type is declared where it is made, except for nulls.
    fn trace(&mut self, value: Value, ty: ValType) {
        if ty.is_traced() {
            self.builder.declare_value_needs_stack_map(value);
        }
    }

    /// Like `trace`, of several values.
    fn trace_all(&mut self, values: &[Value], types: &[ValType]) {
        for (&value, &ty) in values.iter().zip(types) {
            self.trace(value, ty);
        }
    }

    /// Like `push`, of a value that may be traced.
    fn push_traced(&mut self, value: Value, ty: ValType) {
        self.trace(value, ty);
        self.push(value);
    }

    fn pop(&mut self) -> Value {
        self.stack.pop().expect("a validated operator has its operands")
    }

    /// Pops `N` operands; the last one is the topmost.
    fn pop_n<const N: usize>(&mut self) -> [Value; N] {
        let mut values = [Value::from_u32(0); N];
        for value in values.iter_mut().rev() {
            *value = self.pop();
        }
        values
    }

    /// Returns a word of the instance's block that never changes.
    fn block_word(&mut self, offset: u32) -> Value {
        let vmctx = self.vmctx;
        self.builder.ins().load(WORD, fixed(), vmctx, offset32(offset))
    }

    /// Returns the zero or null value of a type.
    fn zero(&mut self, ty: ValType) -> Value {
        let ins = self.builder.ins();
        match ty {
            ValType::I32 => ins.iconst(types::I32, 0),
            ValType::I64 | ValType::Ref(_) => ins.iconst(WORD, 0),
            ValType::F32 => ins.f32const(0.0),
            ValType::F64 => ins.f64const(0.0),
            ValType::V128 => self.zero_vector(types::I8X16),
        }
    }

    fn signature(&mut self, ty: TypeIndex) -> SigRef {
        let (types, builder) = (&self.env.info.types, &mut self.builder);
        *self
            .signatures
            .entry(ty)
            .or_insert_with(|| builder.import_signature(wasm_signature(types[ty.pos()].func())))
    }

    /// Returns the reference for direct calls of a function of the text.
    fn func_ref(&mut self, func: FuncIndex, position: u32) -> FuncRef {
        if let Some(&known) = self.funcs.get(&func) {
            return known;
        }
        let signature = self.signature(self.env.info.funcs[func.pos()]);
        let name = self.builder.func.declare_imported_user_function(UserExternalName::new(0, position));
        let name = ir::ExternalName::user(name);
        let reference = self.builder.import_function(ir::ExtFuncData {
            name,
            signature,
            colocated: true,
            patchable: false,
        });
        self.funcs.insert(func, reference);
        reference
    }

    fn declare_locals(&mut self, body: &FunctionBody<'_>) -> Result<()> {
        let mut reader = body.get_locals_reader()?;
        for _ in 0..reader.get_count() {
            let offset = reader.original_position();
            let (count, ty) = reader.read()?;
            let ty = decode::val_type(&self.env.info.types, ty).map_err(|e| e.at(offset))?;
            let zero = self.zero(ty);
            for _ in 0..count {
                self.declare_local(ty, zero);
            }
        }
        Ok(())
    }

    fn operators(&mut self, ty: &FuncType, body: &FunctionBody<'_>) -> Result<()> {
        self.enter_function(ty);
        let mut reader = body.get_operators_reader()?;
        while !reader.eof() {
            let (op, offset) = reader.read_with_offset()?;
            let location = u32::try_from(offset).map_or(SourceLoc::default(), SourceLoc::new);
            self.builder.set_srcloc(location);
            self.operator(&op).map_err(|e| e.at(offset))?;
        }
        reader.finish()?;
        Ok(())
    }
}

/// Converts an offset in an instance's block to Cranelift's form.
fn offset32(offset: u32) -> i32 {
    i32::try_from(offset).expect("an instance's block is smaller than 2 GiB")
}
