(component
  ;; Passes its arguments to the host, and the host's answer on.
  (import "a:b/errors" (instance $errors
    (type $code' (enum "not-found" "denied"))
    (export "code" (type (eq $code')))))
  (alias export $errors "code" (type $code))
  (import "a:b/files" (instance $files
    (alias outer 1 $code (type $code'))
    (export "code" (type $code (eq $code')))
    (export "open" (func
      (param "host" string) (param "cx" u32) (param "store" (list u8)) (result (result u32 (error $code)))))))
  (core module $memory
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 64)))
  (core instance $memory (instantiate $memory))
  (core func $open (canon lower (func $files "open") (memory (core memory $memory "memory"))))
  (core module $m
    (import "files" "open" (func $open (param i32 i32 i32 i32 i32 i32)))
    (func (export "run") (param $store i32) (param $length i32) (param $cx i32) (result i32)
      (call $open (local.get $store) (local.get $length) (local.get $cx)
        (local.get $store) (local.get $length) (i32.const 16))
      (i32.const 16)))
  (core instance $i (instantiate $m (with "files" (instance (export "open" (func $open))))))
  (func (export "run") (param "store" string) (param "cx" u32) (result (result u32 (error $code)))
    (canon lift (core func $i "run")
      (memory (core memory $memory "memory")) (realloc (core func $memory "realloc")))))
