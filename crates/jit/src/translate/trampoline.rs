//! Trampolines between the host and wasm functions, one pair per function type.
//!
//! Values cross in slots of 16 bytes (`rt::ValRaw`), arguments in, results out.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    AbiParam, Block, BlockArg, BlockCall, ExceptionTableData, ExceptionTableItem, Function, InstBuilder,
    Signature, StackSlotData, StackSlotKind, Type, Value, types,
};
use cranelift_codegen::isa::{CallConv, TargetIsa};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};

use super::{WORD, cell, cl_type, fixed, offset32, stack_limit, wasm_signature};
use crate::index::to_u32;
use crate::rt::offsets;
use crate::trap::code;
use crate::types::{FuncType, ValType};

/// Returns the byte offset of the slot at `position`.
pub(super) fn slot(position: usize) -> i32 {
    offset32(to_u32(position) * offsets::VALUE_SIZE)
}

/// Makes the trampoline from the host into wasm functions of type `ty`.
///
/// It takes the callee's context and code, the value slots and the VM state, notes in the VM state where a
/// trap continues, calls, and returns zero; after a trap it returns one.
pub(crate) fn entry(
    isa: &dyn TargetIsa,
    ty: &FuncType,
    func: &mut Function,
    context: &mut FunctionBuilderContext,
) {
    func.signature = Signature::new(isa.default_call_conv());
    func.signature.params.extend([AbiParam::new(WORD); 4]);
    func.signature.returns.push(AbiParam::new(types::I32));
    let mut builder = FunctionBuilder::new(func, context);
    let start = builder.create_block();
    builder.append_block_params_for_function_params(start);
    builder.switch_to_block(start);
    let &[vmctx, code, slots, store] = builder.block_params(start) else {
        unreachable!("the signature above has four parameters");
    };
    let mut args = vec![vmctx];
    for (position, &param) in ty.params.iter().enumerate() {
        args.push(builder.ins().load(cl_type(param), cell(), slots, slot(position)));
    }
    let (results, trapped) = guarded_call(&mut builder, ty, code, &args, store);
    for (position, &result) in results.iter().enumerate() {
        builder.ins().store(cell(), result, slots, slot(position));
    }
    let zero = builder.ins().iconst(types::I32, 0);
    builder.ins().return_(&[zero]);

    builder.switch_to_block(trapped);
    let one = builder.ins().iconst(types::I32, 1);
    builder.ins().return_(&[one]);
    builder.seal_all_blocks();
    builder.finalize(isa.frontend_config());
}

/// Makes the C function through which the host enters wasm functions of type `ty` with arguments in registers.
///
/// It takes the callee's context and code, the VM state, the address of result slots, and the parameters. The only
/// result is returned, several are stored into the slots; what it returns after a trap is meaningless.
pub(crate) fn typed_entry(
    isa: &dyn TargetIsa,
    ty: &FuncType,
    func: &mut Function,
    context: &mut FunctionBuilderContext,
) {
    func.signature = Signature::new(isa.default_call_conv());
    func.signature.params.extend([AbiParam::new(WORD); 4]);
    func.signature.params.extend(ty.params.iter().map(|&ty| AbiParam::new(cl_type(ty))));
    let only = if let [only] = ty.results[..] { Some(cl_type(only)) } else { None };
    func.signature.returns.extend(only.map(AbiParam::new));
    let mut builder = FunctionBuilder::new(func, context);
    let start = builder.create_block();
    builder.append_block_params_for_function_params(start);
    builder.switch_to_block(start);
    let params = builder.block_params(start).to_vec();
    let (vmctx, code, store, slots) = (params[0], params[1], params[2], params[3]);
    let mut args = vec![vmctx];
    args.extend_from_slice(&params[4..]);
    let (results, trapped) = guarded_call(&mut builder, ty, code, &args, store);
    if only.is_some() {
        builder.ins().return_(&results);
    } else {
        for (position, &result) in results.iter().enumerate() {
            builder.ins().store(cell(), result, slots, slot(position));
        }
        builder.ins().return_(&[]);
    }

    builder.switch_to_block(trapped);
    let nothing = only.map(|ty| zero(&mut builder, ty));
    builder.ins().return_(nothing.as_slice());
    builder.seal_all_blocks();
    builder.finalize(isa.frontend_config());
}

fn zero(builder: &mut FunctionBuilder<'_>, ty: Type) -> Value {
    match ty {
        types::F32 => builder.ins().f32const(0.0),
        types::F64 => builder.ins().f64const(0.0),
        types::I8X16 => {
            let byte = builder.ins().iconst(types::I8, 0);
            builder.ins().splat(types::I8X16, byte)
        }
        _ => builder.ins().iconst(ty, 0),
    }
}

