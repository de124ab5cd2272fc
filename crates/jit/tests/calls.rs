//! Values of all types, in all places, through typed calls and wrapped host functions; the same
//! calls on values and on slots are their plain twins. How wrapped host functions fail.
#![expect(clippy::unwrap_used, reason = "in tests, a panic is the failure")]

mod common;

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};

use common::{engine, module};
use jit::{
    Caller, Engine, Exception, ExnRef, Extern, ExternRef, Func, FuncType, HostError, Instance, IntoFunc,
    Linker, Store, Tag, TagType, Trap, TrapKind, Val, ValRaw, ValType, WasmParams, WasmResults,
};

/// Values of a type, of which those of different numbers differ in all parts.
trait Sample {
    fn sample(n: u32) -> Self;
}

macro_rules! samples {
    ($($ty:ty: |$n:ident| $sample:expr;)*) => {
        $(impl Sample for $ty {
            fn sample($n: u32) -> Self {
                $sample
            }
        })*
    };
}

samples! {
    i32: |n| i32::MIN + n.cast_signed();
    u32: |n| u32::MAX - n;
    i64: |n| i64::MIN + i64::from(n);
    u64: |n| 0x0123_4567_89ab_cdef ^ u64::from(n) << 32;
    f32: |n| -1.5 - 2_f32.powi(n.cast_signed());
    f64: |n| 1e300 * f64::from(n + 1);
    u128: |n| 0x0123_4567_89ab_cdef_fedc_ba98_7654_3210 ^ u128::from(n) << 64 ^ u128::from(n);
}

/// A module whose function passes its arguments on to an imported one.
fn forwarding(ty: &FuncType) -> String {
    let list =
        |what: &str, types: &[ValType]| types.iter().map(|ty| format!(" ({what} {ty})")).collect::<String>();
    let ty_text = list("param", &ty.params) + &list("result", &ty.results);
    let args: String = (0..ty.params.len()).map(|i| format!(" (local.get {i})")).collect();
    format!(r#"(module (import "" "f" (func $f{ty_text})) (func (export "f"){ty_text} (call $f{args})))"#)
}

fn forward<T: 'static>(store: &mut Store<T>, host: Func) -> Func {
    let text = forwarding(&host.ty(&*store));
    let module = module(store.engine(), &text);
    let instance = Instance::new(&mut *store, &module, &[Extern::Func(host)]).unwrap();
    instance.get_func(&*store, "f").unwrap()
}

/// Calls a host function, straight and through a guest, each of the two sides with Rust types, with
/// values and with slots.
fn check<P, R, A, B>(engine: &Engine, host: impl IntoFunc<Vec<Val>, A, B>, params: P, results: R)
where
    P: WasmParams + Copy,
    R: WasmResults + PartialEq + Debug,
{
    let mut store = Store::new(engine, Vec::new());
    let wrapped = Func::wrap(&mut store, host);
    let ty = wrapped.ty(&store);
    let through = forward(&mut store, wrapped);
    for func in [wrapped, through] {
        let typed = func.typed::<P, R>(&mut store).unwrap();
        assert_eq!(typed.call(&mut store, params).unwrap(), results, "{ty}");
    }

    // As a dynamically typed host function sees the arguments.
    let recording = Func::new(&mut store, ty.clone(), |mut caller, params, _| {
        *caller.data_mut() = params.to_vec();
        Ok(())
    });
    let recording = forward(&mut store, recording).typed::<P, R>(&mut store).unwrap();
    recording.call(&mut store, params).unwrap();
    let params_given = store.data().clone();
    assert_eq!(params_given.iter().map(Val::ty).collect::<Vec<_>>(), ty.params);
    let mut results_given: Vec<_> = ty.results.iter().map(|&ty| Val::default_for(ty)).collect();
    through.call(&mut store, &params_given, &mut results_given).unwrap();

    let dynamic = {
        let results_given = results_given.clone();
        Func::new(&mut store, ty.clone(), move |_, params, results| {
            assert_eq!(params, params_given);
            results.clone_from_slice(&results_given);
            Ok(())
        })
    };
    let typed = forward(&mut store, dynamic).typed::<P, R>(&mut store).unwrap();
    assert_eq!(typed.call(&mut store, params).unwrap(), results, "{ty}");
    check_slots(&mut store, through, &results_given);
}

