//! Names of Rust and of WIT.

use heck::{ToKebabCase, ToShoutySnakeCase, ToSnakeCase, ToUpperCamelCase};
use proc_macro2::{Ident, Span};

/// Words that need `r#` to be names.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait",
    "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Words that can't be names of anything else even with `r#`.
const RESERVED: &[&str] = &["self", "super", "crate"];

/// Returns the WIT label of a Rust name: `EchoBool`, `echo_bool` and `ECHO_BOOL` are `echo-bool`.
pub(crate) fn label(name: &Ident) -> String {
    let name = name.to_string();
    name.strip_prefix("r#").unwrap_or(&name).to_kebab_case()
}

/// Returns the name of a function, field, parameter or module.
pub(crate) fn snake(label: &str) -> Ident {
    ident(&label.to_snake_case())
}

/// Returns the name of a type or a case.
pub(crate) fn camel(label: &str) -> Ident {
    ident(&label.to_upper_camel_case())
}

/// Returns the name of a constant.
pub(crate) fn shouty(label: &str) -> Ident {
    ident(&label.to_shouty_snake_case())
}

/// Returns a name after some words, `call_` for instance.
pub(crate) fn prefixed(prefix: &str, label: &str) -> Ident {
    Ident::new(&format!("{prefix}{}", label.to_snake_case()), Span::call_site())
}

fn ident(name: &str) -> Ident {
    if RESERVED.contains(&name) || name == "Self" {
        Ident::new(&format!("{name}_"), Span::call_site())
    } else if KEYWORDS.contains(&name) {
        Ident::new_raw(name, Span::call_site())
    } else {
        Ident::new(name, Span::call_site())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_language_are_those_of_the_other() {
        fn check(label: &str, expected: [&str; 3]) {
            assert_eq!([snake(label), camel(label), shouty(label)].map(|name| name.to_string()), expected);
        }
        check("echo-bool", ["echo_bool", "EchoBool", "ECHO_BOOL"]);
        check("type", ["r#type", "Type", "TYPE"]);
        check("self", ["self_", "Self_", "SELF"]);
        check("a-HTTP-b2", ["a_http_b2", "AHttpB2", "A_HTTP_B2"]);
        let back = ["EchoBool", "echo_bool", "ECHO_BOOL"].map(|name| label(&ident(name)));
        assert_eq!(back, ["echo-bool"; 3]);
        assert_eq!(label(&Ident::new_raw("type", Span::call_site())), "type");
    }
}
