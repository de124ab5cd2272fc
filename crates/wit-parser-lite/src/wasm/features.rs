//! What validation of binaries admits, and the proposals of WIT among it.

use wasmparser::WasmFeatures;

use crate::proposals::{Proposal, Proposals};

/// Returns the features of WebAssembly that are on unless others are asked for. `jit` has the same
/// set, so that what is validated here runs there.
pub fn default_features() -> WasmFeatures {
    WasmFeatures::default()
        | WasmFeatures::CM_MORE_ASYNC_BUILTINS
        | WasmFeatures::CM_THREADING
        | WasmFeatures::CM_ASYNC_STACKFUL
        | WasmFeatures::CM_FIXED_LENGTH_LISTS
        | WasmFeatures::CM_FORWARD
}

impl Proposal {
    /// Returns the flag of a validator.
    pub fn feature(self) -> WasmFeatures {
        match self {
            Self::NestedNames => WasmFeatures::CM_NESTED_NAMES,
            Self::ErrorContext => WasmFeatures::CM_ERROR_CONTEXT,
            Self::Accessors => WasmFeatures::CM_ACCESSORS,
        }
    }
}

impl Proposals {
    /// Returns the proposals of WIT among the features of a validator.
    pub fn of_features(features: WasmFeatures) -> Self {
        Proposal::ALL.into_iter().filter(|proposal| features.contains(proposal.feature())).collect()
    }

    /// Returns the features with which what is written with these proposals validates.
    pub fn features(self) -> WasmFeatures {
        let on = Proposal::ALL.into_iter().filter(|proposal| self.contains(*proposal));
        on.fold(default_features(), |features, proposal| features | proposal.feature())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proposals_and_features_agree() {
        assert_eq!(Proposals::of_features(default_features()), Proposals::default());
        assert_eq!(Proposals::of_features(WasmFeatures::all()), Proposals::all());
        for proposal in Proposal::ALL {
            let set: Proposals = [proposal].into_iter().collect();
            assert_eq!(Proposals::of_features(set.features()), set);
            let name = proposal.name().replace('-', "_").to_uppercase();
            assert_eq!(proposal.feature().iter_names().next().map(|(name, _)| name), Some(name.as_str()));
        }
    }
}
