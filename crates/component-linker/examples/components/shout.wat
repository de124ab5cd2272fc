;; A plugin that was built against version 1.0.0 of the host's interface. It answers in capitals, and
;; counts the bytes of its requests with a counter of the host.
(component
  (import "demo:plugins/host@1.0.0" (instance $host
    (export "counter" (type $counter (sub resource)))
    (export "[constructor]counter" (func (param "name" string) (result (own $counter))))
    (export "[method]counter.add" (func (param "self" (borrow $counter)) (param "n" u32) (result u32)))
    (export "log" (func (param "line" string)))))
  (alias export $host "counter" (type $counter))

  (core module $libc
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
      (global.set $next (i32.add (local.get $at) (local.get 3)))
      (local.get $at)))
  (core instance $libc (instantiate $libc))

  (core func $new (canon lower (func $host "[constructor]counter") (memory (core memory $libc "memory"))))
  (core func $add (canon lower (func $host "[method]counter.add")))
  (core func $log (canon lower (func $host "log") (memory (core memory $libc "memory"))))
  (core func $drop (canon resource.drop $counter))

  (core module $main
    (import "libc" "memory" (memory 1))
    (import "host" "new" (func $new (param i32 i32) (result i32)))
    (import "host" "add" (func $add (param i32 i32) (result i32)))
    (import "host" "log" (func $log (param i32 i32)))
    (import "host" "drop" (func $drop (param i32)))
    (data (i32.const 16) "bytes")
    (func (export "handle") (param $ptr i32) (param $len i32) (result i32)
      (local $counter i32) (local $i i32) (local $byte i32)
      (call $log (local.get $ptr) (local.get $len))
      (local.set $counter (call $new (i32.const 16) (i32.const 5)))
      (drop (call $add (local.get $counter) (local.get $len)))
      (call $drop (local.get $counter))
      (block $done
        (loop $next
          (br_if $done (i32.eq (local.get $i) (local.get $len)))
          (local.set $byte (i32.load8_u (i32.add (local.get $ptr) (local.get $i))))
          (if (i32.lt_u (i32.sub (local.get $byte) (i32.const 97)) (i32.const 26))
            (then (i32.store8 (i32.add (local.get $ptr) (local.get $i))
              (i32.sub (local.get $byte) (i32.const 32)))))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br $next)))
      (i32.store8 (i32.const 32) (i32.const 0))
      (i32.store (i32.const 36) (local.get $ptr))
      (i32.store (i32.const 40) (local.get $len))
      (i32.const 32)))
  (core instance $main (instantiate $main
    (with "libc" (instance $libc))
    (with "host" (instance
      (export "new" (func $new)) (export "add" (func $add))
      (export "log" (func $log)) (export "drop" (func $drop))))))
  (func (export "handle") (param "request" string) (result (result string (error string)))
    (canon lift (core func $main "handle")
      (memory (core memory $libc "memory")) (realloc (core func $libc "realloc")))))
