//! Blocks, branches and reachability.
//! Follows the core specification, "Control Instructions".

use std::collections::BTreeMap;

use cranelift_codegen::ir::{Block, BlockArg, InstBuilder, JumpTableData, Value};
use wasmparser::{BlockType, BrTable};

use crate::error::Result;
use crate::module::decode;
use crate::module::types::{FuncType, ValType};

use super::exception::Around;
use super::{Translator, cl_type};

/// A structured instruction being translated.
pub(super) struct Control {
    kind: BlockKind,
    /// Where branches to it go.
    label: Block,
    /// How many operands branches to it carry.
    label_arity: usize,
    /// Where code after its end continues; its parameters are the results.
    next: Block,
    n_results: usize,
    /// The number of operands below its own.
    height: usize,
    /// Whether code before it reaches it.
    entered: bool,
    /// Whether any branch or fall-through goes to `next`.
    next_reached: bool,
    /// What sees exceptions around it, if it is a `try_table`.
    around: Option<Around>,
}

enum BlockKind {
    Block,
    Loop,
    /// An `if` before its `else`: where the condition's zero case goes, with the operands it starts
    /// with.
    If {
        otherwise: Block,
        params: Vec<Value>,
    },
    Else,
}

impl Translator<'_, '_> {
    /// Opens the function's own frame: its label returns.
    pub(super) fn enter_function(&mut self, ty: &FuncType) {
        let next = self.block_with_params(&ty.results);
        self.control.push(Control {
            kind: BlockKind::Block,
            label: next,
            label_arity: ty.results.len(),
            next,
            n_results: ty.results.len(),
            height: 0,
            entered: true,
            next_reached: false,
            around: None,
        });
    }

    fn block_with_params(&mut self, types: &[ValType]) -> Block {
        let block = self.builder.create_block();
        for &ty in types {
            let param = self.builder.append_block_param(block, cl_type(ty));
            self.trace(param, ty);
        }
        block
    }

    fn block_type(&self, ty: BlockType) -> Result<FuncType> {
        Ok(match ty {
            BlockType::Empty => FuncType::new([], []),
            BlockType::Type(ty) => FuncType::new([], [decode::val_type(&self.env.info.types, ty)?]),
            BlockType::FuncType(index) => self.env.info.types[index as usize].func().clone(),
        })
    }

    /// Opens a frame in code that is never reached: nothing of it is emitted.
    pub(super) fn enter_unreached(&mut self) {
        let never = self.builder.create_block();
        self.control.push(Control {
            kind: BlockKind::Block,
            label: never,
            label_arity: 0,
            next: never,
            n_results: 0,
            height: self.stack.len(),
            entered: false,
            next_reached: false,
            around: None,
        });
    }

    pub(super) fn block(&mut self, ty: BlockType) -> Result<()> {
        let ty = self.block_type(ty)?;
        let next = self.block_with_params(&ty.results);
        self.enter(BlockKind::Block, &ty, next, next);
        Ok(())
    }

    pub(super) fn loop_(&mut self, ty: BlockType) -> Result<()> {
        let ty = self.block_type(ty)?;
        let header = self.block_with_params(&ty.params);
        let next = self.block_with_params(&ty.results);
        let args = self.top(ty.params.len());
        self.builder.ins().jump(header, &args);
        self.builder.switch_to_block(header);
        let height = self.stack.len() - ty.params.len();
        self.stack.truncate(height);
        self.stack.extend_from_slice(self.builder.block_params(header));
        self.check_interrupt();
        self.enter(BlockKind::Loop, &ty, header, next);
        Ok(())
    }

    pub(super) fn if_(&mut self, ty: BlockType) -> Result<()> {
        let ty = self.block_type(ty)?;
        let condition = self.pop();
        let (then, otherwise) = (self.builder.create_block(), self.builder.create_block());
        let next = self.block_with_params(&ty.results);
        self.builder.ins().brif(condition, then, &[], otherwise, &[]);
        self.builder.seal_block(then);
        self.builder.seal_block(otherwise);
        self.builder.switch_to_block(then);
        let params = self.stack[self.stack.len() - ty.params.len()..].to_vec();
        self.enter(BlockKind::If { otherwise, params }, &ty, next, next);
        Ok(())
    }

    /// Makes the innermost frame, just opened, that of a `try_table`.
    pub(super) fn set_around(&mut self, around: Option<Around>) {
        self.control.last_mut().expect("just opened").around = around;
    }

    fn enter(&mut self, kind: BlockKind, ty: &FuncType, label: Block, next: Block) {
        let label_arity = match kind {
            BlockKind::Loop => ty.params.len(),
            BlockKind::Block | BlockKind::If { .. } | BlockKind::Else => ty.results.len(),
        };
        self.control.push(Control {
            kind,
            label,
            label_arity,
            next,
            n_results: ty.results.len(),
            height: self.stack.len() - ty.params.len(),
            entered: true,
            next_reached: false,
            around: None,
        });
    }

