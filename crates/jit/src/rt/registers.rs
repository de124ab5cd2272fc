//! Values to and from compiled code in the registers of the C convention.
//!
//! The types of this file define once, for both directions, what crosses: [`TypedEntry`] calls the
//! trampoline of a signature as a C function with these types, and [`AbiParams::code`] is the C
//! function that the trampoline of a host function calls. `translate::trampoline` has the same
//! signatures in Cranelift's terms.

use std::marker::PhantomData;
use std::mem::MaybeUninit;

use crate::module::types::TypeId;
use crate::vm::slot::{ValRaw, Word};
use crate::vm::trampoline::TrampolineKind;

use super::block::FuncRefPtr;
use super::entry::{HasVm, Stop, enter};
use super::host_block::{HostContext, RegisterFn, run_on_registers};
use super::state::VmStore;
use super::trampoline::Trampoline;

#[cfg(target_arch = "aarch64")]
pub(crate) use std::arch::aarch64::uint8x16_t as Vector;
#[cfg(target_arch = "x86_64")]
pub(crate) use std::arch::x86_64::__m128i as Vector;

/// What crosses as one argument or result. All zeros is a value of each.
///
/// Only this file implements it and the two traits below: compiled code relies on them.
pub trait AbiValue: Copy + 'static {
    /// The same bits as an integer.
    type Word: Word;

    /// Returns the bits.
    fn to_word(self) -> Self::Word;

    /// Returns the value with these bits.
    fn from_word(word: Self::Word) -> Self;
}

/// What crosses as all arguments: a tuple.
pub trait AbiParams: Copy + 'static {
    /// Calls a function.
    ///
    /// # Safety
    ///
    /// `entry` is the address of a C function that takes `head`, which is what it demands, and
    /// these parameters, and returns an `Out`.
    unsafe fn call<Out>(self, entry: usize, head: (u64, usize)) -> Out;

    /// Returns the address of the C function that runs the host function `M`: takes its context and
    /// these parameters, and returns what crosses of its results.
    #[expect(private_bounds, reason = "nobody but this crate calls it")]
    fn code<S: HasVm, M: RegisterFn<S, Params = Self>>() -> usize;
}

/// What crosses as all results: a tuple.
pub trait AbiResults: Copy + 'static {
    /// What the C convention returns (`translate::trampoline::Returned`). All zeros is one.
    type Returned: Copy + 'static;

    /// Returns the results as the convention has them.
    fn returned(self) -> Self::Returned;

    /// Returns the results that a C function has returned.
    fn of_returned(returned: Self::Returned) -> Self;
}

/// Types whose values cross as a tuple.
pub trait Crossing {
    /// The tuple.
    type Abi: AbiParams + AbiResults;
}

/// Two results. As structures of two words are returned in registers, so is this if neither is a
/// vector; otherwise it is what [`Slots`] would be.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Pair<A, B>(A, B);

/// Three results or more.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Slots<const N: usize>([ValRaw; N]);

