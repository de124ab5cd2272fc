//! What the specification leaves to the host, as choices of one policy.
//!
//! CanonicalABI.md says `random.choice` and `random.randint` where a host may do one or the other.
//! Each of these places asks the store's [`Policy`], so that a run can be repeated ([`Seeded`]),
//! follow the deterministic profile ([`Deterministic`]), or be one of all runs there are
//! ([`Script`]).

use alloc::vec::Vec;

/// What is chosen among several things.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Choice {
    /// Which ready thread of the store runs next (`Store.tick`).
    Tick,
    /// Which ready thread of its instance runs while a synchronous call waits (`canon_lift`).
    SyncCall,
    /// Which ready thread of its instance may see to a cancellation (`Task.request_cancellation`).
    Cancellation,
    /// Which member of a waitable set delivers its event (`WaitableSet.get_pending_event`).
    Event,
}

/// What is done or left.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Flip {
    /// A thread goes on at once where it need not wait (`Thread.wait_until`). It does not in the
    /// deterministic profile.
    GoOn,
    /// After one thread, another may see to a cancellation (`Task.request_cancellation`). It does
    /// not in the deterministic profile.
    GoOnCancelling,
    /// A copy with the host is cancelled at once (`End.cancel`). It is in the deterministic
    /// profile.
    CancelAtOnce,
    /// An error context keeps its message (`canon_error_context_new`). It does not in the
    /// deterministic profile.
    KeepMessage,
}

/// Who makes the choices.
pub trait Policy {
    /// Returns a number below `n`, which is at least 1. The things are in the order in which they
    /// began to wait.
    fn choose(&mut self, what: Choice, n: usize) -> usize;

    /// Returns whether it is done.
    fn flip(&mut self, what: Flip) -> bool;
}

impl<P: Policy> Policy for &mut P {
    fn choose(&mut self, what: Choice, n: usize) -> usize {
        (**self).choose(what, n)
    }

    fn flip(&mut self, what: Flip) -> bool {
        (**self).flip(what)
    }
}

/// The deterministic profile: first come, first served.
#[derive(Clone, Copy, Debug, Default)]
pub struct Deterministic;

impl Policy for Deterministic {
    fn choose(&mut self, _: Choice, _: usize) -> usize {
        0
    }

    fn flip(&mut self, what: Flip) -> bool {
        match what {
            Flip::CancelAtOnce => true,
            Flip::GoOn | Flip::GoOnCancelling | Flip::KeepMessage => false,
        }
    }
}

/// Choices that look random and are the same for the same seed.
#[derive(Clone, Copy, Debug)]
pub struct Seeded {
    state: u64,
}

impl Seeded {
    /// Returns the policy of a seed.
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next number of SplitMix64.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl Policy for Seeded {
    fn choose(&mut self, _: Choice, n: usize) -> usize {
        let n = n as u64;
        usize::try_from(self.next() % n).expect("less than a usize")
    }

    fn flip(&mut self, _: Flip) -> bool {
        self.next() & 1 == 1
    }
}

/// Choices that are written down: one run out of all that there are.
///
/// [`next_run`](Self::next_run) goes on to another, until each has been taken.
///
/// ```
/// use component_async::policy::{Choice, Flip, Policy, Script};
///
/// let mut script = Script::default();
/// let mut runs = vec![];
/// loop {
///     runs.push((script.choose(Choice::Tick, 2), script.flip(Flip::GoOn)));
///     if !script.next_run() {
///         break;
///     }
/// }
/// assert_eq!(runs, [(0, false), (0, true), (1, false), (1, true)]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// Each choice with the number of things there were.
    choices: Vec<(usize, usize)>,
    /// How many of them this run has made.
    position: usize,
}

impl Script {
    /// Goes back to the start with the next choices in order, and returns whether there are any.
    pub fn next_run(&mut self) -> bool {
        self.choices.truncate(self.position);
        self.position = 0;
        while let Some((chosen, n)) = self.choices.pop() {
            if chosen + 1 < n {
                self.choices.push((chosen + 1, n));
                return true;
            }
        }
        false
    }

    fn pick(&mut self, n: usize) -> usize {
        if n == 1 {
            return 0;
        }
        if self.position == self.choices.len() {
            self.choices.push((0, n));
        }
        let (chosen, of) = self.choices[self.position];
        assert_eq!(of, n, "a run repeats itself up to its last choice");
        self.position += 1;
        chosen
    }
}

impl Policy for Script {
    fn choose(&mut self, _: Choice, n: usize) -> usize {
        self.pick(n)
    }

    fn flip(&mut self, _: Flip) -> bool {
        self.pick(2) == 1
    }
}
