//! Collection of exceptions: what anyone can reach survives it, wherever the reference is, and all
//! else goes.
#![expect(clippy::unwrap_used, reason = "in tests, a panic is the failure")]

mod common;

use common::{call, collecting_engines, instance, module};
use jit::{
    Config, Engine, Exception, ExnRef, Extern, Func, FuncType, Global, GlobalType, Instance, Module, Store,
    StoreLimits, Tag, TagType, Trap, TrapKind, Val, ValType,
};

/// Places where a reference may be while others are collected. The exports of one parameter return
/// it, by way of the payload of an exception whose reference was there.
const PLACES: &str = r#"(module
    (import "" "t" (tag $t (param i32)))
    (import "" "given" (global $given exnref))
    (import "" "callback" (func $callback))
    (import "" "echo" (func $echo (param exnref) (result exnref)))
    (tag $pair (param exnref i64 exnref)) (tag $none)
    (type $make (func (param i32) (result exnref)))
    (global $global (mut exnref) (ref.null exn))
    (table $table 2 exnref) (table $copy 2 100000 exnref) (table $funcs funcref (elem $make))
    (elem $segment exnref (global.get $given) (ref.null exn))

    (func $make (export "make") (type $make) (local exnref)
        (block $h (result i32 exnref) (try_table (catch_ref $t $h) (throw $t (local.get 0))) unreachable)
        (local.set 1) (drop) (local.get 1))
    (func $payload (export "payload") (param exnref) (result i32)
        (block $h (result i32) (try_table (catch $t $h) (throw_ref (local.get 0))) unreachable))
    (func $churn (export "churn") (local i32)
        (local.set 0 (i32.const 60))
        (loop $l
            (drop (call $make (i32.const 999)))
            (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
    (func $churn_and_throw (call $churn) (throw $none))
    (func $wrap (param exnref) (result exnref) (local exnref)
        (block $h (result exnref i64 exnref exnref)
            (try_table (catch_ref $pair $h)
                ;; The number has the bits of a reference.
                (throw $pair (ref.null exn) (i64.const 0x100000000) (local.get 0)))
            unreachable)
        (local.set 1) (drop) (drop) (drop) (local.get 1))
    (func $unwrap (param exnref) (result exnref) (local exnref)
        (block $h (result exnref i64 exnref) (try_table (catch $pair $h) (throw_ref (local.get 0))) unreachable)
        (local.set 1) (drop) (drop) (local.get 1))
    (func $after (param exnref) (result i32) (call $churn) (call $payload (local.get 0)))

    (func (export "local") (param i32) (result i32) (local exnref)
        (local.set 1 (call $make (local.get 0))) (call $churn) (call $payload (local.get 1)))
    (func (export "operand") (param i32) (result i32)
        (call $make (local.get 0)) (call $churn) (call $payload))
    (func (export "parameter") (param i32) (result i32) (call $after (call $make (local.get 0))))
    (func (export "tail call") (param i32) (result i32) (return_call $after (call $make (local.get 0))))
    (func (export "loop") (param i32) (result i32) (local i32)
        (local.set 1 (i32.const 3))
        (call $make (local.get 0))
        (loop $l (param exnref) (result exnref)
            (call $churn)
            (br_if $l (local.tee 1 (i32.sub (local.get 1) (i32.const 1)))))
        (call $payload))
    (func (export "local over a loop") (param i32) (result i32) (local i32 exnref exnref)
        (local.set 1 (i32.const 3))
        (local.set 2 (call $make (local.get 0)))
        (loop $l
            (call $churn)
            (local.set 3 (local.get 2)) (local.set 2 (call $make (i32.const 998)))
            (local.set 2 (local.get 3))
            (br_if $l (local.tee 1 (i32.sub (local.get 1) (i32.const 1)))))
        (call $payload (local.get 2)))
    (func (export "if") (param i32) (result i32)
        (call $make (local.get 0))
        (if (param exnref) (result exnref) (local.get 0)
            (then (call $churn)) (else (drop) (ref.null exn)))
        (call $payload))
    (func (export "select") (param i32) (result i32)
        (select (result exnref) (call $make (local.get 0)) (ref.null exn) (local.get 0))
        (call $churn) (call $payload))
    (func (export "not null") (param i32) (result i32)
        (ref.as_non_null (call $make (local.get 0))) (call $churn) (call $payload))
    (func (export "br_on_null") (param i32) (result i32)
        (block $null
            (br_on_null $null (call $make (local.get 0))) (call $churn) (call $payload) (return))
        unreachable)
    (func (export "br_on_non_null") (param i32) (result i32)
        (block $some (result (ref exn)) (br_on_non_null $some (call $make (local.get 0))) unreachable)
        (call $churn) (call $payload))
    (func (export "result inside of a try") (param i32) (result i32)
        (block $c
            (try_table (result exnref) (catch_all $c) (call $make (local.get 0)) (call $churn))
            (call $churn) (call $payload) (return))
        unreachable)
    (func (export "indirect result") (param i32) (result i32)
        (call_indirect $funcs (type $make) (local.get 0) (i32.const 0)) (call $churn) (call $payload))
    (func (export "handler only") (param i32) (result i32) (local exnref)
        (local.set 1 (call $make (local.get 0)))
        (block $c (try_table (catch_all $c) (call $churn_and_throw)) (return (i32.const -1)))
        (call $payload (local.get 1)))
    (func (export "thrown again") (param i32) (result i32)
        (block $outer (result i32)
            (try_table (catch $t $outer)
                (block $h (result exnref)
                    (try_table (catch_all_ref $h) (throw $t (local.get 0)))
                    unreachable)
                (call $churn)
                (throw_ref))
            unreachable))
    (func (export "in a payload") (param i32) (result i32)
        (call $wrap (call $wrap (call $make (local.get 0)))) (call $churn)
        (call $unwrap) (call $churn) (call $unwrap) (call $churn) (call $payload))
    (func (export "global") (param i32) (result i32)
        (global.set $global (call $make (local.get 0))) (call $churn) (call $payload (global.get $global)))
    (func (export "table") (param i32) (result i32)
        (table.set $table (i32.const 1) (call $make (local.get 0))) (call $churn)
        (table.get $table (i32.const 1)) (call $churn)
        (table.set $table (i32.const 1) (ref.null exn)) (call $churn) (call $payload))
    (func (export "filled table") (param i32) (result i32)
        (table.fill $table (i32.const 0) (call $make (local.get 0)) (i32.const 2)) (call $churn)
        (table.copy $copy $table (i32.const 0) (i32.const 1) (i32.const 1))
        (table.fill $table (i32.const 0) (ref.null exn) (i32.const 2)) (call $churn)
        (call $payload (table.get $copy (i32.const 0))))
    (func (export "grown table") (param i32) (result i32)
        (drop (table.grow $copy (call $make (local.get 0)) (i32.const 1))) (call $churn)
        (call $payload (table.get $copy (i32.sub (table.size $copy) (i32.const 1)))))
    (func (export "suspended") (param i32) (result i32)
        (call $make (local.get 0)) (call $callback) (call $payload))
    (func (export "host") (param i32) (result i32)
        (call $echo (call $make (local.get 0))) (call $churn) (call $payload))
    (func $many (param exnref exnref exnref exnref exnref exnref exnref exnref exnref exnref) (result i32)
        (call $churn)
        (drop (call $payload (local.get 0))) (call $churn) (call $payload (local.get 9)))
    (func (export "many") (param i32) (result i32) (local exnref)
        (call $many
            (call $make (i32.const 1)) (call $make (i32.const 1)) (call $make (i32.const 1))
            (call $make (i32.const 1)) (call $make (i32.const 1)) (call $make (i32.const 1))
            (call $make (i32.const 1)) (call $make (i32.const 1)) (call $make (i32.const 1))
            (call $make (local.get 0))))
    (func $deep (param i32 i32) (result i32) (local exnref)
        (local.set 2 (call $make (i32.add (local.get 0) (local.get 1))))
        (if (i32.eqz (local.get 1))
            (then (call $callback))
            (else
                (if (i32.ne (call $deep (local.get 0) (i32.sub (local.get 1) (i32.const 1))) (local.get 0))
                    (then unreachable))))
        (i32.sub (call $payload (local.get 2)) (local.get 1)))
    (func (export "deep") (param i32) (result i32) (call $deep (local.get 0) (i32.const 40)))
    (func (export "segment") (result i32)
        (call $churn)
        (table.init $table $segment (i32.const 0) (i32.const 0) (i32.const 2)) (call $churn)
        (call $payload (table.get $table (i32.const 0))))
    (func (export "drop") (elem.drop $segment) (table.set $table (i32.const 0) (ref.null exn)))
)"#;

/// An instance of [`PLACES`], whose `given` has the payload 5.
fn places(engine: &Engine, module: &Module) -> (Store<Option<Instance>>, Instance, Tag) {
    let mut store = Store::new(engine, None);
    store.set_limits(StoreLimits { exception_bytes: Some(10_000), ..StoreLimits::default() });
    let tag = Tag::new(&mut store, TagType { func: FuncType::new([ValType::I32], []) });
    let given = ExnRef::new(&mut store, &Exception { tag, payload: vec![Val::I32(5)] }).unwrap();
    let ty = GlobalType { content: ValType::EXNREF, mutable: false };
    let given = Global::new(&mut store, ty, Val::ExnRef(Some(given))).unwrap();
    let callback = Func::new(&mut store, FuncType::new([], []), |mut caller, _, _| {
        let instance: Instance = caller.data().unwrap();
        Ok(instance.get_func(&caller, "churn").unwrap().call(&mut caller, &[], &mut [])?)
    });
    let ty = FuncType::new([ValType::EXNREF], [ValType::EXNREF]);
    let echo = Func::new(&mut store, ty, |mut caller, params, results| {
        let instance: Instance = caller.data().unwrap();
        instance.get_func(&caller, "churn").unwrap().call(&mut caller, &[], &mut [])?;
        results.clone_from_slice(params);
        Ok(())
    });
    let imports = [Extern::Tag(tag), Extern::Global(given), Extern::Func(callback), Extern::Func(echo)];
    let instance = Instance::new(&mut store, module, &imports).unwrap();
    *store.data_mut() = Some(instance);
    (store, instance, tag)
}

/// Checks that every place keeps an exception while others are collected, and leaves nothing
/// behind.
fn check_places(engine: &Engine, module: &Module) {
    let (mut store, instance, _) = places(engine, module);
    let of_one_param = |module: &Module| {
        let i32s = FuncType::new([ValType::I32], [ValType::I32]);
        let exports = module.exports().filter(|export| export.ty == jit::ExternType::Func(i32s.clone()));
        exports.map(|export| export.name.to_owned()).collect::<Vec<_>>()
    };
    let names = of_one_param(module);
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        let mut kept = Vec::new();
        for param in [41, 42] {
            let results = call(&mut store, instance, &name, &[Val::I32(param)]).unwrap();
            assert_eq!(results, [Val::I32(param)], "{name}");
            store.collect();
            kept.push(store.n_exceptions());
        }
        // The table has grown by another one.
        let grown = usize::from(name == "grown table");
        assert_eq!(kept[0] + grown, kept[1], "{name}");
    }
    assert_eq!(call(&mut store, instance, "segment", &[]).unwrap(), [Val::I32(5)]);
    call(&mut store, instance, "drop", &[]).unwrap();
}

#[test]
fn references_survive_wherever_they_are() {
    let wasm = wat::parse_str(PLACES).unwrap();
    for engine in collecting_engines() {
        check_places(&engine, &Module::new(&engine, &wasm).unwrap());
    }
}

#[test]
fn references_survive_in_code_from_a_file() {
    let engine = Engine::new(&Config::new().collect_always(true)).unwrap();
    let compiled = module(&engine, PLACES).serialize().unwrap();
    let path = std::env::temp_dir().join(format!("lowlift-{}-collection", std::process::id()));
    std::fs::write(&path, compiled).unwrap();
    let module = Module::deserialize_file(&engine, &path);
    std::fs::remove_file(&path).unwrap();
    check_places(&engine, &module.unwrap());
}

#[test]
fn the_host_keeps_what_it_has_handles_to() {
    for engine in collecting_engines() {
        let module = module(&engine, PLACES);
        let (mut store, instance, tag) = places(&engine, &module);
        store.collect();
        let before = store.n_exceptions();
        let mut made = call(&mut store, instance, "make", &[Val::I32(7)]).unwrap();
        let Some(Val::ExnRef(Some(held))) = made.pop() else { panic!("an exception") };
        let own = ExnRef::new(&mut store, &Exception { tag, payload: vec![Val::I32(8)] }).unwrap();
        call(&mut store, instance, "churn", &[]).unwrap();
        store.collect();
        assert_eq!(store.n_exceptions(), before + 2);
        for (handle, payload) in [(&held, 7), (&own, 8)] {
            assert_eq!(handle.get(&store).payload, [Val::I32(payload)]);
            // The guest catches it without reference, which must not free it.
            let thrown = [Val::ExnRef(Some(handle.clone()))];
            assert_eq!(call(&mut store, instance, "payload", &thrown).unwrap(), [Val::I32(payload)]);
        }
        let clone = own.clone();
        drop((held, own));
        store.collect();
        assert_eq!(store.n_exceptions(), before + 1);
        assert_eq!(clone.get(&store).payload, [Val::I32(8)]);
        drop(clone);
        store.collect();
        assert_eq!(store.n_exceptions(), before);
    }
}

#[test]
fn an_uncaught_exception_keeps_what_its_payload_refers_to() {
    let (mut store, instance) = instance(
        r#"(module (tag $t (param i32)) (tag $u (param exnref))
            (func (export "f") (param i32)
                (block $h (result i32 exnref) (try_table (catch_ref $t $h) (throw $t (local.get 0))) unreachable)
                (throw $u)))"#,
        |_| Vec::new(),
    );
    for param in 0..3 {
        let trap = call(&mut store, instance, "f", &[Val::I32(param)]).unwrap_err();
        store.collect();
        assert_eq!(store.n_exceptions(), 1);
        let TrapKind::Exception(outer) = trap.kind() else { panic!("{trap}") };
        let [Val::ExnRef(Some(inner))] = &outer.payload[..] else { panic!("{outer:?}") };
        assert_eq!(inner.get(&store).payload, [Val::I32(param)]);
    }
    store.collect();
    assert_eq!(store.n_exceptions(), 0);
}

