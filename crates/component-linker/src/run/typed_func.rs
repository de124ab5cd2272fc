//! Exported functions with the types of their parameters and results.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use canonical_abi::ResourceId;

use super::canon::{Scratch, Target, call_typed, from_values, target, to_values};
use super::instance::{CallError, Func, Instance};
use super::store::{AsContextMut, StoreContextMut};
use crate::link_error::InstantiateError;
use crate::names::{describe_path, quote_path};
use crate::trap::{Trap, TrapCause};
use crate::typed::{
    Expected, LiftTuple, LowerTuple, ResourceError, Results, TypeMismatch, check_func, has_handles,
};

/// A component function with parameters `P` and results `R`: `TypedFunc<(u32, String), (bool,)>`.
/// Cheap to clone.
///
/// Its types were checked when it was made. A call lowers Rust values into the guest and lifts the
/// result out of it. It allocates what the result owns, and nothing else.
pub struct TypedFunc<P, R> {
    func: Func,
    route: Route,
    types: PhantomData<fn(P) -> R>,
}

/// How calls are made.
#[derive(Clone, Debug)]
enum Route {
    /// Straight into the guest.
    Guest(Arc<Target>),
    /// As a call with component values: of a host function that a component exports, or of a guest
    /// under a call hook.
    Values,
}

/// Why there is no [`TypedFunc`].
#[derive(Debug)]
pub enum TypedFuncError {
    /// The function or instance belongs to another store.
    WrongStore,
    /// The instance has no such function. The message names it.
    Missing(String),
    /// The function has other types.
    Types {
        /// The function's name as errors write it, as far as it is known.
        name: String,
        /// What differs.
        mismatch: TypeMismatch,
    },
}

/// Why there are no bindings to an instance of a component (`bindings!`).
#[derive(Debug)]
pub enum BindingsError {
    /// The component could not be instantiated.
    Instantiate(InstantiateError),
    /// The instance lacks a function, or has one of other types.
    Func(TypedFuncError),
}

impl Instance {
    /// Returns the exported function at a path ([`get_func`](Self::get_func)) with the types of its
    /// parameters and results. Look a function up once and keep it.
    ///
    /// # Errors
    ///
    /// If there is no such function, or if it has other types; the error shows both as WIT.
    pub fn get_typed_func<P, R>(
        &self,
        mut store: impl AsContextMut,
        path: &[&str],
    ) -> Result<TypedFunc<P, R>, TypedFuncError>
    where
        P: LowerTuple,
        R: LiftTuple + Results,
    {
        let mut cx = store.as_context_mut();
        if cx.state().id != self.inner.store {
            return Err(TypedFuncError::WrongStore);
        }
        let func = self.exported_func(path).ok_or_else(|| {
            TypedFuncError::Missing(format!("there is no export {}", describe_path(path, "function")))
        })?;
        let name = path.last().copied().unwrap_or_default();
        typed(&mut cx, &func, (&quote_path(path), name))
    }
}

impl Func {
    /// Returns the function with the types of its parameters and results.
    ///
    /// # Errors
    ///
    /// If it has other types, or belongs to another store; the error shows both types as WIT.
    pub fn typed<P, R>(&self, mut store: impl AsContextMut) -> Result<TypedFunc<P, R>, TypedFuncError>
    where
        P: LowerTuple,
        R: LiftTuple + Results,
    {
        let mut cx = store.as_context_mut();
        if cx.state().id != self.store {
            return Err(TypedFuncError::WrongStore);
        }
        typed(&mut cx, self, ("the function", "the-function"))
    }
}

fn typed<T, P, R>(
    cx: &mut StoreContextMut<'_, T>,
    func: &Func,
    (full_name, name): (&str, &str),
) -> Result<TypedFunc<P, R>, TypedFuncError>
where
    P: LowerTuple,
    R: LiftTuple + Results,
{
    let info = &func.info;
    let host_resource = |id: ResourceId| cx.state().host_type(*info.resources.get(id.0 as usize)?);
    let expected =
        Expected { name, types: &info.types, ty: &info.signature.ty, host_resources: &host_resource };
    check_func::<P, R>(&expected)
        .map_err(|mismatch| TypedFuncError::Types { name: String::from(full_name), mismatch })?;
    let instance = Arc::clone(cx.host().func(func.index));
    let route = match target(&instance) {
        Some(target) if cx.host().hook.is_none() => Route::Guest(Arc::new(target)),
        Some(_) | None => Route::Values,
    };
    Ok(TypedFunc { func: func.clone(), route, types: PhantomData })
}

