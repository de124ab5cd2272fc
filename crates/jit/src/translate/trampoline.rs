//! Trampolines between the host and wasm functions, by function type: both ways, with values in the
//! registers of the C convention or in slots ([`TrampolineKind`]).
//!
//! Those with values in slots of 16 bytes ([`ValRaw`](crate::vm::slot::ValRaw), arguments in,
//! results out) are for types that are known at run time only. Those with values in registers agree
//! with functions that the Rust compiler makes: each parameter is one of the C function, an only
//! result is its result. Two results that are no vectors are returned as a pair of words, which the
//! C convention has in registers; other results as a structure of slots, whose address the caller
//! passes.

use cranelift_codegen::ir::{
    AbiParam, ArgumentPurpose, Block, BlockArg, BlockCall, ExceptionTableData, ExceptionTableItem, Function,
    Inst, InstBuilder, MemFlagsData, Signature, StackSlotData, StackSlotKind, Type, Value, types,
};
use cranelift_codegen::isa::TargetIsa;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};

use crate::module::index::to_u32;
use crate::module::types::{FuncType, ValType};
use crate::vm::trampoline::TrampolineKind;
use crate::vm::{offsets, trap_code as code};

use super::{WORD, cell, cl_type, fixed, offset32, stack_limit, wasm_signature};

/// Makes a trampoline for functions of type `ty`.
pub(crate) fn make(
    kind: TrampolineKind,
    isa: &dyn TargetIsa,
    ty: &FuncType,
    func: &mut Function,
    context: &mut FunctionBuilderContext,
) {
    let (signature, make): (_, fn(&mut Trampoline<'_>)) = match kind {
        TrampolineKind::EnterBySlots => (c_signature(isa, &[WORD; 3]), enter_by_slots),
        TrampolineKind::EnterByRegisters => (register_signature(isa, 2, ty), enter_by_registers),
        TrampolineKind::HostBySlots => (wasm_signature(ty), host_by_slots),
        TrampolineKind::HostByRegisters => (wasm_signature(ty), host_by_registers),
    };
    func.signature = signature;
    match kind {
        TrampolineKind::EnterBySlots | TrampolineKind::EnterByRegisters => {}
        TrampolineKind::HostBySlots | TrampolineKind::HostByRegisters => {
            func.stack_limit = Some(stack_limit(func))
        }
    }
    let mut builder = FunctionBuilder::new(func, context);
    let start = builder.create_block();
    builder.append_block_params_for_function_params(start);
    builder.switch_to_block(start);
    let params = builder.block_params(start).to_vec();
    let mut trampoline = Trampoline { isa, ty, builder, params };
    make(&mut trampoline);
    trampoline.builder.seal_all_blocks();
    trampoline.builder.finalize(isa.frontend_config());
}

/// A trampoline in the making.
struct Trampoline<'a> {
    isa: &'a dyn TargetIsa,
    ty: &'a FuncType,
    builder: FunctionBuilder<'a>,
    /// Its own parameters.
    params: Vec<Value>,
}

/// How the C convention has the results of a function type: `AbiResults::Returned` of
/// `rt::registers`, in Cranelift's terms.
enum Returned {
    /// In registers of these types.
    Registers(Vec<Type>),
    /// Each in a slot, from an address on that the caller passes.
    Slots,
}

fn returned(ty: &FuncType) -> Returned {
    match ty.results[..] {
        [] => Returned::Registers(vec![]),
        [only] => Returned::Registers(vec![cl_type(only)]),
        [a, b] if a != ValType::V128 && b != ValType::V128 => Returned::Registers(vec![WORD; 2]),
        _ => Returned::Slots,
    }
}

fn c_signature(isa: &dyn TargetIsa, params: &[Type]) -> Signature {
    let mut signature = Signature::new(isa.default_call_conv());
    signature.params.extend(params.iter().copied().map(AbiParam::new));
    signature
}

/// Returns the signature of a C function with some words and the parameters of `ty`, and its
/// results.
fn register_signature(isa: &dyn TargetIsa, n_words: usize, ty: &FuncType) -> Signature {
    let mut signature = Signature::new(isa.default_call_conv());
    match returned(ty) {
        Returned::Registers(registers) => {
            signature.returns.extend(registers.into_iter().map(AbiParam::new));
        }
        Returned::Slots => signature.params.push(AbiParam::special(WORD, ArgumentPurpose::StructReturn)),
    }
    signature.params.extend(vec![AbiParam::new(WORD); n_words]);
    signature.params.extend(ty.params.iter().map(|&ty| AbiParam::new(cl_type(ty))));
    signature
}

/// Returns the byte offset of the slot at `position`.
pub(super) fn slot(position: usize) -> i32 {
    offset32(to_u32(position) * offsets::VALUE_SIZE)
}

