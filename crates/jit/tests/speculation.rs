//! Guards against speculation change nothing that a guest can see.

use jit::{Config, Engine, Instance, Module, Store, Val};

const TEXT: &str = r#"(module
  (type $f (func (result i32)))
  (table $t 3 funcref)
  (table $t64 i64 2 externref)
  (memory $m64 i64 1 1)
  (memory $m 1 1)
  (elem (table $t) (i32.const 0) func $one $two)
  (func $one (result i32) (i32.const 1))
  (func $two (result i32) (i32.const 2))
  (func (export "call") (param i64) (result i64)
    (i64.extend_i32_u (call_indirect $t (type $f) (i32.wrap_i64 (local.get 0)))))
  (func (export "get") (param i64) (result i64)
    (i64.extend_i32_u (ref.is_null (table.get $t64 (local.get 0)))))
  (func (export "set") (param i64) (result i64)
    (table.set $t64 (local.get 0) (ref.null extern)) (i64.const 0))
  (func (export "load") (param i64) (result i64)
    (i64.store $m64 (local.get 0) (i64.const 7))
    (i64.add (i64.load $m64 (local.get 0)) (i64.load32_u $m64 offset=8 (local.get 0))))
  (func (export "far") (param i64) (result i64)
    (i64.load $m offset=0xfffffff8 (i32.wrap_i64 (local.get 0)))))"#;

/// Returns what a function returns or traps with.
fn run(guarded: bool, name: &str, argument: i64) -> Result<i64, String> {
    let engine = Engine::new(&Config::new().guard_speculation(guarded)).expect("supported");
    let module = Module::new(&engine, &wat::parse_str(TEXT).expect("well formed")).expect("valid");
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).expect("it links");
    let mut results = [Val::I64(0)];
    let func = instance.get_func(&store, name).expect("exported");
    func.call(&mut store, &[Val::I64(argument)], &mut results).map_err(|trap| trap.kind().to_string())?;
    let [Val::I64(result)] = results else { panic!("an i64 is returned") };
    Ok(result)
}

#[test]
fn guards_change_no_result_and_no_trap() {
    let cases = [
        ("call", 0, Some(1)),
        ("call", 1, Some(2)),
        ("call", 2, None),
        ("call", 3, None),
        ("call", -1, None),
        ("get", 1, Some(1)),
        ("get", 2, None),
        ("set", 1, Some(0)),
        ("set", 1 << 61, None),
        ("load", 0, Some(7)),
        ("load", 65524, Some(7)),
        ("load", 65525, None),
        // The sum wraps around.
        ("load", -8, None),
        ("load", -12, None),
        ("far", 0, None),
        ("far", -1, None),
    ];
    for (name, argument, expected) in cases {
        let plain = run(false, name, argument);
        assert_eq!(plain.as_ref().ok().copied(), expected, "{name}({argument})");
        assert_eq!(run(true, name, argument), plain, "{name}({argument})");
    }
}
