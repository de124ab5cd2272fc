;; A string that came as UTF-16 from a latin1+utf16 memory is lowered as such, also when its callee calls on between
;; `task.return` and its end: the caller gives room for three bytes a code unit, not for two.
(component
  (component $log
    (core module $m
      (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 64))
      (func (export "log") (param i32 i32)))
    (core instance $i (instantiate $m))
    (func (export "log") (param "s" string)
      (canon lift (core func $i "log") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))
  (instance $log (instantiate $log))

  (component $callee
    (import "log" (func $log (param "s" string)))
    (core module $libc
      (memory (export "memory") 1)
      (data (i32.const 8) "\e9\00") ;; é
      (data (i32.const 16) "x"))
    (core instance $libc (instantiate $libc))
    (core func $return
      (canon task.return (result string) string-encoding=latin1+utf16 (memory (core memory $libc "memory"))))
    (core func $log (canon lower (func $log) string-encoding=latin1+utf16 (memory (core memory $libc "memory"))))
    (core module $m
      (import "" "return" (func $return (param i32 i32)))
      (import "" "log" (func $log (param i32 i32)))
      (func (export "text")
        (call $return (i32.const 8) (i32.const 0x80000001))
        (call $log (i32.const 16) (i32.const 1))))
    (core instance $i (instantiate $m (with "" (instance
      (export "return" (func $return)) (export "log" (func $log))))))
    (func (export "text") async (result string)
      (canon lift (core func $i "text") async string-encoding=latin1+utf16
        (memory (core memory $libc "memory")))))
  (instance $callee (instantiate $callee (with "log" (func $log "log"))))

  ;; Returns the most bytes that its `realloc` was asked for.
  (core module $libc
    (memory (export "memory") 1)
    (global $most (export "most") (mut i32) (i32.const 0))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (if (i32.gt_u (local.get 3) (global.get $most)) (then (global.set $most (local.get 3))))
      (i32.const 64)))
  (core instance $libc (instantiate $libc))
  (core func $text (canon lower (func $callee "text")
    (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
  (core module $m
    (import "" "text" (func $text (param i32)))
    (import "libc" "most" (global $most (mut i32)))
    (func (export "run") (result i32) (call $text (i32.const 8)) (global.get $most)))
  (core instance $i (instantiate $m (with "" (instance (export "text" (func $text)))) (with "libc" (instance $libc))))
  (func (export "most") (result u32) (canon lift (core func $i "run")))
  (export "text" (func $callee "text")))
