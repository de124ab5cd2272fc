//! How modules are compiled: on several threads or one, and which error is told.
#![expect(clippy::unwrap_used, reason = "in tests, a panic is the failure")]

use std::fmt::Write;
use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use jit::{
    Config, Engine, ErrorKind, ExternType, Module, Progress, Unit, ValidBytes, ValidModule, WasmFeatures,
};

/// Returns a module of functions of all sizes that call each other; `extra` goes into the largest
/// and a small one.
fn module(extra: [&str; 2]) -> Vec<u8> {
    let mut wat = String::from("(module (memory 1)");
    for i in 0..200 {
        let extra = match i {
            77 => extra[0],
            150 => extra[1],
            _ => "",
        };
        let statement = format!("(local.set 0 (i32.load offset={i} (call {} (local.get 0))))", i / 2);
        let body = statement.repeat(if i == 77 { 200 } else { i % 10 });
        write!(wat, "(func (param i32) (result i32) {body} {extra} (local.get 0))").unwrap();
    }
    wat.push(')');
    wat::parse_str(wat).unwrap()
}

#[test]
fn one_thread_and_several_make_the_same_code() {
    let wasm = module(["", ""]);
    let text = |parallel| {
        let engine = Engine::new(&Config::new().parallel_compilation(parallel)).unwrap();
        Module::new(&engine, &wasm).unwrap().serialize().unwrap()
    };
    assert_eq!(text(false), text(true));
}

#[test]
fn progress_is_told_for_every_function() {
    let wasm = module(["", ""]);
    for parallel in [false, true] {
        let engine = Engine::new(&Config::new().parallel_compilation(parallel)).unwrap();
        let told = Mutex::new(vec![]);
        let progress = |Progress { n_done, n_funcs }| {
            assert_eq!(n_funcs, 200);
            told.lock().unwrap().push(n_done);
            ControlFlow::Continue(())
        };
        Module::new_watched(&engine, &wasm, &progress).unwrap();
        let mut told = told.into_inner().unwrap();
        told.sort_unstable();
        assert_eq!(told, (0..=200).collect::<Vec<_>>());
    }
}

/// Whoever watches may end a compilation: before it begins, and after any function.
#[test]
fn a_compilation_can_be_cancelled() {
    let wasm = module(["", ""]);
    for parallel in [false, true] {
        let engine = Engine::new(&Config::new().parallel_compilation(parallel)).unwrap();
        for last in [0, 1, 150] {
            let n_told = AtomicUsize::new(0);
            let watch = |Progress { n_done, .. }| {
                n_told.fetch_add(1, Ordering::Relaxed);
                if n_done < last { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            };
            let error = Module::new_watched(&engine, &wasm, &watch).err().unwrap();
            assert_eq!(error.kind(), ErrorKind::Cancelled);
            // The other threads finish what they have begun.
            let n_threads = std::thread::available_parallelism().unwrap().get();
            assert!(n_told.into_inner() <= last + n_threads, "{last}");
            let mut unit = Unit::new(&engine);
            unit.add(&wasm).unwrap();
            unit.add(&wasm).unwrap();
            let error = unit.compile_watched(&watch_until(200 + last)).err().unwrap();
            assert_eq!(error.kind(), ErrorKind::Cancelled);
        }
    }
}

fn watch_until(last: usize) -> impl Fn(Progress) -> ControlFlow<()> + Sync {
    move |Progress { n_done, n_funcs }| {
        assert_eq!(n_funcs, 400);
        if n_done < last { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}

#[test]
fn the_error_is_the_first_in_the_modules_order() {
    let invalid = "(drop (i32.add (f32.const 1) (i32.const 2)))";
    let offset = |extra| {
        [false, true].map(|parallel| {
            let engine = Engine::new(&Config::new().parallel_compilation(parallel)).unwrap();
            Module::new(&engine, &module(extra)).map(|_| ()).unwrap_err().offset()
        })
    };
    let (large, small, both) = (offset([invalid, ""]), offset(["", invalid]), offset([invalid, invalid]));
    assert_eq!(both, large);
    assert_eq!(large[0], large[1]);
    assert!(large[0] < small[0] && small[0] == small[1]);
}

#[test]
fn the_first_stage_answers_about_types_and_is_compiled_alone_or_in_a_unit() {
    let engine = Engine::new(&Config::new()).unwrap();
    let text = r#"(module $m (import "a" "b" (func (param i32))) (memory (export "mem") 1)
        (func (export "f") (result i64) (i64.const 1)))"#;
    let module = ValidModule::new(&engine, &wat::parse_str(text).unwrap()).unwrap();
    assert_eq!(module.name(), Some("m"));
    assert!(module.imports().all(|import| matches!(import.ty, ExternType::Func(_))));
    let exports: Vec<_> = module.exports().map(|export| export.name.to_owned()).collect();
    assert_eq!(exports, ["mem", "f"]);
    assert_eq!(Module::compile(&module).unwrap().exports().len(), 2);
    let mut unit = Unit::new(&engine);
    let place = unit.add_valid(&module);
    assert_eq!(unit.compile().unwrap()[place.position()].imports().len(), 1);
}

#[test]
fn the_first_stage_looks_into_every_body() {
    let wasm = module(["", "(drop (i32.add (f32.const 1) (i32.const 2)))"]);
    let engine = Engine::new(&Config::new().lazy_compilation(true)).unwrap();
    let error = ValidModule::new(&engine, &wasm).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(error.offset(), Module::new(&engine, &wasm).map(drop).unwrap_err().offset());
}

#[test]
fn bytes_are_validated_apart_from_an_engine() {
    let features = WasmFeatures::default();
    let invalid = module(["", "(drop (i32.add (f32.const 1) (i32.const 2)))"]);
    assert_eq!(ValidBytes::new(&invalid, features).unwrap_err().kind(), ErrorKind::Invalid);
    let vectors = r#"(module (func (export "f") (drop (i8x16.splat (i32.const 1)))))"#;
    let valid = ValidBytes::new(&wat::parse_str(vectors).unwrap(), features).unwrap();
    let engine = |features| Engine::new(&Config::new().features(features)).unwrap();
    let module = ValidModule::of_bytes(&engine(features), &valid).unwrap();
    assert_eq!(Module::compile(&module).unwrap().exports().len(), 1);
    // An engine that admits less looks again.
    let error = ValidModule::of_bytes(&engine(features - WasmFeatures::SIMD), &valid).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}

#[test]
#[should_panic(expected = "a unit's modules are of its engine")]
fn a_unit_refuses_the_modules_of_another_engine() {
    let engine = || Engine::new(&Config::new()).unwrap();
    let module = ValidModule::new(&engine(), &module(["", ""])).unwrap();
    Unit::new(&engine()).add_valid(&module);
}
