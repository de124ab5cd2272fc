//! What guests can do wrong, and the words for it.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panics")]

mod common;

use canonical_abi::handles::{
    Dropped, HandleTable, Lends, RuntimeResource, lift_borrow, lift_own, lower_borrow, lower_own,
    resource_drop, resource_new, resource_rep,
};
use canonical_abi::{
    Context, CoreValue, CoreValueIter, List, Options, PtrType, ResourceId, StringEncoding, Trap, TypeError,
    Types, ValType, Value, lift_flat_values, load, lower_flat_values, store, type_check,
};
use common::Bump;

const UTF8: Options = Options {
    string_encoding: StringEncoding::Utf8,
    ptr: PtrType::I32,
    is_async: false,
    has_callback: false,
};
const UTF16: Options = Options { string_encoding: StringEncoding::Utf16, ..UTF8 };
const LATIN1_UTF16: Options = Options { string_encoding: StringEncoding::Latin1Utf16, ..UTF8 };
const WIDE: Options = Options { ptr: PtrType::I64, ..UTF8 };

fn i32s(values: &[u32]) -> Vec<CoreValue> {
    values.iter().copied().map(CoreValue::I32).collect()
}

/// Lifts one value from core values, with a memory of 64 bytes 0xff, and expects what starts with
/// this message.
fn check_lift(types: &Types, ty: ValType, opts: Options, flat: &[CoreValue], message: &str) {
    let mut host = Bump::new(StringEncoding::Utf8);
    host.memory = vec![0xff; 64];
    let mut cx = Context::new(types, opts, &mut host);
    let trap = lift_flat_values(&mut cx, 16, &mut CoreValueIter::new(flat), &[ty]).unwrap_err().to_string();
    assert!(trap.starts_with(message), "{flat:?}: {trap:?} instead of {message:?}");
}

#[test]
fn bad_core_values_trap() {
    let mut types = Types::new();
    let list32 = types.list(ValType::U32).unwrap();
    let list8 = types.list(ValType::U8).unwrap();
    let map = types.map(ValType::U16, ValType::U64).unwrap();
    let enum3 = types.enum_(["a", "b", "c"].map(String::from).to_vec()).unwrap();
    let option = types.option(ValType::U8).unwrap();
    let spilled = types.tuple(vec![ValType::U16; 17]).unwrap();
    let stream = types.stream(None).unwrap();
    let own = ValType::Own(ResourceId(0));
    let unaligned = "unaligned pointer";
    let string_oob = "string pointer/length out of bounds of memory";
    let list_oob = "list pointer/length out of bounds of memory";
    let cases: &[(ValType, Options, &[u32], &str)] = &[
        (ValType::Char, UTF8, &[0xd800], "invalid `char` bit pattern"),
        (ValType::Char, UTF8, &[0xdfff], "invalid `char` bit pattern"),
        (ValType::Char, UTF8, &[0x11_0000], "invalid `char` bit pattern"),
        (enum3, UTF8, &[3], "invalid variant discriminant"),
        (option, UTF8, &[2, 0], "invalid variant discriminant"),
        (ValType::String, UTF8, &[0, 65], string_oob),
        (ValType::String, UTF8, &[65, 0], string_oob),
        (ValType::String, UTF8, &[u32::MAX, 1], string_oob),
        (ValType::String, UTF8, &[0, 1 << 28], "string of 268435456 bytes is longer than 268435455"),
        (ValType::String, UTF8, &[0, 1], "invalid utf-8 sequence of 1 bytes from index 0"),
        (ValType::String, UTF16, &[1, 0], unaligned),
        (ValType::String, UTF16, &[0, 33], string_oob),
        (ValType::String, UTF16, &[0, 1 << 27], "string of 268435456 bytes"),
        (ValType::String, LATIN1_UTF16, &[1, 0], unaligned),
        (ValType::String, LATIN1_UTF16, &[1, 1 << 31], unaligned),
        (ValType::String, LATIN1_UTF16, &[0, 65], string_oob),
        (ValType::String, LATIN1_UTF16, &[0, 1 << 31 | 33], string_oob),
        (list32, UTF8, &[2, 0], unaligned),
        (list32, UTF8, &[0, 17], list_oob),
        (list32, UTF8, &[68, 0], list_oob),
        (list32, UTF8, &[0, 1 << 26], "list of 268435456 bytes is longer than 268435455"),
        (list8, UTF8, &[60, 5], list_oob),
        (map, UTF8, &[4, 0], unaligned),
        (map, UTF8, &[0, 5], list_oob),
        (spilled, UTF8, &[1], unaligned),
        (spilled, UTF8, &[32], "pointer out of bounds of memory"),
        (own, UTF8, &[1], "unknown handle index 1"),
        (own, UTF8, &[0], "unknown handle index 0"),
        (ValType::Borrow(ResourceId(0)), UTF8, &[u32::MAX], "unknown handle index 4294967295"),
        (stream, UTF8, &[1], "not supported yet: a value of type stream"),
        (ValType::ErrorContext, UTF8, &[1], "not supported yet: a value of type error-context"),
    ];
    for (ty, opts, flat, message) in cases {
        check_lift(&types, *ty, *opts, &i32s(flat), message);
    }
    let far = [CoreValue::I64(u64::MAX - 3), CoreValue::I64(2)];
    check_lift(&types, list32, WIDE, &far, list_oob);
    let long = [CoreValue::I64(0), CoreValue::I64(u64::MAX)];
    check_lift(&types, list32, WIDE, &long, "list of 18446744073709551615 bytes");
    check_lift(&types, ValType::String, WIDE, &long, "string of 18446744073709551615 bytes");
}

