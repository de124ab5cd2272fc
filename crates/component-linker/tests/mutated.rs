//! Mutated bytes of real components are decoded, resolved, compiled, linked, instantiated and
//! called: whatever happens, nothing panics.
//!
//! A guest whose code or data was mutated often loops for ever, so guests run on little fuel
//! ([`FUEL`]).

#![expect(clippy::unwrap_used, reason = "a failed setup is a failed test")]

use component_linker::{Component, Config, Engine, Linker, List, Store, Val};
use proptest::prelude::*;
use std::ops::Range;
use std::sync::LazyLock;
use wasmparser::{Parser, Payload};

fn read(file: &str) -> Vec<u8> {
    let path = format!("{}/../../examples/{file}", env!("CARGO_MANIFEST_DIR"));
    wat::parse_file(path).unwrap_or_else(|error| panic!("{error}"))
}

/// The components to mutate.
static SUBJECTS: LazyLock<[Vec<u8>; 3]> = LazyLock::new(|| {
    [read("plugin/plugin.wat"), read("guests/plugin-rs.wasm"), read("guests/plugin-c.wasm")]
});

/// The bytes of a component's core modules: what decides how the guest runs.
fn core_modules(bytes: &[u8]) -> Vec<Range<usize>> {
    let modules = Parser::new(0).parse_all(bytes).filter_map(|payload| {
        let Payload::ModuleSection { unchecked_range: range, .. } = payload.unwrap() else { return None };
        Some(usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap())
    });
    modules.collect()
}

/// One change: a byte overwritten, put in or left out.
#[derive(Clone, Copy, Debug)]
enum Mutation {
    Overwrite(u8),
    Insert(u8),
    Remove,
}

fn any_mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        4 => any::<u8>().prop_map(Mutation::Overwrite),
        2 => (0..4_u8).prop_map(Mutation::Overwrite),
        1 => any::<u8>().prop_map(Mutation::Insert),
        1 => Just(Mutation::Remove),
    ]
}

fn apply(bytes: &mut Vec<u8>, at: usize, mutation: Mutation) {
    match mutation {
        Mutation::Overwrite(byte) => bytes[at] = byte,
        Mutation::Insert(byte) => bytes.insert(at, byte),
        Mutation::Remove => drop(bytes.remove(at)),
    }
}

/// How many operators a guest may execute: enough for all that the unchanged ones do, and over in a
/// moment.
const FUEL: u64 = 1_000_000;

/// Takes the component as far as it goes; panics are the only failure.
fn run(bytes: &[u8]) {
    let engine = Engine::new(&Config::new().consume_fuel(true)).unwrap();
    let Ok(component) = Component::new(&engine, bytes) else { return };
    let mut linker = Linker::new();
    if linker.stub_imports(&component).is_err() {
        return;
    }
    let mut store = Store::new(&engine, ());
    store.set_fuel(FUEL);
    let Ok(instance) = linker.instantiate(&mut store, &component) else { return };
    for path in [&["techbytes:plugin/processing", "process"][..], &["process"]] {
        let Some(process) = instance.get_func(&mut store, path) else { continue };
        for payload in [vec![1, 2, 3], vec![]] {
            let chunk = Val::Record(vec![Val::U64(7), Val::List(List::U8(payload))]);
            drop(process.call(&mut store, &[chunk]));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn anywhere(subject in 0..3_usize, changes in prop::collection::vec((any::<prop::sample::Index>(), any_mutation()), 1..4)) {
        let mut bytes = SUBJECTS[subject].clone();
        for (at, mutation) in changes {
            let at = at.index(bytes.len());
            apply(&mut bytes, at, mutation);
        }
        run(&bytes);
    }

    #[test]
    fn within_core_modules(subject in 0..3_usize, at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = SUBJECTS[subject].clone();
        let inside: Vec<usize> = core_modules(&bytes).into_iter().flatten().collect();
        bytes[inside[at.index(inside.len())]] = byte;
        run(&bytes);
    }

    #[test]
    fn outside_of_core_modules(subject in 0..3_usize, at in any::<prop::sample::Index>(), mutation in any_mutation()) {
        let mut bytes = SUBJECTS[subject].clone();
        let core = core_modules(&bytes);
        let outside: Vec<usize> = (0..bytes.len()).filter(|at| !core.iter().any(|range| range.contains(at))).collect();
        apply(&mut bytes, outside[at.index(outside.len())], mutation);
        run(&bytes);
    }

    #[test]
    fn cut_short(subject in 0..3_usize, at in any::<prop::sample::Index>()) {
        let bytes = &SUBJECTS[subject];
        run(&bytes[..at.index(bytes.len())]);
    }
}