/// Calls a function on slots from a host function on slots.
fn check_slots(store: &mut Store<Vec<Val>>, func: Func, results: &[Val]) {
    let ty = func.ty(&*store);
    let raw =
        move |mut caller: Caller<'_, Vec<Val>>, slots: &mut [ValRaw]| Ok(func.call_raw(&mut caller, slots)?);
    let raw = Func::new_raw(&mut *store, &ty, raw);
    let params = store.data().clone();
    let mut again: Vec<_> = ty.results.iter().map(|&ty| Val::default_for(ty)).collect();
    forward(store, raw).call(&mut *store, &params, &mut again).unwrap();
    assert_eq!(again, results, "{ty}");
}

/// Checks host functions from the parameter types to the result types.
macro_rules! check {
    ($engine:expr, $(($($param:ident: $ty:ty),*) -> ($($result:ty),*);)*) => {
        $({
            #[allow(unused_mut, unused_assignments, unused_variables, reason = "without values nothing is used")]
            let (mut n, mut m) = (0, 40);
            #[allow(unused_assignments, reason = "the last one")]
            let params = ($({ n += 1; <$ty as Sample>::sample(n) },)*);
            #[allow(unused_assignments, reason = "the last one")]
            let results = ($({ m += 1; <$result as Sample>::sample(m) },)*);
            let host = move |$($param: $ty),*| {
                assert_eq!(($($param,)*), params);
                results
            };
            check::<($($ty,)*), ($($result,)*), _, _>($engine, host, params, results);
        })*
    };
}

#[test]
fn up_to_two_results_of_each_type() {
    check! {
        &engine(),
        () -> ();
        (a: i32) -> (i32);
        (a: i64) -> (u64);
        (a: f32) -> (f32);
        (a: f64) -> (f64);
        (a: u128) -> (u128);
        (a: u32, b: u32) -> (u32, u32);
        (a: i64, b: i64) -> (i64, i64);
        (a: f32, b: f32) -> (f32, f32);
        (a: f64, b: f64) -> (f64, f64);
        (a: u128, b: u128) -> (u128, u128);
        (a: i32, b: f64) -> (i32, f64);
        (a: f32, b: u64) -> (f32, u64);
        (a: u64, b: f32) -> (i64, i32);
        (a: u128, b: i32) -> (u128, f32);
        (a: f64, b: u128) -> (i32, u128);
    }
}

#[test]
fn more_results_than_registers() {
    check! {
        &engine(),
        () -> (i32, i32, i32);
        () -> (f64, f64, f64);
        () -> (u128, u128, u128, u128);
        () -> (f32, u128, i32, f64, i64);
        (a: i32) -> (i64, f32, u64, f64, u32, u128, i32, f32, f64, i64, u128, u64);
        () -> (f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32);
    }
}

