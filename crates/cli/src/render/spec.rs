//! The sections of the specification that an explanation points to.

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
    CanonLift,
    CanonLower,
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
            Self::CanonLift => "canon lift",
            Self::CanonLower => "canon lower",
            Self::Despecialization => "Despecialization",
        }
    }

    /// Returns the address. Headings become anchors in lower case, with hyphens for blanks.
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
