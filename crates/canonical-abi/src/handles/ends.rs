//! Values that are handles but no resources: error contexts, and the readable ends of streams and
//! futures. Follows CanonicalABI.md, "Loading" (`lift_error_context`, `lift_stream`,
//! `lift_future`), "Storing" (`lower_error_context`, `lower_stream`, `lower_future`) and `canon
//! error-context.drop`.
//!
//! They lie in the same table as resource handles. What an end or an error context *is* belongs to
//! the engine, which knows it by a number here, as a resource is known by its representation; when
//! an end is busy is the engine's to say. The rules of passing one on as a value are here.

use super::{HandleTable, ResourceHandle, TableEntry};
pub use crate::trap::{EndKind, EndState};
use crate::trap::{Trap, trap_if};
use crate::types::ValType;

/// An error context (the spec's `ErrorContext`), by the engine's number for it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ErrorContext {
    /// The number.
    pub rep: u32,
}

/// A readable end of a stream or future (the spec's `ReadableStreamEnd`, `ReadableFutureEnd`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ReadableEnd<P> {
    /// What it is an end of.
    pub kind: EndKind,
    /// The type of what is read from it, in the form in which the engine compares these.
    pub payload: P,
    /// The engine's number for the stream or future.
    pub rep: u32,
    /// What it is doing.
    pub state: EndState,
    /// Whether it is in a waitable set (the spec's `in_waitable_set`).
    pub in_waitable_set: bool,
}

/// An entry of a table that values can be made from. [`Element`] is one, for engines that
/// keep nothing else there.
pub trait ValueEntry: TableEntry {
    /// Payload types, as the engine compares them.
    type Payload: PartialEq;
    /// Returns the entry that is this error context.
    fn from_error_context(context: ErrorContext) -> Self;
    /// Returns the error context, if the entry is one.
    fn as_error_context(&self) -> Option<&ErrorContext>;
    /// Returns the entry that is this end.
    fn from_readable_end(end: ReadableEnd<Self::Payload>) -> Self;
    /// Returns the end, if the entry is one.
    fn as_readable_end(&self) -> Option<&ReadableEnd<Self::Payload>>;
}

/// An entry that is a resource handle, an error context or a readable end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Element<P = Option<ValType>> {
    /// A resource handle.
    Resource(ResourceHandle),
    /// An error context.
    ErrorContext(ErrorContext),
    /// A readable end.
    ReadableEnd(ReadableEnd<P>),
}

impl<P> TableEntry for Element<P> {
    fn from_resource(handle: ResourceHandle) -> Self {
        Self::Resource(handle)
    }

    fn as_resource(&self) -> Option<&ResourceHandle> {
        if let Self::Resource(handle) = self { Some(handle) } else { None }
    }

    fn as_resource_mut(&mut self) -> Option<&mut ResourceHandle> {
        if let Self::Resource(handle) = self { Some(handle) } else { None }
    }
}

impl<P: PartialEq> ValueEntry for Element<P> {
    type Payload = P;

    fn from_error_context(context: ErrorContext) -> Self {
        Self::ErrorContext(context)
    }

    fn as_error_context(&self) -> Option<&ErrorContext> {
        if let Self::ErrorContext(context) = self { Some(context) } else { None }
    }

    fn from_readable_end(end: ReadableEnd<P>) -> Self {
        Self::ReadableEnd(end)
    }

    fn as_readable_end(&self) -> Option<&ReadableEnd<P>> {
        if let Self::ReadableEnd(end) = self { Some(end) } else { None }
    }
}

/// Returns the number of the error context at `index`, which stays in the table (the spec's
/// `lift_error_context`).
///
/// # Errors
///
/// When there is no handle, or one of something else.
pub fn lift_error_context<T: ValueEntry>(table: &HandleTable<T>, index: u32) -> Result<u32, Trap> {
    let found = table.get(index)?.as_error_context();
    found.map(|context| context.rep).ok_or(Trap::WrongHandle { index, expected: "error-context" })
}

/// Adds an error context and returns its index (the spec's `lower_error_context`).
///
/// # Errors
///
/// When the table is full.
pub fn lower_error_context<T: ValueEntry>(table: &mut HandleTable<T>, rep: u32) -> Result<u32, Trap> {
    table.add(T::from_error_context(ErrorContext { rep }))
}

/// Takes the error context at `index` out of the table and returns its number (the spec's
/// `canon_error_context_drop`).
///
/// # Errors
///
/// When there is no handle, or one of something else. The table is then unchanged.
pub fn error_context_drop<T: ValueEntry>(table: &mut HandleTable<T>, index: u32) -> Result<u32, Trap> {
    let rep = lift_error_context(table, index)?;
    table.remove(index)?;
    Ok(rep)
}

/// Takes the readable end of a stream out of the table and returns the stream's number (the spec's
/// `lift_stream`).
///
/// # Errors
///
/// When there is no handle, one of something else or with another payload, or the end is busy, done
/// or in a waitable set. The table is then unchanged.
pub fn lift_stream<T: ValueEntry>(
    table: &mut HandleTable<T>,
    payload: &T::Payload,
    index: u32,
) -> Result<u32, Trap> {
    lift_async_value(table, EndKind::Stream, payload, index)
}

/// Takes the readable end of a future out of the table and returns the future's number (the spec's
/// `lift_future`).
///
/// # Errors
///
/// As for [`lift_stream`].
pub fn lift_future<T: ValueEntry>(
    table: &mut HandleTable<T>,
    payload: &T::Payload,
    index: u32,
) -> Result<u32, Trap> {
    lift_async_value(table, EndKind::Future, payload, index)
}

/// Adds the readable end of a stream and returns its index (the spec's `lower_stream`).
///
/// # Errors
///
/// When the table is full.
pub fn lower_stream<T: ValueEntry>(
    table: &mut HandleTable<T>,
    payload: T::Payload,
    rep: u32,
) -> Result<u32, Trap> {
    lower_async_value(table, EndKind::Stream, payload, rep)
}

/// Adds the readable end of a future and returns its index (the spec's `lower_future`).
///
/// # Errors
///
/// When the table is full.
pub fn lower_future<T: ValueEntry>(
    table: &mut HandleTable<T>,
    payload: T::Payload,
    rep: u32,
) -> Result<u32, Trap> {
    lower_async_value(table, EndKind::Future, payload, rep)
}

fn lift_async_value<T: ValueEntry>(
    table: &mut HandleTable<T>,
    kind: EndKind,
    payload: &T::Payload,
    index: u32,
) -> Result<u32, Trap> {
    let expected = match kind {
        EndKind::Stream => "readable stream end of the same type",
        EndKind::Future => "readable future end of the same type",
    };
    let wrong = Trap::WrongHandle { index, expected };
    let end = table.get(index)?.as_readable_end().ok_or_else(|| wrong.clone())?;
    trap_if(end.kind != kind || end.payload != *payload, wrong)?;
    let (rep, state, in_waitable_set) = (end.rep, end.state, end.in_waitable_set);
    trap_if(state != EndState::Idle, Trap::EndNotIdle { kind, state })?;
    trap_if(in_waitable_set, Trap::EndInWaitableSet { kind })?;
    table.remove(index)?;
    Ok(rep)
}

fn lower_async_value<T: ValueEntry>(
    table: &mut HandleTable<T>,
    kind: EndKind,
    payload: T::Payload,
    rep: u32,
) -> Result<u32, Trap> {
    let (state, in_waitable_set) = (EndState::Idle, false);
    table.add(T::from_readable_end(ReadableEnd { kind, payload, rep, state, in_waitable_set }))
}
