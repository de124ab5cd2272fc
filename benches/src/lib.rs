//! Timings of Lowlift; see `benches/`.
