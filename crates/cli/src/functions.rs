//! Functions by name: the full name, `techbytes:plugin/processing.process`, or a part that is
//! unique. `[method]` and the like may be left out: `counter.get`.

use canonical_abi::FuncType;

use crate::failure::Failure;

/// A function that can be named on the command line.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    /// The names of the instance that exports it, if there is one, and its own.
    pub(crate) path: Vec<String>,
    /// Its type.
    pub(crate) ty: FuncType,
}

impl Function {
    /// Returns the full name in WAVE's form, with the version last: `wasi:cli/run.run@0.2.0`.
    pub(crate) fn full_name(&self) -> String {
        join_name(&self.path)
    }

    /// Returns the name without those of the instance: `counter.get`.
    pub(crate) fn short_name(&self) -> String {
        let own = self.path.last().expect("a function has a name of its own");
        own.split_once(']').map_or(own.as_str(), |(_, plain)| plain).to_owned()
    }

    /// Returns whether `name` is a name of this function, in full or in part: with or without the
    /// version and the `[method]` of its own name, and also as `instance@version#function`.
    fn answers_to(&self, name: &str) -> bool {
        let full = self.full_name();
        let (full, version) = split_version(&full);
        let Some(name) = without_version(name, version) else { return false };
        // `process`, `processing.process` and `techbytes:plugin/processing.process`.
        let is_end = |full: &str| {
            full.strip_suffix(&*name).is_some_and(|rest| rest.is_empty() || rest.ends_with(['.', '/', ']']))
        };
        is_end(full) || is_end(&self.plain_name())
    }

    /// Returns the full name without version, and its own without `[constructor]`, `[method]` or
    /// `[static]`.
    fn plain_name(&self) -> String {
        let (_, owners) = self.path.split_last().expect("a function has a name of its own");
        let mut path: Vec<String> = owners.iter().map(|name| split_version(name).0.to_owned()).collect();
        path.push(self.short_name());
        join_name(&path)
    }
}

/// Returns a name that was asked for without its version, or `None` if that is another version than
/// this one. The version is last (`a:b/c.f@1.0.0`) or with the instance (`a:b/c@1.0.0.f`).
fn without_version(name: &str, version: Option<&str>) -> Option<String> {
    let Some((before, after)) = name.split_once('@') else { return Some(name.replace('#', ".")) };
    let own = after.strip_prefix(version?)?;
    match own.strip_prefix(['.', '#']) {
        Some(own) => Some(format!("{before}.{own}")),
        None => own.is_empty().then(|| before.replace('#', ".")),
    }
}

/// Joins the names of a path, with the version of an instance's name last.
pub(crate) fn join_name(path: &[impl AsRef<str>]) -> String {
    let split: Vec<_> = path.iter().map(|name| split_version(name.as_ref())).collect();
    let names: Vec<_> = split.iter().map(|(name, _)| *name).filter(|name| !name.is_empty()).collect();
    let version = split.iter().filter_map(|(_, version)| *version).next_back();
    names.join(".") + &version.map(|version| format!("@{version}")).unwrap_or_default()
}

fn split_version(name: &str) -> (&str, Option<&str>) {
    match name.split_once('@') {
        Some((name, version)) => (name, Some(version)),
        None => (name, None),
    }
}

/// Returns the function with the name `name`.
///
/// # Errors
///
/// When there is none, or several; the message lists the possible names.
pub(crate) fn find<'a>(functions: &'a [Function], name: &str) -> Result<&'a Function, Failure> {
    // `run` may be all of one name and the end of another.
    if let Some(function) = functions.iter().find(|function| function.full_name() == name) {
        return Ok(function);
    }
    let found: Vec<_> = functions.iter().filter(|function| function.answers_to(name)).collect();
    match found[..] {
        [function] => Ok(function),
        [] if functions.is_empty() => {
            Err(Failure::BadInput(format!("there is no function `{name}`, nor any other")))
        }
        [] => Err(Failure::BadInput(format!(
            "there is no function `{name}`, expected one of:{}",
            names(functions.iter())
        ))),
        [..] => Err(Failure::BadInput(format!(
            "`{name}` may mean several functions, say which:{}",
            names(found.into_iter())
        ))),
    }
}

