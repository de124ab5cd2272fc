;; Branch tables: a machine of eight instructions runs a loop of its program, $n thousand steps.
(module
  (memory 1)
  (data (i32.const 0) "\00\03\01\05\02\07\04\06\01\00\05\03\02\04\07\06")
  (func (export "run") (param $n i32) (result i64)
    (local $pc i32) (local $a i64) (local $b i64) (local $i i32)
    (local.set $i (i32.mul (local.get $n) (i32.const 1000)))
    (local.set $a (i64.const 3))
    (loop $next
      (block $done
        (block $7 (block $6 (block $5 (block $4 (block $3 (block $2 (block $1 (block $0
          (br_table $0 $1 $2 $3 $4 $5 $6 $7 (i32.load8_u (local.get $pc))))
          (local.set $a (i64.add (local.get $a) (local.get $b))) (br $done))
          (local.set $b (i64.xor (local.get $a) (local.get $b))) (br $done))
          (local.set $a (i64.mul (local.get $a) (i64.const 5))) (br $done))
          (local.set $b (i64.rotl (local.get $b) (i64.const 9))) (br $done))
          (local.set $a (i64.sub (local.get $a) (i64.const 11))) (br $done))
          (i64.store offset=64 (i32.shl (local.get $pc) (i32.const 3)) (local.get $a)) (br $done))
          (local.set $b (i64.load offset=64 (i32.shl (local.get $pc) (i32.const 3)))) (br $done))
        (local.set $a (i64.or (local.get $a) (i64.const 1))))
      (local.set $pc (i32.and (i32.add (local.get $pc) (i32.const 1)) (i32.const 15)))
      (br_if $next (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
    (i64.add (local.get $a) (local.get $b))))
