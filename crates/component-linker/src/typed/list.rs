//! Lists, lists of fixed length, and maps.
//! Follows CanonicalABI.md, "Loading" (`load_list`) and "Storing" (`store_list`).

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};

use canonical_abi::memory::{
    allocate_elements, check_elements, consume_elements, load_pointer_and_length, store_pointer_and_length,
};
use canonical_abi::{Context, TypeError, ValType};

use super::{ComponentType, Describe, FlatIn, FlatOut, Lift, Lower, Shape, TypedHost, part};
use crate::trap::Trap;

/// A `map<k, v>` as the guest gives it or gets it: the entries in order, whether or not their keys
/// differ.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Map<K, V>(pub Vec<(K, V)>);

impl<T: ComponentType> ComponentType for [T] {
    const SHAPE: Shape = Shape::list(T::SHAPE);

    fn describe(describe: &mut Describe) -> Result<ValType, TypeError> {
        let element = T::describe(describe)?;
        describe.types().list(element)
    }
}

impl<T: Lower> Lower for [T] {
    fn lower_flat<H: TypedHost>(
        &self,
        cx: &mut Context<'_, H>,
        ty: ValType,
        out: &mut FlatOut<'_>,
    ) -> Result<(), Trap> {
        out.push_pair(store_elements(cx, part::<T, H>(cx, ty, 0), self)?);
        Ok(())
    }

    fn store<H: TypedHost>(&self, cx: &mut Context<'_, H>, ty: ValType, ptr: u64) -> Result<(), Trap> {
        let pointer_and_length = store_elements(cx, part::<T, H>(cx, ty, 0), self)?;
        Ok(store_pointer_and_length(cx, pointer_and_length, ptr)?)
    }
}

/// Stores elements into a new block and returns its pointer and the number of elements (the spec's
/// `store_list_into_range`).
fn store_elements<T: Lower, H: TypedHost>(
    cx: &mut Context<'_, H>,
    ty: ValType,
    elements: &[T],
) -> Result<(u64, u64), Trap> {
    let (size, align) = (T::SHAPE.size(cx.opts.ptr), T::SHAPE.align(cx.opts.ptr));
    let length = elements.len() as u64;
    let ptr = allocate_elements(cx, length, size, align)?;
    T::store_all(elements, cx, ty, ptr)?;
    Ok((ptr, length))
}

/// Loads elements after it has checked where they are (the spec's `load_list_from_range`).
fn load_elements<T: Lift, H: TypedHost>(
    cx: &mut Context<'_, H>,
    ty: ValType,
    (ptr, length): (u64, u64),
) -> Result<Vec<T>, Trap> {
    let (size, align) = (T::SHAPE.size(cx.opts.ptr), T::SHAPE.align(cx.opts.ptr));
    check_elements(cx, ptr, length, size, align)?;
    T::load_all(cx, ty, ptr, length)
}

fn next_pair<H: TypedHost>(cx: &Context<'_, H>, flat: &mut FlatIn<'_>) -> (u64, u64) {
    let begin = flat.next_pointer(cx.opts.ptr);
    (begin, flat.next_pointer(cx.opts.ptr))
}

impl<T: ComponentType> ComponentType for Vec<T> {
    const SHAPE: Shape = <[T]>::SHAPE;

    fn describe(describe: &mut Describe) -> Result<ValType, TypeError> {
        <[T]>::describe(describe)
    }
}

impl<T: Lower> Lower for Vec<T> {
    fn lower_flat<H: TypedHost>(
        &self,
        cx: &mut Context<'_, H>,
        ty: ValType,
        out: &mut FlatOut<'_>,
    ) -> Result<(), Trap> {
        self.as_slice().lower_flat(cx, ty, out)
    }

    fn store<H: TypedHost>(&self, cx: &mut Context<'_, H>, ty: ValType, ptr: u64) -> Result<(), Trap> {
        self.as_slice().store(cx, ty, ptr)
    }
}

