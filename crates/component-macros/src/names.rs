//! Names of Rust and of WIT.

use std::collections::BTreeSet;

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
const RESERVED: &[&str] = &["self", "super", "crate", "Self"];

/// Returns the WIT label of a Rust name: `EchoBool`, `echo_bool` and `ECHO_BOOL` are `echo-bool`.
pub(crate) fn label(name: &Ident) -> String {
    plain(name).to_kebab_case()
}

/// Returns a name without `r#`.
pub(crate) fn plain(name: &Ident) -> String {
    let name = name.to_string();
    String::from(name.strip_prefix("r#").unwrap_or(&name))
}

/// Returns the words of a name of a function, field, parameter or module.
pub(crate) fn snake(label: &str) -> String {
    label.to_snake_case()
}

/// Returns the words of a name of a type or a case.
pub(crate) fn camel(label: &str) -> String {
    label.to_upper_camel_case()
}

/// Returns the name of a constant. Different labels have different names.
pub(crate) fn shouty(label: &str) -> Ident {
    ident(&label.to_shouty_snake_case())
}

/// The names of one scope of Rust, each given once.
///
/// Labels of WIT have no underscores, so that `name_` is the name of no other label. Different
/// labels may be one name: `a-1` and `a1` are both `A1`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// Returns a scope in which some names have a meaning already.
    pub(crate) fn with<'n>(taken: impl IntoIterator<Item = &'n str>) -> Self {
        Self { taken: taken.into_iter().map(String::from).collect() }
    }

    /// Returns the wanted name, followed by `_` if it is taken or can't be a name.
    pub(crate) fn give(&mut self, wanted: &str) -> Ident {
        let mut name = String::from(wanted);
        while RESERVED.contains(&name.as_str()) || !self.taken.insert(name.clone()) {
            name.push('_');
        }
        ident(&name)
    }
}

/// Returns a name that clashes with no other, such as that of a field.
pub(crate) fn ident(name: &str) -> Ident {
    if RESERVED.contains(&name) {
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
            let names = [ident(&snake(label)), ident(&camel(label)), shouty(label)];
            assert_eq!(names.map(|name| name.to_string()), expected);
        }
        check("echo-bool", ["echo_bool", "EchoBool", "ECHO_BOOL"]);
        check("type", ["r#type", "Type", "TYPE"]);
        check("self", ["self_", "Self_", "SELF"]);
        check("a-HTTP-b2", ["a_http_b2", "AHttpB2", "A_HTTP_B2"]);
        let back = ["EchoBool", "echo_bool", "ECHO_BOOL"].map(|name| label(&ident(name)));
        assert_eq!(back, ["echo-bool"; 3]);
        assert_eq!(label(&Ident::new_raw("type", Span::call_site())), "type");
    }

    #[test]
    fn a_scope_gives_each_name_once() {
        let mut names = Names::with(["Host"]);
        let given = ["Host", "A1", "A1", "A1", "Self", "Self", "type", "type"].map(|name| names.give(name));
        let expected = ["Host_", "A1", "A1_", "A1__", "Self_", "Self__", "r#type", "type_"];
        assert_eq!(given.map(|name| name.to_string()), expected);
    }
}
