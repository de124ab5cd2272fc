//! The ends of streams and futures. Follows CanonicalABI.md, "Stream and Future State".

use super::waitable::{Event, EventCode, Pending, Waitable};
use super::{Store, WaitableId};
use crate::buffer::{Buffer, MAX_LENGTH};
use crate::embedding::{Embedding, Payload};
use crate::ids::{EndId, InstanceId};
use crate::policy::{Flip, Policy};
use crate::trap::{Trap, trap_if};
pub use canonical_abi::handles::ends::EndKind;

/// What an end does at the moment (the spec's `End.State`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EndState {
    /// Nothing.
    Idle,
    /// It reads or writes.
    Copying,
    /// It was told to stop.
    CancellingCopy,
    /// No more.
    Done,
}

/// How a copy ended (the spec's `CopyResult`, with its numbers).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum CopyResult {
    /// Something was copied.
    Completed = 0,
    /// The other end is gone.
    Dropped = 1,
    /// It was cancelled.
    Cancelled = 2,
}

/// One end of a stream or future (the spec's `End` and its subclasses).
#[derive(Debug)]
pub(crate) struct End<E: Embedding> {
    pub(crate) waitable: Waitable,
    pub(crate) kind: EndKind,
    pub(crate) is_readable: bool,
    pub(crate) payload: E::Payload,
    pub(crate) state: EndState,
    /// The other end, unless that was dropped.
    pub(crate) other: Option<EndId>,
    /// What is copied into or out of, while it waits for the other end.
    buffer: Option<E::Buffer>,
    /// The instance that has a handle of it; `None` for the host, and on the way.
    pub(crate) owner: Option<InstanceId>,
    pub(crate) index: Option<u32>,
}

/// Elements that pass from one buffer to another now. The embedder copies them, then says
/// [`Store::finish_transfer`].
#[derive(Debug)]
#[must_use = "the elements are not copied yet"]
pub struct Transfer<B> {
    /// The end that began the copy.
    this: EndId,
    /// What the readable end reads into.
    pub into: B,
    /// What the writable end writes from.
    pub from: B,
    /// How many elements pass: as many as both have room for, and at least one.
    pub n: u32,
}

impl<E: Embedding> End<E> {
    /// The spec's `End.copying_or_cancelling`.
    pub(crate) fn is_busy(&self) -> bool {
        match self.state {
            EndState::Copying | EndState::CancellingCopy => true,
            EndState::Idle | EndState::Done => false,
        }
    }

    pub(crate) fn event_code(&self) -> EventCode {
        match (self.kind, self.is_readable) {
            (EndKind::Stream, true) => EventCode::StreamRead,
            (EndKind::Stream, false) => EventCode::StreamWrite,
            (EndKind::Future, true) => EventCode::FutureRead,
            (EndKind::Future, false) => EventCode::FutureWrite,
        }
    }

    fn remain(&self) -> u32 {
        self.buffer.as_ref().map_or(0, Buffer::remain)
    }
}

impl<E: Embedding> Store<E> {
    /// Makes the two ends of a stream or future, the readable one first (the spec's `new_stream`,
    /// `new_future`). `owner` is `None` for the host.
    pub fn new_ends(
        &mut self,
        kind: EndKind,
        payload: E::Payload,
        owner: Option<InstanceId>,
    ) -> (EndId, EndId) {
        let end = |is_readable, payload| End {
            waitable: Waitable::default(),
            kind,
            is_readable,
            payload,
            state: EndState::Idle,
            other: None,
            buffer: None,
            owner,
            index: None,
        };
        let reader = self.ends.add(end(true, payload.clone()));
        let writer = self.ends.add(end(false, payload));
        self.ends[reader].other = Some(writer);
        self.ends[writer].other = Some(reader);
        (reader, writer)
    }

    /// Returns what an end does.
    ///
    /// # Panics
    ///
    /// When the end is gone.
    pub fn end_state(&self, id: EndId) -> EndState {
        self.ends[id].state
    }

    /// Begins a copy (the spec's `End.copy`). If elements pass at once, the caller copies them.
    ///
    /// # Errors
    ///
    /// When elements that are no numbers would pass within one instance.
    ///
    /// # Panics
    ///
    /// When the end has a buffer.
    pub fn start_copy(&mut self, id: EndId, buffer: E::Buffer) -> Result<Option<Transfer<E::Buffer>>, Trap> {
        let end = &mut self.ends[id];
        assert!(end.buffer.is_none(), "one copy at a time");
        end.state = EndState::Copying;
        let (is_readable, other) = (end.is_readable, end.other);
        let Some(other) = other else {
            assert!(end.waitable.has_pending_event(), "the drop of the other end is an event");
            return Ok(None);
        };
        let (here, there) = (buffer.remain(), self.ends[other].remain());
        if self.ends[other].buffer.is_none() {
            self.ends[id].buffer = Some(buffer);
        } else if here > 0 && there > 0 {
            let (end, peer) = (&self.ends[id], &self.ends[other]);
            let is_intra = end.owner.is_some() && end.owner == peer.owner;
            trap_if(is_intra && !end.payload.is_none_or_number(), Trap::IntraComponent)?;
            let waiting = self.ends[other].buffer.take().expect("seen above");
            let (into, from) = if is_readable { (buffer, waiting) } else { (waiting, buffer) };
            return Ok(Some(Transfer { this: id, into, from, n: here.min(there) }));
        } else if here > 0 || (is_readable && there == 0) {
            let waiting = self.ends[other].buffer.take();
            self.notify(other, 0);
            drop(waiting);
            self.ends[id].buffer = Some(buffer);
        } else {
            self.notify(id, 0);
        }
        Ok(None)
    }

