//! Component value types in a hash-consed arena.
//!
//! Follows Explainer.md, "Type Definitions". Structurally equal types get equal ids, so `ValType`
//! equality is type equality within one [`Types`]. Constructors check everything that validation
//! demands of a value type (labels, counts, size, depth); what is in the arena is therefore valid,
//! has a size below 2^28 bytes (the entry of a map: little more), a bounded depth, and layouts that
//! cannot fail. Labels are checked in `label.rs`.

pub mod despecialize;
pub mod display;
pub mod flat;
mod info;
pub mod label;
pub mod layout;
pub mod predicates;
mod scalar_type;
pub mod symbolic;
pub mod type_error;

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Index;

use despecialize::Despecialized;
use info::{Info, new_info};
use label::{LabelOf, check_labels};
use layout::Layout;
use predicates::contains;
pub use scalar_type::ScalarType;
use type_error::TypeError;

/// The deepest nesting of a value type, counting the outermost as 1.
///
/// Not a limit of the spec: it bounds the recursion of everything that walks a type or one of its
/// values.
pub const MAX_TYPE_DEPTH: u32 = 100;

/// Every type is smaller than this many bytes with 64-bit pointers (CanonicalABI.md, "Element
/// Size").
pub const TYPE_SIZE_LIMIT_BYTES: u32 = 1 << 28;

/// What a map's entry is smaller than. The entry is no value by itself, so validation limits only
/// its key and its value; a key takes 16 bytes at most, padding included.
pub(crate) const MAP_ENTRY_SIZE_LIMIT_BYTES: u32 = TYPE_SIZE_LIMIT_BYTES + 32;

/// The most flags of one `flags` type (Binary.md, "Type Definitions").
pub const MAX_FLAGS: usize = 32;

/// The pointer type of a memory (the spec's `ptr_type`): `i32` or `i64`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash, Default)]
pub enum PtrType {
    /// A 32-bit memory.
    #[default]
    I32,
    /// A 64-bit memory.
    I64,
}

impl PtrType {
    /// Returns the spec's `ptr_size`: 4 or 8 bytes.
    pub const fn size(self) -> u32 {
        match self {
            Self::I32 => 4,
            Self::I64 => 8,
        }
    }

    pub(crate) const fn index(self) -> usize {
        match self {
            Self::I32 => 0,
            Self::I64 => 1,
        }
    }
}

/// A resource type as a type mentions it. The embedder decides which run-time resource type it
/// names.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct ResourceId(pub u32);

/// A component value type (the spec's `valtype`), cheap to copy and compare.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub enum ValType {
    /// A number type, `bool` or `char`. Each has a constant of its name: [`ValType::U8`].
    Scalar(ScalarType),
    /// `string`
    String,
    /// `error-context`
    ErrorContext,
    /// `list<T>`
    List(ListId),
    /// `list<T, N>`
    FixedLengthList(FixedLengthListId),
    /// `map<K, V>`
    Map(MapId),
    /// `record`
    Record(RecordId),
    /// `tuple<...>`
    Tuple(TupleId),
    /// `variant`
    Variant(VariantId),
    /// `enum`
    Enum(EnumId),
    /// `option<T>`
    Option(OptionId),
    /// `result<T, E>`
    Result(ResultId),
    /// `flags`
    Flags(FlagsId),
    /// `own<R>`
    Own(ResourceId),
    /// `borrow<R>`
    Borrow(ResourceId),
    /// `stream<T>`
    Stream(StreamId),
    /// `future<T>`
    Future(FutureId),
}

/// Types are copied and compared all the time.
const _: () = assert!(size_of::<ValType>() == 8);

/// A record type.
#[derive(Clone, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct Record {
    /// The fields in declaration order; at least one.
    pub fields: Vec<Field>,
}

/// A field of a [`Record`].
#[derive(Clone, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct Field {
    /// The label, in kebab case.
    pub name: String,
    /// The field's type.
    pub ty: ValType,
}

/// A tuple type.
#[derive(Clone, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct Tuple {
    /// The element types in order; at least one.
    pub types: Vec<ValType>,
}

/// A variant type.
#[derive(Clone, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct Variant {
    /// The cases in declaration order; at least one.
    pub cases: Vec<Case>,
}

/// A case of a [`Variant`].
#[derive(Clone, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct Case {
    /// The label, in kebab case.
    pub name: String,
    /// The payload's type, if the case has a payload.
    pub ty: Option<ValType>,
}

