//! Random types and values for property tests, behind the feature `proptest`.
//!
//! Types come as [`TypeTree`]s, which need no arena and shrink well; [`TypeTree::intern`] builds
//! them. Resources, streams, futures and error contexts never occur, nor do NaNs, so values compare
//! with `==`.
//!
//! ```
//! use canonical_abi::arbitrary::{any_type, any_value_of};
//! use canonical_abi::{Types, type_check};
//! use proptest::prelude::*;
//!
//! let typed_value = any_type().prop_flat_map(|tree| {
//!     let mut types = Types::new();
//!     let ty = tree.intern(&mut types);
//!     let value = any_value_of(&types, ty);
//!     (Just(types), Just(ty), value)
//! });
//! proptest!(|((types, ty, value) in typed_value)| {
//!     prop_assert!(type_check(&types, ty, &value).is_ok());
//! });
//! ```

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::strategy::Union;

use crate::types::despecialize::{Cases, Despecialized, Fields, despecialize};
use crate::types::{ScalarType, Types, ValType};
use crate::value::specialize::{record_value, variant_value};
use crate::value::{List, Value};

/// A type that is in no arena yet. Labels are given when it is [interned](Self::intern).
#[derive(Clone, Debug)]
pub enum TypeTree {
    /// A type without components.
    Leaf(ValType),
    /// `list`
    List(Box<Self>),
    /// `list` of a fixed length.
    FixedLengthList(Box<Self>, u32),
    /// `map`; the key is a key type.
    Map(ValType, Box<Self>),
    /// `record`
    Record(Vec<Self>),
    /// `tuple`
    Tuple(Vec<Self>),
    /// `variant`
    Variant(Vec<Option<Self>>),
    /// `enum`, by the number of labels.
    Enum(u32),
    /// `option`
    Option(Box<Self>),
    /// `result`
    Result(Option<Box<Self>>, Option<Box<Self>>),
    /// `flags`, by the number of labels.
    Flags(u32),
}

impl TypeTree {
    /// Builds the type in an arena.
    ///
    /// # Panics
    ///
    /// When it is not valid, which those of [`any_type`] are.
    pub fn intern(&self, types: &mut Types) -> ValType {
        let label = |i| format!("l{i}");
        let built = match self {
            Self::Leaf(ty) => Ok(*ty),
            Self::List(element) => {
                let element = element.intern(types);
                types.list(element)
            }
            Self::FixedLengthList(element, length) => {
                let element = element.intern(types);
                types.fixed_length_list(element, *length)
            }
            Self::Map(key, value) => {
                let value = value.intern(types);
                types.map(*key, value)
            }
            Self::Record(fields) => {
                let fields = fields.iter().enumerate().map(|(i, ty)| (label(i), ty.intern(types))).collect();
                types.record(fields)
            }
            Self::Tuple(elements) => {
                let elements = elements.iter().map(|ty| ty.intern(types)).collect();
                types.tuple(elements)
            }
            Self::Variant(cases) => {
                let intern = |(i, ty): (_, &Option<Self>)| (label(i), ty.as_ref().map(|ty| ty.intern(types)));
                let cases = cases.iter().enumerate().map(intern).collect();
                types.variant(cases)
            }
            Self::Enum(n) => types.enum_((0..*n as usize).map(label).collect()),
            Self::Option(some) => {
                let some = some.intern(types);
                types.option(some)
            }
            Self::Result(ok, err) => {
                let ok = ok.as_ref().map(|ty| ty.intern(types));
                let err = err.as_ref().map(|ty| ty.intern(types));
                types.result(ok, err)
            }
            Self::Flags(n) => types.flags((0..*n as usize).map(label).collect()),
        };
        built.expect("random types are valid")
    }
}

/// Returns random types, most of them small.
pub fn any_type() -> impl Strategy<Value = TypeTree> {
    any_leaf().prop_recursive(4, 24, 5, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        prop_oneof![
            boxed.clone().prop_map(TypeTree::List),
            (boxed.clone(), 1..=4u32).prop_map(|(element, n)| TypeTree::FixedLengthList(element, n)),
            (any_key_type(), boxed.clone()).prop_map(|(key, value)| TypeTree::Map(key, value)),
            vec(inner.clone(), 1..=5).prop_map(TypeTree::Record),
            vec(inner.clone(), 1..=5).prop_map(TypeTree::Tuple),
            vec(option::of(inner), 1..=5).prop_map(TypeTree::Variant),
            boxed.clone().prop_map(TypeTree::Option),
            (option::of(boxed.clone()), option::of(boxed)).prop_map(|(ok, err)| TypeTree::Result(ok, err)),
        ]
    })
}

/// Returns random values of type `ty`.
///
/// # Panics
///
/// When the type contains a resource, stream, future or error context.
pub fn any_value_of(types: &Types, ty: ValType) -> BoxedStrategy<Value> {
    match despecialize(types, ty) {
        Despecialized::Scalar(ty) => any_scalar_of(ty),
        Despecialized::String => any_string().prop_map(Value::String).boxed(),
        Despecialized::List { element, length } => any_list_of(types, ty, element, length),
        Despecialized::Record(fields) => any_record_of(types, ty, fields),
        Despecialized::Variant(cases) => any_variant_of(types, ty, cases),
        Despecialized::Flags(labels) => {
            let unused = 32 - labels.len();
            any::<u32>().prop_map(move |bits| Value::Flags(bits >> unused)).boxed()
        }
        Despecialized::Handle(_) => panic!("no random values of handle types"),
    }
}

