//! A trace tells the truth: it does what the interpreter does, and what it says of the memory is
//! there.

mod common;

use canonical_abi::arbitrary::{any_type, any_typed_values};
use canonical_abi::explain::{
    Call, MAX_ENTRIES, Place, Step, trace_lift_flat_values, trace_lower_flat_values,
};
use canonical_abi::flatten::flatten_types_up_to;
use canonical_abi::types::MAX_TYPE_DEPTH;
use canonical_abi::{
    Context, CoreType, CoreValue, CoreValueIter, List, Options, PtrType, ResourceId, RowKind, Rows,
    StringEncoding, Types, ValType, Value, lift_flat_values, lower_flat_values,
};
use common::{Bump, to_usize};
use proptest::prelude::*;

fn any_encoding() -> impl Strategy<Value = StringEncoding> {
    proptest::sample::select(vec![StringEncoding::Utf8, StringEncoding::Utf16, StringEncoding::Latin1Utf16])
}

fn any_options() -> impl Strategy<Value = Options> {
    let ptr = proptest::sample::select(vec![PtrType::I32, PtrType::I64]);
    (any_encoding(), ptr).prop_map(|(string_encoding, ptr)| Options {
        string_encoding,
        ptr,
        ..Options::default()
    })
}

fn labelled(tys: &[ValType]) -> Vec<(String, ValType)> {
    tys.iter().enumerate().map(|(i, ty)| (format!("p{i}"), *ty)).collect()
}

/// Returns all steps, outer ones before their parts.
fn all_steps(steps: &[Step]) -> Vec<&Step> {
    steps.iter().flat_map(|step| std::iter::once(step).chain(all_steps(&step.steps))).collect()
}

/// Checks that every byte that a step shows lies in memory, and returns which bytes of it are
/// shown.
fn check_bytes(steps: &[&Step], memory: &[u8]) -> Result<Vec<bool>, TestCaseError> {
    let mut is_shown = vec![false; memory.len()];
    for step in steps {
        let Place::Memory { address, size, bytes } = &step.place else { continue };
        prop_assert!(bytes.is_empty() || bytes.len() as u64 == *size);
        if bytes.is_empty() {
            continue;
        }
        let range = to_usize(*address)..to_usize(address + size);
        prop_assert_eq!(&memory[range.clone()], bytes.as_slice(), "{}", step.function);
        is_shown[range].fill(true);
    }
    Ok(is_shown)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn lowering_is_traced_as_it_happens(
        (types, tys, values) in any_typed_values(6),
        opts in any_options(),
        source in any_encoding(),
        max_flat in proptest::sample::select(vec![0, 1, 4, 16]),
        answer in prop_oneof![4 => Just(None), 1 => (0..200u64).prop_map(Some)],
    ) {
        let [mut plain, mut traced] = [(); 2].map(|()| Bump { answer, ..Bump::new(source) });
        for host in [&mut plain, &mut traced] {
            host.memory.resize(if answer.is_some() { 400 } else { 8 }, 0xaa);
        }
        let expected =
            lower_flat_values(&mut Context::new(&types, opts, &mut plain), max_flat, &values, &tys, None);
        let mut cx = Context::new(&types, opts, &mut traced);
        let (given, trace) = trace_lower_flat_values(&mut cx, max_flat, &values, &labelled(&tys), None);
        prop_assert_eq!(&given, &expected);
        prop_assert_eq!(&traced.memory, &plain.memory);
        prop_assert_eq!(&traced.reallocs, &plain.reallocs);
        let steps = all_steps(&trace.steps);
        let reallocs: Vec<_> = steps.iter().filter_map(|step| realloc_args(step)).collect();
        prop_assert!(trace.n_elided > 0 || reallocs == plain.reallocs);
        prop_assert_eq!(steps.iter().any(|step| step.is_trapped), given.is_err());
        for step in &steps {
            check_string_function(step)?;
        }
        // Where blocks do not overlap, nothing is written twice.
        if answer.is_none() {
            let is_shown = check_bytes(&steps, &traced.memory)?;
            let bytes = is_shown.iter().zip(&traced.memory);
            let is_complete = trace.n_elided == 0 && opts.string_encoding == StringEncoding::Utf8;
            // What no step shows was not written; a block that was moved is left as it was.
            prop_assert!(!is_complete || source != StringEncoding::Utf8
                || bytes.into_iter().all(|(is_shown, byte)| *is_shown || *byte == 0xaa));
            if let Ok(flat) = given {
                prop_assert_eq!(&trace.steps[0].place, &Place::Core { first: 0, values: flat });
            }
        }
    }

    #[test]
    fn lifting_is_traced_as_it_happens(
        tree in any_type(),
        opts in any_options(),
        bytes in proptest::collection::vec(prop_oneof![2 => Just(0), 1 => 0..32u8, 1 => any::<u8>()], 64..512),
        slots in proptest::collection::vec(prop_oneof![0..600u64, any::<u64>()], 16),
        max_flat in proptest::sample::select(vec![0, 16]),
    ) {
        let mut types = Types::new();
        let ty = tree.intern(&mut types);
        let flat_types = flatten_types_up_to(&types, &[ty], opts.ptr, max_flat)
            .unwrap_or(vec![CoreType::from(opts.ptr)]);
        let flat: Vec<_> =
            flat_types.iter().zip(slots).map(|(ty, bits)| CoreValue::from_bits(*ty, bits)).collect();
        let [mut plain, mut traced] = [(); 2].map(|()| Bump::new(StringEncoding::Utf8));
        plain.memory.clone_from(&bytes);
        traced.memory.clone_from(&bytes);
        let mut vi = CoreValueIter::new(&flat);
        let expected = lift_flat_values(&mut Context::new(&types, opts, &mut plain), max_flat, &mut vi, &[ty]);
        let mut cx = Context::new(&types, opts, &mut traced);
        let (given, trace) = trace_lift_flat_values(&mut cx, max_flat, &flat, &labelled(&[ty]));
        prop_assert_eq!(&given, &expected);
        prop_assert_eq!(traced.reserved_bytes, plain.reserved_bytes);
        prop_assert_eq!(&traced.memory, &bytes);
        let steps = all_steps(&trace.steps);
        prop_assert_eq!(steps.iter().any(|step| step.is_trapped), given.is_err());
        check_bytes(&steps, &bytes)?;
    }
}

