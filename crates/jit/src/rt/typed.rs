//! Values of Rust types to and from compiled code: arguments and a result in registers.
//!
//! The entry of a signature (`translate::trampoline::typed_entry`) is a C function; [`TypedEntry`] is its address with
//! the Rust types that it was checked against, so that a call needs no check but that of the function's signature.

use std::marker::PhantomData;

use super::block::FuncRefPtr;
use super::entry::enter;
use super::state::VmStore;
use super::value::ValRaw;
use crate::engine::Trampolines;
use crate::func::Func;
use crate::store::{AsContext, StoreInner};
use crate::trap::Trap;
use crate::types::{TypeId, ValType};
use crate::value::ExternRef;

/// What keeps others from implementing the traits of this file: compiled code relies on them.
pub(crate) mod sealed {
    use super::{AsContext, ValRaw, ValType};

    /// What crosses to compiled code as one argument or result.
    pub trait Value: Copy {
        /// What the C convention passes.
        type Abi: Copy + Default + Send + Sync + 'static;

        /// The type that compiled code has for it.
        const TYPE: ValType;

        fn to_abi(self, cx: &impl AsContext) -> Self::Abi;
        fn from_abi(abi: Self::Abi, cx: &impl AsContext) -> Self;
        fn to_raw(self, cx: &impl AsContext) -> ValRaw;
        fn from_raw(raw: ValRaw, cx: &impl AsContext) -> Self;
    }

    /// Arguments.
    pub trait Params: Sized {
        type Abi: Copy + 'static;

        fn types() -> Vec<ValType>;
        fn to_abi(self, cx: &impl AsContext) -> Self::Abi;
        fn from_raw(slots: &[ValRaw], cx: &impl AsContext) -> Self;

        /// Calls the entry.
        ///
        /// # Safety
        ///
        /// `entry` is the typed entry of a signature with these parameters whose result, if it is the only one, is
        /// passed as an `R`; `head` is what the entry demands.
        unsafe fn call<R: Copy>(abi: Self::Abi, entry: usize, head: [usize; 4]) -> R;
    }

    /// Results: one in a register, or several in slots.
    pub trait Results: Sized {
        type Abi: Copy + Default + 'static;
        type Slots: AsMut<[ValRaw]> + AsRef<[ValRaw]> + Default;

        fn types() -> Vec<ValType>;
        fn from_abi(abi: Self::Abi, slots: &Self::Slots, cx: &impl AsContext) -> Self;
        fn to_raw(self, slots: &mut [ValRaw], cx: &impl AsContext);
    }
}

/// A Rust type that is a WebAssembly value: `i32`, `u32`, `i64`, `u64`, `f32`, `f64`, `Option<Func>`,
/// `Option<ExternRef>`. Only this crate implements it.
pub trait WasmTy: sealed::Value + Send + Sync + 'static {}

/// Parameters of a [`TypedFunc`](crate::TypedFunc): a [`WasmTy`], or a tuple of up to twelve. Only this crate
/// implements it.
pub trait WasmParams: sealed::Params + 'static {}

/// Results of a [`TypedFunc`](crate::TypedFunc): a [`WasmTy`], or a tuple of up to twelve. Only this crate implements
/// it.
pub trait WasmResults: sealed::Results + 'static {}