/// Notes in the VM state where a trap continues and calls; returns the results and the block where a trap continues.
///
/// The call is a `try_call`: its handler expects no register to have survived but the stack and frame pointers, which
/// is all that the signal handler restores.
fn guarded_call(
    builder: &mut FunctionBuilder<'_>,
    ty: &FuncType,
    code: Value,
    args: &[Value],
    store: Value,
) -> (Vec<Value>, Block) {
    // The handler's address is asked for by the calling block, which cannot be the entry block.
    let calling = builder.create_block();
    builder.ins().jump(calling, &[]);
    builder.switch_to_block(calling);
    let (returned, trapped) = (builder.create_block(), builder.create_block());
    for &result in &ty.results {
        builder.append_block_param(returned, cl_type(result));
    }
    let fp = builder.ins().get_frame_pointer(WORD);
    let sp = builder.ins().get_stack_pointer(WORD);
    let handler = builder.ins().get_exception_handler_address(WORD, calling, 0);
    builder.ins().store(cell(), fp, store, offsets::STORE_ENTRY_FP);
    builder.ins().store(cell(), sp, store, offsets::STORE_ENTRY_SP);
    builder.ins().store(cell(), handler, store, offsets::STORE_HANDLER_PC);

    let signature = builder.import_signature(wasm_signature(ty));
    let results: Vec<_> = (0..to_u32(ty.results.len())).map(BlockArg::TryCallRet).collect();
    let pool = &mut builder.func.dfg.value_lists;
    let normal = BlockCall::new(returned, results, pool);
    let handler = ExceptionTableItem::Default(BlockCall::new(trapped, [], pool));
    let table = builder.func.dfg.exception_tables.push(ExceptionTableData::new(signature, normal, [handler]));
    builder.ins().try_call_indirect(code, args, table);
    builder.switch_to_block(returned);
    (builder.block_params(returned).to_vec(), trapped)
}

/// Makes the function that wasm calls for a host function of type `ty`.
///
/// It stores the arguments into slots on its frame, notes its frame in the VM state for backtraces, calls
/// the shim that the context names, and throws or traps if that reports an exception or a failure.
pub(crate) fn host(
    isa: &dyn TargetIsa,
    ty: &FuncType,
    func: &mut Function,
    context: &mut FunctionBuilderContext,
) {
    func.signature = wasm_signature(ty);
    func.stack_limit = Some(stack_limit(func));
    let mut builder = FunctionBuilder::new(func, context);
    let start = builder.create_block();
    builder.append_block_params_for_function_params(start);
    builder.switch_to_block(start);
    let params = builder.block_params(start).to_vec();
    let (vmctx, args) = (params[0], &params[1..]);
    let n_slots = ty.params.len().max(ty.results.len());
    let size = to_u32(n_slots) * offsets::VALUE_SIZE;
    let slots = builder.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, size, 4));
    let slots = builder.ins().stack_addr(WORD, slots, 0);
    let zero = builder.ins().iconst(WORD, 0);
    for position in 0..n_slots {
        // The host reads whole slots: every byte of them is written here.
        match args.get(position).zip(ty.params.get(position)) {
            Some((&arg, &ty)) => store_slot(&mut builder, arg, ty, slots, slot(position), zero),
            None => {
                builder.ins().store(cell(), zero, slots, slot(position));
                builder.ins().store(cell(), zero, slots, slot(position) + 8);
            }
        }
    }
    let store = builder.ins().load(WORD, fixed(), vmctx, offsets::HOST_STORE);
    let fp = builder.ins().get_frame_pointer(WORD);
    builder.ins().store(cell(), fp, store, offsets::STORE_EXIT_FP);
    let mut shim = Signature::new(isa.default_call_conv());
    shim.params.extend([AbiParam::new(WORD); 2]);
    shim.returns.push(AbiParam::new(WORD));
    let shim = builder.import_signature(shim);
    let address = builder.ins().load(WORD, fixed(), vmctx, offsets::HOST_SHIM);
    let call = builder.ins().call_indirect(shim, address, &[vmctx, slots]);
    let status = builder.inst_results(call)[0];
    rethrow(&mut builder, vmctx, status);
    builder.ins().trapnz(status, code::HOST);
    let load = |(position, &result): (usize, &ValType)| {
        builder.ins().load(cl_type(result), cell(), slots, slot(position))
    };
    let results: Vec<_> = ty.results.iter().enumerate().map(load).collect();
    builder.ins().return_(&results);
    builder.seal_all_blocks();
    builder.finalize(isa.frontend_config());
}

/// Throws the exception that a host function ended with, if the status names one.
fn rethrow(builder: &mut FunctionBuilder<'_>, vmctx: Value, status: Value) {
    let (throwing, otherwise) = (builder.create_block(), builder.create_block());
    let is_exception = builder.ins().icmp_imm_u(IntCC::UnsignedGreaterThan, status, offsets::HOST_FAILED);
    builder.ins().brif(is_exception, throwing, &[], otherwise, &[]);
    builder.switch_to_block(throwing);
    let mut signature = Signature::new(CallConv::Tail);
    signature.params.extend([AbiParam::new(WORD); 2]);
    let signature = builder.import_signature(signature);
    let address = builder.ins().load(WORD, fixed(), vmctx, offsets::HOST_THROW);
    let exception = builder.ins().iadd_imm_s(status, -offsets::HOST_FAILED);
    builder.ins().call_indirect(signature, address, &[vmctx, exception]);
    builder.ins().trap(code::HOST);
    builder.switch_to_block(otherwise);
}

/// Stores an argument into a slot, zero-extended.
pub(super) fn store_slot(
    builder: &mut FunctionBuilder<'_>,
    arg: Value,
    ty: ValType,
    slots: Value,
    offset: i32,
    zero: Value,
) {
    let narrow = match ty {
        ValType::I32 | ValType::F32 => true,
        ValType::I64 | ValType::F64 | ValType::Ref(_) => false,
        ValType::V128 => {
            builder.ins().store(cell(), arg, slots, offset);
            return;
        }
    };
    if narrow {
        builder.ins().store(cell(), zero, slots, offset);
    }
    builder.ins().store(cell(), arg, slots, offset);
    builder.ins().store(cell(), zero, slots, offset + 8);
}
