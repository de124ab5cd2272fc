//! Units: built functions, direct calls, promises, artifacts.
#![expect(clippy::unwrap_used, reason = "in tests, a panic is the failure")]

mod common;

use std::path::Path;

use common::call;
use jit::clif::{InstBuilder, IntCC, types};
use jit::{
    BuiltModule, Config, Engine, ErrorKind, Extern, FuncBody, FuncType, GlobalType, Instance,
    InstantiateError, LinkError, MemoryType, Module, RefType, Store, TableType, TrapKind, Unit, UnitModule,
    Val, ValType,
};

/// What an adapter works on: a memory, a table, a global, functions that return or throw.
const EXPORTER: &str = r#"(module $exporter
    (tag $e)
    (memory (export "memory") 1 2)
    (table (export "table") funcref (elem $inc))
    (global (export "global") (mut i32) (i32.const 5))
    (data (i32.const 16) "span")
    (func $inc (export "inc") (param i32) (result i32)
        (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
        (i32.add (local.get 0) (i32.const 1)))
    (func (export "inc2") (param i32) (result i32) (i32.add (local.get 0) (i32.const 2)))
    (func (export "div") (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0)))
    (func (export "throw") (param i32) (result i32) (throw $e)))"#;

const IMPORTER: &str = r#"(module $importer
    (import "adapter" "f" (func $f (param i32) (result i32)))
    (func (export "call") (param i32) (result i32) (call $f (local.get 0)))
    (func (export "tail") (param i32) (result i32) (return_call $f (local.get 0))))"#;

const MEMORY: MemoryType =
    MemoryType { minimum: 1, maximum: None, memory64: false, page_size_log2: 16, shared: false };

fn i32_func() -> FuncType {
    FuncType::new([ValType::I32], [ValType::I32])
}

fn engine(lazy: bool) -> Engine {
    Engine::new(&Config::new().verifier(true).lazy_compilation(lazy)).unwrap()
}

/// What the built function does with what it is given: a memory, a table, a global, and a function.
type Build = fn(&mut FuncBody<'_, '_>, &Items);

#[derive(Clone, Copy)]
struct Items {
    memory: jit::BuiltMemory,
    table: jit::BuiltTable,
    global: jit::BuiltGlobal,
    func: jit::BuiltFunc,
}

/// Returns an adapter whose function `f` has this body. Its imports: memory, table, global,
/// function.
fn adapter<'a>(build: Build) -> BuiltModule<'a> {
    let mut module = BuiltModule::new("adapter");
    let memory = module.import_memory("exporter", "memory", MemoryType { maximum: Some(2), ..MEMORY });
    let table = TableType { element: RefType::FUNCREF, minimum: 1, maximum: None, table64: false };
    let table = module.import_table("exporter", "table", table);
    let global = GlobalType { content: ValType::I32, mutable: true };
    let global = module.import_global("exporter", "global", global);
    let func = module.import_func("exporter", "func", i32_func());
    let items = Items { memory, table, global, func };
    module.func("f", i32_func(), move |body| build(body, &items));
    module
}

struct Linked {
    store: Store<()>,
    importer: Instance,
}

struct Built<'a> {
    unit: Unit<'a>,
    parts: [UnitModule; 3],
}

/// Puts exporter, adapter and importer into a unit and connects them; `export` is what the adapter
/// may call.
fn unit<'a>(engine: &Engine, wasm: &'a [Vec<u8>; 2], build: Build, export: &str) -> Built<'a> {
    let mut unit = Unit::new(engine);
    let exporter = unit.add(&wasm[0]).unwrap();
    let adapter = unit.build(adapter(build));
    let importer = unit.add(&wasm[1]).unwrap();
    unit.connect(adapter, 3, exporter, export).unwrap();
    unit.connect(importer, 0, adapter, "f").unwrap();
    Built { unit, parts: [exporter, adapter, importer] }
}

fn wasm() -> [Vec<u8>; 2] {
    [EXPORTER, IMPORTER].map(|text| wat::parse_str(text).unwrap())
}

fn link(engine: &Engine, parts: [UnitModule; 3], modules: &[Module], export: &str) -> Linked {
    let [exporter, adapter, importer] = parts.map(|part| &modules[part.position()]);
    let mut store = Store::new(engine, ());
    let exporter = Instance::new(&mut store, exporter, &[]).unwrap();
    let items = ["memory", "table", "global", export].map(|name| exporter.get_export(&store, name).unwrap());
    let adapter = Instance::new(&mut store, adapter, &items).unwrap();
    let f = adapter.get_export(&store, "f").unwrap();
    let importer = Instance::new(&mut store, importer, &[f]).unwrap();
    Linked { store, importer }
}

