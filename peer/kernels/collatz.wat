;; Integer arithmetic: the steps of all Collatz sequences that start below $n.
(module
  (func (export "run") (param $n i32) (result i64)
    (local $start i64) (local $x i64) (local $steps i64)
    (local.set $start (i64.const 1))
    (loop $next
      (local.set $x (local.get $start))
      (block $done
        (loop $step
          (br_if $done (i64.eq (local.get $x) (i64.const 1)))
          (local.set $steps (i64.add (local.get $steps) (i64.const 1)))
          (local.set $x
            (if (result i64) (i64.eqz (i64.and (local.get $x) (i64.const 1)))
              (then (i64.shr_u (local.get $x) (i64.const 1)))
              (else (i64.add (i64.mul (local.get $x) (i64.const 3)) (i64.const 1)))))
          (br $step)))
      (local.set $start (i64.add (local.get $start) (i64.const 1)))
      (br_if $next (i64.lt_u (local.get $start) (i64.extend_i32_u (local.get $n)))))
    (local.get $steps)))
