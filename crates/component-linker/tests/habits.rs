//! What embedders of other engines are used to, kind by kind: resources lent and given in either
//! direction, instances within instances, functions that pass through guests, recursion, and what
//! is left after a trap.

#![expect(clippy::unwrap_used, reason = "a failed setup is a failed test")]

use component_linker::{
    CallError, Component, Config, Engine, Instance, InstancePre, Linker, Module, Resource, ResourceAny,
    ResourceError, Store, StoreContextMut, Trap, Val,
};

fn engine() -> Engine {
    Engine::new(&Config::new()).unwrap()
}

fn component(engine: &Engine, wat: &str) -> Component {
    Component::new(engine, &wat::parse_str(wat).unwrap()).unwrap_or_else(|error| panic!("{error}\n{wat}"))
}

struct Cup;

/// Lends what it is lent to the host, and drops it or not.
fn lender(drops: bool) -> String {
    let drop = if drops { "(call $drop (local.get 0))" } else { "" };
    format!(
        r#"(component
            (import "cup" (type $cup (sub resource)))
            (import "look" (func $look (param "c" (borrow $cup))))
            (core func $look (canon lower (func $look)))
            (core func $drop (canon resource.drop $cup))
            (core module $m
                (import "" "look" (func $look (param i32))) (import "" "drop" (func $drop (param i32)))
                (func (export "twice") (param i32)
                    (call $look (local.get 0)) (call $look (local.get 0)) {drop}))
            (core instance $m (instantiate $m
                (with "" (instance (export "look" (func $look)) (export "drop" (func $drop))))))
            (func (export "lend") (param "c" (borrow $cup)) (canon lift (core func $m "twice"))))"#
    )
}

fn lend(
    drops: bool,
    look: impl Fn(&mut StoreContextMut<'_, u32>, ResourceAny) -> Result<(), CallError> + Send + Sync + 'static,
) -> (Result<(), CallError>, u32) {
    let engine = engine();
    let mut linker = Linker::<u32>::new();
    linker.root().resource::<Cup>("cup", |_, _| Err("a borrow is dropped".into())).unwrap();
    linker.root().func_wrap("look", move |cx, (cup,): (ResourceAny,)| Ok(look(cx, cup)?)).unwrap();
    let mut store = Store::new(&engine, 0);
    let instance = linker.instantiate(&mut store, &component(&engine, &lender(drops))).unwrap();
    let f = instance.get_typed_func::<(&Resource<Cup>,), ()>(&mut store, &["lend"]).unwrap();
    let cup = Resource::new_own(7);
    let result = f.call(&mut store, (&cup,));
    assert!(cup.owned(), "it was lent");
    (result, store.into_data())
}

#[test]
fn borrows_pass_through_a_guest_to_the_host() {
    // The host may drop what it was lent, or not: there is nothing to do for it.
    let (result, n_seen) = lend(true, |cx, cup| {
        *cx.data_mut() += 1;
        assert!(!cup.owned());
        cup.resource_drop(&mut *cx)
    });
    assert_eq!((result.unwrap(), n_seen), ((), 2));
    let (result, _) = lend(true, |cx, cup| {
        let cup = cup.try_into_resource::<Cup>(&mut *cx).unwrap();
        assert_eq!((cup.rep(), cup.owned()), (7, false));
        Ok(())
    });
    result.unwrap();
    let (result, _) = lend(false, |_, _| Ok(()));
    let text = result.unwrap_err().to_string();
    assert!(text.contains("borrow"), "{text}");
}

#[test]
fn two_types_of_the_host_may_stand_for_one_rust_type() {
    let engine = engine();
    let component = component(
        &engine,
        r#"(component
            (import "a" (type $a (sub resource))) (import "b" (type $b (sub resource)))
            (import "same" (func $same (param "x" (own $a)) (param "y" (own $b))))
            (export "same" (func $same)) (export "a1" (type $a)) (export "b1" (type $b)))"#,
    );
    let mut linker = Linker::<()>::new();
    linker.root().resource::<Cup>("a", |_, _| Ok(())).unwrap();
    linker.root().resource::<Cup>("b", |_, _| Ok(())).unwrap();
    linker.root().func_wrap("same", |_, (_, _): (Resource<Cup>, Resource<Cup>)| Ok(())).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &component).unwrap();
    let (a, b) = (
        instance.get_resource(&mut store, &["a1"]).unwrap(),
        instance.get_resource(&mut store, &["b1"]).unwrap(),
    );
    assert_ne!(a, b);
    // Of which of them a resource is, is not known then; one that says it can be had as either.
    let any = Resource::<Cup>::new_own(1).try_into_resource_any(&mut store);
    assert_eq!(any.unwrap_err(), ResourceError::UnknownType);
    let any = ResourceAny::from_val(&Val::Own(1), b).unwrap();
    assert_eq!(any.try_into_resource::<Cup>(&mut store).unwrap().rep(), 1);
    let same = instance.get_typed_func::<(ResourceAny, ResourceAny), ()>(&mut store, &["same"]).unwrap();
    let of = |ty| ResourceAny::from_val(&Val::Own(1), ty).unwrap();
    same.call(&mut store, (of(a), of(b))).unwrap();
    let error = same.call(&mut store, (of(b), of(a))).unwrap_err();
    assert!(matches!(error, CallError::Resource(ResourceError::WrongType)), "{error}");
}

