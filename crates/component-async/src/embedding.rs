//! What an engine supplies, and what a test does instead.

use crate::ids::{EndId, ErrorContextId, SubtaskId, WaitableSetId};
use canonical_abi::handles::{ResourceHandle, Table, TableEntry};
use canonical_abi::{ScalarType, ValType};
use core::fmt::Debug;

/// The types that an engine supplies.
pub trait Embedding: Sized + Debug {
    /// Suspended code: a stack, or what there is to call next (the spec's `Continuation`).
    type Continuation: Debug;
    /// What is read into or written from.
    type Buffer: crate::buffer::Buffer + Debug;
    /// The type of what goes through a stream or future.
    type Payload: Payload;
    /// An instance's handles.
    type Table: Table<Entry: Entry> + Debug;
    /// Who makes the choices.
    type Policy: crate::policy::Policy + Debug;
}

/// The type of what goes through a stream or future.
pub trait Payload: Clone + Debug + PartialEq {
    /// Returns whether nothing goes through, or numbers (the spec's `none_or_number_type`).
    fn is_none_or_number(&self) -> bool;
}

impl Payload for Option<ValType> {
    fn is_none_or_number(&self) -> bool {
        match self {
            None => true,
            Some(ValType::Scalar(scalar)) => !matches!(scalar, ScalarType::Bool | ScalarType::Char),
            Some(_) => false,
        }
    }
}

/// What a handle table holds that is no resource.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Element {
    /// A call that has not returned yet, or whose return was not seen.
    Subtask(SubtaskId),
    /// A waitable set.
    WaitableSet(WaitableSetId),
    /// An end of a stream or future.
    End(EndId),
    /// An error context.
    ErrorContext(ErrorContextId),
}

/// An entry of a handle table.
pub trait Entry: TableEntry + Copy {
    /// Returns the entry that is this.
    fn from_element(element: Element) -> Self;
    /// Returns what the entry is, if it is no resource.
    fn as_element(&self) -> Option<Element>;
}

/// An entry for engines that keep nothing else in their tables.
#[derive(Clone, Copy, Debug)]
pub enum Handle {
    /// A resource.
    Resource(ResourceHandle),
    /// Something else.
    Element(Element),
}

impl TableEntry for Handle {
    fn from_resource(handle: ResourceHandle) -> Self {
        Self::Resource(handle)
    }

    fn as_resource(&self) -> Option<&ResourceHandle> {
        match self {
            Self::Resource(handle) => Some(handle),
            Self::Element(_) => None,
        }
    }

    fn as_resource_mut(&mut self) -> Option<&mut ResourceHandle> {
        match self {
            Self::Resource(handle) => Some(handle),
            Self::Element(_) => None,
        }
    }
}

impl Entry for Handle {
    fn from_element(element: Element) -> Self {
        Self::Element(element)
    }

    fn as_element(&self) -> Option<Element> {
        match self {
            Self::Resource(_) => None,
            Self::Element(element) => Some(*element),
        }
    }
}
