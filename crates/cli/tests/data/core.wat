(module
  (func $double (export "double") (param i32) (result i32)
    local.get 0
    i32.const 2
    i32.mul)
  (func $again (export "again") (param i32) (result i32)
    local.get 0
    call $double))
