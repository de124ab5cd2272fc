//! Core values as scripts write them, and the patterns that results are held against.
//!
//! Floats are bits, so that NaNs keep theirs. Follows the reference interpreter's script grammar:
//! `either`, the NaN patterns, and reference results.

use std::fmt;

/// A core value. References show what scripts can tell of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum CoreVal {
    /// `i32.const`.
    I32(u32),
    /// `i64.const`.
    I64(u64),
    /// The bits of `f32.const`.
    F32(u32),
    /// The bits of `f64.const`.
    F64(u64),
    /// The bits of `v128.const`.
    V128(u128),
    /// `ref.null`.
    RefNull(Heap),
    /// `ref.extern`: the number that the script gave the host value.
    RefExtern(u32),
    /// A function.
    RefFunc,
    /// A reference of another kind, in words. Equals nothing.
    Other(String),
}

/// The hierarchy of types that a null belongs to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Heap {
    /// Functions.
    Func,
    /// Host values.
    Extern,
    /// Exceptions.
    Exn,
    /// Values of the guest's own heap.
    Any,
    /// One that the script does not say.
    Unsaid,
}

/// What a result must be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Pattern {
    /// This value.
    Is(CoreVal),
    /// A number, or a vector of numbers, lane by lane: `bits` wide each, the first lane lowest.
    Lanes {
        /// Whether the value is a vector.
        vector: bool,
        /// The width of a lane, in bits: 32 or 64.
        bits: u32,
        /// The lanes.
        lanes: Vec<LanePattern>,
    },
    /// Any host value that is not null.
    AnyExtern,
    /// One of these.
    Either(Vec<Self>),
    /// A pattern for values that no subject can show yet, in words. Fits nothing.
    Unwritable(String),
}

/// What a float must be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LanePattern {
    /// These bits.
    Bits(u64),
    /// A NaN whose payload is the quiet bit alone, of either sign.
    CanonicalNan,
    /// A NaN with the quiet bit.
    ArithmeticNan,
}

impl Pattern {
    /// Returns whether `val` is what the pattern asks for.
    pub fn fits(&self, val: &CoreVal) -> bool {
        match self {
            Self::Is(CoreVal::Other(_)) | Self::Unwritable(_) => false,
            Self::Is(CoreVal::RefNull(Heap::Unsaid)) => matches!(val, CoreVal::RefNull(_)),
            Self::Is(expected) => expected == val,
            Self::AnyExtern => matches!(val, CoreVal::RefExtern(_)),
            Self::Either(patterns) => patterns.iter().any(|pattern| pattern.fits(val)),
            Self::Lanes { vector, bits, lanes } => {
                let Some(number) = number(val, *vector, *bits) else { return false };
                let mask = u128::MAX >> (128 - bits);
                (0..).zip(lanes).all(|(i, lane)| lane.fits(number >> (i * bits) & mask, *bits))
            }
        }
    }
}

/// Returns the bits of a float of so many bits, or of a vector.
fn number(val: &CoreVal, vector: bool, bits: u32) -> Option<u128> {
    match (val, vector, bits) {
        (CoreVal::V128(v), true, _) => Some(*v),
        (CoreVal::F32(v), false, 32) => Some(u128::from(*v)),
        (CoreVal::F64(v), false, 64) => Some(u128::from(*v)),
        (_, _, _) => None,
    }
}

impl LanePattern {
    fn fits(self, lane: u128, bits: u32) -> bool {
        let mantissa_bits = if bits == 32 { 23 } else { 52 };
        let quiet = 1 << (mantissa_bits - 1);
        let exponent = ((1 << (bits - 1)) - 1) & !((1 << mantissa_bits) - 1);
        match self {
            Self::Bits(expected) => lane == u128::from(expected),
            Self::CanonicalNan => lane & !(1 << (bits - 1)) == exponent | quiet,
            Self::ArithmeticNan => lane & (exponent | quiet) == exponent | quiet,
        }
    }
}

impl CoreVal {
    /// Returns the name of the value's type.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::I32(_) => "i32",
            Self::I64(_) => "i64",
            Self::F32(_) => "f32",
            Self::F64(_) => "f64",
            Self::V128(_) => "v128",
            Self::RefNull(_) | Self::RefExtern(_) | Self::RefFunc | Self::Other(_) => "reference",
        }
    }
}

