//! The seam between this crate and an engine: the [`Host`] trait and the lifting and lowering
//! [`Context`]. Follows CanonicalABI.md, "Lifting and Lowering Context".

mod observe;

pub(crate) use observe::observed;
pub use observe::{Access, Begin, End};

use crate::options::Options;
use crate::options::StringEncoding;
use crate::trap::Trap;
use crate::types::{ResourceId, Types, ValType};

/// What lifting and lowering need from an instance: its memory, its `realloc` and its handle table.
///
/// The memory is borrowed from the host anew after each call of [`realloc`](Self::realloc), so no
/// slice can outlive a guest call that grows memory.
pub trait Host {
    /// What a call fails with: a trap found here, or whatever ends a guest's or the embedder's own
    /// work.
    type Error: From<Trap>;

    /// Returns the memory that the canonical option `memory` names; empty when there is none.
    fn memory(&self) -> &[u8];

    /// Returns the same memory as [`memory`](Self::memory), to write to.
    fn memory_mut(&mut self) -> &mut [u8];

    /// Calls the guest's `realloc` with these arguments and returns its result, unchecked: the
    /// caller checks alignment and bounds. The host enforces that the guest cannot leave its
    /// instance meanwhile.
    ///
    /// # Errors
    ///
    /// When the guest traps.
    fn realloc(&mut self, old_ptr: u64, old_size: u64, align: u64, new_size: u64)
    -> Result<u64, Self::Error>;

    /// Takes the owned handle at `index` out of the guest's table and returns its representation
    /// (the spec's `lift_own`; [`handles::lift_own`](crate::handles::lift_own) does it).
    ///
    /// # Errors
    ///
    /// When there is no such handle, of another type, a borrow, or lent.
    fn lift_own(&mut self, rt: ResourceId, index: u32) -> Result<u32, Self::Error>;

    /// Lends the handle at `index` of the guest's table for the call and returns its representation
    /// (the spec's `lift_borrow`; [`handles::lift_borrow`](crate::handles::lift_borrow) does it).
    ///
    /// # Errors
    ///
    /// When there is no such handle, or of another type.
    fn lift_borrow(&mut self, rt: ResourceId, index: u32) -> Result<u32, Self::Error>;

    /// Adds an owned handle to the guest's table and returns its index
    /// (the spec's `lower_own`; [`handles::lower_own`](crate::handles::lower_own) does it).
    ///
    /// # Errors
    ///
    /// When the table is full.
    fn lower_own(&mut self, rt: ResourceId, rep: u32) -> Result<u32, Self::Error>;

    /// Adds a borrow to the guest's table and returns its index, or returns `rep` itself when the
    /// guest defines the resource type (the spec's `lower_borrow`;
    /// [`handles::lower_borrow`](crate::handles::lower_borrow) does the former).
    ///
    /// # Errors
    ///
    /// When the table is full.
    fn lower_borrow(&mut self, rt: ResourceId, rep: u32) -> Result<u32, Self::Error>;

    /// Returns the engine's number of the error context at `index` of the guest's table (the spec's
    /// `lift_error_context`; [`ends::lift_error_context`](crate::ends::lift_error_context) does
    /// it). By default it is not supported.
    ///
    /// # Errors
    ///
    /// When there is no such handle.
    fn lift_error_context(&mut self, index: u32) -> Result<u32, Self::Error> {
        let _ = index;
        Err(Trap::Unsupported { what: "error-context" }.into())
    }

    /// Adds the error context of this number to the guest's table and returns its index (the spec's
    /// `lower_error_context`; [`ends::lower_error_context`](crate::ends::lower_error_context) does
    /// it). By default it is not supported.
    ///
    /// # Errors
    ///
    /// When the table is full.
    fn lower_error_context(&mut self, rep: u32) -> Result<u32, Self::Error> {
        let _ = rep;
        Err(Trap::Unsupported { what: "error-context" }.into())
    }

    /// Takes the readable end at `index` out of the guest's table and returns the engine's number
    /// of its stream (the spec's `lift_stream`; [`ends::lift_stream`](crate::ends::lift_stream)
    /// does it). By default it is not supported.
    ///
    /// # Errors
    ///
    /// When there is no such handle, of another type, or one that is in use.
    fn lift_stream(&mut self, payload: Option<ValType>, index: u32) -> Result<u32, Self::Error> {
        let _ = (payload, index);
        Err(Trap::Unsupported { what: "stream" }.into())
    }

    /// Adds the readable end of the stream of this number to the guest's table and returns its
    /// index (the spec's `lower_stream`; [`ends::lower_stream`](crate::ends::lower_stream) does
    /// it). By default it is not supported.
    ///
    /// # Errors
    ///
    /// When the table is full.
    fn lower_stream(&mut self, payload: Option<ValType>, rep: u32) -> Result<u32, Self::Error> {
        let _ = (payload, rep);
        Err(Trap::Unsupported { what: "stream" }.into())
    }

