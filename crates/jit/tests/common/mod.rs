//! What the tests share: engines, instances from text, calls.
#![expect(clippy::unwrap_used, reason = "in tests, a panic is the failure")]
#![allow(dead_code, reason = "each test binary uses its part")]

use jit::{Config, Engine, Extern, Instance, Module, Store, Trap, Val};

/// Returns an engine with the default configuration.
pub(crate) fn engine() -> Engine {
    Engine::new(&Config::new()).unwrap()
}

/// Returns engines that differ in when they compile functions and collect exceptions.
pub(crate) fn collecting_engines() -> [Engine; 3] {
    let configs = [
        Config::new(),
        Config::new().collect_always(true),
        Config::new().collect_always(true).lazy_compilation(true),
    ];
    configs.map(|config| Engine::new(&config).unwrap())
}

/// Compiles a module in the text format.
pub(crate) fn module(engine: &Engine, wat: &str) -> Module {
    Module::new(engine, &wat::parse_str(wat).unwrap()).unwrap()
}

/// Returns a store with an instance of a module in the text format.
pub(crate) fn instance(
    wat: &str,
    imports: impl FnOnce(&mut Store<()>) -> Vec<Extern>,
) -> (Store<()>, Instance) {
    instance_of(&engine(), wat, imports)
}

/// As [`instance`], of an engine of another configuration.
pub(crate) fn instance_of(
    engine: &Engine,
    wat: &str,
    imports: impl FnOnce(&mut Store<()>) -> Vec<Extern>,
) -> (Store<()>, Instance) {
    let module = module(engine, wat);
    let mut store = Store::new(engine, ());
    let imports = imports(&mut store);
    let instance = Instance::new(&mut store, &module, &imports).unwrap();
    (store, instance)
}

/// Calls an export and returns its results.
pub(crate) fn call<T: 'static>(
    store: &mut Store<T>,
    instance: Instance,
    name: &str,
    params: &[Val],
) -> Result<Vec<Val>, Trap> {
    let func = instance.get_func(&*store, name).unwrap();
    let mut results: Vec<Val> = func.ty(&*store).results.iter().map(|&ty| Val::default_for(ty)).collect();
    func.call(store, params, &mut results)?;
    Ok(results)
}
