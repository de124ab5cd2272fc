//! Function handles: host functions, calls. Follows the core specification, "Function Instances".

use std::fmt;
use std::sync::Arc;

use crate::engine::Trampolines;
use crate::error::Error;
use crate::rt::{self, FuncRefPtr, HostBlock, HostFn, ValRaw, WasmParams, WasmResults};
use crate::store::{AsContext, AsContextMut, Caller, StoreContextMut, StoreId, StoreOpaque};
use crate::trap::{Backtrace, HostError, Trap, TrapKind};
use crate::typed::{IntoFunc, TypedFunc};
use crate::types::{FuncType, ValType};
use crate::value::Val;

/// A function of a store.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Func {
    store: StoreId,
    ptr: FuncRefPtr,
}

/// A function on numbers that is called often: what a call of it needs is looked up once, and its arguments and results
/// are slots.
#[derive(Clone)]
pub struct NumericFunc {
    func: Func,
    /// Invariant: those of the function's type, which has no references. The function's store knows their code.
    trampolines: Arc<Trampolines>,
}

impl NumericFunc {
    /// Calls the function: the first slots of `values` are the arguments, and then the results. What a slot holds
    /// besides a value's bits is ignored.
    ///
    /// # Errors
    ///
    /// Returns the trap that stopped it.
    ///
    /// # Panics
    ///
    /// Panics if the function belongs to another store or there are fewer slots than [`Self::n_slots`], and resumes
    /// the panic of a host function that the call reached.
    #[inline]
    pub fn call(&self, mut cx: impl AsContextMut, values: &mut [ValRaw]) -> Result<(), Trap> {
        let mut cx = cx.as_context_mut();
        let inner = cx.inner();
        let ptr = self.func.ptr(&inner.opaque);
        rt::call(inner, ptr, &self.trampolines, values)
    }

    /// Returns how many slots a call needs: the larger of the numbers of parameters and results.
    pub fn n_slots(&self) -> usize {
        self.trampolines.n_slots
    }
}

/// As [`Func::wrap`].
pub(crate) fn wrap<T: 'static, P, R, F: IntoFunc<T, P, R>>(mut cx: StoreContextMut<'_, T>, f: F) -> Func {
    let store = cx.opaque_mut();
    let id = store.engine().signature(&F::ty()).id;
    let trampolines = store.trampolines(id).expect("trampolines of a host function's type");
    let run = move |caller: Caller<'_, T>, slots: &mut [ValRaw]| f.run(caller, slots);
    let host = HostBlock::on_slots(store.vm(), &trampolines, run);
    Func { store: store.id(), ptr: store.add_host(host).func_ref() }
}

impl fmt::Debug for NumericFunc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NumericFunc").field(&self.func).finish()
    }
}

impl Func {
    /// Prepares the function for calls with bare numbers. Returns `None` if its type has anything else than numbers.
    ///
    /// # Errors
    ///
    /// Fails if the system refuses executable memory for the type's trampolines.
    ///
    /// # Panics
    ///
    /// Panics if the function belongs to another store.
    pub fn numeric(&self, mut cx: impl AsContextMut) -> Result<Option<NumericFunc>, Error> {
        let mut cx = cx.as_context_mut();
        let store = cx.opaque_mut();
        let sig = self.ptr(store).sig();
        let trampolines = store.trampolines(sig)?;
        let ty = &trampolines.ty;
        let is_number = |ty: &ValType| match ty {
            ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64 => true,
            ValType::V128 | ValType::Ref(_) => false,
        };
        let all_numbers = ty.params.iter().chain(&ty.results).all(is_number);
        Ok(all_numbers.then_some(NumericFunc { func: *self, trampolines }))
    }

