//! Values of Rust types to and from compiled code, in the registers of the C convention.
//!
//! What crosses is said once, by the `Abi` types of this file, for both ways: [`TypedEntry`] calls the trampoline of a
//! signature as a C function with these types, and [`HostParams::code`] is the C function that the trampoline of a host
//! function calls. `translate::trampoline` has the same signatures in Cranelift's terms.

use std::marker::PhantomData;
use std::mem::MaybeUninit;

use crate::embed::exception::ExnRef;
use crate::embed::func::Func;
use crate::embed::store::{AsContext, StoreInner};
use crate::embed::trap::Trap;
use crate::embed::typed::IntoFunc;
use crate::embed::value::ExternRef;
use crate::module::types::{TypeId, ValType};
use crate::rt::Trampoline;
use crate::vm::slot::{ValRaw, Word};
use crate::vm::trampoline::Kind;

use super::block::FuncRefPtr;
use super::entry::enter;
use super::host_block::{HostContext, run_on_registers};
use super::state::VmStore;

use sealed::{HostParams, Params, Results, Value};

#[cfg(target_arch = "aarch64")]
use std::arch::aarch64::uint8x16_t as Vector;
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::__m128i as Vector;

/// What keeps others from implementing the traits of this file: compiled code relies on them.
pub(crate) mod sealed {
    use super::{AsContext, IntoFunc, ValType};
    use crate::vm::slot::Word;

    /// What crosses to compiled code as one argument or result.
    pub trait Value: Sized {
        /// What the C convention passes. All zeros is one.
        type Abi: Copy + 'static;

        /// The same bits as an integer.
        type Word: Word;

        /// The type that compiled code has for it.
        const TYPE: ValType;

        fn to_abi(self, cx: &impl AsContext) -> Self::Abi;
        fn from_abi(abi: Self::Abi, cx: &impl AsContext) -> Self;
        fn to_word(abi: Self::Abi) -> Self::Word;
        fn from_word(word: Self::Word) -> Self::Abi;
    }

    /// Arguments.
    pub trait Params: Sized {
        type Abi: Copy + 'static;

        fn types() -> Vec<ValType>;
        fn to_abi(self, cx: &impl AsContext) -> Self::Abi;
        fn from_abi(abi: Self::Abi, cx: &impl AsContext) -> Self;

        /// Calls a function.
        ///
        /// # Safety
        ///
        /// `entry` is the address of a C function that takes `head`, which is what it demands, and these parameters, and
        /// returns an `Out`.
        unsafe fn call<Out>(abi: Self::Abi, entry: usize, head: (u64, usize)) -> Out;
    }

    /// Arguments of a host function.
    pub trait HostParams: Params {
        /// Returns the address of the C function that runs the closure `F`: takes its context and these parameters, and
        /// returns the `Abi` of its results.
        fn code<T: 'static, P, R, F: IntoFunc<T, P, R, Params = Self>>() -> usize;
    }

    /// Results.
    pub trait Results: Sized {
        /// What the C convention returns (`translate::trampoline::Returned`). All zeros is one.
        type Abi: Copy + 'static;

        fn types() -> Vec<ValType>;
        fn to_abi(self, cx: &impl AsContext) -> Self::Abi;
        fn from_abi(abi: Self::Abi, cx: &impl AsContext) -> Self;
    }
}

/// A Rust type that is a WebAssembly value: `i32`, `u32`, `i64`, `u64`, `f32`, `f64`, `u128` (the bits of a vector, lane 0
/// lowest), `Option<Func>`, `Option<ExternRef>`, `Option<ExnRef>`. Only this crate implements it.
pub trait WasmTy: Value + Send + Sync + 'static {}

/// Parameters of a [`TypedFunc`](crate::TypedFunc): a [`WasmTy`], or a tuple of up to twelve. Only this crate
/// implements it.
pub trait WasmParams: Params + 'static {}

/// Results of a [`TypedFunc`](crate::TypedFunc): a [`WasmTy`], or a tuple of up to twelve. Only this crate implements
/// it.
pub trait WasmResults: Results + 'static {}

/// Two results. As structures of two words are returned in registers, so is this if neither is a vector; otherwise it is
/// what [`Slots`] would be.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Pair<A, B>(A, B);

/// Three results or more.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Slots<const N: usize>([ValRaw; N]);

