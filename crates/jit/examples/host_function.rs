//! A guest that calls functions of the host, which see the store's data.

use jit::{Caller, Config, Engine, HostError, Linker, Module, Store};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let wasm = wat::parse_str(
        r#"(module
            (import "shop" "price" (func $price (param i32) (result f64)))
            (import "shop" "pay" (func $pay (param f64)))
            (func (export "buy") (param i32 i32)
                (call $pay (f64.mul (call $price (local.get 0)) (f64.convert_i32_u (local.get 1))))))"#,
    )?;
    let engine = Engine::new(&Config::new())?;
    let mut linker = Linker::new(&engine);
    linker.func_wrap("shop", "price", |article: u32| f64::from(article) + 0.5)?;
    linker.func_wrap("shop", "pay", |mut caller: Caller<'_, f64>, sum: f64| -> Result<(), HostError> {
        let left = *caller.data() - sum;
        if left < 0.0 {
            return Err(format!("{sum} is more than is left").into());
        }
        *caller.data_mut() = left;
        Ok(())
    })?;

    // The store's data is what is left to spend.
    let mut store = Store::new(&engine, 10.0);
    let instance = linker.instantiate(&mut store, &Module::new(&engine, &wasm)?)?;
    let buy = instance.get_typed_func::<(u32, u32), ()>(&mut store, "buy")?;
    buy.call(&mut store, (3, 2))?;
    println!("3 left after the first purchase: {}", store.data());
    match buy.call(&mut store, (7, 1)) {
        Ok(()) => println!("bought more than was left"),
        Err(trap) => println!("refused: {}", trap.to_string().lines().next().unwrap_or_default()),
    }
    Ok(())
}
