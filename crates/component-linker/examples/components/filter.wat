;; Passes readings on, without those of sensors that are broken: below -100 °C.
(component
  (import "demo:sensors/readings@0.1.0" (instance $from
    (export "next" (func (result (option (tuple u32 f32)))))))
  (core module $libc (memory (export "memory") 1))
  (core instance $libc (instantiate $libc))
  (core func $next (canon lower (func $from "next") (memory (core memory $libc "memory"))))
  (core module $m
    (import "libc" "memory" (memory 1))
    (import "from" "next" (func $next (param i32)))
    (func (export "next") (result i32)
      (loop $again
        (call $next (i32.const 16))
        (if (i32.eqz (i32.load8_u (i32.const 16))) (then (return (i32.const 16))))
        (br_if $again (f32.lt (f32.load (i32.const 24)) (f32.const -100))))
      (i32.const 16)))
  (core instance $m (instantiate $m
    (with "libc" (instance $libc))
    (with "from" (instance (export "next" (func $next))))))
  (func $good (result (option (tuple u32 f32)))
    (canon lift (core func $m "next") (memory (core memory $libc "memory"))))
  (instance $readings (export "next" (func $good)))
  (export "demo:sensors/readings@0.1.0" (instance $readings)))