/// A call through an adapter, and what comes of it: a result or a trap's text.
#[derive(Clone, Copy)]
struct Case {
    build: Build,
    export: &'static str,
    param: i32,
    expected: Result<i32, &'static str>,
}

const CALL_TWICE: Build = |body, items| {
    let params = body.params().to_vec();
    let once = body.call(items.func, &params);
    let twice = body.call(items.func, &once);
    body.return_(&twice);
};

const CATCH: Build = |body, items| {
    let (params, handler) = (body.params().to_vec(), body.builder().create_block());
    let results = body.call_catching(items.func, &params, handler);
    body.return_(&results);
    body.builder().switch_to_block(handler);
    let caught = body.builder().ins().iconst(types::I32, -1);
    body.return_(&[caught]);
};

const GLOBAL: Build = |body, items| {
    let (param, old) = (body.params()[0], body.global_get(items.global));
    body.global_set(items.global, param);
    let new = body.global_get(items.global);
    let sum = body.builder().ins().iadd(old, new);
    body.return_(&[sum]);
};

/// Loads the four bytes at the address that is given.
const LOAD: Build = |body, items| {
    let start = body.params()[0];
    let start = body.word(start);
    let len = body.builder().ins().iconst(types::I64, 4);
    let address = body.memory_span(items.memory, start, len);
    let value = body.builder().ins().load(types::I32, jit::clif::MemFlagsData::new(), address, 0);
    body.return_(&[value]);
};

/// Copies 4 bytes from address 16 to the address that is given, and says whether there are 65536
/// bytes from there on.
const COPY: Build = |body, items| {
    let to = body.params()[0];
    let to = body.word(to);
    let from = body.builder().ins().iconst(types::I64, 16);
    let len = body.builder().ins().iconst(types::I64, 4);
    body.memory_copy(items.memory, items.memory, to, from, len);
    let len = body.builder().ins().iconst(types::I64, 65536);
    let inside = body.is_in_memory(items.memory, to, len);
    let inside = body.builder().ins().uextend(types::I32, inside);
    body.return_(&[inside]);
};

const TABLE: Build = |body, items| {
    let index = body.params()[0];
    let element = body.table_get(items.table, index);
    let is_null = body.builder().ins().icmp_imm_s(IntCC::Equal, element, 0);
    let is_null = body.builder().ins().uextend(types::I32, is_null);
    body.return_(&[is_null]);
};

/// Traps unless the parameter is 7.
const TRAP: Build = |body, _| {
    let param = body.params()[0];
    let differs = body.builder().ins().icmp_imm_s(IntCC::NotEqual, param, 7);
    body.trap_if(differs, 127);
    body.return_(&[param]);
};

const OUT_OF_BOUNDS: &str = "out of bounds memory access";

const CASES: &[Case] = &[
    Case { build: CALL_TWICE, export: "inc", param: 5, expected: Ok(7) },
    Case { build: CALL_TWICE, export: "inc2", param: 5, expected: Ok(9) },
    Case { build: CALL_TWICE, export: "div", param: 0, expected: Err("integer divide by zero") },
    Case { build: CALL_TWICE, export: "throw", param: 0, expected: Err("uncaught exception") },
    Case { build: CATCH, export: "throw", param: 0, expected: Ok(-1) },
    Case { build: CATCH, export: "inc", param: 5, expected: Ok(6) },
    Case { build: CATCH, export: "div", param: 0, expected: Err("integer divide by zero") },
    Case { build: GLOBAL, export: "inc", param: 6, expected: Ok(11) },
    Case { build: LOAD, export: "inc", param: 16, expected: Ok(i32::from_le_bytes(*b"span")) },
    Case { build: LOAD, export: "inc", param: 65532, expected: Ok(0) },
    Case { build: LOAD, export: "inc", param: 65533, expected: Err(OUT_OF_BOUNDS) },
    Case { build: LOAD, export: "inc", param: -1, expected: Err(OUT_OF_BOUNDS) },
    Case { build: COPY, export: "inc", param: 0, expected: Ok(1) },
    Case { build: COPY, export: "inc", param: 65532, expected: Ok(0) },
    Case { build: COPY, export: "inc", param: 65533, expected: Err(OUT_OF_BOUNDS) },
    Case { build: TABLE, export: "inc", param: 0, expected: Ok(0) },
    Case { build: TABLE, export: "inc", param: 1, expected: Err("out of bounds table access") },
    Case { build: TRAP, export: "inc", param: 7, expected: Ok(7) },
    Case { build: TRAP, export: "inc", param: 8, expected: Err("built trap 127") },
];

