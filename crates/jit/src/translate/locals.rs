//! Local variables. Follows the core specification, "Variable Instructions".
//!
//! A local is a variable of the builder, which finds the values that reach a use. At a loop's
//! header it can't know them yet: it gives the header a parameter for each variable used in the
//! loop, and takes back those that prove unnecessary, each in time that grows with the header's
//! parameters. So where very many locals are used in very many loops, locals lie in the frame
//! instead.

use std::collections::BTreeSet;

use cranelift_codegen::ir::{InstBuilder, StackSlot, StackSlotData, StackSlotKind, Type, Value};
use cranelift_frontend::Variable;
use wasmparser::{FunctionBody, Operator};

use crate::error::Result;
use crate::module::types::ValType;

use super::{Translator, WORD, cl_type};

/// Where a local is kept.
#[derive(Clone, Copy)]
pub(super) enum Local {
    Variable(Variable),
    /// In the frame, at an offset of the slot for all of them.
    InFrame {
        ty: Type,
        offset: i32,
    },
    /// Nowhere: no operator refers to it.
    Unused,
}

/// The locals that a function keeps in its frame.
pub(super) struct Frame {
    slot: StackSlot,
    /// Those that operators refer to.
    used: BTreeSet<u32>,
    next_offset: i32,
}

/// Up to so much work with the parameters of loops takes half a second at most.
const MAX_LOOP_WORK: u64 = 1 << 27;
/// Bytes that a local takes in the frame: those of the largest.
const LOCAL_BYTES: u32 = 16;

impl Translator<'_, '_> {
    /// Decides where the locals of a body are kept, of which none is declared yet.
    pub(super) fn place_locals(&mut self, body: &FunctionBody<'_>, n_params: usize) -> Result<()> {
        let mut n_locals = n_params as u64;
        for group in body.get_locals_reader()? {
            n_locals += u64::from(group?.0);
        }
        if !loops_are_costly(body, n_locals)? {
            return Ok(());
        }
        let mut used = BTreeSet::new();
        for op in body.get_operators_reader()? {
            used.extend(local_of(&op?));
        }
        let n_bytes = u32::try_from(used.len()).expect("a body has less than 4 GiB") * LOCAL_BYTES;
        let slot = StackSlotData::new(StackSlotKind::ExplicitSlot, n_bytes, 4);
        let slot = self.builder.create_sized_stack_slot(slot);
        self.frame = Some(Frame { slot, used, next_offset: 0 });
        Ok(())
    }

    pub(super) fn declare_local(&mut self, ty: ValType, init: Value) {
        let index = u32::try_from(self.locals.len()).expect("validation counts locals in 32 bits");
        let local = match &mut self.frame {
            // Collection finds variables only.
            Some(frame) if !ty.is_traced() => {
                if frame.used.contains(&index) {
                    let offset = frame.next_offset;
                    frame.next_offset += LOCAL_BYTES.cast_signed();
                    Local::InFrame { ty: cl_type(ty), offset }
                } else {
                    Local::Unused
                }
            }
            Some(_) | None => {
                let variable = self.builder.declare_var(cl_type(ty));
                if ty.is_traced() {
                    self.builder.declare_var_needs_stack_map(variable);
                }
                Local::Variable(variable)
            }
        };
        self.locals.push(local);
        self.set_local(index, init);
    }

    pub(super) fn get_local(&mut self, index: u32) -> Value {
        match self.locals[index as usize] {
            Local::Variable(variable) => self.builder.use_var(variable),
            Local::InFrame { ty, offset } => {
                let slot = self.frame_slot();
                self.builder.ins().stack_load(WORD, ty, slot, offset)
            }
            Local::Unused => unreachable!("operators refer to locals that are used"),
        }
    }

    pub(super) fn set_local(&mut self, index: u32, value: Value) {
        match self.locals[index as usize] {
            Local::Variable(variable) => self.builder.def_var(variable, value),
            Local::InFrame { offset, .. } => {
                let slot = self.frame_slot();
                self.builder.ins().stack_store(WORD, value, slot, offset);
            }
            Local::Unused => {}
        }
    }

    fn frame_slot(&self) -> StackSlot {
        self.frame.as_ref().expect("a local in the frame has one").slot
    }
}

/// Returns whether the parameters of loops would be too much work.
#[expect(clippy::wildcard_enum_match_arm, reason = "other operators open no frame")]
fn loops_are_costly(body: &FunctionBody<'_>, n_locals: u64) -> Result<bool> {
    // A loop and a use of a local take two bytes each at least.
    let most = (body.range().end - body.range().start) / 2;
    if n_locals.min(most).saturating_pow(2).saturating_mul(most) <= MAX_LOOP_WORK {
        return Ok(false);
    }
    let (mut n_uses, mut work) = (0_u64, 0_u64);
    // The uses before each open frame, for loops.
    let mut frames: Vec<Option<u64>> = Vec::new();
    for op in body.get_operators_reader()? {
        let op = op?;
        n_uses += u64::from(local_of(&op).is_some());
        match op {
            Operator::Loop { .. } => frames.push(Some(n_uses)),
            Operator::Block { .. } | Operator::If { .. } | Operator::TryTable { .. } => frames.push(None),
            Operator::End => {
                if let Some(Some(before)) = frames.pop() {
                    let n_params = (n_uses - before).min(n_locals);
                    work = work.saturating_add(n_params.saturating_mul(n_params));
                }
            }
            _ => {}
        }
        if work > MAX_LOOP_WORK {
            return Ok(true);
        }
    }
    Ok(false)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "other operators refer to no local")]
fn local_of(op: &Operator<'_>) -> Option<u32> {
    match *op {
        Operator::LocalGet { local_index }
        | Operator::LocalSet { local_index }
        | Operator::LocalTee { local_index } => Some(local_index),
        _ => None,
    }
}
