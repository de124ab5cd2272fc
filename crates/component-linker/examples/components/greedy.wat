;; A plugin that takes what it can get: `spin` runs for ever, `grow` asks for 64 MiB.
(component
  (core module $main
    (memory (export "memory") 1)
    (data (i32.const 16) "no memory")
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
    (func (export "handle") (param $ptr i32) (param $len i32) (result i32)
      (if (i32.eq (i32.load8_u (local.get $ptr)) (i32.const 115)) ;; s
        (then (loop $for-ever (br $for-ever))))
      (i32.store8 (i32.const 32)
        (i32.eq (memory.grow (i32.const 1024)) (i32.const -1)))
      (i32.store (i32.const 36) (i32.const 16))
      (i32.store (i32.const 40) (i32.const 9))
      (i32.const 32)))
  (core instance $main (instantiate $main))
  (func (export "handle") (param "request" string) (result (result string (error string)))
    (canon lift (core func $main "handle")
      (memory (core memory $main "memory")) (realloc (core func $main "realloc")))))
