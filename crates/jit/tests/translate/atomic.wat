;; Alignment first, then the access; a narrow exchange compares the whole expected value.
(module
  (memory 1 1 shared)
  (func (param i32 i32) (result i32)
    (i32.atomic.rmw.add offset=4 (local.get 0) (local.get 1)))
  (func (param i32 i32 i32) (result i32)
    (i32.atomic.rmw8.cmpxchg_u (local.get 0) (local.get 1) (local.get 2))))

;;; IR
;; function u0:0(i64 vmctx, i32, i32) -> i32 tail {
;;     gv0 = vmctx
;;     gv1 = load.i64 notrap aligned readonly can_move gv0
;;     gv2 = load.i64 notrap aligned readonly can_move gv1
;;     stack_limit = gv2
;;
;;                                 block0(v0: i64, v1: i32, v2: i32):
;; @002c                               v4 = iconst.i32 3
;; @002c                               v5 = band v1, v4  ; v4 = 3
;; @002c                               trapnz v5, user13
;; @002c                               v6 = uextend.i64 v1
;; @002c                               v7 = load.i64 notrap aligned readonly can_move v0+32
;; @002c                               v8 = iadd v7, v6
;; @002c                               v9 = iconst.i64 4
;; @002c                               v10 = iadd v8, v9  ; v9 = 4
;; @002c                               v11 = atomic_rmw.i32 add v10, v2
;; @0030                               jump block1(v11)
;;
;;                                 block1(v3: i32):
;; @0030                               return v3
;; }
;; function u0:1(i64 vmctx, i32, i32, i32) -> i32 tail {
;;     gv0 = vmctx
;;     gv1 = load.i64 notrap aligned readonly can_move gv0
;;     gv2 = load.i64 notrap aligned readonly can_move gv1
;;     stack_limit = gv2
;;
;;                                 block0(v0: i64, v1: i32, v2: i32, v3: i32):
;; @0039                               v5 = uextend.i64 v1
;; @0039                               v6 = load.i64 notrap aligned readonly can_move v0+32
;; @0039                               v7 = iadd v6, v5
;; @0039                               v8 = ireduce.i8 v2
;; @0039                               v9 = ireduce.i8 v3
;; @0039                               v10 = uextend.i32 v8
;; @0039                               v11 = icmp eq v10, v2
;; @0039                               v12 = select v11, v9, v8
;; @0039                               v13 = atomic_cas v7, v8, v12
;; @0039                               v14 = uextend.i32 v13
;; @003d                               jump block1(v14)
;;
;;                                 block1(v4: i32):
;; @003d                               return v4
;; }