/// Checks that the function that stored a string is one that calls `realloc` as was done.
fn check_string_function(step: &Step) -> Result<(), TestCaseError> {
    let calls: Vec<_> = step.steps.iter().filter_map(realloc_args).collect();
    if step.steps.len() != calls.len() || step.is_trapped {
        return Ok(());
    }
    let is_as_the_spec_says = match (step.function, calls.as_slice()) {
        ("store_string_copy", [_]) => true,
        // Pure ASCII, or the worst case and what is left over.
        ("store_utf16_to_utf8", [_]) | ("store_latin1_to_utf8", [_]) => true,
        ("store_utf16_to_utf8", [[.., n], [.., worst], ..]) => *worst == 3 * n && calls.len() <= 3,
        ("store_latin1_to_utf8", [[.., n], [.., worst], ..]) => *worst == 2 * n && calls.len() <= 3,
        ("store_utf8_to_utf16", [[_, _, align, _]] | [[_, _, align, _], _]) => *align == 2,
        ("store_string_to_latin1_or_utf16", [[_, _, align, _], ..]) => *align == 2 && calls.len() <= 3,
        ("store_probably_utf16_to_latin1_or_utf16", [[_, _, align, _]]) => *align == 2,
        (function, _) => !function.starts_with("store_string_") || function.ends_with("_range"),
    };
    prop_assert!(is_as_the_spec_says, "{}: {calls:?}", step.function);
    Ok(())
}

fn realloc_args(step: &Step) -> Option<[u64; 4]> {
    match step.call? {
        Call::Realloc { old_ptr, old_size, align, new_size, result: _ } => {
            Some([old_ptr, old_size, align, new_size])
        }
        Call::Handle { .. } => None,
    }
}

#[track_caller]
fn check(given: impl std::fmt::Display, expected: &str) {
    let given = given.to_string();
    assert!(given.trim() == expected.trim(), "given:\n{given}");
}