impl<T: Lift> Lift for Vec<T> {
    fn lift_flat<H: TypedHost>(
        cx: &mut Context<'_, H>,
        ty: ValType,
        flat: &mut FlatIn<'_>,
    ) -> Result<Self, Trap> {
        let range = next_pair(cx, flat);
        load_elements(cx, part::<T, H>(cx, ty, 0), range)
    }

    fn load<H: TypedHost>(cx: &mut Context<'_, H>, ty: ValType, ptr: u64) -> Result<Self, Trap> {
        let range = load_pointer_and_length(cx, ptr)?;
        load_elements(cx, part::<T, H>(cx, ty, 0), range)
    }
}

impl<T: ComponentType, const N: usize> ComponentType for [T; N] {
    const SHAPE: Shape = Shape::fixed_length_list(T::SHAPE, N);

    fn describe(describe: &mut Describe) -> Result<ValType, TypeError> {
        let element = T::describe(describe)?;
        let length = u32::try_from(N).map_err(|_| TypeError::TooLarge)?;
        describe.types().fixed_length_list(element, length)
    }
}

impl<T: Lower, const N: usize> Lower for [T; N] {
    fn lower_flat<H: TypedHost>(
        &self,
        cx: &mut Context<'_, H>,
        ty: ValType,
        out: &mut FlatOut<'_>,
    ) -> Result<(), Trap> {
        let ty = part::<T, H>(cx, ty, 0);
        self.iter().try_for_each(|element| element.lower_flat(cx, ty, out))
    }

    fn store<H: TypedHost>(&self, cx: &mut Context<'_, H>, ty: ValType, ptr: u64) -> Result<(), Trap> {
        T::store_all(self, cx, part::<T, H>(cx, ty, 0), ptr)
    }
}

impl<T: Lift, const N: usize> Lift for [T; N] {
    fn lift_flat<H: TypedHost>(
        cx: &mut Context<'_, H>,
        ty: ValType,
        flat: &mut FlatIn<'_>,
    ) -> Result<Self, Trap> {
        let ty = part::<T, H>(cx, ty, 0);
        let elements = (0..N).map(|_| T::lift_flat(cx, ty, flat)).collect::<Result<Vec<_>, _>>()?;
        Ok(array(elements))
    }

    fn load<H: TypedHost>(cx: &mut Context<'_, H>, ty: ValType, ptr: u64) -> Result<Self, Trap> {
        let ty = part::<T, H>(cx, ty, 0);
        Ok(array(T::load_all(cx, ty, ptr, N as u64)?))
    }
}

fn array<T, const N: usize>(elements: Vec<T>) -> [T; N] {
    elements.try_into().ok().expect("as many elements as were asked for")
}

/// Describes a map, and gives the shape of its entries, tuples of a key and a value.
fn describe_map<K: ComponentType, V: ComponentType>(describe: &mut Describe) -> Result<ValType, TypeError> {
    let key = K::describe(describe)?;
    let value = V::describe(describe)?;
    describe.types().map(key, value)
}

/// Stores a map's entries into a new block and returns its pointer and their number.
fn store_entries<'a, K: Lower + 'a, V: Lower + 'a, H: TypedHost>(
    cx: &mut Context<'_, H>,
    ty: ValType,
    length: usize,
    entries: impl Iterator<Item = (&'a K, &'a V)>,
) -> Result<(u64, u64), Trap> {
    let shape = <(K, V)>::SHAPE;
    let (size, align) = (shape.size(cx.opts.ptr), shape.align(cx.opts.ptr));
    let value_offset = Shape::field_offset(&[K::SHAPE, V::SHAPE], 1).bytes(cx.opts.ptr);
    let (key_ty, value_ty) = (part::<K, H>(cx, ty, 0), part::<V, H>(cx, ty, 1));
    let ptr = allocate_elements(cx, length as u64, size, align)?;
    for (i, (key, value)) in (0..).zip(entries) {
        let entry = ptr + i * size;
        consume_elements(cx, i, length as u64, 0)?;
        key.store(cx, key_ty, entry)?;
        value.store(cx, value_ty, entry + value_offset)?;
    }
    Ok((ptr, length as u64))
}

