//! Compilation: translated functions become one position-independent text and its tables, as plain
//! data.
//!
//! Calls between functions of the text are relative to the program counter; everything outside of
//! it is reached through the context pointer. The text can therefore be loaded anywhere.

pub(crate) mod artifact;
pub(crate) mod built;
pub(crate) mod cost;
pub(crate) mod schedule;
pub(crate) mod settings;

use std::ops::Range;

use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::{ExternalName, Function, SourceLoc};
use cranelift_codegen::isa::TargetIsa;
use cranelift_codegen::{
    CodegenError, Context, ExceptionContextLoc, Final, FinalizedMachExceptionHandler, FinalizedMachReloc,
    FinalizedRelocTarget, MachBufferFinalized,
};
use cranelift_frontend::FunctionBuilderContext;
use wasmparser::FunctionBody;

use crate::compile::schedule::{Schedule, Worker, body_bytes};
use crate::compile::settings::{Level, Levels};
use crate::error::{Error, ErrorKind, Result};
use crate::module::index::to_u32;
use crate::module::info::ModuleInfo;
use crate::module::types::FuncType;
use crate::translate::{self, BuildFn, Chains, Env, trampoline};
use crate::vm::compiled::{Address, Chain, Compiled, FuncRange, StackMap, TrapSite, TryCall};
use crate::vm::trampoline::TrampolineKind;

/// One function's code before it has a place in the text.
pub(crate) struct CompiledFunc {
    bytes: Vec<u8>,
    align: u32,
    /// Offsets are in the function's bytes, as below.
    traps: Vec<TrapSite>,
    addresses: Vec<Address>,
    calls: Vec<Call>,
    try_calls: Vec<TryCall>,
    chains: Chains,
    stack_maps: Vec<StackMap>,
    roots: Vec<u32>,
}

/// A place in a function's bytes that refers to another function of the text.
struct Call {
    offset: u32,
    kind: Reloc,
    addend: i64,
    /// Position of the callee among the functions of the text.
    callee: u32,
}

/// Translates and compiles a module's function bodies.
///
/// # Errors
///
/// Fails like [`schedule::functions`].
pub(crate) fn module(
    env: &Env<'_>,
    bodies: Vec<FunctionBody<'_>>,
    schedule: &Schedule<'_>,
) -> Result<Compiled> {
    assemble(env.isa(), schedule::functions(env, bodies, schedule)?)
}

/// Builds and compiles the functions of a built module.
///
/// # Errors
///
/// Fails if Cranelift refuses one. What its verifier refuses is the builder's mistake.
pub(crate) fn built_functions(
    env: &Env<'_>,
    levels: Levels<'_>,
    builders: &[BuildFn<'_>],
) -> Result<Vec<CompiledFunc>> {
    let mut builder_context = FunctionBuilderContext::new();
    let mut context = Context::new();
    let mut funcs = Vec::with_capacity(builders.len());
    for (position, build) in builders.iter().enumerate() {
        let chains = build_function(env, position, build, &mut context, &mut builder_context)?;
        let isa = levels.isa(Level::Full, &context.func, 0);
        funcs.push(compile(isa, &mut context, chains)?);
    }
    Ok(funcs)
}

/// Builds the functions of a built module and returns their Cranelift IR.
///
/// # Errors
///
/// Fails like [`built_functions`].
pub(crate) fn built_ir(env: &Env<'_>, builders: &[BuildFn<'_>]) -> Result<Vec<String>> {
    let mut builder_context = FunctionBuilderContext::new();
    let mut context = Context::new();
    let ir = |(position, build)| {
        build_function(env, position, build, &mut context, &mut builder_context)?;
        Ok(context.func.display().to_string())
    };
    builders.iter().enumerate().map(ir).collect()
}

fn build_function(
    env: &Env<'_>,
    position: usize,
    build: &BuildFn<'_>,
    context: &mut Context,
    builder_context: &mut FunctionBuilderContext,
) -> Result<Chains> {
    context.clear();
    let chains = translate::built_function(env, position, build, &mut context.func, builder_context);
    context.verify_if(env.isa()).map_err(|errors| {
        let name = env.info().name.as_deref().unwrap_or_default();
        Error::new(ErrorKind::Invalid, format!("function {position} built for `{name}`: {errors}"))
    })?;
    Ok(chains)
}

/// Compiles a trampoline of a function type.
///
/// # Errors
///
/// Fails if Cranelift refuses the type.
pub(crate) fn trampoline(isa: &dyn TargetIsa, ty: &FuncType, kind: TrampolineKind) -> Result<Compiled> {
    let mut context = Context::new();
    trampoline::make(kind, isa, ty, &mut context.func, &mut FunctionBuilderContext::new());
    assemble(isa, vec![compile(isa, &mut context, Chains::default())?])
}

