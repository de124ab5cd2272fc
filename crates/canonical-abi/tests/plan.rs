//! Plans do what `load` and `store` do: the same bytes, the same calls of `realloc`, the same handles, the same traps.
//! All encodings and pointer types are crossed, for random types and values and for memory that was tampered with.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panics")]

mod common;

use std::cell::Cell;

use canonical_abi::arbitrary::{TypeTree, any_type, any_value_of};
use canonical_abi::handles::{self, RuntimeResource};
use canonical_abi::layout::tuple_layout;
use canonical_abi::plan::{copy, copy_spilled, func_plans, plan};
use canonical_abi::standalone::Standalone;
use canonical_abi::{
    Context, CoreValue, CoreValueIter, FuncType, Host, List, Options, PtrType, ResourceId, StringEncoding,
    Trap, Types, ValType, Value, lift_flat_values, lower_flat_values,
};
use common::{Bump, to_usize};
use proptest::collection::vec;
use proptest::prelude::*;

/// Where the values start, in the source and in the destination.
const ROOT: u64 = 8;

fn any_options() -> impl Strategy<Value = Options> {
    let encodings = [StringEncoding::Utf8, StringEncoding::Utf16, StringEncoding::Latin1Utf16];
    let ptr = proptest::sample::select(vec![PtrType::I32, PtrType::I64]);
    (proptest::sample::select(encodings.to_vec()), ptr)
        .prop_map(|(string_encoding, ptr)| options(string_encoding, ptr))
}

fn options(string_encoding: StringEncoding, ptr: PtrType) -> Options {
    Options { string_encoding, ptr, ..Options::default() }
}

/// A random copy of random values.
#[derive(Debug)]
struct Case {
    types: Types,
    /// The values' types.
    tys: Vec<ValType>,
    /// These with some integers instead of handles: the same layout, and values that can be made up.
    stored_tys: Vec<ValType>,
    values: Vec<Value>,
    from: Options,
    to: Options,
    /// Runs of bytes of the source to overwrite: position modulo its size, byte and length.
    tampered: Vec<(usize, u8, usize)>,
    /// The answer to every `realloc` of the destination, if it is always the same.
    answer: Option<u64>,
    /// The address of the destination's values; `None` for a new block.
    out: Option<u64>,
}

fn any_case() -> impl Strategy<Value = Case> {
    let byte = prop_oneof![3 => 0..4u8, 1 => Just(0xd8), 1 => any::<u8>()];
    let byte = (0..4096usize, byte).prop_map(|(at, byte)| (at, byte, 1));
    // Floats of these bytes are NaNs that are not canonical.
    let nan = (0..512usize).prop_map(|i| (8 * i, 0xff, 8));
    let tampered = prop_oneof![2 => byte, 1 => nan];
    let tampered = prop_oneof![Just(vec![]).boxed(), vec(tampered, 1..6).boxed()];
    let answer =
        prop_oneof![6 => Just(None), 1 => prop_oneof![Just(8), 0..80u64, any::<u64>()].prop_map(Some)];
    let out = prop_oneof![4 => Just(Some(ROOT)), 4 => Just(None), 1 => (0..64u64).prop_map(Some)];
    let rest = (any_options(), any_options(), tampered, answer, out);
    (vec((any_type(), any::<u8>()), 1..=3), rest).prop_flat_map(|(trees, rest)| {
        let mut types = Types::new();
        let stored_tys: Vec<_> = trees.iter().map(|(tree, _)| tree.intern(&mut types)).collect();
        let values: Vec<_> =
            stored_tys.iter().map(|ty| any_value_of(&types, *ty).prop_map(small_ints)).collect();
        let tys =
            trees.iter().map(|(tree, seed)| with_handles(tree, *seed).intern(&mut types)).collect::<Vec<_>>();
        (values, Just((types, tys, stored_tys, rest))).prop_map(|(values, (types, tys, stored_tys, rest))| {
            let (from, to, tampered, answer, out) = rest;
            Case { types, tys, stored_tys, values, from, to, tampered, answer, out }
        })
    })
}

