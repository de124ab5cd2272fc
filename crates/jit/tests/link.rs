//! Linking: what the messages say when imports do not fit, and what is shared when they do.
#![expect(clippy::unwrap_used, reason = "in tests, a panic is the failure")]

mod common;

use common::{call, engine, module};
use jit::{
    Config, Engine, Extern, ExternType, Func, FuncType, Global, GlobalType, Instance, InstantiateError,
    Memory, MemoryType, Module, RefType, Store, Table, TableType, Tag, TagType, Val, ValType, WasmFeatures,
};

/// One item of each kind, in the order of the tests below.
fn items(store: &mut Store<()>) -> [Extern; 5] {
    let func = Func::new(&mut *store, FuncType::new([ValType::I32], []), |_, _, _| Ok(()));
    let memory =
        MemoryType { minimum: 1, maximum: Some(2), memory64: false, page_size_log2: 16, shared: false };
    let table = TableType { element: RefType::FUNCREF, minimum: 1, maximum: None, table64: false };
    let global = GlobalType { content: ValType::I32, mutable: true };
    let tag = TagType { func: FuncType::new([ValType::I32], []) };
    [
        func.into(),
        Memory::new(&mut *store, memory).unwrap().into(),
        Table::new(&mut *store, table, Val::FuncRef(None)).unwrap().into(),
        Global::new(&mut *store, global, Val::I32(5)).unwrap().into(),
        Tag::new(&mut *store, tag).into(),
    ]
}

