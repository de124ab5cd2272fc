(component
  (component $maker
    (type $r (resource (rep i32)))
    (export $r' "r" (type $r))
    (core func $new (canon resource.new $r))
    (core func $rep (canon resource.rep $r))
    (func (export "make") (param "rep" u32) (result (own $r')) (canon lift (core func $new))))
  (instance $a (instantiate $maker))
  (instance $b (instantiate $maker))
  (alias export $a "r" (type $ra))
  (alias export $b "r" (type $rb))
  (core func $make (canon lower (func $a "make")))
  (core func $drop-a (canon resource.drop $ra))
  (core func $drop-b (canon resource.drop $rb))
  (core module $m
    (import "" "make" (func $make (param i32) (result i32)))
    (import "" "drop-a" (func $drop-a (param i32)))
    (import "" "drop-b" (func $drop-b (param i32)))
    (func (export "same") (call $drop-a (call $make (i32.const 1))))
    (func (export "other") (call $drop-b (call $make (i32.const 1)))))
  (core instance $i (instantiate $m (with "" (instance
    (export "make" (func $make)) (export "drop-a" (func $drop-a)) (export "drop-b" (func $drop-b))))))
  (func (export "same") (canon lift (core func $i "same")))
  (func (export "other") (canon lift (core func $i "other"))))
