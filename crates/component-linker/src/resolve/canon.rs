//! Canonical definitions. Follows CanonicalABI.md, "Canonical Definitions".
//!
//! The built-ins of concurrency are not supported yet: they resolve to functions that trap when
//! called, so that a component that never calls them works.

use canonical_abi::{FuncType, StringEncoding};

use super::frame::{Frame, FrameId, Func, Type, get};
use super::plan::{
    Builtin, BuiltinDef, BuiltinId, CoreDef, FuncDef, LiftDef, LiftId, OptionsDef, Step, Unsupported,
};
use super::{Resolver, types};
use crate::decode::{Canon, CanonOpt};
use crate::error::Error;
use crate::func_type::Signature;
use std::sync::Arc;

/// Evaluates a canonical definition and appends the function it makes to its index space.
pub(super) fn canon(
    resolver: &mut Resolver<'_>,
    frame: FrameId,
    canon: &Canon,
    offset: u64,
) -> Result<(), Error> {
    if let Canon::Lift { core_func, opts, ty } = canon {
        return lift(resolver, frame, *core_func, *ty, opts, offset);
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
    options: &[CanonOpt],
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

fn options_def(frame: &Frame<'_>, options: &[CanonOpt], offset: u64) -> Result<OptionsDef, Error> {
    let mut def = OptionsDef {
        string_encoding: StringEncoding::Utf8,
        memory: None,
        realloc: None,
        post_return: None,
        is_async: false,
        callback: None,
    };
    for option in options {
        let func = |index: u32| get(&frame.core_funcs, index, "core function", offset);
        match *option {
            CanonOpt::Utf8 => def.string_encoding = StringEncoding::Utf8,
            CanonOpt::Utf16 => def.string_encoding = StringEncoding::Utf16,
            CanonOpt::Latin1Utf16 => def.string_encoding = StringEncoding::Latin1Utf16,
            CanonOpt::Memory(index) => {
                def.memory = Some(get(&frame.core_memories, index, "core memory", offset)?);
            }
            CanonOpt::Realloc(index) => def.realloc = Some(func(index)?),
            CanonOpt::PostReturn(index) => def.post_return = Some(func(index)?),
            CanonOpt::Async => def.is_async = true,
            CanonOpt::Callback(index) => def.callback = Some(func(index)?),
            CanonOpt::Gc => {
                return Err(Error::unsupported("the canonical ABI of garbage-collected values", offset));
            }
        }
    }
    Ok(def)
}

fn builtin(resolver: &Resolver<'_>, frame: FrameId, canon: &Canon, offset: u64) -> Result<Builtin, Error> {
    let resource = |index: u32| types::resource(resolver, frame, index, offset);
    Ok(match canon {
        Canon::Lower { func, opts } => {
            let scope = resolver.frame(frame);
            let func = get(&scope.funcs, *func, "function", offset)?;
            Builtin::Lower { func: func.def, options: options_def(scope, opts, offset)? }
        }
        Canon::ResourceNew(index) => Builtin::ResourceNew(resource(*index)?),
        Canon::ResourceDrop(index) => Builtin::ResourceDrop(resource(*index)?),
        Canon::ResourceRep(index) => Builtin::ResourceRep(resource(*index)?),
        Canon::ContextGet { is_64, slot } => Builtin::ContextGet { slot: *slot, is_64: *is_64 },
        Canon::ContextSet { is_64, slot } => Builtin::ContextSet { slot: *slot, is_64: *is_64 },
        Canon::BackpressureInc => Builtin::BackpressureInc,
        Canon::BackpressureDec => Builtin::BackpressureDec,
        Canon::TaskReturn { result, opts } => {
            let options = options_def(resolver.frame(frame), opts, offset)?;
            let result = types::option(resolver, frame, *result, offset)?;
            let params = result.map(|ty| (String::from("result"), ty)).into_iter().collect();
            let ty = FuncType { params, result: None, is_async: false };
            Builtin::TaskReturn { signature: Arc::new(Signature::new(ty)), options }
        }
        Canon::Lift { .. } => return Err(Error::internal("`lift` makes no core function", offset)),
        not_yet @ (Canon::TaskCancel
        | Canon::SubtaskCancel { .. }
        | Canon::SubtaskDrop
        | Canon::StreamNew(_)
        | Canon::StreamRead { .. }
        | Canon::StreamWrite { .. }
        | Canon::StreamCancelRead { .. }
        | Canon::StreamCancelWrite { .. }
        | Canon::StreamDropReadable(_)
        | Canon::StreamDropWritable(_)
        | Canon::StreamForward(_)
        | Canon::FutureNew(_)
        | Canon::FutureRead { .. }
        | Canon::FutureWrite { .. }
        | Canon::FutureCancelRead { .. }
        | Canon::FutureCancelWrite { .. }
        | Canon::FutureDropReadable(_)
        | Canon::FutureDropWritable(_)
        | Canon::FutureForward(_)
        | Canon::ErrorContextNew { .. }
        | Canon::ErrorContextDebugMessage { .. }
        | Canon::ErrorContextDrop
        | Canon::WaitableSetNew
        | Canon::WaitableSetWait { .. }
        | Canon::WaitableSetPoll { .. }
        | Canon::WaitableSetDrop
        | Canon::WaitableJoin
        | Canon::ThreadIndex
        | Canon::ThreadNewIndirect { .. }
        | Canon::ThreadResumeLater
        | Canon::ThreadSuspend
        | Canon::ThreadYield
        | Canon::ThreadSuspendThenResume
        | Canon::ThreadYieldThenResume
        | Canon::ThreadSuspendThenPromote
        | Canon::ThreadYieldThenPromote
        | Canon::ThreadSpawnRef { .. }
        | Canon::ThreadSpawnIndirect { .. }
        | Canon::ThreadAvailableParallelism) => {
            Builtin::Unsupported { what: format!("canon {}", not_yet.name()) }
        }
    })
}
