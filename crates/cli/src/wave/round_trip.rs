//! What is printed can be read again, and is the same value.

use canonical_abi::arbitrary::any_typed_values;
use canonical_abi::{FuncType, List, ResourceId, RowKind, Rows, Types, ValType, Value};
use proptest::prelude::*;

use super::map::entries_that_count;
use super::{Reference, Scope, parse_call, read_args, write_value};

/// No call was before.
struct Nothing;

impl Scope for Nothing {
    fn type_of(&self, reference: &Reference) -> Result<Option<ValType>, String> {
        Err(format!("{reference} is not there"))
    }

    fn value(&self, reference: &Reference, _: ValType) -> Result<Value, String> {
        Err(format!("{reference} is not there"))
    }
}

fn to_text(types: &Types, ty: ValType, value: &Value) -> String {
    let mut text = String::new();
    write_value(&mut text, types, ty, value).expect("a string takes all that is written to it");
    text
}

/// Reads values as the arguments of a function.
fn read(types: &Types, tys: &[ValType], args: &str) -> Result<Vec<Value>, String> {
    let text = format!("f({args})");
    let call = parse_call(&text).map_err(|error| error.to_string())?;
    let params = tys.iter().map(|ty| ("p".to_owned(), *ty)).collect();
    let func = FuncType { params, result: None, is_async: false };
    read_args(types, &func, &call, &Nothing).map_err(|error| error.to_string())
}

