//! `Option` and `Result`, and what variants and flags share. Follows CanonicalABI.md, "Loading"
//! (`load_variant`), "Storing" (`store_variant`), "Flat Lifting" and "Flat Lowering".

use canonical_abi::layout::{discriminant_size, flags_size};
use canonical_abi::load::check_discriminant;
use canonical_abi::memory::{load_int, store_int};
use canonical_abi::{Context, TypeError, ValType};

use super::{ComponentType, Describe, FlatIn, FlatOut, Lift, Lower, Offset, Shape, TypedHost, part};
use crate::trap::Trap;

/// What a case of a variant carries: a component type, or nothing, which is `()`.
pub trait Payload {
    /// The shape of the component type.
    const PAYLOAD_SHAPE: Option<Shape>;

    /// Returns the component type.
    ///
    /// # Errors
    ///
    /// As for [`ComponentType::describe`].
    fn describe_payload(describe: &mut Describe) -> Result<Option<ValType>, TypeError>;
}

/// A [`Payload`] that can be lowered. `ty` is the type of the variant, and the payload's is that of
/// its case `case`.
pub trait LowerPayload: Payload {
    /// Appends the core values that the payload flattens to.
    ///
    /// # Errors
    ///
    /// As for [`Lower::lower_flat`].
    fn lower_case<H: TypedHost>(
        &self,
        cx: &mut Context<'_, H>,
        ty: ValType,
        case: usize,
        out: &mut FlatOut<'_>,
    ) -> Result<(), Trap>;

    /// Stores the payload at `ptr`, which is aligned and has room.
    ///
    /// # Errors
    ///
    /// As for [`Lower::store`].
    fn store_case<H: TypedHost>(
        &self,
        cx: &mut Context<'_, H>,
        ty: ValType,
        case: usize,
        ptr: u64,
    ) -> Result<(), Trap>;
}

/// A [`Payload`] that can be lifted. `ty` is the type of the variant, and the payload's is that of
/// its case `case`.
pub trait LiftPayload: Payload + Sized {
    /// Returns the payload that the next core values flatten.
    ///
    /// # Errors
    ///
    /// As for [`Lift::lift_flat`].
    fn lift_case<H: TypedHost>(
        cx: &mut Context<'_, H>,
        ty: ValType,
        case: usize,
        flat: &mut FlatIn<'_>,
    ) -> Result<Self, Trap>;

    /// Returns the payload at `ptr`, which is aligned and within the memory.
    ///
    /// # Errors
    ///
    /// As for [`Lift::load`].
    fn load_case<H: TypedHost>(
        cx: &mut Context<'_, H>,
        ty: ValType,
        case: usize,
        ptr: u64,
    ) -> Result<Self, Trap>;
}

impl Payload for () {
    const PAYLOAD_SHAPE: Option<Shape> = None;

    fn describe_payload(_: &mut Describe) -> Result<Option<ValType>, TypeError> {
        Ok(None)
    }
}

impl LowerPayload for () {
    fn lower_case<H: TypedHost>(
        &self,
        _: &mut Context<'_, H>,
        _: ValType,
        _: usize,
        _: &mut FlatOut<'_>,
    ) -> Result<(), Trap> {
        Ok(())
    }

    fn store_case<H: TypedHost>(
        &self,
        _: &mut Context<'_, H>,
        _: ValType,
        _: usize,
        _: u64,
    ) -> Result<(), Trap> {
        Ok(())
    }
}

impl LiftPayload for () {
    fn lift_case<H: TypedHost>(
        _: &mut Context<'_, H>,
        _: ValType,
        _: usize,
        _: &mut FlatIn<'_>,
    ) -> Result<Self, Trap> {
        Ok(())
    }

    fn load_case<H: TypedHost>(_: &mut Context<'_, H>, _: ValType, _: usize, _: u64) -> Result<Self, Trap> {
        Ok(())
    }
}

impl<T: ComponentType> Payload for T {
    const PAYLOAD_SHAPE: Option<Shape> = Some(T::SHAPE);

    fn describe_payload(describe: &mut Describe) -> Result<Option<ValType>, TypeError> {
        T::describe(describe).map(Some)
    }
}

impl<T: Lower> LowerPayload for T {
    #[inline]
    fn lower_case<H: TypedHost>(
        &self,
        cx: &mut Context<'_, H>,
        ty: ValType,
        case: usize,
        out: &mut FlatOut<'_>,
    ) -> Result<(), Trap> {
        self.lower_flat(cx, part::<T, H>(cx, ty, case), out)
    }

