//! Specialized types as the more general types they stand for.
//! Follows CanonicalABI.md, "Despecialization".
//!
//! The spec rewrites the type; here [`despecialize`] is a view into the arena, so nothing is
//! allocated.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;

use super::{
    Case, Enum, Field, FixedLengthListType, Flags, FutureType, ListType, MapType, OptionType, Record,
    ResourceId, ResultType, ScalarType, StreamType, Tuple, Types, ValType, Variant,
};

/// A type without the specialized ones: no tuple, enum, option, result or map.
#[derive(Clone, Copy, Debug)]
pub enum Despecialized<'a> {
    /// A number type, `bool` or `char`.
    Scalar(ScalarType),
    /// `string`
    String,
    /// A list or a map.
    List {
        /// The elements' type; of a map, `tuple<key, value>`.
        element: ValType,
        /// The length, if it is fixed.
        length: Option<u32>,
    },
    /// A record or a tuple.
    Record(Fields<'a>),
    /// A variant, enum, option or result.
    Variant(Cases<'a>),
    /// Flags, by label.
    Flags(&'a [String]),
    /// A type whose values are handles.
    Handle(HandleType),
}

/// A type whose values are handles: indices of the guest's table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HandleType {
    /// `own<R>`
    Own(ResourceId),
    /// `borrow<R>`
    Borrow(ResourceId),
    /// `error-context`
    ErrorContext,
    /// `stream<T>`
    Stream(Option<ValType>),
    /// `future<T>`
    Future(Option<ValType>),
}

/// The fields of a record or tuple.
#[derive(Clone, Copy, Debug)]
pub enum Fields<'a> {
    /// A record's.
    Record(&'a [Field]),
    /// A tuple's, labelled by position.
    Tuple(&'a [ValType]),
}

impl<'a> Fields<'a> {
    /// Returns the number of fields.
    pub fn len(self) -> usize {
        match self {
            Self::Record(fields) => fields.len(),
            Self::Tuple(types) => types.len(),
        }
    }

    /// Returns whether there are no fields. A type of an arena always has some.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Returns the fields' types in order.
    pub fn types(self) -> impl Iterator<Item = ValType> + 'a {
        (0..self.len()).map(move |i| match self {
            Self::Record(fields) => fields[i].ty,
            Self::Tuple(types) => types[i],
        })
    }

    /// Returns the label of field `i`; panics when there is no such field.
    pub fn label(self, i: usize) -> Cow<'a, str> {
        match self {
            Self::Record(fields) => Cow::Borrowed(&fields[i].name),
            Self::Tuple(_) => Cow::Owned(format!("{i}")),
        }
    }
}

/// The cases of a variant, enum, option or result.
#[derive(Clone, Copy, Debug)]
pub enum Cases<'a> {
    /// A variant's.
    Variant(&'a [Case]),
    /// An enum's, none of which has a payload.
    Enum(&'a [String]),
    /// `none` and `some`.
    Option(ValType),
    /// `ok` and `error`.
    Result(ResultType),
}

impl<'a> Cases<'a> {
    /// Returns the number of cases.
    pub fn len(self) -> usize {
        match self {
            Self::Variant(cases) => cases.len(),
            Self::Enum(labels) => labels.len(),
            Self::Option(_) | Self::Result(_) => 2,
        }
    }

    /// Returns whether there are no cases. A type of an arena always has some.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Returns the payload type of case `i`.
    ///
    /// # Panics
    ///
    /// When there is no such case.
    pub fn payload(self, i: usize) -> Option<ValType> {
        assert!(i < self.len(), "case {i} of {}", self.len());
        match self {
            Self::Variant(cases) => cases[i].ty,
            Self::Enum(_) => None,
            Self::Option(some) => (i == 1).then_some(some),
            Self::Result(result) => [result.ok, result.err][i],
        }
    }

    /// Returns the payload types of the cases that have one, in order.
    pub fn payloads(self) -> impl Iterator<Item = ValType> + 'a {
        // An enum may have very many cases, none of which is worth looking at.
        let n_cases = if matches!(self, Self::Enum(_)) { 0 } else { self.len() };
        (0..n_cases).filter_map(move |i| self.payload(i))
    }

    /// Returns the label of case `i`; panics when there is no such case.
    pub fn label(self, i: usize) -> &'a str {
        match self {
            Self::Variant(cases) => &cases[i].name,
            Self::Enum(labels) => &labels[i],
            Self::Option(_) => ["none", "some"][i],
            Self::Result(_) => ["ok", "error"][i],
        }
    }
}

