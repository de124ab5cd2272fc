//! Names of imports and exports. Follows Explainer.md, "Import and Export Definitions"
//! (`externname`: `plainname`, `interfacename`, `label`).

use super::error::DecodeError;
use crate::arena::{Accessor, MethodKind};
use crate::name::label_fault;

/// A part of a component that has no form in WIT.
pub(super) struct NoForm {
    /// The item's name.
    name: String,
    /// What it is, or which of its properties has no form.
    pub(super) why: String,
}

impl NoForm {
    #[cold]
    pub(super) fn new(name: &str, why: impl Into<String>) -> Self {
        Self { name: name.to_owned(), why: why.into() }
    }

    /// Returns the reason in one line, with the name of the item, which may have any characters.
    pub(super) fn message(&self) -> String {
        format!("`{}` has no form in WIT: {}", self.name.escape_debug(), self.why)
    }
}

/// A `plainname`, the name of a function, in parts.
pub(super) struct PlainName<'n> {
    /// For a function of a resource: its kind, and the name of the resource.
    pub(super) method: Option<(MethodKind, &'n str)>,
    pub(super) accessor: Option<Accessor>,
    pub(super) label: &'n str,
}

/// Splits a `plainname`.
pub(super) fn plainname(name: &str) -> Result<PlainName<'_>, NoForm> {
    let (kind, rest) = if let Some(resource) = name.strip_prefix("[constructor]") {
        let method = Some((MethodKind::Constructor, label(resource)?));
        return Ok(PlainName { method, accessor: None, label: "constructor" });
    } else if let Some(rest) = name.strip_prefix("[method]") {
        (Some(MethodKind::Method), rest)
    } else if let Some(rest) = name.strip_prefix("[static]") {
        (Some(MethodKind::Static), rest)
    } else {
        (None, name)
    };
    let (accessor, rest) = if let Some(rest) = rest.strip_prefix("[get]") {
        (Some(Accessor::Get), rest)
    } else if let Some(rest) = rest.strip_prefix("[set]") {
        (Some(Accessor::Set), rest)
    } else {
        (None, rest)
    };
    match (kind, rest.split_once('.')) {
        (None, None) => Ok(PlainName { method: None, accessor, label: label(rest)? }),
        (Some(kind), Some((resource, function))) => {
            let method = Some((kind, label(resource)?));
            Ok(PlainName { method, accessor, label: label(function)? })
        }
        (None, Some(_)) | (Some(_), None) => Err(NoForm::new(name, "a function of this name")),
    }
}

/// Returns `name` if it is a `label`, the form of names in WIT.
pub(super) fn label(name: &str) -> Result<&str, NoForm> {
    match label_fault(name) {
        None => Ok(name),
        Some(_) => Err(NoForm::new(name, "an item of this name")),
    }
}

/// Splits an `interfacename` into package and name: `a:b/c@1.0.0` is `c` of `a:b@1.0.0`.
pub(super) fn interfacename(full: &str) -> Result<(String, &str), DecodeError> {
    let (name, version) = match full.split_once('@') {
        Some((name, version)) => (name, format!("@{version}")),
        None => (full, String::new()),
    };
    match name.rsplit_once('/') {
        Some((package, item)) if package.contains(':') && !package.contains(['<', '=']) => {
            Ok((format!("{package}{version}"), item))
        }
        _ => {
            let full = full.escape_debug();
            Err(DecodeError::new(format!("`{full}` is not the full name of an interface or world")))
        }
    }
}
