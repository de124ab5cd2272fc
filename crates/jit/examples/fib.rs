//! Calls a recursive function with the number given on the command line, 30 without one.

use jit::{Config, Engine, Instance, Module, Store, Val};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let n = std::env::args().nth(1).map_or(Ok(30), |arg| arg.parse())?;
    let wasm = wat::parse_str(
        r#"(module (func $fib (export "fib") (param i32) (result i64)
            (if (i32.lt_u (local.get 0) (i32.const 2)) (then (return (i64.extend_i32_u (local.get 0)))))
            (i64.add
                (call $fib (i32.sub (local.get 0) (i32.const 1)))
                (call $fib (i32.sub (local.get 0) (i32.const 2))))))"#,
    )?;
    let engine = Engine::new(&Config::new())?;
    let module = Module::new(&engine, &wasm)?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    let fib = instance.get_func(&store, "fib").ok_or("no such export")?;
    let mut results = [Val::I64(0)];
    fib.call(&mut store, &[Val::I32(n)], &mut results)?;
    println!("fib({n}) = {:?}", results[0]);
    Ok(())
}
