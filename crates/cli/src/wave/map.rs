//! Maps whose entries repeat a key. WAVE has the last value count, at the place of the first.

use std::cmp::Ordering;

use canonical_abi::Value;

/// Returns the entries that count: of each key, where it is first and where its value is.
///
/// It takes two words for each entry, whatever the entries are.
pub(super) fn entries_that_count(entries: &[(Value, Value)]) -> Vec<(usize, usize)> {
    let mut by_key: Vec<usize> = (0..entries.len()).collect();
    by_key.sort_by(|a, b| key_order(&entries[*a].0, &entries[*b].0));
    let groups = by_key.chunk_by(|a, b| key_order(&entries[*a].0, &entries[*b].0).is_eq());
    // The sort is stable: the first of a group is the first of its key.
    let mut counting: Vec<_> = groups.map(|group| (group[0], group[group.len() - 1])).collect();
    counting.sort_unstable();
    counting
}

/// Compares two keys of a map's key type.
fn key_order(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::S8(a), Value::S8(b)) => a.cmp(b),
        (Value::U8(a), Value::U8(b)) => a.cmp(b),
        (Value::S16(a), Value::S16(b)) => a.cmp(b),
        (Value::U16(a), Value::U16(b)) => a.cmp(b),
        (Value::S32(a), Value::S32(b)) => a.cmp(b),
        (Value::U32(a), Value::U32(b)) => a.cmp(b),
        (Value::S64(a), Value::S64(b)) => a.cmp(b),
        (Value::U64(a), Value::U64(b)) => a.cmp(b),
        (Value::Char(a), Value::Char(b)) => a.cmp(b),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        // Before the calls run, a reference stands for any key.
        (a, b) => a.kind().cmp(b.kind()),
    }
}
