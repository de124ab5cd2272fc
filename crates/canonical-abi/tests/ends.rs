//! Error contexts and the readable ends of streams and futures: as values in memory and flat, and
//! every trap of their table.

use canonical_abi::ends::{self, Element, EndKind, EndState, ErrorContext, ReadableEnd, ValueEntry as _};
use canonical_abi::handles::{self, HandleTable, RuntimeResource};
use canonical_abi::plan::{Passing, plan, run};
use canonical_abi::{
    Context, CoreValue, CoreValueIter, Host, Options, ResourceId, Trap, Types, ValType, Value,
    lift_flat_values, load, lower_flat_values, store, type_check,
};

/// An instance whose table holds what values can be made of.
#[derive(Default)]
struct Instance {
    memory: Vec<u8>,
    table: HandleTable<Element>,
}

impl Host for Instance {
    type Error = Trap;

    fn memory(&self) -> &[u8] {
        &self.memory
    }

    fn memory_mut(&mut self) -> &mut [u8] {
        &mut self.memory
    }

    fn realloc(&mut self, _: u64, _: u64, _: u64, _: u64) -> Result<u64, Trap> {
        unreachable!("nothing here needs a block")
    }

    fn lift_own(&mut self, rt: ResourceId, index: u32) -> Result<u32, Trap> {
        handles::lift_own(&mut self.table, RuntimeResource(rt.0), index)
    }

    fn lift_borrow(&mut self, _: ResourceId, _: u32) -> Result<u32, Trap> {
        unreachable!("nothing here is lent")
    }

    fn lower_own(&mut self, rt: ResourceId, rep: u32) -> Result<u32, Trap> {
        handles::lower_own(&mut self.table, RuntimeResource(rt.0), rep)
    }

    fn lower_borrow(&mut self, _: ResourceId, _: u32) -> Result<u32, Trap> {
        unreachable!("nothing here is lent")
    }

    fn lift_error_context(&mut self, index: u32) -> Result<u32, Trap> {
        ends::lift_error_context(&self.table, index)
    }

    fn lower_error_context(&mut self, rep: u32) -> Result<u32, Trap> {
        ends::lower_error_context(&mut self.table, rep)
    }

    fn lift_stream(&mut self, payload: Option<ValType>, index: u32) -> Result<u32, Trap> {
        ends::lift_stream(&mut self.table, &payload, index)
    }

    fn lower_stream(&mut self, payload: Option<ValType>, rep: u32) -> Result<u32, Trap> {
        ends::lower_stream(&mut self.table, payload, rep)
    }

    fn lift_future(&mut self, payload: Option<ValType>, index: u32) -> Result<u32, Trap> {
        ends::lift_future(&mut self.table, &payload, index)
    }

    fn lower_future(&mut self, payload: Option<ValType>, rep: u32) -> Result<u32, Trap> {
        ends::lower_future(&mut self.table, payload, rep)
    }
}

/// Returns an arena, `tuple<error-context, stream<u8>, future, own<0>>` and a value of it.
fn everything() -> (Types, ValType, Value) {
    let mut types = Types::new();
    let tys = vec![
        ValType::ErrorContext,
        types.stream(Some(ValType::U8)).expect("a valid type"),
        types.future(None).expect("a valid type"),
        ValType::Own(ResourceId(0)),
    ];
    let ty = types.tuple(tys).expect("a valid type");
    let parts = vec![Value::ErrorContext(40), Value::Stream(50), Value::Future(60), Value::Own(70)];
    (types, ty, Value::Tuple(parts))
}

#[test]
fn values_go_through_the_table() {
    let (types, ty, value) = everything();
    assert_eq!(type_check(&types, ty, &value), Ok(()));
    let mut instance = Instance { memory: vec![0; 32], ..Instance::default() };
    let mut cx = Context::new(&types, Options::default(), &mut instance);
    store(&mut cx, &value, ty, 8).unwrap();
    let flat = lower_flat_values(&mut cx, 16, std::slice::from_ref(&value), &[ty], None).unwrap();
    assert_eq!(flat, [5, 6, 7, 8].map(CoreValue::I32));
    assert_eq!(load(&mut cx, 8, ty), Ok(value.clone()));
    assert_eq!(lift_flat_values(&mut cx, 16, &mut CoreValueIter::new(&flat), &[ty]), Ok(vec![value]));
    assert_eq!(instance.memory[8..24], [1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0]);
    // Lifting takes ends away and leaves error contexts.
    let left: Vec<_> = instance.table.iter().map(|(index, _)| index).collect();
    assert_eq!(left, [1, 5]);
}

