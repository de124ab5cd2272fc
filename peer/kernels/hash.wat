;; A hash: Murmur's mixing of 64 KiB, word by word, $n times.
(module
  (memory 1)
  (func (export "run") (param $n i32) (result i64)
    (local $i i32) (local $k i32) (local $h i32)
    (loop $fill
      (i32.store (local.get $i) (i32.mul (local.get $i) (i32.const 0x9e3779b1)))
      (local.set $i (i32.add (local.get $i) (i32.const 4)))
      (br_if $fill (i32.lt_u (local.get $i) (i32.const 0x10000))))
    (loop $again
      (local.set $i (i32.const 0))
      (loop $next
        (local.set $k (i32.mul (i32.load (local.get $i)) (i32.const 0xcc9e2d51)))
        (local.set $k (i32.mul (i32.rotl (local.get $k) (i32.const 15)) (i32.const 0x1b873593)))
        (local.set $h (i32.rotl (i32.xor (local.get $h) (local.get $k)) (i32.const 13)))
        (local.set $h (i32.add (i32.mul (local.get $h) (i32.const 5)) (i32.const 0xe6546b64)))
        (local.set $i (i32.add (local.get $i) (i32.const 4)))
        (br_if $next (i32.lt_u (local.get $i) (i32.const 0x10000))))
      (local.set $h (i32.xor (local.get $h) (i32.shr_u (local.get $h) (i32.const 16))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i64.extend_i32_u (local.get $h))))
