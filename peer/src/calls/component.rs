//! The components of a case: `a`, which calls, and `b`, which is called. Both are nested in one
//! that gives out what the test needs of them, or stand alone, to be linked.

use canonical_abi::StringEncoding;
use wasm_encoder::{
    Alias, CanonicalOption, ComponentBuilder, ComponentExportKind, ComponentTypeRef, ComponentValType,
    ExportKind, ModuleArg, PrimitiveValType,
};

use super::core::{callee_module, caller_module, forwarder_module, libc_module};
use super::declare::Declared;
use super::shape::Shape;

/// Returns the binary of the component. It exports `preset-a`, `dump-a`, `preset-b` and `dump-b`;
/// `run`, which has `a` call `b` with the core values that it was told; and `f`, of the shape's
/// type, which has `a` pass its arguments on.
pub(crate) fn pair(shape: &Shape) -> Vec<u8> {
    let mut outer = ComponentBuilder::default();
    let mut declared = Declared::new(&shape.types);
    func_type(&mut outer, &mut declared, shape);
    let callee = outer.component(None, callee(shape));
    let caller = outer.component(None, caller(shape, false));
    let types: Vec<_> =
        declared.names().map(|(name, index)| (name, ComponentExportKind::Type, index)).collect();
    let b = outer.instantiate(None, callee, types.clone());
    let f = outer.alias_export(b, "f", ComponentExportKind::Func);
    let mut args = types;
    args.push((String::from("f"), ComponentExportKind::Func, f));
    let a = outer.instantiate(None, caller, args);
    let exports = [(b, "preset-b"), (b, "dump-b"), (a, "preset-a"), (a, "dump-a"), (a, "run"), (a, "f")];
    for (instance, name) in exports {
        let func = outer.alias_export(instance, name, ComponentExportKind::Func);
        outer.export(name, ComponentExportKind::Func, func, None);
    }
    outer.finish()
}

/// Returns the binaries of `a` and `b` as separate components. `a` imports all that `b`
/// exports, and exports what the [`pair`] does.
pub(crate) fn alone(shape: &Shape) -> [Vec<u8>; 2] {
    [caller(shape, true).finish(), callee(shape).finish()]
}

fn callee(shape: &Shape) -> ComponentBuilder {
    let mut builder = ComponentBuilder::default();
    let ty = func_type(&mut builder, &mut Declared::new(&shape.types), shape);
    let libc = Libc::new(&mut builder);
    let module = builder.core_module(None, &callee_module(shape));
    let instance = builder.core_instantiate(None, module, [("libc", ModuleArg::Instance(libc.instance))]);
    let f = core_export(&mut builder, instance, "f", ExportKind::Func);
    let mut options = libc.options(shape.callee);
    if shape.has_post_return {
        let post = core_export(&mut builder, instance, "post", ExportKind::Func);
        options.push(CanonicalOption::PostReturn(post));
    }
    let f = builder.lift_func(None, f, ty, options);
    builder.export("f", ComponentExportKind::Func, f, None);
    libc.export_controls(&mut builder, ["preset-b", "dump-b"]);
    builder
}

/// Returns the component that calls. If it stands alone, it gives out the callee's controls as
/// well.
fn caller(shape: &Shape, alone: bool) -> ComponentBuilder {
    let mut builder = ComponentBuilder::default();
    let ty = func_type(&mut builder, &mut Declared::new(&shape.types), shape);
    let f = builder.import("f", ComponentTypeRef::Func(ty));
    let libc = Libc::new(&mut builder);
    let options = libc.options(shape.caller);
    let lowered = builder.lower_func(None, f, options.clone());
    let imports = builder.core_instantiate_exports(None, [("f", ExportKind::Func, lowered)]);
    let args = [("libc", ModuleArg::Instance(libc.instance)), ("b", ModuleArg::Instance(imports))];

    let module = builder.core_module(None, &caller_module(shape));
    let instance = builder.core_instantiate(None, module, args);
    let run = core_export(&mut builder, instance, "run", ExportKind::Func);
    let (run_type, mut encoder) = builder.type_function(None);
    encoder.params([] as [(&str, ComponentValType); 0]).result(None);
    let run = builder.lift_func(None, run, run_type, []);
    builder.export("run", ComponentExportKind::Func, run, None);

    let module = builder.core_module(None, &forwarder_module(shape));
    let instance = builder.core_instantiate(None, module, args);
    let forward = core_export(&mut builder, instance, "f", ExportKind::Func);
    let forward = builder.lift_func(None, forward, ty, options);
    builder.export("f", ComponentExportKind::Func, forward, None);
    libc.export_controls(&mut builder, ["preset-a", "dump-a"]);
    if alone {
        let (preset, dump) = control_types(&mut builder);
        for (name, ty) in [("preset-b", preset), ("dump-b", dump)] {
            let func = builder.import(name, ComponentTypeRef::Func(ty));
            builder.export(name, ComponentExportKind::Func, func, None);
        }
    }
    builder
}