#[test]
fn more_parameters_than_registers() {
    check! {
        &engine(),
        (a: u32, b: u32, c: u32, d: u32, e: u32, f: u32, g: u32, h: u32, i: u32, j: u32, k: u32, l: u32) -> (u32);
        (a: i64, b: i64, c: i64, d: i64, e: i64, f: i64, g: i64, h: i64, i: i64, j: i64, k: i64, l: i64) -> (i64);
        (a: f32, b: f32, c: f32, d: f32, e: f32, f: f32, g: f32, h: f32, i: f32, j: f32, k: f32, l: f32) -> (f32);
        (a: f64, b: f64, c: f64, d: f64, e: f64, f: f64, g: f64, h: f64, i: f64, j: f64, k: f64, l: f64) -> (f64);
        (a: u128, b: u128, c: u128, d: u128, e: u128, f: u128, g: u128, h: u128, i: u128, j: u128, k: u128, l: u128)
            -> (u128);
        (a: i32, b: i64, c: f32, d: f64, e: u128, f: u32, g: u64, h: f32, i: f64, j: u128, k: i32, l: i64) -> (f64);
        (a: i64, b: f32, c: f64, d: u128, e: u32, f: u64, g: f32, h: f64, i: u128, j: i32, k: i64, l: i32) -> (f32);
        (a: f32, b: f64, c: u128, d: u32, e: u64, f: f32, g: f64, h: u128, i: i32, j: i64, k: i32, l: i64) -> ();
        (a: f64, b: u128, c: u32, d: u64, e: f32, f: f64, g: u128, h: i32, i: i64, j: i32, k: i64, l: f32)
            -> (u128, i32, f32);
        (a: u128, b: u32, c: u64, d: f32, e: f64, f: u128, g: i32, h: i64, i: i32, j: i64, k: f32, l: f64)
            -> (f32, i64);
        (a: u32, b: u32, c: u32, d: u32, e: u32, f: u32, g: u32, h: u128, i: u32, j: u128, k: f32, l: u128)
            -> (u128, u128);
    }
}

#[test]
fn bits_of_nans_and_of_narrow_values_pass_unchanged() {
    let mut store = Store::new(&engine(), ());
    let same = Func::wrap(&mut store, |a: f32, b: f64| (a, b));
    let same = forward(&mut store, same).typed::<(f32, f64), (f32, f64)>(&mut store).unwrap();
    let nans = (0xffa0_0001_u32, 0x7ff4_0000_0000_0001_u64);
    let (a, b) = same.call(&mut store, (f32::from_bits(nans.0), f64::from_bits(nans.1))).unwrap();
    assert_eq!((a.to_bits(), b.to_bits()), nans);
    // What is above an i32 in its register is nobody's business.
    let module = module(
        store.engine(),
        r#"(module (import "" "f" (func $f (param i32) (result i64 i32)))
            (func (export "f") (param i64) (result i64 i32) (call $f (i32.wrap_i64 (local.get 0)))))"#,
    );
    let widen = Func::wrap(&mut store, |n: u32| (u64::from(n), n));
    let instance = Instance::new(&mut store, &module, &[Extern::Func(widen)]).unwrap();
    let f = instance.get_typed_func::<u64, (u64, u32)>(&mut store, "f").unwrap();
    assert_eq!(f.call(&mut store, 0xffff_ffff_8000_0001).unwrap(), (0x8000_0001, 0x8000_0001));
}

#[test]
fn references() {
    type Three = (Option<Func>, Option<ExternRef>, Option<ExnRef>);
    let mut store = Store::new(&engine(), ());
    let turn = Func::wrap(&mut store, |a: Option<Func>, b: Option<ExternRef>, c: Option<ExnRef>| {
        assert_eq!((a.is_some(), b.is_some()), (b.is_some(), c.is_some()));
        (b, c, a)
    });
    let pair = Func::wrap(&mut store, |a: Option<ExternRef>, n: f32| (n, a));
    let tag = Tag::new(&mut store, TagType { func: FuncType::new([ValType::I32], []) });
    let exception = ExnRef::new(&mut store, &Exception { tag, payload: vec![Val::I32(3)] }).unwrap();
    let external = ExternRef::new(&mut store, "a host value");
    for func in [turn, forward(&mut store, turn)] {
        let typed =
            func.typed::<Three, (Option<ExternRef>, Option<ExnRef>, Option<Func>)>(&mut store).unwrap();
        let given = (Some(pair), Some(external), Some(exception.clone()));
        let expected = (Some(external), Some(exception.clone()), Some(pair));
        assert_eq!(typed.call(&mut store, given).unwrap(), expected);
        assert_eq!(typed.call(&mut store, (None, None, None)).unwrap(), (None, None, None));
    }
    let pair = forward(&mut store, pair);
    let pair = pair.typed::<(Option<ExternRef>, f32), (f32, Option<ExternRef>)>(&mut store).unwrap();
    assert_eq!(pair.call(&mut store, (Some(external), 0.5)).unwrap(), (0.5, Some(external)));
}

