;; Direct, imported, indirect and tail calls.
(module
  (import "" "" (func $import (param i32)))
  (type $t (func (param i32) (result i32)))
  (table 1 funcref)
  (func $direct (param i32) (result i32)
    (call $import (local.get 0))
    (call_indirect (type $t) (local.get 0) (i32.const 0)))
  (func (param i32) (result i32)
    (return_call $direct (local.get 0))))

;;; IR
;; function u0:1(i64 vmctx, i32) -> i32 tail {
;;     gv0 = vmctx
;;     gv1 = load.i64 notrap aligned readonly can_move gv0
;;     gv2 = load.i64 notrap aligned readonly can_move gv1
;;     sig0 = (i64 vmctx, i32) tail
;;     sig1 = (i64 vmctx, i32) -> i32 tail
;;     stack_limit = gv2
;;
;;                                 block0(v0: i64, v1: i32):
;; @002d                               v3 = load.i64 notrap aligned readonly can_move v0+24
;; @002d                               v4 = load.i64 notrap aligned readonly can_move v0+32
;; @002d                               call_indirect sig0, v3(v4, v1)
;; @0031                               v5 = iconst.i32 0
;; @0033                               v6 = uextend.i64 v5  ; v5 = 0
;; @0033                               v7 = load.i64 notrap aligned readonly can_move v0+56
;; @0033                               v8 = load.i64 notrap aligned v7+8
;; @0033                               v9 = icmp uge v6, v8
;; @0033                               trapnz v9, user3
;; @0033                               v10 = load.i64 notrap aligned v7
;; @0033                               v11 = iconst.i64 3
;; @0033                               v12 = ishl v6, v11  ; v11 = 3
;; @0033                               v13 = iadd v10, v12
;; @0033                               v14 = load.i64 notrap aligned v13
;; @0033                               v15 = iconst.i64 0
;; @0033                               v16 = icmp eq v14, v15  ; v15 = 0
;; @0033                               brif v16, block2, block3
;;
;;                                 block2 cold:
;; @0033                               v17 = uextend.i64 v5  ; v5 = 0
;; @0033                               v18 = load.i64 notrap aligned readonly v0
;; @0033                               store notrap aligned v17, v18+64
;; @0033                               trap user4
;;
;;                                 block3:
;; @0033                               v19 = load.i32 notrap aligned readonly v14+16
;; @0033                               v20 = load.i32 notrap aligned readonly can_move v0+48
;; @0033                               v21 = icmp ne v19, v20
;; @0033                               trapnz v21, user5
;; @0033                               v22 = load.i64 notrap aligned readonly v14
;; @0033                               v23 = load.i64 notrap aligned readonly v14+8
;; @0033                               v24 = call_indirect sig1, v22(v23, v1)
;; @0036                               jump block1(v24)
;;
;;                                 block1(v2: i32):
;; @0036                               return v2
;; }
;; function u0:2(i64 vmctx, i32) -> i32 tail {
;;     gv0 = vmctx
;;     gv1 = load.i64 notrap aligned readonly can_move gv0
;;     gv2 = load.i64 notrap aligned readonly can_move gv1
;;     sig0 = (i64 vmctx, i32) -> i32 tail
;;     fn0 = colocated u0:0 sig0
;;     stack_limit = gv2
;;
;;                                 block0(v0: i64, v1: i32):
;; @003b                               return_call fn0(v0, v1)
;; }
