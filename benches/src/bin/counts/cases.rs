//! The cases: what is counted, by name.

use crate::{abi, calls, whole};

/// Something that is counted.
pub(crate) struct Case {
    /// Its name, as in `benches/counts.txt`.
    pub(crate) name: &'static str,
    /// How many rounds the shorter of the two runs has: enough that the variation between runs is
    /// small.
    pub(crate) rounds: u32,
    /// Sets up and does it so many times.
    pub(crate) run: fn(u32),
}

const fn case(name: &'static str, rounds: u32, run: fn(u32)) -> Case {
    Case { name, rounds, run }
}

/// The cases, in the order of the file of figures.
pub(crate) const CASES: &[Case] = &[
    case("core call, (i32, i32) -> i32", 10_000, calls::core),
    case("host to guest, ()", 10_000, calls::none),
    case("host to guest, (u32, u32) -> u32", 10_000, calls::add),
    case("host to guest, string -> string", 5_000, calls::text),
    case("host to guest, record -> record", 5_000, calls::record),
    case("host to guest, values, (u32, u32) -> u32", 5_000, calls::values),
    case("process, 3 bytes", 2_000, calls::process_small),
    case("process, 64 KiB", 20, calls::process_large),
    case("process, values, 3 bytes", 2_000, calls::process_values),
    case("guest to host, ()", 10_000, calls::host_none),
    case("guest to host, u32 -> u32", 10_000, calls::host_id),
    case("guest to host, string", 5_000, calls::host_text),
    case("component to component, ()", 10_000, calls::across_none),
    case("component to component, u32 -> u32", 10_000, calls::across_id),
    case("component to component, string", 5_000, calls::across_text),
    case("component to component, list<u8> of 1 KiB", 5_000, calls::across_bytes),
    case("component to component, borrow", 5_000, calls::across_borrow),
    case("resource.new and resource.drop", 10_000, calls::new_and_drop),
    case("resource.rep", 10_000, calls::rep),
    case("instantiate, a small component", 500, whole::instantiate_small),
    case("instantiate, plugin-rs", 200, whole::instantiate_plugin),
    case("decode and resolve, a component of types", 20, whole::resolve),
    case("validate, plugin-rs", 5, whole::validate),
    case("compile, a small component", 5, whole::compile),
    case("WIT, plugin.wit", 200, whole::wit_plugin),
    case("WIT, WASI 0.2", 2, whole::wit_wasi),
    case("types of WASI 0.2 and their layouts", 5, whole::layouts),
    case("lift a list of 1,000 records", 50, abi::lift),
    case("lower a list of 1,000 records", 50, abi::lower),
];
