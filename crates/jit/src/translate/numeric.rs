//! Numeric instructions: each is one Cranelift instruction, or few.
//! Follows the core specification, "Numeric Instructions".

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Type, Value, types};
use cranelift_frontend::FuncInstBuilder;
use wasmparser::Operator;

use super::Translator;

/// Emits one instruction on operands.
pub(super) type Unary = for<'s, 'f> fn(FuncInstBuilder<'s, 'f>, Value) -> Value;
pub(super) type Binary = for<'s, 'f> fn(FuncInstBuilder<'s, 'f>, Value, Value) -> Value;

impl Translator<'_, '_> {
    /// Translates a numeric operator; returns whether it was one.
    pub(super) fn numeric(&mut self, op: &Operator<'_>) -> bool {
        self.constant(op)
            || self.comparison(op)
            || self.integer(op)
            || self.float(op)
            || self.conversion(op)
            || self.wide(op)
    }

    fn unary(&mut self, emit: Unary) {
        let operand = self.pop();
        let result = emit(self.builder.ins(), operand);
        self.push(result);
    }

    fn binary(&mut self, emit: Binary) {
        let [left, right] = self.pop_n();
        let result = emit(self.builder.ins(), left, right);
        self.push(result);
    }

    fn compare(&mut self, condition: IntCC) {
        let [left, right] = self.pop_n();
        let result = self.builder.ins().icmp(condition, left, right);
        self.push_bool(result);
    }

    fn compare_float(&mut self, condition: FloatCC) {
        let [left, right] = self.pop_n();
        let result = self.builder.ins().fcmp(condition, left, right);
        self.push_bool(result);
    }

    fn equals_zero(&mut self) {
        let operand = self.pop();
        let result = self.builder.ins().icmp_imm_s(IntCC::Equal, operand, 0);
        self.push_bool(result);
    }

    pub(super) fn push_bool(&mut self, bool: Value) {
        let word = self.builder.ins().uextend(types::I32, bool);
        self.push(word);
    }

