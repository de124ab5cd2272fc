//! Random cases.
//!
//! Types and values are those of `canonical_abi::arbitrary`, which knows no handles and no NaNs:
//! some leaves become integers while values are made, and resources or floats of the same bits
//! afterwards. A case's lifting is mostly of what its lowering left behind, with a few changes, and
//! else of bytes made up.

use super::any_steps::any_steps;
use super::case::{Case, Given, Handle, Lift, Lower, flat_types, idle_end};
use super::notation::{value_from_json, value_to_json};
use super::ours::{is_liftable, lowered};
use super::steps::{N_RESOURCES, PAYLOADS};
use canonical_abi::arbitrary::{TypeTree, any_type, any_value_of};
use canonical_abi::ends::{Element, EndKind};
use canonical_abi::handles::Ownership;
use canonical_abi::layout::{align_to, tuple_layout};
use canonical_abi::{CoreType, CoreValue, PtrType, ResourceId, StringEncoding, Types, ValType, Value};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// Returns random cases.
pub(crate) fn any_case() -> impl Strategy<Value = Case> {
    let trees = prop_oneof![2 => vec(any_type(), 1), 1 => vec(any_type(), 2..=4)];
    let result = option::weighted(0.3, any_type());
    let flavour = option::weighted(0.5, any::<u64>().no_shrink());
    // Half of the cases have handle operations too.
    let table = option::of(any_steps());
    let parts = (trees, result, flavour, any_settings(), any_lower_plan(), any_lift_plan(), table);
    parts
        .prop_flat_map(|(trees, result, flavour, settings, lower, lift, table)| {
            let mut types = Types::new();
            let async_types = async_types(&mut types);
            let mut flavoured =
                |seed: u64, trees: &[TypeTree]| flavour_types(&mut types, trees, flavour, seed, &async_types);
            let params = flavoured(0, &trees);
            let result = result.map(|tree| flavoured(1, &[tree]).real[0]);
            let values: Vec<_> = params.plain.iter().map(|ty| any_value_of(&types, *ty)).collect();
            let empty = Case {
                types,
                params: params.real,
                result,
                ptr: settings.ptr,
                encoding: settings.encoding,
                max_flat: settings.max_flat,
                lower: None,
                lift: None,
                table,
            };
            (Just((empty, settings, lower, lift)), values)
        })
        .prop_map(|((case, settings, lower, lift), values)| with_jobs(case, settings, &lower, &lift, &values))
}

/// What a lowering and a lifting have in common, and the source's encoding.
#[derive(Clone, Copy, Debug)]
struct Settings {
    ptr: PtrType,
    encoding: StringEncoding,
    source: StringEncoding,
    max_flat: usize,
}

fn any_settings() -> impl Strategy<Value = Settings> {
    let ptr = select(vec![PtrType::I32, PtrType::I64]);
    let encoding = || select(vec![StringEncoding::Utf8, StringEncoding::Utf16, StringEncoding::Latin1Utf16]);
    // What parameters, asynchronous parameters and results may have; nothing flat brings out the
    // most in memory.
    let max_flat = select(vec![16, 0, 1, 4]);
    let all = (ptr, encoding(), encoding(), max_flat);
    all.prop_map(|(ptr, encoding, source, max_flat)| Settings { ptr, encoding, source, max_flat })
}

#[derive(Clone, Debug)]
struct LowerPlan {
    memory_bytes: usize,
    handles: Vec<Given>,
    /// Spilled values go to a given place: so many bytes too far, with so many bytes of memory
    /// missing.
    out: Option<(u64, usize)>,
    gap_bytes: usize,
    answer: Option<(usize, u64)>,
}

fn any_lower_plan() -> impl Strategy<Value = LowerPlan> {
    let out = (prop_oneof![5 => Just(0), 1 => 1..8u64], prop_oneof![5 => Just(0), 1 => 1..8usize]);
    let answer = prop_oneof![(0..8u64).prop_map(|i| i * 8), 0..128u64, any::<u64>()];
    let gap_bytes = prop_oneof![2 => Just(0), 1 => 0..20usize];
    let answer = option::weighted(0.15, (0..6usize, answer));
    (0..40usize, any_handles(), option::weighted(0.3, out), gap_bytes, answer).prop_map(
        |(memory_bytes, handles, out, gap_bytes, answer)| LowerPlan {
            memory_bytes,
            handles,
            out,
            gap_bytes,
            answer,
        },
    )
}

