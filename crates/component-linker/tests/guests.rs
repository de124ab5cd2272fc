//! Components that other toolchains made, and the plugin written by hand: `examples/guests` and
//! `examples/plugin`.

#![expect(clippy::unwrap_used, reason = "a failed setup is a failed test")]

use component_linker::{Component, Config, Engine, Linker, List, Store, Val};

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");

fn chunk(id: u64, payload: &[u8]) -> Val {
    Val::Record(vec![Val::U64(id), Val::List(List::U8(payload.to_vec()))])
}

fn ok(value: Val) -> Val {
    Val::Result(Ok(Some(Box::new(value))))
}

/// FNV-1a of 32 bits, which the plugin checks.
fn fnv1a_32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// Calls `process` of a component of the plugin world, again and again in one instance.
fn check(file: &str) {
    let bytes = wat::parse_file(format!("{EXAMPLES}/{file}")).unwrap_or_else(|error| panic!("{error}"));
    let engine = Engine::new(&Config::new()).unwrap();
    let component = Component::new(&engine, &bytes).unwrap_or_else(|error| panic!("{file}: {error}"));
    let mut linker = Linker::new();
    linker.stub_imports(&component).unwrap();
    let mut store = Store::new(&engine, ());
    let instance =
        linker.instantiate(&mut store, &component).unwrap_or_else(|error| panic!("{file}: {error}"));
    let process = instance.get_func(&mut store, &["techbytes:plugin/processing", "process"]);
    let process = process.expect("the world exports it");
    let mut call = |value: &Val| {
        let result = process.call(&mut store, std::slice::from_ref(value));
        result.unwrap_or_else(|error| panic!("{file}: {error}")).expect("a result")
    };
    let large: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    for payload in [&[1, 2, 3][..], &[0], &large] {
        let unchecked = chunk(7, payload);
        assert_eq!(call(&unchecked), ok(unchecked.clone()), "{file}");
        let id = u64::from(fnv1a_32(payload)) << 32 | 7;
        let checked = chunk(id, payload);
        assert_eq!(call(&checked), ok(checked.clone()), "{file}");
        let mismatch = call(&chunk(id ^ (1 << 40), payload));
        assert!(matches!(mismatch, Val::Result(Err(Some(_)))), "{file}: {mismatch:?}");
    }
    let empty = call(&chunk(7, &[]));
    assert!(matches!(empty, Val::Result(Err(Some(_)))), "{file}: {empty:?}");
}

#[test]
fn plugin_in_rust() {
    check("guests/plugin-rs.wasm");
}

#[test]
fn plugin_in_c() {
    check("guests/plugin-c.wasm");
}

#[test]
fn plugin_by_hand() {
    check("plugin/plugin.wat");
}