/// Compiles one function body, of the function at `position`, whose calls of others are through its
/// context.
///
/// # Errors
///
/// Fails like [`module`].
pub(crate) fn one(
    env: &Env<'_>,
    levels: Levels<'_>,
    wanted: Level,
    position: usize,
    body: &FunctionBody<'_>,
) -> Result<Compiled> {
    assemble(env.isa(), vec![Worker::new().compile(env, levels, wanted, position, body)?])
}

/// A function's Cranelift IR and machine code ([`Module::listings`](crate::Module::listings)).
#[derive(Clone, Debug)]
pub struct FuncListing {
    /// Position in the module's function index space.
    pub index: u32,
    /// Name, from the name section.
    pub name: Option<String>,
    /// Type.
    pub ty: FuncType,
    /// The bytes of the body in the module: its locals and operators. None for a built function.
    pub body: Range<u64>,
    /// The Cranelift IR as it was translated, before any optimisation.
    pub clif: String,
    /// The machine code as text, one instruction a line.
    pub asm: String,
    /// Bytes of machine code.
    pub n_code_bytes: usize,
}

/// Compiles a module's function bodies and returns the IR and machine code of each.
///
/// # Errors
///
/// Fails like [`module`].
pub(crate) fn listings(
    env: &Env<'_>,
    levels: Levels<'_>,
    bodies: Vec<FunctionBody<'_>>,
) -> Result<Vec<FuncListing>> {
    bodies.iter().enumerate().map(|(position, body)| listing(env, levels, position, body)).collect()
}

/// Compiles the body of the function at `position` and returns its IR and machine code.
///
/// # Errors
///
/// Fails like [`module`].
pub(crate) fn listing(
    env: &Env<'_>,
    levels: Levels<'_>,
    position: usize,
    body: &FunctionBody<'_>,
) -> Result<FuncListing> {
    let mut context = Context::new();
    context.set_disasm(true);
    let chains =
        translate::function(env, position, body, &mut context.func, &mut FunctionBuilderContext::new())?;
    let clif = context.func.display().to_string();
    let isa = levels.isa(Level::Full, &context.func, body_bytes(body));
    let compiled = compile(isa, &mut context, chains).map_err(|e| e.at(body.range().start))?;
    Ok(listing_of(env.info(), position, body.range(), clif, &context, &compiled))
}

