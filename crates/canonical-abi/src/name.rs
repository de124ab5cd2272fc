//! Names of imports and exports: which versions of an interface are compatible.
//! Follows Explainer.md, "Canonical Interface Name".

/// Returns the part of a name that compatible versions share: `a:b/c@1` of `a:b/c@1.2.3`,
/// `a:b/c@0.2` of `a:b/c@0.2.6`.
///
/// A name has no such part if it has no version, or one that is compatible with no other: `0.0.x`,
/// or a pre-release.
pub fn compatible_name(name: &str) -> Option<&str> {
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
}
