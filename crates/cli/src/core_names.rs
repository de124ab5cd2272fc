//! The names under which core modules export and import what stands for a function.
//!
//! Toolchains agree on them; the specification leaves them free, as a component says what it lifts.
//! There are two schemes. The newer one, whose names start with `cm32p2`, has none for what is
//! asynchronous.

use canonical_abi::Options;
use canonical_abi::PtrType;
use canonical_abi::name::compatible_name;

/// The name of an import: of the module, and of the field.
pub(crate) type ImportName = (String, String);

/// The core names of a function. Each list has a name per scheme.
#[derive(Clone, Debug, Default)]
pub(crate) struct CoreNames {
    /// Of the lifted function, which a core module exports.
    pub(crate) export: Vec<String>,
    /// Of its `post-return`, which may be missing; empty where there can't be one.
    pub(crate) post_return: Vec<String>,
    /// Of its callback.
    pub(crate) callback: Vec<String>,
    /// Of `task.return`, which the core module imports.
    pub(crate) task_return: Vec<ImportName>,
    /// Of the lowered function, which a core module imports.
    pub(crate) import: Vec<ImportName>,
}

impl CoreNames {
    /// Returns the names of a function of an interface, or of the world itself. `has_result` is
    /// whether it has a result, after which there may be something to clean up.
    pub(crate) fn new(interface: Option<&str>, function: &str, opts: &Options, has_result: bool) -> Self {
        let plain = interface.map_or_else(|| function.to_owned(), |it| format!("{it}#{function}"));
        let module = interface.unwrap_or("$root");
        if opts.is_async {
            let kind = if opts.has_callback { "[async-lift]" } else { "[async-lift-stackful]" };
            let export = format!("{kind}{plain}");
            let callback = opts.has_callback.then(|| format!("[callback]{export}"));
            return Self {
                post_return: Vec::new(),
                callback: callback.into_iter().collect(),
                task_return: vec![(format!("[export]{module}"), format!("[task-return]{function}"))],
                import: vec![(module.to_owned(), format!("[async-lower]{function}"))],
                export: vec![export],
            };
        }
        let mut names = Self {
            export: vec![plain.clone()],
            import: vec![(module.to_owned(), function.to_owned())],
            ..Self::default()
        };
        if opts.ptr == PtrType::I32 {
            let interface = interface.map(|it| compatible_name(it).unwrap_or(it));
            let standard = interface.map_or_else(|| "cm32p2".to_owned(), |it| format!("cm32p2|{it}"));
            names.export.push(format!("cm32p2|{}|{function}", interface.unwrap_or_default()));
            names.import.push((standard, function.to_owned()));
        }
        if has_result {
            names.post_return.push(format!("cabi_post_{plain}"));
            names.post_return.extend(names.export.get(1).map(|export| format!("{export}_post")));
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_both_schemes() {
        let names = CoreNames::new(Some("a:b/c@0.2.1"), "f", &Options::default(), true);
        assert_eq!(names.export, ["a:b/c@0.2.1#f", "cm32p2|a:b/c@0.2|f"]);
        assert_eq!(names.post_return, ["cabi_post_a:b/c@0.2.1#f", "cm32p2|a:b/c@0.2|f_post"]);
        let import = |module: &str, field: &str| (module.to_owned(), field.to_owned());
        assert_eq!(names.import, [import("a:b/c@0.2.1", "f"), import("cm32p2|a:b/c@0.2", "f")]);
        assert!(names.callback.is_empty() && names.task_return.is_empty());

        let names = CoreNames::new(None, "f", &Options::default(), false);
        assert_eq!(names.export, ["f", "cm32p2||f"]);
        assert_eq!(names.import, [import("$root", "f"), import("cm32p2", "f")]);
        assert!(names.post_return.is_empty());
    }

    #[test]
    fn asynchronous_names() {
        let opts = Options { is_async: true, has_callback: true, ..Options::default() };
        let names = CoreNames::new(Some("j"), "f", &opts, true);
        let import = |module: &str, field: &str| (module.to_owned(), field.to_owned());
        assert_eq!(names.export, ["[async-lift]j#f"]);
        assert_eq!(names.callback, ["[callback][async-lift]j#f"]);
        assert_eq!(names.task_return, [import("[export]j", "[task-return]f")]);
        assert_eq!(names.import, [import("j", "[async-lower]f")]);
        let stackful = Options { has_callback: false, ..opts };
        let names = CoreNames::new(None, "f", &stackful, true);
        assert_eq!(names.export, ["[async-lift-stackful]f"]);
        assert_eq!(names.task_return, [import("[export]$root", "[task-return]f")]);
        assert!(names.callback.is_empty() && names.post_return.is_empty());
    }
}
