;; A guest that goes on for ever.
(component
  (core module $m (@name "endless")
    (func $spin (export "spin") (loop $again (br $again))))
  (core instance $i (instantiate $m))
  (func (export "spin") (canon lift (core func $i "spin"))))
