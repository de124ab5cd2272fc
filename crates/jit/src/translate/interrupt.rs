//! Interruption: epochs and fuel. Nothing is emitted unless the configuration asks for it.
//!
//! Both are checked at function entries and loop headers, so that no guest runs on for long. Fuel
//! is counted per operator that does something; what a straight run of operators costs is
//! subtracted once, before control leaves it, so that the count depends on the guest's path only.
//! A bulk instruction costs more by its size, which the run-time function takes.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, types};
use wasmparser::Operator;

use crate::vm::{layout, offsets, trap_code as code};

use super::{Translator, WORD, cell, fixed};

impl Translator<'_, '_> {
    /// Checks at a function's entry or a loop's header.
    pub(super) fn check_interrupt(&mut self) {
        if self.env.interruption.epochs {
            let store = self.block_word(layout::STORE);
            let epoch = self.builder.ins().load(WORD, fixed(), store, offsets::STORE_EPOCH);
            // Atomic, as another thread writes it: a plain load would be moved out of loops.
            let now = self.builder.ins().atomic_load(types::I64, cell(), epoch);
            let deadline = self.builder.ins().load(types::I64, cell(), store, offsets::STORE_DEADLINE);
            let passed = self.builder.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, now, deadline);
            self.builder.ins().trapnz(passed, code::INTERRUPT);
        }
        if self.env.interruption.fuel {
            let store = self.block_word(layout::STORE);
            let fuel = self.builder.ins().load(types::I64, cell(), store, offsets::STORE_FUEL);
            let used_up = self.builder.ins().icmp_imm_s(IntCC::SignedLessThanOrEqual, fuel, 0);
            self.builder.ins().trapnz(used_up, code::OUT_OF_FUEL);
        }
    }

    /// Counts an operator, and subtracts what is counted if control may leave the run of operators
    /// here.
    #[expect(clippy::wildcard_enum_match_arm, reason = "most operators cost one and pass control on")]
    pub(super) fn charge(&mut self, op: &Operator<'_>) {
        if !self.env.interruption.fuel {
            return;
        }
        let leaves = match op {
            Operator::Nop | Operator::Drop => return,
            Operator::Block { .. } | Operator::TryTable { .. } => return,
            Operator::Loop { .. } | Operator::Else | Operator::End => true,
            Operator::If { .. }
            | Operator::Unreachable
            | Operator::Br { .. }
            | Operator::BrIf { .. }
            | Operator::BrTable { .. }
            | Operator::BrOnNull { .. }
            | Operator::BrOnNonNull { .. }
            | Operator::Return
            | Operator::Call { .. }
            | Operator::CallIndirect { .. }
            | Operator::CallRef { .. }
            | Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. }
            | Operator::Throw { .. }
            | Operator::ThrowRef
            | Operator::MemoryFill { .. }
            | Operator::MemoryCopy { .. }
            | Operator::MemoryInit { .. }
            | Operator::TableGrow { .. }
            | Operator::TableFill { .. }
            | Operator::TableCopy { .. }
            | Operator::TableInit { .. } => {
                self.fuel_counted += 1;
                true
            }
            _ => {
                self.fuel_counted += 1;
                false
            }
        };
        if leaves && self.fuel_counted > 0 {
            let store = self.block_word(layout::STORE);
            let fuel = self.builder.ins().load(types::I64, cell(), store, offsets::STORE_FUEL);
            let left = self.builder.ins().iadd_imm_s(fuel, -self.fuel_counted);
            self.builder.ins().store(cell(), left, store, offsets::STORE_FUEL);
            self.fuel_counted = 0;
        }
    }
}