/// Returns the type with handles, or what is not supported, instead of 32-bit integers.
fn with_handles(tree: &TypeTree, seed: u8) -> TypeTree {
    let boxed = |tree: &TypeTree| Box::new(with_handles(tree, seed));
    let all = |trees: &[TypeTree]| {
        trees.iter().zip(0..).map(|(tree, i)| with_handles(tree, seed.wrapping_add(i))).collect()
    };
    match tree {
        TypeTree::Leaf(ValType::U32 | ValType::S32) => TypeTree::Leaf(match seed % 12 {
            0..4 => ValType::U32,
            4 => ValType::Own(ResourceId(1)),
            5..8 => ValType::Own(ResourceId(0)),
            8..11 => ValType::Borrow(ResourceId(0)),
            _ => ValType::ErrorContext,
        }),
        TypeTree::Leaf(_) | TypeTree::Enum(_) | TypeTree::Flags(_) => tree.clone(),
        TypeTree::List(element) => TypeTree::List(boxed(element)),
        TypeTree::FixedLengthList(element, n) => TypeTree::FixedLengthList(boxed(element), *n),
        TypeTree::Map(key, value) => TypeTree::Map(*key, boxed(value)),
        TypeTree::Record(fields) => TypeTree::Record(all(fields)),
        TypeTree::Tuple(fields) => TypeTree::Tuple(all(fields)),
        TypeTree::Variant(cases) => {
            TypeTree::Variant(cases.iter().map(|ty| ty.as_ref().map(|ty| *boxed(ty))).collect())
        }
        TypeTree::Option(some) => TypeTree::Option(boxed(some)),
        TypeTree::Result(ok, err) => TypeTree::Result(ok.as_deref().map(boxed), err.as_deref().map(boxed)),
    }
}

/// Makes every 32-bit integer one that may be a handle's index.
fn small_ints(value: Value) -> Value {
    let small = |payload: Box<Value>| Box::new(small_ints(*payload));
    match value {
        Value::U32(x) => Value::U32(x % 8),
        Value::S32(x) => Value::S32(x.rem_euclid(8)),
        Value::List(List::U32(v)) => Value::List(List::U32(v.into_iter().map(|x| x % 8).collect())),
        Value::List(List::S32(v)) => Value::List(List::S32(v.into_iter().map(|x| x.rem_euclid(8)).collect())),
        Value::List(List::Values(v)) => Value::List(List::Values(v.into_iter().map(small_ints).collect())),
        Value::Map(v) => Value::Map(v.into_iter().map(|(k, v)| (k, small_ints(v))).collect()),
        Value::Record(v) => Value::Record(v.into_iter().map(small_ints).collect()),
        Value::Tuple(v) => Value::Tuple(v.into_iter().map(small_ints).collect()),
        Value::Variant { case, payload } => Value::Variant { case, payload: payload.map(small) },
        Value::Option(some) => Value::Option(some.map(small)),
        Value::Result(Ok(ok)) => Value::Result(Ok(ok.map(small))),
        Value::Result(Err(err)) => Value::Result(Err(err.map(small))),
        other @ (Value::Bool(_)
        | Value::S8(_)
        | Value::U8(_)
        | Value::S16(_)
        | Value::U16(_)
        | Value::S64(_)
        | Value::U64(_)
        | Value::F32(_)
        | Value::F64(_)
        | Value::Char(_)
        | Value::String(_)
        | Value::List(_)
        | Value::Enum(_)
        | Value::Flags(_)
        | Value::Own(_)
        | Value::Borrow(_)
        | Value::ErrorContext(_)
        | Value::Stream(_)
        | Value::Future(_)) => other,
    }
}

/// Returns the source of a case: the values in memory, tampered with, and a few handles.
fn source(case: &Case) -> Bump {
    let mut host = Bump::new(StringEncoding::Utf8);
    let (size_bytes, _) = tuple_layout(&case.types, case.tys.iter().copied(), case.from.ptr);
    host.memory = vec![0xaa; to_usize(ROOT + size_bytes)];
    let mut cx = Context::new(&case.types, case.from, &mut host);
    lower_flat_values(&mut cx, 0, &case.values, &case.stored_tys, Some(ROOT)).unwrap();
    let size = host.memory.len();
    for (at, byte, length) in &case.tampered {
        let at = at % size;
        host.memory[at..size.min(at + length)].fill(*byte);
    }
    for (rt, rep) in [(0, 10), (0, 20), (1, 30), (0, 40)] {
        handles::lower_own(&mut host.table, RuntimeResource(rt), rep).unwrap();
    }
    handles::lower_borrow(&mut host.table, host.scope, RuntimeResource(0), 50).unwrap();
    host
}