    /// Says that the elements of a transfer were copied (the rest of the spec's `End.copy`).
    ///
    /// # Panics
    ///
    /// When an end is gone.
    pub fn finish_transfer(&mut self, transfer: Transfer<E::Buffer>) {
        let Transfer { this, into, from, n: _ } = transfer;
        let other = self.ends[this].other.expect("nobody drops an end while its elements pass");
        let (here, there) = if self.ends[this].is_readable { (into, from) } else { (from, into) };
        self.notify(this, here.progress());
        self.notify(other, there.progress());
        if there.remain() > 0 {
            self.ends[other].buffer = Some(there);
        }
    }

    /// Sets the event of an end (the spec's `notify`). What it says of the end's state is found
    /// when it is delivered.
    fn notify(&mut self, id: EndId, progress: u32) {
        self.ends[id].waitable.pending = Some(Pending { progress });
    }

    /// The event of an end, at its delivery (the spec's `stream_event`, `future_event`).
    pub(super) fn end_event(&mut self, id: EndId, progress: u32) -> Event {
        let end = &mut self.ends[id];
        let result = match end.kind {
            EndKind::Stream => end.stream_result(),
            EndKind::Future => end.future_result(progress),
        };
        end.buffer = None;
        let payload = match end.kind {
            EndKind::Stream => {
                assert!(progress <= MAX_LENGTH, "a buffer has at most so many elements");
                result as u32 | (progress << 4)
            }
            EndKind::Future => result as u32,
        };
        Event { code: end.event_code(), index: end.index.unwrap_or(0), payload }
    }

    /// Tells an end to stop copying (the spec's `End.cancel`).
    ///
    /// # Panics
    ///
    /// When it does not copy.
    pub fn cancel_end(&mut self, id: EndId) {
        let end = &mut self.ends[id];
        assert!(end.state == EndState::Copying, "an end that copies is cancelled");
        end.state = EndState::CancellingCopy;
        if end.waitable.has_pending_event() {
            return;
        }
        let is_guest = end.other.is_some_and(|other| self.ends[other].owner.is_some());
        if is_guest || self.policy.flip(Flip::CancelAtOnce) {
            self.notify(id, 0);
        }
    }

    /// Lets the other ends of two ends be each other's (the spec's `End.forward`). Both ends are
    /// gone.
    pub(crate) fn forward_ends(
        &mut self,
        src: EndId,
        dst: EndId,
    ) -> Result<Option<Transfer<E::Buffer>>, Trap> {
        let (writer, reader) = match (self.ends[src].other, self.ends[dst].other) {
            (Some(writer), Some(reader)) if writer != dst => (writer, reader),
            _ => {
                self.drop_end(src);
                self.drop_end(dst);
                return Ok(None);
            }
        };
        self.ends.remove(src);
        self.ends.remove(dst);
        self.ends[writer].other = Some(reader);
        self.ends[reader].other = Some(writer);
        if self.ends[writer].buffer.is_none() || self.ends[reader].buffer.is_none() {
            return Ok(None);
        }
        let is_reader_bigger = self.ends[reader].remain() > self.ends[writer].remain();
        let smaller = if is_reader_bigger { writer } else { reader };
        let buffer = self.ends[smaller].buffer.take().expect("seen above");
        self.start_copy(smaller, buffer)
    }

    /// Drops an end that copies nothing (the spec's `End.drop`).
    ///
    /// # Panics
    ///
    /// When it copies.
    pub fn drop_end(&mut self, id: EndId) {
        assert!(!self.ends[id].is_busy(), "an idle end is dropped");
        self.join(WaitableId::End(id), None);
        let end = self.ends.remove(id).expect("seen above");
        let Some(other) = end.other else { return };
        let peer = &mut self.ends[other];
        peer.other = None;
        if peer.state != EndState::Done && !peer.waitable.has_pending_event() {
            self.notify(other, 0);
        }
    }
}

impl<E: Embedding> End<E> {
    /// Ends a copy of a stream (the spec's `stream_event`).
    fn stream_result(&mut self) -> CopyResult {
        let (state, result) = match (self.other, self.state) {
            (None, _) => (EndState::Done, CopyResult::Dropped),
            (Some(_), EndState::CancellingCopy) => (EndState::Idle, CopyResult::Cancelled),
            (Some(_), _) => (EndState::Idle, CopyResult::Completed),
        };
        self.state = state;
        result
    }

    /// Ends a copy of a future (the spec's `future_event`).
    fn future_result(&mut self, progress: u32) -> CopyResult {
        let (state, result) = match (progress, self.other) {
            (1.., _) => (EndState::Done, CopyResult::Completed),
            (0, None) => (EndState::Done, CopyResult::Dropped),
            (0, Some(_)) => (EndState::Idle, CopyResult::Cancelled),
        };
        self.state = state;
        result
    }
}
