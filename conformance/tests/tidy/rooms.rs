//! The rooms of each crate depend on each other in one direction.
//!
//! A room is a top-level module: a file or a folder directly under `src`. One room depends on
//! another if its code names a path into it, in a `use` declaration or inline, or a name that the
//! crate's root takes from it, or calls a macro that it defines. Test code is left out. The crate's
//! root stands apart, as long as no room needs what the root itself defines: then it is a room like
//! the others, called `lib`, that depends on what its own code names.

use crate::tree::Tree;
use crate::uses::{File, Named, read};
use std::collections::{BTreeMap, BTreeSet};

/// The crates whose rooms are checked: those in this folder, and the others.
const CRATES_FOLDER: &str = "crates/";
const CRATES: &[&str] = &["conformance", "peer"];

/// The circles that are still there: the crate, and the rooms of the circle. A circle that is not
/// here fails, and so does one that has lost a room or gained one.
pub(crate) const CIRCLES: &[(&str, &[&str])] = &[];

/// What the crate's root is called where it counts as a room.
const ROOT: &str = "lib";

/// One room's use of another.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Edge {
    from: String,
    to: String,
    file: String,
    line: usize,
    name: String,
}

/// A crate's rooms and how they depend on each other.
#[derive(Debug, Default)]
pub(crate) struct Rooms {
    rooms: BTreeSet<String>,
    edges: BTreeSet<Edge>,
}

/// Returns the folders of the crates that are checked.
pub(crate) fn crates(tree: &Tree) -> Vec<String> {
    let is_checked = |folder: &str| {
        let name = folder.strip_prefix(CRATES_FOLDER);
        CRATES.contains(&folder) || name.is_some_and(|name| !name.contains('/'))
    };
    let manifests = tree.paths.iter().filter_map(|path| path.strip_suffix("/Cargo.toml"));
    manifests.filter(|folder| is_checked(folder)).map(str::to_owned).collect()
}

/// Returns the circles that `known` does not list and the entries of `known` that are not circles.
pub(crate) fn problems(tree: &Tree, known: &[(&str, &[&str])]) -> Vec<String> {
    let mut problems = Vec::new();
    let crates = crates(tree);
    for folder in &crates {
        let rooms = Rooms::of(tree, folder);
        let listed: BTreeSet<Vec<&str>> =
            known.iter().filter(|(krate, _)| krate == folder).map(|(_, rooms)| rooms.to_vec()).collect();
        let found: BTreeSet<Vec<&str>> = rooms.circles().into_iter().collect();
        for circle in found.difference(&listed) {
            problems.push(format!("{folder}: a circle of rooms: {}", circle.join(" ")));
            problems.extend(rooms.edges_in(circle).iter().map(|edge| format!("  {edge}")));
        }
        for circle in listed.difference(&found) {
            let circle = circle.join(" ");
            problems.push(format!("{folder}: the table of circles lists what is none now: {circle}"));
        }
    }
    for (folder, _) in known.iter().filter(|(folder, _)| !crates.iter().any(|known| known == folder)) {
        problems.push(format!("{folder}: is in the table of circles, but is no crate"));
    }
    problems
}

impl std::fmt::Display for Edge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { from, to, file, line, name } = self;
        write!(f, "{from} -> {to}  {file}:{line}  {name}")
    }
}

impl Rooms {
    /// Reads the rooms of the crate in `folder`.
    pub(crate) fn of(tree: &Tree, folder: &str) -> Self {
        let src = format!("{folder}/src/");
        let mut files: Vec<_> = tree.ending(".rs").filter(|(path, _)| path.starts_with(&src)).collect();
        files.retain(|(path, _)| !path[src.len()..].starts_with("bin/"));
        let read: Vec<_> = files
            .into_iter()
            .map(|(path, text)| (path, module_of(&path[src.len()..]), text))
            .map(|(path, module, text)| (path, read(text, &module), module))
            .collect();
        let tests: Vec<_> = read.iter().flat_map(|(_, file, _)| file.test_modules.clone()).collect();
        let is_test = |module: &[String]| tests.iter().any(|test| module.starts_with(test));
        let mut rooms = Self::default();
        rooms.rooms.extend(
            read.iter()
                .filter(|(_, _, module)| !is_test(module))
                .filter_map(|(_, _, module)| module.first().cloned()),
        );
        let names = Names::of(&read, &rooms.rooms);
        for (path, file, module) in read.iter().filter(|(_, _, module)| !is_test(module)) {
            rooms.add(module.first().map_or(ROOT, String::as_str), path, file, &names);
        }
        if rooms.edges.iter().any(|edge| edge.to == ROOT) {
            rooms.rooms.insert(ROOT.to_owned());
        } else {
            rooms.edges.retain(|edge| edge.from != ROOT);
        }
        rooms
    }

