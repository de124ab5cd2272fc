//! What code depends on besides the module: the target, its levels, the options of the translation.

use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable};
use wasmparser::WasmFeatures;

use crate::compile::schedule::{Progress, Schedule};
use crate::error::{Error, Result};
use crate::module::info::ModuleInfo;
use crate::translate::{CodeOptions, Env};
use crate::vm::layout::VmLayout;

/// How modules are compiled.
pub(crate) struct CompileSettings {
    /// The processor that this program runs on.
    pub(crate) isa: OwnedTargetIsa,
    /// The same target at a level that compiles fast, to slower code.
    pub(crate) cheap_isa: OwnedTargetIsa,
    /// The options of the translation.
    pub(crate) options: CodeOptions,
    /// The features that modules were validated with.
    pub(crate) features: WasmFeatures,
    /// Whether large modules are compiled on several threads.
    pub(crate) parallel: bool,
}

impl CompileSettings {
    /// Returns the settings for this processor.
    ///
    /// # Errors
    ///
    /// Fails if Cranelift does not support it.
    pub(crate) fn new(
        options: CodeOptions,
        features: WasmFeatures,
        parallel: bool,
        verifier: bool,
    ) -> Result<Self> {
        let isa = host_isa(verifier, Level::Full)?;
        let cheap_isa = host_isa(verifier, Level::Cheap)?;
        Ok(Self { isa, cheap_isa, options, features, parallel })
    }

    /// Returns what the translation of a module's functions needs.
    pub(crate) fn env<'a>(&'a self, info: &'a ModuleInfo, layout: &'a VmLayout) -> Env<'a> {
        Env::new(self.isa.as_ref(), info, layout, self.options)
    }

    /// Returns how the functions of a module are compiled.
    pub(crate) fn schedule<'a>(&self, progress: &'a (dyn Fn(Progress) + Sync)) -> Schedule<'a> {
        Schedule { parallel: self.parallel, progress }
    }
}

/// How much work Cranelift does for the speed of the code.
#[derive(Clone, Copy)]
enum Level {
    Full,
    Cheap,
}

fn host_isa(verifier: bool, level: Level) -> Result<OwnedTargetIsa> {
    let mut flags = settings::builder();
    let (opt_level, regalloc_algorithm) = match level {
        Level::Full => ("speed", "backtracking"),
        Level::Cheap => ("none", "single_pass"),
    };
    let pairs = [
        ("opt_level", opt_level),
        ("regalloc_algorithm", regalloc_algorithm),
        ("preserve_frame_pointers", "true"),
        ("enable_multi_ret_implicit_sret", "true"),
        // The explicit stack limit serves instead.
        ("enable_probestack", "false"),
        ("unwind_info", "false"),
        ("enable_verifier", if verifier { "true" } else { "false" }),
    ];
    for (name, value) in pairs {
        flags.set(name, value).map_err(|e| Error::host(format!("Cranelift setting {name}: {e}")))?;
    }
    let builder = cranelift_native::builder().map_err(Error::host)?;
    let isa = builder.finish(settings::Flags::new(flags)).map_err(|e| Error::host(e.to_string()))?;
    // Without SSE 4.1, rounding would become calls of library functions.
    let lacks_rounding = isa.name() == "x64"
        && !isa.isa_flags().iter().any(|flag| flag.name == "has_sse41" && flag.as_bool() == Some(true));
    if lacks_rounding {
        return Err(Error::unsupported("x86-64 processors without SSE 4.1"));
    }
    Ok(isa)
}
