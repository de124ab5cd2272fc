//! Vector loads and stores. Follows the core specification, "Vector Memory Instructions".

use cranelift_codegen::ir::types::{I8X16, I16X8, I32X4, I64X2};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Type, Value};
use cranelift_frontend::FuncInstBuilder;
use wasmparser::{MemArg, Operator};

use crate::error::Result;

use super::super::Translator;
use super::super::access::heap;

/// Emits a load from an address and a constant offset.
type Load = for<'s, 'f> fn(FuncInstBuilder<'s, 'f>, MemFlagsData, Value, i32) -> Value;

impl Translator<'_, '_> {
    /// Translates a vector operator that accesses a memory; returns whether it was one.
    ///
    /// # Errors
    ///
    /// Fails on accesses to arrays.
    #[expect(clippy::wildcard_enum_match_arm, reason = "other tables list the other operators")]
    pub(in crate::translate) fn vector_memory(&mut self, op: &Operator<'_>) -> Result<bool> {
        match *op {
            Operator::V128Load { ref memarg } => {
                self.vector_load(memarg, 16, |ins, flags, p, at| ins.load(I8X16, flags, p, at))?
            }
            Operator::V128Load8x8S { ref memarg } => {
                self.vector_load(memarg, 8, |ins, flags, p, at| ins.sload8x8(flags, p, at))?
            }
            Operator::V128Load8x8U { ref memarg } => {
                self.vector_load(memarg, 8, |ins, flags, p, at| ins.uload8x8(flags, p, at))?
            }
            Operator::V128Load16x4S { ref memarg } => {
                self.vector_load(memarg, 8, |ins, flags, p, at| ins.sload16x4(flags, p, at))?
            }
            Operator::V128Load16x4U { ref memarg } => {
                self.vector_load(memarg, 8, |ins, flags, p, at| ins.uload16x4(flags, p, at))?
            }
            Operator::V128Load32x2S { ref memarg } => {
                self.vector_load(memarg, 8, |ins, flags, p, at| ins.sload32x2(flags, p, at))?
            }
            Operator::V128Load32x2U { ref memarg } => {
                self.vector_load(memarg, 8, |ins, flags, p, at| ins.uload32x2(flags, p, at))?
            }
            Operator::V128Load8Splat { ref memarg } => self.load_splat(memarg, I8X16)?,
            Operator::V128Load16Splat { ref memarg } => self.load_splat(memarg, I16X8)?,
            Operator::V128Load32Splat { ref memarg } => self.load_splat(memarg, I32X4)?,
            Operator::V128Load64Splat { ref memarg } => self.load_splat(memarg, I64X2)?,
            Operator::V128Load32Zero { ref memarg } => self.load_zero(memarg, I32X4)?,
            Operator::V128Load64Zero { ref memarg } => self.load_zero(memarg, I64X2)?,
            Operator::V128Store { ref memarg } => self.vector_store(memarg)?,
            Operator::V128Load8Lane { ref memarg, lane } => self.load_lane(memarg, I8X16, lane)?,
            Operator::V128Load16Lane { ref memarg, lane } => self.load_lane(memarg, I16X8, lane)?,
            Operator::V128Load32Lane { ref memarg, lane } => self.load_lane(memarg, I32X4, lane)?,
            Operator::V128Load64Lane { ref memarg, lane } => self.load_lane(memarg, I64X2, lane)?,
            Operator::V128Store8Lane { ref memarg, lane } => self.store_lane(memarg, I8X16, lane)?,
            Operator::V128Store16Lane { ref memarg, lane } => self.store_lane(memarg, I16X8, lane)?,
            Operator::V128Store32Lane { ref memarg, lane } => self.store_lane(memarg, I32X4, lane)?,
            Operator::V128Store64Lane { ref memarg, lane } => self.store_lane(memarg, I64X2, lane)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn vector_load(&mut self, arg: &MemArg, bytes: u32, load: Load) -> Result<()> {
        let index = self.pop();
        let (address, offset) = self.address(arg, index, bytes)?;
        let value = load(self.builder.ins(), heap(), address, offset);
        self.push_vector(value);
        Ok(())
    }

    /// Pops an index and loads one lane of vectors of type `ty`.
    fn lane_at(&mut self, arg: &MemArg, ty: Type) -> Result<Value> {
        let index = self.pop();
        let lane = ty.lane_type();
        let (address, offset) = self.address(arg, index, lane.bytes())?;
        Ok(self.builder.ins().load(lane, heap(), address, offset))
    }

    fn load_splat(&mut self, arg: &MemArg, ty: Type) -> Result<()> {
        let lane = self.lane_at(arg, ty)?;
        let value = self.builder.ins().splat(ty, lane);
        self.push_vector(value);
        Ok(())
    }

    fn load_zero(&mut self, arg: &MemArg, ty: Type) -> Result<()> {
        let lane = self.lane_at(arg, ty)?;
        let value = self.builder.ins().scalar_to_vector(ty, lane);
        self.push_vector(value);
        Ok(())
    }

    fn load_lane(&mut self, arg: &MemArg, ty: Type, lane: u8) -> Result<()> {
        let vector = self.pop_vector(ty);
        let loaded = self.lane_at(arg, ty)?;
        let value = self.builder.ins().insertlane(vector, loaded, lane);
        self.push_vector(value);
        Ok(())
    }

    fn vector_store(&mut self, arg: &MemArg) -> Result<()> {
        let [index, value] = self.pop_n();
        let (address, offset) = self.address(arg, index, 16)?;
        self.builder.ins().store(heap(), value, address, offset);
        Ok(())
    }

    fn store_lane(&mut self, arg: &MemArg, ty: Type, lane: u8) -> Result<()> {
        let vector = self.pop_vector(ty);
        let index = self.pop();
        let (address, offset) = self.address(arg, index, ty.lane_type().bytes())?;
        let value = self.builder.ins().extractlane(vector, lane);
        self.builder.ins().store(heap(), value, address, offset);
        Ok(())
    }
}
