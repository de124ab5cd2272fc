//! Explanations as a reader sees them.

#![expect(clippy::unwrap_used, reason = "a failure to build a type is a failure of the test")]

use canonical_abi::explain::{
    MAX_ENTRIES, TableStyle, View, byte_map, byte_map_with, explain_callback, explain_functype,
    explain_functype_with, explain_task_return,
};
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
  result 0  i32               callback code in bits 0 to 3: 0 exit, 1 yield, 2 wait; above, the waitable set to wait for
",
    );
    let ft = FuncType { params: vec![("n".into(), ValType::U8); 5], result: None, is_async: true };
    let opts = Options { is_async: true, ..Options::default() };
    check(
        explain_functype(&types, &ft, &opts, Direction::Lower),
        "
asynchronously lowered to (i32) -> (i32), with 32-bit pointers
  param 0   i32    pointer to the parameters: they flatten to 5 core values, over the limit of 4
  result 0  i32    state in bits 0 to 3: 0 starting, 1 started, 2 returned, …; above, the subtask if it has not returned
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
fn types_go_by_their_names() {
    let mut types = Types::new();
    let point = types.record(vec![("x".into(), ValType::F32), ("y".into(), ValType::F32)]).unwrap();
    let style = types.flags(vec!["bold".into(), "sharp".into()]).unwrap();
    let line = types.tuple(vec![point, point]).unwrap();
    let shape = types
        .variant(vec![
            ("dot".into(), Some(point)),
            ("line".into(), Some(line)),
            ("style".into(), Some(style)),
        ])
        .unwrap();
    let name_of = |ty| if ty == point { Some("point") } else { (ty == style).then_some("style") };
    let view = View { name_of: &name_of, ..View::new(&types) };
    check(
        byte_map_with(view, shape, PtrType::I32),
        "
variant { dot(point), line(tuple<point, point>), style(style) }: 20 bytes, aligned to 4
       0   1                discriminant: 0 dot, 1 line, 2 style
    1..4   3                padding
   4..12   8  dot           case 0: point
    4..8   4    dot.x       f32
   8..12   4    dot.y       f32
   4..20  16  line          case 1: tuple<point, point>
   4..12   8    line.0      point
    4..8   4      line.0.x  f32
   8..12   4      line.0.y  f32
  12..20   8    line.1      point
  12..16   4      line.1.x  f32
  16..20   4      line.1.y  f32
       4   1  style         case 2: style
       4   1    style       style, by bit: 0 bold, 1 sharp
   5..20  15                unused by style
  12..20   8                unused by dot
",
    );
    // A type that is told elsewhere is not opened, except where it is what is explained.
    let view = View { is_closed: &|ty| ty == point, ..view };
    let map = byte_map_with(view, line, PtrType::I32);
    check(&map, "tuple<point, point>: 16 bytes, aligned to 4\n   0..8  8  0  point\n  8..16  8  1  point");
    assert!(map.entries.iter().all(canonical_abi::explain::ByteEntry::is_closed));
    let map = byte_map_with(view, point, PtrType::I32);
    assert_eq!(map.entries.len(), 2);
    assert!(!map.entries[0].is_closed());
    let ft = FuncType { params: vec![("at".into(), point)], result: Some(shape), is_async: false };
    check(
        explain_functype_with(view, &ft, &Options::default(), Direction::Lift),
        "
lifted from (f32 f32) -> (i32), with 32-bit pointers
  param 0   f32  at.x  f32
  param 1   f32  at.y  f32
  result 0  i32        pointer to the result: it flattens to 5 core values, over the limit of 1
result in memory: 20 bytes, aligned to 4
   0..20  20  result             variant { dot(point), line(tuple<point, point>), style(style…
       0   1    result           discriminant: 0 dot, 1 line, 2 style
    1..4   3                     padding
   4..12   8    result.dot       case 0: point
   4..20  16    result.line      case 1: tuple<point, point>
   4..12   8      result.line.0  point
  12..20   8      result.line.1  point
       4   1    result.style     case 2: style
       4   1      result.style   style, by bit: 0 bold, 1 sharp
   5..20  15    result           unused by style
  12..20   8    result           unused by dot
",
    );
}

/// Bits of flags, all labels on request, and columns for pointers of any width.
#[test]
fn tables_have_styles() {
    let mut types = Types::new();
    let labels = || (0..10).map(|i| format!("l{i}")).collect();
    let flags = types.flags(labels()).unwrap();
    let many = types.enum_(labels()).unwrap();
    let fields = [("flags", flags), ("many", many), ("name", ValType::String)];
    let record = types.record(fields.map(|(label, ty)| (label.into(), ty)).to_vec()).unwrap();
    let map = byte_map(&types, record, PtrType::I32);
    let few = "0 l0, 1 l1, 2 l2, 3 l3, 4 l4, 5 l5, 6 l6, 7 l7, …\n";
    let all = few.replace('…', "8 l8, 9 l9");
    let shown = map.to_string();
    assert_eq!(shown.matches(few).count(), 2, "{shown}");
    assert!(shown.contains(&format!(", by bit: {few}")), "{shown}");
    let shown = map.table(TableStyle { has_all_labels: true, is_symbolic: false }).to_string();
    assert_eq!(shown.matches(&all).count(), 2, "{shown}");

    let fields = [("id", ValType::U8), ("name", ValType::String), ("at", ValType::U64)];
    let record = types.record(fields.map(|(label, ty)| (label.into(), ty)).to_vec()).unwrap();
    let map = byte_map(&types, record, PtrType::I32);
    check(
        map.table(TableStyle { has_all_labels: false, is_symbolic: true }),
        "
record { id: u8, name: string, at: u64 }: 24 bytes, aligned to 8; with any pointers 16 + 2·ptr bytes, aligned to 8
       0  1                   0..1      1  id      u8
    1..4  3                                        padding
   4..12  8             ptr..3·ptr  2·ptr  name    string
    4..8  4             ptr..2·ptr    ptr    name  pointer of string
   8..12  4           2·ptr..3·ptr    ptr    name  length of string
  12..16  4                                        padding
  16..24  8  8 + 2·ptr..16 + 2·ptr      8  at      u64
",
    );
}

#[test]
fn what_asynchronous_functions_call_is_explained() {
    let types = Types::new();
    let opts = Options { is_async: true, has_callback: true, ..Options::default() };
    check(
        explain_task_return(View::new(&types), Some(ValType::String), &opts),
        "
task.return (i32 i32) -> (), with 32-bit pointers
  param 0  i32  result  pointer of string
  param 1  i32  result  length of string
",
    );
    check(explain_task_return(View::new(&types), None, &opts), "task.return () -> (), with 32-bit pointers");
    let callback = explain_callback(&opts).to_string();
    assert!(callback.starts_with("callback (i32 i32 i32) -> (i32), with 32-bit pointers\n"), "{callback}");
    for word in ["1 subtask", "6 task-cancelled", "0 exit, 1 yield, 2 wait"] {
        assert!(callback.contains(word), "{word} in:\n{callback}");
    }
}

/// `task.return` takes its result through memory where it has more than sixteen core values.
#[test]
fn large_results_are_returned_through_memory() {
    let mut types = Types::new();
    let tuple = types.tuple(vec![ValType::U8; 17]).unwrap();
    let opts = Options { is_async: true, ..Options::default() };
    let flat = explain_task_return(View::new(&types), Some(tuple), &opts);
    assert_eq!(flat.params.len(), 1);
    assert_eq!(flat.spilled_params, None);
    assert_eq!(flat.spilled_result.map(|map| map.size), Some(17));
    let tuple = types.tuple(vec![ValType::U8; 16]).unwrap();
    let flat = explain_task_return(View::new(&types), Some(tuple), &opts);
    assert_eq!((flat.params.len(), flat.spilled_result), (16, None));
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