#[test]
fn a_reference_of_another_store_is_refused_where_it_would_cross() {
    let engine = engine();
    let foreign = ExternRef::new(Store::new(&engine, ()), 1);
    let mut store = Store::new(&engine, ());
    let leak = Func::wrap(&mut store, move || Some(foreign));
    let leak = forward(&mut store, leak).typed::<(), Option<ExternRef>>(&mut store).unwrap();
    let payload = catch_unwind(AssertUnwindSafe(|| leak.call(&mut store, ()))).unwrap_err();
    let message = payload.downcast_ref::<&str>().copied();
    assert_eq!(message, Some("a handle is used with the store it belongs to"));
}

/// Calls a host function that does as it is told, through a guest that catches an exception of
/// `tag`.
fn check_failures<R>(engine: &Engine, given: R)
where
    R: WasmResults + Copy + PartialEq + Debug + Send + Sync,
{
    let mut store = Store::new(engine, ());
    let tag = Tag::new(&mut store, TagType { func: FuncType::new([ValType::I32], []) });
    let host = Func::wrap(&mut store, move |what: i32| -> Result<R, HostError> {
        match what {
            0 => Ok(given),
            1 => Err("it fails".into()),
            2 => Err(Trap::exception(Exception { tag, payload: vec![Val::I32(7)] }).into()),
            _ => panic!("it panics"),
        }
    });
    let ty = host.ty(&store);
    let results: String = ty.results.iter().map(|ty| format!(" (result {ty})")).collect();
    let text = format!(
        r#"(module (import "" "tag" (tag $t (param i32))) (import "" "f" (func $f (param i32){results}))
            (func $inner (param i32){results} (call $f (local.get 0)))
            (func (export "f") (param i32){results} (call $inner (local.get 0)))
            (func (export "caught") (param i32) (result i32)
                (block $h (result i32)
                    (try_table{results} (catch $t $h) (call $inner (local.get 0))) {drops} (i32.const 1))))"#,
        drops = "(drop) ".repeat(ty.results.len()),
    );
    let module = module(engine, &text);
    let instance = Instance::new(&mut store, &module, &[Extern::Tag(tag), Extern::Func(host)]).unwrap();
    let f = instance.get_typed_func::<i32, R>(&mut store, "f").unwrap();
    let caught = instance.get_typed_func::<i32, i32>(&mut store, "caught").unwrap();
    for _ in 0..3 {
        let trap = f.call(&mut store, 1).unwrap_err();
        assert_eq!(trap.to_string().lines().next(), Some("it fails"));
        let frames: Vec<_> = trap.backtrace().frames().iter().map(|frame| frame.func_index).collect();
        assert_eq!(frames, [1, 2]);
        let trap = f.call(&mut store, 2).unwrap_err();
        assert!(matches!(trap.kind(), TrapKind::Exception(e) if e.payload == [Val::I32(7)]), "{trap}");
        assert_eq!(caught.call(&mut store, 2).unwrap(), 7);
        assert!(matches!(caught.call(&mut store, 1).unwrap_err().kind(), TrapKind::Host(_)));
        let panicked = catch_unwind(AssertUnwindSafe(|| caught.call(&mut store, 3)));
        assert_eq!(panicked.unwrap_err().downcast_ref::<&str>(), Some(&"it panics"));
        assert_eq!(f.call(&mut store, 0).unwrap(), given);
        assert_eq!(caught.call(&mut store, 0).unwrap(), 1);
    }
}

