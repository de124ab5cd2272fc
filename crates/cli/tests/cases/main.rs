//! Inputs that once went wrong, each with the right answer.
//!
//! Each stands for a kind of fault: its siblings (other types, encodings, directions, verbs) stand
//! beside it. A module has the cases of one area, and the folder of the same name their inputs.
//! Commands run in the folder of the inputs, scripts through the runner of the official suites.

mod bounds_jit;
mod calls;
mod common;
mod deps;
mod explain;
mod link;
mod memory;
mod merge;
mod peer;
mod proposals;
mod run;
mod text;
mod verbs;
mod versions;
mod worlds;