#[test]
fn bad_encodings_trap() {
    fn check(opts: Options, bytes: &[u8], message: &str) {
        let types = Types::new();
        let mut host = Bump::new(StringEncoding::Utf8);
        host.memory = bytes.to_vec();
        let unit = if opts.string_encoding == StringEncoding::Utf8 { 1 } else { 2 };
        let flat = i32s(&[0, u32::try_from(bytes.len() / unit).unwrap()]);
        let mut cx = Context::new(&types, opts, &mut host);
        let result = lift_flat_values(&mut cx, 16, &mut CoreValueIter::new(&flat), &[ValType::String]);
        assert_eq!(result.unwrap_err().to_string(), message, "{bytes:x?}");
    }
    check(UTF8, b"ab\xff", "invalid utf-8 sequence of 1 bytes from index 2");
    check(UTF8, b"a\xc3", "incomplete utf-8 byte sequence from index 1");
    // Surrogates are no scalar values, whatever the encoding.
    check(UTF8, b"\xed\xa0\x80", "invalid utf-8 sequence of 1 bytes from index 0");
    check(UTF16, b"a\0\0\xd8", "invalid utf-16: unpaired surrogate 0xd800");
    check(UTF16, b"\0\xdca\0", "invalid utf-16: unpaired surrogate 0xdc00");
}

#[test]
fn bad_pointers_to_load_and_store_trap() {
    let types = Types::new();
    let mut host = Bump::new(StringEncoding::Utf8);
    let mut cx = Context::new(&types, UTF8, &mut host);
    for (ptr, message) in [
        (2, "unaligned pointer: 0x2 is not a multiple of 4"),
        (8, "pointer out of bounds of memory: 4 bytes at 0x8, of 8"),
        (u64::MAX - 3, "pointer out of bounds of memory: 4 bytes at 0xfffffffffffffffc, of 8"),
    ] {
        assert_eq!(load(&mut cx, ptr, ValType::U32).unwrap_err().to_string(), message);
        assert_eq!(store(&mut cx, &Value::U32(1), ValType::U32, ptr).unwrap_err().to_string(), message);
    }
}

#[test]
fn bad_reallocs_trap() {
    /// Lowers a value with a `realloc` that answers `answer`; expects the words for a host's call
    /// and those for a call between components.
    fn check(types: &Types, ty: ValType, value: Value, answer: u64, message: &str, between: &str) {
        let mut host = Bump::new(StringEncoding::Utf8);
        host.answer = Some(answer);
        let mut cx = Context::new(types, UTF8, &mut host);
        let trap = lower_flat_values(&mut cx, 16, &[value], &[ty], None).unwrap_err();
        assert!(trap.to_string().starts_with(message), "{trap}");
        let trap = trap.between_components().to_string();
        assert!(trap.starts_with(between), "{trap}");
    }
    let mut types = Types::new();
    let list32 = types.list(ValType::U32).unwrap();
    let list = |n: usize| Value::List(List::U32(vec![1; n]));
    let (beyond, list_oob) = ("realloc return: beyond end of memory", "list content out-of-bounds");
    let (result, pointer) = ("realloc return: result not aligned", "unaligned pointer");
    check(&types, list32, list(0), 0xffff_fffc, beyond, list_oob);
    check(&types, list32, list(2), 0xffff_fffc, beyond, list_oob);
    check(&types, list32, list(2), 4, beyond, list_oob);
    // Alignment comes before bounds.
    check(&types, list32, list(2), 0xffff_ffff, result, pointer);
    check(&types, ValType::String, Value::String("abc".into()), 6, beyond, "string content out-of-bounds");
    let tuple = types.tuple(vec![ValType::U32; 17]).unwrap();
    let params = || Value::Tuple(vec![Value::U32(0); 17]);
    check(&types, tuple, params(), 8, beyond, beyond);
    check(&types, tuple, params(), 2, result, pointer);
}