impl<P, R> TypedFunc<P, R>
where
    P: LowerTuple,
    R: LiftTuple,
{
    /// Calls the function: lowers the arguments, runs it, lifts its result and calls its
    /// post-return function.
    ///
    /// # Errors
    ///
    /// If the store is another one, or an argument is a resource that can't be passed, nothing has
    /// run. If the guest traps, every component instance that the trap passed through is out of
    /// use.
    #[inline]
    pub fn call(&self, mut store: impl AsContextMut, params: P) -> Result<R, CallError> {
        self.call_with(&mut store.as_context_mut(), &params)
    }
}

impl<P, R: LiftTuple> TypedFunc<P, R> {
    /// Calls the function with parameters that lower to what `P` lowers to: `&str` in place of
    /// `String`, say. For generated code.
    #[doc(hidden)]
    #[inline]
    pub fn call_with<T, Q: LowerTuple>(
        &self,
        cx: &mut StoreContextMut<'_, T>,
        params: &Q,
    ) -> Result<R, CallError> {
        if cx.state().id != self.func.store {
            return Err(CallError::WrongStore);
        }
        if const { has_handles::<Q>() } {
            self.rehearse(cx, params)?;
        }
        match &self.route {
            Route::Guest(target) => {
                call_typed(cx, target, params).map_err(|trap| CallError::trapped(cx, trap))
            }
            Route::Values => self.call_values(cx, params),
        }
    }

    /// Checks that the resources among the arguments can be passed.
    fn rehearse<T, Q: LowerTuple>(&self, cx: &StoreContextMut<'_, T>, params: &Q) -> Result<(), CallError> {
        let info = &*self.func.info;
        let scratch = Scratch::rehearsal(info, cx.state());
        match to_values(scratch, params, &info.signature.param_types) {
            Ok(_) => Ok(()),
            Err(trap) => Err(match trap.cause() {
                TrapCause::Host(error) => match error.downcast_ref::<ResourceError>() {
                    Some(error) => CallError::Resource(*error),
                    None => CallError::Trap(trap),
                },
                TrapCause::Abi(_)
                | TrapCause::Core(_)
                | TrapCause::Limit(_)
                | TrapCause::Backpressure
                | TrapCause::Task(_)
                | TrapCause::Unsupported(_)
                | TrapCause::HostResult(_)
                | TrapCause::Poisoned { .. } => CallError::Trap(trap),
            }),
        }
    }

    fn call_values<T, Q: LowerTuple>(
        &self,
        cx: &mut StoreContextMut<'_, T>,
        params: &Q,
    ) -> Result<R, CallError> {
        let info = &*self.func.info;
        let trap = |trap: Trap| CallError::Trap(trap);
        let scratch = Scratch::new(info, cx.state());
        let args = to_values(scratch, params, &info.signature.param_types).map_err(trap)?;
        let result: Vec<_> = self.func.call(&mut *cx, &args)?.into_iter().collect();
        from_values(Scratch::new(info, cx.state()), &result, &info.signature.result_types).map_err(trap)
    }
}

impl<P, R> TypedFunc<P, R> {
    /// Returns the function without its types.
    pub fn func(&self) -> &Func {
        &self.func
    }
}

impl<P, R> Clone for TypedFunc<P, R> {
    fn clone(&self) -> Self {
        Self { func: self.func.clone(), route: self.route.clone(), types: PhantomData }
    }
}

impl<P, R> fmt::Debug for TypedFunc<P, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedFunc").field("func", &self.func).finish_non_exhaustive()
    }
}

impl From<InstantiateError> for BindingsError {
    fn from(error: InstantiateError) -> Self {
        Self::Instantiate(error)
    }
}

impl From<TypedFuncError> for BindingsError {
    fn from(error: TypedFuncError) -> Self {
        Self::Func(error)
    }
}

impl fmt::Display for BindingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instantiate(error) => error.fmt(f),
            Self::Func(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for BindingsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Instantiate(error) => error.source(),
            Self::Func(error) => error.source(),
        }
    }
}

impl fmt::Display for TypedFuncError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongStore => f.write_str("the function belongs to another store"),
            Self::Missing(message) => f.write_str(message),
            Self::Types { name, mismatch } => write!(f, "{name}: {mismatch}"),
        }
    }
}

impl std::error::Error for TypedFuncError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::WrongStore | Self::Missing(_) => None,
            Self::Types { mismatch, .. } => mismatch.source(),
        }
    }
}
