//! Rust types in place of [`Val`](crate::Val)s: calls and host functions whose arguments and
//! results go straight between Rust values and the guest's memory. Follows CanonicalABI.md,
//! "Loading", "Storing", "Flat Lifting" and "Flat Lowering".
//!
//! A [`ComponentType`] says which component type it is. A [`Lift`] type can be lifted out of
//! guests, a [`Lower`] type lowered into them. Types are checked once, when a
//! [`TypedFunc`](crate::TypedFunc) is made or a host function linked.
//!
//! | Component type | Rust type |
//! |---|---|
//! | `bool`, `s8` to `u64`, `f32`, `f64`, `char` | `bool`, `i8` to `u64`, `f32`, `f64`, `char` |
//! | `string` | `String`; to lower also `str` |
//! | `list<t>` | `Vec<T>`; to lower also `[T]` |
//! | `list<t, n>` | `[T; N]` |
//! | `map<k, v>` | [`Map`], `BTreeMap`, `HashMap` |
//! | `tuple<…>` | tuples of up to 20 |
//! | `option<t>`, `result<t, e>`, `result<_, e>` | `Option<T>`, `Result<T, E>`, `Result<(), E>` |
//! | record, variant, enum, flags | whatever derives the three traits |
//! | `own<r>`, `borrow<r>` of the host | [`Resource<R>`](Resource) |
//! | `own<r>`, `borrow<r>` of anyone | [`ResourceAny`] |
//! | `stream`, `future`, `error-context` | [`Stream`], [`Future`], [`ErrorContext`], of no value |
//!
//! References, `Box`, `Rc` and `Arc` stand for what they point to.
//!
//! The plain twin of all this is the interpreter of `canonical-abi`, which goes through
//! [`Val`](crate::Val)s: both go through the same checks and conversions, and property tests hold
//! them to the same bytes and the same traps.

mod check;
mod compound;
mod describe;
mod flat;
mod list;
mod pointer;
mod resource;
mod scalar;
mod shape;
mod table;
mod tuple;
#[cfg(test)]
mod twin;
mod waiting;

use canonical_abi::memory::consume_elements;
use canonical_abi::{Host, ResourceId, TypeError, ValType};

use crate::trap::Trap;

pub use canonical_abi::Context;
pub use check::TypeMismatch;
pub use compound::{
    LiftPayload, LowerPayload, Payload, flags_slot, lift_discriminant, load_discriminant, load_flags,
    set_labels, store_discriminant, store_flags,
};
pub use describe::Describe;
pub use flat::{FlatIn, FlatOut};
pub use list::Map;
pub use resource::{Loan, Resource, ResourceAny, ResourceError};
pub use shape::{Offset, Shape};
pub use table::{ResourceTable, ResourceTableError};
pub use tuple::{ComponentTuple, LiftTuple, LowerTuple, Results};
pub use waiting::{ErrorContext, Future, Stream};

pub(crate) use check::{Expected, check_func};
pub(crate) use flat::MAX_SLOTS;
pub(crate) use tuple::{has_handles, lift_values, lower_values, n_flat};

/// A Rust type that is a component type.
///
/// Derive it for records, variants and enums. An impl by hand must keep [`SHAPE`](Self::SHAPE) and
/// [`describe`](Self::describe) in agreement: otherwise calls go wrong and may panic.
pub trait ComponentType {
    /// The layout and the number of core values.
    const SHAPE: Shape;

    /// Returns the component type.
    ///
    /// # Errors
    ///
    /// When there is no such type: a record with two fields of one name, flags of more than 32
    /// labels.
    fn describe(describe: &mut Describe) -> Result<ValType, TypeError>;
}

/// A Rust type whose values can be lowered into guests.
///
/// `ty` is the component type in the function that is called. It has no meaning for a type without
/// handles.
pub trait Lower: ComponentType {
    /// Appends the core values that the value flattens to (the spec's `lower_flat`).
    ///
    /// # Errors
    ///
    /// When the guest's `realloc` fails or answers wrongly, its handle table is full, or a resource
    /// is not there any more.
    fn lower_flat<H: TypedHost>(
        &self,
        cx: &mut Context<'_, H>,
        ty: ValType,
        out: &mut FlatOut<'_>,
    ) -> Result<(), Trap>;

