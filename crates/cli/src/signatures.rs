//! A function with all its core signatures: what `lowlift describe` writes about.

use canonical_abi::explain::{
    FlattenedFunc, View, explain_callback, explain_functype_with, explain_task_return,
};
use canonical_abi::{Direction, FuncType, Options, ValType};
use component_linker::CanonOptions;

use crate::abi::AbiArgs;
use crate::catalog::Catalog;
use crate::core_names::CoreNames;
use crate::fold::Folds;
use crate::functions::Function;
use crate::pick::Named as _;

/// A function and the options that its signatures are for.
#[derive(Clone, Debug)]
pub(crate) struct Described<'a> {
    pub(crate) function: &'a Function,
    /// The options.
    pub(crate) opts: Options,
    /// How the component at hand lifts or lowers it, if it does.
    pub(crate) canon: Option<&'a CanonOptions>,
    /// In how many more ways it is lowered.
    pub(crate) n_more_ways: usize,
    /// Its core names.
    pub(crate) names: CoreNames,
    /// Whether the names of what is exported are those that the component at hand has.
    pub(crate) has_own_names: bool,
}

impl<'a> Described<'a> {
    /// Returns a function with the options that are given, and for the rest those of the component.
    pub(crate) fn new(catalog: &'a Catalog, function: &'a Function, abi: &AbiArgs) -> Self {
        let ways = catalog.lowerings.get(&function.path).map(Vec::as_slice).unwrap_or_default();
        let canon = catalog.liftings.get(&function.path).or(ways.first());
        let opts = abi.over(canon.map(|canon| canon.options).unwrap_or_default());
        let (owner, name) = function.place();
        let interface = Some(owner).filter(|owner| !owner.is_empty() && !catalog.worlds.contains(*owner));
        let mut names = CoreNames::new(interface, name, &opts, function.ty.result.is_some());
        let own = canon.filter(|canon| canon.core_name.is_some() && canon.options == opts);
        if let Some(canon) = own {
            names.export = canon.core_name.iter().cloned().collect();
            names.post_return = canon.post_return.iter().cloned().collect();
            names.callback.clear();
        }
        let n_more_ways = ways.len().saturating_sub(1);
        Self { function, opts, canon, n_more_ways, names, has_own_names: own.is_some() }
    }

    /// Returns the interface or world that the function is of.
    pub(crate) fn owner(&self) -> &'a str {
        self.function.place().0
    }

    /// Returns the core signatures: lifted, what an asynchronously lifted function needs besides,
    /// lowered.
    pub(crate) fn signatures(&self, view: View<'_>) -> Vec<FlattenedFunc> {
        let (ty, opts) = (&self.function.ty, &self.opts);
        let mut all = vec![explain_functype_with(view, ty, opts, Direction::Lift)];
        if opts.is_async {
            all.push(explain_task_return(view, ty.result, opts));
        }
        if opts.is_async && opts.has_callback {
            all.push(explain_callback(opts));
        }
        all.push(explain_functype_with(view, ty, opts, Direction::Lower));
        all
    }
}

/// Returns the types of a function's parameters and result.
pub(crate) fn component_types(ty: &FuncType) -> impl Iterator<Item = ValType> + '_ {
    ty.params.iter().map(|(_, ty)| *ty).chain(ty.result)
}

/// Calls `f` with the view of the catalog's types from `owner`.
pub(crate) fn with_view<R>(
    catalog: &Catalog,
    folds: &Folds,
    owner: &str,
    f: impl FnOnce(View<'_>) -> R,
) -> R {
    let name_of = |ty: ValType| catalog.names.name(owner, ty);
    let is_closed = |ty: ValType| folds.is_closed(ty);
    f(View { types: &catalog.types, name_of: &name_of, is_closed: &is_closed })
}
