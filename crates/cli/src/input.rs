//! Reads the files that commands are given: components, binary or text, and WIT.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use crate::failure::Failure;

/// What a file holds, as far as its name and first bytes tell.
#[derive(Debug)]
pub(crate) enum Input {
    /// WIT: the files of one package, by name and text.
    Wit(Vec<(String, String)>),
    /// A WebAssembly binary.
    Wasm(Vec<u8>),
}

/// Reads a file, or a directory of WIT files.
///
/// # Errors
///
/// When it can't be read, or is text that is no WebAssembly text.
pub(crate) fn read(path: &Path) -> Result<Input, Failure> {
    let name = path.display().to_string();
    if path.is_dir() {
        return read_package(path, &name);
    }
    if path.extension() == Some(OsStr::new("wit")) {
        let text = fs::read_to_string(path).map_err(|error| Failure::in_file(&name, error))?;
        return Ok(Input::Wit(vec![(name, text)]));
    }
    let bytes = fs::read(path).map_err(|error| Failure::in_file(&name, error))?;
    wasm(path, bytes).map(Input::Wasm)
}

/// Reads a component.
///
/// # Errors
///
/// As [`read`], and when it is WIT.
pub(crate) fn read_component(path: &Path) -> Result<Vec<u8>, Failure> {
    match read(path)? {
        Input::Wasm(bytes) => Ok(bytes),
        Input::Wit(_) => Err(Failure::in_file(
            &path.display().to_string(),
            "this is WIT, which describes components; expected a component, binary or text",
        )),
    }
}

fn read_package(dir: &Path, name: &str) -> Result<Input, Failure> {
    let entries = fs::read_dir(dir).map_err(|error| Failure::in_file(name, error))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| Failure::in_file(name, error))?.path();
        if path.extension() == Some(OsStr::new("wit")) && path.is_file() {
            let name = path.display().to_string();
            let text = fs::read_to_string(&path).map_err(|error| Failure::in_file(&name, error))?;
            files.push((name, text));
        }
    }
    if files.is_empty() {
        return Err(Failure::in_file(name, "no `.wit` file in this directory"));
    }
    files.sort();
    Ok(Input::Wit(files))
}

/// Returns a binary as it is, and the binary of a text.
fn wasm(path: &Path, bytes: Vec<u8>) -> Result<Vec<u8>, Failure> {
    if bytes.starts_with(b"\0") {
        return Ok(bytes);
    }
    let text = String::from_utf8(bytes).ok().filter(|text| text.trim_start().starts_with(['(', ';']));
    let Some(text) = text else {
        let message =
            "neither a component's binary, which starts with `\\0asm`, nor its text, `(component …)`";
        return Err(Failure::in_file(&path.display().to_string(), message));
    };
    wat::parse_str(&text).map_err(|mut error| {
        error.set_path(path);
        Failure::BadInput(error.to_string())
    })
}
