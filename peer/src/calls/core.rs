//! The core modules of a case's component.

use std::sync::LazyLock;

use canonical_abi::layout::tuple_layout;
use canonical_abi::{CoreFuncType, CoreType, Direction, PtrType};
use wasm_encoder::{
    CodeSection, EntityType, ExportKind, ExportSection, Function, FunctionSection, ImportSection,
    InstructionSink, MemArg, MemArgTarget, MemoryType, Module, TypeSection, ValType,
};

use super::image::{GIVEN, POST_RETURNED, RECEIVED, SLOT_BYTES};
use super::shape::Shape;

/// Returns `libc.wat` as a binary.
pub(crate) fn libc_module() -> &'static [u8] {
    static LIBC: LazyLock<Vec<u8>> =
        LazyLock::new(|| wat::parse_str(include_str!("libc.wat")).expect("libc.wat is valid"));
    &LIBC
}

/// Returns a module whose `run` calls `f` with the core values that it was told to give, and writes
/// down its result.
pub(crate) fn caller_module(shape: &Shape) -> Module {
    let f = shape.core_type(Direction::Lower);
    let mut function = Function::new([]);
    let mut body = function.instructions();
    // the address of the store
    if !f.results.is_empty() {
        body.i32_const(0);
    }
    give(&mut body, &f.params);
    body.call(0);
    if let [result] = f.results[..] {
        store(&mut body, result, RECEIVED);
    }
    body.end();
    let nothing = CoreFuncType { params: vec![], results: vec![] };
    module(&[("b", "f", f)], &[("run", nothing, function)])
}

/// Returns a module whose `f` writes its parameters down and returns the core value that it was
/// told to give.
pub(crate) fn callee_module(shape: &Shape) -> Module {
    let f = shape.core_type(Direction::Lift);
    let mut function = Function::new([]);
    let mut body = function.instructions();
    for ((param, ty), slot) in (0..).zip(&f.params).zip((RECEIVED..).step_by(SLOT_BYTES)) {
        body.i32_const(0).local_get(param);
        store(&mut body, *ty, slot);
    }
    give(&mut body, &f.results);
    body.end();
    // `post` is given what `f` returned.
    let post = CoreFuncType { params: f.results.clone(), results: vec![] };
    let mut post_return = Function::new([]);
    let mut body = post_return.instructions();
    body.i32_const(0).i32_const(1);
    store(&mut body, CoreType::I32, POST_RETURNED);
    body.end();
    module(&[], &[("f", f, function), ("post", post, post_return)])
}

/// Returns a module whose `f` passes its parameters on to the `f` that it imports, and returns what
/// that returns.
pub(crate) fn forwarder_module(shape: &Shape) -> Module {
    let imported = shape.core_type(Direction::Lower);
    let exported = shape.core_type(Direction::Lift);
    let realloc = CoreFuncType { params: vec![CoreType::I32; 4], results: vec![CoreType::I32] };
    let to = u32::try_from(exported.params.len()).expect("a function has few parameters");
    let spills = imported.params.len() > exported.params.len();
    let mut function = Function::new([(1, ValType::I32)]);
    let mut body = function.instructions();
    if spills {
        let (size, align) = tuple_layout(&shape.types, shape.result.into_iter(), PtrType::I32);
        let size = i32::try_from(size).expect("results are small");
        body.i32_const(0).i32_const(0).i32_const(align.cast_signed()).i32_const(size).call(1).local_set(to);
    }
    for param in 0..to {
        body.local_get(param);
    }
    if spills {
        body.local_get(to);
    }
    body.call(0);
    if spills {
        body.local_get(to);
    }
    body.end();
    module(&[("b", "f", imported), ("libc", "realloc", realloc)], &[("f", exported, function)])
}

/// Pushes the core values to give.
fn give(body: &mut InstructionSink<'_>, types: &[CoreType]) {
    for (ty, slot) in types.iter().zip((GIVEN..).step_by(SLOT_BYTES)) {
        body.i32_const(0);
        let at = in_log(slot);
        match ty {
            CoreType::I32 => body.i32_load(at),
            CoreType::I64 => body.i64_load(at),
            CoreType::F32 => body.f32_load(at),
            CoreType::F64 => body.f64_load(at),
        };
    }
}

/// Writes a core value to a place of the log.
fn store(body: &mut InstructionSink<'_>, ty: CoreType, slot: u64) {
    let at = in_log(slot);
    match ty {
        CoreType::I32 => body.i32_store(at),
        CoreType::I64 => body.i64_store(at),
        CoreType::F32 => body.f32_store(at),
        CoreType::F64 => body.f64_store(at),
    };
}

fn in_log(offset: u64) -> MemArg {
    MemArg { offset, align: 0, target: MemArgTarget::Memory(0), ordering: None }
}

/// Returns a module with these imports, the memory of the log, and exported functions.
fn module(imported: &[(&str, &str, CoreFuncType)], exported: &[(&str, CoreFuncType, Function)]) -> Module {
    let mut types = TypeSection::new();
    let mut imports = ImportSection::new();
    let mut declare = |ty: &CoreFuncType| {
        let index = types.len();
        types.ty().function(ty.params.iter().map(core_type), ty.results.iter().map(core_type));
        index
    };
    for (module, name, ty) in imported {
        imports.import(module, name, EntityType::Function(declare(ty)));
    }
    let log =
        MemoryType { minimum: 4, maximum: Some(4), memory64: false, shared: false, page_size_log2: None };
    imports.import("libc", "log", log);
    let (mut functions, mut exports, mut code) =
        (FunctionSection::new(), ExportSection::new(), CodeSection::new());
    let n_imported = u32::try_from(imported.len()).expect("a module imports few functions");
    for ((name, ty, function), index) in exported.iter().zip(n_imported..) {
        functions.function(declare(ty));
        exports.export(name, ExportKind::Func, index);
        code.function(function);
    }
    let mut module = Module::new();
    module.section(&types).section(&imports).section(&functions).section(&exports).section(&code);
    module
}

fn core_type(ty: &CoreType) -> ValType {
    match ty {
        CoreType::I32 => ValType::I32,
        CoreType::I64 => ValType::I64,
        CoreType::F32 => ValType::F32,
        CoreType::F64 => ValType::F64,
    }
}
