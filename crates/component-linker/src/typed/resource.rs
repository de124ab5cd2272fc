//! Resources in the host's hands: [`Resource`] for those of the host, [`ResourceAny`] for those of
//! anyone. Follows CanonicalABI.md, "Loading" (`lift_own`, `lift_borrow`) and "Storing"
//! (`lower_own`, `lower_borrow`).

use std::fmt;
use std::marker::PhantomData;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU8, Ordering};

use canonical_abi::memory::store_int;
use canonical_abi::scalar::load_scalar;
use canonical_abi::{Context, ResourceId, TypeError, ValType, Value};

use super::{ComponentType, Describe, FlatIn, FlatOut, Lift, Lower, ResourceKey, Shape, TypedHost};
use crate::trap::{Trap, TrapCause};

/// A resource of the host whose type was defined with the Rust type `R`
/// ([`LinkerInstance::resource`](crate::LinkerInstance::resource)): its representation, and whether
/// it is owned.
///
/// It is lowered to `own<r>` once, which gives it away, or to `borrow<r>`. As an argument of a host
/// function it is what the guest passed: if owned, the host's from then on, if borrowed, usable
/// during the call. To drop it in Rust drops nothing of the host's; what the representation stands
/// for is usually in a [`ResourceTable`](super::ResourceTable).
pub struct Resource<R: 'static> {
    rep: u32,
    hold: Hold,
    of: PhantomData<fn() -> R>,
}

/// A resource of any type, of a guest in particular: its representation, its type in the store, and
/// whether it is owned.
///
/// It is lowered to `own<r>` once, which gives it away, or to `borrow<r>`. One that the host owns
/// is to be given to a guest, or dropped with [`resource_drop`](Self::resource_drop); to drop the
/// Rust value does not call its destructor.
pub struct ResourceAny {
    rep: u32,
    key: ResourceKey,
    hold: Hold,
}

/// Why a resource can't be passed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ResourceError {
    /// It was given away or dropped before.
    Closed,
    /// It is to be given away, but is only borrowed.
    Borrowed,
    /// It is of another resource type than the function takes.
    WrongType,
    /// The store has no resource type of the host with its Rust type, or has several.
    UnknownType,
    /// It was lent to a host function for the length of a call that has ended.
    Returned,
    /// It is passed twice in one call, which gives it away.
    Twice,
}

/// Names a call of a host function that resources are lent for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Loan(NonZeroU64);

impl Loan {
    /// Returns the loan of this number, which is not 0.
    pub(crate) fn new(number: u64) -> Self {
        Self(NonZeroU64::new(number).expect("loans count from 1"))
    }
}

/// How the host holds a resource.
#[derive(Debug)]
struct Hold {
    state: AtomicU8,
    /// The call that it was lent for, if it was lent by a guest.
    loan: Option<Loan>,
}

const OWNED: u8 = 0;
const BORROWED: u8 = 1;
const CLOSED: u8 = 2;

impl Hold {
    const fn new(state: u8) -> Self {
        Self { state: AtomicU8::new(state), loan: None }
    }

    fn lent_for(loan: Option<Loan>) -> Self {
        Self { state: AtomicU8::new(BORROWED), loan }
    }

    fn is_owned(&self) -> bool {
        self.state.load(Ordering::Relaxed) == OWNED
    }

    /// Checks that the call is in progress that the resource was lent for, if it was.
    fn check_loan(&self, is_open: impl FnOnce(Loan) -> bool) -> Result<(), ResourceError> {
        match self.loan {
            Some(loan) if !is_open(loan) => Err(ResourceError::Returned),
            Some(_) | None => Ok(()),
        }
    }

    /// Returns its own address, by which the same resource is known if it is passed twice.
    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// Checks that the resource can be lent.
    fn lend(&self) -> Result<(), ResourceError> {
        match self.state.load(Ordering::Relaxed) {
            CLOSED => Err(ResourceError::Closed),
            _ => Ok(()),
        }
    }

    /// Checks that the resource can be given away.
    fn check_give(&self) -> Result<(), ResourceError> {
        self.lend()?;
        if self.is_owned() { Ok(()) } else { Err(ResourceError::Borrowed) }
    }

    /// Returns the resource as a component value.
    fn into_val(self, rep: u32) -> Result<Value, ResourceError> {
        self.lend()?;
        Ok(if self.is_owned() { Value::Own(rep) } else { Value::Borrow(rep) })
    }

    fn close(&self) {
        self.state.store(CLOSED, Ordering::Relaxed);
    }
}

/// Lowers a handle and returns its index.
fn lower_handle<H: TypedHost>(
    cx: &mut Context<'_, H>,
    ty: ValType,
    (rep, hold, key): (u32, &Hold, Option<ResourceKey>),
) -> Result<u32, Trap> {
    let check_key = |id: ResourceId, host: &H| match key {
        Some(key) if key != host.resource_key(id) => Err(ResourceError::WrongType),
        Some(_) | None => Ok(()),
    };
    if let ValType::Own(id) = ty {
        check_key(id, cx.host)?;
        hold.check_give()?;
        if !cx.host.rehearse(hold.address(), true)? {
            hold.close();
        }
        cx.host.lower_own(id, rep)
    } else if let ValType::Borrow(id) = ty {
        check_key(id, cx.host)?;
        hold.lend()?;
        hold.check_loan(|loan| cx.host.is_open(loan))?;
        cx.host.rehearse(hold.address(), false)?;
        cx.host.lower_borrow(id, rep)
    } else {
        unreachable!("types are checked before values are lowered")
    }
}

