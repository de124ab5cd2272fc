//! Components: whatever the bytes are, they compile or are refused with an error.
#![no_main]

use component_linker::{Component, Config, Engine};
use std::sync::LazyLock;

static ENGINE: LazyLock<Engine> =
    LazyLock::new(|| Engine::new(&Config::new()).expect("the host is supported"));

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _compiles_or_not = Component::new(&ENGINE, data);
});
