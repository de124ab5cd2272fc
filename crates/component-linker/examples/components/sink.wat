;; Asks for all readings, and says how many there are and what the highest is.
(component
  (import "demo:sensors/readings@0.1.0" (instance $from
    (export "next" (func (result (option (tuple u32 f32)))))))
  (core module $libc (memory (export "memory") 1))
  (core instance $libc (instantiate $libc))
  (core func $next (canon lower (func $from "next") (memory (core memory $libc "memory"))))
  (core module $m
    (import "libc" "memory" (memory 1))
    (import "from" "next" (func $next (param i32)))
    (func (export "summary") (result i32)
      (local $n i32) (local $highest f32)
      (local.set $highest (f32.const -inf))
      (block $done
        (loop $again
          (call $next (i32.const 16))
          (br_if $done (i32.eqz (i32.load8_u (i32.const 16))))
          (local.set $n (i32.add (local.get $n) (i32.const 1)))
          (local.set $highest (f32.max (local.get $highest) (f32.load (i32.const 24))))
          (br $again)))
      (i32.store (i32.const 32) (local.get $n))
      (f32.store (i32.const 36) (local.get $highest))
      (i32.const 32)))
  (core instance $m (instantiate $m
    (with "libc" (instance $libc))
    (with "from" (instance (export "next" (func $next))))))
  (func (export "summary") (result (tuple u32 f32))
    (canon lift (core func $m "summary") (memory (core memory $libc "memory")))))