/// An enum type.
#[derive(Clone, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct Enum {
    /// The labels in declaration order; at least one.
    pub labels: Vec<String>,
}

/// A flags type.
#[derive(Clone, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct Flags {
    /// The labels in declaration order, 1 to [`MAX_FLAGS`] of them; label `i` is bit `i`.
    pub labels: Vec<String>,
}

/// An option type.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct OptionType {
    /// The type of `some`'s payload.
    pub some: ValType,
}

/// A result type.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct ResultType {
    /// The type of `ok`'s payload.
    pub ok: Option<ValType>,
    /// The type of `error`'s payload (the spec calls the case `error`, WIT values call it `err`).
    pub err: Option<ValType>,
}

/// A list type of no fixed length.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct ListType {
    /// The elements' type.
    pub element: ValType,
}

/// A list type of fixed length.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct FixedLengthListType {
    /// The elements' type.
    pub element: ValType,
    /// The number of elements; at least 1.
    pub length: u32,
}

/// A map type.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct MapType {
    /// The keys' type: `bool`, an integer type, `char` or `string`.
    pub key: ValType,
    /// The values' type.
    pub value: ValType,
    /// `tuple<key, value>`: a map despecializes to a list of it. Its size may exceed
    /// [`TYPE_SIZE_LIMIT_BYTES`] by a key.
    pub entry: ValType,
}

/// A stream type.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct StreamType {
    /// The elements' type.
    pub payload: Option<ValType>,
}

/// A future type.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct FutureType {
    /// The value's type.
    pub payload: Option<ValType>,
}

/// A component function type. Made with [`new`](Self::new), it stays right when the spec adds to
/// it.
#[derive(Clone, Debug, Eq, PartialEq, Hash)]
pub struct FuncType {
    /// The parameters, each with its label.
    pub params: Vec<(String, ValType)>,
    /// The result's type.
    pub result: Option<ValType>,
    /// Whether the type is `async`.
    pub is_async: bool,
}

impl FuncType {
    /// Returns the type of a function that is not `async`.
    pub fn new<N: Into<String>>(
        params: impl IntoIterator<Item = (N, ValType)>,
        result: Option<ValType>,
    ) -> Self {
        let params = params.into_iter().map(|(name, ty)| (name.into(), ty)).collect();
        Self { params, result, is_async: false }
    }

    /// Returns the parameters' types (the spec's `param_types` and `extract_types`).
    pub fn param_types(&self) -> Vec<ValType> {
        self.params.iter().map(|(_, ty)| *ty).collect()
    }

    /// Returns the result's type as a list of none or one (the spec's `result_type`).
    pub fn result_type(&self) -> Vec<ValType> {
        self.result.into_iter().collect()
    }
}

macro_rules! compounds {
    ($($doc:literal $id:ident $variant:ident $def:ident $intern:ident;)*) => {
        $(
            #[doc = concat!("Names a ", $doc, " type of a [`Types`].")]
            #[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
            pub struct $id(u32);

            impl Index<$id> for Types {
                type Output = $def;

                /// Returns the definition; panics on an id of a larger `Types`.
                fn index(&self, id: $id) -> &$def {
                    let Definition::$variant(def) = &self.defs[id.0 as usize] else {
                        unreachable!("an id is of the kind of its definition")
                    };
                    def
                }
            }

            impl Types {
                /// Interns `def`, whose labels and counts the caller has checked and which must be
                /// smaller than the limit.
                fn $intern(&mut self, def: $def, limit_bytes: u32) -> Result<ValType, TypeError> {
                    intern(self, Definition::$variant(def), |id| ValType::$variant($id(id)), limit_bytes)
                }
            }
        )*

        /// What a compound type is.
        #[derive(Clone, Debug, Eq, PartialEq, Ord, PartialOrd)]
        enum Definition {
            $($variant($def),)*
        }

        impl Definition {
            fn despecialize(&self) -> Despecialized<'_> {
                match self {
                    $(Self::$variant(def) => def.despecialize(),)*
                }
            }
        }

        /// Returns where a compound type stands among all of its arena, or `None` for a type
        /// without definition.
        #[inline]
        fn position(ty: ValType) -> Option<u32> {
            match ty {
                $(ValType::$variant(id) => Some(id.0),)*
                ValType::Scalar(_) | ValType::String | ValType::ErrorContext | ValType::Own(_) | ValType::Borrow(_) => None,
            }
        }
    };
}