#[test]
fn modules_of_instances_within_instances() {
    let engine = engine();
    let component = component(
        &engine,
        r#"(component
            (import "outer" (instance $o (export "inner" (instance
                (export "m" (core module (export "answer" (func (result i32)))))))))
            (alias export $o "inner" (instance $inner))
            (alias export $inner "m" (core module $m))
            (core instance $i (instantiate $m))
            (func (export "answer") (result u32) (canon lift (core func $i "answer"))))"#,
    );
    let text = r#"(module (func (export "answer") (result i32) (i32.const 42)))"#;
    let module = Module::new(&engine, &wat::parse_str(text).unwrap()).unwrap();
    let mut linker = Linker::<()>::new();
    let mut outer = linker.instance("outer").unwrap();
    outer.instance("inner").unwrap().define_module("m", &module).unwrap();
    outer.instance("inner").unwrap().define_module("n", &module).unwrap();
    assert!(outer.instance("inner").unwrap().define_module("m", &module).is_err());
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &component).unwrap();
    let answer = instance.get_typed_func::<(), (u32,)>(&mut store, &["answer"]).unwrap();
    assert_eq!(answer.call(&mut store, ()).unwrap(), (42,));
}

#[test]
fn a_host_function_is_exported_by_a_guest_without_code() {
    let engine = engine();
    let component = component(
        &engine,
        r#"(component
            (import "f" (func $f))
            (core func $f (canon lower (func $f)))
            (core module $m (import "" "" (func $f)) (export "f" (func $f)))
            (core instance $m (instantiate $m (with "" (instance (export "" (func $f))))))
            (func (export "f") (canon lift (core func $m "f"))))"#,
    );
    for is_typed in [true, false] {
        let mut linker = Linker::<u32>::new();
        if is_typed {
            linker
                .root()
                .func_wrap("f", |cx, (): ()| {
                    *cx.data_mut() += 1;
                    Ok(())
                })
                .unwrap();
        } else {
            linker
                .root()
                .func_new("f", |cx, _| {
                    *cx.data_mut() += 1;
                    Ok(None)
                })
                .unwrap();
        }
        let mut store = Store::new(&engine, 0);
        let instance = linker.instantiate(&mut store, &component).unwrap();
        instance.get_typed_func::<(), ()>(&mut store, &["f"]).unwrap().call(&mut store, ()).unwrap();
        assert_eq!(store.into_data(), 1);
    }
}

/// Calls the host, which calls the next of the instances.
const CALLS_ON: &str = r#"(component
    (import "next" (func $next))
    (core func $next (canon lower (func $next)))
    (core module $m (import "" "next" (func $next)) (func (export "run") (call $next)))
    (core instance $m (instantiate $m (with "" (instance (export "next" (func $next))))))
    (func (export "run") (canon lift (core func $m "run"))))"#;