fn destination(case: &Case) -> Bump {
    let mut host = Bump::new(case.from.string_encoding);
    let (size_bytes, _) = tuple_layout(&case.types, case.tys.iter().copied(), case.to.ptr);
    host.memory = vec![0xbb; to_usize(ROOT + size_bytes)];
    host.answer = case.answer;
    host
}

/// Moves a case's values as the spec words it.
fn reference(case: &Case, src: &mut Bump, dst: &mut Bump) -> Result<Option<u64>, Trap> {
    let mut src_cx = Context::new(&case.types, case.from, src);
    let pointer = [CoreValue::pointer(ROOT, case.from.ptr)];
    let values = lift_flat_values(&mut src_cx, 0, &mut CoreValueIter::new(&pointer), &case.tys)?;
    dst.tags = std::mem::take(&mut src.tags);
    let mut dst_cx = Context::new(&case.types, case.to, dst);
    let flat = lower_flat_values(&mut dst_cx, 0, &values, &case.tys, case.out)?;
    Ok(flat.first().map(|ptr| ptr.bits()))
}

/// Moves a case's values with a plan.
fn planned(case: &Case, src: &mut Bump, dst: &mut Bump) -> Result<Option<u64>, Trap> {
    let plan = plan(&case.types, &case.tys, case.from, case.to);
    let mut src_cx = Context::new(&case.types, case.from, src);
    let mut dst_cx = Context::new(&case.types, case.to, dst);
    match case.out {
        Some(out) => copy(&plan, &mut src_cx, ROOT, &mut dst_cx, out).map(|()| None),
        None => copy_spilled(&plan, &mut src_cx, ROOT, &mut dst_cx).map(Some),
    }
}

/// Everything that a copy may have changed or shown.
#[derive(Debug, PartialEq)]
struct Outcome {
    result: Result<Option<u64>, Trap>,
    memory: Vec<u8>,
    reallocs: Vec<[u64; 4]>,
    handles: [Vec<(u32, handles::ResourceHandle)>; 2],
}

fn outcome(result: Result<Option<u64>, Trap>, src: &Bump, dst: &Bump) -> Outcome {
    let handles = [src, dst].map(|host| host.table.iter().map(|(index, handle)| (index, *handle)).collect());
    Outcome { result, memory: dst.memory.clone(), reallocs: dst.reallocs.clone(), handles }
}

fn check(case: &Case) -> Result<(), TestCaseError> {
    let (mut src, mut dst) = (source(case), destination(case));
    let result = reference(case, &mut src, &mut dst);
    let expected = outcome(result, &src, &dst);
    let (mut src, mut dst) = (source(case), destination(case));
    let untouched = src.memory.clone();
    let result = planned(case, &mut src, &mut dst);
    prop_assert_eq!(&src.memory, &untouched);
    let plan = plan(&case.types, &case.tys, case.from, case.to);
    prop_assert_eq!(outcome(result, &src, &dst), expected, "\n{}", plan);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn plans_do_what_load_and_store_do(case in any_case()) {
        check(&case)?;
    }

    #[test]
    fn memory_that_changes_meanwhile_is_no_panic(case in any_case(), n_reads in 0..40u32) {
        let before = source(&case).memory;
        let case = Case { tampered: case.tampered.iter().map(|(at, byte, n)| (at / 3, !byte, *n)).collect(), ..case };
        let after = source(&case).memory;
        let mut src = Shared { before, after, n_reads: Cell::new(n_reads) };
        let mut dst = Standalone { memory: vec![0; 4096] };
        let plan = plan(&case.types, &case.tys, case.from, case.to);
        let mut src_cx = Context::new(&case.types, case.from, &mut src);
        let result = copy_spilled(&plan, &mut src_cx, ROOT, &mut Context::new(&case.types, case.to, &mut dst));
        prop_assert!(result.is_err() || result.is_ok_and(|ptr| ptr >= 4096));
    }
}

/// A memory that another thread changes after so many reads.
struct Shared {
    before: Vec<u8>,
    after: Vec<u8>,
    n_reads: Cell<u32>,
}

impl Host for Shared {
    type Error = Trap;

    fn memory(&self) -> &[u8] {
        let n_reads = self.n_reads.get();
        self.n_reads.set(n_reads.saturating_sub(1));
        if n_reads > 0 { &self.before } else { &self.after }
    }

    fn memory_mut(&mut self) -> &mut [u8] {
        &mut self.after
    }

