//! What `bindings!` can be asked for: each option with guests that run, beside names of `std` that
//! mean something else.

#![expect(clippy::unwrap_used, reason = "a failed setup is a failed test")]

#[allow(unused_imports, reason = "the names are used by what they must not break")]
use std::io::{Error, Result};

use component_linker::{
    Access, AsContextMut, Component, Config, Engine, HostError, Linker, Resource, Store, TrapCause,
};

/// Not the usual one.
#[allow(dead_code, reason = "the name is used by what it must not break")]
struct Option;

fn component(engine: &Engine, name: &str) -> Component {
    let path = format!("{}/tests/components/{name}.wat", env!("CARGO_MANIFEST_DIR"));
    Component::new(engine, &wat::parse_file(path).unwrap()).unwrap()
}

/// What the host has for each of two names of one interface.
#[derive(Default)]
struct Shelf {
    base: u32,
    n_dropped: u32,
}

#[derive(Default)]
struct Shelves {
    cold: Shelf,
    warm: Shelf,
}

/// An item of the host, which is not public.
struct Thing;

mod stores {
    component_linker::bindings!({
        inline: "
            package a:b;
            interface store {
                resource item { value: func() -> u32; }
                get: func() -> u32;
                make: func(value: u32) -> item;
                take: func(item: item) -> u32;
            }
            package a:c@1.2.0 {
                interface old { get: func() -> u32; }
            }
            world stores {
                import cold: store;
                import warm: store;
                export front: store;
                export back: store;
                export ask: func() -> u32;
                export lend: func(value: u32) -> u32;
                export give: func(value: u32) -> u32;
                export a:c/old@1.2.0;
            }
        ",
        // By the name of one import, and by that of the interface.
        with: { "cold.item": super::Thing },
    });
}

macro_rules! shelf {
    ($name:ident, $item:ty) => {
        impl stores::$name::HostItem for Shelves {
            fn value(&mut self, self_: Resource<$item>) -> std::result::Result<u32, HostError> {
                assert!(!self_.owned());
                Ok(self.$name.base + self_.rep())
            }

            fn drop(&mut self, item: Resource<$item>) -> std::result::Result<(), HostError> {
                assert!(item.owned());
                self.$name.n_dropped += 1;
                Ok(())
            }
        }

        impl stores::$name::Host for Shelves {
            fn get(&mut self) -> std::result::Result<u32, HostError> {
                Ok(self.$name.base)
            }

            fn make(&mut self, value: u32) -> std::result::Result<Resource<$item>, HostError> {
                Ok(Resource::new_own(value))
            }

            fn take(&mut self, item: Resource<$item>) -> std::result::Result<u32, HostError> {
                assert!(item.owned());
                Ok(self.$name.base + 2 * item.rep())
            }
        }
    };
}

shelf!(cold, Thing);
shelf!(warm, stores::warm::Item);

fn stores() -> (Store<Shelves>, stores::Stores) {
    let engine = Engine::new(&Config::new()).unwrap();
    let mut linker = Linker::new();
    stores::Stores::add_to_linker(&mut linker, |data: &mut Shelves| data).unwrap();
    let shelves = Shelves { cold: Shelf { base: 10, n_dropped: 0 }, warm: Shelf { base: 20, n_dropped: 0 } };
    let mut store = Store::new(&engine, shelves);
    let stores = stores::Stores::instantiate(&mut store, &component(&engine, "stores"), &linker).unwrap();
    (store, stores)
}

#[test]
fn an_interface_imported_under_two_names_is_two() {
    let (mut store, stores) = stores();
    assert_eq!(stores.call_ask(&mut store).unwrap(), 10_020);
    // Borrowed, then dropped by the guest.
    assert_eq!(stores.call_lend(&mut store, 3).unwrap(), 13_023);
    assert_eq!([store.data().cold.n_dropped, store.data().warm.n_dropped], [1, 1]);
    // Given back.
    assert_eq!(stores.call_give(&mut store, 3).unwrap(), 16_026);
    assert_eq!([store.data().cold.n_dropped, store.data().warm.n_dropped], [1, 1]);
}

