//! Functions with Rust types: calls of guest functions, and closures as host functions.

use std::marker::PhantomData;

use crate::embed::exception::ExnRef;
use crate::embed::func::Func;
use crate::embed::store::{AsContext, AsContextMut, Caller, StoreInner};
use crate::embed::trap::{Trap, failure, trap};
use crate::embed::value::ExternRef;
use crate::error::{Error, HostError, Result};
use crate::module::types::{FuncType, ValType};
use crate::rt::{self, Crossing, Failure, FuncRefPtr, RegisterFn, TypedEntry};
use crate::vm::trampoline::TrampolineKind;

use sealed::{Value, Values};

/// Traits that only this crate implements, because compiled code relies on them.
pub(crate) mod sealed {
    use super::{AsContext, ValType};
    use crate::rt::{AbiValue, Crossing};

    /// What crosses to compiled code as one argument or result.
    pub trait Value: Sized {
        /// What the C convention passes.
        type Abi: AbiValue;

        /// The type that compiled code has for it.
        const TYPE: ValType;

        fn to_abi(self, cx: &impl AsContext) -> Self::Abi;
        fn from_abi(abi: Self::Abi, cx: &impl AsContext) -> Self;
    }

    /// All arguments, or all results.
    pub trait Values: Crossing + Sized {
        fn types() -> Vec<ValType>;
        fn to_abi(self, cx: &impl AsContext) -> Self::Abi;
        fn from_abi(abi: Self::Abi, cx: &impl AsContext) -> Self;
    }
}

/// A Rust type that is a WebAssembly value: `i32`, `u32`, `i64`, `u64`, `f32`, `f64`, `u128` (the
/// bits of a vector, lane 0 lowest), `Option<Func>`, `Option<ExternRef>`, `Option<ExnRef>`. Only
/// this crate implements it.
pub trait WasmTy: Value + Send + Sync + 'static {}

/// Parameters of a [`TypedFunc`]: a [`WasmTy`], or a tuple of up to twelve. Only this crate
/// implements it.
pub trait WasmParams: Values + 'static {}

/// Results of a [`TypedFunc`]: a [`WasmTy`], or a tuple of up to twelve. Only this crate implements
/// it.
pub trait WasmResults: Values + 'static {}

macro_rules! numbers {
    ($($ty:ty, $wasm:ident, $abi:ty, $to:expr, $from:expr;)*) => {
        $(
            impl Value for $ty {
                type Abi = $abi;
                const TYPE: ValType = ValType::$wasm;

                #[inline]
                fn to_abi(self, _: &impl AsContext) -> $abi {
                    ($to)(self)
                }

                #[inline]
                fn from_abi(abi: $abi, _: &impl AsContext) -> Self {
                    ($from)(abi)
                }
            }
            impl WasmTy for $ty {}
        )*
    };
}

numbers! {
    i32, I32, i32, |v| v, |v| v;
    u32, I32, i32, u32::cast_signed, i32::cast_unsigned;
    i64, I64, i64, |v| v, |v| v;
    u64, I64, i64, u64::cast_signed, i64::cast_unsigned;
    f32, F32, f32, |v| v, |v| v;
    f64, F64, f64, |v| v, |v| v;
    u128, V128, rt::Vector, rt::vector_of, rt::vector_bits;
}

macro_rules! references {
    ($($ty:ty, $wasm:ident, |$val:ident, $store:ident| $to:expr, |$word:ident, $in:ident| $from:expr;)*) => {
        $(
            impl Value for Option<$ty> {
                type Abi = u64;
                const TYPE: ValType = ValType::$wasm;

                fn to_abi(self, cx: &impl AsContext) -> u64 {
                    let $store = cx.as_context().into_opaque();
                    self.map_or(0, |$val| $to)
                }

                fn from_abi($word: u64, cx: &impl AsContext) -> Self {
                    let $in = cx.as_context().into_opaque();
                    $from
                }
            }
            impl WasmTy for Option<$ty> {}
        )*
    };
}

references! {
    Func, FUNCREF, |func, store| func.ptr(store).address(),
        |word, store| FuncRefPtr::from_address(word).map(|ptr| Func::from_ptr(store.id(), ptr));
    ExternRef, EXTERNREF, |reference, store| reference.word(store),
        |word, store| ExternRef::from_word(store.id(), word);
    ExnRef, EXNREF, |exception, store| exception.word(store), |word, store| ExnRef::from_word(store, word);
}

