//! The Canonical ABI of the WebAssembly Component Model.
#![no_std]
#![forbid(unsafe_code)]
