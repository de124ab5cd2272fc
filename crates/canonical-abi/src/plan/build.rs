//! From types to plans.
//!
//! Each type's instructions are worked out once per plan, bottom up. Short sequences are inlined where the type
//! occurs, which is where spans meet and merge; the others become blocks, so that a plan grows with the definitions
//! of its types and not with the paths through them.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::{BlockId, Plan, Program, Side};
use crate::options::Options;
use crate::types::despecialize::{Cases, Fields};
use crate::types::layout::{elem_size, field_offsets, tuple_layout};
use crate::types::{FuncType, Types, ValType};

/// The longest sequence of instructions, counting the arms of switches, that is inlined.
const MAX_INLINE: usize = 8;

/// Returns the plan for values of the types `tys` that lie in memory as a tuple's would: one value, or a function's
/// spilled parameters. What may be flat is for the caller to know.
///
/// # Panics
///
/// When a type is not of this arena.
pub fn plan(types: &Types, tys: &[ValType], from: Options, to: Options) -> Plan {
    let side = |opts: Options| {
        let (size_bytes, align) = tuple_layout(types, tys.iter().copied(), opts.ptr);
        Side { opts, size_bytes, align }
    };
    Plan {
        from: side(from),
        to: side(to),
        check: program(types, tys, from, to),
        moves: program(types, tys, from, to),
    }
}

/// Returns the plans for a function's parameters, from the caller to the callee, and for its result, from the callee to
/// the caller: for when they are spilled, which is the business of [`flatten_functype`](crate::flatten_functype).
///
/// # Panics
///
/// When a type is not of this arena.
pub fn func_plans(types: &Types, ft: &FuncType, caller: Options, callee: Options) -> (Plan, Plan) {
    let params = plan(types, &ft.param_types(), caller, callee);
    let result = plan(types, &ft.result_type(), callee, caller);
    (params, result)
}

/// An offset in the destination and the one in the source that corresponds to it.
#[derive(Clone, Copy)]
pub(super) struct At {
    pub(super) to: u64,
    pub(super) from: u64,
}

/// What the two programs' instructions have in common.
pub(super) trait Instruction: Sized {
    /// Returns the instructions for a value of type `ty` at offset 0.
    fn for_type(b: &mut Builder<'_, Self>, ty: ValType) -> Vec<Self>;
    /// Returns how much of [`MAX_INLINE`] the instruction takes.
    fn weight(&self) -> usize;
    /// Returns the instruction for a value that lies elsewhere.
    fn shifted(&self, by: At) -> Self;
    /// Extends the instruction by the next one, if both are one span.
    fn merge(&mut self, next: &Self) -> bool;
    /// Returns the instruction that runs a block.
    fn call(at: At, body: BlockId) -> Self;
}

/// A program in the making.
pub(super) struct Builder<'a, Op> {
    pub(super) types: &'a Types,
    pub(super) from: Options,
    pub(super) to: Options,
    done: BTreeMap<ValType, Sequence<Op>>,
    block_of: BTreeMap<ValType, BlockId>,
    blocks: Vec<Vec<Op>>,
}

/// The instructions for a type.
enum Sequence<Op> {
    Inline(Vec<Op>),
    Block(BlockId),
}

fn program<Op: Instruction>(types: &Types, tys: &[ValType], from: Options, to: Options) -> Program<Op> {
    let mut b =
        Builder { types, from, to, done: BTreeMap::new(), block_of: BTreeMap::new(), blocks: Vec::new() };
    let main = b.fields(Fields::Tuple(tys));
    Program { main, blocks: b.blocks }
}

impl<Op: Instruction> Builder<'_, Op> {
    /// Returns the instructions for values one after the other.
    pub(super) fn fields(&mut self, fields: Fields<'_>) -> Vec<Op> {
        let mut ops = Vec::new();
        let to = field_offsets(self.types, fields.types(), self.to.ptr);
        let from = field_offsets(self.types, fields.types(), self.from.ptr);
        for ((to, ty), (from, _)) in to.zip(from) {
            self.append(&mut ops, ty, At { to, from });
        }
        ops
    }

    /// Appends the instructions for a value of type `ty` at `at`.
    fn append(&mut self, ops: &mut Vec<Op>, ty: ValType, at: At) {
        match self.sequence(ty) {
            Sequence::Block(body) => {
                let call = Op::call(at, *body);
                ops.push(call);
            }
            Sequence::Inline(sequence) => {
                for op in sequence {
                    let op = op.shifted(at);
                    if !ops.last_mut().is_some_and(|last| last.merge(&op)) {
                        ops.push(op);
                    }
                }
            }
        }
    }

    /// Returns the instructions for a value of type `ty`, unless they are many.
    pub(super) fn inline(&mut self, ty: ValType) -> Option<&[Op]> {
        match self.sequence(ty) {
            Sequence::Inline(ops) => Some(ops),
            Sequence::Block(_) => None,
        }
    }

    /// Returns a block of the instructions for a value of type `ty`.
    pub(super) fn block(&mut self, ty: ValType) -> BlockId {
        if let Some(id) = self.block_of.get(&ty) {
            return *id;
        }
        let id = match self.sequence(ty) {
            Sequence::Block(id) => *id,
            Sequence::Inline(ops) => {
                let ops = ops.iter().map(|op| op.shifted(At { to: 0, from: 0 })).collect();
                self.add_block(ops)
            }
        };
        self.block_of.insert(ty, id);
        id
    }

    /// Returns what is to run for each case, if anything is for any.
    pub(super) fn arms(&mut self, cases: Cases<'_>) -> Option<Box<[Option<BlockId>]>> {
        if matches!(cases, Cases::Enum(_)) {
            return None;
        }
        let mut arm = |payload| match self.inline(payload) {
            Some([]) => None,
            Some(_) | None => Some(self.block(payload)),
        };
        let arms: Box<[_]> = (0..cases.len()).map(|i| cases.payload(i).and_then(&mut arm)).collect();
        arms.iter().any(Option::is_some).then_some(arms)
    }

    /// Returns the size in bytes of a `ty` on the side with these options.
    pub(super) fn size(&self, ty: ValType, side: Options) -> u64 {
        u64::from(elem_size(self.types, ty, side.ptr))
    }

    fn sequence(&mut self, ty: ValType) -> &Sequence<Op> {
        if !self.done.contains_key(&ty) {
            let ops = Op::for_type(self, ty);
            let sequence = if ops.iter().map(Op::weight).sum::<usize>() <= MAX_INLINE {
                Sequence::Inline(ops)
            } else {
                Sequence::Block(self.add_block(ops))
            };
            self.done.insert(ty, sequence);
        }
        &self.done[&ty]
    }

    fn add_block(&mut self, ops: Vec<Op>) -> BlockId {
        let id = u32::try_from(self.blocks.len()).expect("fewer blocks than types, two per type at most");
        self.blocks.push(ops);
        BlockId(id)
    }
}
