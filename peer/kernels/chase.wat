;; Memory: one load after the other, each where the last one says, $n thousand times over 4 MiB.
(module
  (memory 64)
  (func (export "run") (param $n i32) (result i64)
    (local $i i32) (local $at i32)
    (loop $fill
      ;; An odd multiplier and an odd increment visit all 2^20 words.
      (i32.store (i32.shl (local.get $i) (i32.const 2))
        (i32.shl
          (i32.and (i32.add (i32.mul (local.get $i) (i32.const 0x9e3d5)) (i32.const 12345)) (i32.const 0xfffff))
          (i32.const 2)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $fill (i32.lt_u (local.get $i) (i32.const 0x100000))))
    (local.set $i (i32.mul (local.get $n) (i32.const 1000)))
    (loop $next
      (local.set $at (i32.load (local.get $at)))
      (br_if $next (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
    (i64.extend_i32_u (local.get $at))))
