;; A constant offset below the guard needs no check; a larger one, and a 64-bit memory, do.
(module
  (memory 1)
  (memory $wide i64 1)
  (func (param i32) (result i32)
    (i32.load offset=16 (local.get 0)))
  (func (param i32) (result i32)
    (i32.load offset=0x10000000 (local.get 0)))
  (func (param i64 i64)
    (i64.store $wide (local.get 0) (local.get 1))))

;;; IR
;; function u0:0(i64 vmctx, i32) -> i32 tail {
;;     gv0 = vmctx
;;     gv1 = load.i64 notrap aligned readonly can_move gv0
;;     gv2 = load.i64 notrap aligned readonly can_move gv1
;;     stack_limit = gv2
;;
;;                                 block0(v0: i64, v1: i32):
;; @0029                               v3 = uextend.i64 v1
;; @0029                               v4 = load.i64 notrap aligned readonly can_move v0+32
;; @0029                               v5 = iadd v4, v3
;; @0029                               v6 = load.i32 little v5+16
;; @002c                               jump block1(v6)
;;
;;                                 block1(v2: i32):
;; @002c                               return v2
;; }
;; function u0:1(i64 vmctx, i32) -> i32 tail {
;;     gv0 = vmctx
;;     gv1 = load.i64 notrap aligned readonly can_move gv0
;;     gv2 = load.i64 notrap aligned readonly can_move gv1
;;     stack_limit = gv2
;;
;;                                 block0(v0: i64, v1: i32):
;; @0031                               v3 = uextend.i64 v1
;; @0031                               v4 = load.i64 notrap aligned readonly can_move v0+32
;; @0031                               v5 = iconst.i64 0x1000_0004
;; @0031                               v6 = uadd_overflow_trap v3, v5, heap_oob  ; v5 = 0x1000_0004
;; @0031                               v7 = load.i64 notrap aligned readonly can_move v0+40
;; @0031                               v8 = load.i64 notrap aligned v7+8
;; @0031                               v9 = icmp ugt v6, v8
;; @0031                               trapnz v9, heap_oob
;; @0031                               v10 = iadd v4, v3
;; @0031                               v11 = iconst.i64 0x1000_0000
;; @0031                               v12 = iadd v10, v11  ; v11 = 0x1000_0000
;; @0031                               v13 = load.i32 little v12
;; @0038                               jump block1(v13)
;;
;;                                 block1(v2: i32):
;; @0038                               return v2
;; }
;; function u0:2(i64 vmctx, i64, i64) tail {
;;     gv0 = vmctx
;;     gv1 = load.i64 notrap aligned readonly can_move gv0
;;     gv2 = load.i64 notrap aligned readonly can_move gv1
;;     stack_limit = gv2
;;
;;                                 block0(v0: i64, v1: i64, v2: i64):
;; @003f                               v3 = load.i64 notrap aligned readonly can_move v0+48
;; @003f                               v4 = iconst.i64 8
;; @003f                               v5 = uadd_overflow_trap v1, v4, heap_oob  ; v4 = 8
;; @003f                               v6 = load.i64 notrap aligned readonly can_move v0+56
;; @003f                               v7 = load.i64 notrap aligned v6+8
;; @003f                               v8 = icmp ugt v5, v7
;; @003f                               trapnz v8, heap_oob
;; @003f                               v9 = iadd v3, v1
;; @003f                               v10 = iconst.i64 0
;; @003f                               v11 = iadd v9, v10  ; v10 = 0
;; @003f                               store little v2, v11
;; @0043                               jump block1
;;
;;                                 block1:
;; @0043                               return
;; }
