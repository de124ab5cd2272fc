//! Streams and futures. Follows CanonicalABI.md, "Loading" (`lift_async_value`), "Storing"
//! (`lower_async_value`) and "`canon {stream,future}.new`" to "`canon {stream,future}.forward`".

use super::{Operation, Step};
use crate::embedding::{Element, Embedding};
use crate::ids::{EndId, InstanceId};
use crate::state::instance::wrong;
use crate::state::{EndKind, EndState, Ready, Store, Transfer, WaitableId};
use crate::trap::{Attempt, Trap, trap_if};
use canonical_abi::handles::Table;

/// What an operation with `async` returns when it has to wait (the spec's `BLOCKED`).
pub const BLOCKED: u32 = 0xffff_ffff;

/// Which end an operation is on, and of what.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Of {
    kind: EndKind,
    is_readable: bool,
}

impl Of {
    fn name(self) -> &'static str {
        match (self.kind, self.is_readable) {
            (EndKind::Stream, true) => "readable stream end of the same type",
            (EndKind::Stream, false) => "writable stream end of the same type",
            (EndKind::Future, true) => "readable future end of the same type",
            (EndKind::Future, false) => "writable future end of the same type",
        }
    }
}

impl<E: Embedding> Store<E> {
    /// Makes a stream or future and returns the indices of its ends, the readable one first (the
    /// spec's `canon_stream_new`, `canon_future_new`).
    ///
    /// # Errors
    ///
    /// When the current instance must not be left, or has no room for two handles.
    pub fn canon_new(&mut self, kind: EndKind, payload: E::Payload) -> Result<(u32, u32), Trap> {
        let instance = self.leave()?;
        let (reader, writer) = self.new_ends(kind, payload, Some(instance));
        let mut add = |end| -> Result<u32, Trap> {
            let index = self.add_element(instance, Element::End(end))?;
            self.ends[end].index = Some(index);
            Ok(index)
        };
        Ok((add(reader)?, add(writer)?))
    }

    /// Finds the end that is read or written, which is idle (the first steps of the spec's `copy`).
    /// The embedder makes a buffer next, and steps [`struct@Copy`].
    ///
    /// # Errors
    ///
    /// When the current instance must not be left, the index is none of such an end, or the end is
    /// busy, done, or in a waitable set while the copy is not `async`.
    pub fn check_copy(
        &mut self,
        kind: EndKind,
        is_read: bool,
        payload: &E::Payload,
        is_async: bool,
        index: u32,
    ) -> Result<EndId, Trap> {
        let instance = self.leave()?;
        let id = self.end_at(instance, Of { kind, is_readable: is_read }, payload, index)?;
        self.check_idle(id, Attempt::Copy)?;
        let in_set = self.ends[id].waitable.in_waitable_set();
        trap_if(in_set && !is_async, Trap::InWaitableSet)?;
        Ok(id)
    }

    /// Drops an end (the spec's `canon_stream_drop_readable` and its kin).
    ///
    /// # Errors
    ///
    /// When the current instance must not be left, the index is none of such an end, the end is
    /// busy, or it is the writable end of a future that was not written.
    pub fn canon_drop(
        &mut self,
        kind: EndKind,
        is_readable: bool,
        payload: &E::Payload,
        index: u32,
    ) -> Result<(), Trap> {
        let instance = self.leave()?;
        let id = self.end_at(instance, Of { kind, is_readable }, payload, index)?;
        let end = &self.ends[id];
        trap_if(end.is_busy(), Trap::Busy { kind, attempt: Attempt::Drop })?;
        let is_owed = kind == EndKind::Future && !is_readable && end.state != EndState::Done;
        trap_if(is_owed, Trap::FutureNotWritten)?;
        self.drop_end(id);
        self.instance_mut(instance).handles.remove(index)?;
        Ok(())
    }

