//! Figures computed with the spec's `definitions.py` (deterministic profile), which this crate must
//! agree with.

mod common;

use canonical_abi::arbitrary::TypeTree;
use canonical_abi::layout::{elem_size, field_offsets, payload_offset};
use canonical_abi::string::{load_string_from_range, store_string_into_range};
use canonical_abi::{
    Context, CoreType, Options, PtrType, ResourceId, StringEncoding, Types, ValType, flatten_type, layout,
};
use common::{Bump, to_usize};

use StringEncoding::{Latin1Utf16, Utf8, Utf16};

fn leaf(ty: ValType) -> TypeTree {
    TypeTree::Leaf(ty)
}

fn record(fields: &[TypeTree]) -> TypeTree {
    TypeTree::Record(fields.to_vec())
}

fn tuple(elements: &[TypeTree]) -> TypeTree {
    TypeTree::Tuple(elements.to_vec())
}

fn variant(cases: &[Option<TypeTree>]) -> TypeTree {
    TypeTree::Variant(cases.to_vec())
}

fn option(some: TypeTree) -> TypeTree {
    TypeTree::Option(Box::new(some))
}

fn list(element: TypeTree) -> TypeTree {
    TypeTree::List(Box::new(element))
}

fn check_type(tree: &TypeTree, expected32: (u32, u32, &str), expected64: (u32, u32, &str)) {
    let mut types = Types::new();
    let ty = tree.intern(&mut types);
    check_interned(&types, ty, expected32, expected64);
}

/// Compares size, alignment and flattened types, with either pointer type.
fn check_interned(types: &Types, ty: ValType, expected32: (u32, u32, &str), expected64: (u32, u32, &str)) {
    for (ptr, expected) in [(PtrType::I32, expected32), (PtrType::I64, expected64)] {
        let layout = layout(types, ty, ptr);
        let flat: Vec<_> = flatten_type(types, ty, ptr).into_iter().map(CoreType::name).collect();
        let given = (layout.size(), layout.align(), &*flat.join(" "));
        assert_eq!(given, expected, "{} with {ptr:?}", canonical_abi::display(types, ty));
    }
}

#[test]
fn layouts_and_flattened_types_are_those_of_the_spec() {
    let [u8, u16, u32, u64] = [ValType::U8, ValType::U16, ValType::U32, ValType::U64].map(leaf);
    let [f32, f64, string] = [ValType::F32, ValType::F64, ValType::String].map(leaf);
    let [bool, char] = [ValType::Bool, ValType::Char].map(leaf);
    let same = |tree: &TypeTree, expected| check_type(tree, expected, expected);

    same(&record(&[u8.clone(), u64.clone(), u16.clone()]), (24, 8, "i32 i64 i32"));
    check_type(&record(&[u64.clone(), list(u8.clone())]), (16, 8, "i64 i32 i32"), (24, 8, "i64 i64 i64"));
    check_type(
        &tuple(&[u8.clone(), string.clone(), u8.clone()]),
        (16, 4, "i32 i32 i32 i32"),
        (32, 8, "i32 i64 i64 i32"),
    );
    same(&variant(&[Some(f32.clone()), Some(u64.clone()), None]), (16, 8, "i32 i64"));
    same(&variant(&[Some(f32.clone()), Some(u32.clone())]), (8, 4, "i32 i32"));
    same(&variant(&[Some(f32.clone()), Some(f32.clone())]), (8, 4, "i32 f32"));
    let floats = tuple(&[f32.clone(), f32.clone(), f32.clone()]);
    check_type(
        &variant(&[Some(string.clone()), Some(f64.clone()), Some(floats)]),
        (24, 8, "i32 i64 i32 f32"),
        (24, 8, "i32 i64 i64 f32"),
    );
    same(&TypeTree::Enum(256), (1, 1, "i32"));
    same(&TypeTree::Enum(257), (2, 2, "i32"));
    same(&option(u8.clone()), (2, 1, "i32 i32"));
    same(&option(option(u64)), (24, 8, "i32 i32 i64"));
    check_type(
        &TypeTree::Result(None, Some(Box::new(string.clone()))),
        (12, 4, "i32 i32 i32"),
        (24, 8, "i32 i64 i64"),
    );
    same(&TypeTree::Result(Some(Box::new(u16.clone())), Some(Box::new(f32))), (8, 4, "i32 i32"));
    same(&TypeTree::Result(None, None), (1, 1, "i32"));
    same(&TypeTree::Flags(8), (1, 1, "i32"));
    same(&TypeTree::Flags(9), (2, 2, "i32"));
    same(&TypeTree::Flags(17), (4, 4, "i32"));
    same(&TypeTree::FixedLengthList(Box::new(u16), 3), (6, 2, "i32 i32 i32"));
    check_type(
        &TypeTree::FixedLengthList(Box::new(string), 2),
        (16, 4, "i32 i32 i32 i32"),
        (32, 8, "i64 i64 i64 i64"),
    );
    check_type(&TypeTree::Map(ValType::String, Box::new(u8.clone())), (8, 4, "i32 i32"), (16, 8, "i64 i64"));
    same(&leaf(ValType::Own(ResourceId(0))), (4, 4, "i32"));
    same(&leaf(ValType::ErrorContext), (4, 4, "i32"));
    let inner = variant(&[Some(u32), Some(record(&[f64, char]))]);
    same(
        &record(&[bool, option(record(&[u8, inner])), TypeTree::Flags(1)]),
        (56, 8, "i32 i32 i32 i32 i64 i32 i32"),
    );
}

