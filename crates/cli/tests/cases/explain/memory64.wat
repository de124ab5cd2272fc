(component
  (core module $m (memory (export "memory") i64 1) (func (export "realloc") (param i64 i64 i64 i64) (result i64) (i64.const 1024))
    (func (export "w") (param i64 i64)))
  (core instance $i (instantiate $m))
  (func (export "wide") (param "s" string)
    (canon lift (core func $i "w") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))
