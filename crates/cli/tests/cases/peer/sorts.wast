;; Every sort against every other: what a component provides, at the root and within an instance.
(component definition $Provider
  (core module $m (func (export "f")))
  (core instance $i (instantiate $m))
  (func $f (canon lift (core func $i "f")))
  (component $c)
  (type $t' (record (field "a" u8)))
  (export $t "t" (type $t'))
  (type $r' (resource (rep i32)))
  (export $r "r" (type $r'))
  (instance $n (export "f" (func $f)) (export "m" (core module $m)) (export "c" (component $c))
    (export "t" (type $t)) (export "r" (type $r)))
  (instance $outer (export "n" (instance $n)))
  (export "f" (func $f))
  (export "m" (core module $m))
  (export "c" (component $c))
  (export "n" (instance $n))
  (export "outer" (instance $outer))
)
(component instance $p $Provider)

;; What is of its sort links.
(component (import "p" (instance
  (export "f" (func)) (export "m" (core module (export "f" (func)))) (export "c" (component))
  (export "r" (type (sub resource)))
  (type $a (record (field "a" u8))) (export "t" (type (eq $a)))
  (export "n" (instance (export "f" (func)) (export "c" (component))))
  (export "outer" (instance (export "n" (instance (export "f" (func)))))))))

;; A function.
(assert_unlinkable (component (import "p" (instance (export "f" (instance))))) "")
(assert_unlinkable (component (import "p" (instance (export "f" (core module))))) "")
(assert_unlinkable (component (import "p" (instance (export "f" (component))))) "")
(assert_unlinkable (component (import "p" (instance (export "f" (type (sub resource)))))) "")
(assert_unlinkable (component (import "p" (instance (type $a u8) (export "f" (type (eq $a)))))) "")
(assert_unlinkable (component (import "p" (instance (type $a (func)) (export "f" (type (eq $a)))))) "")

;; A core module.
(assert_unlinkable (component (import "p" (instance (export "m" (func))))) "")
(assert_unlinkable (component (import "p" (instance (export "m" (instance))))) "")
(assert_unlinkable (component (import "p" (instance (export "m" (component))))) "")
(assert_unlinkable (component (import "p" (instance (export "m" (type (sub resource)))))) "")
(assert_unlinkable (component (import "p" (instance (type $a u8) (export "m" (type (eq $a)))))) "")

;; A component.
(assert_unlinkable (component (import "p" (instance (export "c" (func))))) "")
(assert_unlinkable (component (import "p" (instance (export "c" (instance))))) "")
(assert_unlinkable (component (import "p" (instance (export "c" (core module))))) "")
(assert_unlinkable (component (import "p" (instance (export "c" (type (sub resource)))))) "")
(assert_unlinkable (component (import "p" (instance (type $a u8) (export "c" (type (eq $a)))))) "")

;; An instance.
(assert_unlinkable (component (import "p" (instance (export "n" (func))))) "")
(assert_unlinkable (component (import "p" (instance (export "n" (core module))))) "")
(assert_unlinkable (component (import "p" (instance (export "n" (component))))) "")
(assert_unlinkable (component (import "p" (instance (export "n" (type (sub resource)))))) "")
(assert_unlinkable (component (import "p" (instance (type $a u8) (export "n" (type (eq $a)))))) "")

;; A value type.
(assert_unlinkable (component (import "p" (instance (export "t" (func))))) "")
(assert_unlinkable (component (import "p" (instance (export "t" (instance))))) "")
(assert_unlinkable (component (import "p" (instance (export "t" (core module))))) "")
(assert_unlinkable (component (import "p" (instance (export "t" (component))))) "")
(assert_unlinkable (component (import "p" (instance (export "t" (type (sub resource)))))) "")
(assert_unlinkable (component (import "p" (instance (type $a u8) (export "t" (type (eq $a)))))) "")
(assert_unlinkable
  (component (import "p" (instance (type $a (record (field "b" u8))) (export "t" (type (eq $a)))))) "")

;; A resource type.
(assert_unlinkable (component (import "p" (instance (export "r" (func))))) "")
(assert_unlinkable (component (import "p" (instance (export "r" (instance))))) "")
(assert_unlinkable (component (import "p" (instance (export "r" (core module))))) "")
(assert_unlinkable (component (import "p" (instance (export "r" (component))))) "")
(assert_unlinkable (component (import "p" (instance (type $a u8) (export "r" (type (eq $a)))))) "")

;; One level further down, and two.
(assert_unlinkable (component (import "p" (instance (export "n" (instance (export "f" (instance))))))) "")
(assert_unlinkable (component (import "p" (instance (export "n" (instance (export "m" (func))))))) "")
(assert_unlinkable (component (import "p" (instance (export "n" (instance (export "c" (core module))))))) "")
(assert_unlinkable
  (component (import "p" (instance (export "n" (instance (export "t" (type (sub resource)))))))) "")
(assert_unlinkable (component (import "p" (instance (export "n" (instance (export "r" (component))))))) "")
(assert_unlinkable
  (component (import "p" (instance (export "outer" (instance (export "n" (instance (export "f" (core module))))))))) "")
(assert_unlinkable
  (component (import "p" (instance (export "outer" (instance (export "n" (component))))))) "")

;; The whole instance as something else.
(assert_unlinkable (component (import "p" (func))) "")
(assert_unlinkable (component (import "p" (core module))) "")
(assert_unlinkable (component (import "p" (component))) "")
(assert_unlinkable (component (import "p" (type (sub resource)))) "")
(assert_unlinkable (component (type $a u8) (import "p" (type (eq $a)))) "")
