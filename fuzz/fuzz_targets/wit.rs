//! WIT text: parsing, resolving, formatting and exporting it. See `wit_parser_lite::fuzzing`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        wit_parser_lite::fuzzing::check(text);
    }
});