const LOWERED: &str = r#"
  lower_flat_values                                            core 0..9   i64 7, i32 8, i32 3, i32 1, …
    lower_flat_record                         one              core 0..6   i64 7, i32 8, i32 3, i32 1, …
      lower_flat                              one.id           core 0      i64 7                          7
      lower_flat_list                         one.payload      core 1..3   i32 8, i32 3
        store_list_into_range                 one.payload      0x8..0xb                                   3 elements
          realloc(0x0, 0, 1, 3) = 0x8
          store_list_into_valid_range         one.payload      0x8..0xb    01 02 03
      lower_flat_variant                      one.name         core 3..6   i32 1, i32 16, i32 1           some
        lower_flat_string                     one.name.some    core 4..6   i32 16, i32 1
          store_string_into_range             one.name.some    0x10..0x12
            store_utf8_to_utf16               one.name.some    0x10..0x12  e9 00                          "é"
              realloc(0x0, 0, 2, 4) = 0xc
              realloc(0xc, 4, 2, 2) = 0x10
    lower_flat_list                           more             core 6..8   i32 24, i32 1
      store_list_into_range                   more             0x18..0x38                                 1 element
        realloc(0x0, 0, 8, 32) = 0x18
        store_list_into_valid_range           more             0x18..0x38
          store_record                        more[0]          0x18..0x38
            store_int                         more[0].id       0x18..0x20  08 00 00 00 00 00 00 00        8
            store_list                        more[0].payload  0x20..0x28
              store_list_into_range           more[0].payload  0x38..0x3b                                 3 elements
                realloc(0x0, 0, 1, 3) = 0x38
                store_list_into_valid_range   more[0].payload  0x38..0x3b  01 02 03
              store_int                       more[0].payload  0x20..0x24  38 00 00 00                    pointer 0x38
              store_int                       more[0].payload  0x24..0x28  03 00 00 00                    length 3
            store_variant                     more[0].name     0x28..0x34
              store_int                       more[0].name     0x28        00                             none 0
    lower_flat                                handle           core 8      i32 1                          representation 40
      lower_own(40, resource-4) = 1
"#;

const LIFTED: &str = r#"
  lift_flat_values                                           core 0..9   i64 7, i32 8, i32 3, i32 1, …
    lift_flat_record                        one
      lift_flat_unsigned                    one.id           core 0      i64 7                          7
      lift_flat_list                        one.payload      core 1..3   i32 8, i32 3
        load_list_from_range                one.payload      0x8..0xb                                   3 elements
          load_list_from_valid_range        one.payload      0x8..0xb    01 02 03
      lift_flat_variant                     one.name         core 3..6   i32 1, i32 16, i32 1           some
        lift_flat_string                    one.name.some    core 4..6   i32 16, i32 1
          load_string_from_range            one.name.some    0x10..0x12  e9 00                          "é"
    lift_flat_list                          more             core 6..8   i32 24, i32 1
      load_list_from_range                  more             0x18..0x38                                 1 element
        load_list_from_valid_range          more             0x18..0x38
          load_record                       more[0]          0x18..0x38
            load_int                        more[0].id       0x18..0x20  08 00 00 00 00 00 00 00        8
            load_list                       more[0].payload  0x20..0x28
              load_int                      more[0].payload  0x20..0x24  38 00 00 00                    pointer 0x38
              load_int                      more[0].payload  0x24..0x28  03 00 00 00                    length 3
              load_list_from_range          more[0].payload  0x38..0x3b                                 3 elements
                load_list_from_valid_range  more[0].payload  0x38..0x3b  01 02 03
            load_variant                    more[0].name     0x28..0x34
              load_int                      more[0].name     0x28        00                             none 0
"#;

#[test]
fn traces_read_like_the_spec() {
    let mut types = Types::new();
    let bytes = types.list(ValType::U8).unwrap();
    let name = types.option(ValType::String).unwrap();
    let fields = vec![("id".into(), ValType::U64), ("payload".into(), bytes), ("name".into(), name)];
    let record = types.record(fields).unwrap();
    let records = types.list(record).unwrap();
    let value = |id, name: Option<&str>| {
        let name = name.map(|name| Box::new(Value::String(name.into())));
        Value::Record(vec![Value::U64(id), Value::List(List::U8(vec![1, 2, 3])), Value::Option(name)])
    };
    let fields = [
        ("one".to_string(), record),
        ("more".to_string(), records),
        ("handle".to_string(), ValType::Own(ResourceId(4))),
    ];
    let values = [value(7, Some("é")), Value::List(List::Values(vec![value(8, None)])), Value::Own(40)];
    let mut host = Bump::new(StringEncoding::Utf8);
    let opts = Options { string_encoding: StringEncoding::Utf16, ..Options::default() };
    let mut cx = Context::new(&types, opts, &mut host);
    let (flat, trace) = trace_lower_flat_values(&mut cx, 16, &values, &fields, None);
    check(&trace, LOWERED);
    let (values, trace) = trace_lift_flat_values(&mut cx, 16, &flat.unwrap(), &fields[..2]);
    assert!(values.is_ok());
    check(&trace, LIFTED);
}

