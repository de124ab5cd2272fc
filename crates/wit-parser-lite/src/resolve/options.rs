//! The options of a run.

use crate::gate::Features;

/// The options of a run.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Options {
    /// The features whose gated items are included.
    pub features: Features,
    /// Whether compatible versions of a package, by semantic versioning, are unified: imports and
    /// uses of `wasi:io@0.2.10` refer to `wasi:io@0.2.12` if that is given too. Exports, and
    /// imports under a plain name, keep their version. It is an error if the newer version lacks
    /// something of the older one.
    pub unify_versions: bool,
}
