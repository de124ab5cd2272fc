(component
  (core module $m
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "negate") (param i64) (result i64) (i64.sub (i64.const 0) (local.get 0)))
    (func (export "half") (param f64) (result f64) (f64.div (local.get 0) (f64.const 2)))
    ;; any value but zero is true
    (func (export "truth") (result i32) (i32.const 256))
    (func (export "nothing")))
  (core instance $i (instantiate $m))
  (func (export "add") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "add")))
  (func (export "negate") (param "x" s64) (result s64) (canon lift (core func $i "negate")))
  (func (export "half") (param "x" f64) (result f64) (canon lift (core func $i "half")))
  (func (export "truth") (result bool) (canon lift (core func $i "truth")))
  (func (export "nothing") (canon lift (core func $i "nothing")))
  ;; of asynchronous type, lifted synchronously: a plain call
  (func (export "async-add") async (param "a" u32) (param "b" u32) (result u32)
    (canon lift (core func $i "add"))))