compounds! {
    "list" ListId List ListType intern_list;
    "fixed-length list" FixedLengthListId FixedLengthList FixedLengthListType intern_fixed_length_list;
    "map" MapId Map MapType intern_map;
    "record" RecordId Record Record intern_record;
    "tuple" TupleId Tuple Tuple intern_tuple;
    "variant" VariantId Variant Variant intern_variant;
    "enum" EnumId Enum Enum intern_enum;
    "option" OptionId Option OptionType intern_option;
    "result" ResultId Result ResultType intern_result;
    "flags" FlagsId Flags Flags intern_flags;
    "stream" StreamId Stream StreamType intern_stream;
    "future" FutureId Future FutureType intern_future;
}

/// The arena: every compound type that [`ValType`]s name.
///
/// Invariants: only valid types, each once; a type's components come before it. `defs`, `infos` and
/// `layouts` are by position, which is the number in a type's id.
#[derive(Clone, Debug, Default)]
pub struct Types {
    defs: Vec<Definition>,
    infos: Vec<Info>,
    /// Copies of those in `infos`, side by side, because nothing else is read as often.
    layouts: Vec<[Layout; 2]>,
    ids: BTreeMap<Definition, u32>,
    resource_names: BTreeMap<ResourceId, String>,
}

fn intern(
    types: &mut Types,
    def: Definition,
    ty: impl Fn(u32) -> ValType,
    limit_bytes: u32,
) -> Result<ValType, TypeError> {
    if let Some(&id) = types.ids.get(&def) {
        types.infos[id as usize].check_size(limit_bytes)?;
        return Ok(ty(id));
    }
    let info = new_info(types, def.despecialize())?;
    info.check_size(limit_bytes)?;
    let id = u32::try_from(types.defs.len()).expect("fewer than 2^32 types fit in memory");
    types.layouts.push(info.layouts);
    types.infos.push(info);
    types.defs.push(def.clone());
    types.ids.insert(def, id);
    Ok(ty(id))
}

/// Returns the layouts of a type with a definition, in the order of [`PtrType::index`].
#[inline]
pub(crate) fn defined_layouts(types: &Types, ty: ValType) -> Option<&[Layout; 2]> {
    position(ty).map(|position| &types.layouts[position as usize])
}

/// Returns what was worked out when `ty` was built, or `None` for a type without definition.
#[inline]
pub(crate) fn info_of(types: &Types, ty: ValType) -> Option<&Info> {
    position(ty).map(|position| &types.infos[position as usize])
}

impl Types {
    /// Gives a resource type the name that texts of types write for it.
    pub fn name_resource(&mut self, id: ResourceId, name: &str) {
        self.resource_names.insert(id, String::from(name));
    }

    /// Returns the name that a resource type was given.
    pub fn resource_name(&self, id: ResourceId) -> Option<&str> {
        self.resource_names.get(&id).map(String::as_str)
    }
}

impl Types {
    /// Returns an arena without compound types.
    pub fn new() -> Self {
        Self::default()
    }

    /// Builds `record { label: type, ... }`.
    ///
    /// # Errors
    ///
    /// When there is no field, a label is empty, not kebab case or not unique, or the type is too
    /// large or deep.
    pub fn record(&mut self, fields: Vec<(String, ValType)>) -> Result<ValType, TypeError> {
        check_labels(LabelOf::Field, fields.iter().map(|(name, _)| name.as_str()))?;
        let fields = fields.into_iter().map(|(name, ty)| Field { name, ty }).collect();
        self.intern_record(Record { fields }, TYPE_SIZE_LIMIT_BYTES)
    }

    /// Builds `tuple<types...>`.
    ///
    /// # Errors
    ///
    /// When there is no element, or the type is too large or deep.
    pub fn tuple(&mut self, types: Vec<ValType>) -> Result<ValType, TypeError> {
        if types.is_empty() {
            return Err(TypeError::EmptyTuple);
        }
        self.intern_tuple(Tuple { types }, TYPE_SIZE_LIMIT_BYTES)
    }

    /// Builds `variant { label(type), ... }`.
    ///
    /// # Errors
    ///
    /// When there is no case, a label is empty, not kebab case or not unique, or the type is too
    /// large or deep.
    pub fn variant(&mut self, cases: Vec<(String, Option<ValType>)>) -> Result<ValType, TypeError> {
        check_labels(LabelOf::Case, cases.iter().map(|(name, _)| name.as_str()))?;
        let cases = cases.into_iter().map(|(name, ty)| Case { name, ty }).collect();
        self.intern_variant(Variant { cases }, TYPE_SIZE_LIMIT_BYTES)
    }