/// Builds and compiles the functions of a built module and returns the IR and machine code of each.
///
/// # Errors
///
/// Fails like [`built_functions`].
pub(crate) fn built_listings(
    env: &Env<'_>,
    levels: Levels<'_>,
    builders: &[BuildFn<'_>],
) -> Result<Vec<FuncListing>> {
    let mut builder_context = FunctionBuilderContext::new();
    let mut context = Context::new();
    let mut listings = Vec::with_capacity(builders.len());
    for (position, build) in builders.iter().enumerate() {
        context.set_disasm(true);
        let chains = build_function(env, position, build, &mut context, &mut builder_context)?;
        let clif = context.func.display().to_string();
        let isa = levels.isa(Level::Full, &context.func, 0);
        let compiled = compile(isa, &mut context, chains)?;
        listings.push(listing_of(env.info(), position, 0..0, clif, &context, &compiled));
    }
    Ok(listings)
}

fn listing_of(
    info: &ModuleInfo,
    position: usize,
    body: Range<u64>,
    clif: String,
    context: &Context,
    compiled: &CompiledFunc,
) -> FuncListing {
    let index = info.func_index_of_code(position);
    FuncListing {
        index: index.0,
        name: info.func_names.get(&index).cloned(),
        ty: info.func_type(index).clone(),
        body,
        clif,
        asm: context.compiled_code().and_then(|code| code.vcode.clone()).unwrap_or_default(),
        n_code_bytes: compiled.bytes.len(),
    }
}

/// Compiles the function that the context holds, whose exception tables name these chains.
pub(crate) fn compile(isa: &dyn TargetIsa, context: &mut Context, chains: Chains) -> Result<CompiledFunc> {
    let code = context.compile(isa, &mut ControlPlane::default()).map_err(|e| refused(&e.inner))?;
    let buffer = &code.buffer;
    let mut addresses = vec![Address { code_offset: 0, module_offset: None }];
    addresses.extend(buffer.get_srclocs_sorted().iter().map(|location| Address {
        code_offset: location.start,
        module_offset: (location.loc != SourceLoc::default()).then(|| location.loc.bits()),
    }));
    let (bytes, align) = (buffer.data().to_vec(), isa.function_alignment().minimum.max(buffer.alignment));
    let traps = buffer.traps().iter().map(|t| TrapSite { offset: t.offset, code: t.code }).collect();
    let try_calls = try_calls(buffer);
    let (stack_maps, roots) = stack_maps(buffer);
    let relocs = buffer.relocs().to_vec();
    let calls = relocs.iter().map(|reloc| call(&context.func, reloc)).collect();
    Ok(CompiledFunc { bytes, align, traps, addresses, calls, try_calls, chains, stack_maps, roots })
}

/// Returns the calls with handlers that name a chain: those of wasm code. (The entry trampoline's
/// handler is for any trap and is found through the VM state.)
fn try_calls(buffer: &MachBufferFinalized<Final>) -> Vec<TryCall> {
    let mut try_calls = Vec::new();
    for site in buffer.call_sites() {
        let mut context_sp_offset = None;
        for handler in site.exception_handlers {
            match *handler {
                FinalizedMachExceptionHandler::Context(ExceptionContextLoc::SPOffset(offset)) => {
                    context_sp_offset = Some(offset);
                }
                FinalizedMachExceptionHandler::Context(ExceptionContextLoc::GPR(_)) => {
                    panic!("the convention of wasm calls keeps no register")
                }
                FinalizedMachExceptionHandler::Tag(chain, landing) => try_calls.push(TryCall {
                    return_offset: site.ret_addr,
                    frame_bytes: site
                        .frame_offset
                        .expect("the back ends of both targets say the frame's size"),
                    context_sp_offset: context_sp_offset.expect("the context comes first"),
                    chain: chain.as_u32(),
                    landing,
                }),
                FinalizedMachExceptionHandler::Default(_) => {}
            }
        }
    }
    try_calls
}

/// Returns the stack maps, whose places Cranelift counts from the stack pointer at the call.
fn stack_maps(buffer: &MachBufferFinalized<Final>) -> (Vec<StackMap>, Vec<u32>) {
    let (mut stack_maps, mut roots) = (Vec::new(), Vec::new());
    for (return_offset, frame_bytes, map) in buffer.user_stack_maps() {
        let start = to_u32(roots.len());
        roots.extend(map.entries().map(|(_, sp_offset)| frame_bytes - sp_offset));
        stack_maps.push(StackMap { return_offset: *return_offset, roots: start..to_u32(roots.len()) });
    }
    (stack_maps, roots)
}

fn call(func: &Function, reloc: &FinalizedMachReloc) -> Call {
    let FinalizedRelocTarget::ExternalName(ExternalName::User(name)) = reloc.target else {
        panic!("the translator refers to functions of the text only, not to {:?}", reloc.target);
    };
    let callee = func.params.user_named_funcs()[name].index;
    Call { offset: reloc.offset, kind: reloc.kind, addend: reloc.addend, callee }
}

/// Returns the error for a function that Cranelift refuses, which it does to a valid one only for
/// its size.
///
/// # Panics
///
/// Panics if the verifier refused it: then the translator has a bug.
#[cold]
fn refused(error: &CodegenError) -> Error {
    assert!(!matches!(error, CodegenError::Verifier(_)), "the translator makes valid code: {error:?}");
    Error::new(ErrorKind::Limit, format!("Cranelift refused the function: {error}"))
}

/// Puts functions into one text, in order, and resolves the calls between them.
///
/// # Errors
///
/// Fails if the text exceeds 4 GiB.
pub(crate) fn assemble(isa: &dyn TargetIsa, funcs: Vec<CompiledFunc>) -> Result<Compiled> {
    let mut text = isa.text_section_builder(funcs.len());
    let mut control = ControlPlane::default();
    let mut compiled = Compiled::default();
    for func in funcs {
        let start = text.append(true, &func.bytes, func.align, &mut control);
        let end = u32::try_from(start + func.bytes.len() as u64)
            .map_err(|_| Error::limit("a module's code exceeds 4 GiB"))?;
        let start = end - to_u32(func.bytes.len());
        compiled.funcs.push(FuncRange { start, end });
        compiled.traps.extend(func.traps.iter().map(|t| TrapSite { offset: start + t.offset, ..*t }));
        let addresses = func.addresses.iter();
        compiled.addresses.extend(addresses.map(|a| Address { code_offset: start + a.code_offset, ..*a }));
        let first = to_u32(compiled.chains.len());
        compiled.try_calls.extend(func.try_calls.into_iter().map(|call| TryCall {
            return_offset: start + call.return_offset,
            chain: first + call.chain,
            landing: start + call.landing,
            ..call
        }));
        let first_catch = to_u32(compiled.catches.len());
        compiled.chains.extend(func.chains.chains.into_iter().map(|chain| Chain {
            catches: first_catch + chain.catches.start..first_catch + chain.catches.end,
            outer: chain.outer.map(|outer| first + outer),
            ..chain
        }));
        compiled.catches.extend(func.chains.catches);
        let first = to_u32(compiled.roots.len());
        compiled.stack_maps.extend(func.stack_maps.into_iter().map(|map| StackMap {
            return_offset: start + map.return_offset,
            roots: first + map.roots.start..first + map.roots.end,
        }));
        compiled.roots.extend(func.roots);
        for call in func.calls {
            let offset = u64::from(start + call.offset);
            let resolved = text.resolve_reloc(offset, call.kind, call.addend, call.callee as usize);
            assert!(resolved, "calls within the text use relocations relative to the program counter");
        }
    }
    compiled.text = text.finish(&mut control);
    Ok(compiled)
}