#[test]
fn many_lists_in_one_place_are_counted() {
    let mut types = Types::new();
    let inner = types.list(ValType::U8).unwrap();
    let outer = types.list(inner).unwrap();
    let mut host = Bump::new(StringEncoding::Utf8);
    host.memory = [0, 0, 0, 0, 64, 0, 0, 0].repeat(8);
    let mut cx = Context::new(&types, UTF8, &mut host);
    let flat = i32s(&[0, 8]);
    lift_flat_values(&mut cx, 16, &mut CoreValueIter::new(&flat), &[outer]).unwrap();
    // The bytes of 8 lists, a value for each of these and one for the list of them.
    assert_eq!(host.reserved_bytes, 8 * 64 + (8 + 1) * size_of::<Value>() as u64);
}

#[test]
fn handles_follow_the_spec() {
    let [r1, r2] = [1, 2].map(RuntimeResource);
    let mut table: HandleTable = HandleTable::new();
    let mut lends = Lends::new();
    let scope = table.enter_scope();
    assert_eq!(resource_new(&mut table, r1, 10), Ok(1));
    assert_eq!(lower_own(&mut table, r2, 20), Ok(2));
    assert_eq!(lower_borrow(&mut table, scope, r1, 30), Ok(3));
    assert_eq!(resource_rep(&table, r1, 3), Ok(30));

    let wrong = "handle index 1 used with the wrong type, expected guest-defined resource but found a different \
                 guest-defined resource";
    let is_trap = |result: Result<u32, Trap>, message| assert_eq!(result.unwrap_err().to_string(), message);
    is_trap(resource_rep(&table, r2, 1), wrong);
    is_trap(lift_own(&mut table, r2, 1), wrong);
    is_trap(lift_own(&mut table, r1, 3), "cannot lift own resource from the borrow at index 3");
    is_trap(resource_rep(&table, r1, 5), "unknown handle index 5");
    is_trap(resource_rep(&table, r1, 0), "unknown handle index 0");
    is_trap(resource_rep(&table, r1, u32::MAX), "unknown handle index 4294967295");

    // What is lent cannot be dropped or given away until the call returns.
    assert_eq!(lift_borrow(&mut table, &mut lends, r1, 1), Ok(10));
    assert_eq!(lift_borrow(&mut table, &mut lends, r1, 1), Ok(10));
    assert_eq!(table.get(1).unwrap().num_lends(), 2);
    is_trap(lift_own(&mut table, r1, 1), "cannot remove owned resource while borrowed");
    assert_eq!(resource_drop(&mut table, r1, 1), Err(Trap::RemoveWhileLent { index: 1 }));
    lends.end(&mut table);
    assert_eq!(resource_drop(&mut table, r1, 1), Ok(Dropped::Own { rep: 10 }));
    is_trap(lift_own(&mut table, r1, 1), "unknown handle index 1");

    // What is borrowed must be dropped before the call returns.
    let still = table.exit_scope(scope).unwrap_err();
    assert_eq!(still.to_string(), "borrow handles still remain at the end of the call");
    assert_eq!(resource_drop(&mut table, r1, 3), Ok(Dropped::Borrow));
    assert_eq!(table.exit_scope(scope), Ok(()));
    assert_eq!(table.enter_scope(), scope);

    // The index freed last is used first.
    assert_eq!(lower_own(&mut table, r1, 40), Ok(3));
    assert_eq!(lower_own(&mut table, r1, 50), Ok(1));
    assert_eq!(lower_own(&mut table, r1, 60), Ok(4));
    assert_eq!(lift_own(&mut table, r2, 2), Ok(20));
    let mut small: HandleTable = HandleTable::with_max_length(1);
    assert_eq!(lower_own(&mut small, r1, 1), Ok(1));
    assert_eq!(lower_own(&mut small, r1, 1), Err(Trap::TableFull));
    assert_eq!(
        table.iter().map(|(index, handle)| (index, handle.rep())).collect::<Vec<_>>(),
        [(1, 50), (3, 40), (4, 60)]
    );
}

