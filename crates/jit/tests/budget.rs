//! What guests may take of the host, in bytes: nothing is made that exceeds it, and what is refused
//! costs nothing.
#![expect(clippy::unwrap_used, reason = "in tests, a panic is the failure")]

use jit::{
    Config, Engine, ErrorKind, Instance, InstantiateError, Memory, MemoryType, Module, RefType, Store,
    StoreLimits, StoreUsage, Table, TableType, Val,
};

fn engine() -> Engine {
    Engine::new(&Config::new()).unwrap()
}

fn instantiate(store: &mut Store<()>, text: &str) -> Result<Instance, String> {
    let module = Module::new(store.engine(), &wat::parse_str(text).unwrap()).unwrap();
    Instance::new(store, &module, &[]).map_err(|error| match error {
        InstantiateError::Resource(error) => {
            assert_eq!(error.kind(), ErrorKind::Limit);
            error.to_string()
        }
        other @ (InstantiateError::Link(_) | InstantiateError::Trap(_)) => panic!("{other}"),
    })
}

fn call(store: &mut Store<()>, instance: Instance, name: &str, argument: i32) -> i32 {
    instance.get_typed_func::<i32, i32>(&mut *store, name).unwrap().call(&mut *store, argument).unwrap()
}

fn limited(size_bytes: u64, instance_bytes: u64) -> Store<()> {
    let mut store = Store::new(&engine(), ());
    let (size_bytes, instance_bytes) = (Some(size_bytes), Some(instance_bytes));
    store.set_limits(StoreLimits { size_bytes, instance_bytes, ..StoreLimits::default() });
    store
}

/// Returns the bytes of this process that lie in memory.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

const TOO_LARGE: &str = "the memories and tables of a store may have 4294967296 bytes together";

#[test]
fn large_tables_take_memory_where_they_are_touched() {
    let before = resident_bytes();
    let mut store = Store::new(&engine(), ());
    let tables = format!("(module {} (func (export \"f\")))", "(table 10000000 funcref)".repeat(50));
    instantiate(&mut store, &tables).unwrap();
    assert_eq!(store.usage().size_bytes, 50 * 80_000_000);
    assert!(resident_bytes() < before + (64 << 20), "tables of nulls take no memory");
    // As many again exceed what a store may have: nothing of them is made, and nothing is charged.
    let usage = store.usage();
    assert_eq!(instantiate(&mut store, &tables).unwrap_err(), TOO_LARGE);
    assert_eq!(store.usage(), usage);
    let ninety =
        tables.replace(&"(table 10000000 funcref)".repeat(50), &"(table 10000000 funcref)".repeat(90));
    assert_eq!(instantiate(&mut Store::new(&engine(), ()), &ninety).unwrap_err(), TOO_LARGE);
}

#[test]
fn growth_beyond_the_budget_is_refused_to_the_guest() {
    let mut store = limited(10 << 16, 1 << 20);
    let text = r#"(module (memory 4) (table $t 8192 externref)
        (func (export "memory") (param i32) (result i32) (memory.grow (local.get 0)))
        (func (export "table") (param i32) (result i32) (table.grow $t (ref.null extern) (local.get 0))))"#;
    let instance = instantiate(&mut store, text).unwrap();
    assert_eq!(store.usage().size_bytes, 5 << 16);
    assert_eq!(call(&mut store, instance, "memory", 6), -1);
    assert_eq!(call(&mut store, instance, "memory", 4), 4);
    assert_eq!(call(&mut store, instance, "table", 8193), -1);
    assert_eq!(call(&mut store, instance, "table", -1), -1);
    assert_eq!(call(&mut store, instance, "table", 8192), 8192);
    assert_eq!(store.usage().size_bytes, 10 << 16);
    assert_eq!((call(&mut store, instance, "memory", 1), call(&mut store, instance, "table", 1)), (-1, -1));
    // The host meets the same budget.
    let memory = MemoryType { minimum: 1, maximum: None, memory64: false, page_size_log2: 16, shared: false };
    assert_eq!(Memory::new(&mut store, memory).unwrap_err().kind(), ErrorKind::Limit);
    let table = TableType { element: RefType::EXTERNREF, minimum: 1, maximum: None, table64: false };
    assert_eq!(Table::new(&mut store, table, Val::ExternRef(None)).unwrap_err().kind(), ErrorKind::Limit);
    assert_eq!(store.usage().size_bytes, 10 << 16);
}

