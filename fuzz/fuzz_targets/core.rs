//! Core modules: whatever the bytes are, they compile or are refused with an error. All features
//! are on, those too that are decoded and not compiled.
#![no_main]

use jit::{Config, Engine, Module, WasmFeatures};
use std::sync::LazyLock;

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let config = Config::new().features(WasmFeatures::all());
    Engine::new(&config).expect("the host is supported")
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _compiles_or_not = Module::new(&ENGINE, data);
});