/// Loads a map's entries after it has checked where they are.
fn load_entries<K: Lift, V: Lift, H: TypedHost>(
    cx: &mut Context<'_, H>,
    ty: ValType,
    (ptr, length): (u64, u64),
) -> Result<Vec<(K, V)>, Trap> {
    let shape = <(K, V)>::SHAPE;
    let size = shape.size(cx.opts.ptr);
    check_elements(cx, ptr, length, size, shape.align(cx.opts.ptr))?;
    let value_offset = Shape::field_offset(&[K::SHAPE, V::SHAPE], 1).bytes(cx.opts.ptr);
    let (key_ty, value_ty) = (part::<K, H>(cx, ty, 0), part::<V, H>(cx, ty, 1));
    let mut entries = canonical_abi::load::reserved_vec(cx, length)?;
    for i in 0..length {
        let entry = ptr + i * size;
        consume_elements(cx, i, length, size)?;
        let key = K::load(cx, key_ty, entry)?;
        entries.push((key, V::load(cx, value_ty, entry + value_offset)?));
    }
    Ok(entries)
}

macro_rules! maps {
    ($([$($bounds:tt)*] $map:ty, $self:ident => $entries:expr;)*) => {$(
        impl<K: ComponentType, V: ComponentType, $($bounds)*> ComponentType for $map {
            const SHAPE: Shape = Shape::list(<(K, V)>::SHAPE);

            fn describe(describe: &mut Describe) -> Result<ValType, TypeError> {
                describe_map::<K, V>(describe)
            }
        }

        impl<K: Lower, V: Lower, $($bounds)*> Lower for $map {
            fn lower_flat<H: TypedHost>(
                &$self,
                cx: &mut Context<'_, H>,
                ty: ValType,
                out: &mut FlatOut<'_>,
            ) -> Result<(), Trap> {
                let (length, entries) = $entries;
                out.push_pair(store_entries(cx, ty, length, entries)?);
                Ok(())
            }

            fn store<H: TypedHost>(&$self, cx: &mut Context<'_, H>, ty: ValType, ptr: u64) -> Result<(), Trap> {
                let (length, entries) = $entries;
                let pointer_and_length = store_entries(cx, ty, length, entries)?;
                Ok(store_pointer_and_length(cx, pointer_and_length, ptr)?)
            }
        }
    )*};
}

maps! {
    [] Map<K, V>, self => (self.0.len(), self.0.iter().map(|(key, value)| (key, value)));
    [] BTreeMap<K, V>, self => (self.len(), self.iter());
    [S] HashMap<K, V, S>, self => (self.len(), self.iter());
}

/// Loads a map's entries into a map that takes room of its own, at most that of two entries for
/// each.
fn load_map<K: Lift, V: Lift, M: FromIterator<(K, V)>, H: TypedHost>(
    cx: &mut Context<'_, H>,
    ty: ValType,
    range: (u64, u64),
) -> Result<M, Trap> {
    let entries = load_entries(cx, ty, range)?;
    cx.host.reserve(2 * size_of_val(entries.as_slice()) as u64)?;
    Ok(M::from_iter(entries))
}

macro_rules! lift_maps {
    ($([$($bounds:tt)*] $map:ty, $load:expr;)*) => {$(
        impl<K: Lift $($bounds)*> Lift for $map {
            fn lift_flat<H: TypedHost>(
                cx: &mut Context<'_, H>,
                ty: ValType,
                flat: &mut FlatIn<'_>,
            ) -> Result<Self, Trap> {
                let range = next_pair(cx, flat);
                $load(cx, ty, range)
            }

            fn load<H: TypedHost>(cx: &mut Context<'_, H>, ty: ValType, ptr: u64) -> Result<Self, Trap> {
                let range = load_pointer_and_length(cx, ptr)?;
                $load(cx, ty, range)
            }
        }
    )*};
}

lift_maps! {
    [, V: Lift] Map<K, V>, |cx, ty, range| load_entries(cx, ty, range).map(Map);
    [ + Ord, V: Lift] BTreeMap<K, V>, load_map;
    [ + Eq + Hash, V: Lift, S: BuildHasher + Default] HashMap<K, V, S>, load_map;
}
