//! Names of Rust and of WIT.

use heck::ToKebabCase;
use proc_macro2::Ident;

/// Returns the WIT label of a Rust name: `EchoBool`, `echo_bool` and `ECHO_BOOL` are `echo-bool`.
pub(crate) fn label(name: &Ident) -> String {
    let name = name.to_string();
    name.strip_prefix("r#").unwrap_or(&name).to_kebab_case()
}

#[cfg(test)]
mod tests {
    use proc_macro2::Span;

    use super::*;

    #[test]
    fn labels_are_in_kebab_case() {
        let labels =
            ["EchoBool", "echo_bool", "ECHO_BOOL"].map(|name| label(&Ident::new(name, Span::call_site())));
        assert_eq!(labels, ["echo-bool"; 3]);
        assert_eq!(label(&Ident::new_raw("type", Span::call_site())), "type");
    }
}