    fn realloc(&mut self, _: u64, _: u64, _: u64, _: u64) -> Result<u64, Trap> {
        unreachable!("nothing is lowered to a source")
    }

    fn lift_own(&mut self, _: ResourceId, index: u32) -> Result<u32, Trap> {
        Ok(index)
    }

    fn lift_borrow(&mut self, _: ResourceId, index: u32) -> Result<u32, Trap> {
        Ok(index)
    }

    fn lower_own(&mut self, _: ResourceId, _: u32) -> Result<u32, Trap> {
        unreachable!("nothing is lowered to a source")
    }

    fn lower_borrow(&mut self, _: ResourceId, _: u32) -> Result<u32, Trap> {
        unreachable!("nothing is lowered to a source")
    }
}

const UTF8: StringEncoding = StringEncoding::Utf8;

/// Checks the text of a plan between memories in UTF-8, without the two lines about them.
fn check_text(types: &Types, tys: &[ValType], to: PtrType, expected: &str) {
    let plan = plan(types, tys, options(UTF8, PtrType::I32), options(UTF8, to));
    let text: String = plan.to_string().lines().skip(2).map(|line| format!("{line}\n")).collect();
    assert_eq!(text, expected);
}

#[test]
fn adjacent_plain_data_merges() {
    let mut t = Types::new();
    let labels = |n: usize| (0..n).map(|i| format!("l{i}")).collect::<Vec<_>>();
    let color = t.enum_(labels(3)).unwrap();
    let flags = t.flags(labels(6)).unwrap();
    let all_flags = t.flags(labels(8)).unwrap();
    let bools = t.fixed_length_list(ValType::Bool, 4).unwrap();
    let mut plain = ValType::U8;
    for _ in 0..20 {
        plain = t.tuple(vec![plain, plain]).unwrap();
    }
    let expected = "\
check:
    below     from[5], 1 byte, 3
move:
    copy      to[0], from[0], 8 bytes
";
    check_text(&t, &[ValType::U32, ValType::S8, color, all_flags, ValType::U8], PtrType::I64, expected);
    let expected = "\
check:
    chars     from[24], 2
move:
    bools     to[0], from[0], 5
    flags     to[5], from[5], 1 byte, mask 0x3f
    f32s      to[8], from[8], 2
    f64s      to[16], from[16], 1
    copy      to[24], from[24], 8 bytes
";
    let floats = [ValType::F32, ValType::F32, ValType::F64, ValType::Char, ValType::Char];
    check_text(&t, &[&[bools, ValType::Bool, flags], &floats[..]].concat(), PtrType::I32, expected);
    let expected = "\
check:
    nop
move:
    copy      to[0], from[0], 1048576 bytes
";
    check_text(&t, &[plain], PtrType::I64, expected);
}

#[test]
fn lists_of_plain_data_are_one_copy() {
    let mut t = Types::new();
    let padded = t.tuple(vec![ValType::U64, ValType::U32, ValType::U8]).unwrap();
    let rows = t.list(padded).unwrap();
    let chars = t.list(ValType::Char).unwrap();
    let floats = t.list(ValType::F64).unwrap();
    let expected = "\
check:
    list      from[0], stride 16, align 8
    list      from[8], stride 4, align 4, 1 chars each
    list      from[16], stride 8, align 8
move:
    list      to[0], from[0], align 8, stride to 16 from 16, move0 each
    list      to[16], from[8], align 4, copy 4 bytes each
    list      to[32], from[16], align 8, 1 f64s each
move0:
    copy      to[0], from[0], 13 bytes
";
    check_text(&t, &[rows, chars, floats], PtrType::I64, expected);
}

#[test]
fn plans_read_like_assembly() {
    let mut t = Types::new();
    let names = t.list(ValType::String).unwrap();
    let choice = t.option(names).unwrap();
    let choices = t.fixed_length_list(choice, 3).unwrap();
    let stream = t.stream(None).unwrap();
    let own = t.list(ValType::Own(ResourceId(3))).unwrap();
    let expected = "\
check:
    repeat    from[0], 3 times, stride 12, check2
    list      from[36], stride 4, align 4, check3 each
    stream    from[44]
check0:
    string    from[0]
check1:
    list      from[0], stride 8, align 4, check0 each
check2:
    switch    from[0], 1 byte, payload from[4], [_, check1]
check3:
    own       from[0], resource 3
move:
    repeat    to[0], from[0], 3 times, stride to 24 from 12, move2
    list      to[72], from[36], align 4, stride to 4 from 4, move3 each
    stream    to[88]
move0:
    string    to[0], from[0]
move1:
    list      to[0], from[0], align 8, stride to 16 from 8, move0 each
move2:
    switch    to[0], from[0], 1 byte, payload to[8], from[4], [_, move1]
move3:
    own       to[0], resource 3
";
    check_text(&t, &[choices, own, stream], PtrType::I64, expected);
}

