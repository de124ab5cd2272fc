//! Canonical definitions. Follows Binary.md, "Canonical Definitions".

use wasmparser::{CanonicalFunction as Function, CanonicalOption, ValType};

use super::super::canon::{Canon, CanonOpt};
use super::types::val_type;

pub(super) fn canon(canon: &Function) -> Canon {
    match canon {
        Function::Lift { core_func_index, type_index, options } => {
            Canon::Lift { core_func: *core_func_index, opts: opts(options), ty: *type_index }
        }
        Function::Lower { func_index, options } => Canon::Lower { func: *func_index, opts: opts(options) },
        Function::ResourceNew { resource } => Canon::ResourceNew(*resource),
        Function::ResourceDrop { resource } => Canon::ResourceDrop(*resource),
        Function::ResourceRep { resource } => Canon::ResourceRep(*resource),
        Function::BackpressureInc => Canon::BackpressureInc,
        Function::BackpressureDec => Canon::BackpressureDec,
        Function::TaskReturn { result, options } => {
            Canon::TaskReturn { result: result.map(val_type), opts: opts(options) }
        }
        Function::TaskCancel => Canon::TaskCancel,
        Function::ContextGet { ty, slot } => Canon::ContextGet { is_64: *ty == ValType::I64, slot: *slot },
        Function::ContextSet { ty, slot } => Canon::ContextSet { is_64: *ty == ValType::I64, slot: *slot },
        Function::SubtaskCancel { async_ } => Canon::SubtaskCancel { is_async: *async_ },
        Function::SubtaskDrop => Canon::SubtaskDrop,
        Function::StreamNew { ty } => Canon::StreamNew(*ty),
        Function::StreamRead { ty, options } => Canon::StreamRead { ty: *ty, opts: opts(options) },
        Function::StreamWrite { ty, options } => Canon::StreamWrite { ty: *ty, opts: opts(options) },
        Function::StreamCancelRead { ty, async_ } => Canon::StreamCancelRead { ty: *ty, is_async: *async_ },
        Function::StreamCancelWrite { ty, async_ } => Canon::StreamCancelWrite { ty: *ty, is_async: *async_ },
        Function::StreamDropReadable { ty } => Canon::StreamDropReadable(*ty),
        Function::StreamDropWritable { ty } => Canon::StreamDropWritable(*ty),
        Function::StreamForward { ty } => Canon::StreamForward(*ty),
        Function::FutureNew { ty } => Canon::FutureNew(*ty),
        Function::FutureRead { ty, options } => Canon::FutureRead { ty: *ty, opts: opts(options) },
        Function::FutureWrite { ty, options } => Canon::FutureWrite { ty: *ty, opts: opts(options) },
        Function::FutureCancelRead { ty, async_ } => Canon::FutureCancelRead { ty: *ty, is_async: *async_ },
        Function::FutureCancelWrite { ty, async_ } => Canon::FutureCancelWrite { ty: *ty, is_async: *async_ },
        Function::FutureDropReadable { ty } => Canon::FutureDropReadable(*ty),
        Function::FutureDropWritable { ty } => Canon::FutureDropWritable(*ty),
        Function::FutureForward { ty } => Canon::FutureForward(*ty),
        Function::ErrorContextNew { options } => Canon::ErrorContextNew { opts: opts(options) },
        Function::ErrorContextDebugMessage { options } => {
            Canon::ErrorContextDebugMessage { opts: opts(options) }
        }
        Function::ErrorContextDrop => Canon::ErrorContextDrop,
        Function::WaitableSetNew => Canon::WaitableSetNew,
        Function::WaitableSetWait { memory } => Canon::WaitableSetWait { memory: *memory },
        Function::WaitableSetPoll { memory } => Canon::WaitableSetPoll { memory: *memory },
        Function::WaitableSetDrop => Canon::WaitableSetDrop,
        Function::WaitableJoin => Canon::WaitableJoin,
        Function::ThreadIndex => Canon::ThreadIndex,
        Function::ThreadNewIndirect { func_ty_index, table_index } => {
            Canon::ThreadNewIndirect { ty: *func_ty_index, table: *table_index }
        }
        Function::ThreadResumeLater => Canon::ThreadResumeLater,
        Function::ThreadSuspend => Canon::ThreadSuspend,
        Function::ThreadYield => Canon::ThreadYield,
        Function::ThreadSuspendThenResume => Canon::ThreadSuspendThenResume,
        Function::ThreadYieldThenResume => Canon::ThreadYieldThenResume,
        Function::ThreadSuspendThenPromote => Canon::ThreadSuspendThenPromote,
        Function::ThreadYieldThenPromote => Canon::ThreadYieldThenPromote,
        Function::ThreadSpawnRef { func_ty_index } => Canon::ThreadSpawnRef { ty: *func_ty_index },
        Function::ThreadSpawnIndirect { func_ty_index, table_index } => {
            Canon::ThreadSpawnIndirect { ty: *func_ty_index, table: *table_index }
        }
        Function::ThreadAvailableParallelism => Canon::ThreadAvailableParallelism,
    }
}

fn opts(options: &[CanonicalOption]) -> Vec<CanonOpt> {
    let opt = |option: &CanonicalOption| match *option {
        CanonicalOption::UTF8 => CanonOpt::Utf8,
        CanonicalOption::UTF16 => CanonOpt::Utf16,
        CanonicalOption::CompactUTF16 => CanonOpt::Latin1Utf16,
        CanonicalOption::Memory(index) => CanonOpt::Memory(index),
        CanonicalOption::Realloc(index) => CanonOpt::Realloc(index),
        CanonicalOption::PostReturn(index) => CanonOpt::PostReturn(index),
        CanonicalOption::Async => CanonOpt::Async,
        CanonicalOption::Callback(index) => CanonOpt::Callback(index),
        CanonicalOption::CoreType(_) | CanonicalOption::Gc => CanonOpt::Gc,
    };
    options.iter().map(opt).collect()
}
