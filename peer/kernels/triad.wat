;; Memory: a = b + 3 c over arrays of 4 MiB, $n times.
(module
  (memory 200)
  (func (export "run") (param $n i32) (result i64)
    (local $i i32)
    (loop $again
      (local.set $i (i32.const 0))
      (loop $next
        (f64.store (local.get $i) (f64.add
          (f64.load offset=0x400000 (local.get $i))
          (f64.mul (f64.const 3) (f64.load offset=0x800000 (local.get $i)))))
        (f64.store offset=0x400008 (local.get $i) (f64.convert_i32_u (local.get $i)))
        (local.set $i (i32.add (local.get $i) (i32.const 8)))
        (br_if $next (i32.lt_u (local.get $i) (i32.const 0x3ffff0))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i64.trunc_f64_s (f64.load (i32.const 4096)))))