fn any_handles() -> impl Strategy<Value = Vec<Given>> {
    let resource = (0..N_RESOURCES, any::<u32>(), any::<bool>());
    let resource = resource.prop_map(|(rt, rep, own)| Given::Resource(Handle { rt, rep, own }));
    let kind = select(vec![EndKind::Stream, EndKind::Future]);
    let end = (kind, select(&PAYLOADS[..]), any::<u32>());
    let end = end.prop_map(|(kind, payload, rep)| Given::End(idle_end(kind, payload, rep)));
    let given = prop_oneof![4 => resource, 1 => any::<u32>().prop_map(Given::ErrorContext), 2 => end];
    vec(given, 0..4)
}

#[derive(Clone, Debug)]
enum LiftPlan {
    Changed(Vec<Change>),
    MadeUp { memory: Vec<u8>, slots: Vec<u64>, handles: Vec<Given> },
}

/// A change of what a lowering left behind. Places are taken modulo how many there are.
#[derive(Clone, Copy, Debug)]
enum Change {
    Byte(usize, Edit),
    /// An aligned pointer or length, or what lies in its place.
    Word(usize, Edit),
    Slot(usize, Edit),
    /// All of the memory and every float is such words.
    Nans(u64),
    Cut(usize),
}

#[derive(Clone, Copy, Debug)]
enum Edit {
    Set(u64),
    Flip(u32),
    Add(i64),
}

fn any_lift_plan() -> impl Strategy<Value = LiftPlan> {
    let change = prop_oneof![
        6 => (any::<usize>(), any_edit()).prop_map(|(at, edit)| Change::Byte(at, edit)),
        3 => (any::<usize>(), any_edit()).prop_map(|(at, edit)| Change::Word(at, edit)),
        3 => (any::<usize>(), any_edit()).prop_map(|(at, edit)| Change::Slot(at, edit)),
        1 => select(NANS).prop_map(Change::Nans),
        1 => (1..9usize).prop_map(Change::Cut),
    ];
    let byte = prop_oneof![6 => Just(0), 3 => 0..32u8, 1 => Just(0x80), 1 => any::<u8>()];
    let slot = prop_oneof![
        8 => 0..9u64,
        4 => (0..20u64).prop_map(|i| i * 8),
        2 => select(NANS),
        1 => 0..0x20_0000u64,
        1 => any::<u64>(),
    ];
    let made_up = (vec(byte, 64..300), vec(slot, 16), any_handles());
    prop_oneof![
        1 => Just(LiftPlan::Changed(vec![])),
        4 => vec(change, 1..4).prop_map(LiftPlan::Changed),
        2 => made_up.prop_map(|(memory, slots, handles)| LiftPlan::MadeUp { memory, slots, handles }),
    ]
}

fn any_edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        (0..16u64).prop_map(Edit::Set),
        // Surrogates, the end of Unicode, the UTF-16 tag, bytes that UTF-8 treats differently.
        select(vec![0x80, 0xc0, 0xed, 0xf4, 0xff, 0xd800, 0xdfff, 0x11_0000, 1 << 31, 1 << 63])
            .prop_map(Edit::Set),
        select(NANS).prop_map(Edit::Set),
        any::<u64>().prop_map(Edit::Set),
        (0..64u32).prop_map(Edit::Flip),
        (-2..=2i64).prop_map(Edit::Add),
    ]
}

/// Words of NaNs that are not the canonical ones, quiet and signalling: as an `f64`, and either
/// half as an `f32`.
const NANS: &[u64] = &[0x7ff8_0001_7fc0_0001, 0x7ff0_0001_7f80_0001, 0xfff8_0001_ffc0_0001];

fn edited(bits: u64, edit: Edit) -> u64 {
    match edit {
        Edit::Set(to) => to,
        Edit::Flip(bit) => bits ^ (1 << bit),
        Edit::Add(n) => bits.wrapping_add_signed(n),
    }
}

/// Streams, futures and error contexts, which lie in every case's arena in the same order.
fn async_types(types: &mut Types) -> Vec<ValType> {
    let streams = PAYLOADS.map(|payload| types.stream(payload));
    let futures = PAYLOADS.map(|payload| types.future(payload));
    let built = streams.into_iter().chain(futures).chain([Ok(ValType::ErrorContext)]);
    built.collect::<Result<_, _>>().expect("these are valid")
}

/// The types of a case.
struct Flavoured {
    /// With integers in place of what `arbitrary` has no values of.
    plain: Vec<ValType>,
    real: Vec<ValType>,
}

