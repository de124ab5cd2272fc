//! Timings of Lowlift; see `benches/`. The README's examples are tested here too, where every crate is at hand.

#![forbid(unsafe_code)]

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