macro_rules! tuples {
    ($(($($name:ident $index:tt)*))*) => {
        $(
            impl<$($name: WasmTy),*> Crossing for ($($name,)*) {
                type Abi = ($($name::Abi,)*);
            }

            impl<$($name: WasmTy),*> Values for ($($name,)*) {
                fn types() -> Vec<ValType> {
                    vec![$($name::TYPE),*]
                }

                #[inline]
                #[allow(unused_variables, clippy::unused_unit, reason = "an empty tuple has nothing to use")]
                fn to_abi(self, cx: &impl AsContext) -> Self::Abi {
                    ($(self.$index.to_abi(cx),)*)
                }

                #[inline]
                #[allow(unused_variables, clippy::unused_unit, reason = "an empty tuple has nothing to use")]
                fn from_abi(abi: Self::Abi, cx: &impl AsContext) -> Self {
                    ($($name::from_abi(abi.$index, cx),)*)
                }
            }
            impl<$($name: WasmTy),*> WasmParams for ($($name,)*) {}
            impl<$($name: WasmTy),*> WasmResults for ($($name,)*) {}
        )*
    };
}

tuples! {
    ()
    (A 0)
    (A 0 B 1)
    (A 0 B 1 C 2)
    (A 0 B 1 C 2 D 3)
    (A 0 B 1 C 2 D 3 E 4)
    (A 0 B 1 C 2 D 3 E 4 F 5)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11)
}

impl<A: WasmTy> Crossing for A {
    type Abi = (A::Abi,);
}

impl<A: WasmTy> Values for A {
    fn types() -> Vec<ValType> {
        vec![A::TYPE]
    }

    #[inline]
    fn to_abi(self, cx: &impl AsContext) -> Self::Abi {
        (Value::to_abi(self, cx),)
    }

    #[inline]
    fn from_abi((abi,): Self::Abi, cx: &impl AsContext) -> Self {
        <A as Value>::from_abi(abi, cx)
    }
}
impl<A: WasmTy> WasmParams for A {}
impl<A: WasmTy> WasmResults for A {}

/// How a closure is run as a host function on registers.
pub(crate) struct Wrapped<P, R, F>(PhantomData<fn(P, F) -> R>);

impl<T: 'static, P, R, F: IntoFunc<T, P, R>> RegisterFn<StoreInner<T>> for Wrapped<P, R, F> {
    type Func = F;
    type Params = <F::Params as Crossing>::Abi;
    type Results = <F::Results as Crossing>::Abi;

    #[inline]
    fn run(func: &F, store: &mut StoreInner<T>, params: Self::Params) -> Result<Self::Results, Failure> {
        let mut caller = Caller::new(store);
        let params = F::Params::from_abi(params, &caller);
        match func.run(&mut caller, params) {
            Ok(results) => Ok(results.to_abi(&caller)),
            Err(error) => Err(failure(&mut store.opaque, error)),
        }
    }
}

/// A function with parameters `P` and results `R`, checked once.
///
/// A call passes the arguments, and up to two results that are not vectors, in registers as far as
/// the C convention has them, through one entry that is generated per signature. It takes no lock,
/// allocates nothing and looks nothing up.
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
        let entry = TypedEntry::new(store.trampoline(sig, TrampolineKind::EnterByRegisters)?);
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
    /// Panics if the function or a reference among `params` belongs to another store, and resumes
    /// the panic of a host function that the call reached.
    #[inline]
    pub fn call(&self, mut cx: impl AsContextMut, params: P) -> Result<R, Trap> {
        let mut cx = cx.as_context_mut();
        let args = params.to_abi(&cx);
        let ptr = self.func.ptr(cx.opaque_mut());
        let results = match self.entry.call(cx.inner(), ptr, args) {
            Ok(results) => results,
            Err(stop) => return Err(trap(cx.opaque_mut(), *stop)),
        };
        Ok(R::from_abi(results, &cx))
    }
}

/// What a typed host function may return: [`WasmResults`], or a `Result` of them, whose error
/// becomes a trap.
pub trait HostResult: 'static {
    /// The results of the function's type.
    type Results: WasmResults;

    /// Returns the results or the error.
    ///
    /// # Errors
    ///
    /// Fails with the host function's error.
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

/// A closure that can be a host function: `Fn(P…) -> R` or `Fn(Caller<'_, T>, P…) -> R` with up to
/// twelve parameters that are [`WasmTy`] and a result that is [`HostResult`]. The compiler infers
/// `P` and `R`.
pub trait IntoFunc<T: 'static, P, R>: Send + Sync + 'static {
    /// The parameters, as a tuple.
    type Params: WasmParams;

    /// The results.
    type Results: WasmResults;

    /// Runs the closure.
    ///
    /// # Errors
    ///
    /// Fails with the closure's error.
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
