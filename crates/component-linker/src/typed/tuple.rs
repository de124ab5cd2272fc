//! Tuples: as values, and as the parameters or results of a function.
//! Follows CanonicalABI.md, "Lifting and Lowering Values".

use canonical_abi::memory::{allocate, check_pointer};
use canonical_abi::trap::Allocation;
use canonical_abi::{Context, TypeError, ValType};

use super::{ComponentType, Describe, FlatIn, FlatOut, Lift, Lower, Shape, TypedHost, part};
use crate::trap::Trap;

/// A tuple of component types, such as the parameters of a function: `()`, `(A,)`, `(A, B)` and so
/// on.
pub trait ComponentTuple {
    /// The shapes of the elements.
    const ELEMENTS: &'static [Shape];

    /// Returns the component types.
    ///
    /// # Errors
    ///
    /// As for [`ComponentType::describe`].
    fn describe_each(describe: &mut Describe) -> Result<Vec<ValType>, TypeError>;
}

/// The results of a function: none, which is `()`, or one, `(A,)`.
pub trait Results: ComponentTuple {}

impl Results for () {}
impl<A: ComponentType> Results for (A,) {}

/// A [`ComponentTuple`] that can be lowered.
pub trait LowerTuple: ComponentTuple {
    /// Appends the core values of the elements, of the types `tys`.
    ///
    /// # Errors
    ///
    /// As for [`Lower::lower_flat`].
    fn lower_each<H: TypedHost>(
        &self,
        cx: &mut Context<'_, H>,
        tys: &[ValType],
        out: &mut FlatOut<'_>,
    ) -> Result<(), Trap>;

    /// Stores the elements from `ptr` on, which is aligned and has room.
    ///
    /// # Errors
    ///
    /// As for [`Lower::store`].
    fn store_each<H: TypedHost>(
        &self,
        cx: &mut Context<'_, H>,
        tys: &[ValType],
        ptr: u64,
    ) -> Result<(), Trap>;
}

/// A [`ComponentTuple`] that can be lifted.
pub trait LiftTuple: ComponentTuple + Sized {
    /// Returns the elements, of the types `tys`, that the next core values flatten.
    ///
    /// # Errors
    ///
    /// As for [`Lift::lift_flat`].
    fn lift_each<H: TypedHost>(
        cx: &mut Context<'_, H>,
        tys: &[ValType],
        flat: &mut FlatIn<'_>,
    ) -> Result<Self, Trap>;

    /// Returns the elements from `ptr` on, which is aligned and within the memory.
    ///
    /// # Errors
    ///
    /// As for [`Lift::load`].
    fn load_each<H: TypedHost>(cx: &mut Context<'_, H>, tys: &[ValType], ptr: u64) -> Result<Self, Trap>;
}

/// Returns the shape of the tuple, unless it is empty.
const fn shape<P: ComponentTuple>() -> Option<Shape> {
    if P::ELEMENTS.is_empty() { None } else { Some(Shape::record(P::ELEMENTS)) }
}

/// Returns how many core values the tuple flattens to.
pub(crate) const fn n_flat<P: ComponentTuple>() -> usize {
    match shape::<P>() {
        Some(shape) => shape.n_flat(),
        None => 0,
    }
}

/// Returns whether there may be resource handles in the tuple.
pub(crate) const fn has_handles<P: ComponentTuple>() -> bool {
    match shape::<P>() {
        Some(shape) => shape.has_handles(),
        None => false,
    }
}

/// Lowers a tuple to at most `max_flat` core values: if it has more, to memory, at `out_param` or
/// in a new block, whose pointer is then the one core value (the spec's `lower_flat_values`).
#[inline]
pub(crate) fn lower_values<P: LowerTuple, H: TypedHost>(
    cx: &mut Context<'_, H>,
    max_flat: usize,
    values: &P,
    tys: &[ValType],
    out_param: Option<u64>,
    out: &mut FlatOut<'_>,
) -> Result<(), Trap> {
    match const { shape::<P>() } {
        Some(shape) if shape.n_flat() > max_flat => {
            let (size, align) = (shape.size(cx.opts.ptr), shape.align(cx.opts.ptr));
            let ptr = match out_param {
                Some(ptr) => {
                    check_pointer(cx, ptr, size, align)?;
                    cx.host.consume_bytes(size)?;
                    ptr
                }
                None => {
                    let ptr = allocate(cx, align, size, Allocation::Params)?;
                    out.push(ptr);
                    ptr
                }
            };
            values.store_each(cx, tys, ptr)
        }
        Some(_) | None => values.lower_each(cx, tys, out),
    }
}

/// Lifts a tuple from core values, or from the memory that the one core value points to if it has
/// more than `max_flat` (the spec's `lift_flat_values`).
#[inline]
pub(crate) fn lift_values<R: LiftTuple, H: TypedHost>(
    cx: &mut Context<'_, H>,
    max_flat: usize,
    tys: &[ValType],
    flat: &mut FlatIn<'_>,
) -> Result<R, Trap> {
    match const { shape::<R>() } {
        Some(shape) if shape.n_flat() > max_flat => {
            let ptr = flat.next_pointer(cx.opts.ptr);
            check_pointer(cx, ptr, shape.size(cx.opts.ptr), shape.align(cx.opts.ptr))?;
            R::load_each(cx, tys, ptr)
        }
        Some(_) | None => R::lift_each(cx, tys, flat),
    }
}

impl ComponentTuple for () {
    const ELEMENTS: &'static [Shape] = &[];

    fn describe_each(_: &mut Describe) -> Result<Vec<ValType>, TypeError> {
        Ok(Vec::new())
    }
}

impl LowerTuple for () {
    #[inline]
    fn lower_each<H: TypedHost>(
        &self,
        _: &mut Context<'_, H>,
        _: &[ValType],
        _: &mut FlatOut<'_>,
    ) -> Result<(), Trap> {
        Ok(())
    }

