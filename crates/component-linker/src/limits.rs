//! The limits of this implementation on what components may ask for, and those that a host sets for
//! a store. None comes from the spec: they keep a short binary from taking the host's memory, time
//! or stack.

use std::fmt;

/// The deepest nesting of instantiations, of instance types, and of instances within instances: all
/// recurse.
pub(crate) const MAX_DEPTH: u32 = 100;

/// The most instantiations and instance types of one component. Nested components can multiply: a
/// short binary can ask for 2^100 instances.
pub(crate) const MAX_FRAMES: usize = 100_000;

/// The most bytes of definitions that are evaluated, each as often as its component is
/// instantiated: 16 MiB. Core modules do not count.
pub(crate) const MAX_EVALUATED_BYTES: u64 = 16 << 20;

/// The most steps of an instantiation.
pub(crate) const MAX_STEPS: usize = 500_000;

/// The most bytes to describe what a component imports and exports: 16 MiB. An instance is
/// described as often as it is exported.
pub(crate) const MAX_ITEM_BYTES: u64 = 16 << 20;

/// What the components of one store may take of the host. Each limit has its own error,
/// [`LimitExceeded`]; what single memories and tables may grow to is a matter of
/// [`Config`](crate::Config).
///
/// What costs memory is counted in bytes, before it is taken. Of the rest, counts keep a runaway
/// guest from what costs the host something else: handles of the system, time, stack.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoreLimits {
    /// The most instances of components and of core modules, together.
    pub max_instances: u64,
    /// The most memories that core modules define.
    pub max_memories: u64,
    /// The most tables that core modules define.
    pub max_tables: u64,
    /// The most handles, all instances together. A table keeps its room when handles are dropped,
    /// and that counts.
    pub max_handles: u64,
    /// The most calls into component instances that are in progress at once.
    pub max_call_depth: u64,
    /// The most bytes of the host's memory that the arguments or the result of one call may take.
    /// Lists can share their bytes, so that a guest of little memory could ask for any amount.
    pub max_lifted_bytes: u64,
    /// The most bytes of one string, as UTF-8.
    pub max_string_bytes: u64,
    /// The most bytes of all memories and tables together, by their present sizes. An element of a
    /// table has 8 bytes. Guests that grow beyond it are refused, as with any growth that is too
    /// large.
    pub max_size_bytes: u64,
    /// The most bytes of all else that instances take: their state, handle tables, globals,
    /// segments and images of initial data.
    pub max_instance_bytes: u64,
    /// The most bytes of exceptions.
    pub max_exception_bytes: u64,
}

/// The limits of [`StoreLimits`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LimitKind {
    /// [`StoreLimits::max_instances`]
    Instances,
    /// [`StoreLimits::max_memories`]
    Memories,
    /// [`StoreLimits::max_tables`]
    Tables,
    /// [`StoreLimits::max_handles`]
    Handles,
    /// [`StoreLimits::max_call_depth`]
    CallDepth,
    /// [`StoreLimits::max_lifted_bytes`]
    LiftedBytes,
    /// [`StoreLimits::max_string_bytes`]
    StringBytes,
    /// [`StoreLimits::max_size_bytes`]
    SizeBytes,
    /// [`StoreLimits::max_instance_bytes`]
    InstanceBytes,
}

/// A limit that a guest would have exceeded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct LimitExceeded {
    /// Which one.
    pub kind: LimitKind,
    /// Its value.
    pub max: u64,
}

impl Default for StoreLimits {
    /// Returns limits that only a runaway guest reaches: 100,000 instances, 10,000 memories and
    /// tables each, a million handles, calls 1,000 deep, 1 GiB of values, strings of 256 MiB, 4 GiB
    /// of memories and tables, 1 GiB of all else that instances take, and 64 MiB of exceptions.
    fn default() -> Self {
        Self {
            max_instances: 100_000,
            max_memories: 10_000,
            max_tables: 10_000,
            max_handles: 1 << 20,
            max_call_depth: 1_000,
            max_lifted_bytes: 1 << 30,
            max_string_bytes: 1 << 28,
            max_size_bytes: 4 << 30,
            max_instance_bytes: 1 << 30,
            max_exception_bytes: 64 << 20,
        }
    }
}

impl StoreLimits {
    /// Returns those that core instances are held to as they are made and grow.
    pub(crate) fn core(&self) -> jit::StoreLimits {
        jit::StoreLimits {
            size_bytes: Some(self.max_size_bytes),
            instance_bytes: Some(self.max_instance_bytes),
            exception_bytes: Some(self.max_exception_bytes),
            ..jit::StoreLimits::default()
        }
    }

    /// Returns the limit that a core store has refused to exceed.
    pub(crate) fn exceeded(&self, budget: jit::BudgetKind) -> LimitExceeded {
        match budget {
            jit::BudgetKind::Sizes => LimitExceeded { kind: LimitKind::SizeBytes, max: self.max_size_bytes },
            jit::BudgetKind::Instances => {
                LimitExceeded { kind: LimitKind::InstanceBytes, max: self.max_instance_bytes }
            }
        }
    }
}

impl LimitKind {
    /// Returns an error if `n` is more than the limit.
    #[inline]
    pub(crate) fn check(self, n: u64, max: u64) -> Result<(), LimitExceeded> {
        if n <= max { Ok(()) } else { Err(LimitExceeded { kind: self, max }) }
    }
}

impl fmt::Display for LimitExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let max = self.max;
        match self.kind {
            LimitKind::Instances => write!(f, "the store may not hold more than {max} instances"),
            LimitKind::Memories => write!(f, "the store may not hold more than {max} memories"),
            LimitKind::Tables => write!(f, "the store may not hold more than {max} tables"),
            LimitKind::Handles => write!(f, "the store may not hold more than {max} handles"),
            LimitKind::CallDepth => write!(f, "calls between instances are more than {max} deep"),
            LimitKind::LiftedBytes => write!(f, "the values of a call take more than {max} bytes"),
            LimitKind::StringBytes => write!(f, "a string takes more than {max} bytes"),
            LimitKind::SizeBytes => {
                write!(f, "the memories and tables of the store take more than {max} bytes")
            }
            LimitKind::InstanceBytes => write!(f, "the instances of the store take more than {max} bytes"),
        }
    }
}

impl std::error::Error for LimitExceeded {}
