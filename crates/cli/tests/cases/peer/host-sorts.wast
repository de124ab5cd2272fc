;; What the host provides, asked for as what it is and as every other sort.
(component
  (import "host-return-two" (func (result u32)))
  (import "host" (instance
    (export "return-three" (func (result u32)))
    (export "simple-module" (core module (export "f" (func))))
    (export "resource1" (type (sub resource)))
    (export "nested" (instance (export "return-four" (func (result u32)))))
    ;; Empty, and types only: the host need not have them.
    (export "nothing" (instance))
    (type $a u8) (export "byte" (type (eq $a))))))

(assert_unlinkable (component (import "host-return-two" (func))) "is provided as `host-return-two: func() -> u32`")
(assert_unlinkable (component (import "host-return-two" (core module))) "is provided as a function")
(assert_unlinkable (component (import "host-return-two" (component))) "is provided as a function")
(assert_unlinkable (component (import "host-return-two" (type (sub resource)))) "is provided as a function")
(assert_unlinkable (component (type $a u8) (import "host-return-two" (type (eq $a)))) "is provided as a function")
(assert_unlinkable (component (import "host" (instance (export "resource1" (func))))) "is provided as a resource")
(assert_unlinkable (component (import "host" (instance (export "resource1" (core module))))) "is provided as a resource")
(assert_unlinkable (component (import "host" (instance (export "resource1" (component))))) "is provided as a resource")
(assert_unlinkable
  (component (import "host" (instance (type $a u8) (export "resource1" (type (eq $a)))))) "is provided as a resource")
(assert_unlinkable (component (import "host" (instance (export "simple-module" (func))))) "is provided as a core module")
(assert_unlinkable (component (import "host" (instance (export "simple-module" (component))))) "is provided as a core module")
(assert_unlinkable
  (component (import "host" (instance (export "simple-module" (type (sub resource)))))) "is provided as a core module")
(assert_unlinkable (component (import "host" (instance (export "nested" (core module))))) "is provided as an instance")
(assert_unlinkable (component (import "host" (instance (export "nested" (component))))) "is provided as an instance")
(assert_unlinkable (component (import "host" (instance (export "nested" (type (sub resource)))))) "is provided as an instance")
(assert_unlinkable
  (component (import "host" (instance (export "nested" (instance (export "return-four" (instance))))))) "is provided as a function")
(assert_unlinkable
  (component (import "host" (instance (export "nested" (instance (export "return-five" (func))))))) "is not provided")

;; A resource type of the host is one type wherever it is named, and not another.
(component
  (import "host" (instance $h (export "resource1" (type (sub resource)))))
  (alias export $h "resource1" (type $r))
  (import "elsewhere" (instance (export "resource1" (type (eq $r))))))