#[test]
fn instances_are_entered_again_while_they_are_in_a_call() {
    #[derive(Default)]
    struct Calls {
        next: Vec<Instance>,
        depth: usize,
    }
    let engine = engine();
    let mut linker = Linker::<Calls>::new();
    linker
        .root()
        .func_wrap("next", |cx: &mut StoreContextMut<'_, Calls>, (): ()| {
            cx.data_mut().depth += 1;
            if let Some(instance) = cx.data_mut().next.pop() {
                instance.get_typed_func::<(), ()>(&mut *cx, &["run"])?.call(&mut *cx, ())?;
            }
            Ok(())
        })
        .unwrap();
    let pre: InstancePre<Calls> = linker.instantiate_pre(&component(&engine, CALLS_ON)).unwrap();
    let mut store = Store::new(&engine, Calls::default());
    let (a, b) = (pre.instantiate(&mut store).unwrap(), pre.instantiate(&mut store).unwrap());
    // The specification allows all of them.
    for next in [vec![], vec![a.clone()], vec![b.clone()], vec![a.clone(), b]] {
        let expected = next.len() + 1;
        *store.data_mut() = Calls { next, depth: 0 };
        a.get_typed_func::<(), ()>(&mut store, &["run"]).unwrap().call(&mut store, ()).unwrap();
        assert_eq!(store.data().depth, expected);
    }
}

#[test]
fn a_trap_leaves_other_instances_of_the_store_at_work() {
    let engine = engine();
    let component = component(
        &engine,
        r#"(component
            (core module $m (func (export "bad") unreachable) (func (export "good")))
            (core instance $m (instantiate $m))
            (func (export "bad") (canon lift (core func $m "bad")))
            (func (export "good") (canon lift (core func $m "good")))
            (core module $r (memory (export "m") 1) (func (export "f") (param i32 i32))
                (func (export "r") (param i32 i32 i32 i32) (result i32) unreachable)
                (func (export "t") (result i32) (i32.const 1)))
            (core instance $r (instantiate $r))
            (func (export "lowers") (param "s" string)
                (canon lift (core func $r "f") (memory (core memory $r "m")) (realloc (core func $r "r"))))
            (func (export "lifts") (result string) (canon lift (core func $r "t") (memory (core memory $r "m")))))"#,
    );
    let pre = Linker::new().instantiate_pre(&component).unwrap();
    let mut store = Store::new(&engine, ());
    for (bad, args) in [("bad", vec![]), ("lowers", vec![Val::String(String::from("x"))]), ("lifts", vec![])]
    {
        let [one, other, third] = [(); 3].map(|()| pre.instantiate(&mut store).unwrap());
        let mut call = |instance: &Instance, name: &str, args: &[Val]| {
            let func = instance.get_func(&mut store, &[name]).unwrap();
            func.call(&mut store, args)
        };
        let Err(CallError::Trap(trap)) = call(&one, bad, &args) else { panic!("{bad} traps") };
        let cause = trap.cause().to_string();
        for name in ["good", bad] {
            let args = if name == bad { &args[..] } else { &[] };
            let Err(CallError::Trap(again)) = call(&one, name, args) else {
                panic!("{name} can't be called")
            };
            assert_ne!(again.cause().to_string(), cause, "{name} has not run");
        }
        call(&other, "good", &[]).unwrap();
        call(&third, "good", &[]).unwrap();
    }
}

#[test]
fn the_cause_of_a_trap_can_be_taken_apart() {
    let engine = engine();
    let mut linker = Linker::<()>::new();
    linker.root().func_wrap::<_, (), ()>("next", |_, ()| Err(Box::new(std::fmt::Error))).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &component(&engine, CALLS_ON)).unwrap();
    let error = instance.get_func(&mut store, &["run"]).unwrap().call(&mut store, &[]).unwrap_err();
    let CallError::Trap(trap) = &error else { panic!("{error}") };
    let component_linker::TrapCause::Host(cause) = trap.cause() else { panic!("{trap}") };
    assert!(cause.downcast_ref::<std::fmt::Error>().is_some());
    fn is_error<E: std::error::Error + Send + Sync + 'static>(_: &E) {}
    is_error::<Trap>(trap);
}
