//! The component of a test: libc, the echoing core module, and what each [`Route`] puts around
//! them.

use canonical_abi::flatten::flat_count;
use canonical_abi::{Types, ValType};
use wasm_encoder::{
    Alias, CanonicalOption, ComponentBuilder, ComponentExportKind, ComponentTypeRef, ComponentValType,
    ExportKind, ModuleArg, PrimitiveValType,
};

use crate::core::{direct_module, forwarding_module, libc_module};
use crate::declare::Declared;
use crate::{Route, Shape};

/// How many `u64` follow the value: enough to have all parameters passed in memory.
pub(crate) const N_PADDING: u64 = 16;

/// The core function itself can only give back a value that is one core value or lies in memory.
pub(crate) fn is_padded(types: &Types, ty: ValType, shape: Shape) -> bool {
    match shape.route {
        Route::Direct | Route::ViaComponent | Route::ViaInstance => flat_count(types, ty) > 1,
        Route::ViaHost => shape.padded,
    }
}

/// What a component is made for.
#[derive(Clone, Copy)]
struct Echo<'a> {
    types: &'a Types,
    ty: ValType,
    padded: bool,
}

/// Returns the binary of a component that exports `echo` for values of `ty`.
pub(crate) fn echo_component(types: &Types, ty: ValType, shape: Shape) -> Vec<u8> {
    let echo = Echo { types, ty, padded: is_padded(types, ty, shape) };
    let mut builder = ComponentBuilder::default();
    let mut declared = Declared::new(types);
    match shape.route {
        Route::Direct => direct(&mut builder, &mut declared, echo, shape.outer_encoding),
        Route::ViaHost | Route::ViaInstance => {
            let func_type = func_type(&mut builder, &mut declared, echo);
            let host = builder.import("echo", ComponentTypeRef::Func(func_type));
            forward(&mut builder, echo, func_type, host, shape.outer_encoding);
        }
        Route::ViaComponent => {
            let func_type = func_type(&mut builder, &mut declared, echo);
            let mut inner = ComponentBuilder::default();
            direct(&mut inner, &mut Declared::new(types), echo, shape.inner_encoding);
            let inner = builder.component(None, inner);
            let args = declared.names().map(|(name, ty)| (name, ComponentExportKind::Type, ty));
            let args: Vec<_> = args.collect();
            let inner = builder.instantiate(None, inner, args);
            let callee = builder.alias_export(inner, "echo", ComponentExportKind::Func);
            forward(&mut builder, echo, func_type, callee, shape.outer_encoding);
        }
    }
    builder.finish()
}

/// Adds an `echo` whose core function gives the value back itself.
fn direct(
    builder: &mut ComponentBuilder,
    declared: &mut Declared<'_>,
    echo: Echo<'_>,
    encoding: CanonicalOption,
) {
    let func_type = func_type(builder, declared, echo);
    let libc = Libc::new(builder);
    let module = builder.core_module(None, &direct_module(echo.types, echo.ty, echo.padded));
    let instance = builder.core_instantiate(None, module, [("libc", ModuleArg::Instance(libc.instance))]);
    export_lifted(builder, &libc, instance, func_type, encoding);
}

/// Adds an `echo` that calls `callee` with its parameters.
fn forward(
    builder: &mut ComponentBuilder,
    echo: Echo<'_>,
    func_type: u32,
    callee: u32,
    encoding: CanonicalOption,
) {
    let libc = Libc::new(builder);
    let lowered = builder.lower_func(None, callee, libc.options(encoding));
    let host = builder.core_instantiate_exports(None, [("echo", ExportKind::Func, lowered)]);
    let module = builder.core_module(None, &forwarding_module(echo.types, echo.ty, echo.padded));
    let args = [("libc", ModuleArg::Instance(libc.instance)), ("host", ModuleArg::Instance(host))];
    let instance = builder.core_instantiate(None, module, args);
    export_lifted(builder, &libc, instance, func_type, encoding);
}

fn export_lifted(
    builder: &mut ComponentBuilder,
    libc: &Libc,
    instance: u32,
    func_type: u32,
    encoding: CanonicalOption,
) {
    let core_func = core_export(builder, instance, "echo", ExportKind::Func);
    let func = builder.lift_func(None, core_func, func_type, libc.options(encoding));
    builder.export("echo", ComponentExportKind::Func, func, None);
}

fn core_export(builder: &mut ComponentBuilder, instance: u32, name: &str, kind: ExportKind) -> u32 {
    builder.alias(None, Alias::CoreInstanceExport { instance, kind, name })
}

/// Declares the type of `echo` and all that it mentions.
fn func_type(builder: &mut ComponentBuilder, declared: &mut Declared<'_>, echo: Echo<'_>) -> u32 {
    let ty = declared.declare(builder, echo.ty);
    let padding: Vec<String> = (0..N_PADDING).map(|i| format!("q{i}")).collect();
    let mut params = vec![("v", ty)];
    if echo.padded {
        params.insert(0, ("p", ComponentValType::Primitive(PrimitiveValType::U8)));
        let padding = padding.iter().map(|name| (name.as_str(), PrimitiveValType::U64.into()));
        params.extend(padding);
    }
    let (index, mut encoder) = builder.type_function(None);
    encoder.params(params).result(Some(ty));
    index
}

/// An instance of the module of that name, and what it exports.
struct Libc {
    instance: u32,
    memory: u32,
    realloc: u32,
}

impl Libc {
    fn new(builder: &mut ComponentBuilder) -> Self {
        let module = builder.core_module(None, &libc_module());
        let instance = builder.core_instantiate(None, module, []);
        let memory = core_export(builder, instance, "memory", ExportKind::Memory);
        let realloc = core_export(builder, instance, "realloc", ExportKind::Func);
        Self { instance, memory, realloc }
    }

    fn options(&self, encoding: CanonicalOption) -> [CanonicalOption; 3] {
        [encoding, CanonicalOption::Memory(self.memory), CanonicalOption::Realloc(self.realloc)]
    }
}
