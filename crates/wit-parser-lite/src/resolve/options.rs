//! The options of a run.

use crate::gate::Features;
use crate::proposals::Proposals;

/// The options of a run.
///
/// ```
/// use wit_parser_lite::{Features, Options, Proposals};
///
/// let options = Options::default().features(Features::All).proposals(Proposals::all());
/// assert!(!options.unify_versions);
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Options {
    /// The features whose gated items are included.
    pub features: Features,
    /// The proposals whose parts of WIT are accepted.
    pub proposals: Proposals,
    /// Whether compatible versions of a package, by semantic versioning, are unified: imports and
    /// uses of `wasi:io@0.2.10` refer to `wasi:io@0.2.12` if that is given too. Exports, and
    /// imports under a plain name, keep their version. It is an error if the newer version lacks
    /// something of the older one.
    pub unify_versions: bool,
}

impl Options {
    /// Sets the features whose gated items are included.
    #[must_use]
    pub fn features(mut self, features: Features) -> Self {
        self.features = features;
        self
    }

    /// Sets the proposals whose parts of WIT are accepted.
    #[must_use]
    pub fn proposals(mut self, proposals: Proposals) -> Self {
        self.proposals = proposals;
        self
    }

    /// Sets whether compatible versions of a package are unified.
    #[must_use]
    pub fn unify_versions(mut self, unify_versions: bool) -> Self {
        self.unify_versions = unify_versions;
        self
    }
}
