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

/// Reads a file, standard input if it is `-`, or a directory of WIT files with the packages in its
/// `deps/`.
///
/// # Errors
///
/// When it can't be read, or is text but neither WIT nor WebAssembly.
pub(crate) fn read(path: &Path) -> Result<Input, Failure> {
    if path.is_dir() || path.extension() == Some(OsStr::new("wit")) {
        return Tree::load(path, &assemble)
            .map(Input::Wit)
            .map_err(|error| Failure::BadInput(error.to_string()));
    }
    let bytes = if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        let read = io::stdin().lock().read_to_end(&mut bytes);
        read.map_err(|error| Failure::in_file("standard input", error))?;
        bytes
    } else {
        fs::read(path).map_err(|error| Failure::in_file(&path.display().to_string(), error))?
    };
    wasm(path, bytes).map(Input::Wasm)
}

/// Reads a component.
///
/// # Errors
///
/// As for [`read`], and when the file is WIT.
pub(crate) fn read_component(path: &Path) -> Result<Vec<u8>, Failure> {
    match read(path)? {
        Input::Wasm(bytes) => Ok(bytes),
        Input::Wit(_) => Err(Failure::in_file(
            &path.display().to_string(),
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
