//! The table of instructions: what translates which operator.
//! Follows the core specification, "Instructions".

use cranelift_codegen::ir::{InstBuilder, Value, types};
use wasmparser::Operator;

use crate::error::{Error, Result};
use crate::module::decode;
use crate::module::index::{
    DataIndex, ElemIndex, FuncIndex, GlobalIndex, MemoryIndex, TableIndex, TagIndex, TypeIndex,
};
use crate::vm::trap_code as code;

use super::access::Width;
use super::call::CallKind;
use super::{Translator, WORD};

impl Translator<'_, '_> {
    /// Translates a validated operator.
    ///
    /// # Errors
    ///
    /// Fails on what is not compiled yet.
    pub(super) fn operator(&mut self, op: &Operator<'_>) -> Result<()> {
        if !self.reachable {
            return self.unreached_operator(op);
        }
        self.charge(op);
        if self.variable(op) || self.numeric(op) || self.table(op) {
            return Ok(());
        }
        if self.memory(op)? || self.vector(op) || self.vector_memory(op)? {
            return Ok(());
        }
        if self.call_operator(op) || self.atomic(op)? {
            return Ok(());
        }
        self.control(op)
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "other tables list the other operators")]
    fn call_operator(&mut self, op: &Operator<'_>) -> bool {
        use CallKind::{Plain, Tail};
        match *op {
            Operator::Call { function_index } => self.call(FuncIndex(function_index), Plain),
            Operator::ReturnCall { function_index } => self.call(FuncIndex(function_index), Tail),
            Operator::CallIndirect { type_index, table_index } => {
                self.call_indirect(TypeIndex(type_index), TableIndex(table_index), Plain);
            }
            Operator::ReturnCallIndirect { type_index, table_index } => {
                self.call_indirect(TypeIndex(type_index), TableIndex(table_index), Tail);
            }
            Operator::CallRef { type_index } => self.call_ref(TypeIndex(type_index), Plain),
            Operator::ReturnCallRef { type_index } => self.call_ref(TypeIndex(type_index), Tail),
            Operator::RefAsNonNull => self.ref_as_non_null(),
            Operator::BrOnNull { relative_depth } => self.br_on_null(relative_depth),
            Operator::BrOnNonNull { relative_depth } => self.br_on_non_null(relative_depth),
            _ => return false,
        }
        true
    }

    /// Follows the nesting in code that is never reached and emits nothing.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "operators that neither open nor close a frame do nothing"
    )]
    fn unreached_operator(&mut self, op: &Operator<'_>) -> Result<()> {
        match op {
            Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::TryTable { .. } => self.enter_unreached(),
            Operator::Else => self.else_(),
            Operator::End => self.end(),
            Operator::Try { .. } => return Err(unsupported(op)),
            _ => {}
        }
        Ok(())
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "what no table lists is not supported yet")]
    fn control(&mut self, op: &Operator<'_>) -> Result<()> {
        match *op {
            Operator::Nop => {}
            Operator::Unreachable => {
                self.builder.ins().trap(code::UNREACHABLE);
                self.reachable = false;
            }
            Operator::Block { blockty } => self.block(blockty)?,
            Operator::Loop { blockty } => self.loop_(blockty)?,
            Operator::If { blockty } => self.if_(blockty)?,
            Operator::TryTable { ref try_table } => self.try_table(try_table)?,
            Operator::Throw { tag_index } => self.throw(TagIndex(tag_index)),
            Operator::ThrowRef => self.throw_ref(),
            Operator::Else => self.else_(),
            Operator::End => self.end(),
            Operator::Br { relative_depth } => self.br(relative_depth),
            Operator::BrIf { relative_depth } => self.br_if(relative_depth),
            Operator::BrTable { ref targets } => self.br_table(targets)?,
            Operator::Return => self.return_(),
            Operator::Drop => {
                self.pop();
            }
            Operator::Select => {
                let chosen = self.select();
                self.push(chosen);
            }
            Operator::TypedSelect { ty } => {
                let chosen = self.select();
                self.push_traced(chosen, decode::val_type(&self.env.info.types, ty)?);
            }
            _ => return Err(unsupported(op)),
        }
        Ok(())
    }

    fn select(&mut self) -> Value {
        let [first, second, condition] = self.pop_n();
        self.builder.ins().select(condition, first, second)
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "other tables list the other operators")]
    fn variable(&mut self, op: &Operator<'_>) -> bool {
        match *op {
            Operator::LocalGet { local_index } => self.local_get(local_index),
            Operator::LocalSet { local_index } => self.local_set(local_index),
            Operator::LocalTee { local_index } => {
                self.local_set(local_index);
                self.local_get(local_index);
            }
            Operator::GlobalGet { global_index } => self.global_get(GlobalIndex(global_index)),
            Operator::GlobalSet { global_index } => self.global_set(GlobalIndex(global_index)),
            Operator::RefNull { .. } => {
                let null = self.builder.ins().iconst(WORD, 0);
                self.push(null);
            }
            Operator::RefIsNull => self.ref_is_null(),
            Operator::RefFunc { function_index } => self.ref_func(FuncIndex(function_index)),
            _ => return false,
        }
        true
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "other tables list the other operators")]
    fn table(&mut self, op: &Operator<'_>) -> bool {
        match *op {
            Operator::TableGet { table } => self.table_get(TableIndex(table)),
            Operator::TableSet { table } => self.table_set(TableIndex(table)),
            Operator::TableSize { table } => self.table_size(TableIndex(table)),
            Operator::TableGrow { table } => self.table_grow(TableIndex(table)),
            Operator::TableFill { table } => self.table_fill(TableIndex(table)),
            Operator::TableCopy { dst_table, src_table } => {
                self.table_copy(TableIndex(dst_table), TableIndex(src_table));
            }
            Operator::TableInit { elem_index, table } => {
                self.table_init(TableIndex(table), ElemIndex(elem_index));
            }
            Operator::ElemDrop { elem_index } => self.elem_drop(ElemIndex(elem_index)),
            _ => return false,
        }
        true
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "other tables list the other operators")]
    fn memory(&mut self, op: &Operator<'_>) -> Result<bool> {
        use Width::{Full, Signed, Unsigned};
        use types::{F32, F64, I8, I16, I32, I64};
        match op {
            Operator::I32Load { memarg } => self.load(memarg, I32, Full)?,
            Operator::I64Load { memarg } => self.load(memarg, I64, Full)?,
            Operator::F32Load { memarg } => self.load(memarg, F32, Full)?,
            Operator::F64Load { memarg } => self.load(memarg, F64, Full)?,
            Operator::I32Load8S { memarg } => self.load(memarg, I32, Signed(I8))?,
            Operator::I32Load8U { memarg } => self.load(memarg, I32, Unsigned(I8))?,
            Operator::I32Load16S { memarg } => self.load(memarg, I32, Signed(I16))?,
            Operator::I32Load16U { memarg } => self.load(memarg, I32, Unsigned(I16))?,
            Operator::I64Load8S { memarg } => self.load(memarg, I64, Signed(I8))?,
            Operator::I64Load8U { memarg } => self.load(memarg, I64, Unsigned(I8))?,
            Operator::I64Load16S { memarg } => self.load(memarg, I64, Signed(I16))?,
            Operator::I64Load16U { memarg } => self.load(memarg, I64, Unsigned(I16))?,
            Operator::I64Load32S { memarg } => self.load(memarg, I64, Signed(I32))?,
            Operator::I64Load32U { memarg } => self.load(memarg, I64, Unsigned(I32))?,
            Operator::I32Store { memarg } => self.store(memarg, I32, Full)?,
            Operator::I64Store { memarg } => self.store(memarg, I64, Full)?,
            Operator::F32Store { memarg } => self.store(memarg, F32, Full)?,
            Operator::F64Store { memarg } => self.store(memarg, F64, Full)?,
            Operator::I32Store8 { memarg } => self.store(memarg, I32, Unsigned(I8))?,
            Operator::I32Store16 { memarg } => self.store(memarg, I32, Unsigned(I16))?,
            Operator::I64Store8 { memarg } => self.store(memarg, I64, Unsigned(I8))?,
            Operator::I64Store16 { memarg } => self.store(memarg, I64, Unsigned(I16))?,
            Operator::I64Store32 { memarg } => self.store(memarg, I64, Unsigned(I32))?,
            Operator::MemorySize { mem } => self.memory_size(MemoryIndex(*mem)),
            Operator::MemoryGrow { mem } => self.memory_grow(MemoryIndex(*mem)),
            Operator::MemoryFill { mem } => self.memory_fill(MemoryIndex(*mem)),
            Operator::MemoryCopy { dst_mem, src_mem } => {
                self.memory_copy(MemoryIndex(*dst_mem), MemoryIndex(*src_mem));
            }
            Operator::MemoryInit { data_index, mem } => {
                self.memory_init(MemoryIndex(*mem), DataIndex(*data_index));
            }
            Operator::DataDrop { data_index } => self.data_drop(DataIndex(*data_index)),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

#[cold]
fn unsupported(op: &Operator<'_>) -> Error {
    // The operator's name is the debug text up to its immediates.
    let text = format!("{op:?}");
    let name = text.split([' ', '{', '(']).next().unwrap_or(&text);
    Error::unsupported(format_args!("the instruction {name}"))
}
