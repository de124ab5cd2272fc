//! Test vectors: a case and the answer of the spec's program, as one line of JSON.
//!
//! They are what machines without `python3` check, and what a difference is printed as.

use super::case::Case;
use super::spec::{Spec, SpecError};
use super::{BadVector, Difference, nth_case, ours};
use canonical_abi::display;
use serde_json::{Value as Json, json};
use std::fmt::{self, Write};

/// How many golden vectors there are.
pub const N_GOLDEN: u64 = 200;
/// The seed of their cases.
pub const GOLDEN_SEED: u64 = 0;

/// Returns the case of a vector and the answer of the spec's program.
///
/// # Errors
///
/// When the text is no vector.
pub fn parse(vector: &str) -> Result<(Case, Json), BadVector> {
    let mut json: Json = serde_json::from_str(vector).map_err(|e| BadVector(e.to_string()))?;
    let case = Case::from_json(&json["case"])?;
    Ok((case, json["spec"].take()))
}

/// Checks that `canonical-abi` answers the vector's case as the spec's program did.
///
/// # Errors
///
/// When it does not, or the text is no vector; the message says where the answers differ.
pub fn check(vector: &str) -> Result<(), String> {
    let (case, spec) = parse(vector).map_err(|e| e.to_string())?;
    let differences = differences(&ours::answer(&case), &spec);
    if differences.is_empty() {
        Ok(())
    } else {
        Err(format!("{}{}", types_of(&case), differences.join("\n")))
    }
}

/// Returns the golden vectors, a line each, with the answers of the spec's program now.
///
/// # Errors
///
/// When the program cannot be run.
pub fn golden() -> Result<String, SpecError> {
    let cases: Vec<_> = (0..N_GOLDEN).map(|number| nth_case(GOLDEN_SEED, number)).collect();
    let answers = Spec::start()?.ask(&cases)?;
    Ok(cases.iter().zip(answers).map(|(case, spec)| to_line(case, &spec) + "\n").collect())
}

/// Returns the vector, as [`parse`] reads it. It has ASCII characters only, so that nothing in it
/// is invisible.
///
/// # Panics
///
/// Never.
pub fn to_line(case: &Case, spec: &Json) -> String {
    let mut line = String::new();
    for c in json!({ "case": case.to_json(), "spec": spec }).to_string().chars() {
        if (' '..='~').contains(&c) {
            line.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(line, "\\u{unit:04x}").expect("a string takes all that is written");
            }
        }
    }
    line
}

/// The case, where the answers differ, and a test that fails until they do not.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, number, case, ours, spec } = self;
        writeln!(f, "case {number} of seed {seed} differs. A smaller one that does:")?;
        let differences = differences(ours, spec).join("\n");
        writeln!(f, "{}{differences}", types_of(case))?;
        writeln!(f, "\nAs a test for conformance/tests/oracle.rs:\n")?;
        writeln!(f, "#[test]\nfn seed_{seed}_case_{number}() {{")?;
        for line in differences.lines() {
            writeln!(f, "    // {line}")?;
        }
        writeln!(f, "    check(\n        r##\"{}\"##,\n    );\n}}", to_line(case, spec))
    }
}

fn types_of(case: &Case) -> String {
    let mut text = String::new();
    for (i, ty) in case.params.iter().chain(&case.result).enumerate() {
        let kind = if i < case.params.len() { "param" } else { "result" };
        writeln!(text, "{kind}: {}", display(&case.types, *ty)).expect("a string takes all that is written");
    }
    text
}

/// Returns a line for each place where the answers differ.
fn differences(ours: &Json, spec: &Json) -> Vec<String> {
    let mut lines = Vec::new();
    collect_differences("", ours, spec, &mut lines);
    lines
}

fn collect_differences(path: &str, ours: &Json, spec: &Json, lines: &mut Vec<String>) {
    let under = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match (ours, spec) {
        (Json::Object(ours), Json::Object(spec)) => {
            let keys = ours.keys().chain(spec.keys().filter(|key| !ours.contains_key(*key)));
            for key in keys {
                let none = Json::Null;
                let (ours, spec) = (ours.get(key).unwrap_or(&none), spec.get(key).unwrap_or(&none));
                collect_differences(&under(key), ours, spec, lines);
            }
        }
        (Json::Array(ours), Json::Array(spec)) if ours.len() == spec.len() => {
            for (i, (ours, spec)) in ours.iter().zip(spec).enumerate() {
                collect_differences(&under(&i.to_string()), ours, spec, lines);
            }
        }
        (ours, spec) if ours == spec => {}
        (ours, spec) => lines.push(format!("{path}: {ours}, but the spec's program says {spec}")),
    }
}
