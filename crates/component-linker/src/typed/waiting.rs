//! Streams, futures and error contexts, which guests can't pass to hosts yet: types without values,
//! so that functions which mention them have a type in Rust. Such a function can be linked; it
//! traps if a guest passes one.

use std::marker::PhantomData;

use canonical_abi::{Context, TypeError, ValType};

use super::{ComponentType, Describe, FlatIn, FlatOut, Lift, Lower, Payload, Shape, TypedHost};
use crate::trap::{Trap, TrapCause};

/// No value: what streams, futures and error contexts are for hosts so far.
#[derive(Clone, Copy, Debug)]
enum Never {}

macro_rules! waiting {
    ($(
        $(#[$doc:meta])*
        $name:ident $(<$payload:ident>)?, $text:literal, $describe:expr;
    )*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name $(<$payload>)? {
            never: Never,
            $(of: PhantomData<fn() -> $payload>,)?
        }

        impl $(<$payload: Payload>)? ComponentType for $name $(<$payload>)? {
            const SHAPE: Shape = Shape::handle();

            fn describe(describe: &mut Describe) -> Result<ValType, TypeError> {
                #[allow(clippy::redundant_closure_call, reason = "one of them has a payload")]
                ($describe)(describe)
            }
        }

        impl $(<$payload: Payload>)? Lower for $name $(<$payload>)? {
            fn lower_flat<H: TypedHost>(
                &self,
                _: &mut Context<'_, H>,
                _: ValType,
                _: &mut FlatOut<'_>,
            ) -> Result<(), Trap> {
                match self.never {}
            }

            fn store<H: TypedHost>(&self, _: &mut Context<'_, H>, _: ValType, _: u64) -> Result<(), Trap> {
                match self.never {}
            }
        }

        impl $(<$payload: Payload>)? Lift for $name $(<$payload>)? {
            fn lift_flat<H: TypedHost>(
                _: &mut Context<'_, H>,
                _: ValType,
                _: &mut FlatIn<'_>,
            ) -> Result<Self, Trap> {
                Err(unsupported($text))
            }

            fn load<H: TypedHost>(_: &mut Context<'_, H>, _: ValType, _: u64) -> Result<Self, Trap> {
                Err(unsupported($text))
            }
        }
    )*};
}

waiting! {
    /// A `stream` with elements of type `P`, `()` for none. There is no value of it yet: a guest
    /// that passes one to the host traps.
    Stream<P>, "a stream passed to the host", |describe: &mut Describe| {
        let payload = P::describe_payload(describe)?;
        describe.types().stream(payload)
    };
    /// A `future` of type `P`, `()` for none. There is no value of it yet: a guest that passes one
    /// to the host traps.
    Future<P>, "a future passed to the host", |describe: &mut Describe| {
        let payload = P::describe_payload(describe)?;
        describe.types().future(payload)
    };
    /// An `error-context`. There is no value of it yet: a guest that passes one to the host traps.
    ErrorContext, "an error context passed to the host", |_: &mut Describe| Ok(ValType::ErrorContext);
}

#[cold]
fn unsupported(what: &str) -> Trap {
    TrapCause::Unsupported(String::from(what)).into()
}
