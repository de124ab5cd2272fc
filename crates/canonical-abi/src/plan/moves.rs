//! The instructions of a plan's second program, by type.
//! Follows CanonicalABI.md, "Storing" and "Flat Lowering": what these write, in their order.

use alloc::vec::Vec;

use super::build::{At, Builder, Instruction};
use super::{BlockId, Move, MoveEach, Units};
use crate::memory::load::unpack_flags_from_int;
use crate::types::despecialize::{Cases, Despecialized, despecialize};
use crate::types::layout::{alignment, discriminant_size, flags_size};
use crate::types::{ScalarType, ValType};

impl Instruction for Move {
    const HAS_DESTINATION: bool = true;

    fn for_type(b: &mut Builder<'_, Self>, ty: ValType, origin: At) -> Vec<Self> {
        let At { to, from } = origin;
        let op = match despecialize(b.types, ty) {
            Despecialized::Scalar(ty) => move_scalar(ty, origin),
            Despecialized::String => Self::String { to, from },
            Despecialized::List { element, length: None } => move_list(b, element, origin),
            Despecialized::List { element, length: Some(count) } if !origin.is_memory() => {
                return b.elements(element, count, origin);
            }
            Despecialized::List { element, length: Some(count) } => match move_each(b, element) {
                MoveEach::Span { units, count: n } => span(units, n * u64::from(count)),
                MoveEach::Block(body) => {
                    let (to_stride, from_stride) = (b.size(element, b.to), b.size(element, b.from));
                    Self::Repeat { to: 0, from: 0, count, to_stride, from_stride, body }
                }
            },
            Despecialized::Record(fields) => return b.fields(fields, origin),
            Despecialized::Variant(cases) => move_variant(b, ty, cases, origin),
            Despecialized::Flags(labels) => move_flags(labels.len(), origin),
            Despecialized::Handle(ty) => Self::Handle { to, ty },
        };
        alloc::vec![op]
    }

    fn weight(&self) -> usize {
        match self {
            Self::Switch { arms, .. } => 1 + arms.len(),
            Self::Span { .. }
            | Self::Scalar { .. }
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
                *to = to.from_base(by.to);
                *from = from.from_base(by.from);
                *to_payload = to_payload.from_base(by.to);
                *from_payload = from_payload.from_base(by.from);
            }
            Self::Span { to, from, .. } | Self::Repeat { to, from, .. } => {
                *to += by.to.offset();
                *from += by.from.offset();
            }
            Self::Scalar { to, from, .. }
            | Self::Flags { to, from, .. }
            | Self::String { to, from }
            | Self::List { to, from, .. }
            | Self::Call { to, from, .. } => {
                *to = to.from_base(by.to);
                *from = from.from_base(by.from);
            }
            Self::Handle { to, .. } => *to = to.from_base(by.to),
        }
        op
    }

    fn merge(&mut self, next: &Self) -> bool {
        let (Self::Span { units, to, from, count }, Self::Span { units: u, to: t, from: f, count: n }) =
            (self, next)
        else {
            return false;
        };
        let size_bytes = *count * units.unit_bytes();
        let is_adjacent = *units == *u && *to + size_bytes == *t && *from + size_bytes == *f;
        if is_adjacent {
            *count += n;
        }
        is_adjacent
    }

    fn call(at: At, body: BlockId) -> Self {
        Self::Call { to: at.to, from: at.from, body }
    }
}

fn span(units: Units, count: u64) -> Move {
    Move::Span { units, to: 0, from: 0, count }
}

fn move_scalar(ty: ScalarType, origin: At) -> Move {
    if !origin.is_memory() {
        return Move::Scalar { ty, to: origin.to, from: origin.from };
    }
    match ty {
        ScalarType::Bool => span(Units::Bools, 1),
        ScalarType::F32 => span(Units::F32s, 1),
        ScalarType::F64 => span(Units::F64s, 1),
        ScalarType::S8
        | ScalarType::U8
        | ScalarType::S16
        | ScalarType::U16
        | ScalarType::S32
        | ScalarType::U32
        | ScalarType::S64
        | ScalarType::U64
        | ScalarType::Char => span(Units::Bytes, u64::from(ty.size())),
    }
}

fn move_list(b: &mut Builder<'_, Move>, element: ValType, At { to, from }: At) -> Move {
    let (to_stride, from_stride) = (b.size(element, b.to), b.size(element, b.from));
    let align = alignment(b.types, element, b.to.ptr);
    Move::List { to, from, to_stride, from_stride, align, each: move_each(b, element) }
}

/// Elements that are one span on both sides are one span together.
fn move_each(b: &mut Builder<'_, Move>, element: ValType) -> MoveEach {
    let (to_stride, from_stride) = (b.size(element, b.to), b.size(element, b.from));
    match b.inline(element, At::MEMORY) {
        Some([Move::Span { units, to: 0, from: 0, count }])
            if *count * units.unit_bytes() == to_stride && to_stride == from_stride =>
        {
            MoveEach::Span { units: *units, count: *count }
        }
        Some(_) | None => MoveEach::Block(b.block(element, At::MEMORY)),
    }
}

fn move_variant(b: &mut Builder<'_, Move>, ty: ValType, cases: Cases<'_>, origin: At) -> Move {
    let size_bytes = discriminant_size(cases.len());
    match b.arms(cases, origin) {
        Some(arms) => {
            let At { to, from } = origin;
            let (to_payload, from_payload) = (b.payload(ty, to, b.to), b.payload(ty, from, b.from));
            Move::Switch { to, from, size_bytes, to_payload, from_payload, arms }
        }
        None => move_scalar(unsigned(size_bytes), origin),
    }
}

/// Returns the type of a discriminant (the spec's `discriminant_type`).
fn unsigned(size_bytes: u32) -> ScalarType {
    match size_bytes {
        1 => ScalarType::U8,
        2 => ScalarType::U16,
        _ => ScalarType::U32,
    }
}

fn move_flags(n_flags: usize, origin: At) -> Move {
    let size_bytes = flags_size(n_flags);
    let mask = unpack_flags_from_int(u32::MAX, n_flags);
    if mask.count_ones() == 8 * size_bytes && origin.is_memory() {
        return span(Units::Bytes, u64::from(size_bytes));
    }
    Move::Flags { to: origin.to, from: origin.from, size_bytes, mask }
}
