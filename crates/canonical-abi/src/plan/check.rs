//! The instructions of a plan's first program, by type.
//! Follows CanonicalABI.md, "Loading" and "Flat Lifting": what these check, in their order.

use alloc::vec::Vec;

use super::build::{At, Builder, Instruction};
use super::{BlockId, Check, CheckEach, Operand};
use crate::types::despecialize::{Cases, Despecialized, despecialize};
use crate::types::layout::{alignment, discriminant_size};
use crate::types::{ScalarType, ValType};

impl Instruction for Check {
    const HAS_DESTINATION: bool = false;

    fn for_type(b: &mut Builder<'_, Self>, ty: ValType, origin: At) -> Vec<Self> {
        let at = origin.from;
        let op = match despecialize(b.types, ty) {
            Despecialized::Scalar(ScalarType::Char) => Self::Chars { at, count: 1 },
            Despecialized::Scalar(_) | Despecialized::Flags(_) => return Vec::new(),
            Despecialized::String => Self::String { at },
            Despecialized::List { element, length: None } => {
                let (stride, align) = (b.size(element, b.from), alignment(b.types, element, b.from.ptr));
                Self::List { at, stride, align, each: check_each(b, element) }
            }
            Despecialized::List { element, length: Some(count) } if at.is_flat() => {
                return b.elements(element, count, origin);
            }
            Despecialized::List { element, length: Some(count) } => match check_each(b, element) {
                CheckEach::Nothing => return Vec::new(),
                CheckEach::Chars { count: n } => Self::Chars { at, count: n * u64::from(count) },
                CheckEach::Block(body) => {
                    Self::Repeat { at: 0, count, stride: b.size(element, b.from), body }
                }
            },
            Despecialized::Record(fields) => return b.fields(fields, origin),
            Despecialized::Variant(cases) => check_variant(b, ty, cases, origin),
            Despecialized::Handle(ty) => Self::Handle { at, ty },
        };
        alloc::vec![op]
    }

    fn weight(&self) -> usize {
        match self {
            Self::Switch { arms, .. } => 1 + arms.len(),
            Self::Chars { .. }
            | Self::Discriminant { .. }
            | Self::String { .. }
            | Self::List { .. }
            | Self::Repeat { .. }
            | Self::Call { .. }
            | Self::Handle { .. } => 1,
        }
    }

    fn shifted(&self, by: At) -> Self {
        let mut op = self.clone();
        match &mut op {
            Self::Switch { at, payload_at, .. } => {
                *at = at.from_base(by.from);
                *payload_at = payload_at.from_base(by.from);
            }
            Self::Repeat { at, .. } => *at += by.from.offset(),
            Self::Chars { at, .. }
            | Self::Discriminant { at, .. }
            | Self::String { at }
            | Self::List { at, .. }
            | Self::Call { at, .. }
            | Self::Handle { at, .. } => *at = at.from_base(by.from),
        }
        op
    }

    fn merge(&mut self, next: &Self) -> bool {
        match (self, next) {
            (
                Self::Chars { at: Operand::Memory(at), count },
                Self::Chars { at: Operand::Memory(next), count: n },
            ) if *at + 4 * *count == *next => {
                *count += n;
                true
            }
            // No other pair is one span.
            (_, _) => false,
        }
    }

    fn call(at: At, body: BlockId) -> Self {
        Self::Call { at: at.from, body }
    }
}

fn check_each(b: &mut Builder<'_, Check>, element: ValType) -> CheckEach {
    let stride = b.size(element, b.from);
    match b.inline(element, At::MEMORY) {
        Some([]) => CheckEach::Nothing,
        Some([Check::Chars { at: Operand::Memory(0), count }]) if *count * 4 == stride => {
            CheckEach::Chars { count: *count }
        }
        Some(_) | None => CheckEach::Block(b.block(element, At::MEMORY)),
    }
}

fn check_variant(b: &mut Builder<'_, Check>, ty: ValType, cases: Cases<'_>, origin: At) -> Check {
    let (at, size_bytes) = (origin.from, discriminant_size(cases.len()));
    match b.arms(cases, origin) {
        Some(arms) => Check::Switch { at, size_bytes, payload_at: b.payload(ty, at, b.from), arms },
        None => {
            let n_cases = u32::try_from(cases.len()).expect("a type has fewer than 2^32 labels");
            Check::Discriminant { at, size_bytes, n_cases }
        }
    }
}
