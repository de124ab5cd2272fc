//! Links a guest with a host function and reads the text that it passes through its memory.

use jit::{Caller, Config, Engine, Func, FuncType, Instance, Module, Store, Val, ValType};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let wasm = wat::parse_str(
        r#"(module
            (import "host" "print" (func $print (param i32 i32)))
            (memory (export "memory") 1)
            (data (i32.const 8) "hello from wasm")
            (func (export "run") (call $print (i32.const 8) (i32.const 15))))"#,
    )?;
    let engine = Engine::new(&Config::new())?;
    let module = Module::new(&engine, &wasm)?;
    let mut store = Store::new(&engine, None);
    let ty = FuncType::new([ValType::I32, ValType::I32], []);
    let print = Func::new(&mut store, ty, |caller: Caller<'_, Option<Instance>>, params, _results| {
        let &[Val::I32(start), Val::I32(len)] = params else { return Err("two numbers".into()) };
        let instance = caller.data().ok_or("called before the instance is known")?;
        let memory = instance.get_memory(&caller, "memory").ok_or("no memory")?;
        let (start, len) = (usize::try_from(start)?, usize::try_from(len)?);
        let bytes =
            memory.data(&caller).get(start..).and_then(|rest| rest.get(..len)).ok_or("out of bounds")?;
        println!("{}", std::str::from_utf8(bytes)?);
        Ok(())
    });
    let instance = Instance::new(&mut store, &module, &[print.into()])?;
    *store.data_mut() = Some(instance);
    let run = instance.get_func(&store, "run").ok_or("no such export")?;
    run.call(&mut store, &[], &mut [])?;
    Ok(())
}
