//! Numbers, `bool`, `char` and strings.

use canonical_abi::scalar::{Scalar, load_scalar, load_scalars, store_scalar, store_scalars};
use canonical_abi::string::{load_string, load_string_from_range, store_string, store_string_into_range};
use canonical_abi::{Context, TypeError, ValType};

use super::{ComponentType, Describe, FlatIn, FlatOut, Lift, Lower, Shape, TypedHost};
use crate::trap::Trap;

macro_rules! scalars {
    ($($ty:ty => $component:ident,)*) => {$(
        impl ComponentType for $ty {
            const SHAPE: Shape = Shape::scalar(<$ty as Scalar>::SIZE);

            fn describe(_: &mut Describe) -> Result<ValType, TypeError> {
                Ok(ValType::$component)
            }
        }

        impl Lower for $ty {
            #[inline]
            fn lower_flat<H: TypedHost>(
                &self,
                _: &mut Context<'_, H>,
                _: ValType,
                out: &mut FlatOut<'_>,
            ) -> Result<(), Trap> {
                out.push(self.to_core_bits());
                Ok(())
            }

            #[inline]
            fn store<H: TypedHost>(&self, cx: &mut Context<'_, H>, _: ValType, ptr: u64) -> Result<(), Trap> {
                Ok(store_scalar(cx, *self, ptr)?)
            }

            fn store_all<H: TypedHost>(
                elements: &[Self],
                cx: &mut Context<'_, H>,
                _: ValType,
                ptr: u64,
            ) -> Result<(), Trap> {
                Ok(store_scalars(cx, elements, ptr)?)
            }
        }

        impl Lift for $ty {
            #[inline]
            fn lift_flat<H: TypedHost>(
                _: &mut Context<'_, H>,
                _: ValType,
                flat: &mut FlatIn<'_>,
            ) -> Result<Self, Trap> {
                Ok(Self::from_core_bits(flat.next_bits())?)
            }

            #[inline]
            fn load<H: TypedHost>(cx: &mut Context<'_, H>, _: ValType, ptr: u64) -> Result<Self, Trap> {
                Ok(load_scalar(cx, ptr)?)
            }

            fn load_all<H: TypedHost>(
                cx: &mut Context<'_, H>,
                _: ValType,
                ptr: u64,
                length: u64,
            ) -> Result<Vec<Self>, Trap> {
                load_scalars(cx, ptr, length)
            }
        }
    )*};
}

scalars! {
    bool => Bool,
    i8 => S8,
    u8 => U8,
    i16 => S16,
    u16 => U16,
    i32 => S32,
    u32 => U32,
    i64 => S64,
    u64 => U64,
    f32 => F32,
    f64 => F64,
    char => Char,
}

impl ComponentType for str {
    const SHAPE: Shape = Shape::string();

    fn describe(_: &mut Describe) -> Result<ValType, TypeError> {
        Ok(ValType::String)
    }
}

impl Lower for str {
    fn lower_flat<H: TypedHost>(
        &self,
        cx: &mut Context<'_, H>,
        _: ValType,
        out: &mut FlatOut<'_>,
    ) -> Result<(), Trap> {
        out.push_pair(store_string_into_range(cx, self)?);
        Ok(())
    }

    fn store<H: TypedHost>(&self, cx: &mut Context<'_, H>, _: ValType, ptr: u64) -> Result<(), Trap> {
        store_string(cx, self, ptr)
    }
}

impl ComponentType for String {
    const SHAPE: Shape = str::SHAPE;

    fn describe(describe: &mut Describe) -> Result<ValType, TypeError> {
        str::describe(describe)
    }
}

impl Lower for String {
    fn lower_flat<H: TypedHost>(
        &self,
        cx: &mut Context<'_, H>,
        ty: ValType,
        out: &mut FlatOut<'_>,
    ) -> Result<(), Trap> {
        self.as_str().lower_flat(cx, ty, out)
    }

    fn store<H: TypedHost>(&self, cx: &mut Context<'_, H>, ty: ValType, ptr: u64) -> Result<(), Trap> {
        self.as_str().store(cx, ty, ptr)
    }
}

impl Lift for String {
    fn lift_flat<H: TypedHost>(
        cx: &mut Context<'_, H>,
        _: ValType,
        flat: &mut FlatIn<'_>,
    ) -> Result<Self, Trap> {
        let begin = flat.next_pointer(cx.opts.ptr);
        let tagged_code_units = flat.next_pointer(cx.opts.ptr);
        load_string_from_range(cx, begin, tagged_code_units)
    }

    fn load<H: TypedHost>(cx: &mut Context<'_, H>, _: ValType, ptr: u64) -> Result<Self, Trap> {
        load_string(cx, ptr)
    }
}