    /// Builds `enum { label, ... }`.
    ///
    /// # Errors
    ///
    /// When there is no label, or a label is empty, not kebab case or not unique.
    pub fn enum_(&mut self, labels: Vec<String>) -> Result<ValType, TypeError> {
        check_labels(LabelOf::EnumTag, labels.iter().map(String::as_str))?;
        self.intern_enum(Enum { labels }, TYPE_SIZE_LIMIT_BYTES)
    }

    /// Builds `option<some>`.
    ///
    /// # Errors
    ///
    /// When the type is too large or deep.
    pub fn option(&mut self, some: ValType) -> Result<ValType, TypeError> {
        self.intern_option(OptionType { some }, TYPE_SIZE_LIMIT_BYTES)
    }

    /// Builds `result<ok, err>`.
    ///
    /// # Errors
    ///
    /// When the type is too large or deep.
    pub fn result(&mut self, ok: Option<ValType>, err: Option<ValType>) -> Result<ValType, TypeError> {
        self.intern_result(ResultType { ok, err }, TYPE_SIZE_LIMIT_BYTES)
    }

    /// Builds `flags { label, ... }`.
    ///
    /// # Errors
    ///
    /// When there are none or more than [`MAX_FLAGS`] labels, or one is empty, not kebab case or
    /// not unique.
    pub fn flags(&mut self, labels: Vec<String>) -> Result<ValType, TypeError> {
        if labels.len() > MAX_FLAGS {
            return Err(TypeError::TooManyFlags { n_flags: labels.len() });
        }
        check_labels(LabelOf::Flag, labels.iter().map(String::as_str))?;
        self.intern_flags(Flags { labels }, TYPE_SIZE_LIMIT_BYTES)
    }

    /// Builds `list<element>`.
    ///
    /// # Errors
    ///
    /// When the type is too deep.
    pub fn list(&mut self, element: ValType) -> Result<ValType, TypeError> {
        self.intern_list(ListType { element }, TYPE_SIZE_LIMIT_BYTES)
    }

    /// Builds `list<element, length>`.
    ///
    /// # Errors
    ///
    /// When the length is 0, or the type is too large or deep.
    pub fn fixed_length_list(&mut self, element: ValType, length: u32) -> Result<ValType, TypeError> {
        if length == 0 {
            return Err(TypeError::EmptyFixedLengthList);
        }
        self.intern_fixed_length_list(FixedLengthListType { element, length }, TYPE_SIZE_LIMIT_BYTES)
    }

    /// Builds `map<key, value>`.
    ///
    /// # Errors
    ///
    /// When `key` is not a key type (`bool`, an integer type, `char` or `string`), or the type is
    /// too deep.
    pub fn map(&mut self, key: ValType, value: ValType) -> Result<ValType, TypeError> {
        if !is_key_type(key) {
            return Err(TypeError::MapKey);
        }
        let entry =
            self.intern_tuple(Tuple { types: alloc::vec![key, value] }, MAP_ENTRY_SIZE_LIMIT_BYTES)?;
        self.intern_map(MapType { key, value, entry }, TYPE_SIZE_LIMIT_BYTES)
    }

    /// Builds `stream<payload>`.
    ///
    /// # Errors
    ///
    /// When the payload contains a borrow, or the type is too deep.
    pub fn stream(&mut self, payload: Option<ValType>) -> Result<ValType, TypeError> {
        check_payload(self, payload)?;
        self.intern_stream(StreamType { payload }, TYPE_SIZE_LIMIT_BYTES)
    }

    /// Builds `future<payload>`.
    ///
    /// # Errors
    ///
    /// When the payload contains a borrow, or the type is too deep.
    pub fn future(&mut self, payload: Option<ValType>) -> Result<ValType, TypeError> {
        check_payload(self, payload)?;
        self.intern_future(FutureType { payload }, TYPE_SIZE_LIMIT_BYTES)
    }
}

/// Returns whether a type is of the grammar's `keytype` (Explainer.md, "Type Definitions").
fn is_key_type(ty: ValType) -> bool {
    if let ValType::Scalar(ty) = ty {
        !matches!(ty, ScalarType::F32 | ScalarType::F64)
    } else {
        ty == ValType::String
    }
}

fn check_payload(types: &Types, payload: Option<ValType>) -> Result<(), TypeError> {
    match payload {
        Some(ty) if contains(types, ty).borrow => Err(TypeError::BorrowInPayload),
        Some(_) | None => Ok(()),
    }
}
