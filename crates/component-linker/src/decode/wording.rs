//! What the decoder found wrong, in the words of Binary.md and the official suite.
//!
//! wasmparser decides what is malformed; where its words tell of its own history rather than of the format, the
//! fault gets the words that the suite expects. Any other error passes unchanged.

use crate::error::{Error, ErrorKind};

/// The leading bytes of `canon stream.forward` and `canon future.forward`.
const FORWARD: [u8; 2] = [0x2e, 0x2f];

/// Returns the error of wasmparser about `bytes` in the suite's words.
pub(super) fn explain(bytes: &[u8], error: &wasmparser::Error) -> Error {
    let offset = error.offset();
    let words = reserved_byte(error.message()).or_else(|| bare_forward(bytes, error));
    Error::new(ErrorKind::Invalid, words.unwrap_or_else(|| String::from(error.message())), offset)
}

/// The byte of `thread.yield`, `waitable-set.wait` and their like was once a flag; now it must be zero
/// (Binary.md, "Canonical Definitions").
fn reserved_byte(message: &str) -> Option<String> {
    let (byte, rest) = message.strip_prefix("invalid leading byte (")?.split_once(") for zero byte")?;
    let is_vestigial = rest.is_empty() || rest.starts_with(';');
    is_vestigial.then(|| match byte {
        "0x1" => String::from("non-zero reserved byte"),
        _ => format!("invalid boolean value ({byte}): the byte is reserved and must be zero"),
    })
}

/// `stream.forward` and `future.forward` are younger than most of the format: a section that ends at their
/// leading byte rather comes from a tool to which the byte is unknown.
fn bare_forward(bytes: &[u8], error: &wasmparser::Error) -> Option<String> {
    let end = usize::try_from(error.offset()).ok()?;
    let last = *bytes.get(..end)?.last()?;
    let is_bare = error.message() == "unexpected end-of-file" && FORWARD.contains(&last);
    is_bare.then(|| format!("invalid leading byte ({last:#x}) for canonical function without a type index"))
}
