//! WAVE, the text form of component values, to and from [`Value`](canonical_abi::Value).
//!
//! The `wasm-wave` crate parses the text; `call` adds what a call has around its arguments, and
//! `reference` what is no WAVE: results of earlier calls, `$0`. `read` types a parsed text and
//! reports mismatches. `write` prints, a value as it is and without a copy of it.

mod call;
mod map;
mod read;
mod reference;
#[cfg(test)]
mod round_trip;
mod write;

pub(crate) use call::{ReadError, parse_call};
pub(crate) use read::read_args;
pub(crate) use reference::{Base, Reference, Scope, parse_reference, part};
pub(crate) use write::write_value;