    /// Takes the readable end of a stream or future out of an instance, to pass it on (the spec's
    /// `lift_stream`, `lift_future`).
    ///
    /// # Errors
    ///
    /// When the index is none of such an end, or the end is busy, done or in a waitable set.
    pub fn lift_end(
        &mut self,
        instance: InstanceId,
        kind: EndKind,
        payload: &E::Payload,
        index: u32,
    ) -> Result<EndId, Trap> {
        let id = self.end_at(instance, Of { kind, is_readable: true }, payload, index)?;
        self.check_free(id, Attempt::Lift)?;
        self.instance_mut(instance).handles.remove(index)?;
        let end = &mut self.ends[id];
        (end.owner, end.index) = (None, None);
        Ok(id)
    }

    /// Gives an instance a readable end and returns its index (the spec's `lower_stream`,
    /// `lower_future`).
    ///
    /// # Errors
    ///
    /// When the instance has no room for a handle.
    ///
    /// # Panics
    ///
    /// When the end has an owner.
    pub fn lower_end(&mut self, instance: InstanceId, id: EndId) -> Result<u32, Trap> {
        let index = self.add_element(instance, Element::End(id))?;
        let end = &mut self.ends[id];
        assert!(end.owner.is_none(), "an end that is passed on has no owner");
        (end.owner, end.index) = (Some(instance), Some(index));
        Ok(index)
    }

    fn end_at(&self, instance: InstanceId, of: Of, payload: &E::Payload, index: u32) -> Result<EndId, Trap> {
        let Some(Element::End(id)) = self.element(instance, index)? else {
            return Err(wrong(index, of.name()));
        };
        let end = &self.ends[id];
        let is_of = Of { kind: end.kind, is_readable: end.is_readable } == of;
        if is_of && end.payload == *payload { Ok(id) } else { Err(wrong(index, of.name())) }
    }

    fn check_idle(&self, id: EndId, attempt: Attempt) -> Result<(), Trap> {
        let end = &self.ends[id];
        let (kind, is_readable) = (end.kind, end.is_readable);
        match end.state {
            EndState::Idle => Ok(()),
            EndState::Copying | EndState::CancellingCopy => Err(Trap::Busy { kind, attempt }),
            EndState::Done => Err(Trap::Done { kind, is_readable, attempt }),
        }
    }

    /// Checks that an end is idle and in no set.
    fn check_free(&self, id: EndId, attempt: Attempt) -> Result<(), Trap> {
        self.check_idle(id, attempt)?;
        let end = &self.ends[id];
        trap_if(end.waitable.in_waitable_set(), Trap::EndInWaitableSet { kind: end.kind, attempt })
    }

    /// Ends an operation on an end that has an event, or says how it goes on.
    fn finish_copy(&mut self, id: EndId, is_async: bool) -> Copied {
        let waitable = &mut self.ends[id].waitable;
        if waitable.has_pending_event() {
            return Copied::Ended(self.get_pending_event(WaitableId::End(id)).payload);
        }
        if is_async {
            return Copied::Ended(BLOCKED);
        }
        assert!(!waitable.in_waitable_set() && !waitable.has_sync_waiter, "checked at its begin");
        waitable.has_sync_waiter = true;
        let must_wait = self.wait_until(Ready::End(id));
        assert!(must_wait, "an end without an event is waited for");
        Copied::MustWait
    }

    fn waited_for_end(&mut self, id: EndId) -> u32 {
        self.ends[id].waitable.has_sync_waiter = false;
        self.get_pending_event(WaitableId::End(id)).payload
    }
}

enum Copied {
    Ended(u32),
    MustWait,
}

/// Reads or writes (the spec's `copy`, after its checks). It ends with the packed result, or
/// [`BLOCKED`].
#[derive(Debug)]
pub struct Copy<B> {
    end: EndId,
    is_async: bool,
    phase: Phase<B>,
}

#[derive(Debug)]
enum Phase<B> {
    Begin(B),
    Begun,
    Waiting,
}

impl<B> Copy<B> {
    /// Returns the operation on the end that [`Store::check_copy`] has found.
    pub fn new(end: EndId, is_async: bool, buffer: B) -> Self {
        Self { end, is_async, phase: Phase::Begin(buffer) }
    }
}

impl<E: Embedding> Operation<E> for Copy<E::Buffer> {
    type Output = u32;