    #[inline]
    fn store_case<H: TypedHost>(
        &self,
        cx: &mut Context<'_, H>,
        ty: ValType,
        case: usize,
        ptr: u64,
    ) -> Result<(), Trap> {
        self.store(cx, part::<T, H>(cx, ty, case), ptr)
    }
}

impl<T: Lift> LiftPayload for T {
    #[inline]
    fn lift_case<H: TypedHost>(
        cx: &mut Context<'_, H>,
        ty: ValType,
        case: usize,
        flat: &mut FlatIn<'_>,
    ) -> Result<Self, Trap> {
        T::lift_flat(cx, part::<T, H>(cx, ty, case), flat)
    }

    #[inline]
    fn load_case<H: TypedHost>(
        cx: &mut Context<'_, H>,
        ty: ValType,
        case: usize,
        ptr: u64,
    ) -> Result<Self, Trap> {
        T::load(cx, part::<T, H>(cx, ty, case), ptr)
    }
}

/// Stores the discriminant of a variant of `n_cases`.
///
/// # Errors
///
/// When there is no room within the memory.
#[inline]
pub fn store_discriminant<H: TypedHost>(
    cx: &mut Context<'_, H>,
    case: u32,
    n_cases: usize,
    ptr: u64,
) -> Result<(), Trap> {
    Ok(store_int(cx, u64::from(case), ptr, discriminant_size(n_cases))?)
}

/// Returns the case that the discriminant at `ptr` names.
///
/// # Errors
///
/// When it names none.
#[inline]
pub fn load_discriminant<H: TypedHost>(cx: &Context<'_, H>, n_cases: usize, ptr: u64) -> Result<u32, Trap> {
    let discriminant = load_int(cx, ptr, discriminant_size(n_cases))?;
    Ok(check_discriminant(discriminant, n_cases)?)
}

/// Returns the case that the next core value names, and the core values that all cases share, those
/// of a variant of `shape`.
///
/// # Errors
///
/// When it names none.
#[inline]
pub fn lift_discriminant<'a>(
    shape: Shape,
    n_cases: usize,
    flat: &mut FlatIn<'a>,
) -> Result<(u32, FlatIn<'a>), Trap> {
    let discriminant = flat.next_u32();
    let payload = flat.take(shape.n_flat() - 1);
    Ok((check_discriminant(u64::from(discriminant), n_cases)?, payload))
}

/// Returns the core value of flags.
#[inline]
pub fn flags_slot(bits: u32) -> u64 {
    u64::from(bits)
}

/// Returns the labels of the flags that are set, in order. The first flag is the lowest bit.
pub fn set_labels<const N: usize>(
    bits: u32,
    labels: &'static [&'static str; N],
) -> impl Iterator<Item = &'static str> {
    labels.iter().enumerate().filter(move |(i, _)| bits >> i & 1 != 0).map(|(_, label)| *label)
}

/// Stores the bits of `n_flags` flags.
///
/// # Errors
///
/// When there is no room within the memory.
#[inline]
pub fn store_flags<H: TypedHost>(
    cx: &mut Context<'_, H>,
    bits: u32,
    n_flags: usize,
    ptr: u64,
) -> Result<(), Trap> {
    Ok(store_int(cx, u64::from(bits), ptr, flags_size(n_flags))?)
}

/// Returns the bits of the `n_flags` flags at `ptr`, and perhaps more.
///
/// # Errors
///
/// When they are not within the memory.
///
/// # Panics
///
/// Never.
#[inline]
pub fn load_flags<H: TypedHost>(cx: &Context<'_, H>, n_flags: usize, ptr: u64) -> Result<u32, Trap> {
    let bits = load_int(cx, ptr, flags_size(n_flags))?;
    Ok(u32::try_from(bits).expect("flags have at most 4 bytes"))
}

impl<T: ComponentType> ComponentType for Option<T> {
    const SHAPE: Shape = Shape::variant(&[None, Some(T::SHAPE)]);

    fn describe(describe: &mut Describe) -> Result<ValType, TypeError> {
        let some = T::describe(describe)?;
        describe.types().option(some)
    }
}

/// Where the payload of an option lies.
const fn option_offset<T: ComponentType>() -> Offset {
    Shape::payload_offset(&[None, Some(T::SHAPE)])
}

impl<T: Lower> Lower for Option<T> {
    #[inline]
    fn lower_flat<H: TypedHost>(
        &self,
        cx: &mut Context<'_, H>,
        ty: ValType,
        out: &mut FlatOut<'_>,
    ) -> Result<(), Trap> {
        let end = out.len() + Self::SHAPE.n_flat();
        out.push(u64::from(self.is_some()));
        if let Some(payload) = self {
            payload.lower_case(cx, ty, 1, out)?;
        }
        out.pad(end);
        Ok(())
    }

