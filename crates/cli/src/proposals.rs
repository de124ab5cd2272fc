//! The WebAssembly proposals that the command accepts: `--proposals`.
//!
//! The choice holds for the whole process, and each verb asks for it here. So no verb writes what
//! another refuses.

use std::fmt;
use std::sync::OnceLock;

use component_linker::{Config, ResolvedComponent};
use component_tools::Proposals;

use crate::failure::Failure;

static CHOSEN: OnceLock<Proposals> = OnceLock::new();

/// Makes the choice. Later ones are without effect.
pub(crate) fn choose(proposals: Proposals) {
    let _ = CHOSEN.set(proposals);
}

/// Returns the choice, or the proposals that are on by default if there was none.
pub(crate) fn chosen() -> Proposals {
    CHOSEN.get().copied().unwrap_or_default()
}

/// Returns the configuration of an engine that accepts these proposals.
pub(crate) fn engine_config() -> Config {
    Config::new().features(chosen().features())
}

/// Validates, decodes and resolves a component.
///
/// # Errors
///
/// As for [`ResolvedComponent::new`].
pub(crate) fn resolve_component(file: &str, bytes: &[u8]) -> Result<ResolvedComponent, Failure> {
    ResolvedComponent::with_features(bytes, chosen().features()).map_err(|error| refused(file, bytes, error))
}

/// Returns the failure for a binary that was not accepted. If it would be with more proposals, the
/// failure says how to turn them on.
pub(crate) fn refused(file: &str, bytes: &[u8], error: impl fmt::Display) -> Failure {
    Failure::BadInput(format!("{file}: {error}{}", help(&chosen().missing(bytes))))
}

/// Returns a line that says how to turn on these proposals, to follow an error. It is empty if
/// there are none.
pub(crate) fn help(names: &[String]) -> String {
    match names {
        [] => String::new(),
        names => format!("\n  help: `--proposals {}` accepts it", names.join(",")),
    }
}
