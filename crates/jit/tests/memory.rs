//! Initial contents as images, slots that are used again, and limits.

mod common;

use common::engine;
use jit::{
    Config, Engine, Func, Instance, InstantiateError, Linker, Memory, MemoryType, Module, RefType, Store,
    StoreLimits, Table, TableType, Val,
};

/// A module whose data is large enough for an image: `n` bytes of `byte` from `at` on, in a memory
/// of 4 pages.
fn with_data(engine: &Engine, at: usize, n: usize, byte: u8, fields: &str) -> Module {
    let data = format!("\\{byte:02x}").repeat(n);
    let text = format!("(module {fields} (memory (export \"m\") 4) (data (i32.const {at}) \"{data}\"))");
    Module::new(engine, &wat::parse_str(text).expect("well formed")).expect("valid")
}

fn contents(store: &Store<()>, instance: Instance) -> Vec<u8> {
    instance.get_memory(store, "m").expect("exported").data(store).to_vec()
}

fn expected(at: usize, n: usize, byte: u8) -> Vec<u8> {
    let mut bytes = vec![0; 4 << 16];
    bytes[at..at + n].fill(byte);
    bytes
}

#[test]
fn slots_that_are_used_again_have_their_first_contents() {
    // One slot, so that every instance gets what the one before it left.
    let engine = Engine::new(&Config::new().pooled_memories(1)).unwrap();
    let large = with_data(&engine, 70_000, 50_000, 7, "");
    let other = with_data(&engine, 10, 20_000, 9, "");
    let small = with_data(&engine, 3, 5, 1, "");
    let cases = [(&large, 70_000, 50_000, 7), (&other, 10, 20_000, 9), (&small, 3, 5, 1)];
    for (module, at, n, byte) in [0, 0, 1, 1, 2, 2, 0, 2, 1, 0].map(|i: usize| cases[i]) {
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, module, &[]).unwrap();
        assert!(contents(&store, instance) == expected(at, n, byte), "{n} bytes of {byte} at {at}");
        // Leave something behind, also beyond what the next one starts with.
        let memory = instance.get_memory(&store, "m").unwrap();
        memory.grow(&mut store, 3).unwrap();
        memory.data_mut(&mut store).fill(0xee);
    }
    // Two at once: the second one has no slot waiting.
    let mut store = Store::new(&engine, ());
    let one = Instance::new(&mut store, &large, &[]).unwrap();
    let two = Instance::new(&mut store, &large, &[]).unwrap();
    one.get_memory(&store, "m").unwrap().data_mut(&mut store).fill(1);
    assert!(contents(&store, two) == expected(70_000, 50_000, 7));
}

#[test]
fn what_an_image_cannot_do_is_copied() {
    let engine = engine();
    // The offset is known at instantiation only; the second segment overlaps the first one.
    let data = "a".repeat(20_000);
    let text = format!(
        r#"(module (import "" "g" (global $g i32)) (memory (export "m") 4)
            (data (global.get $g) "{data}") (data (i32.const 100) "bb"))"#
    );
    let module = Module::new(&engine, &wat::parse_str(text).unwrap()).unwrap();
    let mut store = Store::new(&engine, ());
    let ty = jit::GlobalType { content: jit::ValType::I32, mutable: false };
    let global = jit::Global::new(&mut store, ty, Val::I32(50)).unwrap();
    let instance = Instance::new(&mut store, &module, &[global.into()]).unwrap();
    let mut want = expected(50, 20_000, b'a');
    want[100..102].fill(b'b');
    assert!(contents(&store, instance) == want);
    // The same with a constant offset.
    let text = format!(
        r#"(module (memory (export "m") 4) (data (i32.const 50) "{data}") (data (i32.const 100) "bb"))"#
    );
    let module = Module::new(&engine, &wat::parse_str(text).unwrap()).unwrap();
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    assert!(contents(&store, instance) == want);
}