    #[inline]
    fn store<H: TypedHost>(&self, cx: &mut Context<'_, H>, ty: ValType, ptr: u64) -> Result<(), Trap> {
        store_discriminant(cx, u32::from(self.is_some()), 2, ptr)?;
        match self {
            None => Ok(()),
            Some(payload) => {
                let ptr = ptr + const { option_offset::<T>() }.bytes(cx.opts.ptr);
                payload.store_case(cx, ty, 1, ptr)
            }
        }
    }
}

impl<T: Lift> Lift for Option<T> {
    #[inline]
    fn lift_flat<H: TypedHost>(
        cx: &mut Context<'_, H>,
        ty: ValType,
        flat: &mut FlatIn<'_>,
    ) -> Result<Self, Trap> {
        let (case, mut payload) = lift_discriminant(Self::SHAPE, 2, flat)?;
        if case == 0 { Ok(None) } else { T::lift_case(cx, ty, 1, &mut payload).map(Some) }
    }

    #[inline]
    fn load<H: TypedHost>(cx: &mut Context<'_, H>, ty: ValType, ptr: u64) -> Result<Self, Trap> {
        if load_discriminant(cx, 2, ptr)? == 0 {
            return Ok(None);
        }
        let ptr = ptr + const { option_offset::<T>() }.bytes(cx.opts.ptr);
        T::load_case(cx, ty, 1, ptr).map(Some)
    }
}

impl<T: Payload, E: Payload> ComponentType for Result<T, E> {
    const SHAPE: Shape = Shape::variant(&[T::PAYLOAD_SHAPE, E::PAYLOAD_SHAPE]);

    fn describe(describe: &mut Describe) -> Result<ValType, TypeError> {
        let ok = T::describe_payload(describe)?;
        let err = E::describe_payload(describe)?;
        describe.types().result(ok, err)
    }
}

/// Where the payloads of a result lie.
const fn result_offset<T: Payload, E: Payload>() -> Offset {
    Shape::payload_offset(&[T::PAYLOAD_SHAPE, E::PAYLOAD_SHAPE])
}

impl<T: LowerPayload, E: LowerPayload> Lower for Result<T, E> {
    #[inline]
    fn lower_flat<H: TypedHost>(
        &self,
        cx: &mut Context<'_, H>,
        ty: ValType,
        out: &mut FlatOut<'_>,
    ) -> Result<(), Trap> {
        let end = out.len() + Self::SHAPE.n_flat();
        out.push(u64::from(self.is_err()));
        match self {
            Ok(payload) => payload.lower_case(cx, ty, 0, out)?,
            Err(payload) => payload.lower_case(cx, ty, 1, out)?,
        }
        out.pad(end);
        Ok(())
    }

    #[inline]
    fn store<H: TypedHost>(&self, cx: &mut Context<'_, H>, ty: ValType, ptr: u64) -> Result<(), Trap> {
        store_discriminant(cx, u32::from(self.is_err()), 2, ptr)?;
        let ptr = ptr + const { result_offset::<T, E>() }.bytes(cx.opts.ptr);
        match self {
            Ok(payload) => payload.store_case(cx, ty, 0, ptr),
            Err(payload) => payload.store_case(cx, ty, 1, ptr),
        }
    }
}

impl<T: LiftPayload, E: LiftPayload> Lift for Result<T, E> {
    #[inline]
    fn lift_flat<H: TypedHost>(
        cx: &mut Context<'_, H>,
        ty: ValType,
        flat: &mut FlatIn<'_>,
    ) -> Result<Self, Trap> {
        let (case, mut payload) = lift_discriminant(Self::SHAPE, 2, flat)?;
        if case == 0 {
            T::lift_case(cx, ty, 0, &mut payload).map(Ok)
        } else {
            E::lift_case(cx, ty, 1, &mut payload).map(Err)
        }
    }

    #[inline]
    fn load<H: TypedHost>(cx: &mut Context<'_, H>, ty: ValType, ptr: u64) -> Result<Self, Trap> {
        let case = load_discriminant(cx, 2, ptr)?;
        let ptr = ptr + const { result_offset::<T, E>() }.bytes(cx.opts.ptr);
        if case == 0 { T::load_case(cx, ty, 0, ptr).map(Ok) } else { E::load_case(cx, ty, 1, ptr).map(Err) }
    }
}
