//! The table of vector instructions: what translates which operator.
//! Follows the core specification, "Vector Instructions", and the relaxed SIMD proposal.
//!
//! Relaxed instructions take the choice of their strict twin, and `relaxed_madd` rounds twice: the
//! same on every processor, unless the configuration asks for what is fastest.

mod lanes;
mod memory;

use cranelift_codegen::ir::InstBuilder;
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{F32X4, F64X2, I8X16, I16X8, I32, I32X4, I64X2};
use wasmparser::Operator;

use super::Translator;

impl Translator<'_, '_> {
    /// Translates a vector operator that accesses no memory; returns whether it was one.
    pub(super) fn vector(&mut self, op: &Operator<'_>) -> bool {
        self.vector_lanes(op)
            || self.vector_bits(op)
            || self.vector_comparison(op)
            || self.vector_float_comparison(op)
            || self.vector_integer(op)
            || self.vector_shift(op)
            || self.vector_float(op)
            || self.vector_widening(op)
            || self.vector_conversion(op)
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "other tables list the other operators")]
    fn vector_comparison(&mut self, op: &Operator<'_>) -> bool {
        match *op {
            Operator::I8x16Eq => self.compare_lanes(I8X16, IntCC::Equal),
            Operator::I8x16Ne => self.compare_lanes(I8X16, IntCC::NotEqual),
            Operator::I8x16LtS => self.compare_lanes(I8X16, IntCC::SignedLessThan),
            Operator::I8x16LtU => self.compare_lanes(I8X16, IntCC::UnsignedLessThan),
            Operator::I8x16GtS => self.compare_lanes(I8X16, IntCC::SignedGreaterThan),
            Operator::I8x16GtU => self.compare_lanes(I8X16, IntCC::UnsignedGreaterThan),
            Operator::I8x16LeS => self.compare_lanes(I8X16, IntCC::SignedLessThanOrEqual),
            Operator::I8x16LeU => self.compare_lanes(I8X16, IntCC::UnsignedLessThanOrEqual),
            Operator::I8x16GeS => self.compare_lanes(I8X16, IntCC::SignedGreaterThanOrEqual),
            Operator::I8x16GeU => self.compare_lanes(I8X16, IntCC::UnsignedGreaterThanOrEqual),
            Operator::I16x8Eq => self.compare_lanes(I16X8, IntCC::Equal),
            Operator::I16x8Ne => self.compare_lanes(I16X8, IntCC::NotEqual),
            Operator::I16x8LtS => self.compare_lanes(I16X8, IntCC::SignedLessThan),
            Operator::I16x8LtU => self.compare_lanes(I16X8, IntCC::UnsignedLessThan),
            Operator::I16x8GtS => self.compare_lanes(I16X8, IntCC::SignedGreaterThan),
            Operator::I16x8GtU => self.compare_lanes(I16X8, IntCC::UnsignedGreaterThan),
            Operator::I16x8LeS => self.compare_lanes(I16X8, IntCC::SignedLessThanOrEqual),
            Operator::I16x8LeU => self.compare_lanes(I16X8, IntCC::UnsignedLessThanOrEqual),
            Operator::I16x8GeS => self.compare_lanes(I16X8, IntCC::SignedGreaterThanOrEqual),
            Operator::I16x8GeU => self.compare_lanes(I16X8, IntCC::UnsignedGreaterThanOrEqual),
            Operator::I32x4Eq => self.compare_lanes(I32X4, IntCC::Equal),
            Operator::I32x4Ne => self.compare_lanes(I32X4, IntCC::NotEqual),
            Operator::I32x4LtS => self.compare_lanes(I32X4, IntCC::SignedLessThan),
            Operator::I32x4LtU => self.compare_lanes(I32X4, IntCC::UnsignedLessThan),
            Operator::I32x4GtS => self.compare_lanes(I32X4, IntCC::SignedGreaterThan),
            Operator::I32x4GtU => self.compare_lanes(I32X4, IntCC::UnsignedGreaterThan),
            Operator::I32x4LeS => self.compare_lanes(I32X4, IntCC::SignedLessThanOrEqual),
            Operator::I32x4LeU => self.compare_lanes(I32X4, IntCC::UnsignedLessThanOrEqual),
            Operator::I32x4GeS => self.compare_lanes(I32X4, IntCC::SignedGreaterThanOrEqual),
            Operator::I32x4GeU => self.compare_lanes(I32X4, IntCC::UnsignedGreaterThanOrEqual),
            Operator::I64x2Eq => self.compare_lanes(I64X2, IntCC::Equal),
            Operator::I64x2Ne => self.compare_lanes(I64X2, IntCC::NotEqual),
            Operator::I64x2LtS => self.compare_lanes(I64X2, IntCC::SignedLessThan),
            Operator::I64x2GtS => self.compare_lanes(I64X2, IntCC::SignedGreaterThan),
            Operator::I64x2LeS => self.compare_lanes(I64X2, IntCC::SignedLessThanOrEqual),
            Operator::I64x2GeS => self.compare_lanes(I64X2, IntCC::SignedGreaterThanOrEqual),
            _ => return false,
        }
        true
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "other tables list the other operators")]
    fn vector_float_comparison(&mut self, op: &Operator<'_>) -> bool {
        match *op {
            Operator::F32x4Eq => self.compare_float_lanes(F32X4, FloatCC::Equal),
            Operator::F32x4Ne => self.compare_float_lanes(F32X4, FloatCC::NotEqual),
            Operator::F32x4Lt => self.compare_float_lanes(F32X4, FloatCC::LessThan),
            Operator::F32x4Gt => self.compare_float_lanes(F32X4, FloatCC::GreaterThan),
            Operator::F32x4Le => self.compare_float_lanes(F32X4, FloatCC::LessThanOrEqual),
            Operator::F32x4Ge => self.compare_float_lanes(F32X4, FloatCC::GreaterThanOrEqual),
            Operator::F64x2Eq => self.compare_float_lanes(F64X2, FloatCC::Equal),
            Operator::F64x2Ne => self.compare_float_lanes(F64X2, FloatCC::NotEqual),
            Operator::F64x2Lt => self.compare_float_lanes(F64X2, FloatCC::LessThan),
            Operator::F64x2Gt => self.compare_float_lanes(F64X2, FloatCC::GreaterThan),
            Operator::F64x2Le => self.compare_float_lanes(F64X2, FloatCC::LessThanOrEqual),
            Operator::F64x2Ge => self.compare_float_lanes(F64X2, FloatCC::GreaterThanOrEqual),
            _ => return false,
        }
        true
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "other tables list the other operators")]
    fn vector_integer(&mut self, op: &Operator<'_>) -> bool {
        match *op {
            Operator::I8x16Abs => self.vector_unary(I8X16, |ins, x| ins.iabs(x)),
            Operator::I8x16Neg => self.vector_unary(I8X16, |ins, x| ins.ineg(x)),
            Operator::I8x16Add => self.vector_binary(I8X16, |ins, x, y| ins.iadd(x, y)),
            Operator::I8x16Sub => self.vector_binary(I8X16, |ins, x, y| ins.isub(x, y)),
            Operator::I8x16MinS => self.vector_binary(I8X16, |ins, x, y| ins.smin(x, y)),
            Operator::I8x16MinU => self.vector_binary(I8X16, |ins, x, y| ins.umin(x, y)),
            Operator::I8x16MaxS => self.vector_binary(I8X16, |ins, x, y| ins.smax(x, y)),
            Operator::I8x16MaxU => self.vector_binary(I8X16, |ins, x, y| ins.umax(x, y)),
            Operator::I8x16AddSatS => self.vector_binary(I8X16, |ins, x, y| ins.sadd_sat(x, y)),
            Operator::I8x16AddSatU => self.vector_binary(I8X16, |ins, x, y| ins.uadd_sat(x, y)),
            Operator::I8x16SubSatS => self.vector_binary(I8X16, |ins, x, y| ins.ssub_sat(x, y)),
            Operator::I8x16SubSatU => self.vector_binary(I8X16, |ins, x, y| ins.usub_sat(x, y)),
            Operator::I8x16AvgrU => self.vector_binary(I8X16, |ins, x, y| ins.avg_round(x, y)),
            Operator::I16x8Abs => self.vector_unary(I16X8, |ins, x| ins.iabs(x)),
            Operator::I16x8Neg => self.vector_unary(I16X8, |ins, x| ins.ineg(x)),
            Operator::I16x8Add => self.vector_binary(I16X8, |ins, x, y| ins.iadd(x, y)),
            Operator::I16x8Sub => self.vector_binary(I16X8, |ins, x, y| ins.isub(x, y)),
            Operator::I16x8Mul => self.vector_binary(I16X8, |ins, x, y| ins.imul(x, y)),
            Operator::I16x8MinS => self.vector_binary(I16X8, |ins, x, y| ins.smin(x, y)),
            Operator::I16x8MinU => self.vector_binary(I16X8, |ins, x, y| ins.umin(x, y)),
            Operator::I16x8MaxS => self.vector_binary(I16X8, |ins, x, y| ins.smax(x, y)),
            Operator::I16x8MaxU => self.vector_binary(I16X8, |ins, x, y| ins.umax(x, y)),
            Operator::I16x8AddSatS => self.vector_binary(I16X8, |ins, x, y| ins.sadd_sat(x, y)),
            Operator::I16x8AddSatU => self.vector_binary(I16X8, |ins, x, y| ins.uadd_sat(x, y)),
            Operator::I16x8SubSatS => self.vector_binary(I16X8, |ins, x, y| ins.ssub_sat(x, y)),
            Operator::I16x8SubSatU => self.vector_binary(I16X8, |ins, x, y| ins.usub_sat(x, y)),
            Operator::I16x8AvgrU => self.vector_binary(I16X8, |ins, x, y| ins.avg_round(x, y)),
            Operator::I32x4Abs => self.vector_unary(I32X4, |ins, x| ins.iabs(x)),
            Operator::I32x4Neg => self.vector_unary(I32X4, |ins, x| ins.ineg(x)),
            Operator::I32x4Add => self.vector_binary(I32X4, |ins, x, y| ins.iadd(x, y)),
            Operator::I32x4Sub => self.vector_binary(I32X4, |ins, x, y| ins.isub(x, y)),
            Operator::I32x4Mul => self.vector_binary(I32X4, |ins, x, y| ins.imul(x, y)),
            Operator::I32x4MinS => self.vector_binary(I32X4, |ins, x, y| ins.smin(x, y)),
            Operator::I32x4MinU => self.vector_binary(I32X4, |ins, x, y| ins.umin(x, y)),
            Operator::I32x4MaxS => self.vector_binary(I32X4, |ins, x, y| ins.smax(x, y)),
            Operator::I32x4MaxU => self.vector_binary(I32X4, |ins, x, y| ins.umax(x, y)),
            Operator::I64x2Abs => self.vector_unary(I64X2, |ins, x| ins.iabs(x)),
            Operator::I64x2Neg => self.vector_unary(I64X2, |ins, x| ins.ineg(x)),
            Operator::I64x2Add => self.vector_binary(I64X2, |ins, x, y| ins.iadd(x, y)),
            Operator::I64x2Sub => self.vector_binary(I64X2, |ins, x, y| ins.isub(x, y)),
            Operator::I64x2Mul => self.vector_binary(I64X2, |ins, x, y| ins.imul(x, y)),
            Operator::I8x16Popcnt => self.vector_unary(I8X16, |ins, x| ins.popcnt(x)),
            Operator::I16x8RelaxedQ15mulrS if self.env.relaxed.x86 => {
                self.vector_binary(I16X8, |ins, x, y| ins.x86_pmulhrsw(x, y))
            }
            Operator::I16x8Q15MulrSatS | Operator::I16x8RelaxedQ15mulrS => {
                self.vector_binary(I16X8, |ins, x, y| ins.sqmul_round_sat(x, y))
            }
            _ => return false,
        }
        true
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "other tables list the other operators")]
    fn vector_shift(&mut self, op: &Operator<'_>) -> bool {
        match *op {
            Operator::I8x16Shl => self.shift(I8X16, |ins, x, y| ins.ishl(x, y)),
            Operator::I8x16ShrS => self.shift(I8X16, |ins, x, y| ins.sshr(x, y)),
            Operator::I8x16ShrU => self.shift(I8X16, |ins, x, y| ins.ushr(x, y)),
            Operator::I8x16AllTrue => self.all_true(I8X16),
            Operator::I8x16Bitmask => self.bitmask(I8X16),
            Operator::I16x8Shl => self.shift(I16X8, |ins, x, y| ins.ishl(x, y)),
            Operator::I16x8ShrS => self.shift(I16X8, |ins, x, y| ins.sshr(x, y)),
            Operator::I16x8ShrU => self.shift(I16X8, |ins, x, y| ins.ushr(x, y)),
            Operator::I16x8AllTrue => self.all_true(I16X8),
            Operator::I16x8Bitmask => self.bitmask(I16X8),
            Operator::I32x4Shl => self.shift(I32X4, |ins, x, y| ins.ishl(x, y)),
            Operator::I32x4ShrS => self.shift(I32X4, |ins, x, y| ins.sshr(x, y)),
            Operator::I32x4ShrU => self.shift(I32X4, |ins, x, y| ins.ushr(x, y)),
            Operator::I32x4AllTrue => self.all_true(I32X4),
            Operator::I32x4Bitmask => self.bitmask(I32X4),
            Operator::I64x2Shl => self.shift(I64X2, |ins, x, y| ins.ishl(x, y)),
            Operator::I64x2ShrS => self.shift(I64X2, |ins, x, y| ins.sshr(x, y)),
            Operator::I64x2ShrU => self.shift(I64X2, |ins, x, y| ins.ushr(x, y)),
            Operator::I64x2AllTrue => self.all_true(I64X2),
            Operator::I64x2Bitmask => self.bitmask(I64X2),
            _ => return false,
        }
        true
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "other tables list the other operators")]
    fn vector_float(&mut self, op: &Operator<'_>) -> bool {
        match *op {
            Operator::F32x4Ceil => self.vector_unary(F32X4, |ins, x| ins.ceil(x)),
            Operator::F32x4Floor => self.vector_unary(F32X4, |ins, x| ins.floor(x)),
            Operator::F32x4Trunc => self.vector_unary(F32X4, |ins, x| ins.trunc(x)),
            Operator::F32x4Nearest => self.vector_unary(F32X4, |ins, x| ins.nearest(x)),
            Operator::F32x4Abs => self.vector_unary(F32X4, |ins, x| ins.fabs(x)),
            Operator::F32x4Neg => self.vector_unary(F32X4, |ins, x| ins.fneg(x)),
            Operator::F32x4Sqrt => self.vector_unary(F32X4, |ins, x| ins.sqrt(x)),
            Operator::F32x4Add => self.vector_binary(F32X4, |ins, x, y| ins.fadd(x, y)),
            Operator::F32x4Sub => self.vector_binary(F32X4, |ins, x, y| ins.fsub(x, y)),
            Operator::F32x4Mul => self.vector_binary(F32X4, |ins, x, y| ins.fmul(x, y)),
            Operator::F32x4Div => self.vector_binary(F32X4, |ins, x, y| ins.fdiv(x, y)),
            Operator::F32x4Min | Operator::F32x4RelaxedMin => {
                self.vector_binary(F32X4, |ins, x, y| ins.fmin(x, y))
            }
            Operator::F32x4Max | Operator::F32x4RelaxedMax => {
                self.vector_binary(F32X4, |ins, x, y| ins.fmax(x, y))
            }
            Operator::F32x4PMin => self.pseudo_minimum(F32X4),
            Operator::F32x4PMax => self.pseudo_maximum(F32X4),
            Operator::F32x4RelaxedMadd => self.multiply_add(F32X4, false),
            Operator::F32x4RelaxedNmadd => self.multiply_add(F32X4, true),
            Operator::F64x2Ceil => self.vector_unary(F64X2, |ins, x| ins.ceil(x)),
            Operator::F64x2Floor => self.vector_unary(F64X2, |ins, x| ins.floor(x)),
            Operator::F64x2Trunc => self.vector_unary(F64X2, |ins, x| ins.trunc(x)),
            Operator::F64x2Nearest => self.vector_unary(F64X2, |ins, x| ins.nearest(x)),
            Operator::F64x2Abs => self.vector_unary(F64X2, |ins, x| ins.fabs(x)),
            Operator::F64x2Neg => self.vector_unary(F64X2, |ins, x| ins.fneg(x)),
            Operator::F64x2Sqrt => self.vector_unary(F64X2, |ins, x| ins.sqrt(x)),
            Operator::F64x2Add => self.vector_binary(F64X2, |ins, x, y| ins.fadd(x, y)),
            Operator::F64x2Sub => self.vector_binary(F64X2, |ins, x, y| ins.fsub(x, y)),
            Operator::F64x2Mul => self.vector_binary(F64X2, |ins, x, y| ins.fmul(x, y)),
            Operator::F64x2Div => self.vector_binary(F64X2, |ins, x, y| ins.fdiv(x, y)),
            Operator::F64x2Min | Operator::F64x2RelaxedMin => {
                self.vector_binary(F64X2, |ins, x, y| ins.fmin(x, y))
            }
            Operator::F64x2Max | Operator::F64x2RelaxedMax => {
                self.vector_binary(F64X2, |ins, x, y| ins.fmax(x, y))
            }
            Operator::F64x2PMin => self.pseudo_minimum(F64X2),
            Operator::F64x2PMax => self.pseudo_maximum(F64X2),
            Operator::F64x2RelaxedMadd => self.multiply_add(F64X2, false),
            Operator::F64x2RelaxedNmadd => self.multiply_add(F64X2, true),
            _ => return false,
        }
        true
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "other tables list the other operators")]
    fn vector_bits(&mut self, op: &Operator<'_>) -> bool {
        match *op {
            Operator::V128Not => self.vector_unary(I8X16, |ins, x| ins.bnot(x)),
            Operator::V128And => self.vector_binary(I8X16, |ins, x, y| ins.band(x, y)),
            Operator::V128AndNot => self.vector_binary(I8X16, |ins, x, y| ins.band_not(x, y)),
            Operator::V128Or => self.vector_binary(I8X16, |ins, x, y| ins.bor(x, y)),
            Operator::V128Xor => self.vector_binary(I8X16, |ins, x, y| ins.bxor(x, y)),
            Operator::V128Bitselect
            | Operator::I8x16RelaxedLaneselect
            | Operator::I16x8RelaxedLaneselect
            | Operator::I32x4RelaxedLaneselect
            | Operator::I64x2RelaxedLaneselect => self.bitselect(),
            Operator::V128AnyTrue => self.any_true(),
            _ => return false,
        }
        true
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "other tables list the other operators")]
    fn vector_widening(&mut self, op: &Operator<'_>) -> bool {
        match *op {
            Operator::I16x8ExtendLowI8x16S => self.vector_unary(I8X16, |ins, x| ins.swiden_low(x)),
            Operator::I16x8ExtMulLowI8x16S => self.extended_multiply(I8X16, |ins, x| ins.swiden_low(x)),
            Operator::I16x8ExtendLowI8x16U => self.vector_unary(I8X16, |ins, x| ins.uwiden_low(x)),
            Operator::I16x8ExtMulLowI8x16U => self.extended_multiply(I8X16, |ins, x| ins.uwiden_low(x)),
            Operator::I16x8ExtendHighI8x16S => self.vector_unary(I8X16, |ins, x| ins.swiden_high(x)),
            Operator::I16x8ExtMulHighI8x16S => self.extended_multiply(I8X16, |ins, x| ins.swiden_high(x)),
            Operator::I16x8ExtendHighI8x16U => self.vector_unary(I8X16, |ins, x| ins.uwiden_high(x)),
            Operator::I16x8ExtMulHighI8x16U => self.extended_multiply(I8X16, |ins, x| ins.uwiden_high(x)),
            Operator::I16x8ExtAddPairwiseI8x16S => {
                self.add_pairs(I8X16, |ins, x| ins.swiden_low(x), |ins, x| ins.swiden_high(x))
            }
            Operator::I16x8ExtAddPairwiseI8x16U => {
                self.add_pairs(I8X16, |ins, x| ins.uwiden_low(x), |ins, x| ins.uwiden_high(x))
            }
            Operator::I32x4ExtendLowI16x8S => self.vector_unary(I16X8, |ins, x| ins.swiden_low(x)),
            Operator::I32x4ExtMulLowI16x8S => self.extended_multiply(I16X8, |ins, x| ins.swiden_low(x)),
            Operator::I32x4ExtendLowI16x8U => self.vector_unary(I16X8, |ins, x| ins.uwiden_low(x)),
            Operator::I32x4ExtMulLowI16x8U => self.extended_multiply(I16X8, |ins, x| ins.uwiden_low(x)),
            Operator::I32x4ExtendHighI16x8S => self.vector_unary(I16X8, |ins, x| ins.swiden_high(x)),
            Operator::I32x4ExtMulHighI16x8S => self.extended_multiply(I16X8, |ins, x| ins.swiden_high(x)),
            Operator::I32x4ExtendHighI16x8U => self.vector_unary(I16X8, |ins, x| ins.uwiden_high(x)),
            Operator::I32x4ExtMulHighI16x8U => self.extended_multiply(I16X8, |ins, x| ins.uwiden_high(x)),
            Operator::I32x4ExtAddPairwiseI16x8S => {
                self.add_pairs(I16X8, |ins, x| ins.swiden_low(x), |ins, x| ins.swiden_high(x))
            }
            Operator::I32x4ExtAddPairwiseI16x8U => {
                self.add_pairs(I16X8, |ins, x| ins.uwiden_low(x), |ins, x| ins.uwiden_high(x))
            }
            Operator::I64x2ExtendLowI32x4S => self.vector_unary(I32X4, |ins, x| ins.swiden_low(x)),
            Operator::I64x2ExtMulLowI32x4S => self.extended_multiply(I32X4, |ins, x| ins.swiden_low(x)),
            Operator::I64x2ExtendLowI32x4U => self.vector_unary(I32X4, |ins, x| ins.uwiden_low(x)),
            Operator::I64x2ExtMulLowI32x4U => self.extended_multiply(I32X4, |ins, x| ins.uwiden_low(x)),
            Operator::I64x2ExtendHighI32x4S => self.vector_unary(I32X4, |ins, x| ins.swiden_high(x)),
            Operator::I64x2ExtMulHighI32x4S => self.extended_multiply(I32X4, |ins, x| ins.swiden_high(x)),
            Operator::I64x2ExtendHighI32x4U => self.vector_unary(I32X4, |ins, x| ins.uwiden_high(x)),
            Operator::I64x2ExtMulHighI32x4U => self.extended_multiply(I32X4, |ins, x| ins.uwiden_high(x)),
            Operator::I32x4DotI16x8S => self.dot(I16X8),
            Operator::I16x8RelaxedDotI8x16I7x16S => self.dot(I8X16),
            Operator::I32x4RelaxedDotI8x16I7x16AddS => self.dot_add(),
            _ => return false,
        }
        true
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "other tables list the other operators")]
    fn vector_conversion(&mut self, op: &Operator<'_>) -> bool {
        match *op {
            Operator::I8x16NarrowI16x8S => self.vector_binary(I16X8, |ins, x, y| ins.snarrow(x, y)),
            Operator::I8x16NarrowI16x8U => self.vector_binary(I16X8, |ins, x, y| ins.unarrow(x, y)),
            Operator::I16x8NarrowI32x4S => self.vector_binary(I32X4, |ins, x, y| ins.snarrow(x, y)),
            Operator::I16x8NarrowI32x4U => self.vector_binary(I32X4, |ins, x, y| ins.unarrow(x, y)),
            Operator::I32x4TruncSatF32x4S | Operator::I32x4RelaxedTruncF32x4S => {
                self.vector_unary(F32X4, |ins, x| ins.fcvt_to_sint_sat(I32X4, x))
            }
            Operator::I32x4TruncSatF32x4U | Operator::I32x4RelaxedTruncF32x4U => {
                self.vector_unary(F32X4, |ins, x| ins.fcvt_to_uint_sat(I32X4, x))
            }
            Operator::I32x4TruncSatF64x2SZero | Operator::I32x4RelaxedTruncF64x2SZero => {
                self.truncate_pair(|ins, x| ins.fcvt_to_sint_sat(I64X2, x), |ins, x, y| ins.snarrow(x, y))
            }
            Operator::I32x4TruncSatF64x2UZero | Operator::I32x4RelaxedTruncF64x2UZero => {
                self.truncate_pair(|ins, x| ins.fcvt_to_uint_sat(I64X2, x), |ins, x, y| ins.uunarrow(x, y))
            }
            Operator::F32x4ConvertI32x4S => self.vector_unary(I32X4, |ins, x| ins.fcvt_from_sint(F32X4, x)),
            Operator::F32x4ConvertI32x4U => self.vector_unary(I32X4, |ins, x| ins.fcvt_from_uint(F32X4, x)),
            Operator::F64x2ConvertLowI32x4S => {
                self.convert_low(|ins, x| ins.swiden_low(x), |ins, x| ins.fcvt_from_sint(F64X2, x))
            }
            Operator::F64x2ConvertLowI32x4U => {
                self.convert_low(|ins, x| ins.uwiden_low(x), |ins, x| ins.fcvt_from_uint(F64X2, x))
            }
            Operator::F32x4DemoteF64x2Zero => self.vector_unary(F64X2, |ins, x| ins.fvdemote(x)),
            Operator::F64x2PromoteLowF32x4 => self.vector_unary(F32X4, |ins, x| ins.fvpromote_low(x)),
            _ => return false,
        }
        true
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "other tables list the other operators")]
    fn vector_lanes(&mut self, op: &Operator<'_>) -> bool {
        match *op {
            Operator::V128Const { value } => self.vector_const(value),
            Operator::I8x16Shuffle { lanes } => self.shuffle(lanes),
            Operator::I8x16RelaxedSwizzle if self.env.relaxed.x86 => {
                self.vector_binary(I8X16, |ins, x, y| ins.x86_pshufb(x, y))
            }
            Operator::I8x16Swizzle | Operator::I8x16RelaxedSwizzle => {
                self.vector_binary(I8X16, |ins, x, y| ins.swizzle(x, y))
            }
            Operator::I8x16Splat => self.splat(I8X16),
            Operator::I16x8Splat => self.splat(I16X8),
            Operator::I32x4Splat => self.splat(I32X4),
            Operator::I64x2Splat => self.splat(I64X2),
            Operator::F32x4Splat => self.splat(F32X4),
            Operator::F64x2Splat => self.splat(F64X2),
            Operator::I8x16ExtractLaneS { lane } => {
                self.extract_narrow(I8X16, lane, |ins, x| ins.sextend(I32, x))
            }
            Operator::I8x16ExtractLaneU { lane } => {
                self.extract_narrow(I8X16, lane, |ins, x| ins.uextend(I32, x))
            }
            Operator::I16x8ExtractLaneS { lane } => {
                self.extract_narrow(I16X8, lane, |ins, x| ins.sextend(I32, x))
            }
            Operator::I16x8ExtractLaneU { lane } => {
                self.extract_narrow(I16X8, lane, |ins, x| ins.uextend(I32, x))
            }
            Operator::I32x4ExtractLane { lane } => self.extract_lane(I32X4, lane),
            Operator::I64x2ExtractLane { lane } => self.extract_lane(I64X2, lane),
            Operator::F32x4ExtractLane { lane } => self.extract_lane(F32X4, lane),
            Operator::F64x2ExtractLane { lane } => self.extract_lane(F64X2, lane),
            Operator::I8x16ReplaceLane { lane } => self.replace_lane(I8X16, lane),
            Operator::I16x8ReplaceLane { lane } => self.replace_lane(I16X8, lane),
            Operator::I32x4ReplaceLane { lane } => self.replace_lane(I32X4, lane),
            Operator::I64x2ReplaceLane { lane } => self.replace_lane(I64X2, lane),
            Operator::F32x4ReplaceLane { lane } => self.replace_lane(F32X4, lane),
            Operator::F64x2ReplaceLane { lane } => self.replace_lane(F64X2, lane),
            _ => return false,
        }
        true
    }
}
