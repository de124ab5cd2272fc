//! What vector instructions emit. Follows the core specification, "Vector Instructions".
//!
//! On the translator's stack every vector has the type `I8X16`; an operation looks at it as it
//! needs.

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{F64X2, I8, I8X16, I16, I16X8, I32, I32X4, I64X2};
use cranelift_codegen::ir::{Endianness, InstBuilder, MemFlagsData, Type, Value};
use wasmparser::V128;

use super::super::Translator;
use super::super::numeric::{Binary, Unary};

impl Translator<'_, '_> {
    fn as_vector(&mut self, value: Value, ty: Type) -> Value {
        if self.builder.func.dfg.value_type(value) == ty {
            return value;
        }
        let flags = MemFlagsData::new().with_endianness(Endianness::Little);
        self.builder.ins().bitcast(ty, flags, value)
    }

    pub(super) fn pop_vector(&mut self, ty: Type) -> Value {
        let value = self.pop();
        self.as_vector(value, ty)
    }

    fn pop_two(&mut self, ty: Type) -> (Value, Value) {
        let [x, y] = self.pop_n();
        (self.as_vector(x, ty), self.as_vector(y, ty))
    }

    pub(super) fn push_vector(&mut self, value: Value) {
        let value = self.as_vector(value, I8X16);
        self.push(value);
    }

    pub(super) fn vector_unary(&mut self, ty: Type, emit: Unary) {
        let x = self.pop_vector(ty);
        let result = emit(self.builder.ins(), x);
        self.push_vector(result);
    }

    pub(super) fn vector_binary(&mut self, ty: Type, emit: Binary) {
        let (x, y) = self.pop_two(ty);
        let result = emit(self.builder.ins(), x, y);
        self.push_vector(result);
    }

    pub(super) fn compare_lanes(&mut self, ty: Type, condition: IntCC) {
        let (x, y) = self.pop_two(ty);
        let result = self.builder.ins().icmp(condition, x, y);
        self.push_vector(result);
    }

    pub(super) fn compare_float_lanes(&mut self, ty: Type, condition: FloatCC) {
        let (x, y) = self.pop_two(ty);
        let result = self.builder.ins().fcmp(condition, x, y);
        self.push_vector(result);
    }

    /// Shifts all lanes by the same amount, which counts modulo the lanes' width.
    pub(super) fn shift(&mut self, ty: Type, emit: Binary) {
        let amount = self.pop();
        let x = self.pop_vector(ty);
        let result = emit(self.builder.ins(), x, amount);
        self.push_vector(result);
    }

    pub(super) fn all_true(&mut self, ty: Type) {
        let x = self.pop_vector(ty);
        let all = self.builder.ins().vall_true(x);
        self.push_bool(all);
    }

    pub(super) fn any_true(&mut self) {
        let x = self.pop();
        let any = self.builder.ins().vany_true(x);
        self.push_bool(any);
    }

    pub(super) fn bitmask(&mut self, ty: Type) {
        let x = self.pop_vector(ty);
        let mask = self.builder.ins().vhigh_bits(I32, x);
        self.push(mask);
    }

    pub(super) fn bitselect(&mut self) {
        let [x, y, mask] = self.pop_n();
        let result = self.builder.ins().bitselect(mask, x, y);
        self.push_vector(result);
    }

    pub(super) fn pseudo_minimum(&mut self, ty: Type) {
        let (x, y) = self.pop_two(ty);
        let mask = self.builder.ins().fcmp(FloatCC::LessThan, y, x);
        self.choose(mask, y, x);
    }

    pub(super) fn pseudo_maximum(&mut self, ty: Type) {
        let (x, y) = self.pop_two(ty);
        let mask = self.builder.ins().fcmp(FloatCC::LessThan, x, y);
        self.choose(mask, y, x);
    }

    fn choose(&mut self, mask: Value, x: Value, y: Value) {
        let ty = self.builder.func.dfg.value_type(x);
        let mask = self.as_vector(mask, ty);
        let result = self.builder.ins().bitselect(mask, x, y);
        self.push_vector(result);
    }

    /// Multiplies and adds, rounding twice.
    pub(super) fn multiply_add(&mut self, ty: Type, negate: bool) {
        let addend = self.pop_vector(ty);
        let (x, y) = self.pop_two(ty);
        let x = if negate { self.builder.ins().fneg(x) } else { x };
        let result = if self.env.relaxed.fused {
            self.builder.ins().fma(x, y, addend)
        } else {
            let product = self.builder.ins().fmul(x, y);
            self.builder.ins().fadd(product, addend)
        };
        self.push_vector(result);
    }

