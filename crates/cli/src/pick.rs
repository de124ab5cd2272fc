//! Types and functions by name or package: `data-chunk`, `processing.data-chunk`,
//! `techbytes:plugin/processing.data-chunk`, each with or without the version.

use crate::failure::Failure;
use crate::functions::join_name;

/// How many possible names an error lists.
const MAX_LISTED: usize = 60;

/// Something that can be named on the command line.
pub(crate) trait Named {
    /// What it is: `type` or `function`.
    const WHAT: &'static str;

    /// Returns the interface or instance that has it, and its own name.
    fn place(&self) -> (&str, &str);

    /// Returns the full name of what it stands for, if that is another item.
    fn stands_for(&self) -> Option<&str>;

    /// Returns whether it is listed when nobody asks for it by name.
    fn is_listed(&self) -> bool {
        true
    }

    /// Returns the full name, with the version last.
    fn full_name(&self) -> String {
        let (owner, name) = self.place();
        join_name(&[owner, name])
    }
}

/// The items among which names are looked up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope<'a> {
    /// The file, for errors.
    pub(crate) file: &'a str,
    /// The package whose items come first, if there are others.
    pub(crate) main: Option<&'a str>,
    /// The package that was asked for.
    pub(crate) package: Option<&'a str>,
}

/// Returns the package of an interface's or world's full name: `wasi:io@0.2.0`; `None` for a plain
/// name.
pub(crate) fn package_of(owner: &str) -> Option<String> {
    let (name, version) = owner.split_once('@').map_or((owner, ""), |(name, version)| (name, version));
    let (package, _) = name.rsplit_once('/')?;
    Some(if version.is_empty() { package.to_owned() } else { format!("{package}@{version}") })
}

impl Scope<'_> {
    /// Returns the items of the package that was asked for, or of the main package.
    ///
    /// # Errors
    ///
    /// When there is no such package.
    fn of_package<'t, T: Named>(&self, all: &'t [T]) -> Result<Vec<&'t T>, Failure> {
        match self.package {
            Some(package) => {
                let found: Vec<_> = all.iter().filter(|item| is_of(*item, package)).collect();
                if found.is_empty() { Err(self.no_package(all, package)) } else { Ok(found) }
            }
            None => Ok(all.iter().filter(|item| self.is_main(*item)).collect()),
        }
    }

    /// Returns what is listed of the package that was asked for, or of the main package. Where the
    /// main package has nothing, and only names what others have, it is all that they have.
    ///
    /// # Errors
    ///
    /// When there is no such package.
    pub(crate) fn listed<'t, T: Named>(&self, all: &'t [T]) -> Result<Vec<&'t T>, Failure> {
        let mut listed = self.of_package(all)?;
        listed.retain(|item| item.is_listed());
        if listed.is_empty() && self.package.is_none() {
            listed = all.iter().filter(|item| item.is_listed()).collect();
        }
        Ok(listed)
    }

    /// Returns the item with this name.
    ///
    /// # Errors
    ///
    /// When there is none, or there are several; the message lists the possible names.
    pub(crate) fn pick<'t, T: Named>(&self, all: &'t [T], name: &str) -> Result<&'t T, Failure> {
        let pool: Vec<_> = match self.package {
            Some(_) => self.of_package(all)?,
            None => all.iter().collect(),
        };
        let mut found: Vec<_> = pool.iter().copied().filter(|item| answers_to(*item, name)).collect();
        for narrower in [
            found.iter().copied().filter(|item| item.full_name() == name).collect::<Vec<_>>(),
            found.iter().copied().filter(|item| self.is_main(*item)).collect(),
        ] {
            if !narrower.is_empty() && found.len() > 1 {
                found.retain(|item| narrower.iter().any(|other| std::ptr::eq(*item, *other)));
            }
        }
        let full_names: Vec<_> = found.iter().map(|item| item.full_name()).collect();
        found.retain(|item| !item.stands_for().is_some_and(|it| full_names.iter().any(|name| name == it)));
        match found[..] {
            [] => Err(self.nothing(&pool, T::WHAT, name)),
            [first, ref rest @ ..] => {
                let first_name = first.full_name();
                // An import and an export of a component may have the same name.
                if rest.iter().all(|item| item.full_name() == first_name) {
                    return Ok(first);
                }
                let listed = list(&found);
                let message = format!("`{name}` may mean several {}s, say which:{listed}", T::WHAT);
                Err(Failure::BadInput(message))
            }
        }
    }

    fn is_main(&self, item: &impl Named) -> bool {
        let Some(main) = self.main else { return true };
        package_of(item.place().0).is_none_or(|package| package == main)
    }

    fn nothing<T: Named>(&self, pool: &[&T], what: &str, name: &str) -> Failure {
        let file = self.file;
        if pool.is_empty() {
            return Failure::BadInput(format!("{file}: there is no {what} `{name}`, nor any other"));
        }
        // The main package is what was asked about, and uses are known by what they are uses of.
        let defined: Vec<_> = pool.iter().copied().filter(|item| item.is_listed()).collect();
        let own: Vec<_> = defined.iter().copied().filter(|item| self.is_main(*item)).collect();
        let listed = list(if own.is_empty() { &defined } else { &own });
        Failure::BadInput(format!("{file}: there is no {what} `{name}`, expected one of:{listed}"))
    }

    fn no_package<T: Named>(&self, all: &[T], package: &str) -> Failure {
        let mut known: Vec<_> = all.iter().filter_map(|item| package_of(item.place().0)).collect();
        known.sort();
        known.dedup();
        let (file, what) = (self.file, T::WHAT);
        let known: String = known.iter().map(|name| format!("\n  {name}")).collect();
        let message =
            format!("{file}: no {what} is of a package `{package}`; the packages with some:{known}");
        Failure::BadInput(message)
    }
}