    fn step(&mut self, store: &mut Store<E>) -> Result<Step<E::Buffer, u32>, Trap> {
        match core::mem::replace(&mut self.phase, Phase::Begun) {
            Phase::Begin(buffer) => {
                if let Some(transfer) = store.start_copy(self.end, buffer)? {
                    return Ok(Step::Transfer(transfer));
                }
            }
            Phase::Begun => {}
            Phase::Waiting => return Ok(Step::Done(store.waited_for_end(self.end))),
        }
        match store.finish_copy(self.end, self.is_async) {
            Copied::Ended(payload) => Ok(Step::Done(payload)),
            Copied::MustWait => {
                self.phase = Phase::Waiting;
                Ok(Step::Suspend { switch_to: None })
            }
        }
    }
}

/// Stops a read or write (the spec's `cancel_copy`). It ends with the packed result, or
/// [`BLOCKED`].
#[derive(Debug)]
pub struct CancelCopy<P> {
    of: Of,
    payload: P,
    is_async: bool,
    index: u32,
    waiting: Option<EndId>,
}

impl<P> CancelCopy<P> {
    /// Returns the operation on the end at `index`.
    pub fn new(kind: EndKind, is_read: bool, payload: P, is_async: bool, index: u32) -> Self {
        Self { of: Of { kind, is_readable: is_read }, payload, is_async, index, waiting: None }
    }
}

impl<E: Embedding> Operation<E> for CancelCopy<E::Payload> {
    type Output = u32;

    fn step(&mut self, store: &mut Store<E>) -> Result<Step<E::Buffer, u32>, Trap> {
        if let Some(id) = self.waiting.take() {
            return Ok(Step::Done(store.waited_for_end(id)));
        }
        let instance = store.leave()?;
        let id = store.end_at(instance, self.of, &self.payload, self.index)?;
        let end = &store.ends[id];
        trap_if(end.state != EndState::Copying, Trap::NotCopying { kind: end.kind })?;
        trap_if(end.waitable.has_sync_waiter, Trap::HasSyncWaiter)?;
        trap_if(end.waitable.in_waitable_set() && !self.is_async, Trap::InWaitableSet)?;
        store.cancel_end(id);
        match store.finish_copy(id, self.is_async) {
            Copied::Ended(payload) => Ok(Step::Done(payload)),
            Copied::MustWait => {
                self.waiting = Some(id);
                Ok(Step::Suspend { switch_to: None })
            }
        }
    }
}

/// Joins what is read from one stream or future to what is written to another (the spec's
/// `forward`).
#[derive(Debug)]
pub struct Forward<P> {
    kind: EndKind,
    payload: P,
    /// The indices of the readable and the writable end, until they are taken.
    indices: Option<(u32, u32)>,
}

impl<P> Forward<P> {
    /// Returns the operation on a readable and a writable end.
    pub fn new(kind: EndKind, payload: P, readable: u32, writable: u32) -> Self {
        Self { kind, payload, indices: Some((readable, writable)) }
    }

    fn begin<E: Embedding<Payload = P>>(
        &self,
        store: &mut Store<E>,
        (readable, writable): (u32, u32),
    ) -> Result<Option<Transfer<E::Buffer>>, Trap> {
        let instance = store.leave()?;
        let mut take = |is_readable, index| -> Result<EndId, Trap> {
            let of = Of { kind: self.kind, is_readable };
            let id = store.end_at(instance, of, &self.payload, index)?;
            store.check_free(id, Attempt::Forward)?;
            store.instance_mut(instance).handles.remove(index)?;
            Ok(id)
        };
        let (src, dst) = (take(true, readable)?, take(false, writable)?);
        store.forward_ends(src, dst)
    }
}

impl<E: Embedding> Operation<E> for Forward<E::Payload> {
    type Output = ();

    fn step(&mut self, store: &mut Store<E>) -> Result<Step<E::Buffer, ()>, Trap> {
        let Some(indices) = self.indices.take() else { return Ok(Step::Done(())) };
        let transfer = self.begin(store, indices)?;
        Ok(transfer.map_or(Step::Done(()), Step::Transfer))
    }
}
