//! The `lowlift` command.
fn main() {}