#[test]
fn handles_pass_through_values() {
    let mut types = Types::new();
    let (own, borrow) = (ValType::Own(ResourceId(7)), ValType::Borrow(ResourceId(7)));
    let list = types.list(own).unwrap();
    let tys = [list, borrow];
    let values = [Value::List(List::Values(vec![Value::Own(1), Value::Own(2)])), Value::Borrow(3)];
    let mut host = Bump::new(StringEncoding::Utf8);
    let mut cx = Context::new(&types, UTF8, &mut host);
    let flat = lower_flat_values(&mut cx, 16, &values, &tys, None).unwrap();
    assert_eq!(flat[2], CoreValue::I32(3));
    let lifted = lift_flat_values(&mut cx, 16, &mut CoreValueIter::new(&flat), &tys).unwrap();
    assert_eq!(lifted, values);
    // The owned ones are gone, the borrow is lent on.
    assert_eq!(host.table.iter().map(|(i, h)| (i, h.num_lends())).collect::<Vec<_>>(), [(3, 1)]);
    host.lends.end(&mut host.table);
}

#[test]
fn invalid_types_are_rejected() {
    fn check(result: Result<ValType, TypeError>, message: &str) {
        assert_eq!(result.unwrap_err().to_string(), message);
    }
    let labels = |n: usize| (0..n).map(|i| format!("l{i}")).collect::<Vec<_>>();
    let too_large = "type exceeds maximum byte size: it must be below 268435456 bytes";
    let mut t = Types::new();
    check(t.record(vec![]), "record type must have at least one field");
    check(t.variant(vec![]), "variant type must have at least one case");
    check(t.enum_(vec![]), "enum type must have at least one variant");
    check(t.flags(vec![]), "flags must have at least one entry");
    check(t.tuple(vec![]), "tuple type must have at least one type");
    check(t.flags(labels(33)), "cannot have more than 32 flags, but there are 33");
    check(t.record(vec![(String::new(), ValType::S32)]), "record field name cannot be empty");
    check(t.enum_(vec!["NevEr".into()]), "enum tag name `NevEr` is not in kebab case");
    check(
        t.record(vec![("a-B-c-D".into(), ValType::String), ("A-b-C-d".into(), ValType::U8)]),
        "record field name `A-b-C-d` conflicts with previous field name `a-B-c-D`",
    );
    check(
        t.variant(vec![("x".into(), None), ("X".into(), None)]),
        "variant case name `X` conflicts with previous case name `x`",
    );
    check(t.map(ValType::F32, ValType::U8), "map key type must be bool, an integer type, char or string");
    check(t.stream(Some(ValType::Borrow(ResourceId(0)))), "stream and future types cannot contain a borrow");
    check(t.fixed_length_list(ValType::U8, 0), "fixed-length list type must have at least one element");
    check(t.fixed_length_list(ValType::U8, 1 << 28), too_large);
    check(t.fixed_length_list(ValType::U64, 1 << 29), too_large);
    // With 32-bit pointers this one would fit.
    check(t.fixed_length_list(ValType::String, 1 << 24), too_large);
    let half = t.fixed_length_list(ValType::U8, 1 << 27).unwrap();
    check(t.tuple(vec![half, half]), too_large);
    check(t.fixed_length_list(half, 2), too_large);
    t.list(half).and_then(|list| t.tuple(vec![list, half])).unwrap();
    // The entry of a map is no value by itself, and a tuple like it is none either.
    let largest = t.fixed_length_list(ValType::U8, (1 << 28) - 1).unwrap();
    t.map(ValType::U64, largest).unwrap();
    check(t.tuple(vec![ValType::U64, largest]), too_large);

    let mut deep = ValType::U8;
    for _ in 1..100 {
        deep = t.option(deep).unwrap();
    }
    check(t.list(deep), "type is nested too deeply: at most 100 levels are supported");
}

#[test]
fn equal_types_have_equal_ids() {
    let mut t = Types::new();
    let a = t.list(ValType::U8).unwrap();
    let b = t.list(ValType::U8).unwrap();
    let c = t.list(ValType::S8).unwrap();
    assert_eq!((a == b, a == c), (true, false));
    let names = |a: &str, b: &str| vec![(a.into(), ValType::U8), (b.into(), ValType::U8)];
    let x = t.record(names("a", "b")).unwrap();
    assert_eq!(t.record(names("a", "b")).unwrap(), x);
    assert_ne!(t.record(names("b", "a")).unwrap(), x);
}

