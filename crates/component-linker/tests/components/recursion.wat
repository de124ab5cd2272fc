(component
  ;; calls through a table tie the knot: $a's export calls $b's, which calls back
  (core module $table (table (export "table") 1 funcref))
  (core instance $table (instantiate $table))
  (core module $m
    (import "" "table" (table 1 funcref))
    (type $run (func))
    (func (export "run") (call_indirect (type $run) (i32.const 0))))
  (core instance $i (instantiate $m (with "" (instance $table))))
  (func $run (canon lift (core func $i "run")))
  (component $b
    (import "run" (func $run))
    (core func $run (canon lower (func $run)))
    (func (export "run") (canon lift (core func $run))))
  (instance $b (instantiate $b (with "run" (func $run))))
  (core func $back (canon lower (func $b "run")))
  (core module $fill
    (import "" "table" (table 1 funcref))
    (import "" "back" (func $back))
    (elem (i32.const 0) func $back))
  (core instance (instantiate $fill (with "" (instance
    (export "table" (table $table "table")) (export "back" (func $back))))))
  (export "run" (func $run)))
