//! What points to a value of a component type is of that type.

use std::rc::Rc;
use std::sync::Arc;

use canonical_abi::{Context, TypeError, ValType};

use super::{ComponentType, Describe, FlatIn, FlatOut, Lift, Lower, Shape, TypedHost};
use crate::trap::Trap;

macro_rules! pointers {
    ($($pointer:ty,)*) => {$(
        impl<T: ComponentType + ?Sized> ComponentType for $pointer {
            const SHAPE: Shape = T::SHAPE;

            fn describe(describe: &mut Describe) -> Result<ValType, TypeError> {
                T::describe(describe)
            }
        }

        impl<T: Lower + ?Sized> Lower for $pointer {
            #[inline]
            fn lower_flat<H: TypedHost>(
                &self,
                cx: &mut Context<'_, H>,
                ty: ValType,
                out: &mut FlatOut<'_>,
            ) -> Result<(), Trap> {
                T::lower_flat(self, cx, ty, out)
            }

            #[inline]
            fn store<H: TypedHost>(&self, cx: &mut Context<'_, H>, ty: ValType, ptr: u64) -> Result<(), Trap> {
                T::store(self, cx, ty, ptr)
            }
        }
    )*};
}

pointers! {
    &T,
    Box<T>,
    Rc<T>,
    Arc<T>,
}

macro_rules! owners {
    ($($pointer:ident)*) => {$(
        impl<T: Lift> Lift for $pointer<T> {
            fn lift_flat<H: TypedHost>(
                cx: &mut Context<'_, H>,
                ty: ValType,
                flat: &mut FlatIn<'_>,
            ) -> Result<Self, Trap> {
                cx.host.reserve(size_of::<T>() as u64)?;
                T::lift_flat(cx, ty, flat).map(Self::new)
            }

            fn load<H: TypedHost>(cx: &mut Context<'_, H>, ty: ValType, ptr: u64) -> Result<Self, Trap> {
                cx.host.reserve(size_of::<T>() as u64)?;
                T::load(cx, ty, ptr).map(Self::new)
            }
        }
    )*};
}

owners! { Box Rc Arc }
