//! The core values that a value type flattens to. Follows CanonicalABI.md, "Flattening".
//!
//! How many core values a type flattens to is known when the type is built, and so is the list
//! itself when it has at most [`MAX_FLAT_PARAMS`] entries: nothing longer is ever passed flat, and
//! a fixed-length list may flatten to a quarter of a billion.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::despecialize::{Cases, Despecialized, despecialize};
use super::{PtrType, ScalarType, Types, ValType, info_of};

/// The most core parameters of a synchronous or lifted function.
pub const MAX_FLAT_PARAMS: usize = 16;
/// The most core parameters of an asynchronously lowered function, besides the result pointer.
pub const MAX_FLAT_ASYNC_PARAMS: usize = 4;
/// The most core results of a synchronous function.
pub const MAX_FLAT_RESULTS: usize = 1;

/// A core value type that flattening yields.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub enum CoreType {
    /// `i32`
    I32,
    /// `i64`
    I64,
    /// `f32`
    F32,
    /// `f64`
    F64,
}

impl CoreType {
    /// Returns the type's name in the text format.
    pub const fn name(self) -> &'static str {
        match self {
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }
}

impl core::fmt::Display for CoreType {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.pad(self.name())
    }
}

impl From<PtrType> for CoreType {
    fn from(ptr: PtrType) -> Self {
        match ptr {
            PtrType::I32 => Self::I32,
            PtrType::I64 => Self::I64,
        }
    }
}

impl From<ScalarType> for CoreType {
    /// Returns the type that a scalar flattens to.
    fn from(ty: ScalarType) -> Self {
        match ty {
            ScalarType::Bool
            | ScalarType::S8
            | ScalarType::U8
            | ScalarType::S16
            | ScalarType::U16
            | ScalarType::S32
            | ScalarType::U32
            | ScalarType::Char => Self::I32,
            ScalarType::S64 | ScalarType::U64 => Self::I64,
            ScalarType::F32 => Self::F32,
            ScalarType::F64 => Self::F64,
        }
    }
}

/// Returns the spec's `flatten_types`, unless there would be more than `max` core values.
pub fn flatten_types_up_to(
    types: &Types,
    tys: &[ValType],
    ptr: PtrType,
    max: usize,
) -> Option<Vec<CoreType>> {
    let count = flat_count_of_types(types, tys);
    if count > max {
        return None;
    }
    let mut flat = Vec::with_capacity(count);
    for ty in tys {
        flat.extend_from_slice(&flat_types(types, *ty, ptr));
    }
    Some(flat)
}

/// Returns how many core values `tys` flatten to together.
pub fn flat_count_of_types(types: &Types, tys: &[ValType]) -> usize {
    tys.iter().fold(0, |count, ty| count.saturating_add(flat_count(types, *ty)))
}

/// Returns how many core values `ty` flattens to, without flattening it.
pub fn flat_count(types: &Types, ty: ValType) -> usize {
    match info_of(types, ty) {
        Some(info) => info.flat_count as usize,
        None if ty == ValType::String => 2,
        None => 1,
    }
}

/// Returns the spec's `flatten_type` of `ty`.
///
/// The list is as long as [`flat_count`] says, which may be up to 2^28; [`flatten_types_up_to`] is
/// bounded.
pub fn flatten_type(types: &Types, ty: ValType, ptr: PtrType) -> Vec<CoreType> {
    flat_types(types, ty, ptr).into_owned()
}

/// Returns the flattened types, borrowed when they are known from the type's construction.
pub(crate) fn flat_types(types: &Types, ty: ValType, ptr: PtrType) -> Cow<'_, [CoreType]> {
    match info_of(types, ty) {
        Some(info) if info.flat_count as usize <= MAX_FLAT_PARAMS => Cow::Borrowed(&info.flat[ptr.index()]),
        Some(_) => Cow::Owned(flatten_long(types, ty, ptr, &mut BTreeMap::new())),
        None => Cow::Borrowed(flat_undefined(ty, ptr)),
    }
}

/// Works out how many core values a new type flattens to.
pub(crate) fn measure_flat_count(types: &Types, shape: Despecialized<'_>) -> u32 {
    let count = |ty| u32::try_from(flat_count(types, ty)).expect("a type flattens to fewer than 2^28 values");
    match shape {
        Despecialized::String | Despecialized::List { length: None, .. } => 2,
        Despecialized::List { element, length: Some(n) } => n * count(element),
        Despecialized::Record(fields) => fields.types().map(count).sum(),
        Despecialized::Variant(cases) => 1 + cases.payloads().map(count).max().unwrap_or(0),
        Despecialized::Scalar(_) | Despecialized::Handle(_) | Despecialized::Flags(_) => 1,
    }
}

