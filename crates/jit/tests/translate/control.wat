;; A loop whose parameter is a block parameter, and a branch table.
(module
  (func (param $n i32) (result i32)
    (i32.const 1)
    (loop $again (param i32) (result i32)
      (i32.mul (local.get $n))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (param i32)
    (block $a (block $b (br_table $a $b $a (local.get 0))))))

;;; IR
;; function u0:0(i64 vmctx, i32) -> i32 tail {
;;     gv0 = vmctx
;;     gv1 = load.i64 notrap aligned readonly can_move gv0
;;     gv2 = load.i64 notrap aligned readonly can_move gv1
;;     stack_limit = gv2
;;
;;                                 block0(v0: i64, v1: i32):
;; @001e                               v3 = iconst.i32 1
;; @0020                               jump block2(v3, v1)  ; v3 = 1
;;
;;                                 block2(v4: i32, v6: i32):
;; @0024                               v7 = imul v4, v6
;; @0027                               v8 = iconst.i32 1
;; @0029                               v9 = isub v6, v8  ; v8 = 1
;; @002c                               brif v9, block2(v7, v9), block4
;;
;;                                 block4:
;; @002e                               jump block3(v7)
;;
;;                                 block3(v5: i32):
;; @002f                               jump block1(v5)
;;
;;                                 block1(v2: i32):
;; @002f                               return v2
;; }
;; function u0:1(i64 vmctx, i32) tail {
;;     gv0 = vmctx
;;     gv1 = load.i64 notrap aligned readonly can_move gv0
;;     gv2 = load.i64 notrap aligned readonly can_move gv1
;;     stack_limit = gv2
;;
;;                                 block0(v0: i64, v1: i32):
;; @0038                               br_table v1, block4, [block4, block5]
;;
;;                                 block5:
;; @0038                               jump block3
;;
;;                                 block4:
;; @0038                               jump block2
;;
;;                                 block3:
;; @003e                               jump block2
;;
;;                                 block2:
;; @003f                               jump block1
;;
;;                                 block1:
;; @003f                               return
;; }
