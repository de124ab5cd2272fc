;; A reference to an exception lies on the frame during the calls at which it is live, and their stack maps say where.
(module
  (func $cleanup)
  (func (param exnref)
    (block $caught (result exnref)
      (try_table (catch_all_ref $caught) (call $cleanup))
      (local.get 0))
    (call $cleanup)
    (throw_ref)))

;;; IR
;; function u0:0(i64 vmctx) tail {
;;     gv0 = vmctx
;;     gv1 = load.i64 notrap aligned readonly can_move gv0
;;     gv2 = load.i64 notrap aligned readonly can_move gv1
;;     stack_limit = gv2
;;
;;                                 block0(v0: i64):
;; @001c                               jump block1
;;
;;                                 block1:
;; @001c                               return
;; }
;; function u0:1(i64 vmctx, i64) tail {
;;     ss0 = explicit_slot 8, align = 8
;;     gv0 = vmctx
;;     gv1 = load.i64 notrap aligned readonly can_move gv0
;;     gv2 = load.i64 notrap aligned readonly can_move gv1
;;     sig0 = (i64 vmctx) tail
;;     sig1 = (i64, i64) tail
;;     fn0 = colocated u0:0 sig0
;;     stack_limit = gv2
;;
;;                                 block0(v0: i64, v1: i64):
;;                                     v14 = stack_addr.i64 ss0
;;                                     store notrap aligned v1, v14
;; @0021                               jump block3
;;
;;                                 block4(v3: i64, v4: i64):
;; @0021                               jump block2(v3)
;;
;;                                 block3:
;; @0026                               try_call fn0(v0), sig0, block6, [ context v0, tag0: block4(exn0, exn1) ], stack_map=[i64 @ ss0+0]
;;
;;                                 block6:
;; @0028                               jump block5
;;
;;                                 block5:
;;                                     v12 = stack_addr.i64 ss0
;;                                     v13 = load.i64 notrap aligned v12
;; @002b                               jump block2(v13)
;;
;;                                 block2(v2: i64):
;;                                     v11 = stack_addr.i64 ss0
;;                                     store notrap aligned v2, v11
;; @002c                               call fn0(v0), stack_map=[i64 @ ss0+0]
;;                                     v9 = stack_addr.i64 ss0
;;                                     v10 = load.i64 notrap aligned v9
;; @002e                               trapz v10, user8
;; @002e                               v5 = load.i64 notrap aligned readonly can_move v0+8
;; @002e                               v6 = load.i64 notrap aligned readonly can_move v5+120
;;                                     v7 = stack_addr.i64 ss0
;;                                     v8 = load.i64 notrap aligned v7
;; @002e                               call_indirect sig1, v6(v0, v8)
;; @002e                               trap user1
;; }