fn list<T: Named>(items: &[&T]) -> String {
    let mut text: String =
        items.iter().take(MAX_LISTED).map(|item| format!("\n  {}", item.full_name())).collect();
    if items.len() > MAX_LISTED {
        text.push_str(&format!("\n  … and {} more", items.len() - MAX_LISTED));
    }
    text
}

/// Returns whether an item is of a package, whose name may be without version or namespace.
fn is_of(item: &impl Named, package: &str) -> bool {
    let Some(own) = package_of(item.place().0) else { return false };
    let unversioned = own.split('@').next().unwrap_or(&own);
    let bare = unversioned.rsplit(':').next().unwrap_or(unversioned);
    let bare_versioned = own.rsplit(':').next().unwrap_or(&own);
    [own.as_str(), unversioned, bare, bare_versioned].contains(&package)
}

/// Returns whether `name` is a name of an item, in full or in part.
fn answers_to(item: &impl Named, name: &str) -> bool {
    let (owner, own) = item.place();
    let version = owner.split_once('@').map(|(_, version)| version);
    let unversioned = join_name(&[owner.split('@').next().unwrap_or(owner), own]);
    // Versions may stand last, or where the interface's name ends; `#` is the core names' dot.
    let full = [join_name(&[owner, own]), format!("{owner}.{own}"), format!("{owner}#{own}")];
    let is_end = |full: &str, name: &str| {
        let before = full.strip_suffix(name);
        before.is_some_and(|rest| rest.is_empty() || rest.ends_with(['.', '/', ']', ':', '#']))
    };
    let (name_alone, wanted) = name.split_once('@').map_or((name, None), |(name, it)| (name, Some(it)));
    let is_versioned_end = is_end(&unversioned, name_alone) && (wanted.is_none() || wanted == version);
    !name.is_empty() && (is_versioned_end || full.iter().any(|full| is_end(full, name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Item(&'static str, &'static str, Option<&'static str>);

    impl Named for Item {
        const WHAT: &'static str = "type";

        fn place(&self) -> (&str, &str) {
            (self.0, self.1)
        }

        fn stands_for(&self) -> Option<&str> {
            self.2
        }
    }

    #[test]
    fn names_and_packages() {
        let all = [
            Item("a:main/i", "own", None),
            Item("a:main/i", "code", None),
            Item("a:main/i", "duration", Some("w:clocks/c.duration@0.2.0")),
            Item("w:clocks/c@0.2.0", "duration", None),
            Item("w:fs/t@0.2.0", "code", None),
            Item("w:fs/t@0.2.0", "entry", None),
            Item("w:net/t@0.2.0-rc.1", "entry", None),
            Item("w:net/t@0.2.0-rc.1", "[method]socket.bind", None),
        ];
        let check = |package: Option<&str>, name: &str, expected: &str| {
            let scope = Scope { file: "f", main: Some("a:main"), package };
            let found = scope.pick(&all, name).map_or_else(|error| error.to_string(), Named::full_name);
            assert!(found.starts_with(expected), "{name}: {found}");
        };
        check(None, "own", "a:main/i.own");
        check(None, "code", "a:main/i.code");
        check(None, "i.code", "a:main/i.code");
        check(None, "fs/t.code", "w:fs/t.code@0.2.0");
        check(Some("fs"), "code", "w:fs/t.code@0.2.0");
        check(Some("w:fs@0.2.0"), "code", "w:fs/t.code@0.2.0");
        check(Some("fs@0.2.0"), "code", "w:fs/t.code@0.2.0");
        check(Some("w:fs@0.3.0"), "code", "error: f: no type is of a package `w:fs@0.3.0`");
        check(Some("fs"), "own", "error: f: there is no type `own`");
        check(
            None,
            "entry",
            "error: `entry` may mean several types, say which:\n  w:fs/t.entry@0.2.0\n  w:net",
        );
        check(None, "entry@0.2.0-rc.1", "w:net/t.entry@0.2.0-rc.1");
        check(None, "w:net/t@0.2.0-rc.1.entry", "w:net/t.entry@0.2.0-rc.1");
        check(None, "w:net/t@0.2.0-rc.1#[method]socket.bind", "w:net/t.[method]socket.bind@0.2.0-rc.1");
        check(None, "socket.bind", "w:net/t.[method]socket.bind@0.2.0-rc.1");
        check(None, "duration", "a:main/i.duration");
        check(None, "c.duration", "w:clocks/c.duration@0.2.0");
        check(None, "uration", "error: f: there is no type");
        check(None, "", "error: f: there is no type");
    }

    #[test]
    fn packages_of_owners() {
        let check = |owner, expected: Option<&str>| assert_eq!(package_of(owner).as_deref(), expected);
        check("wasi:io/streams@0.2.0", Some("wasi:io@0.2.0"));
        check("a:b/c", Some("a:b"));
        check("j", None);
    }
}