    fn add(&mut self, from: &str, path: &str, file: &File, names: &Names) {
        let counts = |named: &&Named| from != ROOT || !named.is_exported;
        let named = file.named.iter().filter(counts).flat_map(|named| {
            names
                .rooms_of(&named.path, &self.rooms)
                .into_iter()
                .map(|to| (to, named.line, named.path.join("::")))
        });
        let calls = file.macro_calls.iter().filter_map(|(line, name)| {
            let to = names.macros.get(name).filter(|_| !file.macros.contains(name))?;
            Some((to.clone(), *line, format!("{name}!")))
        });
        let edges: Vec<_> = named
            .chain(calls)
            .filter(|(to, ..)| to != from)
            .map(|(to, line, name)| Edge { from: from.to_owned(), to, file: path.to_owned(), line, name })
            .collect();
        self.edges.extend(edges);
    }

    /// Returns which rooms `room` depends on, itself among them, through others too.
    fn reach<'a>(&'a self, room: &'a str) -> BTreeSet<&'a str> {
        let mut seen = BTreeSet::from([room]);
        let mut rest = vec![room];
        while let Some(room) = rest.pop() {
            let next = self.edges.iter().filter(|edge| edge.from == room).map(|edge| edge.to.as_str());
            rest.extend(next.filter(|to| seen.insert(to)));
        }
        seen
    }

    /// Returns the largest sets of rooms each of which depends on each other one.
    pub(crate) fn circles(&self) -> Vec<Vec<&str>> {
        let reach: BTreeMap<&str, _> =
            self.rooms.iter().map(|room| (room.as_str(), self.reach(room))).collect();
        let mut circles = BTreeSet::new();
        for (room, reached) in &reach {
            let circle: Vec<_> =
                reached.iter().copied().filter(|other| reach[other].contains(room)).collect();
            if circle.len() > 1 {
                circles.insert(circle);
            }
        }
        circles.into_iter().collect()
    }

    /// Returns the edges between `rooms`.
    pub(crate) fn edges_in(&self, rooms: &[&str]) -> Vec<&Edge> {
        let inside = |room: &String| rooms.contains(&room.as_str());
        self.edges.iter().filter(|edge| inside(&edge.from) && inside(&edge.to)).collect()
    }

    /// Returns the rooms with what each depends on, every room behind those that it depends on, as
    /// far as there is such an order.
    #[allow(dead_code, reason = "the printer of rooms calls it, the test does not")]
    pub(crate) fn in_order(&self) -> Vec<(&str, BTreeSet<&str>)> {
        let mut rooms: Vec<_> =
            self.rooms.iter().map(|room| (self.reach(room).len(), room.as_str())).collect();
        rooms.sort_unstable();
        let needs = |room: &str| {
            self.edges.iter().filter(|edge| edge.from == room).map(|edge| edge.to.as_str()).collect()
        };
        rooms.into_iter().map(|(_, room)| (room, needs(room))).collect()
    }
}

/// Which room a name of the crate's root, and a macro, comes from.
#[derive(Debug, Default)]
struct Names {
    root: BTreeMap<Vec<String>, Vec<String>>,
    globs: BTreeSet<String>,
    macros: BTreeMap<String, String>,
}

