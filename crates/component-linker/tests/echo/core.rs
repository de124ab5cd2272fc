//! The core modules of a test's component.

use canonical_abi::flatten::flat_count;
use canonical_abi::layout::{align_to, layout};
use canonical_abi::{CoreType, PtrType, Types, flatten_type};
use wasm_encoder::{
    CodeSection, ConstExpr, EntityType, ExportKind, ExportSection, Function, FunctionSection, GlobalSection,
    GlobalType, ImportSection, InstructionSink, MemorySection, MemoryType, Module, TypeSection, ValType,
};

/// Returns a module with a memory and a `realloc` that only ever takes more.
pub(crate) fn libc_module() -> Module {
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32; 4], [ValType::I32]);
    let mut functions = FunctionSection::new();
    functions.function(0);
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: 64,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut globals = GlobalSection::new();
    let next = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
    globals.global(next, &ConstExpr::i32_const(8));
    let mut exports = ExportSection::new();
    exports.export("memory", ExportKind::Memory, 0).export("realloc", ExportKind::Func, 0);
    let mut code = CodeSection::new();
    code.function(&realloc());
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&memories).section(&globals);
    module.section(&exports).section(&code);
    module
}

/// `(param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)`
fn realloc() -> Function {
    let (old, old_size, align, size, at) = (0, 1, 2, 3, 4);
    let mut function = Function::new([(1, ValType::I32)]);
    let mut body = function.instructions();
    // at = (next + align - 1) & -align
    body.global_get(0).local_get(align).i32_const(1).i32_sub().i32_add();
    body.i32_const(0).local_get(align).i32_sub().i32_and().local_set(at);
    body.local_get(at).local_get(size).i32_add().global_set(0);
    // copy min(old-size, size) bytes
    body.local_get(at).local_get(old);
    body.local_get(old_size).local_get(size).local_get(old_size).local_get(size).i32_lt_u().select();
    body.memory_copy(0, 0);
    body.local_get(at).end();
    function
}

/// Returns a module whose `echo` gives back its only parameter, or the place of the value among the
/// parameters in memory.
pub(crate) fn direct_module(types: &Types, ty: canonical_abi::ValType, padded: bool) -> Module {
    let mut function = Function::new([]);
    let mut body = function.instructions();
    body.local_get(0);
    if padded {
        let offset = align_to(1, layout(types, ty, PtrType::I32).align());
        body.i32_const(i32::try_from(offset).unwrap()).i32_add();
    }
    body.end();
    let flat = flat_params(types, ty, padded);
    echo_module(vec![], (flat.clone(), flat), &function)
}

/// Returns a module whose `echo` calls `echo` of the host with the parameters it got, and gives
/// back what it gets.
pub(crate) fn forwarding_module(types: &Types, ty: canonical_abi::ValType, padded: bool) -> Module {
    let params = flat_params(types, ty, padded);
    let n_params = u32::try_from(params.len()).unwrap();
    let mut callee = Signature::from((params.clone(), vec![]));
    if flat_count(types, ty) == 1 {
        callee.1 = flat_params(types, ty, false);
        let results = callee.1.clone();
        let mut function = Function::new([]);
        let mut body = function.instructions();
        pass_params(&mut body, n_params);
        body.call(0).end();
        return echo_module(vec![("host", "echo", callee)], (params, results), &function);
    }
    callee.0.push(ValType::I32);
    let realloc = (vec![ValType::I32; 4], vec![ValType::I32]);
    let value = layout(types, ty, PtrType::I32);
    let to = n_params;
    let mut function = Function::new([(1, ValType::I32)]);
    let mut body = function.instructions();
    body.i32_const(0).i32_const(0).i32_const(value.align().cast_signed());
    body.i32_const(value.size().cast_signed()).call(1).local_set(to);
    pass_params(&mut body, n_params);
    body.local_get(to).call(0).local_get(to).end();
    let imports = vec![("host", "echo", callee), ("libc", "realloc", realloc)];
    echo_module(imports, (params, vec![ValType::I32]), &function)
}

fn pass_params(body: &mut InstructionSink<'_>, n_params: u32) {
    for param in 0..n_params {
        body.local_get(param);
    }
}

/// The parameters and results of a core function.
type Signature = (Vec<ValType>, Vec<ValType>);

/// Returns a module that exports one function, `echo`.
fn echo_module(imported: Vec<(&str, &str, Signature)>, echo: Signature, function: &Function) -> Module {
    let mut types = TypeSection::new();
    let mut imports = ImportSection::new();
    for (module, name, (params, results)) in imported {
        let ty = types.len();
        types.ty().function(params, results);
        imports.import(module, name, EntityType::Function(ty));
    }
    let index = imports.len();
    types.ty().function(echo.0, echo.1);
    let mut functions = FunctionSection::new();
    functions.function(index);
    let mut exports = ExportSection::new();
    exports.export("echo", ExportKind::Func, index);
    let mut code = CodeSection::new();
    code.function(function);
    let mut module = Module::new();
    module.section(&types).section(&imports).section(&functions).section(&exports).section(&code);
    module
}

/// The core types of the parameters.
fn flat_params(types: &Types, ty: canonical_abi::ValType, padded: bool) -> Vec<ValType> {
    if padded || flat_count(types, ty) > 16 {
        return vec![ValType::I32];
    }
    let flat = flatten_type(types, ty, PtrType::I32);
    let core_type = |ty: &CoreType| match ty {
        CoreType::I32 => ValType::I32,
        CoreType::I64 => ValType::I64,
        CoreType::F32 => ValType::F32,
        CoreType::F64 => ValType::F64,
    };
    flat.iter().map(core_type).collect()
}
