//! `bindings!` compiles whatever is valid: every world of the tests that the registry packages
//! `wit-parser` and `wit-component` carry, every world of WASI, and worlds of awkward names; each
//! beside ordinary code that uses the names of `std`.
//!
//! The bindings are compiled by `rustc`, which runs the macro, as one crate for many worlds. Where
//! there is no `rustc`, the tests are skipped.

#![forbid(unsafe_code)]

#[path = "bindings/compile.rs"]
mod compile;
#[path = "wit/corpus.rs"]
#[allow(dead_code, reason = "other tests compare what is resolved")]
mod corpus;
#[path = "bindings/names.rs"]
mod names;

use std::path::{Path, PathBuf};

use compile::{Case, Compiled, compile, folder};
use corpus::{assemble, registry_package};
use wit_parser_lite::load::{Files, Tree};
use wit_parser_lite::{Features, Options, Proposals};

/// How many worlds there are, so that a package that lost some cannot pass.
const N_TESTED: usize = 393;
const N_WASI: usize = 51;

/// Code as there is beside bindings.
const ORDINARY: &str = "
    #[allow(unused_imports)]
    use std::{
        boxed::Box, cell::Cell as Result_, clone::Clone, convert::From, default::Default, fmt::{self, Debug, Display},
        io::{self, Error, Result}, iter::Iterator, option::Option, string::String, sync::Arc, vec::Vec,
    };

    /// Uses them.
    pub fn ordinary(given: &Option<String>) -> Result<Vec<Box<u8>>> {
        let text: &str = given.as_ref().ok_or_else(|| io::Error::other(\"none\"))?;
        Ok(text.bytes().map(Box::new).collect())
    }
";

fn check(name: &str, cases: &[Case]) {
    match compile(name, cases) {
        Compiled::Done => {}
        Compiled::Skipped(why) => {
            // Past the capture of the test's output: who counts must see it.
            use std::io::Write as _;
            let why = why.lines().next().unwrap_or_default();
            writeln!(std::io::stderr(), "\nskipped: bindings of {name}: {why}").expect("it can be said");
        }
        Compiled::Faults(text) => panic!("{} cases: {}", cases.len(), &text[..text.len().min(20_000)]),
    }
}

/// Returns a case for each world of a package that is in a file or folder. Packages in binary form
/// are given to the macro as text.
fn worlds(name: &str, path: &Path, texts: &Path, cases: &mut Vec<Case>) -> bool {
    let Ok(tree) = Tree::load_with(path, &assemble) else { return false };
    let options = Options::default().features(Features::only(["active"])).proposals(Proposals::all());
    let Ok(resolved) = tree.parse_with_options(&options) else { return false };
    let n_packages = std::fs::read_dir(texts).expect("a readable folder").count();
    let folder = texts.join(n_packages.to_string());
    let write = |folder: PathBuf, files: &Files| {
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        for (i, (_, text)) in files.iter().enumerate() {
            std::fs::write(folder.join(format!("{i:03}.wit")), text).expect("a file can be written");
        }
    };
    write(folder.clone(), &tree.files);
    for (i, files) in tree.dependencies.iter().enumerate() {
        write(folder.join(format!("deps/{i:03}")), files);
    }
    for (id, _) in resolved.worlds() {
        let world = resolved.world_name(id);
        let input =
            format!("path: {:?}, world: {world:?}, features: [\"active\"]", folder.display().to_string());
        cases.push(Case { name: format!("{name}: {world}"), input, beside: String::from(ORDINARY) });
    }
    true
}

/// Returns the cases of all WIT below a folder: that of a folder as one package if it is one, else
/// that of each file.
fn walk(folder: &Path, texts: &Path, cases: &mut Vec<Case>) {
    let entries = std::fs::read_dir(folder).expect("a readable folder");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.sort();
    let name = folder.display().to_string();
    let name = name.rsplit_once("tests/").map_or(&*name, |(_, name)| name);
    let is_wit = |path: &&PathBuf| path.extension().is_some_and(|extension| extension == "wit");
    let is_package = paths.iter().any(|path| is_wit(&path)) && worlds(name, folder, texts, cases);
    if is_package {
        return;
    }
    for path in &paths {
        if path.is_dir() {
            walk(path, texts, cases);
        } else if is_wit(&path) {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            worlds(&format!("{name}/{file}"), path, texts, cases);
        }
    }
}

#[test]
fn every_world_of_the_reference_s_tests_compiles() {
    let texts = folder("texts");
    let mut cases = Vec::new();
    walk(&registry_package("wit-parser").join("tests"), &texts, &mut cases);
    walk(&registry_package("wit-component").join("tests"), &texts, &mut cases);
    check("tests", &cases);
    assert_eq!(cases.len(), N_TESTED);
}

#[test]
fn every_world_of_wasi_compiles() {
    let texts = folder("wasi-texts");
    let mut cases = Vec::new();
    for (package, folder) in [
        ("wasip2", "wit"),
        ("wasip3", "wit"),
        ("wasmtime-wasi", "src/p2/wit"),
        ("wasmtime-wasi", "src/p3/wit"),
        ("wasmtime-wasi-http", "wit"),
        ("wasmtime-wasi-http", "src/p3/wit"),
    ] {
        let path = registry_package(package).join(folder);
        assert!(worlds(package, &path, &texts, &mut cases), "{package} has WIT in {folder}");
    }
    check("wasi", &cases);
    assert_eq!(cases.len(), N_WASI);
}

#[test]
fn worlds_of_awkward_names_compile() {
    let cases = names::cases(ORDINARY);
    check("names", &cases);
    assert!(cases.len() > 400, "there are {} worlds", cases.len());
}
