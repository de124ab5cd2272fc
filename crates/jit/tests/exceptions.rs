//! Exceptions: which clause catches, what it gets, and how exceptions pass through host functions.
#![expect(clippy::unwrap_used, reason = "in tests, a panic is the failure")]

mod common;

use common::{call, collecting_engines, instance_of, module};
use jit::{
    Engine, Exception, ExnRef, Extern, Func, FuncType, Instance, Store, Tag, TagType, Trap, TrapKind, Val,
    ValType,
};

const CATCH: &str = r#"(module $m
    (tag $i (param i32)) (tag $many (param i32 i64 f32 f64)) (tag $none)
    (func $throw (param i32)
        (if (i32.eq (local.get 0) (i32.const 1)) (then (throw $i (i32.const 41))))
        (if (i32.eq (local.get 0) (i32.const 2))
            (then (throw $many (i32.const 1) (i64.const 2) (f32.const 3) (f64.const 4))))
        (if (i32.eq (local.get 0) (i32.const 3)) (then (throw $none)))
        (if (i32.eq (local.get 0) (i32.const 4)) (then unreachable)))
    (func $deep (param i32 i32)
        (if (i32.eqz (local.get 1)) (then (return (call $throw (local.get 0)))))
        (call $deep (local.get 0) (i32.sub (local.get 1) (i32.const 1))))
    (func (export "which") (param i32) (result i32) (local i32)
        (local.set 1 (i32.const 100))
        (block $all
            (block $many (result i32 i64 f32 f64)
                (block $i (result i32)
                    (try_table (catch $i $i) (catch $many $many) (catch_all $all)
                        (call $deep (local.get 0) (i32.const 10)))
                    (return (local.get 1)))
                (return (i32.add (local.get 1))))
            i32.trunc_f64_s local.set 1
            i32.trunc_f32_s local.get 1 i32.add local.set 1
            i32.wrap_i64 local.get 1 i32.add i32.add return)
        (i32.const -1))
    (func (export "nested") (param i32) (result i32)
        (block $outer (result i32)
            (try_table (catch $i $outer)
                (block $inner
                    (try_table (catch $none $inner) (call $throw (local.get 0)))
                    (return (i32.const 0)))
                (return (i32.const 1)))
            (i32.const 2)))
    (func (export "again") (param i32) (result i32)
        (block $outer (result i32)
            (try_table (catch $i $outer)
                (throw_ref (block $ref (result exnref)
                    (try_table (catch_all_ref $ref) (call $throw (local.get 0)))
                    (return (i32.const 0)))))
            unreachable))
    (func (export "local") (result i32)
        (block $h (result i32) (try_table (catch $i $h) (throw $i (i32.const 5))) (i32.const 6)))
    (func (export "null") (throw_ref (ref.null exn)))
    (func (export "loop") (param i32) (result i32)
        (loop $l
            (block $h (result i32) (try_table (catch $i $h) (call $throw (i32.const 1))) unreachable)
            (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
            (drop)
            (br_if $l (local.get 0)))
        (local.get 0))
    (func (export "throw") (param i32) (call $deep (local.get 0) (i32.const 2))))"#;

/// Checks what an export returns, or the text of the trap it ends in.
fn check(func: &str, param: Option<i32>, expected: Result<i32, &str>) {
    for engine in collecting_engines() {
        let (mut store, instance) = instance_of(&engine, CATCH, |_| Vec::new());
        let params: Vec<_> = param.map(Val::I32).into_iter().collect();
        for _ in 0..2 {
            match (call(&mut store, instance, func, &params), expected) {
                (Ok(values), Ok(expected)) => assert_eq!(values, [Val::I32(expected)], "{func} {param:?}"),
                (Err(trap), Err(message)) => assert_eq!(trap.kind().to_string(), message, "{func} {param:?}"),
                (result, _) => panic!("{func} {param:?}: {result:?}"),
            }
        }
    }
}

#[test]
fn clauses() {
    check("which", Some(0), Ok(100));
    check("which", Some(1), Ok(141));
    check("which", Some(2), Ok(10));
    check("which", Some(3), Ok(-1));
    check("which", Some(4), Err("wasm `unreachable` instruction executed"));
    check("nested", Some(0), Ok(0));
    check("nested", Some(1), Ok(41));
    check("nested", Some(3), Ok(1));
    check("nested", Some(2), Err("uncaught exception"));
    check("again", Some(0), Ok(0));
    check("again", Some(1), Ok(41));
    check("again", Some(3), Err("uncaught exception"));
    check("local", None, Ok(5));
    check("null", None, Err("null exception reference"));
    check("loop", Some(100_000), Ok(0));
}