impl Names {
    fn of(files: &[(&str, File, Vec<String>)], rooms: &BTreeSet<String>) -> Self {
        let mut names = Self::default();
        for (_, file, module) in files {
            match module.first() {
                Some(room) => {
                    let macros = file.macros.iter().map(|name| (name.clone(), room.clone()));
                    names.macros.extend(macros.filter(|_| rooms.contains(room)));
                }
                None => {
                    for named in &file.named {
                        if named.path.last().is_some_and(|last| last == "*") {
                            names.globs.insert(named.path[0].clone());
                        } else if let Some(binds) = &named.binds {
                            names.root.insert(binds.clone(), named.path.clone());
                        }
                    }
                    names.macros.extend(file.macros.iter().map(|name| (name.clone(), ROOT.to_owned())));
                }
            }
        }
        names
    }

    /// Returns the rooms that `path` leads into.
    fn rooms_of(&self, path: &[String], rooms: &BTreeSet<String>) -> BTreeSet<String> {
        let from = |path: &[String]| path.first().filter(|first| rooms.contains(*first)).cloned();
        if let Some(room) = from(path) {
            return BTreeSet::from([room]);
        }
        if path.first().is_some_and(|first| first == "*") {
            return self.root.values().filter_map(|path| from(path)).chain(self.globs.clone()).collect();
        }
        let mut target = path;
        let mut is_own = true;
        // A name of the root may stand for another one; a chain of them is no longer than there are
        // names.
        for _ in 0..=self.root.len() {
            let prefixes = (1..=target.len()).rev();
            let Some(found) = prefixes.into_iter().find_map(|n| self.root.get(&target[..n])) else { break };
            if let Some(room) = from(found) {
                return BTreeSet::from([room]);
            }
            target = found;
            is_own = false;
        }
        // What the root takes from another crate is no room's.
        if is_own { BTreeSet::from([ROOT.to_owned()]) } else { BTreeSet::new() }
    }
}

/// Returns the module that the file `path`, relative to `src`, is.
fn module_of(path: &str) -> Vec<String> {
    let stem = path.strip_suffix(".rs").unwrap_or(path);
    let mut module: Vec<_> = stem.split('/').map(str::to_owned).collect();
    let is_index = |last: &String| last == "mod" || module.len() == 1 && (last == "lib" || last == "main");
    if module.last().is_some_and(is_index) {
        module.pop();
    }
    module
}

#[cfg(test)]
mod tests {
    use super::problems;
    use crate::tree::Tree;

    /// Checks a crate of these files below `src`.
    fn check(files: &[(&str, &str)], known: &[(&str, &[&str])], expected: &[&str]) {
        let mut texts = vec![("crates/x/Cargo.toml".to_owned(), "")];
        texts.extend(files.iter().map(|(path, text)| (format!("crates/x/src/{path}"), *text)));
        let texts: Vec<_> = texts.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        assert_eq!(problems(&Tree::of(&texts), known), expected, "{files:?}");
    }

    #[test]
    fn one_direction() {
        check(
            &[
                ("lib.rs", "mod a; mod b; mod c; pub use a::A; use b::B;"),
                ("a.rs", "use crate::b::B; use super::c; #[cfg(test)] mod tests { use crate::c::C; }"),
                ("b/mod.rs", "mod inner; use crate::c::C; use std::mem; pub use inner::B;"),
                ("b/inner.rs", "use super::X; fn f() { super::super::c::g() }"),
                ("c.rs", "#[cfg(test)] mod tests { use crate::a::A; } // crate::a"),
            ],
            &[],
            &[],
        );
    }

    #[test]
    fn a_circle_of_uses() {
        check(
            &[
                ("lib.rs", "mod a; mod b; mod c;"),
                ("a.rs", "use crate::b::B;"),
                ("b.rs", "\nuse crate::c::C;"),
                ("c/mod.rs", "mod inner;"),
                ("c/inner.rs", "use super::super::a::A;"),
                ("d.rs", "use crate::a::A;"),
            ],
            &[],
            &[
                "crates/x: a circle of rooms: a b c",
                "  a -> b  crates/x/src/a.rs:1  b::B",
                "  b -> c  crates/x/src/b.rs:2  c::C",
                "  c -> a  crates/x/src/c/inner.rs:1  a::A",
            ],
        );
    }

