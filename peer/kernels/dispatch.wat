;; Indirect calls: one of four functions by turns, $n thousand times.
(module
  (type $op (func (param i64) (result i64)))
  (table funcref (elem $add $xor $mul $rot))
  (func $add (param i64) (result i64) (i64.add (local.get 0) (i64.const 7)))
  (func $xor (param i64) (result i64) (i64.xor (local.get 0) (i64.const 0x5555)))
  (func $mul (param i64) (result i64) (i64.mul (local.get 0) (i64.const 31)))
  (func $rot (param i64) (result i64) (i64.rotl (local.get 0) (i64.const 5)))
  (func (export "run") (param $n i32) (result i64)
    (local $i i32) (local $x i64)
    (local.set $i (i32.mul (local.get $n) (i32.const 1000)))
    (local.set $x (i64.const 1))
    (loop $next
      (local.set $x (call_indirect (type $op) (local.get $x) (i32.and (local.get $i) (i32.const 3))))
      (br_if $next (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
    (local.get $x)))
