//! Aliases, and the sorts of what can be aliased. Follows Binary.md, "Alias Definitions" and
//! "Instance Definitions".

use std::sync::Arc;

/// An `alias`.
#[derive(Debug)]
pub(crate) enum Alias {
    Export {
        instance: u32,
        name: Arc<str>,
    },
    CoreExport {
        sort: CoreSort,
        instance: u32,
        name: Arc<str>,
    },
    /// `count` scopes outwards, of which zero is the scope of the alias itself.
    Outer {
        sort: Sort,
        count: u32,
        index: u32,
    },
}

/// A `sort`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Sort {
    Core(CoreSort),
    Func,
    Value,
    Type,
    Component,
    Instance,
}

/// A `core:sort`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum CoreSort {
    Func,
    Table,
    Memory,
    Global,
    Tag,
    Type,
    Module,
}
