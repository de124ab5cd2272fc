//! What code depends on besides the module: the target, its levels, the options of the translation.

use cranelift_codegen::ir::Function;
use cranelift_codegen::isa::{OwnedTargetIsa, TargetIsa};
use cranelift_codegen::settings::{self, Configurable};
use wasmparser::WasmFeatures;

use crate::compile::cost::is_too_costly;
use crate::compile::schedule::{Schedule, Watch};
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
    /// Whether everything is compiled at the cheap level.
    pub(crate) always_cheap: bool,
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
        always_cheap: bool,
    ) -> Result<Self> {
        let isa = host_isa(verifier, Level::Full)?;
        let cheap_isa = host_isa(verifier, Level::Cheap)?;
        Ok(Self { isa, cheap_isa, always_cheap, options, features, parallel })
    }

    /// Returns what the translation of a module's functions needs.
    pub(crate) fn env<'a>(&'a self, info: &'a ModuleInfo, layout: &'a VmLayout) -> Env<'a> {
        Env::new(self.isa.as_ref(), info, layout, self.options)
    }

    /// Returns how the functions of a module are compiled.
    pub(crate) fn schedule<'a>(&'a self, watch: &'a Watch<'a>) -> Schedule<'a> {
        Schedule { parallel: self.parallel, watch, levels: self.levels() }
    }

    /// Returns the levels to choose from.
    pub(crate) fn levels(&self) -> Levels<'_> {
        let Self { isa, cheap_isa, always_cheap, .. } = self;
        Levels { full: isa.as_ref(), cheap: cheap_isa.as_ref(), always_cheap: *always_cheap }
    }
}

/// How much work Cranelift does for the speed of the code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Level {
    Full,
    Cheap,
}

/// The target at each level.
#[derive(Clone, Copy)]
pub(crate) struct Levels<'a> {
    full: &'a dyn TargetIsa,
    cheap: &'a dyn TargetIsa,
    always_cheap: bool,
}

impl<'a> Levels<'a> {
    /// Returns the target for a function that is wanted at a level: the cheap one too if the full
    /// level would take too long for the function, whose body has so many bytes.
    pub(crate) fn isa(&self, wanted: Level, func: &Function, body_bytes: u64) -> &'a dyn TargetIsa {
        match wanted {
            Level::Full if !self.always_cheap && !is_too_costly(func, body_bytes) => self.full,
            Level::Full | Level::Cheap => self.cheap,
        }
    }
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
        ("regalloc_checker", if verifier { "true" } else { "false" }),
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