#[test]
fn an_uncaught_exception_has_its_payload_and_frames() {
    for engine in collecting_engines() {
        check_frames(&engine);
    }
}

fn check_frames(engine: &Engine) {
    let (mut store, instance) = instance_of(engine, CATCH, |_| Vec::new());
    let trap = call(&mut store, instance, "throw", &[Val::I32(2)]).unwrap_err();
    let names: Vec<_> = trap.backtrace().frames().iter().map(|f| f.func_index).collect();
    assert_eq!(names, [0, 1, 1, 1, 8]);
    let TrapKind::Exception(exception) = trap.into_kind() else { panic!("an exception") };
    let (three, four) = (3_f32.to_bits(), 4_f64.to_bits());
    assert_eq!(exception.payload, [Val::I32(1), Val::I64(2), Val::F32(three), Val::F64(four)]);
    assert_eq!(exception.tag.ty(&store).func.params.len(), 4);
}

/// A module that calls a host function inside of a `try_table`, and what the host function does.
fn through_host(
    engine: &Engine,
    host: impl Fn(Tag) -> Result<(), Trap> + Send + Sync + 'static,
) -> (Store<()>, Instance, Tag) {
    let module = module(
        engine,
        r#"(module (import "" "tag" (tag $t (param i32))) (import "" "host" (func $host))
            (func (export "f") (result i32)
                (block $h (result i32) (try_table (catch $t $h) (call $host)) (i32.const 0))))"#,
    );
    let mut store = Store::new(engine, ());
    let tag = Tag::new(&mut store, TagType { func: FuncType::new([ValType::I32], []) });
    let host = Func::new(&mut store, FuncType::new([], []), move |_, _, _| Ok(host(tag)?));
    let instance = Instance::new(&mut store, &module, &[Extern::Tag(tag), Extern::Func(host)]).unwrap();
    (store, instance, tag)
}

#[test]
fn a_host_function_throws() {
    for engine in collecting_engines() {
        let (mut store, instance, _) =
            through_host(&engine, |tag| Err(Trap::exception(Exception { tag, payload: vec![Val::I32(9)] })));
        assert_eq!(call(&mut store, instance, "f", &[]).unwrap(), [Val::I32(9)]);
        let (mut store, instance, _) =
            through_host(&engine, |tag| Err(Trap::exception(Exception { tag, payload: vec![Val::I64(9)] })));
        let trap = call(&mut store, instance, "f", &[]).unwrap_err();
        assert!(
            trap.to_string().starts_with("the payload does not fit the tag's type [i32] -> []"),
            "{trap}"
        );
    }
}

#[test]
fn tags_are_their_own_and_exceptions_pass_from_store_to_guest() {
    for engine in collecting_engines() {
        check_tags(&engine);
    }
}

fn check_tags(engine: &Engine) {
    let (mut store, _, tag) = through_host(engine, |_| Ok(()));
    let ty = tag.ty(&store);
    let other = Tag::new(&mut store, ty);
    assert_ne!(tag, other);
    let exception = Exception { tag: other, payload: vec![Val::I32(7)] };
    let reference = ExnRef::new(&mut store, &exception).unwrap();
    let module = module(
        store.engine(),
        r#"(module (import "" "a" (tag $a (param i32))) (import "" "b" (tag $b (param i32)))
            (func (export "f") (param exnref) (result i32 exnref)
                (block $hb (result i32 exnref)
                    (block $ha (result i32 exnref)
                        (try_table (catch_ref $a $ha) (catch_ref $b $hb) (throw_ref (local.get 0)))
                        unreachable)
                    (return (i32.const -1) (ref.null exn)))))"#,
    );
    let imports = [Extern::Tag(tag), Extern::Tag(other)];
    let instance = Instance::new(&mut store, &module, &imports).unwrap();
    let results = call(&mut store, instance, "f", &[Val::ExnRef(Some(reference))]).unwrap();
    let [Val::I32(7), Val::ExnRef(Some(back))] = &results[..] else { panic!("{results:?}") };
    assert_eq!(back.get(&store), exception);
}
