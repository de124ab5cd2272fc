//! The peer's run of a module.

use wasmtime::{Config, Engine, Extern, Func, HeapType, Instance, Module, Store, Val, ValType};

use super::generate::ModuleCase;
use super::{Seen, Word};
use crate::fault::Fault;

pub(crate) fn engine(stack_bytes: usize) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config.max_wasm_stack(stack_bytes);
    config.wasm_custom_page_sizes(true);
    config.wasm_wide_arithmetic(true);
    config.wasm_exceptions(true);
    config.parallel_compilation(false);
    Engine::new(&config)
}

/// Runs the case. An error is a module that does not compile or cannot be instantiated there.
pub(crate) fn run(engine: &Engine, case: &ModuleCase) -> Result<Seen, String> {
    let module = Module::new(engine, &case.wasm).map_err(|error| format!("{error:#}"))?;
    let mut store = Store::new(engine, ());
    let instance = match Instance::new(&mut store, &module, &[]) {
        Ok(instance) => instance,
        Err(error) => {
            return match Fault::of_peer(&error) {
                Fault::Other(_) => Err(format!("{error:#}")),
                fault => Ok(Seen { start: Some(fault), ..Seen::default() }),
            };
        }
    };
    let mut seen = Seen::default();
    for (name, args) in &case.calls {
        let func = instance.get_func(&mut store, name).expect("the module exports it");
        seen.calls.push(call(&mut store, func, args));
    }
    let exports: Vec<_> =
        instance.exports(&mut store).map(|export| (export.name().to_owned(), export.into_extern())).collect();
    for (name, item) in exports {
        match item {
            Extern::Global(global) => {
                let value = global.get(&mut store);
                seen.globals.insert(name, word(&value));
            }
            Extern::Memory(memory) => {
                let bytes = memory.data(&store);
                let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
                seen.memories.insert(name, (bytes[..used].to_vec(), bytes.len()));
            }
            Extern::Table(table) => {
                let size = table.size(&store);
                let mut element = |i| table.get(&mut store, i).is_some_and(|element| !element.is_null());
                let elements = (0..size).map(&mut element).collect();
                seen.tables.insert(name, elements);
            }
            Extern::Func(_) | Extern::SharedMemory(_) | Extern::Tag(_) => {}
        }
    }
    Ok(seen)
}

fn call(store: &mut Store<()>, func: Func, args: &[Word]) -> Result<Vec<Word>, Fault> {
    let ty = func.ty(&*store);
    let args: Vec<_> = args.iter().zip(ty.params()).map(|(arg, ty)| value(*arg, &ty)).collect();
    let mut results = vec![Val::I32(0); ty.results().len()];
    func.call(&mut *store, &args, &mut results).map_err(|error| {
        // The exception is the store's until it is taken.
        store.take_pending_exception();
        Fault::of_peer(&error)
    })?;
    Ok(results.iter().map(word).collect())
}

fn value(word: Word, ty: &ValType) -> Val {
    match word {
        Word::I32(x) => Val::I32(x.cast_signed()),
        Word::I64(x) => Val::I64(x.cast_signed()),
        Word::F32(x) => Val::F32(x),
        Word::F64(x) => Val::F64(x),
        Word::V128(x) => Val::V128(x.into()),
        Word::Null | Word::Reference => {
            let ValType::Ref(ty) = ty else { unreachable!("a reference for a {ty}") };
            match ty.heap_type().top() {
                HeapType::Func => Val::FuncRef(None),
                HeapType::Extern => Val::ExternRef(None),
                HeapType::Exn => Val::ExnRef(None),
                // Of another crate, and open.
                _ => Val::AnyRef(None),
            }
        }
    }
}

fn word(value: &Val) -> Word {
    let reference = |is_some: bool| if is_some { Word::Reference } else { Word::Null };
    match value {
        Val::I32(x) => Word::I32(x.cast_unsigned()),
        Val::I64(x) => Word::I64(x.cast_unsigned()),
        Val::F32(x) => Word::F32(*x),
        Val::F64(x) => Word::F64(*x),
        Val::V128(x) => Word::V128(x.as_u128()),
        Val::FuncRef(func) => reference(func.is_some()),
        Val::ExternRef(value) => reference(value.is_some()),
        Val::AnyRef(value) => reference(value.is_some()),
        Val::ExnRef(exception) => reference(exception.is_some()),
        Val::ContRef(continuation) => reference(continuation.is_some()),
    }
}