fn any_scalar_of(ty: ScalarType) -> BoxedStrategy<Value> {
    match ty {
        ScalarType::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        ScalarType::S8 => any::<i8>().prop_map(Value::S8).boxed(),
        ScalarType::U8 => any::<u8>().prop_map(Value::U8).boxed(),
        ScalarType::S16 => any::<i16>().prop_map(Value::S16).boxed(),
        ScalarType::U16 => any::<u16>().prop_map(Value::U16).boxed(),
        ScalarType::S32 => any::<i32>().prop_map(Value::S32).boxed(),
        ScalarType::U32 => any::<u32>().prop_map(Value::U32).boxed(),
        ScalarType::S64 => any::<i64>().prop_map(Value::S64).boxed(),
        ScalarType::U64 => any::<u64>().prop_map(Value::U64).boxed(),
        ScalarType::F32 => any::<u32>().prop_map(|bits| Value::F32(not_nan32(bits))).boxed(),
        ScalarType::F64 => any::<u64>().prop_map(|bits| Value::F64(not_nan64(bits))).boxed(),
        ScalarType::Char => any_char().prop_map(Value::Char).boxed(),
    }
}

/// Returns an arena, up to `max` random types in it (at least one), and a value of each.
pub fn any_typed_values(max: usize) -> impl Strategy<Value = (Types, Vec<ValType>, Vec<Value>)> {
    vec(any_type(), 1..=max).prop_flat_map(|trees| {
        let mut types = Types::new();
        let tys: Vec<_> = trees.iter().map(|tree| tree.intern(&mut types)).collect();
        let values: Vec<_> = tys.iter().map(|ty| any_value_of(&types, *ty)).collect();
        (Just(types), Just(tys), values)
    })
}

/// Returns random strings of up to 12 characters: some ASCII, some Latin-1, some of characters from
/// all of Unicode.
pub fn any_string() -> impl Strategy<Value = String> {
    let of = |c: BoxedStrategy<char>| vec(c, 0..=12).prop_map(|chars| chars.into_iter().collect());
    prop_oneof![
        of(proptest::char::range('\0', '\x7f').boxed()),
        of(proptest::char::range('\0', '\u{ff}').boxed()),
        of(any_char().boxed()),
    ]
}

fn any_char() -> impl Strategy<Value = char> {
    prop_oneof![
        proptest::char::range('\0', '\x7f'),
        proptest::char::range('\u{80}', '\u{ff}'),
        proptest::char::range('\u{100}', '\u{ffff}'),
        proptest::char::range('\u{10000}', '\u{10ffff}'),
    ]
}

fn any_leaf() -> impl Strategy<Value = TypeTree> {
    let leaf = |ty| Just(TypeTree::Leaf(ty));
    prop_oneof![
        8 => any_key_type().prop_map(TypeTree::Leaf),
        1 => leaf(ValType::F32),
        1 => leaf(ValType::F64),
        1 => (1..=32u32).prop_map(TypeTree::Flags),
        // At 257 labels the discriminant grows to two bytes.
        1 => prop_oneof![1..=5u32, 255..=258u32].prop_map(TypeTree::Enum),
    ]
}

fn any_key_type() -> impl Strategy<Value = ValType> {
    proptest::sample::select(alloc::vec![
        ValType::Bool,
        ValType::S8,
        ValType::U8,
        ValType::S16,
        ValType::U16,
        ValType::S32,
        ValType::U32,
        ValType::S64,
        ValType::U64,
        ValType::Char,
        ValType::String,
        // Strings are what most can go wrong with.
        ValType::String,
    ])
}

fn any_list_of(types: &Types, ty: ValType, element: ValType, length: Option<u32>) -> BoxedStrategy<Value> {
    let elements = any_value_of(types, element);
    if let ValType::Map(id) = ty {
        let entry = (any_value_of(types, types[id].key), any_value_of(types, types[id].value));
        return vec(entry, 0..4).prop_map(Value::Map).boxed();
    }
    let values = match length {
        Some(n) => vec(elements, n as usize),
        None => vec(elements, 0..4),
    };
    values.prop_map(move |values| Value::List(List::from_values(element, values))).boxed()
}

fn any_record_of(types: &Types, ty: ValType, fields: Fields<'_>) -> BoxedStrategy<Value> {
    let values: Vec<_> = fields.types().map(|ty| any_value_of(types, ty)).collect();
    values.prop_map(move |values| record_value(ty, values)).boxed()
}

fn any_variant_of(types: &Types, ty: ValType, cases: Cases<'_>) -> BoxedStrategy<Value> {
    let of_case = |(i, case): (usize, u32)| match cases.payload(i) {
        None => Just(variant_value(ty, case, None)).boxed(),
        Some(payload) => any_value_of(types, payload)
            .prop_map(move |payload| variant_value(ty, case, Some(Box::new(payload))))
            .boxed(),
    };
    Union::new((0..cases.len()).zip(0..).map(of_case)).boxed()
}

fn not_nan32(bits: u32) -> f32 {
    let f = f32::from_bits(bits);
    if f.is_nan() { f32::INFINITY } else { f }
}

fn not_nan64(bits: u64) -> f64 {
    let f = f64::from_bits(bits);
    if f.is_nan() { f64::NEG_INFINITY } else { f }
}
