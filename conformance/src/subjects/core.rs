//! Lowlift's core engine as a subject, through `jit`: a script's modules share one store.
//!
//! The module `spectest` is the one that the reference interpreter provides; its functions print
//! nothing.

use super::{CoreVal, DefinitionId, Failure, FailureKind, Heap, InstanceId, Subject, Val};
use jit::{
    Config, Engine, Error, ErrorKind, Extern, ExternRef, Func, FuncType, Global, GlobalType, HeapType,
    Instance, InstantiateError, Memory, MemoryType, Module, RefType, SharedMemory, Store, Table, TableType,
    Trap, TrapKind, ValType, WasmFeatures,
};
use std::collections::BTreeMap;

/// The engine as a [`Subject`].
pub struct Core {
    state: Result<State, Failure>,
}

struct State {
    engine: Engine,
    store: Store<()>,
    definitions: Vec<Module>,
    instances: Vec<Instance>,
    registered: BTreeMap<String, BTreeMap<String, Extern>>,
}

impl Core {
    /// Returns an engine for the script in `file` that has defined nothing. On a machine that the
    /// engine does not support, everything fails with that.
    pub fn new(file: &str) -> Self {
        Self::with_config(&Config::new().features(features_of(file)))
    }

    /// Returns an engine like that of [`Core::new`] that frees unreachable exceptions at every
    /// throw.
    pub fn collecting(file: &str) -> Self {
        Self::with_config(&Config::new().features(features_of(file)).collect_always(true))
    }

    /// Returns an engine like that of [`Core::new`] that compiles each function when it is first
    /// called, and cheaply.
    pub fn lazy(file: &str) -> Self {
        let config = Config::new().features(features_of(file));
        Self::with_config(&config.lazy_compilation(true).cheap_first_above(0))
    }

    fn with_config(config: &Config) -> Self {
        let state = State::new(config);
        Self { state: state.map_err(|error| Failure::new(FailureKind::Unsupported, error.to_string())) }
    }

    fn state(&mut self) -> Result<&mut State, Failure> {
        self.state.as_mut().map_err(|failure| failure.clone())
    }
}

/// Returns the features that a script's folder presumes: its tests of what is invalid were written
/// before the later features made some of it valid.
fn features_of(file: &str) -> WasmFeatures {
    let all = WasmFeatures::WASM3
        | WasmFeatures::THREADS
        | WasmFeatures::CUSTOM_PAGE_SIZES
        | WasmFeatures::WIDE_ARITHMETIC;
    let older = WasmFeatures::WASM2 | WasmFeatures::MUTABLE_GLOBAL;
    match file.split('/').nth(1) {
        Some("threads") => (older - WasmFeatures::REFERENCE_TYPES) | WasmFeatures::THREADS,
        Some("multi-value" | "mutable-global" | "reference-types") => older,
        Some("function-references") => all - WasmFeatures::MULTI_MEMORY - WasmFeatures::MEMORY64,
        Some("memory64") => all - WasmFeatures::MULTI_MEMORY,
        Some(_) | None => all,
    }
}

impl State {
    fn new(config: &Config) -> Result<Self, Error> {
        let engine = Engine::new(config)?;
        let mut store = Store::new(&engine, ());
        let registered = BTreeMap::from([("spectest".to_owned(), spectest(&mut store)?)]);
        Ok(Self { engine, store, definitions: Vec::new(), instances: Vec::new(), registered })
    }

    fn export(&self, instance: InstanceId, name: &str) -> Option<Extern> {
        self.instances[instance.0 as usize].get_export(&self.store, name)
    }

    /// Returns the script's value as the engine's, for a place of type `ty`.
    fn engine_val(&mut self, val: &Val, ty: ValType) -> Result<jit::Val, Failure> {
        let misuse = || Failure::new(FailureKind::Misuse, format!("{val} for a parameter of type {ty}"));
        let Val::Core(core) = val else { return Err(misuse()) };
        Ok(match core {
            CoreVal::I32(v) => jit::Val::I32(v.cast_signed()),
            CoreVal::I64(v) => jit::Val::I64(v.cast_signed()),
            CoreVal::F32(v) => jit::Val::F32(*v),
            CoreVal::F64(v) => jit::Val::F64(*v),
            CoreVal::V128(v) => jit::Val::V128(*v),
            CoreVal::RefNull(_) if ty.is_ref() => jit::Val::default_for(ty),
            CoreVal::RefExtern(v) => jit::Val::ExternRef(Some(ExternRef::new(&mut self.store, *v))),
            CoreVal::RefNull(_) | CoreVal::RefFunc | CoreVal::Other(_) => return Err(misuse()),
        })
    }

