;; What either component of a pair has besides its type's own code. Values lie in memory 0. Memory 1 is the test's: no
;; option of the function under test names it. Its layout, which `image.rs` knows:
;;
;;   0x000   32 slots for core values that came in
;;   0x100   32 slots for core values to give
;;   0x200   how many answers `realloc` is told to give, and up to 16 of them
;;   0x300   how often `realloc` was called, and from 0x310 the first 256 calls
;;   0x1310  a pointer and a length, which `dump` returns
;;   0x1400  a copy of memory 0, which `dump` makes
;;   0x12000 what `preset` is given
(module
  (memory $values (export "memory") 1 1)
  (memory $log (export "log") 4 4)
  (global $next (mut i32) (i32.const 0))
  (global $used (mut i32) (i32.const 0))
  (global $next-of-log (mut i32) (i32.const 0x12000))

  ;; Takes more and more of memory 0. An answer that the test asks for comes first: -1 for a trap, 0 for none.
  (func (export "realloc")
    (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
    (local $n i32) (local $at i32)
    (local.set $n (i32.load $log (i32.const 0x300)))
    (i32.store $log (i32.const 0x300) (i32.add (local.get $n) (i32.const 1)))
    (if (i32.lt_u (local.get $n) (i32.const 256)) (then
      (local.set $at (i32.shl (local.get $n) (i32.const 4)))
      (i32.store $log offset=0x310 (local.get $at) (local.get $old))
      (i32.store $log offset=0x314 (local.get $at) (local.get $old-size))
      (i32.store $log offset=0x318 (local.get $at) (local.get $align))
      (i32.store $log offset=0x31c (local.get $at) (local.get $size))))
    (if (i32.lt_u (local.get $n) (i32.load $log (i32.const 0x200))) (then
      (local.set $at (i32.load $log offset=0x204 (i32.shl (local.get $n) (i32.const 2))))
      (if (i32.eq (local.get $at) (i32.const -1)) (then unreachable))
      (if (local.get $at) (then (return (local.get $at))))))
    (local.set $at (i32.and
      (i32.sub (i32.add (global.get $next) (local.get $align)) (i32.const 1))
      (i32.sub (i32.const 0) (local.get $align))))
    (global.set $next (i32.add (local.get $at) (local.get $size)))
    (memory.copy $values $values (local.get $at) (local.get $old)
      (select (local.get $old-size) (local.get $size) (i32.lt_u (local.get $old-size) (local.get $size))))
    (local.get $at))

  (func (export "realloc-of-log")
    (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
    (global.set $next-of-log (i32.and (i32.add (global.get $next-of-log) (i32.const 7)) (i32.const -8)))
    (global.get $next-of-log)
    (global.set $next-of-log (i32.add (global.get $next-of-log) (local.get $size))))

  ;; Sets what memory 0 starts with, where free memory starts, the core values to give, and the answers of `realloc`.
  (func (export "preset")
    (param $image i32) (param $image-size i32) (param $free i32)
    (param $slots i32) (param $n-slots i32) (param $answers i32) (param $n-answers i32)
    (memory.copy $values $log (i32.const 0) (local.get $image) (local.get $image-size))
    (global.set $next (local.get $free))
    (global.set $used (local.get $image-size))
    (memory.copy $log $log (i32.const 0x100) (local.get $slots) (i32.shl (local.get $n-slots) (i32.const 3)))
    (i32.store $log (i32.const 0x200) (local.get $n-answers))
    (memory.copy $log $log (i32.const 0x204) (local.get $answers) (i32.shl (local.get $n-answers) (i32.const 2)))
    (i32.store $log (i32.const 0x300) (i32.const 0)))

  ;; Returns the log, with memory 0 at its end as far as it was used.
  (func (export "dump") (result i32)
    (local $size i32)
    (local.set $size (global.get $next))
    (if (i32.lt_u (local.get $size) (global.get $used)) (then (local.set $size (global.get $used))))
    (if (i32.gt_u (local.get $size) (i32.const 0x10000)) (then (local.set $size (i32.const 0x10000))))
    (memory.copy $log $values (i32.const 0x1400) (i32.const 0) (local.get $size))
    (i32.store $log (i32.const 0x1310) (i32.const 0))
    (i32.store $log (i32.const 0x1314) (i32.add (i32.const 0x1400) (local.get $size)))
    (i32.const 0x1310)))