/// What compilers make of a cleanup, and a list of exceptions.
const CLEANUP: &str = r#"(module
    (tag $t (param i32)) (tag $link (param exnref))
    (table $kept 100000 exnref)
    (global $last (mut exnref) (ref.null exn))
    (func $cleanup (param i32))
    (func $throw (param i32) (throw $t (local.get 0)))
    (func $frame (param i32) (local exnref)
        (block $ref (result exnref)
            (try_table (catch_all_ref $ref) (call $throw (local.get 0)))
            (return))
        (local.set 1)
        (call $cleanup (local.get 0))
        (throw_ref (local.get 1)))
    (func (export "cleanups") (param i32) (result i64) (local i64 i32)
        (loop $l
            (block $h (result i32)
                (try_table (catch $t $h) (call $frame (local.get 0)))
                unreachable)
            (local.set 2)
            (local.set 1 (i64.add (local.get 1) (i64.extend_i32_u (local.get 2))))
            (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get 1))
    (func (export "keep") (param i32) (local exnref)
        (loop $l
            (block $h (result i32 exnref) (try_table (catch_ref $t $h) (throw $t (local.get 0))) unreachable)
            (local.set 1) (drop)
            (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
            (table.set $kept (local.get 0) (local.get 1))
            (br_if $l (local.get 0))))
    (func (export "chain") (param i32)
        (loop $l
            (block $h (result exnref exnref)
                (try_table (catch_ref $link $h) (throw $link (global.get $last)))
                unreachable)
            (global.set $last) (drop)
            (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
    (func (export "length") (result i32) (local i32)
        (loop $l
            (local.set 0 (i32.add (local.get 0) (i32.const 1)))
            (block $h (result exnref)
                (try_table (catch $link $h) (throw_ref (global.get $last)))
                unreachable)
            (global.set $last)
            (br_if $l (i32.eqz (ref.is_null (global.get $last)))))
        (local.get 0))
    (func (export "clear") (table.fill $kept (i32.const 0) (ref.null exn) (i32.const 100000))))"#;

#[test]
fn a_guest_may_catch_by_reference_for_ever() {
    // Each counts 80 bytes: together they exceed the store's own limit, or at least that of the
    // second round.
    let n = if cfg!(debug_assertions) { 100_000 } else { 2_000_000 };
    // As each collection looks at a table of 100,000 elements, it waits for some more garbage.
    for (limit, bound) in [(None, 20_000), (Some(8 << 10), 200)] {
        let (mut store, instance) = instance(CLEANUP, |_| Vec::new());
        store.set_limits(StoreLimits { exception_bytes: limit, ..StoreLimits::default() });
        let sum = i64::from(n) * (i64::from(n) + 1) / 2;
        assert_eq!(call(&mut store, instance, "cleanups", &[Val::I32(n)]).unwrap(), [Val::I64(sum)]);
        assert!(store.n_exceptions() < bound, "{} exceptions", store.n_exceptions());
    }
}

#[test]
fn live_exceptions_have_a_limit() {
    let n = 100_000;
    let (mut store, instance) = instance(CLEANUP, |_| Vec::new());
    let mut keep = |limit: u64| -> Result<(), Trap> {
        store.set_limits(StoreLimits { exception_bytes: Some(limit), ..StoreLimits::default() });
        call(&mut store, instance, "keep", &[Val::I32(n)])?;
        assert_eq!(store.n_exceptions(), 100_000);
        call(&mut store, instance, "clear", &[])?;
        Ok(())
    };
    keep(80 * 100_000).unwrap();
    for _ in 0..2 {
        let trap = keep(80 * 79_000).unwrap_err();
        assert_eq!(trap.kind().to_string(), "too many exceptions");
    }
    // The table forgets them, and there is room again.
    call(&mut store, instance, "clear", &[]).unwrap();
    call(&mut store, instance, "cleanups", &[Val::I32(100_000)]).unwrap();
    store.collect();
    assert_eq!(store.n_exceptions(), 0);
}

#[test]
fn a_long_chain_survives_and_goes() {
    let (mut store, instance) = instance(CLEANUP, |_| Vec::new());
    call(&mut store, instance, "chain", &[Val::I32(100_000)]).unwrap();
    store.collect();
    assert_eq!(store.n_exceptions(), 100_000);
    assert_eq!(call(&mut store, instance, "length", &[]).unwrap(), [Val::I32(100_000)]);
    store.collect();
    assert_eq!(store.n_exceptions(), 0);
}