    fn script_val(&self, val: jit::Val) -> Val {
        Val::Core(match val {
            jit::Val::I32(v) => CoreVal::I32(v.cast_unsigned()),
            jit::Val::I64(v) => CoreVal::I64(v.cast_unsigned()),
            jit::Val::F32(v) => CoreVal::F32(v),
            jit::Val::F64(v) => CoreVal::F64(v),
            jit::Val::V128(v) => CoreVal::V128(v),
            jit::Val::FuncRef(None) => CoreVal::RefNull(Heap::Func),
            jit::Val::ExternRef(None) => CoreVal::RefNull(Heap::Extern),
            jit::Val::ExnRef(None) => CoreVal::RefNull(Heap::Exn),
            jit::Val::AnyRef(None) => CoreVal::RefNull(Heap::Any),
            jit::Val::FuncRef(Some(_)) => CoreVal::RefFunc,
            jit::Val::ExternRef(Some(reference)) => match reference.data(&self.store).downcast_ref::<u32>() {
                Some(&v) => CoreVal::RefExtern(v),
                None => CoreVal::Other("ref.extern of another host".to_owned()),
            },
            jit::Val::ExnRef(Some(_)) => CoreVal::Other("ref.exn".to_owned()),
            jit::Val::AnyRef(Some(never)) => match never {},
        })
    }
}

/// Returns the exports of the reference interpreter's module `spectest`.
fn spectest(store: &mut Store<()>) -> Result<BTreeMap<String, Extern>, Error> {
    use ValType::{F32, F64, I32, I64};
    let mut exports = BTreeMap::new();
    let prints: [(&str, &[ValType]); 7] = [
        ("print", &[]),
        ("print_i32", &[I32]),
        ("print_i64", &[I64]),
        ("print_f32", &[F32]),
        ("print_f64", &[F64]),
        ("print_i32_f32", &[I32, F32]),
        ("print_f64_f64", &[F64, F64]),
    ];
    for (name, params) in prints {
        let print = Func::new(&mut *store, FuncType::new(params, []), |_, _, _| Ok(()));
        exports.insert(name.to_owned(), print.into());
    }
    let globals = [
        ("global_i32", I32, jit::Val::I32(666)),
        ("global_i64", I64, jit::Val::I64(666)),
        ("global_f32", F32, jit::Val::F32(666.6_f32.to_bits())),
        ("global_f64", F64, jit::Val::F64(666.6_f64.to_bits())),
    ];
    for (name, content, value) in globals {
        let global = Global::new(&mut *store, GlobalType { content, mutable: false }, value)?;
        exports.insert(name.to_owned(), global.into());
    }
    for (name, table64) in [("table", false), ("table64", true)] {
        let element = RefType { nullable: true, heap: HeapType::Func };
        let ty = TableType { element, minimum: 10, maximum: Some(20), table64 };
        let table = Table::new(&mut *store, ty, jit::Val::FuncRef(None))?;
        exports.insert(name.to_owned(), table.into());
    }
    let ty = MemoryType { minimum: 1, maximum: Some(2), memory64: false, page_size_log2: 16, shared: false };
    exports.insert("memory".to_owned(), Memory::new(&mut *store, ty)?.into());
    let shared = SharedMemory::new(store.engine(), MemoryType { shared: true, ..ty })?;
    exports.insert("shared_memory".to_owned(), shared.memory(&mut *store).into());
    Ok(exports)
}

impl Subject for Core {
    fn define(&mut self, wasm: &[u8]) -> Result<DefinitionId, Failure> {
        let state = self.state()?;
        let module = Module::new(&state.engine, wasm).map_err(|error| refused(&error))?;
        state.definitions.push(module);
        Ok(DefinitionId(id32(state.definitions.len() - 1)))
    }

    fn validate(&mut self, wasm: &[u8]) -> Result<(), Failure> {
        Module::validate(&self.state()?.engine, wasm).map_err(|error| refused(&error))
    }

