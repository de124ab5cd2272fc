//! From types to plans.
//!
//! Each type's instructions are worked out once per plan, bottom up. Short sequences are inlined
//! where the type occurs, which is where spans meet and merge; the others become blocks, so that a
//! plan grows with the definitions of its types and not with the paths through them.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::{BlockId, Form, Operand, Passed, Passing, Plan, Program};
use crate::options::Options;
use crate::types::despecialize::{Cases, Fields};
use crate::types::flat::{
    MAX_FLAT_ASYNC_PARAMS, MAX_FLAT_PARAMS, MAX_FLAT_RESULTS, flat_count, flatten_types_up_to,
};
use crate::types::layout::{elem_size, field_offsets, payload_offset, tuple_layout};
use crate::types::{FuncType, Types, ValType};

/// The longest sequence of instructions, counting the arms of switches, that is inlined.
const MAX_INLINE: usize = 8;

/// Returns the plan for values of the types `tys`: a function's parameters or its result.
///
/// # Panics
///
/// When a type is not of this arena.
pub fn plan(types: &Types, tys: &[ValType], from: Passing, to: Passing) -> Plan {
    let passed = |Passing { opts, max_flat }: Passing| {
        let form = match flatten_types_up_to(types, tys, opts.ptr, max_flat) {
            Some(flat) => Form::Flat(flat),
            None => {
                let (size_bytes, align) = tuple_layout(types, tys.iter().copied(), opts.ptr);
                Form::Memory { size_bytes, align }
            }
        };
        Passed { opts, form }
    };
    let (from, to) = (passed(from), passed(to));
    let (check, moves) = (program(types, tys, &from, &to), program(types, tys, &from, &to));
    Plan { from, to, check, moves }
}

/// Returns the plans for a function's parameters, from the caller to the callee, and for its
/// result, from the callee to the caller. `caller` has the options of the `canon lower`, `callee`
/// those of the `canon lift`.
///
/// What is flat is what [`flatten_functype`](crate::flatten_functype) says; an asynchronous callee
/// passes its result to `task.return`, an asynchronous caller always takes it in memory.
///
/// # Panics
///
/// When a type is not of this arena.
pub fn func_plans(types: &Types, ft: &FuncType, caller: Options, callee: Options) -> (Plan, Plan) {
    let passing = |opts: Options, sync, asynchronous| Passing {
        opts,
        max_flat: if opts.is_async { asynchronous } else { sync },
    };
    let params = plan(
        types,
        &ft.param_types(),
        passing(caller, MAX_FLAT_PARAMS, MAX_FLAT_ASYNC_PARAMS),
        passing(callee, MAX_FLAT_PARAMS, MAX_FLAT_PARAMS),
    );
    let result = plan(
        types,
        &ft.result_type(),
        passing(callee, MAX_FLAT_RESULTS, MAX_FLAT_PARAMS),
        passing(caller, MAX_FLAT_RESULTS, 0),
    );
    (params, result)
}

/// A place in the destination and the one in the source that corresponds to it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct At {
    pub(super) to: Operand,
    pub(super) from: Operand,
}

impl At {
    /// The start of two blocks of memory.
    pub(super) const MEMORY: Self = Self { to: Operand::Memory(0), from: Operand::Memory(0) };

    /// Returns the start of blocks of the same forms.
    pub(super) const fn origin(self) -> Self {
        Self { to: self.to.origin(), from: self.from.origin() }
    }

    /// Returns whether both are in memory.
    pub(super) fn is_memory(self) -> bool {
        self.origin() == Self::MEMORY
    }
}

/// What the two programs' instructions have in common.
pub(super) trait Instruction: Sized {
    /// Whether the instructions say where something goes.
    const HAS_DESTINATION: bool;
    /// Returns the instructions for a value of type `ty` at the start of blocks of these forms.
    fn for_type(b: &mut Builder<'_, Self>, ty: ValType, at: At) -> Vec<Self>;
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
    done: BTreeMap<(ValType, At), Sequence<Op>>,
    block_of: BTreeMap<(ValType, At), BlockId>,
    blocks: Vec<Vec<Op>>,
}

/// The instructions for a type.
enum Sequence<Op> {
    Inline(Vec<Op>),
    Block(BlockId),
}

fn program<Op: Instruction>(types: &Types, tys: &[ValType], from: &Passed, to: &Passed) -> Program<Op> {
    let origin = |side: &Passed| match side.form {
        Form::Flat(_) => Operand::Flat(0),
        Form::Memory { .. } => Operand::Memory(0),
    };
    let at = At { from: origin(from), to: if Op::HAS_DESTINATION { origin(to) } else { Operand::Memory(0) } };
    let mut b = Builder {
        types,
        from: from.opts,
        to: to.opts,
        done: BTreeMap::new(),
        block_of: BTreeMap::new(),
        blocks: Vec::new(),
    };
    let main = b.fields(Fields::Tuple(tys), at);
    Program { main, blocks: b.blocks }
}

impl<Op: Instruction> Builder<'_, Op> {
    /// Returns the instructions for values one after the other, from `at` on, which is an origin.
    pub(super) fn fields(&mut self, fields: Fields<'_>, at: At) -> Vec<Op> {
        let mut ops = Vec::new();
        let to = self.operands(fields, at.to, self.to);
        let from = self.operands(fields, at.from, self.from);
        for ((ty, to), from) in fields.types().zip(to).zip(from) {
            self.append(&mut ops, ty, At { to, from });
        }
        ops
    }

