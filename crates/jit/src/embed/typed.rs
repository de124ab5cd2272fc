//! Functions with Rust types: calls of the guest's, and host functions.

use crate::embed::func::Func;
use crate::embed::store::{AsContextMut, Caller};
use crate::embed::trap::{HostError, Trap};
use crate::error::{Error, Result};
use crate::module::types::FuncType;
use crate::rt::sealed::HostParams;
use crate::rt::{TypedEntry, WasmParams, WasmResults, WasmTy};
use crate::vm::trampoline::Kind;

/// A function with parameters `P` and results `R`, checked once.
///
/// A call passes the arguments, and up to two results that are no vectors, in registers as far as the C convention has
/// them, through one entry that is generated per signature: it takes no lock, allocates nothing and looks nothing up.
pub struct TypedFunc<P, R> {
    func: Func,
    entry: TypedEntry<P, R>,
}

impl<P, R> Clone for TypedFunc<P, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P, R> Copy for TypedFunc<P, R> {}

impl<P, R> std::fmt::Debug for TypedFunc<P, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("TypedFunc").field(&self.func).finish()
    }
}

impl<P: WasmParams, R: WasmResults> TypedFunc<P, R> {
    pub(crate) fn new(mut cx: impl AsContextMut, func: Func) -> Result<Self> {
        let mut cx = cx.as_context_mut();
        let store = cx.opaque_mut();
        let sig = func.ptr(store).sig();
        let (ty, wanted) = (store.interned(sig).func(), FuncType::new(P::types(), R::types()));
        if *ty != wanted {
            let message = format!("a function of type {ty} is not of type {wanted}");
            return Err(Error::type_mismatch(message));
        }
        let entry = TypedEntry::new(store.trampoline(sig, Kind::EnterByRegisters)?);
        Ok(Self { func, entry })
    }

    /// Returns the function without Rust types.
    pub fn func(&self) -> Func {
        self.func
    }

    /// Calls the function.
    ///
    /// # Errors
    ///
    /// Returns the trap that stopped it.
    ///
    /// # Panics
    ///
    /// Panics if the function or a reference among `params` belongs to another store, and resumes the panic of a host
    /// function that the call reached.
    #[inline]
    pub fn call(&self, mut cx: impl AsContextMut, params: P) -> Result<R, Trap> {
        let mut cx = cx.as_context_mut();
        let args = params.to_abi(&cx);
        let ptr = self.func.ptr(cx.opaque_mut());
        let results = self.entry.call(cx.inner(), ptr, args)?;
        Ok(R::from_abi(results, &cx))
    }
}

/// What a typed host function returns: [`WasmResults`], or a `Result` of them whose error traps.
pub trait HostResult: 'static {
    /// The results of the function's type.
    type Results: WasmResults;

    /// Returns the results, or why there are none.
    ///
    /// # Errors
    ///
    /// The host function's own.
    fn into_results(self) -> Result<Self::Results, HostError>;
}

impl<R: WasmResults> HostResult for R {
    type Results = R;

    #[inline]
    fn into_results(self) -> Result<R, HostError> {
        Ok(self)
    }
}

impl<R: WasmResults> HostResult for Result<R, HostError> {
    type Results = R;

    #[inline]
    fn into_results(self) -> Self {
        self
    }
}

/// A closure that is a host function: `Fn(P…) -> R` or `Fn(Caller<'_, T>, P…) -> R` with up to twelve parameters that
/// are [`WasmTy`] and a result that is [`HostResult`]. `P` and `R` are for the compiler to find.
pub trait IntoFunc<T: 'static, P, R>: Send + Sync + 'static {
    /// The parameters, as a tuple.
    type Params: WasmParams + HostParams;

    /// The results.
    type Results: WasmResults;

    /// Runs the closure.
    ///
    /// # Errors
    ///
    /// The closure's own.
    fn run(&self, caller: &mut Caller<'_, T>, params: Self::Params) -> Result<Self::Results, HostError>;
}

macro_rules! closures {
    ($(($($name:ident)*))*) => {
        $(
            impl<T: 'static, Clo, $($name: WasmTy,)* Ret: HostResult> IntoFunc<T, ($($name,)*), Ret> for Clo
            where
                Clo: Fn($($name),*) -> Ret + Send + Sync + 'static,
            {
                type Params = ($($name,)*);
                type Results = Ret::Results;

                #[inline]
                #[allow(non_snake_case, reason = "a parameter has its type's name")]
                fn run(&self, _: &mut Caller<'_, T>, ($($name,)*): Self::Params) -> Result<Self::Results, HostError> {
                    self($($name),*).into_results()
                }
            }

            impl<T: 'static, Clo, $($name: WasmTy,)* Ret: HostResult>
                IntoFunc<T, (Caller<'_, T>, $($name,)*), Ret> for Clo
            where
                Clo: Fn(Caller<'_, T>, $($name),*) -> Ret + Send + Sync + 'static,
            {
                type Params = ($($name,)*);
                type Results = Ret::Results;

                #[inline]
                #[allow(non_snake_case, reason = "a parameter has its type's name")]
                fn run(
                    &self,
                    caller: &mut Caller<'_, T>,
                    ($($name,)*): Self::Params,
                ) -> Result<Self::Results, HostError> {
                    self(caller.reborrow(), $($name),*).into_results()
                }
            }
        )*
    };
}

closures! {
    ()
    (A)
    (A B)
    (A B C)
    (A B C D)
    (A B C D E)
    (A B C D E F)
    (A B C D E F G)
    (A B C D E F G H)
    (A B C D E F G H I)
    (A B C D E F G H I J)
    (A B C D E F G H I J K)
    (A B C D E F G H I J K L)
}