/// Declares the types of the functions that set and read what a test does, and returns their
/// indices.
fn control_types(builder: &mut ComponentBuilder) -> (u32, u32) {
    let mut list = |ty| {
        let (list, encoder) = builder.type_defined(None);
        encoder.list(ty);
        ComponentValType::Type(list)
    };
    let (bytes, slots, answers) =
        (list(PrimitiveValType::U8), list(PrimitiveValType::U64), list(PrimitiveValType::U32));
    let free = ComponentValType::Primitive(PrimitiveValType::U32);
    let (preset, mut encoder) = builder.type_function(None);
    encoder.params([("image", bytes), ("free", free), ("slots", slots), ("answers", answers)]).result(None);
    let (dump, mut encoder) = builder.type_function(None);
    encoder.params([] as [(&str, ComponentValType); 0]).result(Some(bytes));
    (preset, dump)
}

/// Declares the type of `f` and every type that it mentions.
fn func_type(builder: &mut ComponentBuilder, declared: &mut Declared<'_>, shape: &Shape) -> u32 {
    let params: Vec<_> = shape.params.iter().map(|ty| declared.declare(builder, *ty)).collect();
    let result = shape.result.map(|ty| declared.declare(builder, ty));
    let (index, mut encoder) = builder.type_function(None);
    let names: Vec<_> = (0..params.len()).map(|i| format!("p{i}")).collect();
    encoder.params(names.iter().map(String::as_str).zip(params)).result(result);
    index
}

fn core_export(builder: &mut ComponentBuilder, instance: u32, name: &str, kind: ExportKind) -> u32 {
    builder.alias(None, Alias::CoreInstanceExport { instance, kind, name })
}

/// An instance of `libc.wat`.
struct Libc {
    instance: u32,
    memory: u32,
    realloc: u32,
}

impl Libc {
    fn new(builder: &mut ComponentBuilder) -> Self {
        let module = builder.core_module_raw(None, libc_module());
        let instance = builder.core_instantiate(None, module, []);
        let memory = core_export(builder, instance, "memory", ExportKind::Memory);
        let realloc = core_export(builder, instance, "realloc", ExportKind::Func);
        Self { instance, memory, realloc }
    }

    fn options(&self, encoding: StringEncoding) -> Vec<CanonicalOption> {
        let encoding = match encoding {
            StringEncoding::Utf8 => CanonicalOption::UTF8,
            StringEncoding::Utf16 => CanonicalOption::UTF16,
            StringEncoding::Latin1Utf16 => CanonicalOption::CompactUTF16,
        };
        vec![encoding, CanonicalOption::Memory(self.memory), CanonicalOption::Realloc(self.realloc)]
    }

    /// Exports `preset` and `dump` under these names. Their values lie in the memory of the log.
    fn export_controls(&self, builder: &mut ComponentBuilder, names: [&str; 2]) {
        let log = core_export(builder, self.instance, "log", ExportKind::Memory);
        let realloc = core_export(builder, self.instance, "realloc-of-log", ExportKind::Func);
        let options = [CanonicalOption::Memory(log), CanonicalOption::Realloc(realloc)];
        let (preset, dump) = control_types(builder);
        for ((core_name, ty), name) in [("preset", preset), ("dump", dump)].into_iter().zip(names) {
            let core = core_export(builder, self.instance, core_name, ExportKind::Func);
            let func = builder.lift_func(None, core, ty, options);
            builder.export(name, ComponentExportKind::Func, func, None);
        }
    }
}
