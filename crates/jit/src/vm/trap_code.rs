//! Trap codes of our own in compiled code; Cranelift's own cover memory, division and the stack.

use cranelift_codegen::ir::TrapCode;

const fn user(code: u8) -> TrapCode {
    match TrapCode::user(code) {
        Some(code) => code,
        None => panic!("user trap codes lie below Cranelift's reserved ones"),
    }
}

pub(crate) const UNREACHABLE: TrapCode = user(1);
pub(crate) const TABLE_OUT_OF_BOUNDS: TrapCode = user(2);
pub(crate) const UNDEFINED_ELEMENT: TrapCode = user(3);
/// The element's position is the store's figure.
pub(crate) const UNINITIALIZED_ELEMENT: TrapCode = user(4);
pub(crate) const SIGNATURE_MISMATCH: TrapCode = user(5);
/// A host function failed or an exception was not caught; the store says which.
pub(crate) const HOST: TrapCode = user(6);
pub(crate) const TOO_MANY_EXCEPTIONS: TrapCode = user(7);
pub(crate) const NULL_EXCEPTION: TrapCode = user(8);
pub(crate) const NULL_FUNCTION: TrapCode = user(9);
pub(crate) const NULL_REFERENCE: TrapCode = user(10);
pub(crate) const INTERRUPT: TrapCode = user(11);
pub(crate) const OUT_OF_FUEL: TrapCode = user(12);
pub(crate) const UNALIGNED_ATOMIC: TrapCode = user(13);
pub(crate) const EXPECTED_SHARED_MEMORY: TrapCode = user(14);
pub(crate) const ENDLESS_WAIT: TrapCode = user(15);
pub(crate) const WAIT_TOO_LONG: TrapCode = user(16);
const FIRST_BUILT: u8 = 64;
const LAST_BUILT: u8 = 191;

/// Returns the trap code that stands for one of a built function.
///
/// # Panics
///
/// Panics if there is none: a builder has 128 codes.
pub(crate) const fn built(code: u8) -> TrapCode {
    assert!(code <= LAST_BUILT - FIRST_BUILT, "a builder has 128 trap codes");
    user(FIRST_BUILT + code)
}

/// Returns what a built function calls a trap code, if it is of one.
pub(crate) fn of_built(code: TrapCode) -> Option<u8> {
    let raw = code.as_raw().get();
    (FIRST_BUILT..=LAST_BUILT).contains(&raw).then(|| raw - FIRST_BUILT)
}
