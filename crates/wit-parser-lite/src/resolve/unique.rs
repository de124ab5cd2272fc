//! The names of a scope, which must be strongly unique (Explainer.md, "Name Uniqueness").
//!
//! Names are compared as written. The canonical form of that section is not built.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::ast::Id;
use crate::error::{Error, ErrorKind};
use crate::faults::FaultList;
use crate::span::Span;

/// A name of a type, function, import or export. Order and equality are those of canonical forms.
#[derive(Clone, Debug)]
pub(crate) enum Name<'a> {
    /// In its parts: annotations such as `[method]`, the resource (empty for none) and the label.
    Parts { annotations: &'static str, resource: &'a str, label: &'a str },
    /// A component-level name, such as `[method]blob.read` or `wasi:clocks/wall-clock@0.2.0`.
    Text(String),
}

/// The parts of a name that are compared, without hyphens and case.
struct Canonical<'n> {
    annotation: &'static str,
    resource: &'n str,
    label: &'n str,
}

impl<'a> Name<'a> {
    /// Returns a name without annotations.
    pub(crate) fn label(label: &'a str) -> Self {
        Self::Parts { annotations: "", resource: "", label }
    }

    /// Returns the component-level name.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Parts { annotations, resource: "", label } => [annotations, *label].concat(),
            Self::Parts { annotations, resource, label } => [annotations, resource, ".", label].concat(),
        }
    }

    /// Returns the form in which two names of a scope must differ.
    ///
    /// Annotations other than `[constructor]` and `[set]` don't count, and `[method]r.r` counts as
    /// `r`.
    fn canonical(&self) -> Canonical<'_> {
        let (annotations, resource, label) = match self {
            Self::Parts { annotations, resource, label } => (*annotations, *resource, *label),
            Self::Text(text) => {
                let (annotations, bare) = text.rsplit_once(']').unwrap_or(("", text));
                let (resource, label) = bare.split_once('.').unwrap_or(("", bare));
                (annotations, resource, label)
            }
        };
        if annotations.is_empty() && resource.is_empty() {
            return Canonical { annotation: "", resource, label };
        }
        if !resource.is_empty() && folded(resource).eq(folded(label)) {
            return Canonical { annotation: "", resource: "", label };
        }
        let counts = ["[constructor", "[set"].into_iter().find(|counts| annotations.contains(counts));
        Canonical { annotation: counts.unwrap_or(""), resource, label }
    }

    /// Returns a hash of the canonical form.
    fn digest(&self) -> u64 {
        let Canonical { annotation, resource, label } = self.canonical();
        let bytes = folded(label).chain(folded(resource));
        let start = u64::try_from(annotation.len()).expect("an annotation is short");
        // FNV-1a.
        bytes.fold(0xcbf2_9ce4_8422_2325 ^ start, |digest, byte| {
            (digest ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        })
    }
}

/// Returns the letters and digits by which a name is compared.
fn folded(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().filter(|byte| *byte != b'-').map(|byte| byte.to_ascii_lowercase())
}

impl Ord for Name<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let (a, b) = (self.canonical(), other.canonical());
        let annotations = a.annotation.cmp(b.annotation);
        let resources = annotations.then_with(|| folded(a.resource).cmp(folded(b.resource)));
        resources.then_with(|| folded(a.label).cmp(folded(b.label)))
    }
}

impl PartialOrd for Name<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Name<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Name<'_> {}

/// The names of a scope so far, with their spans.
///
/// They are ordered by a hash first, so that lookups hardly ever compare letters.
#[derive(Default)]
pub(super) struct UniqueNames<'a> {
    names: BTreeMap<(u64, Name<'a>), Span>,
}

impl<'a> UniqueNames<'a> {
    /// Adds `name`, and returns whether it was unused. `what` is the kind of item that has names in
    /// this scope.
    pub(super) fn add(&mut self, errors: &mut FaultList, what: &str, name: Name<'a>, span: Span) -> bool {
        let key = (name.digest(), name);
        if let Some(((_, other), other_span)) = self.names.get_key_value(&key) {
            errors.push(not_unique(what, (&key.1, span), (other, *other_span)));
            return false;
        }
        self.names.insert(key, span);
        true
    }
}

/// Checks the names of the fields, cases, flags or parameters of a definition; `what` is which.
pub(super) fn check_unique<'a>(
    errors: &mut FaultList,
    what: &str,
    ids: impl Iterator<Item = Id<'a>> + Clone,
) {
    /// For up to this many names, comparing all pairs is faster than a set.
    const MAX_PAIRWISE: usize = 8;
    if ids.clone().count() > MAX_PAIRWISE {
        let mut unique = UniqueNames::default();
        ids.for_each(|id| _ = unique.add(errors, what, Name::label(id.name), id.span));
        return;
    }
    for (index, id) in ids.clone().enumerate() {
        let is_same = |other: &Id<'_>| folded(other.name).eq(folded(id.name));
        if let Some(other) = ids.clone().take(index).find(is_same) {
            let (name, other_name) = (Name::label(id.name), Name::label(other.name));
            errors.push(not_unique(what, (&name, id.span), (&other_name, other.span)));
        }
    }
}

#[cold]
fn not_unique(what: &str, (name, span): (&Name<'_>, Span), (other, other_span): (&Name<'_>, Span)) -> Error {
    let names_resource = name.canonical().resource.is_empty();
    let (name, other) = (name.text(), other.text());
    let message = if other == name {
        format!("{what} `{name}` is defined twice")
    } else {
        format!("{what} `{name}` is too similar to `{other}`")
    };
    let error =
        Error::new(ErrorKind::Duplicate, span, message).note("the other definition is here", other_span);
    if name.contains('.') && names_resource {
        return error.remark("a function cannot be named like the resource it belongs to");
    }
    if other == name {
        return error;
    }
    let annotations = if name.contains('[') || other.contains('[') { ", annotations" } else { "" };
    error.remark(format!("names must differ in more than case{annotations} and hyphens"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_names() {
        let is_same = |a: &str, b: &str| Name::Text(a.to_owned()) == Name::Text(b.to_owned());
        // The conflicts that the section lists.
        for (a, b) in [
            ("foo", "FOO"),
            ("foo", "[method]foo.foo"),
            ("foo", "[get]foo"),
            ("foo", "[method][get]foo.foo"),
            ("foo", "[static][set]foo.FOO"),
            ("foo-bar", "foob-ar"),
            ("foo-bar", "[static]foo-BAR.FOO-bar"),
            ("[constructor]foo", "[constructor]FOO"),
            ("[method]foo.bar", "[static]foo.bar"),
            ("foo:bar/baz", "foo:bar/BAZ"),
            ("[get]prop", "prop"),
            ("[set]prop", "[set]PROP"),
            ("[method][get]foo.prop", "[static]foo.PROP"),
            ("[method][set]foo.prop", "[static][set]foo.prop"),
        ] {
            assert!(is_same(a, b), "{a} and {b}");
        }
        for (a, b) in [
            ("foo", "[constructor]foo"),
            ("foo", "[method]foo.bar"),
            ("[get]prop", "[set]prop"),
            ("[method][get]foo.prop", "[method]foo.get-prop"),
        ] {
            assert!(!is_same(a, b), "{a} and {b}");
        }
    }

    #[test]
    fn parts_are_the_text() {
        for (annotations, resource, label) in
            [("", "", "f"), ("[get]", "", "f"), ("[method][set]", "r", "f"), ("[constructor]", "", "r")]
        {
            let parts = Name::Parts { annotations, resource, label };
            assert_eq!(parts, Name::Text(parts.text()));
        }
    }
}
