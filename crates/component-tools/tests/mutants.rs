//! Random programs of several components, changed in ways that must not matter: other names,
//! versions, orders, more interfaces and functions, worlds in several sections, custom sections.
//!
//! Each case makes components of core modules (`componentize`), links them (`link`), and checks
//! that what comes out is valid, has the expected imports and exports, and returns what it should.
//! `LOWLIFT_MUTANTS=N` runs N cases instead of a few.

#[path = "mutants/program.rs"]
mod program;

use std::fmt::Write as _;

use component_linker::{Component, Config, Engine, Linker, Store, Val};
use component_tools::{
    ComponentPart, Definition, File, PartKind, Parts, Proposals, StringEncoding, World, componentize,
    link_with, outline,
};
use wasmparser::BinaryReader;

use program::{Program, Random};

/// Adds custom sections between the sections of a component, where they have no meaning.
fn with_custom_sections(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut reader = BinaryReader::new(bytes, 0);
    let mut out = reader.read_bytes(8).expect("as above").to_vec();
    while !reader.eof() {
        if random.one_in(4) {
            // The section `x` with some bytes.
            let n = random.below(20);
            out.extend([0, u8::try_from(n + 2).expect("it is small"), 1, b'x']);
            out.extend(std::iter::repeat_n(0xff, n));
        }
        let start = usize::try_from(reader.original_position()).expect("the component is valid");
        reader.read_u8().expect("the component is valid");
        let n = usize::try_from(reader.read_var_u32().expect("as above")).expect("the component is valid");
        reader.read_bytes(n).expect("the component is valid");
        out.extend(&bytes[start..usize::try_from(reader.original_position()).expect("it fits")]);
    }
    out
}

/// Returns the binary of a world in text.
fn encoded(world: &str) -> Vec<u8> {
    let resolved =
        wit_parser_lite::parse(&[("world.wit", world)]).unwrap_or_else(|error| panic!("{error:?}\n{world}"));
    let id = resolved.main_package().worlds[0];
    wit_parser_lite::wasm::encode_world(&resolved, id).expect("it has a binary form")
}

/// Makes a component of a module for several worlds: in sections of the module, or one of them
/// given.
fn made(module: &str, worlds: &[String], random: &mut Random) -> Vec<u8> {
    let encoded: Vec<_> = worlds.iter().map(|world| encoded(world)).collect();
    let given = if random.one_in(2) { Some(random.below(encoded.len())) } else { None };
    let mut text = module.strip_suffix(')').expect("a module").to_owned();
    for (i, bytes) in encoded.iter().enumerate().filter(|(i, _)| Some(*i) != given) {
        let bytes: String = bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "\\{byte:02x}").expect("writing to a string cannot fail");
            text
        });
        write!(text, r#"(@custom "component-type:{i}" "{bytes}")"#).expect("as above");
    }
    let module = wat::parse_str(text + ")").expect("the text has no faults");
    let world = given.map(|i| World { bytes: &encoded[i], string_encoding: StringEncoding::Utf8 });
    let parts = Parts {
        module: File { name: "module", bytes: &module },
        world,
        adapters: &[],
        proposals: Proposals::default(),
    };
    componentize(&parts).unwrap_or_else(|error| panic!("{error}\n{worlds:#?}"))
}

/// Returns the names of the imports and exports of a valid component, sorted.
fn names(bytes: &[u8]) -> [Vec<String>; 2] {
    let part = outline(bytes).unwrap_or_else(|error| panic!("{error}"));
    let PartKind::Component(ComponentPart { definitions, .. }) = part.kind else { panic!("a core module") };
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    for definition in definitions {
        match definition {
            Definition::Import { name, .. } => imports.push(name),
            Definition::Export { name, .. } => exports.push(name),
            Definition::Part { .. }
            | Definition::CoreInstance { .. }
            | Definition::Instance { .. }
            | Definition::Canon { .. } => {}
        }
    }
    imports.sort();
    exports.sort();
    [imports, exports]
}

fn call_run(engine: &Engine, bytes: &[u8]) -> Option<Val> {
    let component = Component::new(engine, bytes).expect("it is valid");
    let mut store = Store::new(engine, ());
    let instance = Linker::new().instantiate(&mut store, &component).expect("it imports nothing");
    instance
        .get_func(&mut store, &["run"])
        .expect("it is exported")
        .call(&mut store, &[])
        .expect("it returns")
}

#[test]
fn valid_mutants_are_made_and_linked() {
    let n_cases: u64 = match std::env::var("LOWLIFT_MUTANTS") {
        Ok(n) => n.parse().expect("a number of cases"),
        Err(_) => 40,
    };
    let engine = Engine::new(&Config::new()).expect("the machine is supported");
    let (mut n_made, mut n_linked, mut n_called) = (0, 0, 0);
    for seed in 0..n_cases {
        let mut random = Random::new(seed);
        let program = Program::random(&mut random);
        let user = made(&program.user_module(), &program.user_worlds(&mut random), &mut random);
        assert_eq!(names(&user), [program.imports(), vec!["run".to_owned()]], "seed {seed}");
        let user = with_custom_sections(&user, &mut random);
        let mut plugs = Vec::new();
        for plug in 0..program.n_plugs() {
            let bytes =
                made(&program.plug_module(plug), &program.plug_worlds(plug, &mut random), &mut random);
            assert_eq!(names(&bytes), [vec![], program.exports(plug)], "seed {seed}, plug {plug}");
            plugs.push((format!("plug {plug}"), with_custom_sections(&bytes, &mut random)));
        }
        n_made += 1 + plugs.len();
        let files: Vec<_> = plugs.iter().map(|(name, bytes)| File { name, bytes }).collect();
        let socket = File { name: "user", bytes: &user };
        let linked = link_with(socket, &files, Proposals::default());
        let linked = linked.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert_eq!(names(&linked.bytes), [vec![], vec!["run".to_owned()]], "seed {seed}");
        n_linked += 1;
        // Compiling takes most of the time.
        if seed % 4 == 0 {
            assert_eq!(call_run(&engine, &linked.bytes), Some(Val::U32(program.sum())), "seed {seed}");
            n_called += 1;
        }
    }
    println!("{n_made} components made, {n_linked} linked, {n_called} called");
    assert!(n_made >= 2 * n_linked && n_called > 0);
}
