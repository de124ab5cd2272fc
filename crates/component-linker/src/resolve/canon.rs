//! Canonical definitions. Follows CanonicalABI.md, "Canonical Definitions".
//!
//! The built-ins of concurrency are not supported yet: they resolve to functions that trap when called, so that a
//! component that never calls them works.

use canonical_abi::{FuncType, StringEncoding};
use wasmparser::{CanonicalFunction, CanonicalOption, ValType};

use super::frame::{Frame, FrameId, Func, Type, get};
use super::{Resolver, types};
use crate::error::Error;
use crate::func_type::Signature;
use crate::plan::{
    Builtin, BuiltinDef, BuiltinId, CoreDef, FuncDef, LiftDef, LiftId, OptionsDef, Step, Unsupported,
};
use std::sync::Arc;

/// Evaluates a canonical definition and appends the function it makes to its index space.
pub(super) fn canon(
    resolver: &mut Resolver<'_>,
    frame: FrameId,
    canon: &CanonicalFunction,
    offset: u64,
) -> Result<(), Error> {
    if let CanonicalFunction::Lift { core_func_index, type_index, options } = canon {
        return lift(resolver, frame, *core_func_index, *type_index, options, offset);
    }
    let builtin = builtin(resolver, frame, canon, offset)?;
    if let Builtin::Unsupported { what } = &builtin {
        resolver.plan.unsupported.push(Unsupported { what: what.clone(), offset });
    }
    let instance = resolver.frame(frame).instance;
    resolver.push_step(Step::DefineBuiltin(BuiltinDef { instance, builtin }), offset)?;
    let id = BuiltinId(resolver.n_builtins);
    resolver.n_builtins += 1;
    resolver.frame_mut(frame).core_funcs.push(CoreDef::Builtin(id));
    Ok(())
}

fn lift(
    resolver: &mut Resolver<'_>,
    frame: FrameId,
    core_func: u32,
    ty: u32,
    options: &[CanonicalOption],
    offset: u64,
) -> Result<(), Error> {
    let scope = resolver.frame(frame);
    let core_func = get(&scope.core_funcs, core_func, "core function", offset)?;
    let signature = signature(scope, ty, offset)?;
    let options = options_def(scope, options, offset)?;
    let instance = resolver.frame(frame).instance;
    let lift = LiftDef { instance, core_func, signature: Arc::clone(&signature), options };
    resolver.push_step(Step::Lift(lift), offset)?;
    let id = LiftId(resolver.n_lifts);
    resolver.n_lifts += 1;
    resolver.frame_mut(frame).funcs.push(Func { def: FuncDef::Lifted(id), signature });
    Ok(())
}

fn signature(frame: &Frame<'_>, index: u32, offset: u64) -> Result<Arc<Signature>, Error> {
    match get(&frame.types, index, "type", offset)? {
        Type::Func(ty) => Ok(ty),
        Type::Value(_) | Type::Resource(_) | Type::Instance(_) | Type::Component(_) => {
            Err(Error::internal(format_args!("type {index} is no function type"), offset))
        }
    }
}

fn options_def(frame: &Frame<'_>, options: &[CanonicalOption], offset: u64) -> Result<OptionsDef, Error> {
    let mut def = OptionsDef {
        string_encoding: StringEncoding::Utf8,
        memory: None,
        realloc: None,
        post_return: None,
        is_async: false,
        has_callback: false,
    };
    for option in options {
        let func = |index: u32| get(&frame.core_funcs, index, "core function", offset);
        match *option {
            CanonicalOption::UTF8 => def.string_encoding = StringEncoding::Utf8,
            CanonicalOption::UTF16 => def.string_encoding = StringEncoding::Utf16,
            CanonicalOption::CompactUTF16 => def.string_encoding = StringEncoding::Latin1Utf16,
            CanonicalOption::Memory(index) => {
                def.memory = Some(get(&frame.core_memories, index, "core memory", offset)?);
            }
            CanonicalOption::Realloc(index) => def.realloc = Some(func(index)?),
            CanonicalOption::PostReturn(index) => def.post_return = Some(func(index)?),
            CanonicalOption::Async => def.is_async = true,
            CanonicalOption::Callback(_) => def.has_callback = true,
            CanonicalOption::CoreType(_) | CanonicalOption::Gc => {
                return Err(Error::unsupported("the canonical ABI of garbage-collected values", offset));
            }
        }
    }
    Ok(def)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "what is left is named by `unsupported_name`")]
