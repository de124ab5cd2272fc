//! A host that writes into a guest's memory, lets the guest work on it, and reads the result.

use jit::{Config, Engine, Linker, Module, Store, StoreLimits};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let wasm = wat::parse_str(
        r#"(module
            (memory (export "memory") 1)
            (func (export "upper") (param $at i32) (param $end i32)
                (block $done
                    (loop $next
                        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
                        (if (i32.lt_u (i32.sub (i32.load8_u (local.get $at)) (i32.const 97)) (i32.const 26))
                            (then (i32.store8 (local.get $at)
                                (i32.sub (i32.load8_u (local.get $at)) (i32.const 32)))))
                        (local.set $at (i32.add (local.get $at) (i32.const 1)))
                        (br $next)))))"#,
    )?;
    let engine = Engine::new(&Config::new())?;
    let mut store = Store::new(&engine, ());
    store.set_limits(StoreLimits { memory_bytes: Some(1 << 20), ..StoreLimits::default() });
    let instance = Linker::new(&engine).instantiate(&mut store, &Module::new(&engine, &wasm)?)?;
    let memory = instance.get_memory(&store, "memory").ok_or("no memory")?;
    let upper = instance.get_typed_func::<(u32, u32), ()>(&mut store, "upper")?;

    let text = b"bytes cross without a copy";
    memory.data_mut(&mut store)[..text.len()].copy_from_slice(text);
    upper.call(&mut store, (0, u32::try_from(text.len())?))?;
    println!("{}", String::from_utf8_lossy(&memory.data(&store)[..text.len()]));
    println!("{} page, then 8 more: {:?}", memory.size(&store), memory.grow(&mut store, 8));
    println!("8 more are beyond the limit: {:?}", memory.grow(&mut store, 8));
    Ok(())
}