    pub(super) fn extended_multiply(&mut self, ty: Type, widen: Unary) {
        let (x, y) = self.pop_two(ty);
        let x = widen(self.builder.ins(), x);
        let y = widen(self.builder.ins(), y);
        let result = self.builder.ins().imul(x, y);
        self.push_vector(result);
    }

    pub(super) fn add_pairs(&mut self, ty: Type, widen_low: Unary, widen_high: Unary) {
        let x = self.pop_vector(ty);
        let low = widen_low(self.builder.ins(), x);
        let high = widen_high(self.builder.ins(), x);
        let result = self.builder.ins().iadd_pairwise(low, high);
        self.push_vector(result);
    }

    /// Multiplies signed lanes of type `ty` and adds neighbours.
    pub(super) fn dot(&mut self, ty: Type) {
        let (x, y) = self.pop_two(ty);
        let (x_low, y_low) = (self.builder.ins().swiden_low(x), self.builder.ins().swiden_low(y));
        let (x_high, y_high) = (self.builder.ins().swiden_high(x), self.builder.ins().swiden_high(y));
        let low = self.builder.ins().imul(x_low, y_low);
        let high = self.builder.ins().imul(x_high, y_high);
        let result = self.builder.ins().iadd_pairwise(low, high);
        self.push_vector(result);
    }

    pub(super) fn dot_add(&mut self) {
        let addend = self.pop_vector(I32X4);
        self.dot(I8X16);
        self.add_pairs(I16X8, |ins, x| ins.swiden_low(x), |ins, x| ins.swiden_high(x));
        let sums = self.pop_vector(I32X4);
        let result = self.builder.ins().iadd(sums, addend);
        self.push_vector(result);
    }

    /// Converts two doubles to the lower lanes; the upper ones are zero.
    pub(super) fn truncate_pair(&mut self, convert: Unary, narrow: Binary) {
        let x = self.pop_vector(F64X2);
        let wide = convert(self.builder.ins(), x);
        let zero = self.zero_vector(I64X2);
        let result = narrow(self.builder.ins(), wide, zero);
        self.push_vector(result);
    }

    pub(super) fn convert_low(&mut self, widen: Unary, convert: Unary) {
        let x = self.pop_vector(I32X4);
        let wide = widen(self.builder.ins(), x);
        let result = convert(self.builder.ins(), wide);
        self.push_vector(result);
    }

    /// Returns the vector of type `ty` with all bits zero.
    pub(in crate::translate) fn zero_vector(&mut self, ty: Type) -> Value {
        let zero = self.builder.func.dfg.constants.insert(vec![0; 16].into());
        self.builder.ins().vconst(ty, zero)
    }

    pub(super) fn vector_const(&mut self, value: V128) {
        let bytes = self.builder.func.dfg.constants.insert(value.bytes().to_vec().into());
        let value = self.builder.ins().vconst(I8X16, bytes);
        self.push(value);
    }

    pub(super) fn shuffle(&mut self, lanes: [u8; 16]) {
        let [x, y] = self.pop_n();
        let mask = self.builder.func.dfg.immediates.push(lanes.to_vec().into());
        let result = self.builder.ins().shuffle(x, y, mask);
        self.push(result);
    }

    /// Pops a value for a lane of vectors of type `ty`.
    fn pop_lane(&mut self, ty: Type) -> Value {
        let value = self.pop();
        match ty.lane_type() {
            narrow @ (I8 | I16) => self.builder.ins().ireduce(narrow, value),
            _ => value,
        }
    }

    pub(super) fn splat(&mut self, ty: Type) {
        let lane = self.pop_lane(ty);
        let result = self.builder.ins().splat(ty, lane);
        self.push_vector(result);
    }

    pub(super) fn extract_lane(&mut self, ty: Type, lane: u8) {
        let x = self.pop_vector(ty);
        let result = self.builder.ins().extractlane(x, lane);
        self.push(result);
    }

    pub(super) fn extract_narrow(&mut self, ty: Type, lane: u8, widen: Unary) {
        let x = self.pop_vector(ty);
        let narrow = self.builder.ins().extractlane(x, lane);
        let result = widen(self.builder.ins(), narrow);
        self.push(result);
    }

    pub(super) fn replace_lane(&mut self, ty: Type, lane: u8) {
        let value = self.pop_lane(ty);
        let x = self.pop_vector(ty);
        let result = self.builder.ins().insertlane(x, value, lane);
        self.push_vector(result);
    }
}
