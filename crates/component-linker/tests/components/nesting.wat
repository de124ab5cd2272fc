(component $root
  (type $answer (func (result u32)))
  (core module $m (func (export "answer") (result i32) (i32.const 42)))
  (component $outer
    (alias outer $root $m (core module $n))
    (component $inner
      (core instance $i (instantiate $n))
      (alias outer $root $answer (type $t))
      (func (export "run") (type $t) (canon lift (core func $i "answer"))))
    (instance $made (instantiate $inner))
    (export "er" (instance $made)))
  (instance $deep (instantiate $outer))
  (alias export $deep "er" (instance $er))
  (export "run" (func $er "run"))
  (export "deep" (instance $deep)))