#[test]
fn plans_move_them_as_loading_and_storing_does() {
    let (types, ty, value) = everything();
    let opts = Options::default();
    let instance = || Instance { memory: vec![0; 16], ..Instance::default() };
    let (mut source, mut other, mut target) = (instance(), instance(), instance());
    for host in [&mut source, &mut other] {
        store(&mut Context::new(&types, opts, host), &value, ty, 0).unwrap();
    }
    let plan = plan(&types, &[ty], Passing::in_memory(opts), Passing::in_memory(opts));
    let (mut src, mut dst) =
        (Context::new(&types, opts, &mut source), Context::new(&types, opts, &mut target));
    run(&plan, &mut src, &[CoreValue::I32(0)], &mut dst, Some(0)).unwrap();
    let entries = |table: &HandleTable<Element>| table.iter().map(|(i, e)| (i, *e)).collect::<Vec<_>>();
    assert_eq!(target.memory, other.memory);
    assert_eq!(entries(&target.table), entries(&other.table));
    assert_eq!(entries(&source.table), [(1, Element::ErrorContext(ErrorContext { rep: 40 }))]);
    let text = plan.to_string();
    for line in ["errctx    from[0]", "stream    from[4]", "future    to[8]", "own       to[12], resource 0"]
    {
        assert!(text.contains(line), "{line} in\n{text}");
    }
}

#[test]
fn every_trap_names_the_fault() {
    let mut table = HandleTable::<Element>::new();
    let end = |kind, state, in_waitable_set| {
        let payload = Some(ValType::U8);
        Element::from_readable_end(ReadableEnd { kind, payload, rep: 1, state, in_waitable_set })
    };
    let mut add = |entry| table.add(entry).unwrap();
    let context = add(Element::ErrorContext(ErrorContext { rep: 3 }));
    let stream = add(end(EndKind::Stream, EndState::Idle, false));
    let busy = add(end(EndKind::Stream, EndState::Copying, false));
    let done = add(end(EndKind::Stream, EndState::Done, false));
    let read = add(end(EndKind::Future, EndState::Done, false));
    let waiting = add(end(EndKind::Future, EndState::Idle, true));
    let before: Vec<_> = table.iter().map(|(index, entry)| (index, *entry)).collect();
    let u8s = Some(ValType::U8);
    let check = |result: Result<u32, Trap>, text: &str| {
        assert_eq!(result.map_err(|trap| trap.to_string()), Err(text.to_owned()));
    };
    let wrong =
        |index, expected| format!("handle index {index} used with the wrong type, expected {expected}");
    let of_stream = "readable stream end of the same type";
    check(ends::lift_stream(&mut table, &u8s, 0), "unknown handle index 0");
    check(ends::lift_stream(&mut table, &u8s, 9), "unknown handle index 9");
    check(ends::lift_stream(&mut table, &u8s, context), &wrong(context, of_stream));
    check(ends::lift_stream(&mut table, &u8s, waiting), &wrong(waiting, of_stream));
    check(ends::lift_stream(&mut table, &None, stream), &wrong(stream, of_stream));
    check(ends::lift_stream(&mut table, &u8s, busy), "cannot lift busy stream");
    let text = "cannot lift stream after being notified that the writable end dropped";
    check(ends::lift_stream(&mut table, &u8s, done), text);
    check(ends::lift_future(&mut table, &u8s, read), "cannot lift future after previous read succeeded");
    check(ends::lift_future(&mut table, &u8s, waiting), "cannot lift future while it's in a waitable set");
    check(ends::lift_error_context(&table, stream), &wrong(stream, "error-context"));
    check(ends::error_context_drop(&mut table, stream), &wrong(stream, "error-context"));
    let resource = handles::lift_own(&mut table, RuntimeResource(0), context);
    check(resource, &format!("handle index {context} used with the wrong type"));
    assert_eq!(table.iter().map(|(index, entry)| (index, *entry)).collect::<Vec<_>>(), before);
    assert_eq!(ends::lift_error_context(&table, context), Ok(3));
    assert_eq!(ends::error_context_drop(&mut table, context), Ok(3));
    check(ends::error_context_drop(&mut table, context), "unknown handle index 1");
    assert_eq!(ends::lift_stream(&mut table, &u8s, stream), Ok(1));
}

#[test]
fn a_host_without_them_traps() {
    let (types, ty, _) = everything();
    struct Plain;
    impl Host for Plain {
        type Error = Trap;
        fn memory(&self) -> &[u8] {
            &[0; 16]
        }
        fn memory_mut(&mut self) -> &mut [u8] {
            &mut []
        }
        fn realloc(&mut self, _: u64, _: u64, _: u64, _: u64) -> Result<u64, Trap> {
            Ok(0)
        }
        fn lift_own(&mut self, _: ResourceId, _: u32) -> Result<u32, Trap> {
            Ok(0)
        }
        fn lift_borrow(&mut self, _: ResourceId, _: u32) -> Result<u32, Trap> {
            Ok(0)
        }
        fn lower_own(&mut self, _: ResourceId, _: u32) -> Result<u32, Trap> {
            Ok(0)
        }
        fn lower_borrow(&mut self, _: ResourceId, _: u32) -> Result<u32, Trap> {
            Ok(0)
        }
    }
    let mut plain = Plain;
    let mut cx = Context::new(&types, Options::default(), &mut plain);
    assert_eq!(load(&mut cx, 0, ty), Err(Trap::Unsupported { what: "error-context" }));
}