    /// Returns a function that runs `f`: parameters and result slots have the number and types of `ty`;
    /// slots start with default values.
    ///
    /// An error of `f` passes through the guest's frames and comes back to the outer caller as
    /// [`TrapKind::Host`]; a [`Trap`] returned as the error comes back as itself. A panic of `f` likewise
    /// passes to the outer caller without unwinding the guest's frames.
    ///
    /// # Panics
    ///
    /// Panics if the system refuses executable memory for the type's trampolines.
    pub fn new<C: AsContextMut>(
        mut cx: C,
        ty: FuncType,
        f: impl Fn(Caller<'_, C::Data>, &[Val], &mut [Val]) -> Result<(), HostError> + Send + Sync + 'static,
    ) -> Self {
        let mut cx = cx.as_context_mut();
        let store = cx.opaque_mut();
        let id = store.engine().signature(&ty).id;
        let trampolines = store.trampolines(id).expect("trampolines of a host function's type");
        let host = HostBlock::new(store.vm(), &trampolines, HostFn::<C::Data> { ty, func: Box::new(f) });
        Self { store: store.id(), ptr: store.add_host(host).func_ref() }
    }

    /// Returns the function that the closure `f` is: its parameters and results say the type, and neither a call nor a
    /// value of it is boxed.
    ///
    /// Errors and panics of `f` pass as [`Func::new`] says.
    ///
    /// ```
    /// # use jit::{Caller, Config, Engine, Func, Store};
    /// # let engine = Engine::new(&Config::new()).expect("a supported machine");
    /// let mut store = Store::new(&engine, 40);
    /// let add = Func::wrap(&mut store, |caller: Caller<'_, i32>, n: i32| *caller.data() + n);
    /// assert_eq!(add.typed::<i32, i32>(&mut store)?.call(&mut store, 2)?, 42);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if the system refuses executable memory for the type's trampolines.
    pub fn wrap<C: AsContextMut, P, R>(mut cx: C, f: impl IntoFunc<C::Data, P, R>) -> Self {
        wrap(cx.as_context_mut(), f)
    }

    /// Returns the function with Rust types.
    ///
    /// # Errors
    ///
    /// Fails if the types are others, or if the system refuses executable memory for the type's trampolines.
    ///
    /// # Panics
    ///
    /// Panics if the function belongs to another store.
    pub fn typed<P: WasmParams, R: WasmResults>(
        &self,
        cx: impl AsContextMut,
    ) -> Result<TypedFunc<P, R>, Error> {
        TypedFunc::new(cx, *self)
    }

    /// Returns the type.
    ///
    /// # Panics
    ///
    /// Panics if the function belongs to another store.
    pub fn ty(&self, cx: impl AsContext) -> FuncType {
        self.ty_in(cx.as_context().into_opaque())
    }

    pub(crate) fn ty_in(self, store: &StoreOpaque) -> FuncType {
        store.engine().interned(self.ptr(store).sig()).func().clone()
    }

    /// Calls the function.
    ///
    /// # Errors
    ///
    /// Returns the trap that stopped it. If `params` or the length of `results` do not fit the type,
    /// nothing runs and the trap's kind is [`TrapKind::Mismatch`].
    ///
    /// # Panics
    ///
    /// Panics if the function or a reference among `params` belongs to another store, and resumes the
    /// panic of a host function that the call reached.
    pub fn call(&self, mut cx: impl AsContextMut, params: &[Val], results: &mut [Val]) -> Result<(), Trap> {
        let mut cx = cx.as_context_mut();
        let inner = cx.inner();
        let store = &mut inner.opaque;
        let ptr = self.ptr(store);
        let mismatch = |message: String| Trap::new(TrapKind::Mismatch(message), Backtrace::default());
        let trampolines = store.trampolines(ptr.sig()).map_err(|e| mismatch(e.to_string()))?;
        let ty = &trampolines.ty;
        let fits = |(param, &ty): (&Val, &ValType)| param.is_of(store, ty);
        let all_fit = params.len() == ty.params.len() && params.iter().zip(&ty.params).all(fits);
        if !all_fit || results.len() != ty.results.len() {
            let given: Vec<_> = params.iter().map(Val::ty).collect();
            let given = FuncType::new(given, Vec::new());
            let message =
                format!("a function of type {ty} was called as {given} with {} result slots", results.len());
            return Err(mismatch(message));
        }
        let mut inline = [ValRaw::default(); 8];
        let mut heap;
        let values = match inline.get_mut(..trampolines.n_slots) {
            Some(values) => values,
            None => {
                heap = vec![ValRaw::default(); trampolines.n_slots];
                &mut heap[..]
            }
        };
        for (slot, param) in values.iter_mut().zip(params) {
            *slot = rt::val_to_raw(store, param);
        }
        rt::call(inner, ptr, &trampolines, values)?;
        for ((result, &raw), &ty) in results.iter_mut().zip(&*values).zip(&ty.results) {
            *result = rt::val_from_raw(&inner.opaque, raw, ty);
        }
        Ok(())
    }

    pub(crate) fn from_ptr(store: StoreId, ptr: FuncRefPtr) -> Self {
        Self { store, ptr }
    }

    pub(crate) fn ptr(self, store: &StoreOpaque) -> FuncRefPtr {
        store.check(self.store);
        self.ptr
    }
}
