(component
  (core module $m
    (func (export "fine"))
    (func (export "trap") unreachable))
  (component $inner
    (core instance $i (instantiate $m))
    (func (export "fine") (canon lift (core func $i "fine")))
    (func (export "trap") (canon lift (core func $i "trap"))))
  (instance $inner (instantiate $inner))
  (instance $sibling (instantiate $inner))
  (core func $trap (canon lower (func $inner "trap")))
  (core instance $i (instantiate $m))
  (func (export "fine") (canon lift (core func $i "fine")))
  (func (export "trap") (canon lift (core func $trap)))
  (export "inner-fine" (func $inner "fine"))
  (export "sibling-fine" (func $sibling "fine")))
