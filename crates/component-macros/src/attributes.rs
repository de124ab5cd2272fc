//! The attribute `#[component(...)]`.

use syn::{Attribute, LitStr, Result};

/// What stands in the `#[component(...)]` attributes of one item.
#[derive(Default)]
pub(crate) struct Attributes {
    /// `name = "..."`: the WIT label.
    pub(crate) name: Option<LitStr>,
    /// `variant`: a variant type, even if no case has a payload.
    pub(crate) is_variant: bool,
}

/// What an attribute stands on, which decides what it may say.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum AttributeTarget {
    Type,
    Label,
}

/// Reads the attributes of an item.
pub(crate) fn attributes(attributes: &[Attribute], target: AttributeTarget) -> Result<Attributes> {
    let mut read = Attributes::default();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("component")) {
        attribute.parse_nested_meta(|meta| {
            if target == AttributeTarget::Label && meta.path.is_ident("name") {
                let name: LitStr = meta.value()?.parse()?;
                check_label(&name)?;
                read.name = Some(name);
                Ok(())
            } else if target == AttributeTarget::Type && meta.path.is_ident("variant") {
                read.is_variant = true;
                Ok(())
            } else {
                Err(meta.error(match target {
                    AttributeTarget::Type => "expected `variant`",
                    AttributeTarget::Label => "expected `name = \"...\"`",
                }))
            }
        })?;
    }
    Ok(read)
}

/// Checks that a name is a WIT label: words of letters and digits, each in one case, joined by `-`.
fn check_label(name: &LitStr) -> Result<()> {
    let label = name.value();
    let is_word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_alphabetic())
            && word.chars().all(|c| c.is_ascii_alphanumeric())
            && !(word.contains(|c: char| c.is_ascii_uppercase())
                && word.contains(|c: char| c.is_ascii_lowercase()))
    };
    if label.split('-').all(is_word) {
        return Ok(());
    }
    Err(syn::Error::new(name.span(), format!("`{label}` is no label: words in one case, joined by `-`")))
}