    /// Returns where each field is in a block of this form.
    fn operands(&self, fields: Fields<'_>, origin: Operand, opts: Options) -> Vec<Operand> {
        match origin {
            Operand::Flat(_) => {
                let next = |slot: &mut u32, ty| {
                    let first = *slot;
                    *slot += self.n_slots(ty);
                    Some(Operand::Flat(first))
                };
                fields.types().scan(0, next).collect()
            }
            Operand::Memory(_) => {
                let offsets = field_offsets(self.types, fields.types(), opts.ptr);
                offsets.map(|(offset, _)| Operand::Memory(offset)).collect()
            }
        }
    }

    /// Returns the instructions for `count` values of type `ty` one after the other, of which one
    /// side at least is flat.
    pub(super) fn elements(&mut self, ty: ValType, count: u32, at: At) -> Vec<Op> {
        let n_slots = self.n_slots(ty);
        let (to_stride, from_stride) = (self.size(ty, self.to), self.size(ty, self.from));
        let nth = |origin: Operand, i: u32, stride: u64| match origin {
            Operand::Flat(_) => Operand::Flat(i * n_slots),
            Operand::Memory(_) => Operand::Memory(u64::from(i) * stride),
        };
        let mut ops = Vec::new();
        for i in 0..count {
            let at = At { to: nth(at.to, i, to_stride), from: nth(at.from, i, from_stride) };
            self.append(&mut ops, ty, at);
        }
        ops
    }

    /// Appends the instructions for a value of type `ty` at `at`.
    fn append(&mut self, ops: &mut Vec<Op>, ty: ValType, at: At) {
        match self.sequence(ty, at.origin()) {
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

    /// Returns the instructions for a value of type `ty` at an origin, unless they are many.
    pub(super) fn inline(&mut self, ty: ValType, at: At) -> Option<&[Op]> {
        match self.sequence(ty, at) {
            Sequence::Inline(ops) => Some(ops),
            Sequence::Block(_) => None,
        }
    }

    /// Returns a block of the instructions for a value of type `ty` in these forms.
    pub(super) fn block(&mut self, ty: ValType, at: At) -> BlockId {
        if let Some(id) = self.block_of.get(&(ty, at)) {
            return *id;
        }
        let id = match self.sequence(ty, at) {
            Sequence::Block(id) => *id,
            Sequence::Inline(ops) => {
                let ops = ops.iter().map(|op| op.shifted(at)).collect();
                self.add_block(ops)
            }
        };
        self.block_of.insert((ty, at), id);
        id
    }

    /// Returns what is to run for each case, if anything is for any.
    pub(super) fn arms(&mut self, cases: Cases<'_>, at: At) -> Option<Box<[Option<BlockId>]>> {
        if matches!(cases, Cases::Enum(_)) {
            return None;
        }
        let mut arm = |payload| match self.inline(payload, at) {
            Some([]) => None,
            Some(_) | None => Some(self.block(payload, at)),
        };
        let arms: Box<[_]> = (0..cases.len()).map(|i| cases.payload(i).and_then(&mut arm)).collect();
        arms.iter().any(Option::is_some).then_some(arms)
    }

    /// Returns the size in bytes of a `ty` on the side with these options.
    pub(super) fn size(&self, ty: ValType, side: Options) -> u64 {
        u64::from(elem_size(self.types, ty, side.ptr))
    }

    /// Returns where the payloads of a variant of type `ty` are in a block of this form.
    pub(super) fn payload(&self, ty: ValType, origin: Operand, side: Options) -> Operand {
        match origin {
            Operand::Flat(_) => Operand::Flat(1),
            Operand::Memory(_) => Operand::Memory(u64::from(payload_offset(self.types, ty, side.ptr))),
        }
    }

    fn n_slots(&self, ty: ValType) -> u32 {
        u32::try_from(flat_count(self.types, ty)).expect("a type flattens to fewer than 2^28 values")
    }

    fn sequence(&mut self, ty: ValType, at: At) -> &Sequence<Op> {
        if !self.done.contains_key(&(ty, at)) {
            let ops = Op::for_type(self, ty, at);
            let sequence = if ops.iter().map(Op::weight).sum::<usize>() <= MAX_INLINE {
                Sequence::Inline(ops)
            } else {
                Sequence::Block(self.add_block(ops))
            };
            self.done.insert((ty, at), sequence);
        }
        &self.done[&(ty, at)]
    }

    fn add_block(&mut self, ops: Vec<Op>) -> BlockId {
        let id =
            u32::try_from(self.blocks.len()).expect("fewer blocks than types, two per type and form at most");
        self.blocks.push(ops);
        BlockId(id)
    }
}
