;; A core module as a compiler would emit it for the world of greet.wit, written by hand.
(module
  ;; "Hello, ", and at 16 what `greet` gives back: where the greeting starts and how long it is.
  (memory (export "memory") 1)
  (data (i32.const 0) "Hello, ")
  (global $free (mut i32) (i32.const 64))

  ;; Allocates, and never frees. Arguments: old pointer, old size, alignment, new size.
  (func $realloc (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $pointer i32)
    (local.set $pointer (i32.and
      (i32.add (global.get $free) (i32.sub (local.get 2) (i32.const 1)))
      (i32.sub (i32.const 0) (local.get 2))))
    (global.set $free (i32.add (local.get $pointer) (local.get 3)))
    (local.get $pointer))

  (func (export "greet") (param $name i32) (param $n_bytes i32) (result i32)
    (local $greeting i32)
    (local.set $greeting
      (call $realloc (i32.const 0) (i32.const 0) (i32.const 1) (i32.add (local.get $n_bytes) (i32.const 8))))
    (memory.copy (local.get $greeting) (i32.const 0) (i32.const 7))
    (memory.copy (i32.add (local.get $greeting) (i32.const 7)) (local.get $name) (local.get $n_bytes))
    (i32.store8 (i32.add (local.get $greeting) (i32.add (local.get $n_bytes) (i32.const 7))) (i32.const 33)) ;; "!"
    (i32.store (i32.const 16) (local.get $greeting))
    (i32.store (i32.const 20) (i32.add (local.get $n_bytes) (i32.const 8)))
    (i32.const 16)))