impl fmt::Display for CoreVal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::I32(v) => write!(f, "i32 {:#x}", v),
            Self::I64(v) => write!(f, "i64 {:#x}", v),
            Self::F32(v) => write!(f, "f32 {} ({v:#010x})", f32::from_bits(*v)),
            Self::F64(v) => write!(f, "f64 {} ({v:#018x})", f64::from_bits(*v)),
            Self::V128(v) => write!(f, "v128 {v:#034x}"),
            Self::RefNull(heap) => write!(f, "ref.null{heap}"),
            Self::RefExtern(v) => write!(f, "ref.extern {v}"),
            Self::RefFunc => f.write_str("ref.func"),
            Self::Other(what) => f.write_str(what),
        }
    }
}

impl fmt::Display for Heap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Func => " func",
            Self::Extern => " extern",
            Self::Exn => " exn",
            Self::Any => " any",
            Self::Unsaid => "",
        })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(val) => val.fmt(f),
            Self::AnyExtern => f.write_str("ref.extern"),
            Self::Unwritable(what) => f.write_str(what),
            Self::Either(patterns) => {
                let shown: Vec<_> = patterns.iter().map(ToString::to_string).collect();
                f.write_str(&shown.join(" or "))
            }
            Self::Lanes { vector, bits, lanes } => {
                let shown: Vec<_> = lanes.iter().map(|lane| lane.shown(*bits)).collect();
                write!(f, "{}{} {}", if *vector { "v128 f" } else { "f" }, bits, shown.join(" "))
            }
        }
    }
}

impl LanePattern {
    fn shown(self, bits: u32) -> String {
        match self {
            Self::Bits(v) if bits == 32 => format!("{v:#010x}"),
            Self::Bits(v) => format!("{v:#018x}"),
            Self::CanonicalNan => "nan:canonical".to_owned(),
            Self::ArithmeticNan => "nan:arithmetic".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &Pattern, fitting: &[CoreVal], others: &[CoreVal]) {
        for val in fitting {
            assert!(pattern.fits(val), "{val} fits {pattern}");
        }
        for val in others {
            assert!(!pattern.fits(val), "{val} does not fit {pattern}");
        }
    }

    #[test]
    fn patterns() {
        use CoreVal::{F32, F64, I32, RefExtern, RefFunc, RefNull, V128};
        let float = |bits, lane| Pattern::Lanes { vector: false, bits, lanes: vec![lane] };
        let canonical = float(32, LanePattern::CanonicalNan);
        check(
            &canonical,
            &[F32(0x7fc0_0000), F32(0xffc0_0000)],
            &[F32(0x7fc0_0001), F32(0x7fa0_0000), I32(0)],
        );
        let arithmetic = float(32, LanePattern::ArithmeticNan);
        check(
            &arithmetic,
            &[F32(0xffc0_0001), F32(0x7fe0_0000)],
            &[F32(0x7fa0_0000), F32(0x7f80_0000), F64(0)],
        );
        let wide = float(64, LanePattern::CanonicalNan);
        check(&wide, &[F64(0x7ff8 << 48), F64(0xfff8 << 48)], &[F64(0x7ff0 << 48), F32(0x7fc0_0000)]);
        let zero = float(32, LanePattern::Bits(0));
        check(&zero, &[F32(0)], &[F32(0x8000_0000)]);
        let lanes = vec![LanePattern::Bits(1), LanePattern::ArithmeticNan];
        let vector = Pattern::Lanes { vector: true, bits: 64, lanes };
        let quiet = 0x7ff8 << (48 + 64);
        check(&vector, &[V128(quiet | 1)], &[V128(quiet), V128(1), F64(1)]);
        let either = Pattern::Either(vec![Pattern::Is(I32(1)), Pattern::AnyExtern]);
        check(&either, &[I32(1), RefExtern(7)], &[I32(2), RefNull(Heap::Extern)]);
        check(&Pattern::Is(RefNull(Heap::Unsaid)), &[RefNull(Heap::Func)], &[RefFunc]);
        check(&Pattern::Is(RefNull(Heap::Func)), &[RefNull(Heap::Func)], &[RefNull(Heap::Extern)]);
        let other = CoreVal::Other("i31".to_owned());
        check(&Pattern::Is(other.clone()), &[], &[other]);
    }
}
