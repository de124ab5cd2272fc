(component
  (import "acme:mid/ware@1.0.0" (instance $in
    (type $t (record (field "n" u32)))
    (export "item" (type $e (eq $t)))
    (export "handle" (func (param "it" $e) (result u32)))))
  (export "acme:mid/ware@1.0.0" (instance $in)))