/// Of the entries of a key, the last one counts.
#[expect(clippy::wildcard_enum_match_arm, reason = "the others contain no maps")]
fn with_unique_keys(value: Value) -> Value {
    let all = |values: Vec<Value>| values.into_iter().map(with_unique_keys).collect();
    let payload = |value: Option<Box<Value>>| value.map(|value| Box::new(with_unique_keys(*value)));
    match value {
        Value::Map(entries) => {
            let merged = entries_that_count(&entries)
                .into_iter()
                .map(|(first, last)| (entries[first].0.clone(), with_unique_keys(entries[last].1.clone())));
            Value::Map(merged.collect())
        }
        Value::List(List::Values(values)) => Value::List(List::Values(all(values))),
        Value::Record(values) => Value::Record(all(values)),
        Value::Tuple(values) => Value::Tuple(all(values)),
        Value::Variant { case, payload: value } => Value::Variant { case, payload: payload(value) },
        Value::Option(value) => Value::Option(payload(value)),
        Value::Result(Ok(value)) => Value::Result(Ok(payload(value))),
        Value::Result(Err(value)) => Value::Result(Err(payload(value))),
        other => other,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn every_value_is_read_as_it_was_printed((types, tys, values) in any_typed_values(3)) {
        let texts: Vec<_> = tys.iter().zip(&values).map(|(ty, value)| to_text(&types, *ty, value)).collect();
        let read = read(&types, &tys, &texts.join(", "));
        let expected: Vec<_> = values.into_iter().map(with_unique_keys).collect();
        prop_assert_eq!(read, Ok(expected), "{}", texts.join(", "));
    }
}

/// Pieces of calls, right and wrong.
fn any_call() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        proptest::sample::select(vec![
            "f(",
            ")",
            "(",
            "[",
            "]",
            "{",
            "}",
            ",",
            ": ",
            "a",
            "$0",
            "$1.x[2]",
            "#1",
            "resource r #2",
            "\"",
            "\"\"\"",
            "'",
            "\\",
            "\\u{1f600}",
            "//",
            "\n",
            "1",
            "-1.5e3",
            "none",
            "some(",
            "%ok",
            "é",
            "😀",
            "\u{1b}",
            " ",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    /// Whatever is entered is a call or an error with its place.
    #[test]
    fn every_text_is_read_or_refused(text in any_call(), (types, tys, _) in any_typed_values(1)) {
        let params = vec![("p".to_owned(), tys[0])];
        let func = FuncType { params, result: None, is_async: false };
        let read = parse_call(&text).and_then(|call| read_args(&types, &func, &call, &Nothing));
        if let Err(error) = read {
            prop_assert!(error.to_string().contains("\n  "));
        }
    }
}

/// Checks that a value has this text, and that the text is the value.
#[track_caller]
fn check(types: &Types, ty: ValType, value: &Value, text: &str) {
    assert_eq!(to_text(types, ty, value), text);
    let read = read(types, &[ty], text);
    // NaNs are one value, which differs from itself.
    let read = read.map(|values| format!("{values:?}"));
    assert_eq!(read, Ok(format!("{:?}", [value])), "{text}");
}

#[test]
fn numbers_and_text() {
    let types = Types::new();
    check(&types, ValType::F32, &Value::F32(f32::NAN), "nan");
    check(&types, ValType::F64, &Value::F64(f64::NAN), "nan");
    check(&types, ValType::F64, &Value::F64(f64::NEG_INFINITY), "-inf");
    check(&types, ValType::F64, &Value::F64(-0.0), "-0");
    check(&types, ValType::F32, &Value::F32(0.1), "0.1");
    check(&types, ValType::S64, &Value::S64(i64::MIN), "-9223372036854775808");
    check(&types, ValType::Char, &Value::Char('\''), r"'\''");
    check(&types, ValType::Char, &Value::Char('\0'), r"'\u{0}'");
    check(&types, ValType::String, &Value::String("$0 \"#1\" \\ // \n\u{1b}[2J\u{202e}".into()), {
        r##""$0 \"#1\" \\ // \n\u{1b}[2J\u{202e}""##
    });
    check(&types, ValType::String, &Value::String(String::new()), r#""""#);
}

#[test]
fn keywords_are_labels_too() {
    let mut types = Types::new();
    let words = || ["true", "none", "ok", "inf", "a-B2"].map(str::to_owned);
    let flags = types.flags(words().to_vec()).expect("a valid type");
    check(&types, flags, &Value::Flags(0b11111), "{true, none, ok, inf, a-B2}");
    check(&types, flags, &Value::Flags(0), "{}");
    let enumeration = types.enum_(words().to_vec()).expect("a valid type");
    check(&types, enumeration, &Value::Enum(0), "%true");
    check(&types, enumeration, &Value::Enum(4), "a-B2");
    let record = types.record(words().map(|word| (word, ValType::U8)).to_vec()).expect("a valid type");
    let fields = (1..=5).map(Value::U8).collect();
    check(&types, record, &Value::Record(fields), "{true: 1, none: 2, ok: 3, inf: 4, a-B2: 5}");
    let variant = types.variant(words().map(|word| (word, Some(enumeration))).to_vec());
    let variant = variant.expect("a valid type");
    let payload = Some(Box::new(Value::Enum(3)));
    check(&types, variant, &Value::Variant { case: 1, payload }, "%none(%inf)");
}

#[test]
fn options_and_results_in_each_other() {
    let mut types = Types::new();
    let option = types.option(ValType::U8).expect("a valid type");
    let nested = types.option(option).expect("a valid type");
    let some = |value| Value::Option(Some(Box::new(value)));
    check(&types, nested, &Value::Option(None), "none");
    check(&types, nested, &some(Value::Option(None)), "some(none)");
    check(&types, nested, &some(some(Value::U8(1))), "some(some(1))");
    assert_eq!(read(&types, &[option], "1"), Ok(vec![some(Value::U8(1))]));
    let record = types.record(vec![("a".into(), option), ("b".into(), nested)]).expect("a valid type");
    check(&types, record, &Value::Record(vec![Value::Option(None), Value::Option(None)]), "{:}");
    check(
        &types,
        record,
        &Value::Record(vec![Value::Option(None), some(Value::Option(None))]),
        "{b: some(none)}",
    );
    let nothing = types.result(None, None).expect("a valid type");
    check(&types, nothing, &Value::Result(Ok(None)), "ok");
    let result = types.result(Some(nothing), Some(nothing)).expect("a valid type");
    check(&types, result, &Value::Result(Err(Some(Box::new(Value::Result(Ok(None)))))), "err(ok)");
    // Options at the end may be left out.
    assert_eq!(
        read(&types, &[ValType::U8, option, nested], "1"),
        Ok(vec![Value::U8(1), Value::Option(None), Value::Option(None)])
    );
}

/// Lifting returns lists of records and tuples by column.
#[test]
fn lists_by_column() {
    let mut types = Types::new();
    let option = types.option(ValType::U8).expect("a valid type");
    let record = types.record(vec![("a".into(), ValType::U8), ("b".into(), option)]).expect("a valid type");
    let list = types.list(record).expect("a valid type");
    let some = Value::Option(Some(Box::new(Value::U8(3))));
    let columns = vec![List::U8(vec![1, 2]), List::Values(vec![Value::Option(None), some])];
    let rows = Value::List(List::Rows(Rows::new(RowKind::Record, columns)));
    assert_eq!(to_text(&types, list, &rows), "[{a: 1}, {a: 2, b: some(3)}]");
    assert_eq!(read(&types, &[list], "[{a: 1}, {a: 2, b: 3}]"), Ok(vec![rows]));
}

#[test]
fn maps_have_a_key_once() {
    let mut types = Types::new();
    let map = types.map(ValType::Bool, ValType::U8).expect("a valid type");
    let entries = [(true, 1), (false, 2), (true, 3)];
    let entries = entries.map(|(key, value)| (Value::Bool(key), Value::U8(value)));
    assert_eq!(to_text(&types, map, &Value::Map(entries.to_vec())), "{true: 3, false: 2}");
    let merged = Value::Map(vec![(Value::Bool(true), Value::U8(3)), (Value::Bool(false), Value::U8(2))]);
    assert_eq!(read(&types, &[map], "{true: 1, false: 2, true: 3}"), Ok(vec![merged]));
}

/// WAVE has no form for them: they are printed with a number.
#[test]
fn handles_and_ends() {
    let mut types = Types::new();
    types.name_resource(ResourceId(0), "counter");
    let own = ValType::Own(ResourceId(0));
    assert_eq!(to_text(&types, own, &Value::Own(3)), "resource counter #3");
    let list = types.list(own).expect("a valid type");
    let values = Value::List(List::Values(vec![Value::Own(1), Value::Own(2)]));
    assert_eq!(to_text(&types, list, &values), "[resource counter #1, resource counter #2]");
    assert_eq!(to_text(&types, ValType::ErrorContext, &Value::ErrorContext(4)), "error-context #4");
}

#[test]
fn what_does_not_fit_is_said() {
    let mut types = Types::new();
    let record = types.record(vec![("a".into(), ValType::U8)]).expect("a valid type");
    let case = |name: &str, ty| (name.to_owned(), ty);
    let variant = types.variant(vec![case("a", None), case("b", Some(ValType::U8))]).expect("a valid type");
    let fails = |ty, text: &str, expected: &str| {
        let error = read(&types, &[ty], text).expect_err(text);
        assert!(error.contains(expected), "{expected:?} is not in:\n{error}");
    };
    fails(record, "{a: 1, a: 2}", "duplicate field");
    fails(record, "{b: 1}", "there is no field `b`");
    fails(variant, "b", "case `b` needs a payload of type `u8`");
    fails(variant, "a(1)", "case `a` has no payload");
    fails(ValType::F32, "1e99", "a number that does not fit");
    fails(ValType::F64, "1e999", "a number that does not fit");
    fails(ValType::Char, r"'\u{d800}'", "invalid character escape");
    fails(ValType::U8, "1) x", "trailing characters");
    fails(ValType::U8, "$0", "$0 is not there");
    fails(ValType::String, &format!("\"{}\", 1", "x".repeat(1_000)), "…");
}
