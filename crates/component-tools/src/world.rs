//! The world of a component: what it imports and exports, as WIT. Follows WIT.md.
//!
//! `wit-parser-lite` reads the component's types and writes them.

use wit_parser_lite::wasm::to_text;

use crate::binary::check_header;
use crate::error::{Error, ErrorKind};

/// Returns the world of a component as WIT, with the interfaces that it refers to. For a WIT
/// package in binary form, returns the package.
///
/// What WIT has no form for, such as an imported core module, is in comments.
///
/// # Errors
///
/// If `bytes` are not a valid component. Function bodies are not validated here, only by
/// [`validate`](crate::validate()) and [`outline`](crate::outline()).
pub fn world(bytes: &[u8]) -> Result<String, Error> {
    check_header(bytes)?;
    let wit = to_text(bytes);
    let wit =
        wit.map_err(|error| Error::new(ErrorKind::Invalid, error.message, error.offset.unwrap_or_default()))?;
    Ok(wit.text)
}
