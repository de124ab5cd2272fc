;; Integer division: the number of primes below $n, by trial.
(module
  (func (export "run") (param $n i32) (result i64)
    (local $i i32) (local $d i32) (local $count i64)
    (local.set $i (i32.const 2))
    (loop $next
      (local.set $d (i32.const 2))
      (block $composite
        (loop $try
          (if (i32.le_u (i32.mul (local.get $d) (local.get $d)) (local.get $i)) (then
            (br_if $composite (i32.eqz (i32.rem_u (local.get $i) (local.get $d))))
            (local.set $d (i32.add (local.get $d) (i32.const 1)))
            (br $try))))
        (local.set $count (i64.add (local.get $count) (i64.const 1))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $n))))
    (local.get $count)))
