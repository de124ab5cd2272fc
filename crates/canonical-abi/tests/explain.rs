//! Explanations as a reader sees them.

#![expect(clippy::unwrap_used, reason = "a failure to build a type is a failure of the test")]

use canonical_abi::explain::{MAX_ENTRIES, byte_map, explain_functype};
use canonical_abi::{Direction, FuncType, Options, PtrType, Types, ValType};

#[track_caller]
fn check(given: impl std::fmt::Display, expected: &str) {
    let given = given.to_string();
    assert!(given.trim() == expected.trim(), "given:\n{given}");
}

/// Returns `variant { off, level(f32), count(u64), name(string) }`.
fn mode(types: &mut Types) -> ValType {
    let cases = [
        ("off", None),
        ("level", Some(ValType::F32)),
        ("count", Some(ValType::U64)),
        ("name", Some(ValType::String)),
    ];
    types.variant(cases.map(|(label, ty)| (label.into(), ty)).to_vec()).unwrap()
}

#[test]
fn bytes_are_explained() {
    let mut types = Types::new();
    let mode = mode(&mut types);
    let bytes = types.list(ValType::U8).unwrap();
    let option = types.option(ValType::U16).unwrap();
    let options = types.fixed_length_list(option, 4).unwrap();
    let fields = [("id", ValType::U8), ("payload", bytes), ("mode", mode), ("options", options)];
    let record = types.record(fields.map(|(label, ty)| (label.into(), ty)).to_vec()).unwrap();
    check(
        byte_map(&types, record, PtrType::I32),
        "
record { id: u8, payload: list<u8>, mode: variant { off, level(f32), count(u64), name(string) }, options: list<option<u16>, 4> }: 48 bytes, aligned to 8
       0   1  id                   u8
    1..4   3                       padding
   4..12   8  payload              list<u8>
    4..8   4    payload            pointer of list<u8>
   8..12   4    payload            length of list<u8>
  12..16   4                       padding
  16..32  16  mode                 variant { off, level(f32), count(u64), name(string) }
      16   1    mode               discriminant: 0 off, 1 level, 2 count, 3 name
  17..24   7                       padding
  24..28   4    mode.level         case 1: f32
  24..32   8    mode.count         case 2: u64
  24..32   8    mode.name          case 3: string
  24..28   4      mode.name        pointer of string
  28..32   4      mode.name        length of string
  24..32   8    mode               unused by off
  28..32   4    mode               unused by level
  32..48  16  options              list<option<u16>, 4>
  32..36   4    options[0]         option<u16>
      32   1      options[0]       discriminant: 0 none, 1 some
      33   1                       padding
  34..36   2      options[0].some  case 1: u16
  34..36   2      options[0]       unused by none
  36..48  12    options[1..4]      3 more elements of 4 bytes
",
    );
    check(byte_map(&types, ValType::U8, PtrType::I32), "u8: 1 byte, aligned to 1\n  0  1    u8");
}

#[test]
fn flattened_functions_are_explained() {
    let mut types = Types::new();
    let mode = mode(&mut types);
    let ft = FuncType {
        params: vec![("input".into(), mode), ("n".into(), ValType::S64)],
        result: Some(ValType::String),
        is_async: false,
    };
    check(
        explain_functype(&types, &ft, &Options::default(), Direction::Lower),
        "
lowered to (i32 i64 i32 i64 i32) -> (), with 32-bit pointers
  param 0  i32  input        discriminant of variant { off, level(f32), count(u64), name(string) }
  param 1  i64  input.level  f32, joined: f32 as i64
                input.count  u64, joined
                input.name   pointer of string, joined: i32 as i64
  param 2  i32  input.name   length of string
  param 3  i64  n            s64
  param 4  i32               pointer to the result: it flattens to 2 core values, over the limit of 1
result in memory: 8 bytes, aligned to 4
  0..8  8  result    string
  0..4  4    result  pointer of string
  4..8  4    result  length of string
",
    );
    let opts = Options { is_async: true, has_callback: true, ptr: PtrType::I64, ..Options::default() };
    check(
        explain_functype(&types, &ft, &opts, Direction::Lift),
        "
asynchronously lifted from (i32 i64 i64 i64) -> (i32), with 64-bit pointers
  param 0   i32  input        discriminant of variant { off, level(f32), count(u64), name(string) }
  param 1   i64  input.level  f32, joined: f32 as i64
                 input.count  u64, joined
                 input.name   pointer of string, joined
  param 2   i64  input.name   length of string
  param 3   i64  n            s64
  result 0  i32               what the callback waits for
",
    );
    let ft = FuncType { params: vec![("n".into(), ValType::U8); 5], result: None, is_async: true };
    let opts = Options { is_async: true, ..Options::default() };
    check(
        explain_functype(&types, &ft, &opts, Direction::Lower),
        "
asynchronously lowered to (i32) -> (i32), with 32-bit pointers
  param 0   i32    pointer to the parameters: they flatten to 5 core values, over the limit of 4
  result 0  i32    state of the call, and its index if it has not returned
parameters in memory: 5 bytes, aligned to 1
  0  1  n  u8
  1  1  n  u8
  2  1  n  u8
  3  1  n  u8
  4  1  n  u8
",
    );
}

#[test]
fn explanations_of_many_paths_end() {
    let mut types = Types::new();
    let mut ty = ValType::U8;
    for _ in 0..14 {
        let cases = (0..50).map(|i| (format!("c{i}"), Some(ty))).collect();
        ty = types.variant(cases).unwrap();
    }
    let map = byte_map(&types, ty, PtrType::I32).to_string();
    assert!(map.contains("… too much to list") && map.lines().count() < 4 * MAX_ENTRIES);
    let ft = FuncType { params: vec![("a".into(), ty)], result: None, is_async: false };
    let flat = explain_functype(&types, &ft, &Options::default(), Direction::Lift);
    assert_eq!(flat.params.len(), 15);
    assert!(flat.to_string().lines().count() < 4 * MAX_ENTRIES);
}
