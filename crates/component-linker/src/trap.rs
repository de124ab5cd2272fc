//! Traps: the guest's faults, and host functions that fail. Follows CanonicalABI.md, "trap_if", and
//! Explainer.md: a trap ends every component instance it passes through.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use jit::{Frame, HostError};

use crate::limits::LimitExceeded;

/// Why a call ended early, with the WebAssembly frames that it left behind.
///
/// Displays the cause, then the frames, one a line.
#[derive(Debug)]
pub struct Trap {
    /// A trap is rare and passes through many results, which it should not make large.
    inner: Box<Inner>,
}

#[derive(Debug)]
struct Inner {
    cause: TrapCause,
    /// The host function that failed, as errors write it.
    host_func: Option<String>,
    /// Finds the trap that the host function's error says it was caused by.
    find: Option<FindTrap>,
    frames: Vec<Frame>,
    gaps: Vec<Gap>,
    /// The stores whose frames are among `frames`. Those of one store are collected in one go,
    /// across all of its calls in progress.
    stores: Vec<u64>,
}

/// Frames that were left out of a backtrace.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Gap {
    /// How many frames are kept before them.
    at: usize,
    n_frames: usize,
}

/// Finds a trap among an error and its sources.
pub(crate) type FindTrap = for<'e> fn(&'e (dyn Error + 'static)) -> Option<&'e Trap>;

/// The causes of a [`Trap`].
#[derive(Debug)]
pub enum TrapCause {
    /// A rule of the Canonical ABI was broken.
    Abi(canonical_abi::Trap),
    /// A core instruction trapped.
    Core(jit::TrapKind),
    /// A host function returned an error.
    Host(HostError),
    /// A limit of the store was reached.
    Limit(LimitExceeded),
    /// A component counted its backpressure beyond what the Canonical ABI allows.
    Backpressure,
    /// A rule about asynchronous calls was broken.
    Task(TaskFault),
    /// The component called something that is not supported yet.
    Unsupported(String),
    /// A host function returned a value that is not of its type.
    HostResult(String),
    /// An instance was to be entered, or returned into, which an earlier trap had put out of use.
    Poisoned {
        /// What the earlier trap was.
        by: Arc<str>,
        /// Whether a call that the instance made was about to return into it.
        is_return: bool,
    },
}

/// How a component can break the rules of asynchronous calls (CanonicalABI.md,
/// "`canon task.return`" and "`canon lift`").
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TaskFault {
    /// `task.return` was called where no asynchronously lifted function is.
    NotAsync,
    /// `task.return` has another result type, string encoding or memory than the function.
    ReturnMismatch,
    /// `task.return` was called a second time.
    ReturnedTwice,
    /// The function ended without a call of `task.return`.
    NotReturned,
    /// The function or its callback returned a code that means nothing.
    CallbackCode {
        /// The code: the low four bits of what was returned.
        code: u32,
    },
}

impl Trap {
    /// Returns what caused the trap.
    ///
    /// If a host function failed because a guest that it called had trapped, and its error says so
    /// ([`Error::source`]), that is the cause.
    pub fn cause(&self) -> &TrapCause {
        self.carried().map_or(&self.inner.cause, Self::cause)
    }

    /// Returns the trap that the error of a host function was caused by, if there is one.
    fn carried(&self) -> Option<&Self> {
        let (TrapCause::Host(error), Some(find)) = (&self.inner.cause, self.inner.find) else { return None };
        find(error.as_ref())
    }

    /// Returns whether the guest asked for something that is not supported yet: not its fault.
    pub fn is_unsupported(&self) -> bool {
        matches!(
            self.cause(),
            TrapCause::Unsupported(_) | TrapCause::Abi(canonical_abi::Trap::Unsupported { .. })
        )
    }

    /// Returns the WebAssembly frames, innermost first, across all components. Of a long backtrace
    /// those in the middle are left out.
    pub fn frames(&self) -> &[Frame] {
        &self.inner.frames
    }

    /// Returns how many frames were left out.
    pub fn n_omitted_frames(&self) -> usize {
        self.inner.gaps.iter().map(|gap| gap.n_frames).sum()
    }

    /// Returns the error of a host function if it is the cause and of type `E`.
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        self.host_error().and_then(|error| error.downcast_ref())
    }

    fn host_error(&self) -> Option<&HostError> {
        if let TrapCause::Host(error) = &self.inner.cause { Some(error) } else { None }
    }

    /// Words a trap of the Canonical ABI like one between two components, without a host value
    /// between them. Traps that came through core frames happened elsewhere.
    pub(crate) fn between_components(self) -> Self {
        if !self.inner.frames.is_empty() {
            self
        } else if let TrapCause::Abi(trap) = self.inner.cause {
            trap.between_components().into()
        } else {
            self
        }
    }

    /// Returns the trap for an error of a host function, which `host_func` names. A trap that the
    /// function passes on stays as it is.
    #[cold]
    pub(crate) fn from_host(error: HostError, find: FindTrap, host_func: Option<String>) -> Self {
        match error.downcast::<Self>() {
            Ok(trap) => *trap,
            Err(error) => {
                let mut trap = Self::from(TrapCause::Host(error)).in_host_func(host_func);
                trap.inner.find = Some(find);
                if let Some(Inner { frames, gaps, stores, .. }) = trap.carried().map(|trap| &*trap.inner) {
                    let (frames, gaps, stores) = (frames.clone(), gaps.clone(), stores.clone());
                    (trap.inner.frames, trap.inner.gaps, trap.inner.stores) = (frames, gaps, stores);
                }
                trap
            }
        }
    }

    /// Notes which host function failed, unless the cause says so itself: stubs do.
    #[must_use]
    pub(crate) fn in_host_func(mut self, name: Option<String>) -> Self {
        let cause = self.inner.cause.to_string();
        let own_name = |path: &String| path.rsplit(' ').next().is_some_and(|name| cause.contains(name));
        self.inner.host_func = name.filter(|path| !own_name(path));
        self
    }

    /// Returns the trap that a core function of a store ended in: the one that a built-in raised
    /// within, if one did, with the frames of the store.
    #[cold]
    pub(crate) fn of_core(trap: jit::Trap, store: u64) -> Self {
        let backtrace = trap.backtrace().clone();
        let kind = trap.into_kind();
        let mut trap = if let jit::TrapKind::Host(error) = kind {
            Self::from_host(error, |_| None, None)
        } else {
            TrapCause::Core(kind).into()
        };
        let inner = &mut *trap.inner;
        if !inner.stores.contains(&store) {
            inner.stores.push(store);
            if backtrace.n_omitted() > 0 {
                let at = inner.frames.len() + backtrace.n_innermost();
                inner.gaps.push(Gap { at, n_frames: backtrace.n_omitted() });
            }
            inner.frames.extend_from_slice(backtrace.frames());
        }
        trap
    }

    /// Returns what the trap is, for those whom it has put out of use: without frames.
    pub(crate) fn reason(&self) -> Arc<str> {
        match self.cause() {
            TrapCause::Poisoned { by, .. } => Arc::clone(by),
            cause @ (TrapCause::Abi(_)
            | TrapCause::Core(_)
            | TrapCause::Host(_)
            | TrapCause::Limit(_)
            | TrapCause::Backpressure
            | TrapCause::Task(_)
            | TrapCause::Unsupported(_)
            | TrapCause::HostResult(_)) => {
                let text = cause.to_string();
                Arc::from(text.strip_prefix("wasm trap: ").unwrap_or(&text))
            }
        }
    }
}

