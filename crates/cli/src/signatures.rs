//! A function with all its core signatures: what `lowlift describe` writes about.

use canonical_abi::explain::{
    FlattenedFunc, View, explain_callback, explain_functype_with, explain_task_return,
};
use canonical_abi::{Direction, FuncType, Options, ValType};

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
    /// Whether they are those of the component at hand, and what it does with them.
    pub(crate) own: Option<Own>,
    /// Other options with which the component lowers it.
    pub(crate) more_ways: Vec<Options>,
    /// Its core names.
    pub(crate) names: CoreNames,
}

/// What a component does with a function.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Own {
    /// It lifts it; its core names are the component's own too.
    Lifts,
    /// It lowers it.
    Lowers,
}

impl<'a> Described<'a> {
    /// Returns a function with the options that are given, and for the rest those of the component.
    pub(crate) fn new(catalog: &'a Catalog, function: &'a Function, abi: &AbiArgs) -> Self {
        let lifting = catalog.liftings.get(&function.path);
        let ways = catalog.lowerings.get(&function.path).map(Vec::as_slice).unwrap_or_default();
        let lowered: Vec<_> = ways.iter().map(|way| with_callback(way.options)).collect();
        let own = lifting.map(|lifting| (lifting.options, Own::Lifts));
        let own = own.or(lowered.first().map(|opts| (*opts, Own::Lowers)));
        let opts = abi.over(own.map(|(opts, _)| opts).unwrap_or_default());
        let (owner, name) = function.place();
        let interface = Some(owner).filter(|owner| !owner.is_empty() && !catalog.worlds.contains(*owner));
        let mut names = CoreNames::new(interface, name, &opts, function.ty.result.is_some());
        let own = own.filter(|(own, _)| *own == opts).map(|(_, what)| what);
        if let (Some(Own::Lifts), Some(lifting)) = (own, lifting) {
            names.export = lifting.core_name.iter().cloned().collect();
            names.post_return = lifting.post_return.iter().cloned().collect();
            names.callback = lifting.callback.iter().cloned().collect();
        }
        let more_ways = lowered.into_iter().filter(|other| own.is_some() && *other != opts).collect();
        Self { function, opts, own, more_ways, names }
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

/// Returns the options of an asynchronously lowered function with a callback. Lowering has none;
/// whoever lifts the function may have one.
fn with_callback(opts: Options) -> Options {
    Options { has_callback: opts.is_async, ..opts }
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
