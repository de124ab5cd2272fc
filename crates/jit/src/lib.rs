//! Core WebAssembly on Cranelift.