fn names<'a>(functions: impl Iterator<Item = &'a Function>) -> String {
    functions.map(|function| format!("\n  {}", function.full_name())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_full_and_in_part() {
        let function = |path: &[&str]| Function {
            path: path.iter().map(|name| (*name).to_owned()).collect(),
            ty: FuncType { params: Vec::new(), result: None, is_async: false },
        };
        let all = [
            function(&["techbytes:plugin/processing", "process"]),
            function(&["wasi:cli/run@0.2.6", "run"]),
            function(&["a:b/c@0.1.0", "twice"]),
            function(&["a:b/d", "twice"]),
            function(&["top"]),
        ];
        let check = |name: &str, expected: Option<&str>| {
            let found = find(&all, name).ok().map(Function::full_name);
            assert_eq!(found.as_deref(), expected, "{name}");
        };
        check("process", Some("techbytes:plugin/processing.process"));
        check("processing.process", Some("techbytes:plugin/processing.process"));
        check("techbytes:plugin/processing.process", Some("techbytes:plugin/processing.process"));
        check("run", Some("wasi:cli/run.run@0.2.6"));
        check("wasi:cli/run.run@0.2.6", Some("wasi:cli/run.run@0.2.6"));
        check("wasi:cli/run.run@0.3.0", None);
        check("twice", None);
        check("c.twice", Some("a:b/c.twice@0.1.0"));
        check("a:b/d.twice", Some("a:b/d.twice"));
        check("top", Some("top"));
        check("op", None);
        check("rocess", None);
        check("", None);
    }

    #[test]
    fn names_with_every_kind_of_version_and_of_members() {
        let function = |path: &[&str]| Function {
            path: path.iter().map(|name| (*name).to_owned()).collect(),
            ty: FuncType { params: Vec::new(), result: None, is_async: false },
        };
        let all = [
            function(&["s:a/i@0.3.0-rc.1", "f"]),
            function(&["s:a/i@0.3.0-rc.2", "f"]),
            function(&["s:b/i@0.0.1+b.1", "f"]),
            function(&["s:c/i@1.0.0", "[constructor]r"]),
            function(&["s:c/i@1.0.0", "[method]r.get"]),
            function(&["s:c/i@1.0.0", "[static]r.make"]),
            function(&["[constructor]top"]),
            function(&["[method]top.run"]),
            function(&["run"]),
        ];
        let check = |name: &str, expected: Option<usize>| {
            let found = find(&all, name).ok().map(Function::full_name);
            assert_eq!(found, expected.map(|i| all[i].full_name()), "{name}");
        };
        for (i, function) in all.iter().enumerate() {
            check(&function.full_name(), Some(i));
        }
        check("f", None);
        check("s:a/i.f@0.3.0-rc.2", Some(1));
        check("s:a/i@0.3.0-rc.2.f", Some(1));
        check("s:a/i@0.3.0-rc.2#f", Some(1));
        check("f@0.3.0-rc.1", Some(0));
        check("s:a/i.f@0.3.0", None);
        check("s:a/i.f@0.3.0-rc.22", None);
        check("s:b/i.f@0.0.1+b.1", Some(2));
        check("s:b/i#f", Some(2));
        check("r", Some(3));
        check("[constructor]r", Some(3));
        check("s:c/i.r", Some(3));
        check("s:c/i@1.0.0#[method]r.get", Some(4));
        check("s:c/i.r.get@1.0.0", Some(4));
        check("r.get", Some(4));
        check("[method]r.get", Some(4));
        check("[static]r.get", None);
        check("r.make", Some(5));
        check("top", Some(6));
        check("top.run", Some(7));
        check("run", Some(8));
    }
}
