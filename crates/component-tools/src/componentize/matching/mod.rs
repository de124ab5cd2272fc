//! Finds what each import of the core modules means, and from which core functions the exports of
//! the world are lifted.

mod context;
mod exports;
mod imports;

use super::error::ComponentizeError;

pub(super) use self::context::Context;
pub(super) use self::exports::{Export, Exported, Lift, OwnResource};
pub(super) use self::imports::{Lower, Meaning};

/// What the component has to consist of.
pub(super) struct Matched<'t> {
    /// By module and import.
    pub(super) imports: Vec<Vec<Meaning<'t>>>,
    pub(super) resources: Vec<OwnResource>,
    pub(super) exports: Vec<Export<'t>>,
}

/// Matches the modules with their worlds.
pub(super) fn matched<'t>(cx: &Context<'t>) -> Result<Matched<'t>, ComponentizeError> {
    let imports = cx.modules.iter().enumerate().map(|(module, core)| {
        core.imports.iter().map(|import| imports::import(cx, module, import)).collect::<Result<Vec<_>, _>>()
    });
    let imports = imports.collect::<Result<Vec<_>, _>>()?;
    let (exports, resources) = exports::exports(cx)?;
    Ok(Matched { imports, resources, exports })
}
