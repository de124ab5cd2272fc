//! The instructions of a plan's second program, by type.
//! Follows CanonicalABI.md, "Storing": what `store` writes, in its order.

use alloc::vec::Vec;

use super::build::{At, Builder, Instruction};
use super::{BlockId, Move, MoveEach, Span};
use crate::memory::load::unpack_flags_from_int;
use crate::types::despecialize::{Cases, Despecialized, despecialize};
use crate::types::layout::{alignment, discriminant_size, flags_size, payload_offset};
use crate::types::{ScalarType, ValType};

impl Instruction for Move {
    fn for_type(b: &mut Builder<'_, Self>, ty: ValType) -> Vec<Self> {
        let op = match despecialize(b.types, ty) {
            Despecialized::Scalar(ty) => move_scalar(ty),
            Despecialized::String => Self::String { to: 0, from: 0 },
            Despecialized::List { element, length: None } => move_list(b, element),
            Despecialized::List { element, length: Some(count) } => match move_each(b, element) {
                MoveEach::Span { kind, count: n } => span(kind, n * u64::from(count)),
                MoveEach::Block(body) => {
                    let (to_stride, from_stride) = (b.size(element, b.to), b.size(element, b.from));
                    Self::Repeat { to: 0, from: 0, count, to_stride, from_stride, body }
                }
            },
            Despecialized::Record(fields) => return b.fields(fields),
            Despecialized::Variant(cases) => move_variant(b, ty, cases),
            Despecialized::Flags(labels) => move_flags(labels.len()),
            Despecialized::Handle(ty) => Self::Handle { to: 0, ty },
        };
        alloc::vec![op]
    }

    fn weight(&self) -> usize {
        match self {
            Self::Switch { arms, .. } => 1 + arms.len(),
            Self::Span { .. }
            | Self::Flags { .. }
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
            Self::Switch { to, from, to_payload, from_payload, .. } => {
                *to += by.to;
                *from += by.from;
                *to_payload += by.to;
                *from_payload += by.from;
            }
            Self::Span { to, from, .. }
            | Self::Flags { to, from, .. }
            | Self::String { to, from }
            | Self::List { to, from, .. }
            | Self::Repeat { to, from, .. }
            | Self::Call { to, from, .. } => {
                *to += by.to;
                *from += by.from;
            }
            Self::Handle { to, .. } => *to += by.to,
        }
        op
    }

    fn merge(&mut self, next: &Self) -> bool {
        let (Self::Span { kind, to, from, count }, Self::Span { kind: k, to: t, from: f, count: n }) =
            (self, next)
        else {
            return false;
        };
        let size_bytes = *count * kind.unit_bytes();
        let is_adjacent = *kind == *k && *to + size_bytes == *t && *from + size_bytes == *f;
        if is_adjacent {
            *count += n;
        }
        is_adjacent
    }

    fn call(at: At, body: BlockId) -> Self {
        Self::Call { to: at.to, from: at.from, body }
    }
}

fn span(kind: Span, count: u64) -> Move {
    Move::Span { kind, to: 0, from: 0, count }
}

fn move_scalar(ty: ScalarType) -> Move {
    match ty {
        ScalarType::Bool => span(Span::Bools, 1),
        ScalarType::F32 => span(Span::F32s, 1),
        ScalarType::F64 => span(Span::F64s, 1),
        ScalarType::S8
        | ScalarType::U8
        | ScalarType::S16
        | ScalarType::U16
        | ScalarType::S32
        | ScalarType::U32
        | ScalarType::S64
        | ScalarType::U64
        | ScalarType::Char => span(Span::Bytes, u64::from(ty.size())),
    }
}

fn move_list(b: &mut Builder<'_, Move>, element: ValType) -> Move {
    let (to_stride, from_stride) = (b.size(element, b.to), b.size(element, b.from));
    let align = alignment(b.types, element, b.to.ptr);
    Move::List { to: 0, from: 0, to_stride, from_stride, align, each: move_each(b, element) }
}

/// Elements that are one span on both sides are one span together.
fn move_each(b: &mut Builder<'_, Move>, element: ValType) -> MoveEach {
    let (to_stride, from_stride) = (b.size(element, b.to), b.size(element, b.from));
    match b.inline(element) {
        Some([Move::Span { kind, to: 0, from: 0, count }])
            if *count * kind.unit_bytes() == to_stride && to_stride == from_stride =>
        {
            MoveEach::Span { kind: *kind, count: *count }
        }
        Some(_) | None => MoveEach::Block(b.block(element)),
    }
}

fn move_variant(b: &mut Builder<'_, Move>, ty: ValType, cases: Cases<'_>) -> Move {
    let size_bytes = discriminant_size(cases.len());
    match b.arms(cases) {
        Some(arms) => {
            let payload = |ptr| u64::from(payload_offset(b.types, ty, ptr));
            let (to_payload, from_payload) = (payload(b.to.ptr), payload(b.from.ptr));
            Move::Switch { to: 0, from: 0, size_bytes, to_payload, from_payload, arms }
        }
        None => span(Span::Bytes, u64::from(size_bytes)),
    }
}

fn move_flags(n_flags: usize) -> Move {
    let size_bytes = flags_size(n_flags);
    let mask = unpack_flags_from_int(u32::MAX, n_flags);
    if mask.count_ones() == 8 * size_bytes {
        return span(Span::Bytes, u64::from(size_bytes));
    }
    Move::Flags { to: 0, from: 0, size_bytes, mask }
}
