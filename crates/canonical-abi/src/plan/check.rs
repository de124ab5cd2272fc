//! The instructions of a plan's first program, by type.
//! Follows CanonicalABI.md, "Loading": what `load` checks, in its order.

use alloc::vec::Vec;

use super::build::{At, Builder, Instruction};
use super::{BlockId, Check, CheckEach};
use crate::types::despecialize::{Cases, Despecialized, despecialize};
use crate::types::layout::{alignment, discriminant_size, payload_offset};
use crate::types::{ScalarType, ValType};

impl Instruction for Check {
    fn for_type(b: &mut Builder<'_, Self>, ty: ValType) -> Vec<Self> {
        let op = match despecialize(b.types, ty) {
            Despecialized::Scalar(ScalarType::Char) => Self::Chars { at: 0, count: 1 },
            Despecialized::Scalar(_) | Despecialized::Flags(_) => return Vec::new(),
            Despecialized::String => Self::String { at: 0 },
            Despecialized::List { element, length: None } => {
                let (stride, align) = (b.size(element, b.from), alignment(b.types, element, b.from.ptr));
                Self::List { at: 0, stride, align, each: check_each(b, element) }
            }
            Despecialized::List { element, length: Some(count) } => match check_each(b, element) {
                CheckEach::Nothing => return Vec::new(),
                CheckEach::Chars { count: n } => Self::Chars { at: 0, count: n * u64::from(count) },
                CheckEach::Block(body) => {
                    Self::Repeat { at: 0, count, stride: b.size(element, b.from), body }
                }
            },
            Despecialized::Record(fields) => return b.fields(fields),
            Despecialized::Variant(cases) => check_variant(b, ty, cases),
            Despecialized::Handle(ty) => Self::Handle { at: 0, ty },
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
                *at += by.from;
                *payload_at += by.from;
            }
            Self::Chars { at, .. }
            | Self::Discriminant { at, .. }
            | Self::String { at }
            | Self::List { at, .. }
            | Self::Repeat { at, .. }
            | Self::Call { at, .. }
            | Self::Handle { at, .. } => *at += by.from,
        }
        op
    }

    fn merge(&mut self, next: &Self) -> bool {
        match (self, next) {
            (Self::Chars { at, count }, Self::Chars { at: next, count: n }) if *at + 4 * *count == *next => {
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
    match b.inline(element) {
        Some([]) => CheckEach::Nothing,
        Some([Check::Chars { at: 0, count }]) if *count * 4 == stride => CheckEach::Chars { count: *count },
        Some(_) | None => CheckEach::Block(b.block(element)),
    }
}

fn check_variant(b: &mut Builder<'_, Check>, ty: ValType, cases: Cases<'_>) -> Check {
    let size_bytes = discriminant_size(cases.len());
    match b.arms(cases) {
        Some(arms) => {
            let payload_at = u64::from(payload_offset(b.types, ty, b.from.ptr));
            Check::Switch { at: 0, size_bytes, payload_at, arms }
        }
        None => {
            let n_cases = u32::try_from(cases.len()).expect("a type has fewer than 2^32 labels");
            Check::Discriminant { at: 0, size_bytes, n_cases }
        }
    }
}
