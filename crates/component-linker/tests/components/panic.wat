(component
  (import "panic" (func $panic))
  (core func $panic (canon lower (func $panic)))
  (core module $m
    (import "" "panic" (func $panic))
    (func (export "panic") (call $panic)))
  (core instance $i (instantiate $m (with "" (instance (export "panic" (func $panic))))))
  (func (export "panic") (canon lift (core func $i "panic"))))
