//! What calls take of the host's memory and stack.

use crate::common::lowlift;

/// The limit of a store is on the bytes of all its tables together, and checked before the work.
#[test]
fn tables_count_what_they_take_together() {
    lowlift(&["call", "memory/many-big-tables.wat", "f()"]).check(
        1,
        "",
        &["the memories and tables of the store take more than 4294967296 bytes"],
    );
}