fn builtin(
    resolver: &Resolver<'_>,
    frame: FrameId,
    canon: &CanonicalFunction,
    offset: u64,
) -> Result<Builtin, Error> {
    let resource = |index: u32| types::resource(resolver, frame, index, offset);
    Ok(match canon {
        CanonicalFunction::Lower { func_index, options } => {
            let scope = resolver.frame(frame);
            let func = get(&scope.funcs, *func_index, "function", offset)?;
            Builtin::Lower { func: func.def, options: options_def(scope, options, offset)? }
        }
        CanonicalFunction::ResourceNew { resource: index } => Builtin::ResourceNew(resource(*index)?),
        CanonicalFunction::ResourceDrop { resource: index } => Builtin::ResourceDrop(resource(*index)?),
        CanonicalFunction::ResourceRep { resource: index } => Builtin::ResourceRep(resource(*index)?),
        CanonicalFunction::ContextGet { ty, slot } => {
            Builtin::ContextGet { slot: *slot, is_64: *ty == ValType::I64 }
        }
        CanonicalFunction::ContextSet { ty, slot } => {
            Builtin::ContextSet { slot: *slot, is_64: *ty == ValType::I64 }
        }
        CanonicalFunction::BackpressureInc => Builtin::BackpressureInc,
        CanonicalFunction::BackpressureDec => Builtin::BackpressureDec,
        CanonicalFunction::TaskReturn { result, options } => {
            let options = options_def(resolver.frame(frame), options, offset)?;
            let result = types::option(resolver, frame, *result, offset)?;
            let params = result.map(|ty| (String::from("result"), ty)).into_iter().collect();
            let ty = FuncType { params, result: None, is_async: false };
            Builtin::TaskReturn { signature: Arc::new(Signature::new(ty)), options }
        }
        other => Builtin::Unsupported { what: format!("canon {}", unsupported_name(other)) },
    })
}

/// Returns the name of a built-in as the text format writes it.
fn unsupported_name(canon: &CanonicalFunction) -> &'static str {
    match canon {
        CanonicalFunction::Lift { .. } => "lift",
        CanonicalFunction::Lower { .. } => "lower",
        CanonicalFunction::ResourceNew { .. } => "resource.new",
        CanonicalFunction::ResourceDrop { .. } => "resource.drop",
        CanonicalFunction::ResourceRep { .. } => "resource.rep",
        CanonicalFunction::ThreadSpawnRef { .. } => "thread.spawn-ref",
        CanonicalFunction::ThreadSpawnIndirect { .. } => "thread.spawn-indirect",
        CanonicalFunction::ThreadAvailableParallelism => "thread.available-parallelism",
        CanonicalFunction::BackpressureInc => "backpressure.inc",
        CanonicalFunction::BackpressureDec => "backpressure.dec",
        CanonicalFunction::TaskReturn { .. } => "task.return",
        CanonicalFunction::TaskCancel => "task.cancel",
        CanonicalFunction::ContextGet { .. } => "context.get",
        CanonicalFunction::ContextSet { .. } => "context.set",
        CanonicalFunction::ThreadYield => "thread.yield",
        CanonicalFunction::SubtaskDrop => "subtask.drop",
        CanonicalFunction::SubtaskCancel { .. } => "subtask.cancel",
        CanonicalFunction::StreamNew { .. } => "stream.new",
        CanonicalFunction::StreamRead { .. } => "stream.read",
        CanonicalFunction::StreamWrite { .. } => "stream.write",
        CanonicalFunction::StreamForward { .. } => "stream.forward",
        CanonicalFunction::StreamCancelRead { .. } => "stream.cancel-read",
        CanonicalFunction::StreamCancelWrite { .. } => "stream.cancel-write",
        CanonicalFunction::StreamDropReadable { .. } => "stream.drop-readable",
        CanonicalFunction::StreamDropWritable { .. } => "stream.drop-writable",
        CanonicalFunction::FutureNew { .. } => "future.new",
        CanonicalFunction::FutureRead { .. } => "future.read",
        CanonicalFunction::FutureWrite { .. } => "future.write",
        CanonicalFunction::FutureForward { .. } => "future.forward",
        CanonicalFunction::FutureCancelRead { .. } => "future.cancel-read",
        CanonicalFunction::FutureCancelWrite { .. } => "future.cancel-write",
        CanonicalFunction::FutureDropReadable { .. } => "future.drop-readable",
        CanonicalFunction::FutureDropWritable { .. } => "future.drop-writable",
        CanonicalFunction::ErrorContextNew { .. } => "error-context.new",
        CanonicalFunction::ErrorContextDebugMessage { .. } => "error-context.debug-message",
        CanonicalFunction::ErrorContextDrop => "error-context.drop",
        CanonicalFunction::WaitableSetNew => "waitable-set.new",
        CanonicalFunction::WaitableSetWait { .. } => "waitable-set.wait",
        CanonicalFunction::WaitableSetPoll { .. } => "waitable-set.poll",
        CanonicalFunction::WaitableSetDrop => "waitable-set.drop",
        CanonicalFunction::WaitableJoin => "waitable.join",
        CanonicalFunction::ThreadIndex => "thread.index",
        CanonicalFunction::ThreadNewIndirect { .. } => "thread.new-indirect",
        CanonicalFunction::ThreadResumeLater => "thread.resume-later",
        CanonicalFunction::ThreadSuspend => "thread.suspend",
        CanonicalFunction::ThreadSuspendThenResume => "thread.suspend-then-resume",
        CanonicalFunction::ThreadYieldThenResume => "thread.yield-then-resume",
        CanonicalFunction::ThreadSuspendThenPromote => "thread.suspend-then-promote",
        CanonicalFunction::ThreadYieldThenPromote => "thread.yield-then-promote",
    }
}
