//! The trampolines of an engine: generated code between the host and functions of a type, each
//! compiled when it is first asked for.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use cranelift_codegen::isa::TargetIsa;

use crate::compile;
use crate::error::Result;
use crate::module::registry::InternedType;
use crate::rt::{CodeRegion, LoadedCode};
use crate::vm::trampoline::{N_KINDS, TrampolineKind};

/// The trampolines of all types, as far as they are compiled.
#[derive(Default)]
pub(crate) struct TrampolineCache {
    by_type: Mutex<Vec<Option<Arc<OfType>>>>,
    /// Where their code lies.
    region: CodeRegion,
}

/// The trampolines of a type by kind.
type OfType = [OnceLock<Result<Arc<LoadedCode>>>; N_KINDS];

impl TrampolineCache {
    /// Returns the code of a trampoline for functions of a type, which is the same at each call.
    ///
    /// # Errors
    ///
    /// Fails if Cranelift refuses the type or the system the memory.
    pub(crate) fn code(
        &self,
        isa: &dyn TargetIsa,
        ty: &InternedType,
        kind: TrampolineKind,
    ) -> Result<Arc<LoadedCode>> {
        let of_type = {
            let mut by_type = self.by_type.lock().unwrap_or_else(PoisonError::into_inner);
            let at = ty.id.pos();
            if by_type.len() <= at {
                by_type.resize_with(at + 1, || None);
            }
            Arc::clone(by_type[at].get_or_insert_default())
        };
        let compile = || {
            let compiled = compile::trampoline(isa, ty.func(), kind)?;
            Ok(Arc::new(LoadedCode::load_into(&self.region, compiled, None)?))
        };
        of_type[kind as usize].get_or_init(compile).clone()
    }
}