fn check(linked: &mut Linked, case: &Case, how: &str) {
    for name in ["call", "tail"] {
        let store = &mut linked.store;
        let result = call(store, linked.importer, name, &[Val::I32(case.param)]);
        let result = result.map_err(|trap| trap.kind().to_string());
        let expected = case.expected.map(|value| vec![Val::I32(value)]).map_err(String::from);
        let again = name == "tail" && matches!(case.expected, Ok(11));
        let expected = if again { Ok(vec![Val::I32(12)]) } else { expected };
        assert_eq!(result, expected, "{how}, {name} of {} with {}", case.export, case.param);
    }
}

#[test]
fn adapters_do_the_same_eager_lazy_and_from_a_file() {
    let wasm = wasm();
    let (eager, lazy) = (engine(false), engine(true));
    let file = std::env::temp_dir().join(format!("lowlift-unit-{}", std::process::id()));
    for case in CASES {
        let of = |engine| unit(engine, &wasm, case.build, case.export);
        for (engine, how) in [(&eager, "eager"), (&lazy, "lazy")] {
            let Built { unit, parts } = of(engine);
            let modules = unit.compile().unwrap();
            check(&mut link(engine, parts, &modules, case.export), case, how);
            std::fs::write(&file, of(engine).unit.serialize().unwrap()).unwrap();
            let Built { unit, parts } = of(engine);
            let modules = unit.load_file(&file).unwrap();
            check(&mut link(engine, parts, &modules, case.export), case, "from a file");
        }
    }
    std::fs::remove_file(&file).unwrap();
}

#[test]
fn a_backtrace_names_built_functions() {
    let wasm = wasm();
    for engine in [engine(false), engine(true)] {
        let Built { unit, parts } = unit(&engine, &wasm, CALL_TWICE, "div");
        let mut linked = link(&engine, parts, &unit.compile().unwrap(), "div");
        let trap = call(&mut linked.store, linked.importer, "call", &[Val::I32(0)]).unwrap_err();
        let frames = trap.backtrace().frames().iter();
        let names: Vec<_> = frames.map(|frame| (frame.module.as_deref(), frame.func_index)).collect();
        assert_eq!(names, [(Some("exporter"), 2), (Some("adapter"), 1), (Some("importer"), 1)]);
        assert_eq!(trap.backtrace().frames()[1].func_name.as_deref(), Some("f"));
        assert_eq!(trap.backtrace().frames()[1].module_offset, None);
    }
}

#[test]
fn a_code_is_the_kind_of_the_trap() {
    let (wasm, engine) = (wasm(), engine(false));
    let Built { unit, parts } = unit(&engine, &wasm, TRAP, "inc");
    let mut linked = link(&engine, parts, &unit.compile().unwrap(), "inc");
    let trap = call(&mut linked.store, linked.importer, "call", &[Val::I32(0)]).unwrap_err();
    assert!(matches!(trap.kind(), TrapKind::Built(127)));
}

#[test]
fn a_broken_promise_is_an_error_where_code_relies_on_it() {
    let wasm = wasm();
    for (lazy, holds) in [(false, false), (true, true)] {
        let engine = engine(lazy);
        let Built { unit, parts } = unit(&engine, &wasm, CALL_TWICE, "inc");
        let modules = unit.compile().unwrap();
        let mut store = Store::new(&engine, ());
        let exporter = Instance::new(&mut store, &modules[parts[0].position()], &[]).unwrap();
        let items =
            ["memory", "table", "global", "inc2"].map(|name| exporter.get_export(&store, name).unwrap());
        let error = Instance::new(&mut store, &modules[parts[1].position()], &items).err();
        match error {
            None => assert!(holds),
            Some(InstantiateError::Link(LinkError::NotConnected { module, name })) => {
                assert!(!holds);
                assert_eq!((&module[..], &name[..]), ("exporter", "func"));
            }
            Some(other) => panic!("{other}"),
        }
    }
}

#[test]
fn any_instance_of_the_exporter_holds_the_promise() {
    let (wasm, engine) = (wasm(), engine(false));
    let Built { unit, parts } = unit(&engine, &wasm, CALL_TWICE, "inc");
    let modules = unit.compile().unwrap();
    let mut store = Store::new(&engine, ());
    let exporters: [Instance; 2] =
        std::array::from_fn(|_| Instance::new(&mut store, &modules[parts[0].position()], &[]).unwrap());
    for (exporter, n_calls) in [(exporters[0], 1), (exporters[1], 2)] {
        let items =
            ["memory", "table", "global", "inc"].map(|name| exporter.get_export(&store, name).unwrap());
        let adapter = Instance::new(&mut store, &modules[parts[1].position()], &items).unwrap();
        for _ in 0..n_calls {
            assert_eq!(call(&mut store, adapter, "f", &[Val::I32(1)]).unwrap(), [Val::I32(3)]);
        }
    }
    let counts = exporters.map(|exporter| {
        let memory = exporter.get_export(&store, "memory").and_then(Extern::into_memory).unwrap();
        memory.data(&store)[0]
    });
    assert_eq!(counts, [2, 4]);
}