#[test]
fn data_is_not_there_when_elements_did_not_fit() {
    let engine = Engine::new(&Config::new().pooled_memories(1)).unwrap();
    let text = |elem: &str| {
        format!(
            r#"(import "" "t" (table 2 funcref)) (elem (i32.const 0) func $peek) {elem}
            (func $peek (result i32) (i32.load8_u (i32.const 100)))"#
        )
    };
    let run = |text: &str| {
        let module = with_data(&engine, 0, 20_000, 7, text);
        let mut store = Store::new(&engine, ());
        let ty = TableType { element: RefType::FUNCREF, minimum: 2, maximum: None, table64: false };
        let mut peeked = Vec::new();
        // The second time, the slot may show the image already.
        for _ in 0..2 {
            let table = Table::new(&mut store, ty, Val::FuncRef(None)).unwrap();
            let made = Instance::new(&mut store, &module, &[table.into()]);
            assert!(matches!(made, Ok(_) | Err(InstantiateError::Trap(_))));
            let Some(Val::FuncRef(Some(peek))) = table.get(&store, 0) else {
                panic!("the first element is there")
            };
            peeked.push(peek.typed::<(), i32>(&mut store).unwrap().call(&mut store, ()).unwrap());
        }
        peeked
    };
    assert_eq!(run(&text("")), [7, 7]);
    assert_eq!(run(&text("(elem (i32.const 2) func $peek)")), [0, 0]);
}

#[test]
fn stores_have_limits() {
    let engine = engine();
    let mut store = Store::new(&engine, ());
    store.set_limits(StoreLimits {
        memory_bytes: Some(3 << 16),
        table_elements: Some(10),
        instances: Some(2),
        memories: Some(2),
        tables: Some(1),
        ..StoreLimits::default()
    });
    let ty =
        |minimum| MemoryType { minimum, maximum: None, memory64: false, page_size_log2: 16, shared: false };
    let memory = Memory::new(&mut store, ty(1)).unwrap();
    assert_eq!((memory.grow(&mut store, 2), memory.grow(&mut store, 1)), (Some(1), None));
    let error = Memory::new(&mut store, ty(4)).unwrap_err().to_string();
    assert_eq!(error, "memory of 4 pages exceeds the limit of 3 pages");
    let check = |store: &mut Store<()>, fields: &str, expected: Option<&str>| {
        let module = Module::new(&engine, &wat::parse_str(format!("(module {fields})")).unwrap()).unwrap();
        let said = Linker::new(&engine).instantiate(store, &module).err().map(|error| error.to_string());
        assert_eq!(said.as_deref(), expected, "{fields}");
    };
    check(&mut store, "(memory 1) (memory 1)", Some("a store may have 2 memories"));
    check(&mut store, "(table 11 funcref)", Some("table of 11 elements exceeds the limit of 10 elements"));
    check(&mut store, "(table 10 funcref)", None);
    check(&mut store, "(table 1 funcref)", Some("a store may have 1 tables"));
    check(&mut store, "", None);
    check(&mut store, "", Some("a store may have 2 instances"));
    // Host functions are no instances.
    Func::wrap(&mut store, || ());
}

#[test]
fn ten_thousand_instances_leave_no_mapping_behind() {
    let engine = engine();
    let module = with_data(&engine, 0, 20_000, 7, "(table 5 funcref)");
    let mappings = || std::fs::read_to_string("/proc/self/maps").unwrap().lines().count();
    let run = |n: usize| {
        for i in 0..n {
            let mut store = Store::new(&engine, ());
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            assert_eq!(instance.get_memory(&store, "m").unwrap().data(&store)[i % 20_000], 7);
        }
    };
    run(200);
    let before = mappings();
    run(10_000);
    // Other tests of this binary map and unmap beside this one; what leaked would be counted in
    // thousands.
    assert!(mappings() < before + 1_000, "{before} mappings became {}", mappings());
}