macro_rules! numbers {
    ($($ty:ty, $wasm:ident, $abi:ty, $word:ty, $to:expr, $from:expr, $bits:expr, $of_bits:expr;)*) => {
        $(
            impl Value for $ty {
                type Abi = $abi;
                type Word = $word;
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
                fn to_word(abi: $abi) -> $word {
                    ($bits)(abi)
                }

                #[inline]
                fn from_word(word: $word) -> $abi {
                    ($of_bits)(word)
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

fn i32_bits(value: i32) -> u64 {
    u64::from(value.cast_unsigned())
}

fn i32_of(bits: u64) -> i32 {
    low(bits).cast_signed()
}

fn f32_bits(value: f32) -> u64 {
    u64::from(value.to_bits())
}

fn f32_of(bits: u64) -> f32 {
    f32::from_bits(low(bits))
}

fn vector_bits(vector: Vector) -> u128 {
    // SAFETY: both are 16 bytes, of which every value is one.
    unsafe { std::mem::transmute(vector) }
}

fn vector_of(bits: u128) -> Vector {
    // SAFETY: as in `vector_bits`.
    unsafe { std::mem::transmute(bits) }
}

numbers! {
    i32, I32, i32, u64, |v| v, |v| v, i32_bits, i32_of;
    u32, I32, i32, u64, u32::cast_signed, i32::cast_unsigned, i32_bits, i32_of;
    i64, I64, i64, u64, |v| v, |v| v, i64::cast_unsigned, u64::cast_signed;
    u64, I64, i64, u64, u64::cast_signed, i64::cast_unsigned, i64::cast_unsigned, u64::cast_signed;
    f32, F32, f32, u64, |v| v, |v| v, f32_bits, f32_of;
    f64, F64, f64, u64, |v| v, |v| v, f64::to_bits, f64::from_bits;
    u128, V128, Vector, u128, vector_of, vector_bits, vector_bits, vector_of;
}

macro_rules! references {
    ($($ty:ty, $wasm:ident, |$val:ident, $store:ident| $to:expr, |$word:ident, $in:ident| $from:expr;)*) => {
        $(
            impl Value for Option<$ty> {
                type Abi = u64;
                type Word = u64;
                const TYPE: ValType = ValType::$wasm;

                fn to_abi(self, cx: &impl AsContext) -> u64 {
                    let $store = cx.as_context().into_opaque();
                    self.map_or(0, |$val| $to)
                }

                fn from_abi($word: u64, cx: &impl AsContext) -> Self {
                    let $in = cx.as_context().into_opaque();
                    $from
                }

                #[inline]
                fn to_word(abi: u64) -> u64 {
                    abi
                }

                #[inline]
                fn from_word(word: u64) -> u64 {
                    word
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
    ($(($n:literal $($name:ident $index:tt)*))*) => {
        $(
            impl<$($name: WasmTy),*> Params for ($($name,)*) {
                type Abi = ($($name::Abi,)*);

                fn types() -> Vec<ValType> {
                    vec![$($name::TYPE),*]
                }

                #[inline]
                #[allow(unused_variables, clippy::unused_unit, reason = "without parameters nothing is used")]
                fn to_abi(self, cx: &impl AsContext) -> Self::Abi {
                    ($(self.$index.to_abi(cx),)*)
                }

                #[inline]
                #[allow(unused_variables, clippy::unused_unit, reason = "without parameters nothing is used")]
                fn from_abi(abi: Self::Abi, cx: &impl AsContext) -> Self {
                    ($($name::from_abi(abi.$index, cx),)*)
                }

                #[inline]
                #[allow(unused_variables, reason = "without parameters nothing is used")]
                unsafe fn call<Out>(abi: Self::Abi, entry: usize, (func, vm): (u64, usize)) -> Out {
                    type Entry<Out, $($name),*> = unsafe extern "C" fn(u64, usize $(, $name)*) -> Out;
                    let entry = std::ptr::with_exposed_provenance::<()>(entry);
                    // SAFETY: the entry is a C function with these parameters and this result, as the caller says.
                    unsafe {
                        let entry: Entry<Out, $($name::Abi),*> = std::mem::transmute(entry);
                        entry(func, vm $(, abi.$index)*)
                    }
                }
            }
            impl<$($name: WasmTy),*> WasmParams for ($($name,)*) {}

            impl<$($name: WasmTy),*> HostParams for ($($name,)*) {
                fn code<T: 'static, P, R, Fun: IntoFunc<T, P, R, Params = Self>>() -> usize {
                    /// # Safety
                    ///
                    /// Called by the trampoline of the host function that `Fun` is.
                    #[allow(non_snake_case, reason = "a parameter has its type's name")]
                    unsafe extern "C" fn code<T: 'static, P, R, $($name: WasmTy,)* Fun>(
                        context: *const HostContext
                        $(, $name: $name::Abi)*
                    ) -> <Fun::Results as Results>::Abi
                    where
                        Fun: IntoFunc<T, P, R, Params = ($($name,)*)>,
                    {
                        // SAFETY: the trampoline passes the function's context.
                        unsafe { run_on_registers::<T, P, R, Fun>(context, ($($name,)*)) }
                    }
                    (code::<T, P, R, $($name,)* Fun> as *const ()).expose_provenance()
                }
            }

            impl<$($name: WasmTy),*> Results for ($($name,)*) {
                type Abi = results!(type $n $($name)*);

                fn types() -> Vec<ValType> {
                    vec![$($name::TYPE),*]
                }

                #[inline]
                #[allow(unused_variables, clippy::unused_unit, reason = "without results nothing is used")]
                fn to_abi(self, cx: &impl AsContext) -> Self::Abi {
                    results!(to self, cx, $($name $index)*)
                }

                #[inline]
                #[allow(unused_variables, clippy::unused_unit, reason = "without results nothing is used")]
                fn from_abi(abi: Self::Abi, cx: &impl AsContext) -> Self {
                    results!(from abi, cx, $($name $index)*)
                }
            }
            impl<$($name: WasmTy),*> WasmResults for ($($name,)*) {}
        )*
    };
}

/// What `Results` says of none, one, two and more results.
macro_rules! results {
    (type $n:literal) => { () };
    (type $n:literal $a:ident) => { $a::Abi };
    (type $n:literal $a:ident $b:ident) => { Pair<$a::Word, $b::Word> };
    (type $n:literal $($name:ident)*) => { Slots<$n> };

    (to $from:ident, $cx:ident,) => { () };
    (to $from:ident, $cx:ident, $a:ident $i:tt) => { $from.$i.to_abi($cx) };
    (to $from:ident, $cx:ident, $a:ident $i:tt $b:ident $j:tt) => {
        Pair($a::to_word($from.$i.to_abi($cx)), $b::to_word($from.$j.to_abi($cx)))
    };
    (to $from:ident, $cx:ident, $($name:ident $index:tt)*) => {
        Slots([$($name::to_word($from.$index.to_abi($cx)).to_slot(),)*])
    };

    (from $abi:ident, $cx:ident,) => { () };
    (from $abi:ident, $cx:ident, $a:ident $i:tt) => { ($a::from_abi($abi, $cx),) };
    (from $abi:ident, $cx:ident, $a:ident $i:tt $b:ident $j:tt) => {
        ($a::from_abi($a::from_word($abi.$i), $cx), $b::from_abi($b::from_word($abi.$j), $cx))
    };
    (from $abi:ident, $cx:ident, $($name:ident $index:tt)*) => {
        ($($name::from_abi($name::from_word(Word::from_slot($abi.0[$index])), $cx),)*)
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

impl<A: WasmTy> Params for A {
    type Abi = (A::Abi,);

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

    #[inline]
    unsafe fn call<Out>(abi: Self::Abi, entry: usize, head: (u64, usize)) -> Out {
        // SAFETY: as the caller says.
        unsafe { <(A,) as Params>::call(abi, entry, head) }
    }
}
impl<A: WasmTy> WasmParams for A {}

impl<A: WasmTy> Results for A {
    type Abi = A::Abi;

    fn types() -> Vec<ValType> {
        vec![A::TYPE]
    }

    #[inline]
    fn to_abi(self, cx: &impl AsContext) -> Self::Abi {
        Value::to_abi(self, cx)
    }

    #[inline]
    fn from_abi(abi: Self::Abi, cx: &impl AsContext) -> Self {
        <A as Value>::from_abi(abi, cx)
    }
}
impl<A: WasmTy> WasmResults for A {}

/// The entry of a signature for values in registers, as Rust sees it.
///
/// Invariant: `address` is that of the trampoline [`Kind::EnterByRegisters`] of `sig`, whose parameters and results are
/// those of `P` and `R`.
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
    /// Returns the entry for functions of the trampoline's type, which is that of `P` and `R`.
    ///
    /// # Panics
    ///
    /// Panics if it is another kind of trampoline.
    pub(crate) fn new(trampoline: Trampoline) -> Self {
        assert!(trampoline.kind == Kind::EnterByRegisters, "the kind of trampoline that the entry is");
        Self { address: trampoline.address, sig: trampoline.sig, types: PhantomData }
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
    ) -> Result<R::Abi, Trap> {
        assert!(func.sig() == self.sig, "the entry is that of the function's signature");
        // SAFETY: the entry is that of the signature (type invariant), which is the function's (asserted); its code
        // lives as long as the store, which has registered it. It has returned the results unless there was a trap.
        unsafe {
            let results = enter(store, |vm: *mut VmStore| {
                P::call::<MaybeUninit<R::Abi>>(args, self.address, (func.address(), vm.expose_provenance()))
            })?;
            Ok(results.assume_init())
        }
    }
}