/// Returns the spec's `despecialize` of `ty`.
pub fn despecialize(types: &Types, ty: ValType) -> Despecialized<'_> {
    match ty {
        ValType::Scalar(ty) => Despecialized::Scalar(ty),
        ValType::String => Despecialized::String,
        ValType::ErrorContext => Despecialized::Handle(HandleType::ErrorContext),
        ValType::List(id) => types[id].despecialize(),
        ValType::FixedLengthList(id) => types[id].despecialize(),
        ValType::Map(id) => types[id].despecialize(),
        ValType::Record(id) => types[id].despecialize(),
        ValType::Tuple(id) => types[id].despecialize(),
        ValType::Variant(id) => types[id].despecialize(),
        ValType::Enum(id) => types[id].despecialize(),
        ValType::Option(id) => types[id].despecialize(),
        ValType::Result(id) => types[id].despecialize(),
        ValType::Flags(id) => types[id].despecialize(),
        ValType::Own(resource) => Despecialized::Handle(HandleType::Own(resource)),
        ValType::Borrow(resource) => Despecialized::Handle(HandleType::Borrow(resource)),
        ValType::Stream(id) => types[id].despecialize(),
        ValType::Future(id) => types[id].despecialize(),
    }
}

impl Despecialized<'_> {
    /// Calls `f` with the type of every field, case payload, element or stream payload.
    pub(crate) fn for_each_component(self, f: impl FnMut(ValType)) {
        match self {
            Self::List { element, .. } => [element].into_iter().for_each(f),
            Self::Record(fields) => fields.types().for_each(f),
            Self::Variant(cases) => cases.payloads().for_each(f),
            Self::Handle(HandleType::Stream(payload) | HandleType::Future(payload)) => {
                payload.into_iter().for_each(f);
            }
            Self::Scalar(_)
            | Self::String
            | Self::Flags(_)
            | Self::Handle(HandleType::Own(_) | HandleType::Borrow(_) | HandleType::ErrorContext) => {}
        }
    }
}

impl ListType {
    pub(crate) fn despecialize(&self) -> Despecialized<'_> {
        Despecialized::List { element: self.element, length: None }
    }
}

impl FixedLengthListType {
    pub(crate) fn despecialize(&self) -> Despecialized<'_> {
        Despecialized::List { element: self.element, length: Some(self.length) }
    }
}

impl MapType {
    pub(crate) fn despecialize(&self) -> Despecialized<'_> {
        Despecialized::List { element: self.entry, length: None }
    }
}

impl Record {
    pub(crate) fn despecialize(&self) -> Despecialized<'_> {
        Despecialized::Record(Fields::Record(&self.fields))
    }
}

impl Tuple {
    pub(crate) fn despecialize(&self) -> Despecialized<'_> {
        Despecialized::Record(Fields::Tuple(&self.types))
    }
}

impl Variant {
    pub(crate) fn despecialize(&self) -> Despecialized<'_> {
        Despecialized::Variant(Cases::Variant(&self.cases))
    }
}

impl Enum {
    pub(crate) fn despecialize(&self) -> Despecialized<'_> {
        Despecialized::Variant(Cases::Enum(&self.labels))
    }
}

impl OptionType {
    pub(crate) fn despecialize(&self) -> Despecialized<'_> {
        Despecialized::Variant(Cases::Option(self.some))
    }
}

impl ResultType {
    pub(crate) fn despecialize(&self) -> Despecialized<'_> {
        Despecialized::Variant(Cases::Result(*self))
    }
}

impl Flags {
    pub(crate) fn despecialize(&self) -> Despecialized<'_> {
        Despecialized::Flags(&self.labels)
    }
}

impl StreamType {
    pub(crate) fn despecialize(&self) -> Despecialized<'_> {
        Despecialized::Handle(HandleType::Stream(self.payload))
    }
}

impl FutureType {
    pub(crate) fn despecialize(&self) -> Despecialized<'_> {
        Despecialized::Handle(HandleType::Future(self.payload))
    }
}
