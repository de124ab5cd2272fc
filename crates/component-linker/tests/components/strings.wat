(component
  (core module $libc
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 64))
    (func (export "realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
      (global.set $next (i32.add (local.get $at) (local.get $size)))
      (memory.copy (local.get $at) (local.get $old)
        (select (local.get $old-size) (local.get $size) (i32.lt_u (local.get $old-size) (local.get $size))))
      (local.get $at)))
  ;; gives back the pair it is given
  (core module $pair
    (import "libc" "memory" (memory 1))
    (func (export "echo") (param i32 i32) (result i32)
      (i32.store (i32.const 16) (local.get 0))
      (i32.store (i32.const 20) (local.get 1))
      (i32.const 16))
    (func (export "out-of-bounds") (result i32)
      (i32.store (i32.const 16) (i32.const 65535))
      (i32.store (i32.const 20) (i32.const 2))
      (i32.const 16))
    (func (export "invalid") (result i32)
      (i32.store8 (i32.const 32) (i32.const 0xff))
      (i32.store (i32.const 16) (i32.const 32))
      (i32.store (i32.const 20) (i32.const 1))
      (i32.const 16)))

  (component $utf16
    (core instance $libc (instantiate $libc))
    (core instance $i (instantiate $pair (with "libc" (instance $libc))))
    (func (export "echo") (param "s" string) (result string)
      (canon lift (core func $i "echo") string-encoding=utf16
        (memory (core memory $libc "memory")) (realloc (core func $libc "realloc")))))
  (component $latin1
    (core instance $libc (instantiate $libc))
    (core instance $i (instantiate $pair (with "libc" (instance $libc))))
    (func (export "echo") (param "s" string) (result string)
      (canon lift (core func $i "echo") string-encoding=latin1+utf16
        (memory (core memory $libc "memory")) (realloc (core func $libc "realloc")))))
  (component $utf8
    (import "echo" (func $echo (param "s" string) (result string)))
    (core instance $libc (instantiate $libc))
    (core func $echo
      (canon lower (func $echo) (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
    (core module $m
      (import "" "echo" (func $echo (param i32 i32 i32)))
      (func (export "echo") (param i32 i32) (result i32)
        (call $echo (local.get 0) (local.get 1) (i32.const 32))
        (i32.const 32)))
    (core instance $i (instantiate $m (with "" (instance (export "echo" (func $echo))))))
    (func (export "echo") (param "s" string) (result string)
      (canon lift (core func $i "echo")
        (memory (core memory $libc "memory")) (realloc (core func $libc "realloc")))))

  (instance $u16 (instantiate $utf16))
  (instance $l1 (instantiate $latin1))
  (instance $a (instantiate $utf8 (with "echo" (func $u16 "echo"))))
  (instance $b (instantiate $utf8 (with "echo" (func $l1 "echo"))))
  (export "via-utf16" (func $a "echo"))
  (export "via-latin1" (func $b "echo"))

  (core instance $libc (instantiate $libc))
  (core instance $i (instantiate $pair (with "libc" (instance $libc))))
  (func (export "utf8") (param "s" string) (result string)
    (canon lift (core func $i "echo") (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
  (func (export "bytes") (param "s" (list u8)) (result (list u8))
    (canon lift (core func $i "echo") (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
  (func (export "out-of-bounds") (result string) (canon lift (core func $i "out-of-bounds") (memory (core memory $libc "memory"))))
  (func (export "invalid") (result string) (canon lift (core func $i "invalid") (memory (core memory $libc "memory")))))
