;; Floating point and loads: the product of two 96 by 96 matrices, $n times.
(module
  (memory 16)
  (func $at (param $base i32) (param $i i32) (param $j i32) (result i32)
    (i32.add (local.get $base)
      (i32.shl (i32.add (i32.mul (local.get $i) (i32.const 96)) (local.get $j)) (i32.const 3))))
  (func (export "run") (param $n i32) (result i64)
    (local $i i32) (local $j i32) (local $k i32) (local $sum f64)
    (local.set $i (i32.const 0))
    (loop $fill
      (f64.store (i32.shl (local.get $i) (i32.const 3)) (f64.convert_i32_u (i32.and (local.get $i) (i32.const 31))))
      (f64.store offset=0x20000 (i32.shl (local.get $i) (i32.const 3)) (f64.convert_i32_u (i32.and (local.get $i) (i32.const 15))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $fill (i32.lt_u (local.get $i) (i32.const 9216))))
    (loop $again
      (local.set $i (i32.const 0))
      (loop $row
        (local.set $j (i32.const 0))
        (loop $column
          (local.set $sum (f64.const 0))
          (local.set $k (i32.const 0))
          (loop $inner
            (local.set $sum (f64.add (local.get $sum) (f64.mul
              (f64.load (call $at (i32.const 0) (local.get $i) (local.get $k)))
              (f64.load (call $at (i32.const 0x20000) (local.get $k) (local.get $j))))))
            (local.set $k (i32.add (local.get $k) (i32.const 1)))
            (br_if $inner (i32.lt_u (local.get $k) (i32.const 96))))
          (f64.store (call $at (i32.const 0x40000) (local.get $i) (local.get $j)) (local.get $sum))
          (local.set $j (i32.add (local.get $j) (i32.const 1)))
          (br_if $column (i32.lt_u (local.get $j) (i32.const 96))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $row (i32.lt_u (local.get $i) (i32.const 96))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i64.trunc_f64_s (f64.load (i32.const 0x40008)))))
