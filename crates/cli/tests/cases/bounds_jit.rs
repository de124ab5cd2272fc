//! What code and its compilation take of the host's time.

use crate::common::lowlift;

/// Bulk instructions cost fuel by their size, and end at the deadline.
#[test]
fn a_bulk_instruction_is_bounded_by_fuel_and_time() {
    let fill = ["call", "bounds/memfill4g.wat", "run()"];
    for timeout in ["3", "0.2"] {
        let limits = ["--fuel", "1000", "--timeout", timeout];
        lowlift(&[&fill[..], &limits].concat()).check(134, "", &["all fuel consumed", "is its `--fuel`"]);
    }
    lowlift(&[&fill[..], &["--timeout", "0.2"]].concat()).check(
        134,
        "",
        &["interrupt", "is its `--timeout`"],
    );
}