/// The C function through which the host enters a wasm function: takes the callee's function
/// reference, the VM state and the slots.
fn enter_by_slots(t: &mut Trampoline<'_>) {
    let &[func_ref, store, slots] = &t.params[..] else { unreachable!("its signature has three parameters") };
    let args = load_slots(&mut t.builder, &t.ty.params, slots);
    let (results, trapped) = guarded_call(t, func_ref, &args, store);
    store_slots(&mut t.builder, &t.ty.results, &results, slots);
    t.builder.ins().return_(&[]);
    t.builder.switch_to_block(trapped);
    t.builder.ins().return_(&[]);
}

/// Like `enter_by_slots`, with the parameters in place of slots. What it returns after a trap has
/// no meaning.
fn enter_by_registers(t: &mut Trampoline<'_>) {
    let returned = returned(t.ty);
    let mut params = std::mem::take(&mut t.params).into_iter();
    let mut next = || params.next().expect("a parameter for each word of its signature");
    let slots = match returned {
        Returned::Registers(_) => None,
        Returned::Slots => Some(next()),
    };
    let (func_ref, store) = (next(), next());
    let args: Vec<_> = params.collect();
    let (results, trapped) = guarded_call(t, func_ref, &args, store);
    let results = match (slots, &results[..]) {
        (Some(slots), _) => {
            store_slots(&mut t.builder, &t.ty.results, &results, slots);
            vec![]
        }
        (None, &[a, b]) => {
            vec![to_word(&mut t.builder, a, t.ty.results[0]), to_word(&mut t.builder, b, t.ty.results[1])]
        }
        (None, _) => results,
    };
    t.builder.ins().return_(&results);

    t.builder.switch_to_block(trapped);
    let nothing: Vec<_> = match returned {
        Returned::Registers(types) => types.into_iter().map(|ty| zero(&mut t.builder, ty)).collect(),
        Returned::Slots => vec![],
    };
    t.builder.ins().return_(&nothing);
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

/// Notes in the VM state where a trap continues and calls; returns the results and the block where
/// a trap continues.
///
/// The call is a `try_call`: its handler expects no register to have survived but the stack and
/// frame pointers, which is all that the signal handler restores.
fn guarded_call(
    t: &mut Trampoline<'_>,
    func_ref: Value,
    args: &[Value],
    store: Value,
) -> (Vec<Value>, Block) {
    let Trampoline { ty, builder, .. } = t;
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

    let code = builder.ins().load(WORD, cell(), func_ref, offsets::FUNC_REF_CODE);
    let mut all_args = vec![builder.ins().load(WORD, cell(), func_ref, offsets::FUNC_REF_VMCTX)];
    all_args.extend_from_slice(args);
    let signature = builder.import_signature(wasm_signature(ty));
    let results: Vec<_> = (0..to_u32(ty.results.len())).map(BlockArg::TryCallRet).collect();
    let pool = &mut builder.func.dfg.value_lists;
    let normal = BlockCall::new(returned, results, pool);
    let handler = ExceptionTableItem::Default(BlockCall::new(trapped, [], pool));
    let table = builder.func.dfg.exception_tables.push(ExceptionTableData::new(signature, normal, [handler]));
    builder.ins().try_call_indirect(code, &all_args, table);
    builder.switch_to_block(returned);
    (builder.block_params(returned).to_vec(), trapped)
}

/// The function that wasm calls for a host function on slots, which lie on its frame: the host
/// takes its context and their address.
fn host_by_slots(t: &mut Trampoline<'_>) {
    let (ty, builder) = (t.ty, &mut t.builder);
    let (vmctx, args) = (t.params[0], &t.params[1..]);
    let n_slots = ty.params.len().max(ty.results.len());
    let slots = stack_slots(builder, n_slots);
    store_slots(builder, &ty.params, args, slots);
    // The host sees all slots as initialised.
    let zero = builder.ins().iconst(WORD, 0);
    for position in args.len()..n_slots {
        store_slot(builder, zero, ValType::I64, slots, slot(position), zero);
    }
    let signature = c_signature(t.isa, &[WORD; 2]);
    call_host(t, vmctx, signature, &[vmctx, slots]);
    let results = load_slots(&mut t.builder, &t.ty.results, slots);
    t.builder.ins().return_(&results);
}

/// The function that wasm calls for a host function that takes its context and the parameters.
fn host_by_registers(t: &mut Trampoline<'_>) {
    let ty = t.ty;
    let mut args = std::mem::take(&mut t.params);
    let slots = match returned(ty) {
        Returned::Registers(_) => None,
        Returned::Slots => {
            let slots = stack_slots(&mut t.builder, ty.results.len());
            args.insert(0, slots);
            Some(slots)
        }
    };
    let vmctx = args[usize::from(slots.is_some())];
    let signature = register_signature(t.isa, 1, ty);
    let call = call_host(t, vmctx, signature, &args);
    let results = match slots {
        Some(slots) => load_slots(&mut t.builder, &ty.results, slots),
        None => {
            let results = t.builder.inst_results(call).to_vec();
            match results[..] {
                [a, b] => vec![
                    from_word(&mut t.builder, a, ty.results[0]),
                    from_word(&mut t.builder, b, ty.results[1]),
                ],
                _ => results,
            }
        }
    };
    t.builder.ins().return_(&results);
}

/// Notes the frame in the VM state for backtraces, and calls the function that the context names;
/// leaves for good if it has failed.
fn call_host(t: &mut Trampoline<'_>, vmctx: Value, signature: Signature, args: &[Value]) -> Inst {
    let Trampoline { isa, builder, .. } = t;
    let store = builder.ins().load(WORD, fixed(), vmctx, offsets::HOST_STORE);
    let fp = builder.ins().get_frame_pointer(WORD);
    builder.ins().store(cell(), fp, store, offsets::STORE_EXIT_FP);
    let signature = builder.import_signature(signature);
    let code = builder.ins().load(WORD, fixed(), vmctx, offsets::HOST_CODE);
    let call = builder.ins().call_indirect(signature, code, args);

    let (failing, returning) = (builder.create_block(), builder.create_block());
    let failed = builder.ins().load(WORD, cell(), store, offsets::STORE_HOST_FAILED);
    builder.ins().brif(failed, failing, &[], returning, &[]);
    builder.set_cold_block(failing);
    builder.switch_to_block(failing);
    let signature = builder.import_signature(c_signature(*isa, &[WORD]));
    let leave = builder.ins().load(WORD, fixed(), store, offsets::STORE_LEAVE_HOST);
    builder.ins().call_indirect(signature, leave, &[store]);
    builder.ins().trap(code::HOST);
    builder.switch_to_block(returning);
    call
}

/// Returns the address of so many slots on the frame.
fn stack_slots(builder: &mut FunctionBuilder<'_>, n_slots: usize) -> Value {
    let size = to_u32(n_slots) * offsets::VALUE_SIZE;
    let slots = builder.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, size, 4));
    builder.ins().stack_addr(WORD, slots, 0)
}