    fn instantiate(
        &mut self,
        definition: DefinitionId,
        _named: &[(String, InstanceId)],
    ) -> Result<InstanceId, Failure> {
        let state = self.state()?;
        let module = &state.definitions[definition.0 as usize];
        let imports = module.imports().map(|import| {
            let found = state.registered.get(import.module).and_then(|exports| exports.get(import.name));
            found.copied().ok_or_else(|| {
                let message = format!("unknown import `{}::{}`", import.module, import.name);
                Failure::new(FailureKind::Unlinkable, message)
            })
        });
        let imports = imports.collect::<Result<Vec<_>, _>>()?;
        let instance = Instance::new(&mut state.store, module, &imports).map_err(|error| match error {
            InstantiateError::Link(error) => Failure::new(FailureKind::Unlinkable, error.to_string()),
            InstantiateError::Trap(trap) => trapped(&trap),
            InstantiateError::Resource(error) => Failure::new(FailureKind::Unsupported, error.to_string()),
        })?;
        state.instances.push(instance);
        Ok(InstanceId(id32(state.instances.len() - 1)))
    }

    fn invoke(&mut self, instance: InstanceId, name: &str, args: &[Val]) -> Result<Vec<Val>, Failure> {
        let state = self.state()?;
        let misuse = |message| Failure::new(FailureKind::Misuse, message);
        let Some(Extern::Func(func)) = state.export(instance, name) else {
            return Err(misuse(format!("no function `{name}`")));
        };
        let ty = func.ty(&state.store);
        if ty.params.len() != args.len() {
            return Err(misuse(format!("{} arguments for {} parameters", args.len(), ty.params.len())));
        }
        let params = args.iter().zip(&ty.params).map(|(arg, &ty)| state.engine_val(arg, ty));
        let params = params.collect::<Result<Vec<_>, _>>()?;
        let mut results: Vec<_> = ty.results.iter().map(|&ty| jit::Val::default_for(ty)).collect();
        func.call(&mut state.store, &params, &mut results).map_err(|trap| trapped(&trap))?;
        Ok(results.into_iter().map(|val| state.script_val(val)).collect())
    }

    fn get(&mut self, instance: InstanceId, name: &str) -> Result<Val, Failure> {
        let state = self.state()?;
        let Some(Extern::Global(global)) = state.export(instance, name) else {
            return Err(Failure::new(FailureKind::Misuse, format!("no global `{name}`")));
        };
        Ok(state.script_val(global.get(&state.store)))
    }

    fn register(&mut self, instance: InstanceId, name: &str) -> Result<(), Failure> {
        let state = self.state()?;
        let exports = state.instances[instance.0 as usize].exports(&state.store);
        let exports = exports.map(|(name, item)| (name.to_owned(), item)).collect();
        state.registered.insert(name.to_owned(), exports);
        Ok(())
    }
}

fn id32(len: usize) -> u32 {
    u32::try_from(len).expect("a script has fewer than 2^32 directives")
}

fn refused(error: &Error) -> Failure {
    let kind = match error.kind() {
        ErrorKind::Invalid => FailureKind::Invalid,
        ErrorKind::Unsupported | ErrorKind::Limit | ErrorKind::Host => FailureKind::Unsupported,
        ErrorKind::Type | ErrorKind::Link | ErrorKind::Artifact | ErrorKind::Cancelled => FailureKind::Misuse,
    };
    Failure::new(kind, error.to_string())
}

/// Takes the kind's text only: names in the frames below it are no part of the message. A function
/// that cannot be compiled traps when it is first called; that is no trap of the guest.
fn trapped(trap: &Trap) -> Failure {
    if let Some(error) = trap.downcast_ref::<Error>() {
        return refused(error);
    }
    let kind = match trap.kind() {
        TrapKind::Exception(_) => FailureKind::Exception,
        TrapKind::Mismatch(_) => FailureKind::Misuse,
        TrapKind::Unreachable
        | TrapKind::MemoryOutOfBounds
        | TrapKind::TableOutOfBounds
        | TrapKind::UndefinedElement
        | TrapKind::UninitializedElement { .. }
        | TrapKind::IndirectCallTypeMismatch
        | TrapKind::IntegerDivideByZero
        | TrapKind::IntegerOverflow
        | TrapKind::InvalidConversionToInteger
        | TrapKind::StackOverflow
        | TrapKind::TooManyExceptions
        | TrapKind::NullException
        | TrapKind::NullFunction
        | TrapKind::NullReference
        | TrapKind::UnalignedAtomic
        | TrapKind::ExpectedSharedMemory
        | TrapKind::EndlessWait
        | TrapKind::WaitTooLong
        | TrapKind::Interrupt
        | TrapKind::OutOfFuel
        | TrapKind::Built(_)
        | TrapKind::Host(_) => FailureKind::Trap,
    };
    Failure::new(kind, trap.kind().to_string())
}
