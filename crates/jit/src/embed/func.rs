//! Function handles: host functions, calls. Follows the core specification, "Function Instances".

use std::sync::Arc;

use crate::embed::raw::{val_from_raw, val_to_raw};
use crate::embed::store::{
    AsContext, AsContextMut, Caller, StoreContextMut, StoreId, StoreInner, StoreOpaque,
};
use crate::embed::trap::{Backtrace, Trap, TrapKind, failure, trap};
use crate::embed::typed::sealed::Values;
use crate::embed::typed::{IntoFunc, TypedFunc, WasmParams, WasmResults, Wrapped};
use crate::embed::value::Val;
use crate::error::{Error, HostError};
use crate::module::types::{FuncType, TypeId, ValType};
use crate::rt::{self, FuncRefPtr, HostBlock, SlotCall, Trampoline};
use crate::vm::slot::ValRaw;
use crate::vm::trampoline::TrampolineKind;

/// A function of a store.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Func {
    store: StoreId,
    ptr: FuncRefPtr,
}

/// Like [`Func::wrap`].
pub(crate) fn wrap<T: 'static, P, R, F: IntoFunc<T, P, R>>(
    mut cx: StoreContextMut<'_, T>,
    f: Arc<F>,
) -> Func {
    let inner = cx.inner();
    let ty = FuncType::new(F::Params::types(), F::Results::types());
    let trampoline = host_trampoline(&mut inner.opaque, &ty, TrampolineKind::HostByRegisters);
    let host = HostBlock::on_registers::<_, Wrapped<P, R, F>>(&*inner, trampoline, f);
    Func { store: inner.opaque.id(), ptr: inner.opaque.add_host(host).func_ref() }
}

fn host_trampoline(store: &mut StoreOpaque, ty: &FuncType, kind: TrampolineKind) -> Trampoline {
    let id = store.engine().registry().signature(ty).id;
    store.trampoline(id, kind).expect("a trampoline of a host function's type")
}

/// Makes a host function on slots.
fn on_slots<T: 'static>(
    store: &mut StoreInner<T>,
    ty: &FuncType,
    f: impl Fn(Caller<'_, T>, &mut [ValRaw]) -> Result<(), HostError> + Send + Sync + 'static,
) -> Func {
    let trampoline = host_trampoline(&mut store.opaque, ty, TrampolineKind::HostBySlots);
    let run = move |store: &mut StoreInner<T>, slots: &mut [ValRaw]| {
        f(Caller::new(store), slots).map_err(|error| failure(&mut store.opaque, error))
    };
    let host = HostBlock::on_slots(&*store, trampoline, ty.n_slots(), run);
    Func { store: store.opaque.id(), ptr: store.opaque.add_host(host).func_ref() }
}

/// Runs a host function on values, which stand in slots.
fn run_on_values<T: 'static>(
    mut caller: Caller<'_, T>,
    ty: &FuncType,
    f: &impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<(), HostError>,
    slots: &mut [ValRaw],
) -> Result<(), HostError> {
    let mut cx = caller.as_context_mut();
    let store = cx.opaque_mut();
    let mut vals = store.take_scratch();
    vals.extend(ty.params.iter().zip(&*slots).map(|(&ty, &raw)| val_from_raw(store, raw, ty)));
    vals.extend(ty.results.iter().map(|&ty| Val::default_for(ty)));
    let (params, results) = vals.split_at_mut(ty.params.len());
    f(caller.reborrow(), params, results)?;
    let mut cx = caller.as_context_mut();
    let store = cx.opaque_mut();
    for ((slot, val), &ty) in slots.iter_mut().zip(&*results).zip(&ty.results) {
        if !val.is_of(store, ty) {
            let message = format!("host function returned {} instead of {ty}", val.ty());
            return Err(Error::type_mismatch(message).into());
        }
        *slot = val_to_raw(store, val);
    }
    store.put_scratch(vals);
    Ok(())
}

#[cold]
fn unfit_slots(ty: &FuncType, n_slots: usize) -> Trap {
    mismatch(format!("a function of type {ty} was called with {n_slots} slots"))
}

#[inline]
fn slot_call(store: &mut StoreOpaque, sig: TypeId) -> Result<SlotCall, Trap> {
    match store.slot_call(sig) {
        Some(known) => Ok(known),
        None => {
            let no_entry = |error: Error| Trap::new(TrapKind::Host(error.into()), Backtrace::default());
            store.first_slot_call(sig).map_err(no_entry)
        }
    }
}

#[cold]
fn mismatch(message: String) -> Trap {
    Trap::new(TrapKind::Mismatch(message), Backtrace::default())
}