/// Rows are shown like the records that they are, though they are stored by column when nobody
/// looks.
#[test]
fn rows_are_traced_as_records() {
    let mut types = Types::new();
    let record = types.record(vec![("a".into(), ValType::U8), ("b".into(), ValType::U32)]).unwrap();
    let list = types.list(record).unwrap();
    let (a, b) = (List::U8(vec![1, 2]), List::U32(vec![3, 4]));
    let rows = List::Rows(Rows::new(RowKind::Record, vec![a, b]));
    let one_by_one = List::Values(rows.iter().collect());
    let [rows, one_by_one] = [rows, one_by_one].map(|list_value| {
        let mut host = Bump::new(StringEncoding::Utf8);
        let mut cx = Context::new(&types, Options::default(), &mut host);
        let values = [Value::List(list_value)];
        let (flat, trace) = trace_lower_flat_values(&mut cx, 16, &values, &labelled(&[list]), None);
        (flat, trace, host.memory)
    });
    assert!(rows == one_by_one && rows.1.to_string().contains("p0[1].b"));
}

#[test]
fn traces_of_very_many_parts_end() {
    let mut types = Types::new();
    let list = types.list(ValType::String).unwrap();
    let values = [Value::List(List::Values(vec![Value::String("x".into()); 20_000]))];
    let mut host = Bump::new(StringEncoding::Utf8);
    let mut cx = Context::new(&types, Options::default(), &mut host);
    let (flat, trace) = trace_lower_flat_values(&mut cx, 16, &values, &labelled(&[list]), None);
    assert_eq!(host.reallocs.len(), 20_001);
    assert!(trace.n_elided > 10_000 && all_steps(&trace.steps).len() < 8 * MAX_ENTRIES);
    let mut cx = Context::new(&types, Options::default(), &mut host);
    let (lifted, trace) = trace_lift_flat_values(&mut cx, 16, &flat.unwrap(), &labelled(&[list]));
    assert_eq!(lifted.unwrap(), values);
    assert!(trace.n_elided > 10_000 && all_steps(&trace.steps).len() < 8 * MAX_ENTRIES);
}

/// Of very many rows, those that the trace shows are handled one by one.
#[test]
fn traces_of_very_many_rows_end() {
    const N_ROWS: usize = 20_000;
    let mut types = Types::new();
    let record = types.record(vec![("a".into(), ValType::U8), ("b".into(), ValType::U32)]).unwrap();
    let list = types.list(record).unwrap();
    let columns = vec![List::U8(vec![1; N_ROWS]), List::U32(vec![3; N_ROWS])];
    let rows = List::Rows(Rows::new(RowKind::Record, columns));
    let one_by_one = List::Values(rows.iter().collect());
    let [rows, one_by_one] = [rows, one_by_one].map(|list_value| {
        let mut host = Bump::new(StringEncoding::Utf8);
        let mut cx = Context::new(&types, Options::default(), &mut host);
        let values = [Value::List(list_value)];
        let (flat, lowering) = trace_lower_flat_values(&mut cx, 16, &values, &labelled(&[list]), None);
        let flat = flat.unwrap();
        let (lifted, lifting) = trace_lift_flat_values(&mut cx, 16, &flat, &labelled(&[list]));
        assert_eq!(lifted.unwrap(), values);
        (lowering, lifting)
    });
    assert!(rows == one_by_one);
    let n_shown = all_steps(&rows.1.steps).iter().filter(|step| step.function == "load_record").count();
    assert_eq!(n_shown + rows.1.n_elided, N_ROWS);
}

/// The deepest value is traced on the stack that threads have by default, even unoptimized.
#[test]
fn deepest_values_are_traced() {
    let go = || {
        let mut types = Types::new();
        let (mut ty, mut value) = (ValType::String, Value::String("deep".into()));
        for depth in 1..MAX_TYPE_DEPTH {
            (ty, value) = match depth % 3 {
                0 => (types.list(ty).unwrap(), Value::List(List::Values(vec![value]))),
                1 => (types.option(ty).unwrap(), Value::Option(Some(Box::new(value)))),
                _ => (types.tuple(vec![ty]).unwrap(), Value::Tuple(vec![value])),
            };
        }
        let mut host = Bump::new(StringEncoding::Utf8);
        let mut cx = Context::new(&types, Options::default(), &mut host);
        let fields = labelled(&[ty]);
        let (flat, lowering) = trace_lower_flat_values(&mut cx, 16, &[value.clone()], &fields, None);
        let (lifted, lifting) = trace_lift_flat_values(&mut cx, 16, &flat.unwrap(), &fields);
        assert_eq!(lifted, Ok(vec![value]));
        assert!(lowering.to_string().contains("deep") && lifting.to_string().contains("deep"));
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(go).unwrap().join().unwrap();
}
