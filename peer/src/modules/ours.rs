//! Lowlift's run of a module.

use jit::{
    Config, Engine, Extern, Func, HeapType, Instance, InstantiateError, Module, Store, Val, ValType,
    WasmFeatures,
};

use super::generate::ModuleCase;
use super::{Seen, Word};
use crate::fault::Fault;

pub(crate) fn engine(stack_bytes: usize) -> wasmtime::Result<Engine> {
    let features = WasmFeatures::default()
        | WasmFeatures::CUSTOM_PAGE_SIZES
        | WasmFeatures::WIDE_ARITHMETIC
        | WasmFeatures::EXCEPTIONS
        | WasmFeatures::MEMORY64;
    Ok(Engine::new(
        &Config::new().features(features).max_wasm_stack(stack_bytes).consume_fuel(true).verifier(false),
    )?)
}

/// Enough that a module's own fuel always ends first.
const FUEL: u64 = 1 << 40;

/// Runs the case. An error is a module that does not compile or cannot be instantiated here.
pub(crate) fn run(engine: &Engine, case: &ModuleCase) -> Result<Seen, String> {
    let module = Module::new(engine, &case.wasm).map_err(|error| error.to_string())?;
    let mut store = Store::new(engine, ());
    store.set_fuel(FUEL);
    let instance = match Instance::new(&mut store, &module, &[]) {
        Ok(instance) => instance,
        Err(InstantiateError::Trap(trap)) => {
            return Ok(Seen { start: Some(Fault::of_core(trap.kind())), ..Seen::default() });
        }
        Err(error @ (InstantiateError::Link(_) | InstantiateError::Resource(_))) => {
            return Err(error.to_string());
        }
    };
    let mut seen = Seen::default();
    for (name, args) in &case.calls {
        let func = instance.get_func(&store, name).expect("the module exports it");
        seen.calls.push(call(&mut store, func, args));
    }
    let exports: Vec<_> = instance.exports(&store).map(|(name, item)| (name.to_owned(), item)).collect();
    for (name, item) in exports {
        match item {
            Extern::Func(_) | Extern::Tag(_) => {}
            Extern::Global(global) => drop(seen.globals.insert(name, word(&global.get(&store)))),
            Extern::Memory(memory) => {
                let bytes = memory.data(&store);
                let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
                seen.memories.insert(name, (bytes[..used].to_vec(), bytes.len()));
            }
            Extern::Table(table) => {
                let element = |i| table.get(&store, i).expect("within its size");
                let elements = (0..table.size(&store)).map(|i| word(&element(i)) != Word::Null);
                seen.tables.insert(name, elements.collect());
            }
        }
    }
    Ok(seen)
}

fn call(store: &mut Store<()>, func: Func, args: &[Word]) -> Result<Vec<Word>, Fault> {
    let ty = func.ty(&*store);
    let args: Vec<_> = args.iter().zip(&ty.params).map(|(arg, ty)| value(*arg, *ty)).collect();
    let mut results: Vec<_> = ty.results.iter().map(|ty| Val::default_for(*ty)).collect();
    func.call(store, &args, &mut results).map_err(|trap| Fault::of_core(trap.kind()))?;
    Ok(results.iter().map(word).collect())
}

fn value(word: Word, ty: ValType) -> Val {
    match (word, ty) {
        (Word::I32(x), _) => Val::I32(x.cast_signed()),
        (Word::I64(x), _) => Val::I64(x.cast_signed()),
        (Word::F32(x), _) => Val::F32(x),
        (Word::F64(x), _) => Val::F64(x),
        (Word::V128(x), _) => Val::V128(x),
        (Word::Null | Word::Reference, ValType::Ref(ty)) => match ty.heap {
            HeapType::Func | HeapType::ConcreteFunc(_) | HeapType::NoFunc => Val::FuncRef(None),
            HeapType::Extern | HeapType::NoExtern => Val::ExternRef(None),
            HeapType::Exn | HeapType::NoExn => Val::ExnRef(None),
            HeapType::Any
            | HeapType::Eq
            | HeapType::I31
            | HeapType::Struct
            | HeapType::ConcreteStruct(_)
            | HeapType::Array
            | HeapType::ConcreteArray(_)
            | HeapType::None => Val::AnyRef(None),
        },
        (Word::Null | Word::Reference, ty) => unreachable!("a reference for a {ty}"),
    }
}

fn word(value: &Val) -> Word {
    let reference = |is_some: bool| if is_some { Word::Reference } else { Word::Null };
    match value {
        Val::I32(x) => Word::I32(x.cast_unsigned()),
        Val::I64(x) => Word::I64(x.cast_unsigned()),
        Val::F32(x) => Word::F32(*x),
        Val::F64(x) => Word::F64(*x),
        Val::V128(x) => Word::V128(*x),
        Val::FuncRef(func) => reference(func.is_some()),
        Val::ExternRef(value) => reference(value.is_some()),
        Val::ExnRef(exception) => reference(exception.is_some()),
        Val::AnyRef(value) => reference(value.is_some()),
    }
}
