(component
  (core module
    (import "host" "imported" (func $imported))
    (memory 1) (table 1 funcref)
    (elem (i32.const 0) func $first)
    (elem $passive func $first)
    (func $first (result i32) (table.init $passive (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const 1))
    (func $second (result i32) (drop (call $first)) (i32.const 2))
    (func (export "exported") (export "f") (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 0)))
    (data "passive"))
  (core module (func $other) (func) (func) (func (export "exported") unreachable)))