/// Works out the flattened types of a new type that flattens to `count` of them, if they are few
/// enough.
pub(crate) fn measure_flat(
    types: &Types,
    shape: Despecialized<'_>,
    count: u32,
    ptr: PtrType,
) -> Box<[CoreType]> {
    if count as usize > MAX_FLAT_PARAMS {
        return Box::default();
    }
    flatten_shape(shape, ptr, |ty| flat_types(types, ty, ptr).into_owned()).into_boxed_slice()
}

/// Returns the joined core type of two cases that share a core value (the spec's `join`).
pub fn join(a: CoreType, b: CoreType) -> CoreType {
    let is_32_bits = |ty| matches!(ty, CoreType::I32 | CoreType::F32);
    if a == b {
        a
    } else if is_32_bits(a) && is_32_bits(b) {
        CoreType::I32
    } else {
        CoreType::I64
    }
}

/// Flattens a type whose list was too long to keep. `done` spares repetition: a type of few
/// definitions may have very many paths.
fn flatten_long(
    types: &Types,
    ty: ValType,
    ptr: PtrType,
    done: &mut BTreeMap<ValType, Vec<CoreType>>,
) -> Vec<CoreType> {
    if flat_count(types, ty) <= MAX_FLAT_PARAMS {
        return flat_types(types, ty, ptr).into_owned();
    }
    if let Some(flat) = done.get(&ty) {
        return flat.clone();
    }
    let flat = flatten_shape(despecialize(types, ty), ptr, |ty| flatten_long(types, ty, ptr, done));
    done.insert(ty, flat.clone());
    flat
}

/// Flattens one level, with `of` flattening the components (the spec's `flatten_type`,
/// `flatten_list` and `flatten_record`).
fn flatten_shape(
    shape: Despecialized<'_>,
    ptr: PtrType,
    mut of: impl FnMut(ValType) -> Vec<CoreType>,
) -> Vec<CoreType> {
    match shape {
        Despecialized::Scalar(ty) => alloc::vec![CoreType::from(ty)],
        Despecialized::Handle(_) | Despecialized::Flags(_) => alloc::vec![CoreType::I32],
        Despecialized::String | Despecialized::List { length: None, .. } => alloc::vec![ptr.into(); 2],
        Despecialized::List { element, length: Some(n) } => of(element).repeat(n as usize),
        Despecialized::Record(fields) => fields.types().flat_map(of).collect(),
        Despecialized::Variant(cases) => flatten_variant(cases, of),
    }
}

/// Flattens the cases into shared core values (the spec's `flatten_variant`).
fn flatten_variant(cases: Cases<'_>, of: impl FnMut(ValType) -> Vec<CoreType>) -> Vec<CoreType> {
    let mut flat = alloc::vec![CoreType::I32];
    for payload in cases.payloads().map(of) {
        for (i, ty) in payload.into_iter().enumerate() {
            match flat.get_mut(1 + i) {
                Some(slot) => *slot = join(*slot, ty),
                None => flat.push(ty),
            }
        }
    }
    flat
}

/// Returns the flattened types of a type without definition.
fn flat_undefined(ty: ValType, ptr: PtrType) -> &'static [CoreType] {
    match ty {
        ValType::Scalar(ty) => match CoreType::from(ty) {
            CoreType::I32 => &[CoreType::I32],
            CoreType::I64 => &[CoreType::I64],
            CoreType::F32 => &[CoreType::F32],
            CoreType::F64 => &[CoreType::F64],
        },
        ValType::ErrorContext | ValType::Own(_) | ValType::Borrow(_) => &[CoreType::I32],
        ValType::String => match ptr {
            PtrType::I32 => &[CoreType::I32; 2],
            PtrType::I64 => &[CoreType::I64; 2],
        },
        ValType::List(_)
        | ValType::FixedLengthList(_)
        | ValType::Map(_)
        | ValType::Record(_)
        | ValType::Tuple(_)
        | ValType::Variant(_)
        | ValType::Enum(_)
        | ValType::Option(_)
        | ValType::Result(_)
        | ValType::Flags(_)
        | ValType::Stream(_)
        | ValType::Future(_) => unreachable!("a compound has a definition"),
    }
}