impl Inner {
    fn new(cause: TrapCause) -> Self {
        Self { cause, host_func: None, find: None, frames: Vec::new(), gaps: Vec::new(), stores: Vec::new() }
    }
}

impl From<TrapCause> for Trap {
    #[cold]
    fn from(cause: TrapCause) -> Self {
        Self { inner: Box::new(Inner::new(cause)) }
    }
}

impl From<canonical_abi::Trap> for Trap {
    #[cold]
    fn from(trap: canonical_abi::Trap) -> Self {
        TrapCause::Abi(trap).into()
    }
}

impl From<LimitExceeded> for Trap {
    #[cold]
    fn from(limit: LimitExceeded) -> Self {
        TrapCause::Limit(limit).into()
    }
}

impl fmt::Display for TrapCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Abi(trap) => write!(f, "wasm trap: {trap}"),
            Self::Core(kind) => write!(f, "wasm trap: {kind}"),
            Self::Host(error) => error.fmt(f),
            Self::Limit(limit) => write!(f, "wasm trap: {limit}"),
            Self::Backpressure => f.write_str("wasm trap: backpressure counter out of its range"),
            Self::Task(fault) => write!(f, "wasm trap: {fault}"),
            Self::Unsupported(what) => write!(f, "not supported yet: {what}"),
            Self::HostResult(message) => f.write_str(message),
            Self::Poisoned { by, is_return } => {
                let what = if *is_return { "return into" } else { "enter" };
                write!(f, "wasm trap: cannot {what} component instance: it trapped before ({by})")
            }
        }
    }
}

impl fmt::Display for TaskFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAsync => f.write_str("`task.return` outside of an asynchronously lifted function"),
            Self::ReturnMismatch => {
                f.write_str("`task.return` differs from its function in result type or options")
            }
            Self::ReturnedTwice => f.write_str("`task.return` called a second time"),
            Self::NotReturned => f.write_str("an asynchronous function ended without `task.return`"),
            Self::CallbackCode { code } => write!(f, "unsupported callback code {code}"),
        }
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { cause, host_func, frames, gaps, .. } = &*self.inner;
        write!(f, "{cause}")?;
        if let Some(name) = host_func {
            write!(f, "\n       in {name}")?;
        }
        let (mut gaps, mut n_omitted) = (gaps.iter(), 0);
        let mut gap = gaps.next();
        for (i, frame) in frames.iter().enumerate() {
            while let Some(Gap { n_frames, .. }) = gap.filter(|gap| gap.at == i) {
                write!(f, "\n       … {n_frames} frames are left out …")?;
                n_omitted += n_frames;
                gap = gaps.next();
            }
            write!(f, "\n{:>5}: {frame}", i + n_omitted)?;
        }
        Ok(())
    }
}

impl Error for Trap {
    /// Returns what a host function's error was caused by. The error itself is in the message.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.host_error().and_then(|error| error.source())
    }
}
