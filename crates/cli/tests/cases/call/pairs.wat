;; A list of half a million pairs: 4 MB of text.
(component
  (core module $m (memory (export "mem") 17)
    (func (export "f") (result i32)
      (i32.store (i32.const 0x10fff8) (i32.const 0))
      (i32.store (i32.const 0x10fffc) (i32.const 0x80000))
      (i32.const 0x10fff8)))
  (core instance $i (instantiate $m))
  (func (export "f") (result (list (tuple u8 u8))) (canon lift (core func $i "f") (memory (core memory $i "mem")))))