    #[test]
    fn a_circle_over_a_re_export() {
        let a = ("a.rs", "pub struct A; use crate::b::B;");
        let expected = [
            "crates/x: a circle of rooms: a b",
            "  a -> b  crates/x/src/a.rs:1  b::B",
            "  b -> a  crates/x/src/b.rs:1  A",
        ];
        check(&[("lib.rs", "mod a; mod b; pub use a::A;"), a, ("b.rs", "use crate::A;")], &[], &expected);
        check(&[("lib.rs", "mod a; mod b; use crate::a::A;"), a, ("b.rs", "use super::A;")], &[], &expected);
        let renamed = [
            "crates/x: a circle of rooms: a b",
            "  a -> b  crates/x/src/a.rs:1  b::B",
            "  b -> a  crates/x/src/b.rs:1  C::new",
        ];
        check(
            &[("lib.rs", "mod a; mod b; pub use a::A as C;"), a, ("b.rs", "fn f() { crate::C::new() }")],
            &[],
            &renamed,
        );
        let of_module = ("lib.rs", "mod a; mod b; pub mod m { pub use crate::a::A; } pub use m::A as D;");
        let through = [
            "crates/x: a circle of rooms: a b",
            "  a -> b  crates/x/src/a.rs:1  b::B",
            "  b -> a  crates/x/src/b.rs:1  D",
            "  b -> a  crates/x/src/b.rs:1  m::A",
        ];
        check(&[of_module, a, ("b.rs", "use crate::{m::A, D};")], &[], &through);
        let glob = [
            "crates/x: a circle of rooms: a b",
            "  a -> b  crates/x/src/a.rs:1  b::B",
            "  b -> a  crates/x/src/b.rs:1  *",
        ];
        check(&[("main.rs", "mod a; mod b; use a::A;"), a, ("b.rs", "use super::*;")], &[], &glob);
    }

    #[test]
    fn a_circle_over_an_inline_path_and_a_macro() {
        check(
            &[
                ("lib.rs", "mod a; mod b;"),
                ("a.rs", "macro_rules! made { () => { $crate::b::f() } }\nfn g() { made!() }"),
                ("b.rs", "fn f() { made!() }"),
            ],
            &[],
            &[
                "crates/x: a circle of rooms: a b",
                "  a -> b  crates/x/src/a.rs:1  b::f",
                "  b -> a  crates/x/src/b.rs:1  made!",
            ],
        );
    }

    #[test]
    fn a_circle_over_the_root() {
        check(
            &[
                (
                    "lib.rs",
                    "mod a; mod b; pub use std::mem::swap; struct X; fn f() { a::f(); std::mem::take(x) }",
                ),
                ("a.rs", "use crate::b::B; use crate::swap;"),
                ("b.rs", "use crate::X;"),
            ],
            &[],
            &[
                "crates/x: a circle of rooms: a b lib",
                "  a -> b  crates/x/src/a.rs:1  b::B",
                "  b -> lib  crates/x/src/b.rs:1  X",
                "  lib -> a  crates/x/src/lib.rs:1  a::f",
            ],
        );
    }

    #[test]
    fn the_table_is_exact() {
        let files =
            [("a.rs", "use crate::b::B;"), ("b.rs", "use crate::a::A;"), ("c.rs", "use crate::a::A;")];
        check(&files, &[("crates/x", &["a", "b"])], &[]);
        let more = [
            "crates/x: a circle of rooms: a b",
            "  a -> b  crates/x/src/a.rs:1  b::B",
            "  b -> a  crates/x/src/b.rs:1  a::A",
            "crates/x: the table of circles lists what is none now: a b c",
        ];
        check(&files, &[("crates/x", &["a", "b", "c"])], &more);
        let less = ["crates/x: the table of circles lists what is none now: a b"];
        check(&files[1..], &[("crates/x", &["a", "b"])], &less);
        let gone = ["crates/y: is in the table of circles, but is no crate"];
        check(&[("a.rs", "")], &[("crates/y", &["a", "b"])], &gone);
    }
}
