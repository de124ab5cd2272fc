//! Names of imports and exports: how they are matched, and how errors write them.
//! Follows Explainer.md, "Import and Export Definitions" and "Canonical Interface Name".

use std::sync::Arc;

/// The names that lead to an import or export of the root, outermost first.
pub(crate) type Path = Vec<Arc<str>>;

/// Writes a path as errors do: "`wasi:cli/environment@0.2.6` function `get-environment`".
pub(crate) fn describe_path(path: &[Arc<str>], sort: &str) -> String {
    match path {
        [] => String::from(sort),
        [name] => format!("{sort} `{name}`"),
        [outer @ .., name] => format!("`{}` {sort} `{name}`", outer.join("` `")),
    }
}

/// Returns the part of a name that compatible versions share (the spec's canonical version): `a:b/c@1` of
/// `a:b/c@1.2.3`, `a:b/c@0.2` of `a:b/c@0.2.6`. Without a version, or with one that is compatible with no other
/// (`0.0.x`, a pre-release), there is none.
pub(crate) fn compatible_name(name: &str) -> Option<&str> {
    let (base, version) = name.rsplit_once('@')?;
    let release = version.split_once('+').map_or(version, |(release, _)| release);
    if release.contains('-') {
        return None;
    }
    let mut parts = release.split('.');
    let (major, minor, _patch) = (parts.next()?, parts.next()?, parts.next()?);
    let kept = match (major, minor) {
        ("0", "0") => return None,
        ("0", minor) => "0.".len() + minor.len(),
        (major, _) => major.len(),
    };
    Some(&name[..base.len() + "@".len() + kept])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compatible_names() {
        let check = |name, expected| assert_eq!(compatible_name(name), expected, "{name}");
        check("run", None);
        check("a:b/c", None);
        check("a:b/c@1.2.3", Some("a:b/c@1"));
        check("a:b/c@12.0.0+build", Some("a:b/c@12"));
        check("a:b/c@0.2.6", Some("a:b/c@0.2"));
        check("a:b/c@0.0.6", None);
        check("a:b/c@1.0.0-rc.1", None);
        check("a:b/c@1", None);
    }

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