    pub(super) fn else_(&mut self) {
        let falls_through = self.reachable;
        let frame = self.control.last().expect("validated nesting");
        if !frame.entered {
            return;
        }
        if falls_through {
            self.jump_to_next();
        }
        let frame = self.control.last_mut().expect("validated nesting");
        let BlockKind::If { otherwise, params } = std::mem::replace(&mut frame.kind, BlockKind::Else) else {
            unreachable!("validated: an else belongs to an if");
        };
        self.stack.truncate(frame.height);
        self.stack.extend(params);
        self.builder.switch_to_block(otherwise);
        self.reachable = true;
    }

    /// Jumps from the end of the innermost frame to what follows it.
    fn jump_to_next(&mut self) {
        let frame = self.control.last_mut().expect("validated nesting");
        frame.next_reached = true;
        let (next, n_results) = (frame.next, frame.n_results);
        let args = self.top(n_results);
        self.builder.ins().jump(next, &args);
    }

    pub(super) fn end(&mut self) {
        if self.reachable {
            self.jump_to_next();
        }
        let mut frame = self.control.pop().expect("validated nesting");
        if !frame.entered {
            self.stack.truncate(frame.height);
            return;
        }
        match frame.kind {
            BlockKind::If { otherwise, params } => {
                // Without an else, the parameters are the results.
                self.builder.switch_to_block(otherwise);
                let args: Vec<_> = params.into_iter().map(BlockArg::Value).collect();
                self.builder.ins().jump(frame.next, &args);
                frame.next_reached = true;
            }
            BlockKind::Loop => self.builder.seal_block(frame.label),
            BlockKind::Block | BlockKind::Else => {}
        }
        if let Some(around) = frame.around {
            self.leave_try_table(around);
        }
        self.builder.seal_block(frame.next);
        self.stack.truncate(frame.height);
        self.reachable = frame.next_reached;
        if self.reachable {
            self.builder.switch_to_block(frame.next);
            self.stack.extend_from_slice(self.builder.block_params(frame.next));
            if self.control.is_empty() {
                let results = std::mem::take(&mut self.stack);
                self.builder.ins().return_(&results);
            }
        }
    }

    /// Returns the topmost `n` operands as arguments of a branch.
    fn top(&self, n: usize) -> Vec<BlockArg> {
        self.stack[self.stack.len() - n..].iter().copied().map(BlockArg::Value).collect()
    }

    /// Returns the label `depth` frames out with the arguments that a branch to it carries.
    fn branch(&mut self, depth: u32) -> (Block, Vec<BlockArg>) {
        let at = self.control.len() - 1 - depth as usize;
        let frame = &mut self.control[at];
        frame.next_reached |= !matches!(frame.kind, BlockKind::Loop);
        let (label, arity) = (frame.label, frame.label_arity);
        (label, self.top(arity))
    }

    pub(super) fn br(&mut self, depth: u32) {
        self.jump_to_label(depth);
        self.reachable = false;
    }

    /// Ends the current block with a branch to a label.
    pub(super) fn jump_to_label(&mut self, depth: u32) {
        let (label, args) = self.branch(depth);
        self.builder.ins().jump(label, &args);
    }

    pub(super) fn br_if(&mut self, depth: u32) {
        let condition = self.pop();
        let (label, args) = self.branch(depth);
        let next = self.builder.create_block();
        self.builder.ins().brif(condition, label, &args, next, &[]);
        self.builder.seal_block(next);
        self.builder.switch_to_block(next);
    }

    pub(super) fn br_table(&mut self, targets: &BrTable<'_>) -> Result<()> {
        let index = self.pop();
        // One block per distinct target passes the operands on, so that a long table of wide
        // branches does not repeat them for every entry.
        let mut by_depth = BTreeMap::new();
        let mut calls = Vec::new();
        for depth in targets.targets() {
            let block = self.passing_block(depth?, &mut by_depth);
            calls.push(self.builder.func.dfg.block_call(block, &[]));
        }
        let block = self.passing_block(targets.default(), &mut by_depth);
        let default = self.builder.func.dfg.block_call(block, &[]);
        let table = self.builder.create_jump_table(JumpTableData::new(default, &calls));
        self.builder.ins().br_table(index, table);
        for (depth, block) in by_depth {
            self.builder.seal_block(block);
            self.builder.switch_to_block(block);
            self.br(depth);
        }
        Ok(())
    }

    /// Returns the block that a table's branches of this depth go to.
    fn passing_block(&mut self, depth: u32, by_depth: &mut BTreeMap<u32, Block>) -> Block {
        *by_depth.entry(depth).or_insert_with(|| self.builder.create_block())
    }

    pub(super) fn return_(&mut self) {
        let depth = u32::try_from(self.control.len() - 1).expect("nesting is bounded by the body's size");
        self.br(depth);
    }
}