    /// Takes the readable end at `index` out of the guest's table and returns the engine's number
    /// of its future (the spec's `lift_future`; [`ends::lift_future`](crate::ends::lift_future)
    /// does it). By default it is not supported.
    ///
    /// # Errors
    ///
    /// When there is no such handle, of another type, or one that is in use.
    fn lift_future(&mut self, payload: Option<ValType>, index: u32) -> Result<u32, Self::Error> {
        let _ = (payload, index);
        Err(Trap::Unsupported { what: "future" }.into())
    }

    /// Adds the readable end of the future of this number to the guest's table and returns its
    /// index (the spec's `lower_future`; [`ends::lower_future`](crate::ends::lower_future) does
    /// it). By default it is not supported.
    ///
    /// # Errors
    ///
    /// When the table is full.
    fn lower_future(&mut self, payload: Option<ValType>, rep: u32) -> Result<u32, Self::Error> {
        let _ = (payload, rep);
        Err(Trap::Unsupported { what: "future" }.into())
    }

    /// Called before a value is lifted, with the number of bytes of host memory that the value will
    /// take, apart from what the values inside it allocate. May refuse.
    ///
    /// Each list lies within the guest's memory, but many lists may lie in the same place: a guest
    /// with a memory of `n` bytes can make the host allocate in the order of `n²`. A host of
    /// untrusted guests counts these bytes and sets a limit. By default nothing is refused.
    ///
    /// # Errors
    ///
    /// When the host refuses.
    fn reserve(&mut self, n_bytes: u64) -> Result<(), Self::Error> {
        let _ = n_bytes;
        Ok(())
    }

    /// Called before a string is lifted, with the number of bytes that it will take as UTF-8. By
    /// default this is [`reserve`](Self::reserve).
    ///
    /// # Errors
    ///
    /// When the host refuses.
    fn reserve_string(&mut self, n_bytes: u64) -> Result<(), Self::Error> {
        self.reserve(n_bytes)
    }

    /// Called before so many bytes of the guest's memory are read or written, of strings and lists
    /// in particular; in long lists again and again. A host that makes guests pay for what is done
    /// on their behalf, or stops them after some time, does so here. By default it costs nothing.
    ///
    /// # Errors
    ///
    /// When the guest can't pay, or has run too long.
    #[inline]
    fn consume_bytes(&mut self, n_bytes: u64) -> Result<(), Self::Error> {
        let _ = n_bytes;
        Ok(())
    }

    /// Returns the encoding that the strings to be lowered came in. For the host's own strings that
    /// is UTF-8, the default; between two components it is the `string-encoding` of the one they
    /// were lifted from.
    ///
    /// It decides which sequence of `realloc` calls the guest sees (CanonicalABI.md, "Storing").
    fn source_encoding(&self) -> StringEncoding {
        StringEncoding::Utf8
    }

    /// Called after a string was lifted from a `latin1+utf16` memory, and says whether it was
    /// tagged as UTF-16; the value does not. A host that lowers its values into another component
    /// keeps the tags in this order.
    fn string_lifted(&mut self, is_utf16: bool) {
        let _ = is_utf16;
    }

    /// Returns whether the string that is lowered next was tagged as UTF-16 when it was lifted from
    /// a `latin1+utf16` memory. Values are lowered in the order in which they were lifted.
    ///
    /// By default it is not known, and a string is taken to have come as Latin-1 if it fits.
    fn next_string_tag(&mut self) -> Option<bool> {
        None
    }

    /// Whether the host observes lifting and lowering through [`begin`](Self::begin),
    /// [`case`](Self::case) and [`end`](Self::end).
    ///
    /// The default is `false`; the compiler then removes the three calls.
    const OBSERVES: bool = false;

    /// Returns how many of a list's `length` records, which come next, the host wants to observe.
    /// The others may be handled by column. By default it is all of them.
    fn n_observed(&self, length: u64) -> u64 {
        length
    }

    /// Called instead of [`begin`](Self::begin) and [`end`](Self::end) for so many records of a
    /// list that were handled by column because the host did not want to observe them.
    fn elided(&mut self, n_records: u64) {
        let _ = n_records;
    }

    /// Called when one of the specification's functions begins, or a step of one. After a trap, the
    /// steps that have begun do not end.
    #[inline(always)]
    fn begin(&mut self, step: Begin<'_>) {
        let _ = step;
    }

    /// Called with the case of the variant whose step began last.
    #[inline(always)]
    fn case(&mut self, case: u32) {
        let _ = case;
    }

    /// Called when a step ends: the last to begin of those that have not ended.
    #[inline(always)]
    fn end(&mut self, step: End<'_>) {
        let _ = step;
    }
}

/// What lifting and lowering work with (the spec's `LiftLowerContext`).
#[derive(Debug)]
pub struct Context<'a, H: Host> {
    /// The arena of the types.
    pub types: &'a Types,
    /// The canonical options.
    pub opts: Options,
    /// The instance.
    pub host: &'a mut H,
}

impl<'a, H: Host> Context<'a, H> {
    /// Returns a context of these parts.
    pub fn new(types: &'a Types, opts: Options, host: &'a mut H) -> Self {
        Self { types, opts, host }
    }
}