/// Lifts the handle at `index` and returns its representation, how it is held, and its type.
fn lift_handle<H: TypedHost>(
    cx: &mut Context<'_, H>,
    ty: ValType,
    index: u32,
) -> Result<(u32, Hold, ResourceKey), Trap> {
    if let ValType::Own(id) = ty {
        Ok((cx.host.lift_own(id, index)?, Hold::new(OWNED), cx.host.resource_key(id)))
    } else if let ValType::Borrow(id) = ty {
        let rep = cx.host.lift_borrow(id, index)?;
        Ok((rep, Hold::lent_for(cx.host.loan()), cx.host.resource_key(id)))
    } else {
        unreachable!("types are checked before values are lifted")
    }
}

impl<R: 'static> Resource<R> {
    /// Returns a resource that the host owns.
    pub const fn new_own(rep: u32) -> Self {
        Self { rep, hold: Hold::new(OWNED), of: PhantomData }
    }

    /// Returns a resource that can be lent, and not given away.
    pub const fn new_borrow(rep: u32) -> Self {
        Self { rep, hold: Hold::new(BORROWED), of: PhantomData }
    }

    fn parts(&self) -> (u32, &Hold, Option<ResourceKey>) {
        (self.rep, &self.hold, None)
    }

    /// Returns the representation.
    pub fn rep(&self) -> u32 {
        self.rep
    }

    /// Returns whether the host owns the resource and has not given it away.
    pub fn owned(&self) -> bool {
        self.hold.is_owned()
    }

    pub(crate) fn with_key(self, key: ResourceKey) -> ResourceAny {
        ResourceAny { rep: self.rep, key, hold: self.hold }
    }

    pub(crate) fn parts_of_val(self) -> Result<Value, ResourceError> {
        self.hold.into_val(self.rep)
    }
}

impl ResourceAny {
    fn parts(&self) -> (u32, &Hold, Option<ResourceKey>) {
        (self.rep, &self.hold, Some(self.key))
    }

    /// Returns the resource's type in its store.
    pub fn ty(&self) -> ResourceKey {
        self.key
    }

    /// Returns whether the host owns the resource and has neither given it away nor dropped it.
    pub fn owned(&self) -> bool {
        self.hold.is_owned()
    }

    pub(crate) fn rep(&self) -> u32 {
        self.rep
    }

    pub(crate) fn with_rust_type<R: 'static>(self) -> Resource<R> {
        Resource { rep: self.rep, hold: self.hold, of: PhantomData }
    }

    pub(crate) fn parts_of_val(self) -> Result<Value, ResourceError> {
        self.hold.into_val(self.rep)
    }

    /// Gives the resource up if the host owns it, and returns whether it did.
    pub(crate) fn give_up(&self) -> Result<bool, ResourceError> {
        self.hold.lend()?;
        let owned = self.hold.is_owned();
        if owned {
            self.hold.close();
        }
        Ok(owned)
    }
}

macro_rules! handles {
    ($([$($generics:tt)*] $ty:ty, $describe:expr, $make:expr;)*) => {$(
        impl<$($generics)*> ComponentType for $ty {
            const SHAPE: Shape = Shape::handle();

            fn describe(describe: &mut Describe) -> Result<ValType, TypeError> {
                Ok($describe(describe))
            }
        }

        impl<$($generics)*> Lower for $ty {
            fn lower_flat<H: TypedHost>(
                &self,
                cx: &mut Context<'_, H>,
                ty: ValType,
                out: &mut FlatOut<'_>,
            ) -> Result<(), Trap> {
                out.push(u64::from(lower_handle(cx, ty, self.parts())?));
                Ok(())
            }

            fn store<H: TypedHost>(&self, cx: &mut Context<'_, H>, ty: ValType, ptr: u64) -> Result<(), Trap> {
                let index = lower_handle(cx, ty, self.parts())?;
                Ok(store_int(cx, u64::from(index), ptr, 4)?)
            }
        }

        impl<$($generics)*> Lift for $ty {
            fn lift_flat<H: TypedHost>(
                cx: &mut Context<'_, H>,
                ty: ValType,
                flat: &mut FlatIn<'_>,
            ) -> Result<Self, Trap> {
                lift_handle(cx, ty, flat.next_u32()).map($make)
            }

            fn load<H: TypedHost>(cx: &mut Context<'_, H>, ty: ValType, ptr: u64) -> Result<Self, Trap> {
                let index = load_scalar(cx, ptr)?;
                lift_handle(cx, ty, index).map($make)
            }
        }
    )*};
}

handles! {
    [R: 'static] Resource<R>,
        Describe::host_resource::<R>,
        |(rep, hold, _)| Self { rep, hold, of: PhantomData };
    [] ResourceAny,
        Describe::any_resource,
        |(rep, hold, key)| Self { rep, hold, key };
}

impl<R: 'static> fmt::Debug for Resource<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resource").field("rep", &self.rep).field("hold", &self.hold).finish()
    }
}

impl fmt::Debug for ResourceAny {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rep, key, hold } = self;
        f.debug_struct("ResourceAny").field("rep", rep).field("key", key).field("hold", hold).finish()
    }
}

impl fmt::Display for ResourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "the resource is already closed: it was given away or dropped",
            Self::Borrowed => "a borrowed resource can't be given away",
            Self::WrongType => "the resource is of another type than the function takes",
            Self::UnknownType => "the store has no resource type of this Rust type, or has several",
            Self::Returned => "the resource was borrowed for a call that has ended",
            Self::Twice => "the resource is passed twice in one call, which would give it away",
        })
    }
}

impl std::error::Error for ResourceError {}

impl From<ResourceError> for Trap {
    #[cold]
    fn from(error: ResourceError) -> Self {
        TrapCause::Host(Box::new(error)).into()
    }
}
