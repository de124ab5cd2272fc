(component
  (import "double" (func $double (param "x" u32) (result u32)))
  (import "upper" (func $upper (param "s" string) (result string)))
  (import "fail" (func $fail))
  (import "wrong" (func $wrong (result u32)))
  (core module $libc
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 64))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.get $next)
      (global.set $next (i32.add (global.get $next) (local.get 3)))))
  (core instance $libc (instantiate $libc))
  (core func $double (canon lower (func $double)))
  (core func $fail (canon lower (func $fail)))
  (core func $wrong (canon lower (func $wrong)))
  (core func $upper
    (canon lower (func $upper) (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
  (core module $m
    (import "host" "double" (func $double (param i32) (result i32)))
    (import "host" "upper" (func $upper (param i32 i32 i32)))
    (func (export "quadruple") (param i32) (result i32) (call $double (call $double (local.get 0))))
    (func (export "shout") (param i32 i32) (result i32)
      (call $upper (local.get 0) (local.get 1) (i32.const 16))
      (i32.const 16)))
  (core instance $i (instantiate $m
    (with "host" (instance (export "double" (func $double)) (export "upper" (func $upper))))))
  (func (export "quadruple") (param "x" u32) (result u32) (canon lift (core func $i "quadruple")))
  (func (export "shout") (param "s" string) (result string)
    (canon lift (core func $i "shout") (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
  ;; lifted again with no core code between
  (func (export "fail") (canon lift (core func $fail)))
  (func (export "wrong") (result u32) (canon lift (core func $wrong)))
  ;; an import passed on
  (export "double-again" (func $double)))
