;; Floating point: the iterations of a picture of the Mandelbrot set, $n by $n.
(module
  (func (export "run") (param $n i32) (result i64)
    (local $px i32) (local $py i32) (local $i i32) (local $total i64)
    (local $x f64) (local $y f64) (local $cx f64) (local $cy f64) (local $xx f64) (local $yy f64) (local $scale f64)
    (local.set $scale (f64.div (f64.const 3) (f64.convert_i32_u (local.get $n))))
    (loop $row
      (local.set $cy (f64.sub (f64.mul (f64.convert_i32_u (local.get $py)) (local.get $scale)) (f64.const 1.5)))
      (local.set $px (i32.const 0))
      (loop $column
        (local.set $cx (f64.sub (f64.mul (f64.convert_i32_u (local.get $px)) (local.get $scale)) (f64.const 2)))
        (local.set $x (f64.const 0))
        (local.set $y (f64.const 0))
        (local.set $i (i32.const 0))
        (loop $iterate
          (local.set $xx (f64.mul (local.get $x) (local.get $x)))
          (local.set $yy (f64.mul (local.get $y) (local.get $y)))
          (if (f64.le (f64.add (local.get $xx) (local.get $yy)) (f64.const 4)) (then
            (local.set $y (f64.add (f64.mul (f64.mul (f64.const 2) (local.get $x)) (local.get $y)) (local.get $cy)))
            (local.set $x (f64.add (f64.sub (local.get $xx) (local.get $yy)) (local.get $cx)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $iterate (i32.lt_u (local.get $i) (i32.const 200))))))
        (local.set $total (i64.add (local.get $total) (i64.extend_i32_u (local.get $i))))
        (local.set $px (i32.add (local.get $px) (i32.const 1)))
        (br_if $column (i32.lt_u (local.get $px) (local.get $n))))
      (local.set $py (i32.add (local.get $py) (i32.const 1)))
      (br_if $row (i32.lt_u (local.get $py) (local.get $n))))
    (local.get $total)))
