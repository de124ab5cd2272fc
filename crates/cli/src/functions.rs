//! Functions by name: the full name, `techbytes:plugin/processing.process`, or a part that is
//! unique.

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

    /// Returns whether `name` is a name of this function, in full or in part.
    fn answers_to(&self, name: &str) -> bool {
        let (name, wanted) = split_version(name);
        let full = self.full_name();
        let (full, version) = split_version(&full);
        // `process`, `processing.process` and `techbytes:plugin/processing.process`.
        let is_end =
            full.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with(['.', '/', ']']));
        is_end && (wanted.is_none() || wanted == version)
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
}