impl Func {
    /// Returns a function that runs `f`: parameters and result slots have the number and types of
    /// `ty`; slots start with default values.
    ///
    /// An error of `f` passes through the guest's frames and comes back to the outer caller as
    /// [`TrapKind::Host`]; a [`Trap`] returned as the error comes back as itself. A panic of `f`
    /// likewise passes to the outer caller without unwinding the guest's frames.
    ///
    /// # Panics
    ///
    /// Panics if the system refuses executable memory for the type's trampoline.
    pub fn new<C: AsContextMut>(
        mut cx: C,
        ty: FuncType,
        f: impl Fn(Caller<'_, C::Data>, &[Val], &mut [Val]) -> Result<(), HostError> + Send + Sync + 'static,
    ) -> Self {
        let mut cx = cx.as_context_mut();
        let on_values = {
            let ty = ty.clone();
            move |caller: Caller<'_, C::Data>, slots: &mut [ValRaw]| run_on_values(caller, &ty, &f, slots)
        };
        on_slots(cx.inner(), &ty, on_values)
    }

    /// Returns a function that runs `f` on bare slots: they hold the arguments at first, and then
    /// the results. It is for types that are known at run time only, without a [`Val`] in between.
    /// What a slot holds besides its value's bits is ignored.
    ///
    /// Errors and panics of `f` are passed on as by [`Func::new`].
    ///
    /// # Panics
    ///
    /// Panics if `ty` has references, which cannot be checked in bare slots, and if the system
    /// refuses executable memory for the type's trampoline.
    pub fn new_raw<C: AsContextMut>(
        mut cx: C,
        ty: &FuncType,
        f: impl Fn(Caller<'_, C::Data>, &mut [ValRaw]) -> Result<(), HostError> + Send + Sync + 'static,
    ) -> Self {
        assert!(ty.is_numeric(), "a host function on slots has no references");
        on_slots(cx.as_context_mut().inner(), ty, f)
    }

    /// Returns a function that runs the closure `f`, whose parameters and results determine the
    /// type. A call passes them in registers, like [`TypedFunc`], and allocates nothing.
    ///
    /// Errors and panics of `f` are passed on as by [`Func::new`].
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
    /// Panics if the system refuses executable memory for the type's trampoline.
    pub fn wrap<C: AsContextMut, P, R>(mut cx: C, f: impl IntoFunc<C::Data, P, R>) -> Self {
        wrap(cx.as_context_mut(), Arc::new(f))
    }

    /// Returns the function with Rust types.
    ///
    /// # Errors
    ///
    /// Fails if the types differ, or if the system refuses executable memory for the type's
    /// trampoline.
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
        store.engine().registry().interned(self.ptr(store).sig()).func().clone()
    }

    /// Calls the function.
    ///
    /// # Errors
    ///
    /// Returns the trap that stopped it. If `params` or the length of `results` do not fit the
    /// type, nothing runs and the trap's kind is [`TrapKind::Mismatch`]. Nothing runs either if the
    /// system refuses executable memory at the first call of a function of the type: then it is
    /// [`TrapKind::Host`] with the [`Error`].
    ///
    /// # Panics
    ///
    /// Panics if the function or a reference among `params` belongs to another store, and resumes
    /// the panic of a host function that the call reached.
    pub fn call(&self, mut cx: impl AsContextMut, params: &[Val], results: &mut [Val]) -> Result<(), Trap> {
        let mut cx = cx.as_context_mut();
        let inner = cx.inner();
        let store = &mut inner.opaque;
        let ptr = self.ptr(store);
        let call = slot_call(store, ptr.sig())?;
        let interned = Arc::clone(store.interned(ptr.sig()));
        let ty = interned.func();
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
        let values = match inline.get_mut(..call.n_slots) {
            Some(values) => values,
            None => {
                heap = vec![ValRaw::default(); call.n_slots];
                &mut heap[..]
            }
        };
        for (slot, param) in values.iter_mut().zip(params) {
            *slot = val_to_raw(store, param);
        }
        rt::call(inner, ptr, call, values).map_err(|stop| trap(&mut inner.opaque, *stop))?;
        for ((result, &raw), &ty) in results.iter_mut().zip(&*values).zip(&ty.results) {
            *result = val_from_raw(&inner.opaque, raw, ty);
        }
        Ok(())
    }

    /// Calls the function with bare slots, for callers that know its type at run time only: the
    /// first slots of `values` are the arguments, and then the results. What a slot holds besides a
    /// value's bits is ignored. From the second call of a function of the type on, nothing is
    /// allocated, locked or hashed.
    ///
    /// # Errors
    ///
    /// Returns the trap that stopped it. If there are fewer slots than parameters or results, or
    /// references among them, nothing runs and the trap's kind is [`TrapKind::Mismatch`]. Otherwise
    /// like [`Func::call`].
    ///
    /// # Panics
    ///
    /// Panics like [`Func::call`].
    #[inline]
    pub fn call_raw(&self, mut cx: impl AsContextMut, values: &mut [ValRaw]) -> Result<(), Trap> {
        let mut cx = cx.as_context_mut();
        let inner = cx.inner();
        let ptr = self.ptr(&inner.opaque);
        let call = slot_call(&mut inner.opaque, ptr.sig())?;
        if !call.is_numeric || values.len() < call.n_slots {
            return Err(unfit_slots(inner.opaque.interned(ptr.sig()).func(), values.len()));
        }
        rt::call(inner, ptr, call, values).map_err(|stop| trap(&mut inner.opaque, *stop))
    }

    pub(crate) fn from_ptr(store: StoreId, ptr: FuncRefPtr) -> Self {
        Self { store, ptr }
    }

    #[inline]
    pub(crate) fn ptr(self, store: &StoreOpaque) -> FuncRefPtr {
        store.check(self.store);
        self.ptr
    }
}