/// Links item `given` to an import of type `import`; `expected` is the message, or empty for
/// success.
fn check(import: &str, given: usize, expected: &str) {
    let engine = engine();
    let module = module(&engine, &format!(r#"(module (import "m" "n" ({import})))"#));
    let mut store = Store::new(&engine, ());
    let item = items(&mut store)[given];
    let message = match Instance::new(&mut store, &module, &[item]) {
        Ok(_) => String::new(),
        Err(InstantiateError::Link(error)) => error.to_string(),
        Err(other) => panic!("{other}"),
    };
    let prefix = "incompatible import type for `m::n`: ";
    assert_eq!(message.strip_prefix(prefix).unwrap_or(&message), expected, "{import}");
}

#[test]
fn import_matching() {
    check("func (param i32)", 0, "");
    check("func (param i64)", 0, "expected func [i64] -> [], given func [i32] -> []");
    check("func (param i32)", 1, "expected func [i32] -> [], given memory of 1 to 2 pages");
    check("memory 1 2", 1, "");
    check("memory 0", 1, "");
    check("memory 2", 1, "expected memory of at least 2 pages, given memory of 1 to 2 pages");
    check("memory 1 1", 1, "expected memory of 1 to 1 pages, given memory of 1 to 2 pages");
    check("memory i64 1", 1, "expected 64-bit memory of at least 1 pages, given memory of 1 to 2 pages");
    check("table 1 funcref", 2, "");
    check("table 1 2 funcref", 2, "expected table of 1 to 2 funcref, given table of at least 1 funcref");
    check(
        "table 1 externref",
        2,
        "expected table of at least 1 externref, given table of at least 1 funcref",
    );
    check("global (mut i32)", 3, "");
    check("global i32", 3, "expected global i32, given global mut i32");
    check("global (mut i64)", 3, "expected global mut i64, given global mut i32");
    check("tag (param i32)", 4, "");
    check("tag", 4, "expected tag [] -> [], given tag [i32] -> []");
}

/// Exports of one module that are imports of another with a type of the same kind, where only one
/// thing differs.
#[test]
fn what_differs_shows() {
    let features = WasmFeatures::default() | WasmFeatures::all();
    let engine = Engine::new(&Config::new().features(features)).unwrap();
    let check = |export: &str, import: &str, expected: &str| {
        let of = |item: &str| format!("(module (rec (type $f (func)) (type (func))) {item})");
        let first = module(&engine, &of(export));
        let second = module(&engine, &of(import));
        let mut store = Store::new(&engine, ());
        let first = Instance::new(&mut store, &first, &[]).unwrap();
        let items: Vec<_> = first.exports(&store).map(|(_, item)| item).collect();
        let error = Instance::new(&mut store, &second, &items).unwrap_err().to_string();
        assert_eq!(error, format!("incompatible import type for `m::n`: {expected}"), "{import}");
    };
    check(
        r#"(memory (export "e") 0 (pagesize 1))"#,
        r#"(memory (import "m" "n") 0)"#,
        "page size: expected memory of at least 0 pages of 65536 bytes, given memory of at least 0 pages of 1 byte",
    );
    check(
        r#"(memory (export "e") 1)"#,
        r#"(memory (import "m" "n") 1 2 (pagesize 1))"#,
        "page size: expected memory of 1 to 2 pages of 1 byte, given memory of at least 1 pages of 65536 bytes",
    );
    check(
        r#"(memory (export "e") 1 (pagesize 1))"#,
        r#"(memory (import "m" "n") 2 (pagesize 1))"#,
        "expected memory of at least 2 pages of 1 byte, given memory of at least 1 pages of 1 byte",
    );
    check(
        r#"(memory (export "e") 1 2)"#,
        r#"(memory (import "m" "n") 1 2 shared)"#,
        "expected shared memory of 1 to 2 pages, given memory of 1 to 2 pages",
    );
    check(
        r#"(table (export "e") i64 1 funcref)"#,
        r#"(table (import "m" "n") 1 funcref)"#,
        "expected table of at least 1 funcref, given 64-bit table of at least 1 funcref",
    );
    check(
        r#"(func (export "e"))"#,
        r#"(func (import "m" "n") (type $f))"#,
        "expected func [] -> [], given func [] -> [] of another recursion group or supertype",
    );
    check(
        r#"(type $alone (func)) (tag (export "e") (type $alone))"#,
        r#"(tag (import "m" "n") (type $f))"#,
        "expected tag [] -> [], given tag [] -> [] of another recursion group or supertype",
    );
}

#[test]
fn missing_imports_and_other_engines() {
    let engine = engine();
    let module = module(&engine, r#"(module (import "m" "n" (func)))"#);
    let mut store = Store::new(&engine, ());
    let error = Instance::new(&mut store, &module, &[]).unwrap_err();
    assert_eq!(error.to_string(), "unknown import: expected 1 imports, given 0");

    let mut other = Store::new(&Engine::new(&Config::new()).unwrap(), ());
    let error = Instance::new(&mut other, &module, &[]).unwrap_err();
    assert_eq!(error.to_string(), "the module was compiled by another engine than the store's");
}

#[test]
fn instances_share_what_they_import() {
    let engine = engine();
    let first = module(
        &engine,
        r#"(module
            (memory (export "memory") 1 3) (table (export "table") 2 funcref)
            (global (export "global") (mut i32) (i32.const 7))
            (func (export "size") (result i32) (memory.size))
            (func (export "load") (result i32) (i32.load (i32.const 70000))))"#,
    );
    let second = module(
        &engine,
        r#"(module
            (import "" "memory" (memory 1)) (import "" "table" (table 1 funcref))
            (import "" "global" (global (mut i32))) (import "" "size" (func $size (result i32)))
            (import "" "load" (func $load (result i32)))
            (elem (i32.const 1) $size) (elem declare func $load)
            (func (export "work") (result i32 i32 i32)
                (drop (memory.grow (i32.const 1)))
                (i32.store (i32.const 70000) (i32.const 99))
                (global.set 0 (i32.add (global.get 0) (i32.const 1)))
                (call_indirect (result i32) (i32.const 1)) (call $load) (global.get 0)))"#,
    );
    let mut store = Store::new(&engine, ());
    let first = Instance::new(&mut store, &first, &[]).unwrap();
    let imports: Vec<_> = first.exports(&store).map(|(_, item)| item).collect();
    let second = Instance::new(&mut store, &second, &imports).unwrap();
    let results = call(&mut store, second, "work", &[]).unwrap();
    assert_eq!(results, [Val::I32(2), Val::I32(99), Val::I32(8)]);

    let memory = first.get_memory(&store, "memory").unwrap();
    assert_eq!((memory.size(&store), memory.data(&store)[70000]), (2, 99));
    memory.data_mut(&mut store)[70000] = 98;
    assert_eq!(call(&mut store, first, "load", &[]).unwrap(), [Val::I32(98)]);
    assert_eq!((memory.grow(&mut store, 1), memory.grow(&mut store, 1)), (Some(2), None));

    let global = imports[2].into_global().unwrap();
    global.set(&mut store, Val::I32(50)).unwrap();
    assert_eq!(global.get(&store), Val::I32(50));
    assert!(global.set(&mut store, Val::I64(0)).is_err());

    let table = imports[1].into_table().unwrap();
    let Some(Val::FuncRef(Some(size))) = table.get(&store, 1) else { panic!("the element is the function") };
    assert_eq!(Some(size), first.get_func(&store, "size"));
    let mut results = [Val::I32(0)];
    size.call(&mut store, &[], &mut results).unwrap();
    assert_eq!(results, [Val::I32(3)]);
    assert_eq!(table.grow(&mut store, 1, Val::FuncRef(None)).unwrap(), 2);
    assert_eq!((table.get(&store, 2), table.get(&store, 3)), (Some(Val::FuncRef(None)), None));
    assert!(table.set(&mut store, 3, Val::FuncRef(None)).is_err());
    assert!(table.set(&mut store, 0, Val::ExternRef(None)).is_err());
}

#[test]
fn imports_and_exports_are_listed_with_types() {
    let module = module(
        &engine(),
        r#"(module $named
            (import "a" "f" (func (param i32) (result i64))) (import "b" "m" (memory 1))
            (table (export "t") 1 2 externref) (export "g" (func 0)))"#,
    );
    assert_eq!(module.name(), Some("named"));
    let imports: Vec<_> =
        module.imports().map(|i| format!("{}.{} {}", i.module, i.name, i.ty.kind())).collect();
    assert_eq!(imports, ["a.f func", "b.m memory"]);
    let exports: Vec<_> = module.exports().map(|e| (e.name, e.ty)).collect();
    let table = TableType { element: RefType::EXTERNREF, minimum: 1, maximum: Some(2), table64: false };
    let func = FuncType::new([ValType::I32], [ValType::I64]);
    assert_eq!(exports, [("t", ExternType::Table(table)), ("g", ExternType::Func(func))]);
}

#[test]
fn what_is_not_supported_yet_says_so() {
    let check = |fields: &str, expected: &str| {
        let wasm = wat::parse_str(format!("(module {fields})")).unwrap();
        let error = Module::new(&engine(), &wasm).err().unwrap();
        assert_eq!((error.kind(), error.message()), (jit::ErrorKind::Unsupported, expected), "{fields}");
    };
    check("(func (drop (ref.i31 (i32.const 0))))", "not supported yet: the instruction RefI31");
}