#[test]
fn an_interface_exported_under_two_names_is_two() {
    let (mut store, stores) = stores();
    let (front, back) = (stores.front().clone(), stores.back().clone());
    assert_eq!(front.call_get(&mut store).unwrap(), 1);
    assert_eq!(back.call_get(&mut store).unwrap(), 2);
    let (a, b) = (front.call_make(&mut store, 5).unwrap(), back.call_make(&mut store, 5).unwrap());
    assert_eq!(front.item().call_value(&mut store, &a).unwrap(), 6);
    assert_eq!(back.item().call_value(&mut store, &b).unwrap(), 7);
    // The resource types are two as well.
    assert!(back.item().call_value(&mut store, &a).is_err());
    assert_eq!(front.call_take(&mut store, a).unwrap(), 6);
    assert_eq!(back.call_take(&mut store, b).unwrap(), 7);
}

/// The component exports version 1.2.1.
#[test]
fn an_export_of_a_newer_compatible_version_is_found() {
    let (mut store, stores) = stores();
    assert_eq!(stores.a_c_old().call_get(&mut store).unwrap(), 2);
}

/// The bindings of `files.wat`.
macro_rules! files {
    ($module:ident, $($options:tt)*) => {
        mod $module {
            component_linker::bindings!({
                inline: "
                    package a:b;
                    interface errors {
                        enum code {
                            /// Nothing is there.
                            not-found,
                            denied,
                        }
                    }
                    interface files {
                        use errors.{code};
                        open: func(host: string, cx: u32, store: list<u8>) -> result<u32, code>;
                    }
                    world files-world {
                        use errors.{code};
                        import files;
                        export run: func(store: string, cx: u32) -> result<u32, code>;
                    }
                ",
                $($options)*
            });
        }
    };
}

files!(plain, additional_derives: [Ord, PartialOrd, Default, Clone]);

mod mine {
    pub(super) use std::cmp::PartialOrd as Ordered;
}

mod derived {
    component_linker::bindings!({
        inline: "
            package a:b;
            interface i {
                record point { x: u8, name: string }
                record line { points: list<point> }
                flags bits { x }
                f: func(p: point, l: line, b: bits);
            }
            world w { import i; }
        ",
        additional_derives: [Copy, Eq, Default, std::cmp::Ord, Hash, super::mine::Ordered],
    });
}

#[test]
fn types_derive_what_they_can_of_what_is_asked_for() {
    use derived::a::b::i::{Bits, Line, Point};
    use std::collections::HashSet;
    let point = Point { x: 1, name: String::from("a") };
    let line = Line { points: vec![point.clone()] };
    assert!(Line::default() < line && Bits::empty() < Bits::X && Point::default() <= point);
    assert_eq!(HashSet::from([line.clone(), line]).len(), 1);
}

/// A host that knows one file.
struct Files;

impl plain::a::b::files::Host for Files {
    fn open(
        &mut self,
        host: String,
        cx: u32,
        store: Vec<u8>,
    ) -> std::result::Result<std::result::Result<u32, plain::Code>, HostError> {
        assert_eq!(host.as_bytes(), store);
        Ok(if host == "here" { Ok(cx + 1) } else { Err(plain::Code::NotFound) })
    }
}

#[test]
fn errors_of_results_are_errors() {
    fn run(name: &str) -> std::result::Result<u32, Box<dyn std::error::Error + Send + Sync>> {
        let engine = Engine::new(&Config::new())?;
        let mut linker = Linker::new();
        plain::FilesWorld::add_to_linker(&mut linker, |files: &mut Files| files)?;
        let mut store = Store::new(&engine, Files);
        let files = plain::FilesWorld::instantiate(&mut store, &component(&engine, "files"), &linker)?;
        Ok(files.call_run(&mut store, name, 41)??)
    }
    assert_eq!(run("here").unwrap(), 42);
    let error = run("nowhere").unwrap_err();
    assert_eq!(error.to_string(), "not-found: Nothing is there.");
    assert_eq!(error.downcast_ref::<plain::Code>(), Some(&plain::Code::NotFound));
    assert_eq!(plain::Code::Denied.to_string(), "denied");
    assert!(plain::Code::NotFound < plain::Code::Denied);
}

