//! Random packages, from the generator that the reference is tested with (`wit-smith`).
//!
//! Each package is read from its binary form and from its text, printed, and written back; after
//! each step it is still what the reference takes it for. `WIT_CASES` asks for more cases than the
//! tests make by themselves.

use crate::corpus::{as_json, our_json};
use crate::structure::{by_name, compare};
use arbitrary::Unstructured;
use serde_json::Value;
use wasmparser::{Validator, WasmFeatures};
use wit_component::WitPrinter;
use wit_parser::decoding::{DecodedWasm, decode};
use wit_parser::{PackageId, Resolve};
use wit_parser_lite::print::print;
use wit_parser_lite::wasm::{self, encode_package};
use wit_parser_lite::{Features, Options, Proposals, Resolved, parse_with_options};

/// How many cases the test makes.
const N_CASES: u64 = 300;
/// Later ones that have shown a fault: types with a name that were shared with types without one.
const SEEDS: [u64; 3] = [15_330, 15_830, 24_367];
/// How many bytes the generator may use up for one.
const N_BYTES: usize = 4096;

/// Returns bytes that depend on the seed only (the generator xorshift64*).
fn noise(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(N_BYTES);
    while bytes.len() < N_BYTES {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        bytes.extend(state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes());
    }
    bytes
}

/// Returns a package in binary form, or `None` if the generator found its own unfit.
fn package(seed: u64) -> Option<Vec<u8>> {
    let config = wit_smith::Config {
        async_: seed & 1 != 0,
        futures: seed & 2 != 0,
        streams: seed & 2 != 0,
        error_context: seed & 4 != 0,
        fixed_length_lists: seed & 8 != 0,
        implements: seed & 16 != 0,
        canonical_names: seed.is_multiple_of(7),
        world_include: seed.is_multiple_of(5),
        ..wit_smith::Config::default()
    };
    let noise = noise(seed);
    // It panics where it finds that it wrote a wrong `include`, about once in 20,000 seeds.
    let smith = || wit_smith::smith(&config, &mut Unstructured::new(&noise));
    let bytes = std::panic::catch_unwind(smith).ok()?.ok()?;
    // The generator lets through what is too large as a value.
    Validator::new_with_features(WasmFeatures::all()).validate_all(&bytes).ok().map(|_| bytes)
}

fn their_decode(bytes: &[u8]) -> Result<(Resolve, PackageId), String> {
    match decode(bytes).map_err(|error| format!("{error:#}"))? {
        DecodedWasm::WitPackage(resolve, package) => Ok((resolve, package)),
        DecodedWasm::Component(..) => Err("taken for a component".to_owned()),
    }
}

/// Returns the packages as text, the reference's.
fn their_text(resolve: &Resolve, package: PackageId) -> String {
    let mut printer = WitPrinter::default();
    let others: Vec<_> = resolve.packages.iter().map(|(id, _)| id).filter(|id| *id != package).collect();
    printer.print(resolve, package, &others).expect("it can be printed");
    printer.output.to_string()
}

fn ours(resolved: &Resolved) -> Value {
    by_name(&our_json(resolved))
}

/// Returns whether the reference reads its own text. It does not where a world includes one of
/// another package: the versions in its gates then mean nothing, which we leave out and the
/// reference keeps.
fn they_parse(text: &str) -> bool {
    let mut resolve = Resolve { all_features: true, ..Resolve::default() };
    match resolve.push_str("random.wit", text) {
        Ok(_) => true,
        Err(error) => {
            let error = format!("{error:#}");
            assert!(error.contains("version"), "the reference rejects its text: {error}\n{text}");
            false
        }
    }
}

fn without_gates(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(name, _)| *name != "stability");
            Value::Object(kept.map(|(name, value)| (name.clone(), without_gates(value))).collect())
        }
        Value::Array(items) => items.iter().map(without_gates).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// Returns what is not as the reference has it, and whether its gates could be compared too.
fn check(seed: u64, bytes: &[u8]) -> (Vec<String>, bool) {
    let Ok((resolve, package)) = their_decode(bytes) else { return (Vec::new(), true) };
    let text = their_text(&resolve, package);
    let is_readable = they_parse(&text);
    let seen = |value: Value| if is_readable { value } else { without_gates(&value) };
    let expected = seen(by_name(&as_json(&resolve)));
    let mut problems = Vec::new();
    let mut check = |step: &str, found: Result<Value, String>| match found {
        Ok(found) => problems.extend(compare(&format!("seed {seed}, {step}: "), &expected, &seen(found))),
        Err(error) => problems.push(format!("seed {seed}, {step}: {error}")),
    };
    let parse = |text: &str| {
        let parsed = parse_with_options(
            &Options::default().features(Features::All).proposals(Proposals::all()),
            &[("random.wit", text)],
            &[],
        );
        parsed.map(|resolved| ours(&resolved)).map_err(|errors| errors[0].to_string())
    };
    if is_readable {
        check("parsed", parse(&text));
    }
    match wasm::decode_with_features(bytes, WasmFeatures::all()) {
        Ok(decoded) => {
            check("read", Ok(ours(&decoded)));
            check("printed", parse(&print(&decoded)));
            let written = encode_package(&decoded, decoded.packages().next().expect("a main package").0)
                .expect("it is small");
            let again =
                wasm::decode_with_features(&written, WasmFeatures::all()).map_err(|error| error.to_string());
            check("written and read", again.map(|again| ours(&again)));
            check(
                "read by the reference",
                their_decode(&written).map(|(theirs, _)| by_name(&as_json(&theirs))),
            );
        }
        Err(error) => check("read", Err(error.to_string())),
    }
    (problems, is_readable)
}

#[test]
fn random_packages_stay_what_they_are() {
    let n_cases = std::env::var("WIT_CASES").ok().map_or(N_CASES, |n| n.parse().expect("a number"));
    let (mut n_packages, mut n_with_gates, mut problems) = (0, 0, Vec::new());
    for seed in (0..n_cases).chain(SEEDS) {
        let Some(bytes) = package(seed) else { continue };
        let (found, has_gates) = check(seed, &bytes);
        n_packages += 1;
        n_with_gates += u64::from(has_gates);
        problems.extend(found);
    }
    let shown = &problems[..problems.len().min(20)];
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), shown.join("\n"));
    assert!(n_packages > n_cases / 2, "{n_packages} of {n_cases} seeds gave a package");
    assert!(n_with_gates > n_packages * 9 / 10, "{n_with_gates} of {n_packages} with gates");
}