macro_rules! numbers {
    ($($ty:ty, $wasm:ident, $abi:ty, $to:expr, $from:expr, $bits:expr, $of_bits:expr;)*) => {
        $(
            impl sealed::Value for $ty {
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

                #[inline]
                fn to_raw(self, _: &impl AsContext) -> ValRaw {
                    ValRaw::from_u64(($bits)(self))
                }

                #[inline]
                fn from_raw(raw: ValRaw, _: &impl AsContext) -> Self {
                    ($of_bits)(raw.to_u64())
                }
            }
            impl WasmTy for $ty {}
        )*
    };
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half word is what is asked for")]
fn low(bits: u64) -> u32 {
    bits as u32
}

numbers! {
    i32, I32, i32, |v| v, |v| v, |v: i32| u64::from(v.cast_unsigned()), |b| low(b).cast_signed();
    u32, I32, i32, u32::cast_signed, i32::cast_unsigned, u64::from, low;
    i64, I64, i64, |v| v, |v| v, i64::cast_unsigned, u64::cast_signed;
    u64, I64, i64, u64::cast_signed, i64::cast_unsigned, |v| v, |b| b;
    f32, F32, f32, |v| v, |v| v, |v: f32| u64::from(v.to_bits()), |b| f32::from_bits(low(b));
    f64, F64, f64, |v| v, |v| v, f64::to_bits, f64::from_bits;
}

macro_rules! references {
    ($($ty:ty, $wasm:ident, |$val:ident, $store:ident| $to:expr, |$word:ident, $in:ident| $from:expr;)*) => {
        $(
            impl sealed::Value for Option<$ty> {
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

                fn to_raw(self, cx: &impl AsContext) -> ValRaw {
                    ValRaw::from_u64(sealed::Value::to_abi(self, cx))
                }

                fn from_raw(raw: ValRaw, cx: &impl AsContext) -> Self {
                    <Self as sealed::Value>::from_abi(raw.to_u64(), cx)
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
}

macro_rules! tuples {
    ($(($n:literal $($name:ident $index:tt)*))*) => {
        $(
            impl<$($name: WasmTy),*> sealed::Params for ($($name,)*) {
                type Abi = ($(<$name as sealed::Value>::Abi,)*);

                fn types() -> Vec<ValType> {
                    vec![$($name::TYPE),*]
                }

                #[inline]
                #[allow(unused_variables, clippy::unused_unit, reason = "without parameters nothing is used")]
                fn to_abi(self, cx: &impl AsContext) -> Self::Abi {
                    ($(sealed::Value::to_abi(self.$index, cx),)*)
                }

                #[inline]
                #[allow(unused_variables, clippy::unused_unit, reason = "without parameters nothing is used")]
                fn from_raw(slots: &[ValRaw], cx: &impl AsContext) -> Self {
                    ($(<$name as sealed::Value>::from_raw(slots[$index], cx),)*)
                }

                #[inline]
                #[allow(unused_variables, reason = "without parameters nothing is used")]
                unsafe fn call<Out: Copy>(
                    abi: Self::Abi,
                    entry: usize,
                    [vmctx, code, vm, slots]: [usize; 4],
                ) -> Out {
                    // SAFETY: the entry is a C function with these parameters and this result, as the caller says.
                    unsafe {
                        type Entry<Out, $($name),*> =
                            unsafe extern "C" fn(usize, usize, usize, usize $(, $name)*) -> Out;
                        let entry = std::ptr::with_exposed_provenance::<()>(entry);
                        let entry: Entry<Out, $(<$name as sealed::Value>::Abi),*> = std::mem::transmute(entry);
                        entry(vmctx, code, vm, slots $(, abi.$index)*)
                    }
                }
            }
            impl<$($name: WasmTy),*> WasmParams for ($($name,)*) {}

            impl<$($name: WasmTy),*> sealed::Results for ($($name,)*) {
                type Abi = results_abi!($($name)*);
                type Slots = [ValRaw; $n];

                fn types() -> Vec<ValType> {
                    vec![$($name::TYPE),*]
                }

                #[inline]
                #[allow(unused_variables, clippy::unused_unit, reason = "without results nothing is used")]
                fn from_abi(abi: Self::Abi, slots: &Self::Slots, cx: &impl AsContext) -> Self {
                    results_from!(abi, slots, cx, $($name $index)*)
                }

                #[inline]
                #[allow(unused_variables, reason = "without results nothing is used")]
                fn to_raw(self, slots: &mut [ValRaw], cx: &impl AsContext) {
                    $(slots[$index] = sealed::Value::to_raw(self.$index, cx);)*
                }
            }
            impl<$($name: WasmTy),*> WasmResults for ($($name,)*) {}
        )*
    };
}

/// What the entry returns: the only result, or nothing.
macro_rules! results_abi {
    ($name:ident) => {
        <$name as sealed::Value>::Abi
    };
    ($($name:ident)*) => {
        ()
    };
}

macro_rules! results_from {
    ($abi:ident, $slots:ident, $cx:ident, $name:ident $index:tt) => { (<$name as sealed::Value>::from_abi($abi, $cx),) };
    ($abi:ident, $slots:ident, $cx:ident, $($name:ident $index:tt)*) => {
        ($(<$name as sealed::Value>::from_raw($slots[$index], $cx),)*)
    };
}

tuples! {
    (0)
    (1 A 0)
    (2 A 0 B 1)
    (3 A 0 B 1 C 2)
    (4 A 0 B 1 C 2 D 3)
    (5 A 0 B 1 C 2 D 3 E 4)
    (6 A 0 B 1 C 2 D 3 E 4 F 5)
    (7 A 0 B 1 C 2 D 3 E 4 F 5 G 6)
    (8 A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7)
    (9 A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8)
    (10 A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9)
    (11 A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10)
    (12 A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11)
}

impl<A: WasmTy> sealed::Params for A {
    type Abi = (A::Abi,);

    fn types() -> Vec<ValType> {
        vec![A::TYPE]
    }

    #[inline]
    fn to_abi(self, cx: &impl AsContext) -> Self::Abi {
        (sealed::Value::to_abi(self, cx),)
    }

    #[inline]
    fn from_raw(slots: &[ValRaw], cx: &impl AsContext) -> Self {
        <A as sealed::Value>::from_raw(slots[0], cx)
    }

    #[inline]
    unsafe fn call<Out: Copy>(abi: Self::Abi, entry: usize, head: [usize; 4]) -> Out {
        // SAFETY: as the caller says.
        unsafe { <(A,) as sealed::Params>::call(abi, entry, head) }
    }
}
impl<A: WasmTy> WasmParams for A {}

impl<A: WasmTy> sealed::Results for A {
    type Abi = A::Abi;
    type Slots = [ValRaw; 0];

    fn types() -> Vec<ValType> {
        vec![A::TYPE]
    }

    #[inline]
    fn from_abi(abi: Self::Abi, _: &Self::Slots, cx: &impl AsContext) -> Self {
        <A as sealed::Value>::from_abi(abi, cx)
    }

    #[inline]
    fn to_raw(self, slots: &mut [ValRaw], cx: &impl AsContext) {
        slots[0] = sealed::Value::to_raw(self, cx);
    }
}
impl<A: WasmTy> WasmResults for A {}

/// The typed entry of a signature, as Rust sees it.
///
/// Invariant: `address` is that of the typed entry of `sig`, whose parameters and results are those of `P` and `R`.
pub(crate) struct TypedEntry<P, R> {
    address: usize,
    sig: TypeId,
    types: PhantomData<fn(P) -> R>,
}

impl<P, R> Clone for TypedEntry<P, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P, R> Copy for TypedEntry<P, R> {}

impl<P: WasmParams, R: WasmResults> TypedEntry<P, R> {
    /// Returns the entry, or `None` if the signature is another one.
    pub(crate) fn new(trampolines: &Trampolines) -> Option<Self> {
        let fits = trampolines.ty.params == P::types() && trampolines.ty.results == R::types();
        fits.then(|| Self { address: trampolines.typed_entry(), sig: trampolines.sig, types: PhantomData })
    }

    /// Calls a function of the store that has the signature.
    ///
    /// # Panics
    ///
    /// Panics if the function has another signature, and with the payload of a host function that panicked.
    #[inline]
    pub(crate) fn call<T: 'static>(
        self,
        store: &mut StoreInner<T>,
        func: FuncRefPtr,
        args: P::Abi,
        slots: &mut R::Slots,
    ) -> Result<R::Abi, Trap> {
        assert!(func.sig() == self.sig, "the entry is that of the function's signature");
        let (code, vmctx) = func.target();
        let slots = slots.as_mut().as_mut_ptr();
        // SAFETY: the entry is that of the signature (type invariant), which is the function's (asserted); its code
        // lives as long as the store, which has registered it; the slots are those of the results.
        unsafe {
            enter(store, |vm: *mut VmStore| {
                let head = [vmctx, code, vm.expose_provenance(), slots.expose_provenance()];
                P::call::<R::Abi>(args, self.address, head)
            })
        }
    }
}
