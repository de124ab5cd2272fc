//! Stops a guest that never ends: by a deadline from another thread, then by fuel.

use std::time::Duration;

use jit::{Config, Engine, Instance, Module, Store};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let wasm = wat::parse_str(r#"(module $endless (func (export "run") (loop $again (br $again))))"#)?;

    // Epochs: a thread of the host raises the engine's epoch now and then; each store has a
    // deadline.
    let engine = Engine::new(&Config::new().epoch_interruption(true))?;
    let module = Module::new(&engine, &wasm)?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    let run = instance.get_func(&store, "run").ok_or("no such export")?;
    store.set_epoch_deadline(1);
    let ticker = engine.clone();
    let ticking = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(20));
        ticker.increment_epoch();
    });
    if let Err(trap) = run.call(&mut store, &[], &mut []) {
        println!("{trap}");
    }
    ticking.join().map_err(|_| "the ticking thread panicked")?;

    // Fuel: the guest stops after the same number of operators each time.
    let engine = Engine::new(&Config::new().consume_fuel(true))?;
    let module = Module::new(&engine, &wasm)?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    let run = instance.get_func(&store, "run").ok_or("no such export")?;
    store.set_fuel(1_000_000);
    if let Err(trap) = run.call(&mut store, &[], &mut []) {
        println!("{trap}");
    }
    Ok(())
}
