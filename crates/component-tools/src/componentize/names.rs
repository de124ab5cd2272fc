//! What the names of a core module's imports and exports mean.
//!
//! There are two schemes. Names in the first start with `cm32p2`. The second is older; most
//! toolchains use it.
//!
//! | | `cm32p2` | older |
//! |---|---|---|
//! | function of an interface | `cm32p2\|a:b/c@1` `f` | `a:b/c@1.2.3` `f` |
//! | function of the world | `cm32p2` `f` | `$root` `f` |
//! | drop a resource | `cm32p2\|a:b/c@1` `r_drop` | `a:b/c@1.2.3` `[resource-drop]r` |
//! | exported one | `cm32p2\|_ex_a:b/c@1` `r_drop` | `[export]a:b/c@1.2.3` `[resource-drop]r` |
//! | its other built-ins | `r_new`, `r_rep` | `[resource-new]r`, `[resource-rep]r` |
//! | exported function | `cm32p2\|a:b/c@1\|f`, `cm32p2\|\|f` | `a:b/c@1.2.3#f`, `f` |
//! | its post-return | `…_post` | `cabi_post_…` |
//! | destructor | `cm32p2\|a:b/c@1\|r_dtor` | `a:b/c@1.2.3#[dtor]r` |
//! | memory | `cm32p2_memory` | `memory` |
//! | allocator | `cm32p2_realloc` | `cabi_realloc` |
//! | initializer | `cm32p2_initialize` | `_initialize` |

use canonical_abi::name::compatible_name;

const STANDARD: &str = "cm32p2";

/// The names under which a core module exports its memory.
pub(super) const MEMORY: &[&str] = &["cm32p2_memory", "memory"];
/// The names of the allocator for arguments of the module's exports.
pub(super) const EXPORT_REALLOC: &[&str] =
    &["cabi_export_realloc", "cm32p2_realloc", "cabi_realloc", "canonical_abi_realloc"];
/// The names of the allocator for results of the module's imports.
pub(super) const IMPORT_REALLOC: &[&str] =
    &["cabi_import_realloc", "cm32p2_realloc", "cabi_realloc", "canonical_abi_realloc"];
/// The names of the allocator that adapters import.
pub(super) const ADAPTER_REALLOC: &[&str] =
    &["cabi_realloc_adapter", "cm32p2_realloc", "cabi_realloc", "canonical_abi_realloc"];
/// The names of the function that is called before any other.
pub(super) const INITIALIZE: &[&str] = &["cm32p2_initialize", "_initialize"];

/// The module name under which adapters import the main module's exports.
pub(super) const MAIN_MODULE: &str = "__main_module__";
/// The names under which adapters import the main module's allocator.
pub(super) const REALLOC: &[&str] = &["cabi_realloc", "canonical_abi_realloc"];
/// The name under which an adapter exports the function that allocates its stack.
pub(super) const ALLOCATE_STACK: &str = "lowlift:allocate-stack";

/// What the name of a core import says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct ImportName<'a> {
    /// Whether it is about an export of the world.
    pub(super) is_exported: bool,
    /// The interface, or none for the world itself.
    pub(super) interface: Option<&'a str>,
    pub(super) what: What<'a>,
}

/// What is imported.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum What<'a> {
    Func(&'a str),
    ResourceDrop(&'a str),
    ResourceNew(&'a str),
    ResourceRep(&'a str),
    /// A built-in of concurrency, or an asynchronous call.
    Async,
}

/// Reads the name of a core import.
pub(super) fn import_name<'a>(module: &'a str, field: &'a str) -> ImportName<'a> {
    match module.strip_prefix(STANDARD) {
        Some(rest) if rest.is_empty() || rest.starts_with('|') => {
            let interface = rest.strip_prefix('|').unwrap_or(rest);
            let (is_exported, interface) = split_prefix(interface, "_ex_");
            let interface = Some(interface).filter(|name| !name.is_empty());
            ImportName { is_exported, interface, what: standard(field) }
        }
        Some(_) | None => {
            let (is_exported, interface) = split_prefix(module, "[export]");
            let interface = Some(interface).filter(|name| *name != "$root");
            ImportName { is_exported, interface, what: older(field) }
        }
    }
}

fn standard(field: &str) -> What<'_> {
    // Labels have no underscores.
    match field.rsplit_once('_') {
        Some((resource, "drop")) => What::ResourceDrop(resource),
        Some((resource, "new")) => What::ResourceNew(resource),
        Some((resource, "rep")) => What::ResourceRep(resource),
        Some(_) | None => What::Func(field),
    }
}

fn older(field: &str) -> What<'_> {
    match field.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        None | Some(("constructor" | "method" | "static", _)) => What::Func(field),
        Some(("resource-drop", resource)) => What::ResourceDrop(resource),
        Some(("resource-new", resource)) => What::ResourceNew(resource),
        Some(("resource-rep", resource)) => What::ResourceRep(resource),
        Some(_) => What::Async,
    }
}

