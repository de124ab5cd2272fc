//! Mutated bytes of real components are decoded, resolved, compiled, linked, instantiated and called: whatever
//! happens, nothing panics.
//!
//! A guest whose code or data was mutated would often loop for ever, and a call cannot be interrupted yet. So guests
//! run only if their core modules are as they were; should one loop all the same, it is left alone ([`PATIENCE`]).

#![expect(clippy::unwrap_used, reason = "a failed setup is a failed test")]

use component_linker::{Component, Config, Engine, Linker, List, Store, Val};
use proptest::prelude::*;
use std::ops::Range;
use std::sync::{LazyLock, mpsc};
use std::time::Duration;
use wasmparser::{Parser, Payload};

/// A component to mutate.
struct Subject {
    bytes: Vec<u8>,
    /// What decides how the guest runs: the sections of its core modules.
    core: Vec<Range<usize>>,
}

fn read(file: &str) -> Subject {
    let path = format!("{}/../../examples/{file}", env!("CARGO_MANIFEST_DIR"));
    let bytes = wat::parse_file(path).unwrap_or_else(|error| panic!("{error}"));
    let core = Parser::new(0).parse_all(&bytes).filter_map(|payload| {
        let Payload::ModuleSection { unchecked_range: range, .. } = payload.unwrap() else { return None };
        Some(usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap())
    });
    let core = core.collect();
    Subject { bytes, core }
}

static SUBJECTS: LazyLock<[Subject; 3]> = LazyLock::new(|| {
    [read("plugin/plugin.wat"), read("guests/plugin-rs.wasm"), read("guests/plugin-c.wasm")]
});

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

/// How long a guest is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs the component in a thread of its own and waits for it, within limits.
fn run_patiently(bytes: Vec<u8>) {
    let (sender, receiver) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        run(&bytes, true);
        let _ = sender.send(());
    });
    match receiver.recv_timeout(PATIENCE) {
        Err(mpsc::RecvTimeoutError::Timeout) => {} // it loops, which is its right
        Ok(()) | Err(mpsc::RecvTimeoutError::Disconnected) => thread.join().expect("nothing panics"),
    }
}

/// Takes the component as far as is safe; panics are the only failure.
fn run(bytes: &[u8], instantiate: bool) {
    let engine = Engine::new(&Config::new()).unwrap();
    let Ok(component) = Component::new(&engine, bytes) else { return };
    let mut linker = Linker::new();
    if linker.stub_imports(&component).is_err() || !instantiate {
        return;
    }
    let mut store = Store::new(&engine, ());
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
        let mut bytes = SUBJECTS[subject].bytes.clone();
        for (at, mutation) in changes {
            let at = at.index(bytes.len());
            apply(&mut bytes, at, mutation);
        }
        run(&bytes, false);
    }

    #[test]
    fn outside_of_core_modules(subject in 0..3_usize, at in any::<prop::sample::Index>(), mutation in any_mutation()) {
        let Subject { bytes, core } = &SUBJECTS[subject];
        let outside: Vec<usize> = (0..bytes.len()).filter(|at| !core.iter().any(|range| range.contains(at))).collect();
        let mut bytes = bytes.clone();
        apply(&mut bytes, outside[at.index(outside.len())], mutation);
        run_patiently(bytes);
    }

    #[test]
    fn cut_short(subject in 0..3_usize, at in any::<prop::sample::Index>()) {
        let bytes = &SUBJECTS[subject].bytes;
        run_patiently(bytes[..at.index(bytes.len())].to_vec());
    }
}