#[test]
fn an_item_that_exceeds_its_own_limit_is_told_first_and_charges_nothing() {
    let mut store = limited(1 << 16, 1 << 20);
    let error = instantiate(&mut store, "(module (memory 1) (table 10000001 funcref))").unwrap_err();
    assert_eq!(error, "table of 10000001 elements exceeds the limit of 10000000 elements");
    assert_eq!(store.usage(), StoreUsage { size_bytes: 0, instance_bytes: 0, exception_bytes: 0 });
}

#[test]
fn element_segments_count_until_they_are_dropped() {
    let mut store = limited(1 << 20, 1 << 20);
    let segment = format!("(elem $e func {})", "$f ".repeat(10_000));
    let text = format!(
        r#"(module {segment} (func $f (export "f") (param i32) (result i32) (elem.drop $e) (local.get 0)))"#
    );
    let instance = instantiate(&mut store, &text).unwrap();
    let held = store.usage().instance_bytes;
    assert!((80_000..90_000).contains(&held), "{held}");
    call(&mut store, instance, "f", 0);
    assert_eq!(store.usage().instance_bytes, held - 80_000);
    // An active one is dropped at once; but it is counted as long as it is there.
    let text = text.replace("(elem $e func", "(table 10000 funcref) (elem $e (i32.const 0) func");
    let before = store.usage().instance_bytes;
    instantiate(&mut store, &text).unwrap();
    assert!(store.usage().instance_bytes < before + 10_000);
    let mut small = limited(1 << 20, 50_000);
    let error = instantiate(&mut small, &text).unwrap_err();
    assert_eq!(error, "the instances of a store may take 50000 bytes together");
    assert_eq!(small.usage().size_bytes, 0);
}

#[test]
fn a_modules_data_counts_once_in_a_store() {
    let mut store = limited(100 << 20, 1 << 20);
    let text = format!(r#"(module (memory 8) (data (i32.const 0) "{}"))"#, "x".repeat(400_000));
    let module = Module::new(store.engine(), &wat::parse_str(text).unwrap()).unwrap();
    for _ in 0..100 {
        Instance::new(&mut store, &module, &[]).unwrap();
    }
    let taken = store.usage().instance_bytes;
    assert!((800_000..1_000_000).contains(&taken), "{taken}");
}

#[test]
fn an_embedder_charges_for_what_it_keeps() {
    let mut store = limited(0, 1_000);
    store.charge(600).unwrap();
    assert_eq!(store.charge(401).unwrap_err().kind(), ErrorKind::Limit);
    store.refund(200);
    store.charge(600).unwrap();
    assert_eq!(store.usage().instance_bytes, 1_000);
}

#[test]
fn a_table_keeps_its_elements_as_it_grows() {
    let mut store = Store::new(&engine(), ());
    let text = r#"(module (table $t 1 externref)
        (func (export "grow") (param i32) (result i32) (table.grow $t (ref.null extern) (local.get 0)))
        (func (export "null") (param i32) (result i32) (ref.is_null (table.get $t (local.get 0))))
        (table (export "t") 0 externref) (export "table" (table $t)))"#;
    let instance = instantiate(&mut store, text).unwrap();
    let table = match instance.get_export(&store, "table") {
        Some(jit::Extern::Table(table)) => table,
        other => panic!("{other:?}"),
    };
    let mut size = 1;
    for delta in [1, 6, 100, 8_000, 1, 90_000, 2_000_000, 7_000_000] {
        let value = Val::ExternRef(Some(jit::ExternRef::new(&mut store, size)));
        table.set(&mut store, size - 1, value).unwrap();
        assert_eq!(call(&mut store, instance, "grow", delta), i32::try_from(size).unwrap());
        assert_eq!(call(&mut store, instance, "null", i32::try_from(size).unwrap()), 1);
        size += u64::try_from(delta).unwrap();
    }
    assert_eq!(table.size(&store), size);
    let set: Vec<u64> = (0..size)
        .filter_map(|at| match table.get(&store, at) {
            Some(Val::ExternRef(Some(value))) => value.data(&store).downcast_ref::<u64>().copied(),
            _ => None,
        })
        .collect();
    assert_eq!(set, [1, 2, 8, 108, 8_108, 8_109, 98_109, 2_098_109]);
}
