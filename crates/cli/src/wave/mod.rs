//! WAVE, the text form of component values, to and from [`Value`](canonical_abi::Value).
//!
//! The `wasm-wave` crate parses and prints the text. `read` types a parsed text and reports
//! mismatches; `write` presents a value to the printer. Handles, streams, futures and error
//! contexts have no text form.

mod read;
mod write;

pub(crate) use read::{parse_call, read_args};
pub(crate) use write::to_text;
