//! `--ptr`: the width of pointers into a memory.

use canonical_abi::PtrType;
use clap::ValueEnum;

/// The possible widths.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Pointer {
    /// 32 bits.
    #[value(name = "32")]
    Bits32,
    /// 64 bits.
    #[value(name = "64")]
    Bits64,
}

impl From<Pointer> for PtrType {
    fn from(pointer: Pointer) -> Self {
        match pointer {
            Pointer::Bits32 => Self::I32,
            Pointer::Bits64 => Self::I64,
        }
    }
}