#[test]
fn a_reference_to_a_host_is_a_host() {
    fn open(mut host: impl plain::a::b::files::Host) -> u32 {
        host.open(String::from("here"), 1, b"here".to_vec()).unwrap().unwrap()
    }
    assert_eq!(open(&mut Files), 2);
    assert_eq!(open(&mut &mut Files), 2);
    let host: &mut dyn plain::a::b::files::Host = &mut Files;
    assert_eq!(open(host), 2);
}

files!(
    trapping,
    with: { "a:b/errors": super::plain::a::b::errors },
    trappable_error_type: { "a:b/files.code" => super::OpenError },
    skip_mut_forwarding_impls: true,
);

/// What the host fails with: an answer to the guest, or a trap.
enum OpenError {
    Told(plain::Code),
    Broken,
}

impl trapping::a::b::files::Host for Files {
    fn open(&mut self, host: String, cx: u32, _: Vec<u8>) -> std::result::Result<u32, OpenError> {
        match &*host {
            "here" => Ok(cx),
            "secret" => Err(OpenError::Told(plain::Code::Denied)),
            _ => Err(OpenError::Broken),
        }
    }

    fn convert_code(&mut self, error: OpenError) -> std::result::Result<plain::Code, HostError> {
        match error {
            OpenError::Told(code) => Ok(code),
            OpenError::Broken => Err("the disk is broken".into()),
        }
    }
}

#[test]
fn the_host_s_own_errors_are_told_or_trap() {
    let engine = Engine::new(&Config::new()).unwrap();
    let mut linker = Linker::new();
    trapping::FilesWorld::add_to_linker(&mut linker, |files: &mut Files| files).unwrap();
    let component = component(&engine, "files");
    let mut store = Store::new(&engine, Files);
    let files = trapping::FilesWorld::instantiate(&mut store, &component, &linker).unwrap();
    assert_eq!(files.call_run(&mut store, "here", 7).unwrap(), Ok(7));
    // The types are those of the other bindings.
    let told: std::result::Result<u32, plain::Code> = files.call_run(&mut store, "secret", 7).unwrap();
    assert_eq!(told, Err(plain::Code::Denied));
    let trap = files.call_run(&mut store, "lost", 7).unwrap_err();
    assert!(trap.to_string().starts_with("the disk is broken"), "{trap}");
}

files!(with_store, imports: { "a:b/files.open": store | trappable }, exports: { default: store });

/// A host that asks another guest.
#[derive(Default)]
struct Asking {
    other: std::option::Option<with_store::FilesWorld>,
    n_asked: u32,
}

impl with_store::a::b::files::Host for Asking {
    fn open<T: 'static>(
        mut cx: Access<'_, T, Self>,
        host: String,
        cx_: u32,
        _: Vec<u8>,
    ) -> std::result::Result<std::result::Result<u32, with_store::Code>, HostError> {
        cx.host().n_asked += 1;
        let Some(other) = cx.host().other.clone().filter(|_| cx_ > 0) else { return Ok(Ok(100)) };
        // The store is an argument like any other.
        let context = cx.as_context_mut();
        Ok(Ok(other.call_run(context, &host, cx_ - 1)?? + 1))
    }
}

