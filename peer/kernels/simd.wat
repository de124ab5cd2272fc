;; SIMD: a dot product of 64 KiB of 16-bit integers and a sum of 32-bit floats, $n times.
(module
  (memory 2)
  (func (export "run") (param $n i32) (result i64)
    (local $i i32) (local $dot v128) (local $sum v128)
    (loop $fill
      (i32.store (local.get $i) (i32.and (local.get $i) (i32.const 0x003f003f)))
      (local.set $i (i32.add (local.get $i) (i32.const 4)))
      (br_if $fill (i32.lt_u (local.get $i) (i32.const 0x10000))))
    (loop $again
      (local.set $i (i32.const 0))
      (loop $next
        (local.set $dot (i32x4.add (local.get $dot)
          (i32x4.dot_i16x8_s (v128.load (local.get $i)) (v128.load offset=16 (local.get $i)))))
        (local.set $sum (f32x4.add (local.get $sum)
          (f32x4.convert_i32x4_u (v128.load (local.get $i)))))
        (local.set $i (i32.add (local.get $i) (i32.const 16)))
        (br_if $next (i32.lt_u (local.get $i) (i32.const 0x10000))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i64.xor
      (i64x2.extract_lane 0 (i64x2.add (local.get $dot) (local.get $dot)))
      (i64.extend_i32_s (i32.trunc_sat_f32_s (f32x4.extract_lane 1 (local.get $sum)))))))