    /// Sign-extends the lower bits, of type `narrow`, to `ty`.
    fn sign_extend(&mut self, narrow: Type, ty: Type) {
        let operand = self.pop();
        let low = self.builder.ins().ireduce(narrow, operand);
        let result = self.builder.ins().sextend(ty, low);
        self.push(result);
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "other tables list the other operators")]
    fn constant(&mut self, op: &Operator<'_>) -> bool {
        let ins = self.builder.ins();
        let value = match *op {
            Operator::I32Const { value } => ins.iconst(types::I32, i64::from(value)),
            Operator::I64Const { value } => ins.iconst(types::I64, value),
            Operator::F32Const { value } => ins.f32const(f32::from_bits(value.bits())),
            Operator::F64Const { value } => ins.f64const(f64::from_bits(value.bits())),
            _ => return false,
        };
        self.push(value);
        true
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "other tables list the other operators")]
    fn comparison(&mut self, op: &Operator<'_>) -> bool {
        match op {
            Operator::I32Eqz | Operator::I64Eqz => self.equals_zero(),
            Operator::I32Eq | Operator::I64Eq => self.compare(IntCC::Equal),
            Operator::I32Ne | Operator::I64Ne => self.compare(IntCC::NotEqual),
            Operator::I32LtS | Operator::I64LtS => self.compare(IntCC::SignedLessThan),
            Operator::I32LtU | Operator::I64LtU => self.compare(IntCC::UnsignedLessThan),
            Operator::I32GtS | Operator::I64GtS => self.compare(IntCC::SignedGreaterThan),
            Operator::I32GtU | Operator::I64GtU => self.compare(IntCC::UnsignedGreaterThan),
            Operator::I32LeS | Operator::I64LeS => self.compare(IntCC::SignedLessThanOrEqual),
            Operator::I32LeU | Operator::I64LeU => self.compare(IntCC::UnsignedLessThanOrEqual),
            Operator::I32GeS | Operator::I64GeS => self.compare(IntCC::SignedGreaterThanOrEqual),
            Operator::I32GeU | Operator::I64GeU => self.compare(IntCC::UnsignedGreaterThanOrEqual),
            Operator::F32Eq | Operator::F64Eq => self.compare_float(FloatCC::Equal),
            Operator::F32Ne | Operator::F64Ne => self.compare_float(FloatCC::NotEqual),
            Operator::F32Lt | Operator::F64Lt => self.compare_float(FloatCC::LessThan),
            Operator::F32Gt | Operator::F64Gt => self.compare_float(FloatCC::GreaterThan),
            Operator::F32Le | Operator::F64Le => self.compare_float(FloatCC::LessThanOrEqual),
            Operator::F32Ge | Operator::F64Ge => self.compare_float(FloatCC::GreaterThanOrEqual),
            _ => return false,
        }
        true
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "other tables list the other operators")]
    fn integer(&mut self, op: &Operator<'_>) -> bool {
        match op {
            Operator::I32Clz | Operator::I64Clz => self.unary(|ins, x| ins.clz(x)),
            Operator::I32Ctz | Operator::I64Ctz => self.unary(|ins, x| ins.ctz(x)),
            Operator::I32Popcnt | Operator::I64Popcnt => self.unary(|ins, x| ins.popcnt(x)),
            Operator::I32Add | Operator::I64Add => self.binary(|ins, x, y| ins.iadd(x, y)),
            Operator::I32Sub | Operator::I64Sub => self.binary(|ins, x, y| ins.isub(x, y)),
            Operator::I32Mul | Operator::I64Mul => self.binary(|ins, x, y| ins.imul(x, y)),
            Operator::I32DivS | Operator::I64DivS => self.binary(|ins, x, y| ins.sdiv(x, y)),
            Operator::I32DivU | Operator::I64DivU => self.binary(|ins, x, y| ins.udiv(x, y)),
            Operator::I32RemS | Operator::I64RemS => self.binary(|ins, x, y| ins.srem(x, y)),
            Operator::I32RemU | Operator::I64RemU => self.binary(|ins, x, y| ins.urem(x, y)),
            Operator::I32And | Operator::I64And => self.binary(|ins, x, y| ins.band(x, y)),
            Operator::I32Or | Operator::I64Or => self.binary(|ins, x, y| ins.bor(x, y)),
            Operator::I32Xor | Operator::I64Xor => self.binary(|ins, x, y| ins.bxor(x, y)),
            Operator::I32Shl | Operator::I64Shl => self.binary(|ins, x, y| ins.ishl(x, y)),
            Operator::I32ShrS | Operator::I64ShrS => self.binary(|ins, x, y| ins.sshr(x, y)),
            Operator::I32ShrU | Operator::I64ShrU => self.binary(|ins, x, y| ins.ushr(x, y)),
            Operator::I32Rotl | Operator::I64Rotl => self.binary(|ins, x, y| ins.rotl(x, y)),
            Operator::I32Rotr | Operator::I64Rotr => self.binary(|ins, x, y| ins.rotr(x, y)),
            Operator::I32Extend8S => self.sign_extend(types::I8, types::I32),
            Operator::I32Extend16S => self.sign_extend(types::I16, types::I32),
            Operator::I64Extend8S => self.sign_extend(types::I8, types::I64),
            Operator::I64Extend16S => self.sign_extend(types::I16, types::I64),
            Operator::I64Extend32S => self.sign_extend(types::I32, types::I64),
            _ => return false,
        }
        true
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "other tables list the other operators")]
    fn wide(&mut self, op: &Operator<'_>) -> bool {
        match op {
            Operator::I64Add128 => self.binary_128(|ins, x, y| ins.iadd(x, y)),
            Operator::I64Sub128 => self.binary_128(|ins, x, y| ins.isub(x, y)),
            Operator::I64MulWideS => self.multiply_wide(|ins, x, y| ins.smulhi(x, y)),
            Operator::I64MulWideU => self.multiply_wide(|ins, x, y| ins.umulhi(x, y)),
            _ => return false,
        }
        true
    }

    /// Operates on 128-bit integers, each given as its lower and its upper half.
    fn binary_128(&mut self, emit: Binary) {
        let [x_low, x_high, y_low, y_high] = self.pop_n();
        let x = self.builder.ins().iconcat(x_low, x_high);
        let y = self.builder.ins().iconcat(y_low, y_high);
        let result = emit(self.builder.ins(), x, y);
        let (low, high) = self.builder.ins().isplit(result);
        self.stack.extend([low, high]);
    }

    fn multiply_wide(&mut self, upper_half: Binary) {
        let [x, y] = self.pop_n();
        let low = self.builder.ins().imul(x, y);
        let high = upper_half(self.builder.ins(), x, y);
        self.stack.extend([low, high]);
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "other tables list the other operators")]
    fn float(&mut self, op: &Operator<'_>) -> bool {
        match op {
            Operator::F32Abs | Operator::F64Abs => self.unary(|ins, x| ins.fabs(x)),
            Operator::F32Neg | Operator::F64Neg => self.unary(|ins, x| ins.fneg(x)),
            Operator::F32Ceil | Operator::F64Ceil => self.unary(|ins, x| ins.ceil(x)),
            Operator::F32Floor | Operator::F64Floor => self.unary(|ins, x| ins.floor(x)),
            Operator::F32Trunc | Operator::F64Trunc => self.unary(|ins, x| ins.trunc(x)),
            Operator::F32Nearest | Operator::F64Nearest => self.unary(|ins, x| ins.nearest(x)),
            Operator::F32Sqrt | Operator::F64Sqrt => self.unary(|ins, x| ins.sqrt(x)),
            Operator::F32Add | Operator::F64Add => self.binary(|ins, x, y| ins.fadd(x, y)),
            Operator::F32Sub | Operator::F64Sub => self.binary(|ins, x, y| ins.fsub(x, y)),
            Operator::F32Mul | Operator::F64Mul => self.binary(|ins, x, y| ins.fmul(x, y)),
            Operator::F32Div | Operator::F64Div => self.binary(|ins, x, y| ins.fdiv(x, y)),
            Operator::F32Min | Operator::F64Min => self.binary(|ins, x, y| ins.fmin(x, y)),
            Operator::F32Max | Operator::F64Max => self.binary(|ins, x, y| ins.fmax(x, y)),
            Operator::F32Copysign | Operator::F64Copysign => self.binary(|ins, x, y| ins.fcopysign(x, y)),
            _ => return false,
        }
        true
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "other tables list the other operators")]
    fn conversion(&mut self, op: &Operator<'_>) -> bool {
        match op {
            Operator::I32WrapI64 => self.unary(|ins, x| ins.ireduce(types::I32, x)),
            Operator::I64ExtendI32S => self.unary(|ins, x| ins.sextend(types::I64, x)),
            Operator::I64ExtendI32U => self.unary(|ins, x| ins.uextend(types::I64, x)),
            Operator::I32TruncF32S | Operator::I32TruncF64S => {
                self.unary(|ins, x| ins.fcvt_to_sint(types::I32, x))
            }
            Operator::I32TruncSatF32S | Operator::I32TruncSatF64S => {
                self.unary(|ins, x| ins.fcvt_to_sint_sat(types::I32, x))
            }
            Operator::I32TruncF32U | Operator::I32TruncF64U => {
                self.unary(|ins, x| ins.fcvt_to_uint(types::I32, x))
            }
            Operator::I32TruncSatF32U | Operator::I32TruncSatF64U => {
                self.unary(|ins, x| ins.fcvt_to_uint_sat(types::I32, x))
            }
            Operator::I64TruncF32S | Operator::I64TruncF64S => {
                self.unary(|ins, x| ins.fcvt_to_sint(types::I64, x))
            }
            Operator::I64TruncSatF32S | Operator::I64TruncSatF64S => {
                self.unary(|ins, x| ins.fcvt_to_sint_sat(types::I64, x))
            }
            Operator::I64TruncF32U | Operator::I64TruncF64U => {
                self.unary(|ins, x| ins.fcvt_to_uint(types::I64, x))
            }
            Operator::I64TruncSatF32U | Operator::I64TruncSatF64U => {
                self.unary(|ins, x| ins.fcvt_to_uint_sat(types::I64, x))
            }
            Operator::F32ConvertI32S | Operator::F32ConvertI64S => {
                self.unary(|ins, x| ins.fcvt_from_sint(types::F32, x))
            }
            Operator::F32ConvertI32U | Operator::F32ConvertI64U => {
                self.unary(|ins, x| ins.fcvt_from_uint(types::F32, x))
            }
            Operator::F64ConvertI32S | Operator::F64ConvertI64S => {
                self.unary(|ins, x| ins.fcvt_from_sint(types::F64, x))
            }
            Operator::F64ConvertI32U | Operator::F64ConvertI64U => {
                self.unary(|ins, x| ins.fcvt_from_uint(types::F64, x))
            }
            Operator::F32DemoteF64 => self.unary(|ins, x| ins.fdemote(types::F32, x)),
            Operator::F64PromoteF32 => self.unary(|ins, x| ins.fpromote(types::F64, x)),
            Operator::I32ReinterpretF32 => {
                self.unary(|ins, x| ins.bitcast(types::I32, MemFlagsData::new(), x))
            }
            Operator::I64ReinterpretF64 => {
                self.unary(|ins, x| ins.bitcast(types::I64, MemFlagsData::new(), x))
            }
            Operator::F32ReinterpretI32 => {
                self.unary(|ins, x| ins.bitcast(types::F32, MemFlagsData::new(), x))
            }
            Operator::F64ReinterpretI64 => {
                self.unary(|ins, x| ins.bitcast(types::F64, MemFlagsData::new(), x))
            }
            _ => return false,
        }
        true
    }
}
