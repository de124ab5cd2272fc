;; A sort: heapsort of $n thousand pseudorandom integers.
(module
  (memory 64)
  (func $sift (param $root i32) (param $n i32)
    (local $child i32) (local $x i32)
    (local.set $x (i32.load (i32.shl (local.get $root) (i32.const 2))))
    (block $done
      (loop $down
        (local.set $child (i32.add (i32.shl (local.get $root) (i32.const 1)) (i32.const 1)))
        (br_if $done (i32.ge_u (local.get $child) (local.get $n)))
        (if (i32.lt_u (i32.add (local.get $child) (i32.const 1)) (local.get $n)) (then
          (if (i32.lt_u
                (i32.load (i32.shl (local.get $child) (i32.const 2)))
                (i32.load offset=4 (i32.shl (local.get $child) (i32.const 2)))) (then
            (local.set $child (i32.add (local.get $child) (i32.const 1)))))))
        (br_if $done (i32.ge_u (local.get $x) (i32.load (i32.shl (local.get $child) (i32.const 2)))))
        (i32.store (i32.shl (local.get $root) (i32.const 2)) (i32.load (i32.shl (local.get $child) (i32.const 2))))
        (local.set $root (local.get $child))
        (br $down)))
    (i32.store (i32.shl (local.get $root) (i32.const 2)) (local.get $x)))
  (func (export "run") (param $n i32) (result i64)
    (local $i i32) (local $x i32)
    (local.set $n (i32.mul (local.get $n) (i32.const 1000)))
    (local.set $x (i32.const 12345))
    (loop $fill
      (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 1664525)) (i32.const 1013904223)))
      (i32.store (i32.shl (local.get $i) (i32.const 2)) (local.get $x))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $fill (i32.lt_u (local.get $i) (local.get $n))))
    (local.set $i (i32.shr_u (local.get $n) (i32.const 1)))
    (loop $heapify
      (local.set $i (i32.sub (local.get $i) (i32.const 1)))
      (call $sift (local.get $i) (local.get $n))
      (br_if $heapify (local.get $i)))
    (local.set $i (i32.sub (local.get $n) (i32.const 1)))
    (loop $take
      (local.set $x (i32.load (i32.const 0)))
      (i32.store (i32.const 0) (i32.load (i32.shl (local.get $i) (i32.const 2))))
      (i32.store (i32.shl (local.get $i) (i32.const 2)) (local.get $x))
      (call $sift (i32.const 0) (local.get $i))
      (br_if $take (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
    (i64.extend_i32_u (i32.load (i32.const 4000)))))
