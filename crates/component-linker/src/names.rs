//! Names of imports and exports: how errors write them.
//! Follows Explainer.md, "Import and Export Definitions".

use std::sync::Arc;

use canonical_abi::name::escape;

/// The names that lead to an import or export of the root, outermost first.
pub(crate) type Path = Vec<Arc<str>>;

/// Writes a path as errors do: "`wasi:cli/environment@0.2.6` function `get-environment`".
pub(crate) fn describe_path(path: &[Arc<str>], sort: &str) -> String {
    match path {
        [] => String::from(sort),
        [name] => format!("{sort} `{}`", escape(name)),
        [outer @ .., name] => format!("`{}` {sort} `{}`", join_path(outer), escape(name)),
    }
}

/// Writes the names of a path, without the marks at both ends.
pub(crate) fn join_path(path: &[Arc<str>]) -> String {
    path.iter().map(|name| escape(name)).collect::<Vec<_>>().join("` `")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let check = |path: &[&str], expected| {
            let path: Vec<Arc<str>> = path.iter().copied().map(Arc::from).collect();
            assert_eq!(describe_path(&path, "function"), expected);
        };
        check(&["run"], "function `run`");
        check(&["a:b/c", "run"], "`a:b/c` function `run`");
    }
}
