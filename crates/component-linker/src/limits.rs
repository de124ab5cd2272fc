//! The limits of this implementation on what components may ask for. None is of the spec: they keep a short binary
//! from taking the host's memory, time or stack.

/// The deepest nesting of instantiations, of instance types, and of instances within instances: all recurse.
pub(crate) const MAX_DEPTH: u32 = 100;

/// The most instantiations and instance types of one component. Nested components can multiply: a short binary can
/// ask for 2^100 instances.
pub(crate) const MAX_FRAMES: usize = 100_000;

/// The most bytes of definitions that are evaluated, each as often as its component is instantiated: 16 MiB. Core
/// modules do not count.
pub(crate) const MAX_EVALUATED_BYTES: u64 = 16 << 20;

/// The most steps of an instantiation.
pub(crate) const MAX_STEPS: usize = 500_000;

/// The most bytes to describe what a component imports and exports: 16 MiB. An instance is described as often as it
/// is exported.
pub(crate) const MAX_ITEM_BYTES: u64 = 16 << 20;

/// The most bytes of host memory that lifting may take each time: 1 GiB. Lists can share their bytes, so that a guest
/// of little memory could ask for any amount.
pub(crate) const MAX_LIFT_BYTES: u64 = 1 << 30;
