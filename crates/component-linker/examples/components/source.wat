;; The readings of four sensors, one by one: number, degrees Celsius.
(component
  (core module $m
    (memory (export "memory") 1)
    ;; Four pairs of u32 and f32, little-endian: (1, 21.5), (2, -273.0), (3, 19.0), (4, 23.25).
    (data (i32.const 64)
      "\01\00\00\00\00\00\ac\41\02\00\00\00\00\80\88\c3\03\00\00\00\00\00\98\41\04\00\00\00\00\00\ba\41")
    (global $i (mut i32) (i32.const 0))
    (func (export "next") (result i32)
      (if (i32.eq (global.get $i) (i32.const 4))
        (then (i32.store8 (i32.const 16) (i32.const 0)) (return (i32.const 16))))
      (i32.store8 (i32.const 16) (i32.const 1))
      (i64.store (i32.const 20)
        (i64.load (i32.add (i32.const 64) (i32.mul (global.get $i) (i32.const 8)))))
      (global.set $i (i32.add (global.get $i) (i32.const 1)))
      (i32.const 16)))
  (core instance $m (instantiate $m))
  (func $next (result (option (tuple u32 f32)))
    (canon lift (core func $m "next") (memory (core memory $m "memory"))))
  (instance $readings (export "next" (func $next)))
  (export "demo:sensors/readings@0.1.3" (instance $readings)))