    #[inline]
    fn store_each<H: TypedHost>(&self, _: &mut Context<'_, H>, _: &[ValType], _: u64) -> Result<(), Trap> {
        Ok(())
    }
}

impl LiftTuple for () {
    #[inline]
    fn lift_each<H: TypedHost>(
        _: &mut Context<'_, H>,
        _: &[ValType],
        _: &mut FlatIn<'_>,
    ) -> Result<Self, Trap> {
        Ok(())
    }

    #[inline]
    fn load_each<H: TypedHost>(_: &mut Context<'_, H>, _: &[ValType], _: u64) -> Result<Self, Trap> {
        Ok(())
    }
}

/// The type of element `i`, as [`part`] has it for the parts of a type.
#[inline]
fn element<E: ComponentType>(tys: &[ValType], i: usize) -> ValType {
    if E::SHAPE.has_handles() { tys[i] } else { ValType::Bool }
}

macro_rules! tuples {
    ($(($($ty:ident $i:tt),*))*) => {$(
        impl<$($ty: ComponentType),*> ComponentTuple for ($($ty,)*) {
            const ELEMENTS: &'static [Shape] = &[$($ty::SHAPE),*];

            fn describe_each(describe: &mut Describe) -> Result<Vec<ValType>, TypeError> {
                Ok(vec![$($ty::describe(describe)?),*])
            }
        }

        impl<$($ty: ComponentType),*> ComponentType for ($($ty,)*) {
            const SHAPE: Shape = Shape::record(Self::ELEMENTS);

            fn describe(describe: &mut Describe) -> Result<ValType, TypeError> {
                let elements = vec![$($ty::describe(describe)?),*];
                describe.types().tuple(elements)
            }
        }

        impl<$($ty: Lower),*> LowerTuple for ($($ty,)*) {
            #[inline]
            fn lower_each<Guest: TypedHost>(
                &self,
                cx: &mut Context<'_, Guest>,
                tys: &[ValType],
                out: &mut FlatOut<'_>,
            ) -> Result<(), Trap> {
                $(self.$i.lower_flat(cx, element::<$ty>(tys, $i), out)?;)*
                Ok(())
            }

            #[inline]
            fn store_each<Guest: TypedHost>(
                &self,
                cx: &mut Context<'_, Guest>,
                tys: &[ValType],
                ptr: u64,
            ) -> Result<(), Trap> {
                $({
                    let offset = const { Shape::field_offset(Self::ELEMENTS, $i) };
                    self.$i.store(cx, element::<$ty>(tys, $i), ptr + offset.bytes(cx.opts.ptr))?;
                })*
                Ok(())
            }
        }

        impl<$($ty: Lower),*> Lower for ($($ty,)*) {
            #[inline]
            fn lower_flat<Guest: TypedHost>(
                &self,
                cx: &mut Context<'_, Guest>,
                ty: ValType,
                out: &mut FlatOut<'_>,
            ) -> Result<(), Trap> {
                $(self.$i.lower_flat(cx, part::<$ty, Guest>(cx, ty, $i), out)?;)*
                Ok(())
            }

            #[inline]
            fn store<Guest: TypedHost>(
                &self,
                cx: &mut Context<'_, Guest>,
                ty: ValType,
                ptr: u64,
            ) -> Result<(), Trap> {
                $({
                    let offset = const { Shape::field_offset(Self::ELEMENTS, $i) };
                    self.$i.store(cx, part::<$ty, Guest>(cx, ty, $i), ptr + offset.bytes(cx.opts.ptr))?;
                })*
                Ok(())
            }
        }

        impl<$($ty: Lift),*> LiftTuple for ($($ty,)*) {
            #[inline]
            fn lift_each<Guest: TypedHost>(
                cx: &mut Context<'_, Guest>,
                tys: &[ValType],
                flat: &mut FlatIn<'_>,
            ) -> Result<Self, Trap> {
                Ok(($($ty::lift_flat(cx, element::<$ty>(tys, $i), flat)?,)*))
            }

            #[inline]
            fn load_each<Guest: TypedHost>(
                cx: &mut Context<'_, Guest>,
                tys: &[ValType],
                ptr: u64,
            ) -> Result<Self, Trap> {
                Ok(($({
                    let offset = const { Shape::field_offset(Self::ELEMENTS, $i) };
                    $ty::load(cx, element::<$ty>(tys, $i), ptr + offset.bytes(cx.opts.ptr))?
                },)*))
            }
        }

        impl<$($ty: Lift),*> Lift for ($($ty,)*) {
            #[inline]
            fn lift_flat<Guest: TypedHost>(
                cx: &mut Context<'_, Guest>,
                ty: ValType,
                flat: &mut FlatIn<'_>,
            ) -> Result<Self, Trap> {
                Ok(($($ty::lift_flat(cx, part::<$ty, Guest>(cx, ty, $i), flat)?,)*))
            }

            #[inline]
            fn load<Guest: TypedHost>(
                cx: &mut Context<'_, Guest>,
                ty: ValType,
                ptr: u64,
            ) -> Result<Self, Trap> {
                Ok(($({
                    let offset = const { Shape::field_offset(Self::ELEMENTS, $i) };
                    $ty::load(cx, part::<$ty, Guest>(cx, ty, $i), ptr + offset.bytes(cx.opts.ptr))?
                },)*))
            }
        }
    )*};
}

tuples! {
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14, P 15)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14, P 15, Q 16)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14, P 15, Q 16, R 17)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14, P 15, Q 16, R 17, S 18)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14, P 15, Q 16, R 17, S 18, T 19)
}
