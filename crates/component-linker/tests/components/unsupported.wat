(component
  (type $stream (stream u8))
  (core func $new (canon stream.new $stream))
  (core module $m
    (import "" "new" (func $new (result i64)))
    (func (export "fine"))
    (func (export "call") (drop (call $new))))
  (core instance $i (instantiate $m (with "" (instance (export "new" (func $new))))))
  (func (export "fine") (canon lift (core func $i "fine")))
  (func (export "call") (canon lift (core func $i "call"))))
