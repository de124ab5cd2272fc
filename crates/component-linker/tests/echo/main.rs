//! Random values of random types go through a component made for the type and come back unchanged.
//!
//! The component's function gives back its argument in one of four ways ([`Route`]). Its parameters
//! are padded, so that they are passed in memory, or not, so that they are passed flat. The files
//! beside this one write the component with wasm-encoder: `component` the whole, `declare` its
//! types, `core` its core modules.

#![expect(clippy::unwrap_used, reason = "a failed setup is a failed test")]

mod component;
mod core;
mod declare;

use canonical_abi::arbitrary::{any_type, any_value_of};
use canonical_abi::{Types, ValType, Value, display};
use component_linker::{Component, Config, Engine, Linker, Store, StoreContextMut};
use proptest::prelude::*;
use wasm_encoder::CanonicalOption;

use component::{N_PADDING, echo_component, is_padded};

/// Who gives the value back.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Route {
    /// The guest's core function itself.
    Direct,
    /// The host, called by the guest with the very parameters it got.
    ViaHost,
    /// Another component, called likewise.
    ViaComponent,
    /// An instance of another component, linked at run time.
    ViaInstance,
}

/// How the component is made.
#[derive(Clone, Copy, Debug)]
struct Shape {
    route: Route,
    padded: bool,
    outer_encoding: CanonicalOption,
    inner_encoding: CanonicalOption,
}

fn any_shape() -> impl Strategy<Value = Shape> {
    let route = prop_oneof![
        Just(Route::Direct),
        Just(Route::ViaHost),
        Just(Route::ViaComponent),
        Just(Route::ViaInstance)
    ];
    let encoding = prop_oneof![
        Just(CanonicalOption::UTF8),
        Just(CanonicalOption::UTF16),
        Just(CanonicalOption::CompactUTF16)
    ];
    (route, any::<bool>(), encoding.clone(), encoding).prop_map(
        |(route, padded, outer_encoding, inner_encoding)| Shape {
            route,
            padded,
            outer_encoding,
            inner_encoding,
        },
    )
}

fn typed_value() -> impl Strategy<Value = (Types, ValType, Value)> {
    any_type().prop_flat_map(|tree| {
        let mut types = Types::new();
        let ty = tree.intern(&mut types);
        let value = any_value_of(&types, ty);
        (Just(types), Just(ty), value)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn echo((types, ty, value) in typed_value(), shape in any_shape()) {
        let padded = is_padded(&types, ty, shape);
        let case = || format!("{shape:?} of {}", display(&types, ty));
        let engine = Engine::new(&Config::new()).unwrap();
        let bytes = echo_component(&types, ty, shape);
        let component = Component::new(&engine, &bytes).unwrap_or_else(|error| panic!("{error}\n{}", case()));
        let mut linker = Linker::new();
        let mut store = Store::new(&engine, ());
        if shape.route == Route::ViaInstance {
            let inner = Shape { route: Route::Direct, outer_encoding: shape.inner_encoding, ..shape };
            let inner = Component::new(&engine, &echo_component(&types, ty, inner)).unwrap();
            let inner = linker.instantiate(&mut store, &inner).unwrap();
            linker.root().define_exports(&inner).unwrap();
        } else {
            let echo = move |_: &mut StoreContextMut<'_, ()>, args: &[Value]| Ok(Some(args[usize::from(padded)].clone()));
            linker.root().func_new("echo", echo).unwrap();
        }
        let instance = linker.instantiate(&mut store, &component).unwrap_or_else(|error| panic!("{error}\n{}", case()));
        let echo = instance.get_func(&mut store, &["echo"]).unwrap();
        let mut args = vec![value.clone()];
        if padded {
            args.insert(0, Value::U8(1));
            args.extend((0..N_PADDING).map(Value::U64));
        }
        for _ in 0..2 {
            let result = echo.call(&mut store, &args).unwrap_or_else(|error| panic!("{error}\n{}", case()));
            prop_assert_eq!(result.as_ref(), Some(&value), "{}", case());
        }
    }
}