#[test]
fn streams_and_futures_are_indices() {
    let mut types = Types::new();
    let stream = types.stream(Some(ValType::String)).unwrap();
    let future = types.future(None).unwrap();
    for ty in [stream, future] {
        check_interned(&types, ty, (4, 4, "i32"), (4, 4, "i32"));
    }
}

#[test]
fn offsets_are_those_of_the_spec() {
    let types = Types::new();
    let tys = [ValType::U8, ValType::U64, ValType::U16, ValType::String];
    let offsets = |ptr| field_offsets(&types, tys.into_iter(), ptr).map(|(o, _)| o).collect::<Vec<_>>();
    assert_eq!(offsets(PtrType::I32), [0, 8, 16, 20]);
    assert_eq!(offsets(PtrType::I64), [0, 8, 16, 24]);

    let mut types = Types::new();
    let option = types.option(ValType::String).unwrap();
    assert_eq!(payload_offset(&types, option, PtrType::I32), 4);
    assert_eq!(payload_offset(&types, option, PtrType::I64), 8);
    assert_eq!(elem_size(&types, option, PtrType::I64), 24);
}

const TAG: u64 = 1 << 31;

/// Text, encoding it came in, encoding it is stored in; then the arguments of each `realloc` (with
/// the blocks that `Bump` hands out), the length that is returned, and the bytes.
type StoredString = (&'static str, StringEncoding, StringEncoding, &'static str, u64, &'static str);

#[rustfmt::skip]
const STORED_STRINGS: &[StoredString] = &[
    ("", Utf8, Utf8, "0 0 1 0", 0, ""),
    ("", Utf8, Utf16, "0 0 2 0", 0, ""),
    ("", Utf8, Latin1Utf16, "0 0 2 0", 0, ""),
    ("", Utf16, Utf8, "0 0 1 0", 0, ""),
    ("", Utf16, Utf16, "0 0 2 0", 0, ""),
    ("", Utf16, Latin1Utf16, "0 0 2 0", 0, ""),
    ("", Latin1Utf16, Utf8, "0 0 1 0", 0, ""),
    ("", Latin1Utf16, Utf16, "0 0 2 0", 0, ""),
    ("", Latin1Utf16, Latin1Utf16, "0 0 2 0", 0, ""),
    ("hi", Utf8, Utf8, "0 0 1 2", 2, "6869"),
    ("hi", Utf8, Utf16, "0 0 2 4", 2, "68006900"),
    ("hi", Utf8, Latin1Utf16, "0 0 2 2", 2, "6869"),
    ("hi", Utf16, Utf8, "0 0 1 2", 2, "6869"),
    ("hi", Utf16, Utf16, "0 0 2 4", 2, "68006900"),
    ("hi", Utf16, Latin1Utf16, "0 0 2 2", 2, "6869"),
    ("hi", Latin1Utf16, Utf8, "0 0 1 2", 2, "6869"),
    ("hi", Latin1Utf16, Utf16, "0 0 2 4", 2, "68006900"),
    ("hi", Latin1Utf16, Latin1Utf16, "0 0 2 2", 2, "6869"),
    ("hé", Utf8, Utf8, "0 0 1 3", 3, "68c3a9"),
    ("hé", Utf8, Utf16, "0 0 2 6, 8 6 2 4", 2, "6800e900"),
    ("hé", Utf8, Latin1Utf16, "0 0 2 3, 8 3 2 2", 2, "68e9"),
    ("hé", Utf16, Utf8, "0 0 1 2, 8 2 1 6, 10 6 1 3", 3, "68c3a9"),
    ("hé", Utf16, Utf16, "0 0 2 4", 2, "6800e900"),
    ("hé", Utf16, Latin1Utf16, "0 0 2 2", 2, "68e9"),
    ("hé", Latin1Utf16, Utf8, "0 0 1 2, 8 2 1 4, 10 4 1 3", 3, "68c3a9"),
    ("hé", Latin1Utf16, Utf16, "0 0 2 4", 2, "6800e900"),
    ("hé", Latin1Utf16, Latin1Utf16, "0 0 2 2", 2, "68e9"),
    ("h☃", Utf8, Utf8, "0 0 1 4", 4, "68e29883"),
    ("h☃", Utf8, Utf16, "0 0 2 8, 8 8 2 4", 2, "68000326"),
    ("h☃", Utf8, Latin1Utf16, "0 0 2 4, 8 4 2 8, 12 8 2 4", TAG | 2, "68000326"),
    ("h☃", Utf16, Utf8, "0 0 1 2, 8 2 1 6, 10 6 1 4", 4, "68e29883"),
    ("h☃", Utf16, Utf16, "0 0 2 4", 2, "68000326"),
    ("h☃", Utf16, Latin1Utf16, "0 0 2 2, 8 2 2 4", TAG | 2, "68000326"),
    ("h☃", Latin1Utf16, Utf8, "0 0 1 2, 8 2 1 6, 10 6 1 4", 4, "68e29883"),
    ("h☃", Latin1Utf16, Utf16, "0 0 2 4", 2, "68000326"),
    ("h☃", Latin1Utf16, Latin1Utf16, "0 0 2 4", TAG | 2, "68000326"),
    ("é🍰", Utf8, Utf8, "0 0 1 6", 6, "c3a9f09f8db0"),
    ("é🍰", Utf8, Utf16, "0 0 2 12, 8 12 2 6", 3, "e9003cd870df"),
    ("é🍰", Utf8, Latin1Utf16, "0 0 2 6, 8 6 2 12, 14 12 2 6", TAG | 3, "e9003cd870df"),
    ("é🍰", Utf16, Utf8, "0 0 1 3, 8 3 1 9, 11 9 1 6", 6, "c3a9f09f8db0"),
    ("é🍰", Utf16, Utf16, "0 0 2 6", 3, "e9003cd870df"),
    ("é🍰", Utf16, Latin1Utf16, "0 0 2 3, 8 3 2 6", TAG | 3, "e9003cd870df"),
    ("é🍰", Latin1Utf16, Utf8, "0 0 1 3, 8 3 1 9, 11 9 1 6", 6, "c3a9f09f8db0"),
    ("é🍰", Latin1Utf16, Utf16, "0 0 2 6", 3, "e9003cd870df"),
    ("é🍰", Latin1Utf16, Latin1Utf16, "0 0 2 6", TAG | 3, "e9003cd870df"),
];

#[test]
fn strings_are_stored_with_the_calls_of_the_spec() {
    for &(text, source, string_encoding, reallocs, length, bytes) in STORED_STRINGS {
        let types = Types::new();
        let mut host = Bump::new(source);
        let opts = Options { string_encoding, ..Options::default() };
        let mut cx = Context::new(&types, opts, &mut host);
        let (ptr, given_length) = store_string_into_range(&mut cx, text).unwrap();
        assert_eq!(load_string_from_range(&mut cx, ptr, given_length).unwrap(), text);
        let given_reallocs: Vec<_> =
            host.reallocs.iter().map(|[a, b, c, d]| format!("{a} {b} {c} {d}")).collect();
        let start = to_usize(ptr);
        let given_bytes: String =
            host.memory[start..][..bytes.len() / 2].iter().map(|byte| format!("{byte:02x}")).collect();
        let given = (&*given_reallocs.join(", "), given_length, &*given_bytes);
        assert_eq!(given, (reallocs, length, bytes), "{text:?} from {source:?} to {string_encoding:?}");
    }
}