#[test]
fn a_wrapped_host_function_fails_whatever_it_would_return() {
    let engine = engine();
    check_failures(&engine, ());
    check_failures(&engine, 1_i32);
    check_failures(&engine, 2.5_f64);
    check_failures(&engine, 1_u128 << 100);
    check_failures(&engine, (1_i64, 0.5_f32));
    check_failures(&engine, (1_u128, 2_i32));
    check_failures(&engine, (1_i32, 2_f64, 3_u128, 4_i64));
}

#[test]
fn a_failure_that_a_host_function_swallows_is_over() {
    let engine = engine();
    let mut linker = Linker::<Vec<Val>>::new(&engine);
    linker.func_wrap("", "fail", || -> Result<i64, HostError> { Err("inner".into()) }).unwrap();
    linker.func_wrap("", "panic", || -> i64 { panic!("inner") }).unwrap();
    linker
        .func_wrap(
            "",
            "try",
            |mut caller: Caller<'_, Vec<Val>>, f: Option<Func>| -> Result<(i64, i64), HostError> {
                let f = f.ok_or("null")?.typed::<(), i64>(&mut caller)?;
                match catch_unwind(AssertUnwindSafe(|| f.call(&mut caller, ()))) {
                    Ok(Ok(n)) => Ok((0, n)),
                    Ok(Err(_)) => Ok((1, 0)),
                    Err(_) => Ok((2, 0)),
                }
            },
        )
        .unwrap();
    let text = r#"(module
        (import "" "fail" (func $fail (result i64))) (import "" "panic" (func $panic (result i64)))
        (import "" "try" (func $try (param funcref) (result i64 i64)))
        (elem declare func $fails $panics $returns $traps)
        (func $fails (result i64) (call $fail)) (func $panics (result i64) (call $panic))
        (func $returns (result i64) (i64.const 5)) (func $traps (result i64) unreachable)
        (func (export "f") (result i64 i64 i64 i64 i64 i64 i64 i64)
            (call $try (ref.func $fails)) (call $try (ref.func $panics))
            (call $try (ref.func $returns)) (call $try (ref.func $traps))))"#;
    let mut store = Store::new(&engine, Vec::new());
    let instance = linker.instantiate(&mut store, &module(&engine, text)).unwrap();
    type Eight = (i64, i64, i64, i64, i64, i64, i64, i64);
    let f = instance.get_typed_func::<(), Eight>(&mut store, "f").unwrap();
    assert_eq!(f.call(&mut store, ()).unwrap(), (1, 0, 2, 0, 0, 5, 1, 0));
}

#[test]
fn slots_that_do_not_fit_are_refused() {
    let mut store = Store::new(&engine(), Vec::<Val>::new());
    let add = Func::wrap(&mut store, |a: i32, b: i32| a + b);
    let trap = add.call_raw(&mut store, &mut [ValRaw::default()]).unwrap_err();
    assert!(matches!(trap.kind(), TrapKind::Mismatch(_)));
    assert_eq!(trap.to_string(), "wasm trap: a function of type [i32 i32] -> [i32] was called with 1 slots");
    let mut slots = [1, u64::MAX, 3].map(ValRaw::from_u64);
    add.call_raw(&mut store, &mut slots).unwrap();
    assert_eq!(slots[0].to_u64() & u64::from(u32::MAX), 0);
    let reference = Func::wrap(&mut store, |_: Option<Func>| ());
    let trap = reference.call_raw(&mut store, &mut [ValRaw::default()]).unwrap_err();
    assert_eq!(trap.to_string(), "wasm trap: a function of type [funcref] -> [] was called with 1 slots");
    let ty = FuncType::new([], [ValType::EXTERNREF]);
    let refused = catch_unwind(AssertUnwindSafe(|| Func::new_raw(&mut store, &ty, |_, _| Ok(()))));
    let message = refused.unwrap_err().downcast_ref::<&str>().copied();
    assert_eq!(message, Some("a host function on slots has no references"));
}
