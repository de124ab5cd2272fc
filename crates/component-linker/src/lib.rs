//! Decodes, links, instantiates and calls WebAssembly components.
