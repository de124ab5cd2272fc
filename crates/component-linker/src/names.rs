//! Names of imports and exports: how errors write them.
//! Follows Explainer.md, "Import and Export Definitions".

use std::sync::Arc;

use canonical_abi::name::escape;

/// The names that lead to an import or export of the root, outermost first.
pub(crate) type Path = Vec<Arc<str>>;

/// Writes a path as errors do: "`wasi:cli/environment@0.2.6` function `get-environment`".
pub(crate) fn describe_path(path: &[impl AsRef<str>], sort: &str) -> String {
    match path {
        [] => String::from(sort),
        [name] => format!("{sort} `{}`", escape(name.as_ref())),
        [outer @ .., name] => format!("{} {sort} `{}`", quote_path(outer), escape(name.as_ref())),
    }
}

/// Writes the names of a path, each in quotes.
pub(crate) fn quote_path(path: &[impl AsRef<str>]) -> String {
    path.iter().map(|name| format!("`{}`", escape(name.as_ref()))).collect::<Vec<_>>().join(" ")
}

/// Puts the article before a noun: "a function", "an instance".
pub(crate) fn with_article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {noun}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let check = |path: &[&str], expected| assert_eq!(describe_path(path, "function"), expected);
        check(&["run"], "function `run`");
        check(&["a:b/c", "run"], "`a:b/c` function `run`");
        check(&["a:b/c", "d", "run"], "`a:b/c` `d` function `run`");
    }

    #[test]
    fn articles() {
        assert_eq!(with_article("instance"), "an instance");
        assert_eq!(with_article("core module"), "a core module");
    }
}
