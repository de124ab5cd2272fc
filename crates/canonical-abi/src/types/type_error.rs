//! Why a type could not be built.
//!
//! The messages start with the texts that the official suite's validation tests expect
//! (`test/validation/`).

use alloc::string::String;
use core::fmt;

use super::{MAX_FLAGS, MAX_TYPE_DEPTH, TYPE_SIZE_LIMIT_BYTES};

/// An invalid type (Explainer.md, "Type Definitions"; CanonicalABI.md, "Element Size").
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TypeError {
    /// A record, variant, enum or flags type without any label.
    NoLabels(LabelOf),
    /// A tuple without elements.
    EmptyTuple,
    /// A fixed-length list of length 0.
    EmptyFixedLengthList,
    /// A label of no characters.
    EmptyLabel(LabelOf),
    /// A label that the grammar's `label` does not match.
    NotKebabCase {
        /// What the label belongs to.
        of: LabelOf,
        /// The label.
        label: String,
    },
    /// Two labels that are not strongly-unique (Explainer.md, "Name Uniqueness").
    LabelConflict {
        /// What the labels belong to.
        of: LabelOf,
        /// The later label.
        label: String,
        /// The earlier label.
        previous: String,
    },
    /// More than [`MAX_FLAGS`] flags.
    TooManyFlags {
        /// How many there are.
        n_flags: usize,
    },
    /// More than 2^32 - 1 labels.
    TooManyLabels(LabelOf),
    /// A size of [`TYPE_SIZE_LIMIT_BYTES`] or more with 64-bit pointers.
    TooLarge,
    /// Nesting deeper than [`MAX_TYPE_DEPTH`].
    TooDeep,
    /// A map's key type that is not `bool`, an integer type, `char` or `string`.
    MapKey,
    /// A stream or future of something that contains a borrow.
    BorrowInPayload,
}

/// What a label belongs to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LabelOf {
    /// A record's field.
    Field,
    /// A variant's case.
    Case,
    /// An enum's case.
    EnumTag,
    /// A flag.
    Flag,
}

impl LabelOf {
    pub(crate) fn short(self) -> &'static str {
        match self {
            Self::Field => "field",
            Self::Case => "case",
            Self::EnumTag => "tag",
            Self::Flag => "flag",
        }
    }
}

impl fmt::Display for LabelOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Field => "record field",
            Self::Case => "variant case",
            Self::EnumTag => "enum tag",
            Self::Flag => "flag",
        })
    }
}

impl fmt::Display for TypeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLabels(LabelOf::Field) => f.write_str("record type must have at least one field"),
            Self::NoLabels(LabelOf::Case) => f.write_str("variant type must have at least one case"),
            Self::NoLabels(LabelOf::EnumTag) => f.write_str("enum type must have at least one variant"),
            Self::NoLabels(LabelOf::Flag) => f.write_str("flags must have at least one entry"),
            Self::EmptyTuple => f.write_str("tuple type must have at least one type"),
            Self::EmptyFixedLengthList => {
                f.write_str("fixed-length list type must have at least one element")
            }
            Self::EmptyLabel(of) => write!(f, "{of} name cannot be empty"),
            Self::NotKebabCase { of, label } => write!(f, "{of} name `{label}` is not in kebab case"),
            Self::LabelConflict { of, label, previous } => {
                write!(f, "{of} name `{label}` conflicts with previous {} name `{previous}`", of.short())
            }
            Self::TooManyFlags { n_flags } => {
                write!(f, "cannot have more than {MAX_FLAGS} flags, but there are {n_flags}")
            }
            Self::TooManyLabels(of) => write!(f, "too many {of} names"),
            Self::TooLarge => {
                write!(f, "type exceeds maximum byte size: it must be below {TYPE_SIZE_LIMIT_BYTES} bytes")
            }
            Self::TooDeep => {
                write!(f, "type is nested too deeply: at most {MAX_TYPE_DEPTH} levels are supported")
            }
            Self::MapKey => f.write_str("map key type must be bool, an integer type, char or string"),
            Self::BorrowInPayload => f.write_str("stream and future types cannot contain a borrow"),
        }
    }
}

impl core::error::Error for TypeError {}
