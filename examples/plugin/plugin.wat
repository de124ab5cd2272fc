;; The `plugin` world of plugin.wit, written by hand: one core module that does the work and the
;; definitions that lift it to a component.
;;
;; `process` checks an FNV-1a-32 of the payload against the high half of the id, where that half is
;; not zero, and gives the chunk back. Read it beside the output of
;; `lowlift describe examples/plugin/plugin.wit process` and `lowlift layout examples/plugin/plugin.wit`.
(component
  (core module $guest
    (memory (export "memory") 1)

    ;; 0..24: where `process` leaves its result, a `result<data-chunk, string>`:
    ;;   0 discriminant (0 ok, 1 err)
    ;;   ok:  8 id, 16 payload pointer, 20 payload length
    ;;   err: 8 message pointer, 12 message length
    (data (i32.const 32) "empty payload")
    ;; The eights are overwritten by the figures of each mismatch.
    (data (i32.const 64) "checksum mismatch: want 88888888 got 88888888")
    (data (i32.const 112) "0123456789abcdef")

    ;; A bump allocator over everything from 128 up; a call's memory ends with the call.
    (global $heap (mut i32) (i32.const 128))

    ;; `cabi_realloc` as CanonicalABI.md asks for it; only ever called to allocate afresh or to grow.
    (func $realloc (export "cabi_realloc")
      (param $old i32) (param $old_size i32) (param $align i32) (param $new_size i32) (result i32)
      (local $start i32) (local $end i32)
      ;; start = heap rounded up to align
      (local.set $start
        (i32.and
          (i32.add (global.get $heap) (i32.sub (local.get $align) (i32.const 1)))
          (i32.sub (i32.const 0) (local.get $align))))
      (local.set $end (i32.add (local.get $start) (local.get $new_size)))
      ;; An end below its start has wrapped around the address space.
      (if (i32.lt_u (local.get $end) (local.get $start)) (then unreachable))
      (if (i32.gt_u (local.get $end) (i32.shl (memory.size) (i32.const 16)))
        (then
          (if (i32.eq
                (memory.grow
                  (i32.sub
                    (i32.add (i32.shr_u (i32.sub (local.get $end) (i32.const 1)) (i32.const 16)) (i32.const 1))
                    (memory.size)))
                (i32.const -1))
            (then unreachable))))
      (global.set $heap (local.get $end))
      (memory.copy
        (local.get $start)
        (local.get $old)
        (select (local.get $old_size) (local.get $new_size)
          (i32.lt_u (local.get $old_size) (local.get $new_size))))
      (local.get $start))

    (func $fnv1a_32 (param $ptr i32) (param $len i32) (result i32)
      (local $hash i32) (local $end i32)
      (local.set $hash (i32.const 0x811c9dc5))
      (local.set $end (i32.add (local.get $ptr) (local.get $len)))
      (block $done
        (loop $next
          (br_if $done (i32.eq (local.get $ptr) (local.get $end)))
          (local.set $hash
            (i32.mul
              (i32.xor (local.get $hash) (i32.load8_u (local.get $ptr)))
              (i32.const 0x01000193)))
          (local.set $ptr (i32.add (local.get $ptr) (i32.const 1)))
          (br $next)))
      (local.get $hash))

    ;; Writes the eight hexadecimal digits of $n from $at on.
    (func $write_hex (param $at i32) (param $n i32)
      (local $end i32)
      (local.set $end (i32.add (local.get $at) (i32.const 8)))
      (loop $next
        (i32.store8 (local.get $at)
          (i32.load8_u offset=112 (i32.shr_u (local.get $n) (i32.const 28))))
        (local.set $n (i32.shl (local.get $n) (i32.const 4)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $at) (local.get $end)))))

    (func $err (param $message i32) (param $len i32) (result i32)
      (i32.store8 (i32.const 0) (i32.const 1))
      (i32.store (i32.const 8) (local.get $message))
      (i32.store (i32.const 12) (local.get $len))
      (i32.const 0))

    ;; The record's fields arrive flattened: `id`, then the pointer and the length of `payload`.
    (func $process (export "process") (param $id i64) (param $ptr i32) (param $len i32) (result i32)
      (local $want i32) (local $got i32)
      (if (i32.eqz (local.get $len))
        (then (return (call $err (i32.const 32) (i32.const 13)))))
      (local.set $want (i32.wrap_i64 (i64.shr_u (local.get $id) (i64.const 32))))
      (local.set $got (call $fnv1a_32 (local.get $ptr) (local.get $len)))
      (if (i32.and
            (i32.ne (local.get $want) (i32.const 0))
            (i32.ne (local.get $want) (local.get $got)))
        (then
          (call $write_hex (i32.const 88) (local.get $want))
          (call $write_hex (i32.const 101) (local.get $got))
          (return (call $err (i32.const 64) (i32.const 45)))))
      (i32.store8 (i32.const 0) (i32.const 0))
      (i64.store (i32.const 8) (local.get $id))
      (i32.store (i32.const 16) (local.get $ptr))
      (i32.store (i32.const 20) (local.get $len))
      (i32.const 0))

    ;; Called once the result has been lifted: nothing of the call is needed any more.
    (func (export "cabi_post_process") (param $result i32)
      (global.set $heap (i32.const 128))))

  (core instance $guest (instantiate $guest))
  (alias core export $guest "memory" (core memory $memory))
  (alias core export $guest "cabi_realloc" (core func $realloc))

  (type $data-chunk (record (field "id" u64) (field "payload" (list u8))))
  (type $process (func (param "input" $data-chunk) (result (result $data-chunk (error string)))))
  (func $process (type $process)
    (canon lift (core func $guest "process")
      (memory $memory) (realloc $realloc) (post-return (core func $guest "cabi_post_process"))))

  ;; An exported function may only mention types that have a name outside. This nested component
  ;; names `data-chunk` and retypes `process` with that name; its instance is the interface.
  (component $processing
    (type $body (record (field "id" u64) (field "payload" (list u8))))
    (import "import-type-data-chunk" (type $import (eq $body)))
    (import "import-func-process"
      (func $process (param "input" $import) (result (result $import (error string)))))
    (export $data-chunk "data-chunk" (type $import))
    (export "process" (func $process)
      (func (param "input" $data-chunk) (result (result $data-chunk (error string))))))
  (instance $processing (instantiate $processing
    (with "import-type-data-chunk" (type $data-chunk))
    (with "import-func-process" (func $process))))
  (export "techbytes:plugin/processing" (instance $processing)))