macro_rules! values {
    ($($ty:ty, $word:ty, $to:expr, $from:expr;)*) => {
        $(
            impl AbiValue for $ty {
                type Word = $word;

                #[inline]
                fn to_word(self) -> $word {
                    ($to)(self)
                }

                #[inline]
                fn from_word(word: $word) -> Self {
                    ($from)(word)
                }
            }
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

/// Returns the bits of a vector, lane 0 lowest.
#[inline]
pub(crate) fn vector_bits(vector: Vector) -> u128 {
    // SAFETY: both are 16 bytes, of which every value is one.
    unsafe { std::mem::transmute(vector) }
}

/// Returns the vector with these bits.
#[inline]
pub(crate) fn vector_of(bits: u128) -> Vector {
    // SAFETY: as in `vector_bits`.
    unsafe { std::mem::transmute(bits) }
}

values! {
    i32, u64, i32_bits, i32_of;
    i64, u64, i64::cast_unsigned, u64::cast_signed;
    f32, u64, f32_bits, f32_of;
    f64, u64, f64::to_bits, f64::from_bits;
    Vector, u128, vector_bits, vector_of;
    // A reference.
    u64, u64, |word| word, |word| word;
}

macro_rules! tuples {
    ($(($n:literal $($name:ident $index:tt)*))*) => {
        $(
            impl<$($name: AbiValue),*> AbiParams for ($($name,)*) {
                #[inline]
                #[allow(unused_variables, reason = "without parameters nothing is used")]
                unsafe fn call<Out>(self, entry: usize, (func, vm): (u64, usize)) -> Out {
                    type Entry<Out, $($name),*> = unsafe extern "C" fn(u64, usize $(, $name)*) -> Out;
                    let entry = std::ptr::with_exposed_provenance::<()>(entry);
                    // SAFETY: the entry is a C function with these parameters and this result, as
                    // the caller says.
                    unsafe {
                        let entry: Entry<Out, $($name),*> = std::mem::transmute(entry);
                        entry(func, vm $(, self.$index)*)
                    }
                }

                #[expect(private_bounds, reason = "nobody but this crate calls it")]
                fn code<S: HasVm, M: RegisterFn<S, Params = Self>>() -> usize {
                    /// # Safety
                    ///
                    /// Called by the trampoline of the host function `M`.
                    #[allow(non_snake_case, reason = "a parameter has its type's name")]
                    unsafe extern "C" fn code<S: HasVm, $($name: AbiValue,)* M>(
                        context: *const HostContext
                        $(, $name: $name)*
                    ) -> <M::Results as AbiResults>::Returned
                    where
                        M: RegisterFn<S, Params = ($($name,)*)>,
                    {
                        // SAFETY: the trampoline passes the function's context.
                        unsafe { run_on_registers::<S, M>(context, ($($name,)*)) }
                    }
                    (code::<S, $($name,)* M> as *const ()).expose_provenance()
                }
            }

            impl<$($name: AbiValue),*> AbiResults for ($($name,)*) {
                type Returned = results!(type $n $($name)*);

                #[inline]
                #[allow(clippy::unused_unit, reason = "without results nothing is used")]
                fn returned(self) -> Self::Returned {
                    results!(to self, $($name $index)*)
                }

                #[inline]
                #[allow(unused_variables, clippy::unused_unit, reason = "without results nothing is used")]
                fn of_returned(returned: Self::Returned) -> Self {
                    results!(from returned, $($name $index)*)
                }
            }
        )*
    };
}

/// What `AbiResults` says of none, one, two and more results.
macro_rules! results {
    (type $n:literal) => { () };
    (type $n:literal $a:ident) => { $a };
    (type $n:literal $a:ident $b:ident) => { Pair<$a::Word, $b::Word> };
    (type $n:literal $($name:ident)*) => { Slots<$n> };

    (to $from:ident,) => { () };
    (to $from:ident, $a:ident $i:tt) => { $from.$i };
    (to $from:ident, $a:ident $i:tt $b:ident $j:tt) => {
        Pair($from.$i.to_word(), $from.$j.to_word())
    };
    (to $from:ident, $($name:ident $index:tt)*) => {
        Slots([$($from.$index.to_word().to_slot(),)*])
    };

    (from $abi:ident,) => { () };
    (from $abi:ident, $a:ident $i:tt) => { ($abi,) };
    (from $abi:ident, $a:ident $i:tt $b:ident $j:tt) => {
        ($a::from_word($abi.$i), $b::from_word($abi.$j))
    };
    (from $abi:ident, $($name:ident $index:tt)*) => {
        ($($name::from_word(Word::from_slot($abi.0[$index])),)*)
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

/// The entry of a signature for values in registers, as Rust sees it.
///
/// Invariant: `address` is that of the trampoline [`TrampolineKind::EnterByRegisters`] of `sig`,
/// whose parameters and results are those of `P` and `R`.
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

impl<P: Crossing, R: Crossing> TypedEntry<P, R> {
    /// Returns the entry for functions of the trampoline's type, which is that of `P` and `R`.
    ///
    /// # Panics
    ///
    /// Panics if it is another kind of trampoline.
    pub(crate) fn new(trampoline: Trampoline) -> Self {
        assert!(
            trampoline.kind == TrampolineKind::EnterByRegisters,
            "the kind of trampoline that the entry is"
        );
        Self { address: trampoline.address, sig: trampoline.sig, types: PhantomData }
    }

    /// Calls a function of the store that has the signature.
    ///
    /// # Panics
    ///
    /// Panics if the function has another signature, and with the payload of a host function that
    /// panicked.
    #[inline]
    pub(crate) fn call<S: HasVm>(
        self,
        store: &mut S,
        func: FuncRefPtr,
        args: P::Abi,
    ) -> Result<R::Abi, Box<Stop>> {
        assert!(func.sig() == self.sig, "the entry is that of the function's signature");
        // SAFETY: the entry is that of the signature (type invariant), which is the function's
        // (asserted); its code lives as long as the store, which has registered it. It has returned
        // the results unless there was a trap.
        unsafe {
            let results = enter(store, |vm: *mut VmStore| {
                let head = (func.address(), vm.expose_provenance());
                args.call::<MaybeUninit<<R::Abi as AbiResults>::Returned>>(self.address, head)
            })?;
            Ok(R::Abi::of_returned(results.assume_init()))
        }
    }
}