    /// Stores the value at `ptr`, which is aligned and has room (the spec's `store`).
    ///
    /// # Errors
    ///
    /// As for [`lower_flat`](Self::lower_flat).
    fn store<H: TypedHost>(&self, cx: &mut Context<'_, H>, ty: ValType, ptr: u64) -> Result<(), Trap>;

    /// Stores the elements of a list from `ptr` on, where there is room for them.
    ///
    /// # Errors
    ///
    /// As for [`lower_flat`](Self::lower_flat).
    fn store_all<H: TypedHost>(
        elements: &[Self],
        cx: &mut Context<'_, H>,
        ty: ValType,
        ptr: u64,
    ) -> Result<(), Trap>
    where
        Self: Sized,
    {
        let size = Self::SHAPE.size(cx.opts.ptr);
        for (i, element) in (0..).zip(elements) {
            consume_elements(cx, i, elements.len() as u64, 0)?;
            element.store(cx, ty, ptr + i * size)?;
        }
        Ok(())
    }
}

/// A Rust type whose values can be lifted out of guests.
///
/// `ty` is the component type in the function that is called. It has no meaning for a type without
/// handles.
pub trait Lift: ComponentType + Sized {
    /// Returns the value that the next core values flatten (the spec's `lift_flat`).
    ///
    /// # Errors
    ///
    /// When they are no value of the type.
    fn lift_flat<H: TypedHost>(
        cx: &mut Context<'_, H>,
        ty: ValType,
        flat: &mut FlatIn<'_>,
    ) -> Result<Self, Trap>;

    /// Returns the value at `ptr`, which is aligned and within the memory (the spec's `load`).
    ///
    /// # Errors
    ///
    /// When there is no value of the type.
    fn load<H: TypedHost>(cx: &mut Context<'_, H>, ty: ValType, ptr: u64) -> Result<Self, Trap>;

    /// Returns the `length` elements of a list from `ptr` on, which is aligned, all within the
    /// memory.
    ///
    /// # Errors
    ///
    /// When one is no value of the type, or the host does not want to hold as many.
    fn load_all<H: TypedHost>(
        cx: &mut Context<'_, H>,
        ty: ValType,
        ptr: u64,
        length: u64,
    ) -> Result<Vec<Self>, Trap> {
        let size = Self::SHAPE.size(cx.opts.ptr);
        let mut elements = canonical_abi::load::reserved_vec(cx, length)?;
        for i in 0..length {
            consume_elements(cx, i, length, size)?;
            elements.push(Self::load(cx, ty, ptr + i * size)?);
        }
        Ok(elements)
    }
}

/// The instance that values are lifted from or lowered into.
pub trait TypedHost: Host<Error = Trap> {
    /// Returns the store's resource type that a function's type names.
    fn resource_key(&self, id: ResourceId) -> ResourceKey;

    /// Notes that a resource is given away or lent, by the address of the Rust value, where values
    /// are lowered only to see if they can be. Returns whether that is so: resources are not given
    /// away then.
    ///
    /// # Errors
    ///
    /// When a resource is passed twice, and given away by that.
    fn rehearse(&mut self, address: usize, gives: bool) -> Result<bool, ResourceError> {
        let _ = (address, gives);
        Ok(false)
    }

    /// Returns the loan of the call of a host function that values are lifted for, if it is one.
    fn loan(&mut self) -> Option<Loan> {
        None
    }

    /// Returns whether the call that something was lent for is in progress.
    fn is_open(&self, loan: Loan) -> bool {
        let _ = loan;
        true
    }
}

/// Names a resource type of a store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ResourceKey {
    pub(crate) store: u64,
    pub(crate) index: u32,
}

/// Returns the type of part `i` of a record, tuple or variant, or of a list's or option's element,
/// if values of the Rust type `P` of that part may have handles in them; any type if not, since
/// nobody will look at it.
#[inline]
pub fn part<P: ComponentType + ?Sized, H: Host>(cx: &Context<'_, H>, ty: ValType, i: usize) -> ValType {
    if P::SHAPE.has_handles() { part_type(cx, ty, i) } else { ty }
}

fn part_type<H: Host>(cx: &Context<'_, H>, ty: ValType, i: usize) -> ValType {
    let types = cx.types;
    let part = match ty {
        ValType::List(id) => Some(types[id].element),
        ValType::FixedLengthList(id) => Some(types[id].element),
        ValType::Map(id) => Some(if i == 0 { types[id].key } else { types[id].value }),
        ValType::Record(id) => types[id].fields.get(i).map(|field| field.ty),
        ValType::Tuple(id) => types[id].types.get(i).copied(),
        ValType::Variant(id) => types[id].cases.get(i).and_then(|case| case.ty),
        ValType::Option(id) => Some(types[id].some),
        ValType::Result(id) => {
            if i == 0 {
                types[id].ok
            } else {
                types[id].err
            }
        }
        ValType::Scalar(_)
        | ValType::String
        | ValType::ErrorContext
        | ValType::Enum(_)
        | ValType::Flags(_)
        | ValType::Own(_)
        | ValType::Borrow(_)
        | ValType::Stream(_)
        | ValType::Future(_) => None,
    };
    part.expect("types are checked before values are lifted or lowered")
}