#[test]
fn what_cannot_be_connected_is_an_error() {
    let (wasm, engine) = (wasm(), engine(false));
    let forward = wat::parse_str(
        r#"(module (import "" "" (func (param i32) (result i32))) (import "" "n" (func))
            (export "f" (func 0)) (export "n" (func 1)))"#,
    )
    .unwrap();
    let mut unit = Unit::new(&engine);
    let exporter = unit.add(&wasm[0]).unwrap();
    let importer = unit.add(&wasm[1]).unwrap();
    let forward = unit.add(&forward).unwrap();
    for (position, export, from) in [
        (0, "none", exporter),
        (0, "memory", exporter),
        (1, "inc", exporter),
        (0, "f", forward),
        (0, "n", forward),
    ] {
        let error = unit.connect(importer, position, from, export).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Type, "{error}");
    }
    // A function that is handed on is the one that it was connected to.
    unit.connect(forward, 0, exporter, "inc").unwrap();
    unit.connect(importer, 0, forward, "f").unwrap();
}

#[test]
fn a_file_of_another_unit_is_refused() {
    let (wasm, engine) = (wasm(), engine(false));
    let file = std::env::temp_dir().join(format!("lowlift-other-unit-{}", std::process::id()));
    std::fs::write(&file, unit(&engine, &wasm, TRAP, "inc").unit.serialize().unwrap()).unwrap();
    let mut other_bytes = wasm.clone();
    other_bytes[1] = wat::parse_str(IMPORTER.replace("tail", "liat")).unwrap();
    let others = [
        unit(&engine, &wasm, GLOBAL, "inc").unit,
        unit(&engine, &wasm, TRAP, "inc2").unit,
        unit(&engine, &other_bytes, TRAP, "inc").unit,
    ];
    for other in others {
        assert_eq!(other.load_file(&file).err().map(|e| e.kind()), Some(ErrorKind::Artifact));
    }
    assert!(unit(&engine, &wasm, TRAP, "inc").unit.load_file(&file).is_ok());
    assert_eq!(Module::deserialize_file(&engine, &file).err().map(|e| e.kind()), Some(ErrorKind::Invalid));
    std::fs::remove_file(&file).unwrap();
}

#[test]
fn a_module_of_a_unit_is_serialized_alone_unless_it_was_built() {
    let (wasm, engine) = (wasm(), engine(false));
    let Built { unit, parts } = unit(&engine, &wasm, TRAP, "inc");
    let modules = unit.compile().unwrap();
    let [exporter, adapter, importer] = parts.map(|part| modules[part.position()].serialize());
    assert_eq!(adapter.unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(importer.unwrap(), Module::new(&engine, &wasm[1]).unwrap().serialize().unwrap());
    assert!(exporter.is_ok());
}

#[test]
fn what_the_verifier_refuses_is_an_error() {
    let mut built = BuiltModule::new("wrong");
    built.func("f", i32_func(), |body| {
        let word = body.builder().ins().iconst(types::I64, 0);
        body.return_(&[word]);
    });
    let mut unit = Unit::new(&engine(false));
    unit.build(built);
    assert_eq!(unit.compile().err().map(|e| e.kind()), Some(ErrorKind::Invalid));
}

/// `UPDATE_EXPECT=1 cargo test -p lowlift-jit --test unit` writes the file anew.
#[test]
fn an_adapter_becomes_the_ir_in_its_file() {
    let (wasm, engine) = (wasm(), engine(false));
    let mut ir = String::new();
    for (name, build) in [("call", CALL_TWICE), ("catch", CATCH), ("global", GLOBAL), ("load", LOAD)] {
        let Built { unit, parts } = unit(&engine, &wasm, build, "inc");
        for listing in unit.listings(parts[1]).unwrap() {
            ir.push_str(&format!(";; {name}: {}{}\n{}\n", listing.name.unwrap(), listing.ty, listing.clif));
        }
    }
    let file = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/built/adapter.clif"));
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(file, &ir).unwrap();
    }
    assert_eq!(ir, std::fs::read_to_string(file).unwrap(), "UPDATE_EXPECT=1 renews");
}
