;; Which resource type it is: two instances of one component, and one that passes a type on.
(component definition $Maker
  (core module $m (func (export "make") (result i32) unreachable) (func (export "take") (param i32)))
  (core instance $i (instantiate $m))
  (type $cup' (resource (rep i32)))
  (export $cup "cup" (type $cup'))
  (type $tray' (record (field "left" (own $cup)) (field "right" (own $cup))))
  (export $tray "tray" (type $tray'))
  (func $take (param "c" (own $cup)) (canon lift (core func $i "take")))
  (export "take" (func $take))
  (func $look (param "c" (borrow $cup)) (canon lift (core func $i "take")))
  (export "look" (func $look))
  (instance $inner (export "cup" (type $cup)) (export "take" (func $take)))
  (export "inner" (instance $inner))
)
(component instance $blue $Maker)
(component instance $red $Maker)

;; The same type under two names is one type, in functions, value types and nested instances.
(component
  (import "blue" (instance $b
    (export "cup" (type $cup (sub resource)))
    (type $tray' (record (field "left" (own $cup)) (field "right" (own $cup))))
    (export "tray" (type (eq $tray')))
    (export "take" (func (param "c" (own $cup))))
    (export "inner" (instance (alias outer 1 $cup (type $c)) (export "cup" (type $d (eq $c)))
      (export "take" (func (param "c" (own $d)))))))))

;; A nested instance of the same one.
(assert_unlinkable
  (component
    (import "blue" (instance $b (export "cup" (type (sub resource)))))
    (alias export $b "cup" (type $cup))
    (import "red" (instance (export "inner" (instance (export "cup" (type (eq $cup))))))))
  "import `red` `inner` resource `cup` is provided as another resource type than `blue` resource `cup`")

;; A value type that mentions it.
(assert_unlinkable
  (component
    (import "blue" (instance $b (export "cup" (type (sub resource)))))
    (alias export $b "cup" (type $cup))
    (import "red" (instance
      (type $tray' (record (field "left" (own $cup)) (field "right" (own $cup))))
      (export "tray" (type (eq $tray'))))))
  "where `cup` is `red` resource `cup`, not `blue` resource `cup`")

;; Functions that own and that borrow.
(assert_unlinkable
  (component
    (import "blue" (instance $b (export "cup" (type (sub resource)))))
    (alias export $b "cup" (type $cup))
    (import "red" (instance (export "take" (func (param "c" (own $cup)))))))
  "import `red` function `take: func(c: own<cup>)` is provided as `take: func(c: own<cup>)`, where `cup` is ")
(assert_unlinkable
  (component
    (import "blue" (instance $b (export "cup" (type (sub resource)))))
    (alias export $b "cup" (type $cup))
    (import "red" (instance (export "look" (func (param "c" (borrow $cup)))))))
  "import `red` function `look: func(c: borrow<cup>)` is provided as")

;; Two that are said to be one within an instance.
(assert_unlinkable
  (component
    (import "blue" (instance
      (export "cup" (type $cup (sub resource)))
      (export "tray" (type (eq $cup))))))
  "import `blue` resource `tray` is provided as a type")
