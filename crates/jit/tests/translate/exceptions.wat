;; A call inside of a `try_table` has an exception table.
(module
  (tag $t (param i64))
  (func $throw (param i64) (throw $t (local.get 0)))
  (func (param i64) (result i64)
    (block $caught (result i64)
      (try_table (catch $t $caught) (call $throw (local.get 0)))
      (i64.const 0))))

;;; IR
;; function u0:0(i64 vmctx, i64) tail {
;;     ss0 = explicit_slot 16, align = 16
;;     gv0 = vmctx
;;     gv1 = load.i64 notrap aligned readonly can_move gv0
;;     gv2 = load.i64 notrap aligned readonly can_move gv1
;;     sig0 = (i64, i64, i64) tail
;;     stack_limit = gv2
;;
;;                                 block0(v0: i64, v1: i64):
;; @0025                               v2 = stack_addr.i64 ss0
;; @0025                               v3 = iconst.i64 0
;; @0025                               store notrap aligned v1, v2
;; @0025                               store notrap aligned v3, v2+8  ; v3 = 0
;; @0025                               v4 = iconst.i64 0
;; @0025                               v5 = load.i64 notrap aligned readonly can_move v0+8
;; @0025                               v6 = load.i64 notrap aligned readonly can_move v5+112
;; @0025                               call_indirect sig0, v6(v0, v4, v2)  ; v4 = 0
;; @0025                               trap user1
;; }
;; function u0:1(i64 vmctx, i64) -> i64 tail {
;;     gv0 = vmctx
;;     gv1 = load.i64 notrap aligned readonly can_move gv0
;;     gv2 = load.i64 notrap aligned readonly can_move gv1
;;     sig0 = (i64 vmctx, i64) tail
;;     fn0 = colocated u0:0 sig0
;;     stack_limit = gv2
;;
;;                                 block0(v0: i64, v1: i64):
;; @002c                               jump block3
;;
;;                                 block4(v4: i64, v5: i64):
;; @002c                               v6 = load.i64 notrap aligned v5
;; @002c                               jump block2(v6)
;;
;;                                 block3:
;; @0034                               try_call fn0(v0, v1), sig0, block6, [ context v0, tag0: block4(exn0, exn1) ]
;;
;;                                 block6:
;; @0036                               jump block5
;;
;;                                 block5:
;; @0037                               v7 = iconst.i64 0
;; @0039                               jump block2(v7)  ; v7 = 0
;;
;;                                 block2(v3: i64):
;; @003a                               jump block1(v3)
;;
;;                                 block1(v2: i64):
;; @003a                               return v2
;; }
