//! The functions that a component exports, and calls of them that are checked before anything is
//! compiled.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;

use canonical_abi::{ValType, display, display_func};
use component_linker::{ResolvedComponent, Val};

use crate::catalog;
use crate::failure::Failure;
use crate::functions::{self, Function};
use crate::input::read_component;
use crate::proposals;
use crate::wave::{self, Base, Reference, Scope};

/// What drops a resource, also where the component has a function `drop`.
const DROP: &str = "[resource-drop]";

/// A component, not compiled, and its functions.
pub(crate) struct Exports {
    pub(crate) file: String,
    pub(crate) resolved: ResolvedComponent,
    pub(crate) functions: Vec<Function>,
    /// Functions by the names that they were asked for by: scripts ask for the same ones often.
    found: RefCell<HashMap<String, usize>>,
}

/// A call whose name and arguments are right.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) what: What,
    /// The type of its result.
    pub(crate) result: Option<ValType>,
    /// The calls whose results it takes.
    pub(crate) takes: Vec<usize>,
}

/// What a call does.
#[derive(Debug)]
pub(crate) enum What {
    /// Calls a function. The arguments are `None` if they depend on earlier results.
    Call { function: usize, args: Option<Vec<Val>> },
    /// Drops a resource.
    Drop(Reference),
    /// Shows an earlier result.
    Show(Reference),
}

impl Exports {
    /// Reads a component.
    ///
    /// # Errors
    ///
    /// When it can't be read, or is not valid.
    pub(crate) fn of_bytes(path: &Path, bytes: &[u8]) -> Result<Self, Failure> {
        let file = path.display().to_string();
        let resolved = proposals::resolve_component(&file, bytes)?;
        let functions = catalog::of_items(resolved.types(), &[resolved.exports()]).functions;
        Ok(Self { file, resolved, functions, found: RefCell::default() })
    }

    /// Reads the bytes of a component.
    ///
    /// # Errors
    ///
    /// When it can't be read.
    pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
        read_component(path)
    }

    /// Checks a call. `earlier` has the types of the results before it.
    ///
    /// # Errors
    ///
    /// When there is no such function, or an argument is not of its parameter's type.
    pub(crate) fn check(&self, text: &str, earlier: &[Option<ValType>]) -> Result<Checked, Failure> {
        let bad = |error: wave::ReadError| Failure::BadInput(error.to_string());
        let scope = Earlier { exports: self, results: earlier };
        if let Some(reference) = wave::parse_reference(text) {
            let result = scope.type_of(&reference).map_err(Failure::BadInput)?;
            let takes = takes(std::iter::once(&reference));
            return Ok(Checked { what: What::Show(reference), result, takes });
        }
        let call = wave::parse_call(text).map_err(bad)?;
        let takes = takes(call.references());
        if self.is_drop(call.name()) {
            let reference = call.only_reference();
            let is_own = |ty: Option<ValType>| ty.is_none_or(|ty| matches!(ty, ValType::Own(_)));
            let Some(reference) = reference else {
                return Err(bad(call.error("`drop` takes a resource, such as `$0`".to_owned())));
            };
            let ty = scope.type_of(reference).map_err(|message| bad(call.error(message)))?;
            if !is_own(ty) {
                let ty = ty.map(|ty| display(self.resolved.types(), ty).to_string()).unwrap_or_default();
                let message =
                    format!("`drop` takes a resource, found `{reference}`, which is of type `{ty}`");
                return Err(bad(call.error(message)));
            }
            return Ok(Checked { what: What::Drop(reference.clone()), result: None, takes });
        }
        let function = self.find(call.name())?;
        let ty = &self.functions[function].ty;
        let args = wave::read_args(self.resolved.types(), ty, &call, &scope).map_err(bad)?;
        let args = call.references().next().is_none().then_some(args);
        Ok(Checked { what: What::Call { function, args }, result: ty.result, takes })
    }

    /// Returns whether a name means the built-in: `drop`, unless the component has a function that
    /// is called just that.
    fn is_drop(&self, name: &str) -> bool {
        let is_function = || self.functions.iter().any(|function| function.full_name() == name);
        name == DROP || (name == "drop" && !is_function())
    }

    fn find(&self, name: &str) -> Result<usize, Failure> {
        if let Some(function) = self.found.borrow().get(name) {
            return Ok(*function);
        }
        let found = functions::find(&self.functions, name)?;
        let at = self.functions.iter().position(|function| std::ptr::eq(function, found));
        let at = at.expect("it is one of them");
        self.found.borrow_mut().insert(name.to_owned(), at);
        Ok(at)
    }

    /// Returns a function's name and type as WIT.
    pub(crate) fn display(&self, function: usize) -> String {
        let function = &self.functions[function];
        display_func(self.resolved.types(), &function.full_name(), &function.ty).to_string()
    }
}

fn takes<'r>(references: impl Iterator<Item = &'r Reference>) -> Vec<usize> {
    let result = |reference: &Reference| match reference.base {
        Base::Result(n) => Some(n),
        Base::Handle(_) => None,
    };
    references.filter_map(result).collect()
}

/// The results of earlier calls, of which only the types are known.
struct Earlier<'a> {
    exports: &'a Exports,
    results: &'a [Option<ValType>],
}

impl Scope for Earlier<'_> {
    fn type_of(&self, reference: &Reference) -> Result<Option<ValType>, String> {
        let Base::Result(n) = reference.base else { return Ok(None) };
        let ty = result_type(self.results, n)?;
        let (ty, _) = wave::part(self.exports.resolved.types(), ty, None, &reference.path)?;
        Ok(Some(ty))
    }

    fn value(&self, _: &Reference, _: ValType) -> Result<Val, String> {
        // Arguments with references are read again when the results are there.
        Ok(Val::Bool(false))
    }
}

/// Returns the type of the result `$n`.
///
/// # Errors
///
/// When the call has none, or has not been made.
pub(crate) fn result_type(results: &[Option<ValType>], n: usize) -> Result<ValType, String> {
    match results.get(n) {
        Some(Some(ty)) => Ok(*ty),
        Some(None) => Err(format!("there is no `${n}`: that call has no result")),
        None if results.is_empty() => Err(format!("there is no `${n}` yet: this is the first call")),
        None if results.len() == 1 => Err(format!("there is no `${n}` yet, only `$0`")),
        None => Err(format!("there is no `${n}` yet, only `$0` to `${}`", results.len() - 1)),
    }
}
