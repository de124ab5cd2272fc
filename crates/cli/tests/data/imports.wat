;; Needs a function of an instance.
(component
  (import "demo:host/log@0.1.0" (instance $log
    (export "level" (func (result u8)))))
  (core module $m
    (import "" "level" (func $level (result i32)))
    (func (export "run") (result i32) (call $level)))
  (core func $level (canon lower (func $log "level")))
  (core instance $i (instantiate $m (with "" (instance (export "level" (func $level))))))
  (func (export "run") (result u8) (canon lift (core func $i "run"))))