#[test]
fn a_method_of_the_host_calls_a_guest_of_its_store() {
    let engine = Engine::new(&Config::new()).unwrap();
    let mut linker = Linker::new();
    with_store::FilesWorld::add_to_linker(&mut linker, |(asking, _): &mut (Asking, u8)| asking).unwrap();
    let component = component(&engine, "files");
    let mut store = Store::new(&engine, (Asking::default(), 0));
    let first = with_store::FilesWorld::instantiate(&mut store, &component, &linker).unwrap();
    let second = with_store::FilesWorld::instantiate(&mut store, &component, &linker).unwrap();
    store.data_mut().0.other = Some(second);
    assert_eq!(first.call_run(&mut store, "x", 0).unwrap(), Ok(100));
    assert_eq!(first.call_run(&mut store, "x", 1).unwrap(), Ok(101));
    assert_eq!(store.data().0.n_asked, 3);
}

#[test]
fn a_reference_to_a_host_that_gets_the_store_is_a_host() {
    use with_store::a::b::files::Host;
    let mut store = Store::new(&Engine::new(&Config::new()).unwrap(), Box::leak(Box::<Asking>::default()));
    let mut context = store.as_context_mut();
    let access: Access<'_, &'static mut Asking, &'static mut Asking> =
        Access::new(&mut context, &|host| host);
    assert_eq!(Host::open(access, String::new(), 0, Vec::new()).unwrap(), Ok(100));
    assert_eq!(store.data().n_asked, 1);
}

mod gated {
    component_linker::bindings!({
        inline: "
            package my:app;
            interface i { @unstable(feature = more) f: func() -> u8; g: func() -> u8; }
            world app {
                import techbytes:kitchen/types@0.1.0;
                import i;
                resource own-thing { get: func() -> u32; }
                type color = u8;
                @unstable(feature = other) import not-here: func();
            }
        ",
        path: ["tests/guests/kitchen.wit", "../../examples/plugin/plugin.wit"],
        world: "my:app/app",
        features: ["more"],
        with: {
            "own-thing": std::sync::Arc<super::Thing>,
            "techbytes:kitchen/types.point": super::plain::Code,
            "color": Local,
        },
        ownership: Owning,
        additional_derives: [PartialEq, Eq, Hash, Ord, PartialOrd, Default, Copy],
    });

    /// A type beside the bindings.
    #[allow(dead_code, reason = "only named")]
    type Local = u8;
}

struct Gated;

impl gated::my::app::i::Host for Gated {
    fn f(&mut self) -> std::result::Result<u8, HostError> {
        Ok(1)
    }

    fn g(&mut self) -> std::result::Result<u8, HostError> {
        Ok(2)
    }
}

impl gated::HostOwnThing for Gated {
    fn get(&mut self, _: Resource<std::sync::Arc<Thing>>) -> std::result::Result<u32, HostError> {
        Ok(3)
    }

    fn drop(&mut self, _: Resource<std::sync::Arc<Thing>>) -> std::result::Result<(), HostError> {
        Ok(())
    }
}

impl gated::AppImports for Gated {}

#[test]
fn features_paths_and_types_of_the_world_are_as_asked_for() {
    let mut linker = Linker::<Gated>::new();
    gated::App::add_to_linker(&mut linker, |gated| gated).unwrap();
    // What the embedder has in place of types.
    let _: [gated::techbytes::kitchen::types::Point; 0] = [] as [plain::Code; 0];
    let _: gated::Color = 1_u8;
    let mut host = Gated;
    let (f, g) = (gated::my::app::i::Host::f(&mut host), gated::my::app::i::Host::g(&mut host));
    assert_eq!([f.unwrap(), g.unwrap()], [1, 2]);
}

#[test]
fn a_trap_of_the_host_says_its_cause() {
    let engine = Engine::new(&Config::new()).unwrap();
    let mut linker = Linker::new();
    trapping::FilesWorld::add_to_linker(&mut linker, |files: &mut Files| files).unwrap();
    let mut store = Store::new(&engine, Files);
    let component = component(&engine, "files");
    let files = trapping::FilesWorld::instantiate(&mut store, &component, &linker).unwrap();
    let component_linker::CallError::Trap(trap) = files.call_run(&mut store, "", 0).unwrap_err() else {
        panic!("the guest trapped")
    };
    assert!(matches!(trap.cause(), TrapCause::Host(_)));
}
