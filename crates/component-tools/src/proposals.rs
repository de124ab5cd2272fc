//! The WebAssembly proposals that binaries may use. One set holds for all jobs of this crate, so
//! that none writes what another refuses. `wit-parser-lite` states which are on by default.

use std::fmt;
use std::str::FromStr;

use wasmparser::{Validator, WasmFeatures};
use wit_parser_lite::wasm::default_features;

/// A set of proposals, with those that are on by default.
///
/// Read from a list of names such as `cm-error-context,custom-page-sizes`, or `all`. The part `cm-`
/// may be left out.
///
/// ```
/// use component_tools::{BinaryKind, Proposals, validate, validate_with};
///
/// let bytes = wat::parse_str("(module (memory 0 (pagesize 1)))")?;
/// assert_eq!(validate(&bytes).unwrap_err().proposals(), ["custom-page-sizes"]);
/// let proposals: Proposals = "custom-page-sizes".parse()?;
/// assert_eq!(validate_with(&bytes, proposals), Ok(BinaryKind::Module));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Proposals {
    features: WasmFeatures,
}

/// There is no proposal of this name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UnknownProposal {
    name: String,
}

impl Default for Proposals {
    fn default() -> Self {
        Self { features: default_features() }
    }
}

impl Proposals {
    /// Returns the set of all proposals.
    pub fn all() -> Self {
        Self { features: WasmFeatures::all() }
    }

    /// Returns the features of a validator that stand for the set.
    pub fn features(self) -> WasmFeatures {
        self.features
    }

    /// Returns those of the set that decide what WIT may say.
    pub fn of_wit(self) -> wit_parser_lite::Proposals {
        wit_parser_lite::Proposals::of_features(self.features)
    }

    /// Returns the names of the proposals that are off by default.
    pub fn optional() -> Vec<String> {
        names(WasmFeatures::all() - default_features())
    }

    /// Returns the fewest proposals, beside those of the set, with which a component or a core
    /// module is valid. There are none if it is valid as it is, or with no proposal.
    pub fn missing(self, bytes: &[u8]) -> Vec<String> {
        let is_valid = |features| Validator::new_with_features(features).validate_all(bytes).is_ok();
        let mut missing = WasmFeatures::all() - self.features;
        if is_valid(self.features) || !is_valid(self.features | missing) {
            return Vec::new();
        }
        for (_, feature) in missing.iter_names() {
            if is_valid(self.features | (missing - feature)) {
                missing -= feature;
            }
        }
        names(missing)
    }
}

impl FromStr for Proposals {
    type Err = UnknownProposal;

    fn from_str(list: &str) -> Result<Self, UnknownProposal> {
        let mut proposals = Self::default();
        for name in list.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let all = WasmFeatures::all();
            let flag = |name: &str| name.replace('-', "_").to_uppercase();
            let is_it = |known: &str| known == flag(name) || known.strip_prefix("CM_") == Some(&flag(name));
            let known = all.iter_names().find(|(known, _)| is_it(known)).map(|(_, feature)| feature);
            let known = if name == "all" { Some(all) } else { known };
            let unknown = || UnknownProposal { name: name.to_owned() };
            proposals.features |= known.ok_or_else(unknown)?;
        }
        Ok(proposals)
    }
}

fn names(features: WasmFeatures) -> Vec<String> {
    features.iter_names().map(|(name, _)| name.replace('_', "-").to_lowercase()).collect()
}

impl fmt::Display for UnknownProposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Proposals::optional().join(", ");
        write!(f, "no proposal is named `{}`; those that are off by default are {names}", self.name)
    }
}

impl std::error::Error for UnknownProposal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_names() {
        let parse = |list: &str| list.parse::<Proposals>().map(|set| set.features - default_features());
        assert_eq!(parse(""), Ok(WasmFeatures::empty()));
        assert_eq!(parse("cm-error-context"), Ok(WasmFeatures::CM_ERROR_CONTEXT));
        let two = WasmFeatures::CM_ERROR_CONTEXT | WasmFeatures::CUSTOM_PAGE_SIZES;
        assert_eq!(parse("error-context, custom-page-sizes"), Ok(two));
        assert_eq!(parse("simd"), Ok(WasmFeatures::empty()));
        assert_eq!(parse("all"), Ok(WasmFeatures::all() - default_features()));
        let message = "nosuch".parse::<Proposals>().unwrap_err().to_string();
        assert!(message.starts_with("no proposal is named `nosuch`; those that are off"), "{message}");
    }

    #[test]
    fn only_what_is_needed_is_missing() {
        let check = |text: &str, expected: &[&str]| {
            let bytes = wat::parse_str(text).unwrap();
            assert_eq!(Proposals::default().missing(&bytes), expected, "{text}");
        };
        check("(module)", &[]);
        check("(module (func unreachable i32.add))", &[]);
        check("(module (memory 0 (pagesize 1)))", &["custom-page-sizes"]);
        check(r#"(component (import "a:b:c/d" (instance)))"#, &["cm-nested-names"]);
        check(
            r#"(component
                (import "a:b:c/d" (instance))
                (import "f" (func (param "e" error-context))))"#,
            &["cm-nested-names", "cm-error-context"],
        );
    }
}
