//! Atomic instructions: atomic accesses, wait and notify.
//! Follows the threads proposal, "Atomic Memory Instructions".
//!
//! An access is checked for alignment first, then for bounds. Waiting and notifying are run-time
//! functions.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I8, I16, I32, I64};
use cranelift_codegen::ir::{AtomicRmwOp, InstBuilder, TrapCode, Type, Value};
use wasmparser::{MemArg, MemArgTarget, Operator};

use crate::error::{Error, Result};
use crate::module::index::MemoryIndex;
use crate::vm::builtin::{Builtin, ENDLESS_WAIT, INTERRUPTED, OUT_OF_BOUNDS, WAIT_TOO_LONG};
use crate::vm::trap_code as code;

use super::access::heap;
use super::{Translator, WORD};

impl Translator<'_, '_> {
    /// Translates an atomic operator; returns whether it was one.
    pub(super) fn atomic(&mut self, op: &Operator<'_>) -> Result<bool> {
        Ok(self.atomic_access(op)? || self.atomic_read_modify_write(op)? || self.atomic_exchange(op)?)
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "other tables list the other operators")]
    fn atomic_access(&mut self, op: &Operator<'_>) -> Result<bool> {
        match op {
            Operator::I32AtomicLoad { memarg } => self.atomic_load(memarg, I32, I32)?,
            Operator::I32AtomicLoad8U { memarg } => self.atomic_load(memarg, I32, I8)?,
            Operator::I32AtomicLoad16U { memarg } => self.atomic_load(memarg, I32, I16)?,
            Operator::I64AtomicLoad { memarg } => self.atomic_load(memarg, I64, I64)?,
            Operator::I64AtomicLoad8U { memarg } => self.atomic_load(memarg, I64, I8)?,
            Operator::I64AtomicLoad16U { memarg } => self.atomic_load(memarg, I64, I16)?,
            Operator::I64AtomicLoad32U { memarg } => self.atomic_load(memarg, I64, I32)?,
            Operator::I32AtomicStore { memarg } => self.atomic_store(memarg, I32)?,
            Operator::I32AtomicStore8 { memarg } => self.atomic_store(memarg, I8)?,
            Operator::I32AtomicStore16 { memarg } => self.atomic_store(memarg, I16)?,
            Operator::I64AtomicStore { memarg } => self.atomic_store(memarg, I64)?,
            Operator::I64AtomicStore8 { memarg } => self.atomic_store(memarg, I8)?,
            Operator::I64AtomicStore16 { memarg } => self.atomic_store(memarg, I16)?,
            Operator::I64AtomicStore32 { memarg } => self.atomic_store(memarg, I32)?,
            Operator::AtomicFence { .. } => {
                self.builder.ins().fence();
            }
            Operator::MemoryAtomicNotify { memarg } => self.atomic_notify(memarg)?,
            Operator::MemoryAtomicWait32 { memarg } => self.atomic_wait(memarg, I32)?,
            Operator::MemoryAtomicWait64 { memarg } => self.atomic_wait(memarg, I64)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "other tables list the other operators")]
    fn atomic_read_modify_write(&mut self, op: &Operator<'_>) -> Result<bool> {
        match op {
            Operator::I32AtomicRmwAdd { memarg } => self.atomic_rmw(memarg, I32, I32, AtomicRmwOp::Add)?,
            Operator::I32AtomicRmw8AddU { memarg } => self.atomic_rmw(memarg, I32, I8, AtomicRmwOp::Add)?,
            Operator::I32AtomicRmw16AddU { memarg } => self.atomic_rmw(memarg, I32, I16, AtomicRmwOp::Add)?,
            Operator::I64AtomicRmwAdd { memarg } => self.atomic_rmw(memarg, I64, I64, AtomicRmwOp::Add)?,
            Operator::I64AtomicRmw8AddU { memarg } => self.atomic_rmw(memarg, I64, I8, AtomicRmwOp::Add)?,
            Operator::I64AtomicRmw16AddU { memarg } => self.atomic_rmw(memarg, I64, I16, AtomicRmwOp::Add)?,
            Operator::I64AtomicRmw32AddU { memarg } => self.atomic_rmw(memarg, I64, I32, AtomicRmwOp::Add)?,
            Operator::I32AtomicRmwSub { memarg } => self.atomic_rmw(memarg, I32, I32, AtomicRmwOp::Sub)?,
            Operator::I32AtomicRmw8SubU { memarg } => self.atomic_rmw(memarg, I32, I8, AtomicRmwOp::Sub)?,
            Operator::I32AtomicRmw16SubU { memarg } => self.atomic_rmw(memarg, I32, I16, AtomicRmwOp::Sub)?,
            Operator::I64AtomicRmwSub { memarg } => self.atomic_rmw(memarg, I64, I64, AtomicRmwOp::Sub)?,
            Operator::I64AtomicRmw8SubU { memarg } => self.atomic_rmw(memarg, I64, I8, AtomicRmwOp::Sub)?,
            Operator::I64AtomicRmw16SubU { memarg } => self.atomic_rmw(memarg, I64, I16, AtomicRmwOp::Sub)?,
            Operator::I64AtomicRmw32SubU { memarg } => self.atomic_rmw(memarg, I64, I32, AtomicRmwOp::Sub)?,
            Operator::I32AtomicRmwAnd { memarg } => self.atomic_rmw(memarg, I32, I32, AtomicRmwOp::And)?,
            Operator::I32AtomicRmw8AndU { memarg } => self.atomic_rmw(memarg, I32, I8, AtomicRmwOp::And)?,
            Operator::I32AtomicRmw16AndU { memarg } => self.atomic_rmw(memarg, I32, I16, AtomicRmwOp::And)?,
            Operator::I64AtomicRmwAnd { memarg } => self.atomic_rmw(memarg, I64, I64, AtomicRmwOp::And)?,
            Operator::I64AtomicRmw8AndU { memarg } => self.atomic_rmw(memarg, I64, I8, AtomicRmwOp::And)?,
            Operator::I64AtomicRmw16AndU { memarg } => self.atomic_rmw(memarg, I64, I16, AtomicRmwOp::And)?,
            Operator::I64AtomicRmw32AndU { memarg } => self.atomic_rmw(memarg, I64, I32, AtomicRmwOp::And)?,
            Operator::I32AtomicRmwOr { memarg } => self.atomic_rmw(memarg, I32, I32, AtomicRmwOp::Or)?,
            Operator::I32AtomicRmw8OrU { memarg } => self.atomic_rmw(memarg, I32, I8, AtomicRmwOp::Or)?,
            Operator::I32AtomicRmw16OrU { memarg } => self.atomic_rmw(memarg, I32, I16, AtomicRmwOp::Or)?,
            Operator::I64AtomicRmwOr { memarg } => self.atomic_rmw(memarg, I64, I64, AtomicRmwOp::Or)?,
            Operator::I64AtomicRmw8OrU { memarg } => self.atomic_rmw(memarg, I64, I8, AtomicRmwOp::Or)?,
            Operator::I64AtomicRmw16OrU { memarg } => self.atomic_rmw(memarg, I64, I16, AtomicRmwOp::Or)?,
            Operator::I64AtomicRmw32OrU { memarg } => self.atomic_rmw(memarg, I64, I32, AtomicRmwOp::Or)?,
            Operator::I32AtomicRmwXor { memarg } => self.atomic_rmw(memarg, I32, I32, AtomicRmwOp::Xor)?,
            Operator::I32AtomicRmw8XorU { memarg } => self.atomic_rmw(memarg, I32, I8, AtomicRmwOp::Xor)?,
            Operator::I32AtomicRmw16XorU { memarg } => self.atomic_rmw(memarg, I32, I16, AtomicRmwOp::Xor)?,
            Operator::I64AtomicRmwXor { memarg } => self.atomic_rmw(memarg, I64, I64, AtomicRmwOp::Xor)?,
            Operator::I64AtomicRmw8XorU { memarg } => self.atomic_rmw(memarg, I64, I8, AtomicRmwOp::Xor)?,
            Operator::I64AtomicRmw16XorU { memarg } => self.atomic_rmw(memarg, I64, I16, AtomicRmwOp::Xor)?,
            Operator::I64AtomicRmw32XorU { memarg } => self.atomic_rmw(memarg, I64, I32, AtomicRmwOp::Xor)?,
            Operator::I32AtomicRmwXchg { memarg } => self.atomic_rmw(memarg, I32, I32, AtomicRmwOp::Xchg)?,
            Operator::I32AtomicRmw8XchgU { memarg } => self.atomic_rmw(memarg, I32, I8, AtomicRmwOp::Xchg)?,
            Operator::I32AtomicRmw16XchgU { memarg } => {
                self.atomic_rmw(memarg, I32, I16, AtomicRmwOp::Xchg)?
            }
            Operator::I64AtomicRmwXchg { memarg } => self.atomic_rmw(memarg, I64, I64, AtomicRmwOp::Xchg)?,
            Operator::I64AtomicRmw8XchgU { memarg } => self.atomic_rmw(memarg, I64, I8, AtomicRmwOp::Xchg)?,
            Operator::I64AtomicRmw16XchgU { memarg } => {
                self.atomic_rmw(memarg, I64, I16, AtomicRmwOp::Xchg)?
            }
            Operator::I64AtomicRmw32XchgU { memarg } => {
                self.atomic_rmw(memarg, I64, I32, AtomicRmwOp::Xchg)?
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "other tables list the other operators")]
    fn atomic_exchange(&mut self, op: &Operator<'_>) -> Result<bool> {
        match op {
            Operator::I32AtomicRmwCmpxchg { memarg } => self.atomic_cmpxchg(memarg, I32, I32)?,
            Operator::I32AtomicRmw8CmpxchgU { memarg } => self.atomic_cmpxchg(memarg, I32, I8)?,
            Operator::I32AtomicRmw16CmpxchgU { memarg } => self.atomic_cmpxchg(memarg, I32, I16)?,
            Operator::I64AtomicRmwCmpxchg { memarg } => self.atomic_cmpxchg(memarg, I64, I64)?,
            Operator::I64AtomicRmw8CmpxchgU { memarg } => self.atomic_cmpxchg(memarg, I64, I8)?,
            Operator::I64AtomicRmw16CmpxchgU { memarg } => self.atomic_cmpxchg(memarg, I64, I16)?,
            Operator::I64AtomicRmw32CmpxchgU { memarg } => self.atomic_cmpxchg(memarg, I64, I32)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Traps unless an access of type `ty` is aligned.
    fn check_alignment(&mut self, arg: &MemArg, index: Value, ty: Type) {
        if ty.bytes() == 1 {
            return;
        }
        let mask = i64::from(ty.bytes()) - 1;
        // The offset counts too; wrapping around changes none of the lower bits.
        let offset = (arg.offset & mask.cast_unsigned()).cast_signed();
        let ea = if offset == 0 { index } else { self.builder.ins().iadd_imm_s(index, offset) };
        let low = self.builder.ins().band_imm_u(ea, mask);
        self.builder.ins().trapnz(low, code::UNALIGNED_ATOMIC);
    }

    /// Returns the address of an access of type `ty`, checked for alignment and as far as faults do
    /// not do it for bounds.
    fn atomic_address(&mut self, arg: &MemArg, index: Value, ty: Type) -> Result<Value> {
        self.check_alignment(arg, index, ty);
        let (address, offset) = self.address(arg, index, ty.bytes())?;
        Ok(if offset == 0 { address } else { self.builder.ins().iadd_imm_s(address, i64::from(offset)) })
    }

    fn push_widened(&mut self, value: Value, ty: Type, narrow: Type) {
        let value = if ty == narrow { value } else { self.builder.ins().uextend(ty, value) };
        self.push(value);
    }

    fn narrowed(&mut self, value: Value, narrow: Type) -> Value {
        let ty = self.builder.func.dfg.value_type(value);
        if ty == narrow { value } else { self.builder.ins().ireduce(narrow, value) }
    }

    fn atomic_load(&mut self, arg: &MemArg, ty: Type, narrow: Type) -> Result<()> {
        let index = self.pop();
        let address = self.atomic_address(arg, index, narrow)?;
        let value = self.builder.ins().atomic_load(narrow, heap(), address);
        self.push_widened(value, ty, narrow);
        Ok(())
    }

    fn atomic_store(&mut self, arg: &MemArg, narrow: Type) -> Result<()> {
        let [index, value] = self.pop_n();
        let address = self.atomic_address(arg, index, narrow)?;
        let value = self.narrowed(value, narrow);
        self.builder.ins().atomic_store(heap(), value, address);
        Ok(())
    }

    fn atomic_rmw(&mut self, arg: &MemArg, ty: Type, narrow: Type, op: AtomicRmwOp) -> Result<()> {
        let [index, operand] = self.pop_n();
        let address = self.atomic_address(arg, index, narrow)?;
        let operand = self.narrowed(operand, narrow);
        let former = self.builder.ins().atomic_rmw(narrow, heap(), op, address, operand);
        self.push_widened(former, ty, narrow);
        Ok(())
    }

    /// An expected value that does not fit the narrow type never matches; the value in memory is
    /// returned all the same.
    fn atomic_cmpxchg(&mut self, arg: &MemArg, ty: Type, narrow: Type) -> Result<()> {
        let [index, expected, replacement] = self.pop_n();
        let address = self.atomic_address(arg, index, narrow)?;
        let low = self.narrowed(expected, narrow);
        let mut replacement = self.narrowed(replacement, narrow);
        if ty != narrow {
            // Cranelift compares the narrow value only: where the expected one does not fit, write
            // what is read.
            let widened = self.builder.ins().uextend(ty, low);
            let fits = self.builder.ins().icmp(IntCC::Equal, widened, expected);
            replacement = self.builder.ins().select(fits, replacement, low);
        }
        let former = self.builder.ins().atomic_cas(heap(), address, low, replacement);
        self.push_widened(former, ty, narrow);
        Ok(())
    }

    fn memory_of(arg: &MemArg) -> Result<MemoryIndex> {
        match arg.target {
            MemArgTarget::Memory(memory) => Ok(MemoryIndex(memory)),
            MemArgTarget::Array(_) => Err(Error::unsupported("accesses to arrays")),
        }
    }

    /// Returns the memory's constant and the address operand with the constant offset, for a
    /// run-time function.
    fn wait_place(&mut self, arg: &MemArg, index: Value) -> Result<[Value; 2]> {
        let memory = Self::memory_of(arg)?;
        let is_64 = self.env.info.memories[memory.pos()].memory64;
        let index = self.index_word(index, is_64);
        let offset = self.builder.ins().iconst(WORD, arg.offset.cast_signed());
        let code = TrapCode::HEAP_OUT_OF_BOUNDS;
        let place = self.builder.ins().uadd_overflow_trap(index, offset, code);
        let memory = self.builder.ins().iconst(WORD, i64::from(memory.0));
        Ok([memory, place])
    }

    fn atomic_notify(&mut self, arg: &MemArg) -> Result<()> {
        let [index, count] = self.pop_n();
        self.check_alignment(arg, index, I32);
        let [memory, place] = self.wait_place(arg, index)?;
        let count = self.builder.ins().uextend(WORD, count);
        let woken = self.builtin(Builtin::AtomicNotify, &[memory, place, count]);
        self.push_waited(woken);
        Ok(())
    }

    fn atomic_wait(&mut self, arg: &MemArg, ty: Type) -> Result<()> {
        let [index, expected, timeout] = self.pop_n();
        self.check_alignment(arg, index, ty);
        let shared = self.env.info.memories[Self::memory_of(arg)?.pos()].shared;
        let [memory, place] = self.wait_place(arg, index)?;
        if !shared {
            let always = self.builder.ins().iconst(I8, 1);
            self.builder.ins().trapnz(always, code::EXPECTED_SHARED_MEMORY);
        }
        let (builtin, expected) = if ty == I32 {
            (Builtin::AtomicWait32, self.builder.ins().uextend(WORD, expected))
        } else {
            (Builtin::AtomicWait64, expected)
        };
        let result = self.builtin(builtin, &[memory, place, expected, timeout]);
        self.trap_status(result, INTERRUPTED, code::INTERRUPT);
        self.trap_status(result, ENDLESS_WAIT, code::ENDLESS_WAIT);
        self.trap_status(result, WAIT_TOO_LONG, code::WAIT_TOO_LONG);
        self.push_waited(result);
        Ok(())
    }

    /// Pushes what a run-time function of this file returned, or traps.
    fn push_waited(&mut self, word: Value) {
        self.trap_status(word, OUT_OF_BOUNDS, TrapCode::HEAP_OUT_OF_BOUNDS);
        let result = self.builder.ins().ireduce(I32, word);
        self.push(result);
    }
}
