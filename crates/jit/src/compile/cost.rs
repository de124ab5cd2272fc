//! Whether the full level is too slow for a function, estimated before.
//!
//! Most of Cranelift is as quick as its IR is long. What is not, is the allocation of registers at
//! the full level, whose time grows with the square of the values in the worst case. Code that
//! compilers make has less than one value for a byte of its body; what has many more was made to
//! have them, or gains nothing from good registers. RATIONALE.md has the measurements.

use cranelift_codegen::ir::Function;

/// Up to so many values the full level takes half a second at most.
const ALWAYS_FULL_VALUES: u64 = 50_000;
/// Up to so many values for each byte of the body, the full level takes five seconds at most for
/// 40 KB.
const FULL_VALUES_PER_BYTE: u64 = 4;
/// Blocks and calls in the lifetimes of values that count as one value more.
const PIECES_PER_VALUE: u64 = 16;

/// Returns whether the full level would take too long for a function whose body has so many bytes.
pub(crate) fn is_too_costly(func: &Function, body_bytes: u64) -> bool {
    let bound = ALWAYS_FULL_VALUES.max(body_bytes.saturating_mul(FULL_VALUES_PER_BYTE));
    // A look at each value is for functions that may exceed it: a value that lives longest lives in
    // each block and over each instruction.
    let (n_values, n_blocks) = (func.dfg.num_values() as u64, func.dfg.num_blocks() as u64);
    let n_longest = n_values.saturating_mul(n_blocks + func.dfg.num_insts() as u64) / PIECES_PER_VALUE;
    n_values + n_longest > bound && cost(func) > bound
}

/// Where a value lives, in blocks and calls in the order of the code.
#[derive(Clone, Copy, Default)]
struct Lifetime {
    first: Place,
    last: Place,
    is_used: bool,
}

/// Blocks and calls before a place in the code.
#[derive(Clone, Copy, Default)]
struct Place {
    n_blocks: u64,
    n_calls: u64,
}

/// Returns the number of values, with those that live long counted more than once.
fn cost(func: &Function) -> u64 {
    let mut lifetimes = vec![Lifetime::default(); func.dfg.num_values()];
    let mut at = Place::default();
    for block in func.layout.blocks() {
        at.n_blocks += 1;
        for &param in func.dfg.block_params(block) {
            lifetimes[param.as_u32() as usize].first = at;
        }
        for inst in func.layout.block_insts(block) {
            for value in func.dfg.inst_values(inst) {
                let value = func.dfg.resolve_aliases(value);
                let lifetime = &mut lifetimes[value.as_u32() as usize];
                (lifetime.last, lifetime.is_used) = (at, true);
            }
            at.n_calls += u64::from(func.dfg.insts[inst].opcode().is_call());
            for &result in func.dfg.inst_results(inst) {
                lifetimes[result.as_u32() as usize].first = at;
            }
        }
    }
    let used = lifetimes.iter().filter(|lifetime| lifetime.is_used);
    let (mut n_values, mut n_pieces) = (0, 0);
    for Lifetime { first, last, .. } in used {
        n_values += 1;
        // A value whose last use comes before its definition lives around a loop.
        n_pieces += last.n_blocks.abs_diff(first.n_blocks) + last.n_calls.abs_diff(first.n_calls);
    }
    n_values + n_pieces / PIECES_PER_VALUE
}