#[test]
fn types_of_many_paths_take_little_time() {
    let mut t = Types::new();
    let mut ty = t.tuple(vec![ValType::U8; 17]).unwrap();
    for _ in 0..90 {
        ty = t.variant(vec![("a".into(), Some(ty)), ("b".into(), Some(ty))]).unwrap();
    }
    assert_eq!(canonical_abi::flatten_type(&t, ty, PtrType::I32).len(), 17 + 90);
    assert!(canonical_abi::display(&t, ty).to_string().len() < 1 << 20);
}

#[test]
fn mismatches_say_where() {
    let mut t = Types::new();
    let option = t.option(ValType::U32).unwrap();
    let list = t.list(option).unwrap();
    let bytes = t.fixed_length_list(ValType::U8, 2).unwrap();
    let flags = t.flags(vec!["a".into(), "b".into()]).unwrap();
    let result = t.result(None, Some(ValType::Char)).unwrap();
    let record = t.record(vec![("list".into(), list), ("result".into(), result)]).unwrap();
    let check = |ty, value: Value, message: &str| {
        assert_eq!(type_check(&t, ty, &value).unwrap_err().to_string(), message);
    };
    let some = |value| Value::Option(Some(Box::new(value)));
    let record_of =
        |elements, result| Value::Record(vec![Value::List(List::Values(elements)), Value::Result(result)]);
    check(ValType::U8, Value::S8(1), "expected u8, given s8");
    check(list, Value::List(List::U8(vec![])), "expected list<option<u32>>, given list of u8");
    check(bytes, Value::List(List::U8(vec![1])), "expected list<u8, 2>, given a list of 1 elements");
    check(bytes, Value::List(List::Values(vec![])), "expected list<u8, 2>, given a list of 0 elements");
    check(flags, Value::Flags(4), "expected flags { a, b }, given flags with the bits 0b100");
    check(result, Value::Result(Err(None)), "expected result<_, char>, given error without a payload");
    check(
        record,
        Value::Record(vec![]),
        "expected record { list: list<option<u32>>, result: result<_, char> }, given 0 values",
    );
    check(
        record,
        record_of(vec![some(Value::U32(1)), some(Value::Bool(true))], Ok(None)),
        "at .list[1].some: expected u32, given bool",
    );
    check(
        record,
        record_of(vec![], Err(Some(Box::new(Value::U8(1))))),
        "at .result.error: expected char, given u8",
    );
}

/// A host can stop the work on a string within the string, on the way in and on the way out, and
/// when it is traced as well.
#[test]
fn long_strings_can_be_stopped() {
    const LEN: u32 = 8 << 20;
    let types = Types::new();
    let stopped = Trap::Unsupported { what: "so much work" };
    for (opts, n_bytes) in [(UTF8, LEN), (UTF16, 2 * LEN), (LATIN1_UTF16, LEN)] {
        let mut host = Bump::new(StringEncoding::Utf8);
        host.memory = vec![0; n_bytes as usize];
        let flat = i32s(&[0, LEN]);
        let mut lift = |patience, is_traced| {
            host.patience = patience;
            let mut cx = Context::new(&types, opts, &mut host);
            let fields = [("s".to_owned(), ValType::String)];
            let lifted = match is_traced {
                true => canonical_abi::explain::trace_lift_flat_values(&mut cx, 16, &flat, &fields).0,
                false => lift_flat_values(&mut cx, 16, &mut CoreValueIter::new(&flat), &[ValType::String]),
            };
            lifted.map(|values| (values.len(), host.patience))
        };
        let (_, left) = lift(1_000, false).unwrap();
        assert!(left <= 1_000 - 8, "told {} times", 1_000 - left);
        assert_eq!(lift(1_000, true), Ok((1, left)));
        for is_traced in [false, true] {
            assert_eq!(lift(1_000 - left - 1, is_traced), Err(stopped.clone()));
        }
    }
    let text = Value::String("x".repeat(LEN as usize));
    let mut host = Bump::new(StringEncoding::Utf8);
    let mut lower = |patience| {
        host.patience = patience;
        let mut cx = Context::new(&types, UTF16, &mut host);
        lower_flat_values(&mut cx, 16, std::slice::from_ref(&text), &[ValType::String], None).map(|_| ())
    };
    assert_eq!(lower(1_000), Ok(()));
    assert_eq!(lower(7), Err(stopped));
}
