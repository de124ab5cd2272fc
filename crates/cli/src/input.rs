//! Reads the input files of commands: components, binary or text, and WIT.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use wit_parser_lite::load::Tree;

use crate::failure::Failure;

/// The kind of a file, as determined by its name and first bytes.
#[derive(Debug)]
pub(crate) enum Input {
    /// WIT: the files of a package and of its dependencies.
    Wit(Tree),
    /// A WebAssembly binary.
    Wasm(Vec<u8>),
}

/// Returns the name that messages give an input: its path, or `<stdin>` for `-`.
pub(crate) fn name(path: &Path) -> String {
    if is_stdin(path) { "<stdin>".to_owned() } else { path.display().to_string() }
}

fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// Reads a file, or standard input for `-`.
///
/// # Errors
///
/// When it can't be read.
pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = match is_stdin(path) {
        true => io::stdin().read_to_end(&mut bytes).map(|_| bytes),
        false => fs::read(path),
    };
    read.map_err(|error| Failure::in_file(&name(path), error))
}

/// Reads a file, a directory of WIT files with the packages in its `deps/`, or standard input for
/// `-`.
///
/// # Errors
///
/// When it can't be read, or is text but neither WIT nor WebAssembly.
pub(crate) fn read(path: &Path) -> Result<Input, Failure> {
    if path.is_dir() || path.extension() == Some(OsStr::new("wit")) {
        return Tree::load_with(path, &assemble)
            .map(Input::Wit)
            .map_err(|error| Failure::BadInput(error.to_string()));
    }
    let bytes = bytes(path)?;
    // The text of WebAssembly starts like this, and no WIT does. A file of WIT has an extension.
    let is_wasm = bytes.starts_with(b"\0")
        || bytes.trim_ascii_start().starts_with(b"(")
        || bytes.trim_ascii_start().starts_with(b";");
    match String::from_utf8(bytes) {
        Ok(text) if is_stdin(path) && !is_wasm && !text.trim_ascii().is_empty() => {
            Ok(Input::Wit(Tree::new(vec![(name(path), text)], Vec::new())))
        }
        Ok(text) => wasm(path, text.into_bytes()).map(Input::Wasm),
        Err(error) => wasm(path, error.into_bytes()).map(Input::Wasm),
    }
}

/// Reads a component.
///
/// # Errors
///
/// As for [`read`], and when the file is WIT.
pub(crate) fn read_component(path: &Path) -> Result<Vec<u8>, Failure> {
    if path.is_dir() {
        let message = "this is a directory; expected a component, binary or text";
        return Err(Failure::in_file(&name(path), message));
    }
    match read(path)? {
        Input::Wasm(bytes) => Ok(bytes),
        Input::Wit(_) => Err(Failure::in_file(
            &name(path),
            "this is WIT, which describes components; expected a component, binary or text",
        )),
    }
}

/// Returns the binary of WebAssembly text.
///
/// # Errors
///
/// The fault in the text, with its position.
pub(crate) fn assemble(text: &[u8]) -> Result<Vec<u8>, String> {
    match wat::parse_bytes(text) {
        Ok(bytes) => Ok(bytes.into_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Returns a binary unchanged, and assembles text.
///
/// # Errors
///
/// When it is neither.
pub(crate) fn wasm(path: &Path, bytes: Vec<u8>) -> Result<Vec<u8>, Failure> {
    if bytes.starts_with(b"\0") {
        return Ok(bytes);
    }
    let text = String::from_utf8(bytes).ok().filter(|text| text.trim_start().starts_with(['(', ';']));
    let Some(text) = text else {
        let message =
            "neither a component's binary, which starts with `\\0asm`, nor its text, `(component …)`";
        return Err(Failure::in_file(&name(path), message));
    };
    wat::parse_str(&text).map_err(|mut error| {
        error.set_path(name(path));
        Failure::BadInput(error.to_string())
    })
}
