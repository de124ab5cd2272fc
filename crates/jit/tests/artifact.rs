//! Compiled modules written to files and mapped back; what is damaged or foreign is an error.
//! Progress of compilation.

mod common;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Mutex;

use common::engine;
use jit::{Config, Engine, ErrorKind, Instance, Module, Progress, Store, TrapKind};

const TEXT: &str = r#"(module $m
    (tag $t (param i32))
    (table 2 funcref) (elem (i32.const 0) func $double $throw)
    (memory (export "memory") 1) (data (i32.const 8) "abc")
    (func $double (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
    (func $throw (param i32) (result i32) (throw $t (local.get 0)))
    (func (export "run") (param i32 i32) (result i32)
        (block $caught (result i32)
            (try_table (result i32) (catch $t $caught)
                (call_indirect (param i32) (result i32) (local.get 0) (local.get 1)))
            (i32.add (i32.load8_u (i32.const 8))))))"#;

/// A file of this test's own that goes with it.
struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str, contents: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("lowlift-{}-{name}", std::process::id()));
        std::fs::write(&path, contents).expect("the temporary folder is writable");
        Self(path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // If it is gone already, that is fine too.
        let _ = std::fs::remove_file(&self.0);
    }
}

fn compiled(engine: &Engine) -> Vec<u8> {
    let wasm = wat::parse_str(TEXT).expect("well formed");
    Module::new(engine, &wasm).expect("valid").serialize().expect("compiled")
}

fn load(engine: &Engine, contents: &[u8]) -> Result<Module, jit::Error> {
    let name = format!("{:?}", std::thread::current().id()).replace(['(', ')'], "");
    let file = Temporary::new(&name, contents);
    Module::deserialize_file(engine, &file.0)
}

#[test]
fn a_module_comes_back_as_it_was() {
    let engine = engine();
    let file = compiled(&engine);
    let module = load(&engine, &file).unwrap();
    assert_eq!(module.name(), Some("m"));
    assert_eq!(module.serialize().unwrap(), file);
    // A module that has compiled nothing yet writes the same.
    let lazy = Engine::new(&Config::new().lazy_compilation(true)).unwrap();
    assert_eq!(compiled(&lazy), file);
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let run = instance.get_typed_func::<(i32, i32), i32>(&mut store, "run").unwrap();
    assert_eq!(run.call(&mut store, (21, 0)).unwrap(), 42 + 97);
    assert_eq!(run.call(&mut store, (21, 1)).unwrap(), 21);
    let trap = run.call(&mut store, (21, 2)).unwrap_err();
    assert!(matches!(trap.kind(), TrapKind::UndefinedElement));
    let frame = &trap.backtrace().frames()[0];
    assert_eq!((frame.module.as_deref(), frame.func_index), (Some("m"), 2));
    assert!(frame.module_offset.is_some());
}

#[test]
fn every_changed_byte_is_found() {
    let engine = engine();
    let file = compiled(&engine);
    let check = |at: usize, bits: u8| {
        let mut changed = file.clone();
        changed[at] ^= bits;
        let error = load(&engine, &changed).err().unwrap_or_else(|| panic!("byte {at} is not checked"));
        assert_eq!(error.kind(), ErrorKind::Artifact, "byte {at}: {error}");
    };
    (0..56).for_each(|at| check(at, 1));
    (0..56).for_each(|at| check(at, 0xff));
    // Every part of the rest, the padding too.
    let mut at = 56;
    let mut step: usize = 1;
    while at < file.len() {
        check(at, 1 << (at % 8));
        step = step * 31 % 1021 + 1;
        at += step;
    }
    for len in [0, 1, 55, 56, 57, file.len() / 2, file.len() - 1] {
        assert_eq!(load(&engine, &file[..len]).err().map(|error| error.kind()), Some(ErrorKind::Artifact));
    }
    let longer = [&file[..], &[0]].concat();
    assert_eq!(load(&engine, &longer).err().map(|error| error.kind()), Some(ErrorKind::Artifact));
}

#[test]
fn another_configuration_or_file_is_refused() {
    let file = compiled(&engine());
    let check = |config: &Config, contents: &[u8], expected: &str| {
        let error = load(&Engine::new(config).unwrap(), contents).err().unwrap();
        assert_eq!((error.kind(), error.message()), (ErrorKind::Artifact, expected));
    };
    let other = "a compiled module for another version, processor or configuration";
    check(&Config::new().epoch_interruption(true), &file, other);
    check(&Config::new().consume_fuel(true), &file, other);
    check(&Config::new(), b"\0asm\x01\0\0\0", "not a compiled module of this program");
    check(&Config::new(), b"", "an empty file");
    let missing = Module::deserialize_file(&engine(), "/nowhere/at/all").err().unwrap();
    assert_eq!(missing.kind(), ErrorKind::Host);
    // Engines of the same configuration are the same to a file.
    assert!(load(&engine(), &file).is_ok());
}

#[test]
fn progress_counts_every_function() {
    let text = format!("(module {})", "(func (result i32) (i32.const 1))".repeat(200));
    let seen = Mutex::new(Vec::new());
    let wasm = wat::parse_str(text).unwrap();
    let watch = |progress: Progress| {
        seen.lock().unwrap().push(progress);
        ControlFlow::Continue(())
    };
    Module::new_watched(&engine(), &wasm, &watch).unwrap();
    let mut seen = seen.into_inner().unwrap();
    seen.sort_by_key(|progress| progress.n_done);
    let expected: Vec<_> = (0..=200).map(|n_done| Progress { n_done, n_funcs: 200 }).collect();
    assert_eq!(seen, expected);
}
