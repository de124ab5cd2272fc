//! Plans do what lifting and lowering values does: the same core values, bytes, calls of `realloc`,
//! handles and traps. All encodings, pointer types and limits on core values are crossed, for
//! random types and values, and for core values and memory that were tampered with.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panics")]

mod common;

use std::cell::Cell;

use canonical_abi::arbitrary::{TypeTree, any_type, any_value_of};
use canonical_abi::handles::{self, RuntimeResource};
use canonical_abi::layout::tuple_layout;
use canonical_abi::plan::{Check, Form, Operand, Passing, Plan, func_plans, plan, run};
use canonical_abi::standalone::Standalone;
use canonical_abi::{
    Context, CoreType, CoreValue, CoreValueIter, Direction, FuncType, Host, List, MAX_FLAT_PARAMS, Options,
    PtrType, ResourceId, StringEncoding, Trap, Types, ValType, Value, flatten_functype, lift_flat_values,
    lower_flat_values,
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

fn any_passing() -> impl Strategy<Value = Passing> {
    let max_flat = proptest::sample::select(vec![0, 1, 4, 16, 16]);
    (any_options(), max_flat).prop_map(|(opts, max_flat)| Passing { opts, max_flat })
}

/// Returns the plan for values in memory on both sides.
fn plan_in_memory(types: &Types, tys: &[ValType], from: Options, to: Options) -> Plan {
    plan(types, tys, Passing::in_memory(from), Passing::in_memory(to))
}

/// Random values that are passed on in random ways.
#[derive(Debug)]
struct Case {
    types: Types,
    /// The values' types.
    tys: Vec<ValType>,
    /// These with some integers instead of handles: the same layout, and values that can be made
    /// up.
    stored_tys: Vec<ValType>,
    values: Vec<Value>,
    from: Passing,
    to: Passing,
    /// Core values of the source to replace: position modulo their number, and bits.
    tampered_flat: Vec<(usize, u64)>,
    /// Runs of bytes of the source to overwrite: position modulo its size, byte and length.
    tampered: Vec<(usize, u8, usize)>,
    /// The answer to every `realloc` of the destination, if it is always the same.
    answer: Option<u64>,
    /// The address of the destination's values, if they are in memory; `None` for a new block.
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
    let bits = prop_oneof![3 => 0..8u64, 1 => 0..300u64, 1 => any::<u64>(), 1 => Just(u64::MAX), 1 => Just(0xffff_ffff)];
    let tampered_flat = prop_oneof![Just(vec![]).boxed(), vec((0..16usize, bits), 1..3).boxed()];
    let rest = (any_passing(), any_passing(), tampered_flat, tampered, answer, out);
    (vec((any_type(), any::<u8>()), 1..=3), rest).prop_flat_map(|(trees, rest)| {
        let mut types = Types::new();
        let stored_tys: Vec<_> = trees.iter().map(|(tree, _)| tree.intern(&mut types)).collect();
        let values: Vec<_> =
            stored_tys.iter().map(|ty| any_value_of(&types, *ty).prop_map(small_ints)).collect();
        let tys =
            trees.iter().map(|(tree, seed)| with_handles(tree, *seed).intern(&mut types)).collect::<Vec<_>>();
        (values, Just((types, tys, stored_tys, rest))).prop_map(|(values, (types, tys, stored_tys, rest))| {
            let (from, to, tampered_flat, tampered, answer, out) = rest;
            Case { types, tys, stored_tys, values, from, to, tampered_flat, tampered, answer, out }
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

/// Returns the source of a case: core values and memory, tampered with, and a few handles.
fn source(case: &Case) -> (Bump, Vec<CoreValue>) {
    let mut host = Bump::new(StringEncoding::Utf8);
    let opts = case.from.opts;
    let (size_bytes, _) = tuple_layout(&case.types, case.tys.iter().copied(), opts.ptr);
    host.memory = vec![0xaa; to_usize(ROOT + size_bytes)];
    let mut cx = Context::new(&case.types, opts, &mut host);
    let lowered = lower_flat_values(&mut cx, case.from.max_flat, &case.values, &case.stored_tys, Some(ROOT));
    let mut flat = lowered.unwrap();
    let size = host.memory.len();
    for (at, byte, length) in &case.tampered {
        let at = at % size;
        host.memory[at..size.min(at + length)].fill(*byte);
    }
    for (slot, bits) in &case.tampered_flat {
        let n_slots = flat.len().max(1);
        if let Some(slot) = flat.get_mut(slot % n_slots) {
            *slot = CoreValue::from_bits(slot.ty(), *bits);
        }
    }
    if flat.is_empty() {
        flat.push(CoreValue::pointer(ROOT, opts.ptr));
    }
    for (rt, rep) in [(0, 10), (0, 20), (1, 30), (0, 40)] {
        handles::lower_own(&mut host.table, RuntimeResource(rt), rep).unwrap();
    }
    handles::lower_borrow(&mut host.table, host.scope, RuntimeResource(0), 50).unwrap();
    (host, flat)
}

fn destination(case: &Case) -> Bump {
    let mut host = Bump::new(case.from.opts.string_encoding);
    let (size_bytes, _) = tuple_layout(&case.types, case.tys.iter().copied(), case.to.opts.ptr);
    host.memory = vec![0xbb; to_usize(ROOT + size_bytes)];
    host.answer = case.answer;
    host
}

/// Passes a case's values on as the spec words it.
fn reference(
    case: &Case,
    flat: &[CoreValue],
    src: &mut Bump,
    dst: &mut Bump,
) -> Result<Vec<CoreValue>, Trap> {
    let mut src_cx = Context::new(&case.types, case.from.opts, src);
    let values = lift_flat_values(&mut src_cx, case.from.max_flat, &mut CoreValueIter::new(flat), &case.tys)?;
    dst.tags = std::mem::take(&mut src.tags);
    let mut dst_cx = Context::new(&case.types, case.to.opts, dst);
    lower_flat_values(&mut dst_cx, case.to.max_flat, &values, &case.tys, case.out)
}

/// Passes a case's values on with a plan.
fn planned(case: &Case, flat: &[CoreValue], src: &mut Bump, dst: &mut Bump) -> Result<Vec<CoreValue>, Trap> {
    let plan = plan(&case.types, &case.tys, case.from, case.to);
    let mut src_cx = Context::new(&case.types, case.from.opts, src);
    let mut dst_cx = Context::new(&case.types, case.to.opts, dst);
    run(&plan, &mut src_cx, flat, &mut dst_cx, case.out)
}

/// Everything that passing values on may have changed or shown.
#[derive(Debug, PartialEq)]
struct Outcome {
    result: Result<Vec<CoreValue>, Trap>,
    memory: Vec<u8>,
    reallocs: Vec<[u64; 4]>,
    handles: [Vec<(u32, handles::ResourceHandle)>; 2],
}

fn outcome(result: Result<Vec<CoreValue>, Trap>, src: &Bump, dst: &Bump) -> Outcome {
    let handles = [src, dst].map(|host| host.table.iter().map(|(index, handle)| (index, *handle)).collect());
    Outcome { result, memory: dst.memory.clone(), reallocs: dst.reallocs.clone(), handles }
}

fn check(case: &Case) -> Result<(), TestCaseError> {
    let ((mut src, flat), mut dst) = (source(case), destination(case));
    let result = reference(case, &flat, &mut src, &mut dst);
    let expected = outcome(result, &src, &dst);
    let ((mut src, flat), mut dst) = (source(case), destination(case));
    let untouched = src.memory.clone();
    let result = planned(case, &flat, &mut src, &mut dst);
    prop_assert_eq!(&src.memory, &untouched);
    let plan = plan(&case.types, &case.tys, case.from, case.to);
    prop_assert_eq!(outcome(result, &src, &dst), expected, "\n{}", plan);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn plans_do_what_lifting_and_lowering_does(case in any_case()) {
        check(&case)?;
    }

    #[test]
    fn memory_that_changes_meanwhile_is_no_panic(case in any_case(), n_reads in 0..40u32) {
        let case = Case { to: Passing::in_memory(case.to.opts), tampered_flat: vec![], ..case };
        let before = source(&case).0.memory;
        let case = Case { tampered: case.tampered.iter().map(|(at, byte, n)| (at / 3, !byte, *n)).collect(), ..case };
        let (after, flat) = source(&case);
        let mut src = Shared { before, after: after.memory, n_reads: Cell::new(n_reads) };
        let mut dst = Standalone { memory: vec![0; 4096] };
        let plan = plan(&case.types, &case.tys, case.from, case.to);
        let mut src_cx = Context::new(&case.types, case.from.opts, &mut src);
        let mut dst_cx = Context::new(&case.types, case.to.opts, &mut dst);
        let result = run(&plan, &mut src_cx, &flat, &mut dst_cx, None);
        prop_assert!(result.is_err() || result.is_ok_and(|flat| flat[0].bits() >= 4096));
    }

    #[test]
    fn functions_are_planned_as_they_are_flattened(
        trees in vec(any_type(), 0..=4),
        result in proptest::option::of(any_type()),
        opts in [any_options(), any_options()],
        is_async in any::<[bool; 2]>(),
    ) {
        let mut types = Types::new();
        let params = trees.iter().enumerate().map(|(i, tree)| (format!("p{i}"), tree.intern(&mut types))).collect();
        let result = result.map(|tree| tree.intern(&mut types));
        let ft = FuncType { params, result, is_async: is_async[1] };
        let [caller, callee] = [0, 1].map(|i| Options { is_async: is_async[i], ..opts[i] });
        check_func_plans(&types, &ft, caller, callee)?;
    }
}

/// Checks that both sides' core values of a call are those of the core functions on either side.
fn check_func_plans(
    types: &Types,
    ft: &FuncType,
    caller: Options,
    callee: Options,
) -> Result<(), TestCaseError> {
    fn core(form: &Form, opts: Options) -> Vec<CoreType> {
        match form {
            Form::Flat(flat) => flat.clone(),
            Form::Memory { .. } => vec![opts.ptr.into()],
        }
    }
    let (params, result) = func_plans(types, ft, caller, callee);
    let lifted = flatten_functype(types, ft, &callee, Direction::Lift);
    prop_assert_eq!(core(&params.to().form, callee), lifted.params);
    if callee.is_async {
        // The parameters of `task.return` are the result's.
        let max = MAX_FLAT_PARAMS;
        let flat = canonical_abi::flatten::flatten_types_up_to(types, &ft.result_type(), callee.ptr, max);
        prop_assert_eq!(core(&result.from().form, callee), flat.unwrap_or(vec![callee.ptr.into()]));
    } else {
        prop_assert_eq!(core(&result.from().form, callee), lifted.results);
    }
    let lowered = flatten_functype(types, ft, &caller, Direction::Lower);
    let mut given = core(&params.from().form, caller);
    let returned = match &result.to().form {
        Form::Flat(flat) => flat.clone(),
        Form::Memory { .. } => {
            given.push(caller.ptr.into());
            vec![]
        }
    };
    prop_assert_eq!(given, lowered.params);
    prop_assert_eq!(if caller.is_async { vec![CoreType::I32] } else { returned }, lowered.results);
    Ok(())
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
    let plan = plan_in_memory(types, tys, options(UTF8, PtrType::I32), options(UTF8, to));
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

#[test]
fn flat_values_have_slots() {
    let mut t = Types::new();
    let pair = t.tuple(vec![ValType::S8, ValType::F32]).unwrap();
    let choice = t.variant(vec![
        ("a".into(), Some(ValType::F32)),
        ("b".into(), Some(ValType::S64)),
        ("c".into(), Some(pair)),
        ("d".into(), None),
    ]);
    let choice = choice.unwrap();
    let chars = t.fixed_length_list(ValType::Char, 2).unwrap();
    let passing = |ptr, max_flat| Passing { opts: options(UTF8, ptr), max_flat };
    let tys = [ValType::Bool, choice, chars, ValType::String];
    let plan = plan(&t, &tys, passing(PtrType::I32, 16), passing(PtrType::I64, 4));
    let expected = "\
; from utf8 in a 32-bit memory, flat: i32 i32 i64 f32 i32 i32 i32 i32
; to utf8 in a 64-bit memory, 48 bytes aligned to 8
check:
    below     from.1, 1 byte, 4
    chars     from.4, 1
    chars     from.5, 1
    string    from.6
move:
    bool      to[0], from.0
    switch    to[8], from.1, 1 byte, payload to[16], from.2, [move0, move1, move2, _]
    char      to[24], from.4
    char      to[28], from.5
    string    to[32], from.6
move0:
    f32       to[0], from.0
move1:
    s64       to[0], from.0
move2:
    s8        to[0], from.0
    f32       to[4], from.1
";
    assert_eq!(plan.to_string(), expected);
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
    let mut flat = ValType::String;
    for _ in 0..14 {
        flat = t.variant(vec![("a".into(), Some(flat)), ("b".into(), Some(flat))]).unwrap();
    }
    let n_chars = |ty, max_flat| {
        let passing = |ptr| Passing { opts: options(UTF8, ptr), max_flat };
        plan(&t, &[ty], passing(PtrType::I32), passing(PtrType::I64)).to_string().len()
    };
    assert!(n_chars(padded, 0) < 8_000 && n_chars(cases, 0) < 50_000 && n_chars(cases, 16) < 50_000);
    assert!(n_chars(flat, 16) < 5_000);
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
    assert_eq!(params.to().form, Form::Flat(vec![CoreType::I32; 2]));
    assert_eq!(result.from().form, Form::Memory { size_bytes: 16, align: 8 });
    assert_eq!(result.to().form, Form::Memory { size_bytes: 8, align: 4 });
    assert_eq!(params.moves().main().len() + params.moves().blocks().count(), 2);
    assert_eq!(result.check().main(), [Check::String { at: Operand::Memory(0) }]);
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
        let plan = plan_in_memory(&types, &[ValType::String], from, to);
        let mut src_cx = Context::new(&types, from, &mut src);
        let mut dst_cx = Context::new(&types, to, &mut dst);
        run(&plan, &mut src_cx, &[CoreValue::I32(0)], &mut dst_cx, Some(0)).unwrap();
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
    let plan = plan_in_memory(&types, &[ValType::U8], wide, wide);
    let (mut src, mut dst) = (Standalone { memory: vec![1] }, Standalone { memory: vec![0] });
    let mut src_cx = Context::new(&types, Options::default(), &mut src);
    let _ = run(&plan, &mut src_cx, &[CoreValue::I64(0)], &mut Context::new(&types, wide, &mut dst), Some(0));
}
