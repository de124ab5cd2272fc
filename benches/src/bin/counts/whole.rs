//! What is done once: reading, resolving, compiling and instantiating components, and reading WIT.

use crate::guests::{SMALL, component, engine, types};
use canonical_abi::{PtrType, Types, layout};
use component_linker::{Component, Linker, Store};
use std::hint::black_box;
use std::path::Path;
use wit_parser_lite::load::Tree;
use wit_parser_lite::{Features, Type, abi};

/// The variable that tells where the WIT of WASI lies.
pub(crate) const WASI_FOLDER: &str = "LOWLIFT_WASI_WIT";

const PLUGIN: &[u8] = include_bytes!("../../../../examples/guests/plugin-rs.wasm");

fn instantiate(rounds: u32, component: &Component, engine: &component_linker::Engine) {
    let mut linker = Linker::new();
    linker.stub_imports(component).expect("nothing is linked yet");
    for _ in 0..rounds {
        let mut store = Store::new(engine, ());
        black_box(linker.instantiate(&mut store, black_box(component)).expect("it instantiates"));
    }
}

/// Instantiates a component of one small module in a store of its own.
pub(crate) fn instantiate_small(rounds: u32) {
    let engine = engine();
    instantiate(rounds, &component(&engine, SMALL), &engine);
}

/// Instantiates a guest that a toolchain made, in a store of its own.
pub(crate) fn instantiate_plugin(rounds: u32) {
    let engine = engine();
    instantiate(rounds, &Component::new(&engine, PLUGIN).expect("a valid component"), &engine);
}

/// Decodes and resolves; there is nothing to compile.
pub(crate) fn resolve(rounds: u32) {
    let engine = engine();
    let bytes = wat::parse_str(types()).expect("valid text");
    for _ in 0..rounds {
        black_box(Component::new(&engine, black_box(&bytes)).expect("a valid component"));
    }
}

/// Validates a component without compiling it.
pub(crate) fn validate(rounds: u32) {
    for _ in 0..rounds {
        Component::validate(black_box(PLUGIN)).expect("a valid component");
    }
}

/// Makes a component of a few small functions ready to run.
pub(crate) fn compile(rounds: u32) {
    let engine = engine();
    let bytes = wat::parse_str(SMALL).expect("valid text");
    for _ in 0..rounds {
        black_box(Component::new(&engine, black_box(&bytes)).expect("a valid component"));
    }
}

/// Parses and resolves a small package.
pub(crate) fn wit_plugin(rounds: u32) {
    let text = include_str!("../../../../examples/plugin/plugin.wit");
    for _ in 0..rounds {
        black_box(wit_parser_lite::parse(&[("plugin.wit", black_box(text))]).expect("a valid package"));
    }
}

fn wasi() -> Tree {
    let folder = std::env::var_os(WASI_FOLDER).expect("whoever counts says where the WIT of WASI lies");
    let decode = |_: &[u8]| Err("the packages are text".to_owned());
    Tree::load_with(Path::new(&folder), &decode).expect("the packages can be read")
}

/// Parses and resolves the packages of WASI 0.2.
pub(crate) fn wit_wasi(rounds: u32) {
    let tree = wasi();
    for _ in 0..rounds {
        black_box(black_box(&tree).parse(&Features::default()).expect("the packages are valid"));
    }
}

/// Builds the types of WASI 0.2 for the ABI and asks for the layout of each, with pointers of both
/// widths.
pub(crate) fn layouts(rounds: u32) {
    let resolved = wasi().parse(&Features::default()).expect("the packages are valid");
    let definitions = || resolved.types().map(|(id, _)| Type::Def(id));
    for _ in 0..rounds {
        let mut types = Types::new();
        let known = abi::val_types(&resolved, &mut types, definitions()).expect("WASI's types are valid");
        for ty in definitions() {
            let ty = known.val_type(ty).expect("it was asked for");
            black_box([PtrType::I32, PtrType::I64].map(|ptr| layout(&types, ty, ptr)));
        }
    }
}