fn flavour_types(
    types: &mut Types,
    trees: &[TypeTree],
    flavour: Option<u64>,
    seed: u64,
    async_types: &[ValType],
) -> Flavoured {
    let mut all = Flavoured { plain: vec![], real: vec![] };
    for tree in trees {
        let seed = flavour.map(|flavour| flavour ^ seed);
        // Both replace the same leaves, since they draw the same numbers.
        let (mut plain_draws, mut real_draws) = (seed, seed);
        let plain = with_leaves(tree, &mut |leaf| stand_in(leaf, draw(&mut plain_draws)));
        let real = with_leaves(tree, &mut |leaf| replacement(leaf, draw(&mut real_draws), async_types));
        all.plain.push(plain.intern(types));
        all.real.push(real.intern(types));
    }
    all
}

/// Draws the next number (`SplitMix64`); without a state, one that changes nothing.
fn draw(state: &mut Option<u64>) -> u64 {
    let Some(state) = state else { return u64::MAX };
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// What a draw makes of a leaf, of 256.
enum Leaf {
    Own,
    Borrow,
    F32,
    F64,
    Async,
    AsItIs,
}

fn leaf_of(draw: u64) -> Leaf {
    match draw % 256 {
        0..16 => Leaf::Own,
        16..32 => Leaf::Borrow,
        32..44 => Leaf::F32,
        44..56 => Leaf::F64,
        56..72 => Leaf::Async,
        _ => Leaf::AsItIs,
    }
}

fn stand_in(leaf: ValType, draw: u64) -> ValType {
    match leaf_of(draw) {
        Leaf::Own | Leaf::Borrow | Leaf::F32 | Leaf::Async => ValType::U32,
        Leaf::F64 => ValType::U64,
        Leaf::AsItIs => leaf,
    }
}

fn replacement(leaf: ValType, draw: u64, async_types: &[ValType]) -> ValType {
    let choice = u32::try_from(draw >> 40).expect("24 bits");
    match leaf_of(draw) {
        Leaf::Own => ValType::Own(ResourceId(choice % N_RESOURCES)),
        Leaf::Borrow => ValType::Borrow(ResourceId(choice % N_RESOURCES)),
        Leaf::F32 => ValType::F32,
        Leaf::F64 => ValType::F64,
        Leaf::Async => async_types[choice as usize % async_types.len()],
        Leaf::AsItIs => leaf,
    }
}

fn with_leaves(tree: &TypeTree, leaf: &mut impl FnMut(ValType) -> ValType) -> TypeTree {
    let all = |trees: &[TypeTree], leaf: &mut _| trees.iter().map(|tree| with_leaves(tree, leaf)).collect();
    match tree {
        TypeTree::Leaf(ty) => TypeTree::Leaf(leaf(*ty)),
        TypeTree::List(element) => TypeTree::List(boxed(element, leaf)),
        TypeTree::FixedLengthList(element, n) => TypeTree::FixedLengthList(boxed(element, leaf), *n),
        TypeTree::Map(key, value) => TypeTree::Map(*key, boxed(value, leaf)),
        TypeTree::Record(fields) => TypeTree::Record(all(fields, leaf)),
        TypeTree::Tuple(elements) => TypeTree::Tuple(all(elements, leaf)),
        TypeTree::Variant(cases) => {
            let case = |case: &Option<TypeTree>| case.as_ref().map(|tree| with_leaves(tree, leaf));
            TypeTree::Variant(cases.iter().map(case).collect())
        }
        TypeTree::Enum(n) => TypeTree::Enum(*n),
        TypeTree::Option(some) => TypeTree::Option(boxed(some, leaf)),
        TypeTree::Result(ok, err) => {
            let ok = ok.as_ref().map(|tree| boxed(tree, leaf));
            TypeTree::Result(ok, err.as_ref().map(|tree| boxed(tree, leaf)))
        }
        TypeTree::Flags(n) => TypeTree::Flags(*n),
    }
}

fn boxed(tree: &TypeTree, leaf: &mut impl FnMut(ValType) -> ValType) -> Box<TypeTree> {
    Box::new(with_leaves(tree, leaf))
}

/// Adds the lowering of `values`, which are of the plain types, and the lifting.
fn with_jobs(
    mut case: Case,
    settings: Settings,
    lower: &LowerPlan,
    lift: &LiftPlan,
    values: &[Value],
) -> Case {
    let real = |(ty, value): (&ValType, &Value)| value_from_json(&case.types, *ty, &value_to_json(value));
    let values = case.params.iter().zip(values).map(real).collect::<Result<_, _>>();
    let mut job = Lower {
        values: values.expect("types that stand for each other write values alike"),
        source: settings.source,
        memory_bytes: lower.memory_bytes,
        handles: lower.handles.clone(),
        out: None,
        gap_bytes: lower.gap_bytes,
        answer: lower.answer.map(|(call, ptr)| (call, pointer(ptr, case.ptr))),
    };
    if let Some((too_far, missing_bytes)) = lower.out {
        let (size, align) = tuple_layout(&case.types, case.params.iter().copied(), case.ptr);
        let out = align_to(job.memory_bytes as u64, align) + too_far;
        job.memory_bytes =
            usize::try_from(out + size).expect("a small type") - missing_bytes.min(job.memory_bytes);
        job.out = Some(out);
    }
    let lift = lift_job(&case, &job, lift);
    case.lower = Some(job);
    case.lift = lift.filter(|lift| is_liftable(&case, lift));
    case
}

fn pointer(bits: u64, ptr: PtrType) -> u64 {
    match ptr {
        PtrType::I32 => bits & u64::from(u32::MAX),
        PtrType::I64 => bits,
    }
}

/// Returns what to lift, unless that is what a lowering leaves behind which traps.
fn lift_job(case: &Case, lower: &Lower, plan: &LiftPlan) -> Option<Lift> {
    let flat_types = flat_types(&case.types, &case.params, case.ptr, case.max_flat);
    match plan {
        LiftPlan::MadeUp { memory, slots, handles } => {
            let flat = flat_types.iter().zip(slots).map(|(ty, bits)| CoreValue::from_bits(*ty, *bits));
            Some(Lift { memory: memory.clone(), flat: flat.collect(), handles: handles.clone() })
        }
        LiftPlan::Changed(changes) => {
            let left = lowered(case, lower)?;
            let flat = match lower.out {
                Some(out) if left.flat.is_empty() => vec![CoreValue::pointer(out, case.ptr)],
                Some(_) | None => left.flat,
            };
            let handles = left.table.iter().map(|(_, entry)| given(entry));
            let mut lift = Lift { memory: left.memory, flat, handles: handles.collect() };
            for change in changes {
                apply(&mut lift, *change, case.ptr);
            }
            Some(lift)
        }
    }
}

fn given(entry: &Element) -> Given {
    match entry {
        Element::Resource(handle) => {
            let own = handle.ownership() == Ownership::Own;
            Given::Resource(Handle { rt: handle.rt().0, rep: handle.rep(), own })
        }
        Element::ErrorContext(context) => Given::ErrorContext(context.rep),
        Element::ReadableEnd(end) => Given::End(*end),
    }
}

fn apply(lift: &mut Lift, change: Change, ptr: PtrType) {
    match change {
        Change::Byte(at, edit) => edit_word(&mut lift.memory, 1, at, edit),
        Change::Word(at, edit) => edit_word(&mut lift.memory, ptr.size() as usize, at, edit),
        Change::Slot(at, edit) => {
            let at = at % lift.flat.len(); // there is one at least
            let slot = lift.flat[at];
            lift.flat[at] = CoreValue::from_bits(slot.ty(), edited(slot.bits(), edit));
        }
        Change::Nans(word) => {
            lift.memory
                .iter_mut()
                .zip(word.to_le_bytes().into_iter().cycle())
                .for_each(|(to, byte)| *to = byte);
            for slot in lift.flat.iter_mut().filter(|slot| matches!(slot.ty(), CoreType::F32 | CoreType::F64))
            {
                *slot = CoreValue::from_bits(slot.ty(), word);
            }
        }
        Change::Cut(n_bytes) => lift.memory.truncate(lift.memory.len().saturating_sub(n_bytes)),
    }
}

/// Edits one of the words of `size` bytes, if there are any.
fn edit_word(memory: &mut [u8], size: usize, at: usize, edit: Edit) {
    let n_words = memory.len() / size;
    if let Some(at) = at.checked_rem(n_words) {
        let word = &mut memory[at * size..][..size];
        let mut bits = [0; 8];
        bits[..size].copy_from_slice(word);
        bits = edited(u64::from_le_bytes(bits), edit).to_le_bytes();
        word.copy_from_slice(&bits[..size]);
    }
}
