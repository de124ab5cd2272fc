//! Timings of Lowlift; see `benches/`.

#![forbid(unsafe_code)]