/// Types of few definitions and very many paths have short plans.
#[test]
fn plans_grow_with_definitions() {
    let mut t = Types::new();
    let mut padded = t.tuple(vec![ValType::Char, ValType::U8]).unwrap();
    let mut cases = ValType::String;
    for _ in 0..20 {
        padded = t.tuple(vec![padded, padded]).unwrap();
    }
    for _ in 0..90 {
        cases = t.variant(vec![("a".into(), Some(cases)), ("b".into(), Some(cases))]).unwrap();
    }
    let n_chars =
        |ty| plan(&t, &[ty], options(UTF8, PtrType::I32), options(UTF8, PtrType::I64)).to_string().len();
    assert!(n_chars(padded) < 8_000 && n_chars(cases) < 50_000);
}

#[test]
fn functions_have_two_plans() {
    let types = Types::new();
    let params = vec![("a".to_owned(), ValType::U8), ("b".to_owned(), ValType::U32)];
    let ft = FuncType { params, result: Some(ValType::String), is_async: false };
    let (caller, callee) = (options(UTF8, PtrType::I32), options(StringEncoding::Utf16, PtrType::I64));
    let (params, result) = func_plans(&types, &ft, caller, callee);
    assert_eq!((params.from().opts, params.to().opts), (caller, callee));
    assert_eq!((result.from().opts, result.to().opts), (callee, caller));
    assert_eq!((params.to().size_bytes, params.to().align), (8, 4));
    assert_eq!((result.from().size_bytes, result.to().size_bytes), (16, 8));
    assert_eq!(params.moves().main().len() + params.moves().blocks().count(), 2);
}

/// A string that is tagged as UTF-16 though it fits Latin-1 is stored as the spec says for UTF-16.
#[test]
fn plans_see_the_tag_of_a_string() {
    fn check(to: StringEncoding, expected: &[[u64; 4]], stored: &[u8]) {
        let types = Types::new();
        let from = options(StringEncoding::Latin1Utf16, PtrType::I32);
        let mut src = Standalone { memory: b"\x08\0\0\0\x02\0\0\x80\xe4\0b\0".to_vec() };
        let mut dst = Bump::new(from.string_encoding);
        let to = options(to, PtrType::I32);
        let plan = plan(&types, &[ValType::String], from, to);
        let mut src_cx = Context::new(&types, from, &mut src);
        copy(&plan, &mut src_cx, 0, &mut Context::new(&types, to, &mut dst), 0).unwrap();
        assert_eq!(dst.reallocs, expected);
        let begin = dst.memory[0] as usize;
        assert_eq!(&dst.memory[begin..], stored);
        assert_eq!(
            dst.memory[4..8],
            [u8::try_from(stored.len()).unwrap() / to.string_encoding.unit(), 0, 0, 0]
        );
    }
    trait Unit {
        fn unit(self) -> u8;
    }
    impl Unit for StringEncoding {
        fn unit(self) -> u8 {
            if self == Self::Utf16 { 2 } else { 1 }
        }
    }
    check(UTF8, &[[0, 0, 1, 2], [8, 2, 1, 6], [10, 6, 1, 3]], "äb".as_bytes());
    check(StringEncoding::Utf16, &[[0, 0, 2, 4]], b"\xe4\0b\0");
    check(StringEncoding::Latin1Utf16, &[[0, 0, 2, 4], [8, 4, 1, 2]], b"\xe4b");
}

#[test]
#[should_panic(expected = "a plan is run with the options it is for")]
fn plans_are_for_their_options() {
    let types = Types::new();
    let wide = options(UTF8, PtrType::I64);
    let plan = plan(&types, &[ValType::U8], wide, wide);
    let (mut src, mut dst) = (Standalone { memory: vec![1] }, Standalone { memory: vec![0] });
    let mut src_cx = Context::new(&types, Options::default(), &mut src);
    let _ = copy(&plan, &mut src_cx, 0, &mut Context::new(&types, wide, &mut dst), 0);
}