fn split_prefix<'a>(text: &'a str, prefix: &str) -> (bool, &'a str) {
    text.strip_prefix(prefix).map_or((false, text), |rest| (true, rest))
}

/// Returns whether a core name means an interface of the world: the same one, or one of a
/// compatible version.
pub(super) fn means(given: &str, interface: &str) -> bool {
    let canonical = compatible_name(interface);
    given == interface || canonical.is_some_and(|it| it == given || compatible_name(given) == Some(it))
}

/// Returns the names under which a core module may export a function, in the newer scheme first.
pub(super) fn export_names(interface: Option<&str>, func: &str) -> [String; 2] {
    match interface {
        Some(interface) => [
            format!("{STANDARD}|{}|{func}", compatible_name(interface).unwrap_or(interface)),
            format!("{interface}#{func}"),
        ],
        None => [format!("{STANDARD}||{func}"), func.to_owned()],
    }
}

/// Returns the names of the destructor of an exported resource.
pub(super) fn dtor_names(interface: &str, resource: &str) -> [String; 2] {
    let [standard, _] = export_names(Some(interface), resource);
    [format!("{standard}_dtor"), format!("{interface}#[dtor]{resource}")]
}

/// Returns the name of the post-return function of an exported function.
pub(super) fn post_return_name(export: &str) -> String {
    match export.starts_with("cm32p2|") {
        true => format!("{export}_post"),
        false => format!("cabi_post_{export}"),
    }
}

/// Returns the names under which a core module would export an asynchronous function.
pub(super) fn async_export_names(export: &str) -> [String; 2] {
    [format!("[async-lift]{export}"), format!("[async-lift-stackful]{export}")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports() {
        let check = |module, field, is_exported, interface, what| {
            assert_eq!(
                import_name(module, field),
                ImportName { is_exported, interface, what },
                "{module} {field}"
            );
        };
        check("cm32p2", "f", false, None, What::Func("f"));
        check("cm32p2|a:b/c@1", "f", false, Some("a:b/c@1"), What::Func("f"));
        check("cm32p2|a:b/c@1", "r_drop", false, Some("a:b/c@1"), What::ResourceDrop("r"));
        check("cm32p2|_ex_j", "r_new", true, Some("j"), What::ResourceNew("r"));
        check("cm32p2|_ex_j", "r_rep", true, Some("j"), What::ResourceRep("r"));
        check("cm32p2|j", "[method]r.m", false, Some("j"), What::Func("[method]r.m"));
        check("$root", "f", false, None, What::Func("f"));
        check("cm32", "f", false, Some("cm32"), What::Func("f"));
        check("a:b/c@1.2.3", "[static]r.make", false, Some("a:b/c@1.2.3"), What::Func("[static]r.make"));
        check("$root", "[resource-drop]r", false, None, What::ResourceDrop("r"));
        check("[export]j", "[resource-rep]r", true, Some("j"), What::ResourceRep("r"));
        check("j", "[async-lower]f", false, Some("j"), What::Async);
        check("$root", "[waitable-set-new]", false, None, What::Async);
        check("[export]$root", "[task-return]f", true, None, What::Async);
    }

    #[test]
    fn exports() {
        assert_eq!(export_names(None, "f"), ["cm32p2||f", "f"]);
        assert_eq!(export_names(Some("a:b/c@0.2.1"), "f"), ["cm32p2|a:b/c@0.2|f", "a:b/c@0.2.1#f"]);
        assert_eq!(dtor_names("j", "r"), ["cm32p2|j|r_dtor", "j#[dtor]r"]);
        assert_eq!(post_return_name("cm32p2||f"), "cm32p2||f_post");
        assert_eq!(post_return_name("j#f"), "cabi_post_j#f");
    }

    #[test]
    fn versions() {
        let check =
            |given, interface, expected| assert_eq!(means(given, interface), expected, "{given} {interface}");
        check("a:b/c@0.2.1", "a:b/c@0.2.1", true);
        check("a:b/c@0.2", "a:b/c@0.2.1", true);
        check("a:b/c@0.2.6", "a:b/c@0.2.1", true);
        check("a:b/c@0.3.0", "a:b/c@0.2.1", false);
        check("a:b/c@0.0.1", "a:b/c@0.0.2", false);
        check("j", "j", true);
        check("j", "k", false);
    }
}