fn load_slots(builder: &mut FunctionBuilder<'_>, types: &[ValType], slots: Value) -> Vec<Value> {
    let load =
        |(position, &ty): (usize, &ValType)| builder.ins().load(cl_type(ty), cell(), slots, slot(position));
    types.iter().enumerate().map(load).collect()
}

fn store_slots(builder: &mut FunctionBuilder<'_>, types: &[ValType], values: &[Value], slots: Value) {
    let zero = builder.ins().iconst(WORD, 0);
    for (position, (&value, &ty)) in values.iter().zip(types).enumerate() {
        store_slot(builder, value, ty, slots, slot(position), zero);
    }
}

/// Returns a value as a word, zero-extended; a vector as it is.
fn to_word(builder: &mut FunctionBuilder<'_>, value: Value, ty: ValType) -> Value {
    match ty {
        ValType::I32 => builder.ins().uextend(WORD, value),
        ValType::F32 => {
            let bits = builder.ins().bitcast(types::I32, MemFlagsData::new(), value);
            builder.ins().uextend(WORD, bits)
        }
        ValType::F64 => builder.ins().bitcast(WORD, MemFlagsData::new(), value),
        ValType::I64 | ValType::Ref(_) | ValType::V128 => value,
    }
}

/// Returns the value that `to_word` made a word of.
fn from_word(builder: &mut FunctionBuilder<'_>, word: Value, ty: ValType) -> Value {
    match ty {
        ValType::I32 => builder.ins().ireduce(types::I32, word),
        ValType::F32 => {
            let bits = builder.ins().ireduce(types::I32, word);
            builder.ins().bitcast(types::F32, MemFlagsData::new(), bits)
        }
        ValType::F64 => builder.ins().bitcast(types::F64, MemFlagsData::new(), word),
        ValType::I64 | ValType::Ref(_) | ValType::V128 => word,
    }
}

/// Stores a value into a slot, zero-extended. One store has all bits that the slot's reader takes,
/// since a processor does not hand on what several stores wrote.
pub(super) fn store_slot(
    builder: &mut FunctionBuilder<'_>,
    value: Value,
    ty: ValType,
    slots: Value,
    offset: i32,
    zero: Value,
) {
    let word = to_word(builder, value, ty);
    builder.ins().store(cell(), word, slots, offset);
    match ty {
        ValType::V128 => {}
        ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64 | ValType::Ref(_) => {
            builder.ins().store(cell(), zero, slots, offset + 8);
        }
    }
}
