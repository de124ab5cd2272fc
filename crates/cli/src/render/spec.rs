//! The sections of the specification to which explanations link.

use super::escape;

const CANONICAL_ABI: &str =
    "https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md";

/// A section of CanonicalABI.md.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Section {
    Alignment,
    ElementSize,
    Loading,
    Storing,
    Flattening,
    FlatLifting,
    FlatLowering,
    LiftingAndLoweringValues,
    CanonLift,
    CanonLower,
    Options,
    Despecialization,
}

impl Section {
    fn title(self) -> &'static str {
        match self {
            Self::Alignment => "Alignment",
            Self::ElementSize => "Element Size",
            Self::Loading => "Loading",
            Self::Storing => "Storing",
            Self::Flattening => "Flattening",
            Self::FlatLifting => "Flat Lifting",
            Self::FlatLowering => "Flat Lowering",
            Self::LiftingAndLoweringValues => "Lifting and Lowering Values",
            Self::Options => "Canonical ABI Options",
            Self::CanonLift => "canon lift",
            Self::CanonLower => "canon lower",
            Self::Despecialization => "Despecialization",
        }
    }

    /// Returns the address. Anchors are headings in lower case, with hyphens for spaces.
    pub(super) fn address(self) -> String {
        format!("{CANONICAL_ABI}#{}", self.title().to_lowercase().replace(' ', "-"))
    }

    /// Returns a link to the section.
    pub(super) fn link(self) -> String {
        format!("<a href=\"{}\">{}</a>", self.address(), self.title())
    }
}

/// Returns links to several sections, as a sentence of a page.
pub(super) fn links(sections: &[Section]) -> String {
    let links: Vec<_> = sections.iter().map(|section| section.link()).collect();
    format!("<p class=\"spec\">In the specification: {}</p>\n", links.join(", "))
}

/// Returns the name of one of the spec's functions, linked to its definition.
pub(super) fn function_link(function: &str) -> String {
    let section = if function.ends_with("_flat_values") {
        Section::LiftingAndLoweringValues
    } else if function.starts_with("lift_flat") {
        Section::FlatLifting
    } else if function.starts_with("lower_flat") {
        Section::FlatLowering
    } else if function.starts_with("store_")
        || ["lower_own", "lower_borrow", "char_to_i32"].contains(&function)
        || function.starts_with("maybe_scramble")
    {
        Section::Storing
    } else if function == "realloc" {
        Section::Options
    } else {
        Section::Loading
    };
    format!("<a class=\"fn\" href=\"{}\">{}</a>", section.address(), escape(function))
}
