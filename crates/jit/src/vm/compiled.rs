//! Compiled code and its tables as plain data, as they are written to files and loaded.

use std::ops::Range;

use cranelift_codegen::ir::TrapCode;

use super::catch::Catch;

/// Compiled functions.
///
/// Invariant: `funcs`, `traps`, `addresses`, `try_calls` and `stack_maps` are sorted by offset; all
/// offsets lie in the text.
#[derive(Debug, Default)]
pub(crate) struct Compiled {
    /// Machine code.
    pub(crate) text: Vec<u8>,
    /// Where each function lies, in the order of compilation.
    pub(crate) funcs: Vec<FuncRange>,
    /// Instructions that may trap.
    pub(crate) traps: Vec<TrapSite>,
    /// Which code comes from which bytes of the module; each entry holds until the next one.
    pub(crate) addresses: Vec<Address>,
    /// Calls that have exception handlers.
    pub(crate) try_calls: Vec<TryCall>,
    /// What the `try_table`s around these calls catch.
    pub(crate) chains: Vec<Chain>,
    /// Clauses of all chains.
    pub(crate) catches: Vec<Catch>,
    /// Calls at which values are live that collection traces.
    pub(crate) stack_maps: Vec<StackMap>,
    /// Where each of these values lies during the call: bytes below the frame pointer.
    pub(crate) roots: Vec<u32>,
}

/// A call at which values are live that collection traces.
#[derive(Clone, Debug)]
pub(crate) struct StackMap {
    /// Where the callee returns to.
    pub(crate) return_offset: u32,
    /// Positions of the values' places.
    pub(crate) roots: Range<u32>,
}

/// A call with exception handlers.
#[derive(Clone, Debug)]
pub(crate) struct TryCall {
    /// Where the callee returns to.
    pub(crate) return_offset: u32,
    /// Bytes from the stack pointer at the call up to the frame pointer.
    pub(crate) frame_bytes: u32,
    /// Where the frame keeps its context, to which the tags of clauses belong: bytes above the
    /// stack pointer.
    pub(crate) context_sp_offset: u32,
    /// Position of the innermost chain that may catch.
    pub(crate) chain: u32,
    /// Offset in the text of the code that goes on to the clause that catches.
    pub(crate) landing: u32,
}

/// The clauses of one `try_table`, which many calls share, and the chain to look at after them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Chain {
    /// Positions of its clauses, the first match first.
    pub(crate) catches: Range<u32>,
    /// The number of its first clause in its function; the others follow.
    pub(crate) first_number: u32,
    /// Position of the chain around it, if that sees what this one does not catch.
    pub(crate) outer: Option<u32>,
}

/// The bytes of a function in the text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FuncRange {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// An instruction that may trap, and as what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TrapSite {
    pub(crate) offset: u32,
    pub(crate) code: TrapCode,
}

/// Where code comes from: a byte offset in the module, none for code that the translator added.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Address {
    pub(crate) code_offset: u32,
    pub(crate) module_offset: Option<u32>,
}
