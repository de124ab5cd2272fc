(component
  (import "log" (func $log (param "line" string)))
  (import "wait" (func $wait async (result u32)))
  (core module $libc (memory (export "memory") 1))
  (core instance $libc (instantiate $libc))
  (core func $log-lowered (canon lower (func $log) string-encoding=latin1+utf16 (memory (core memory $libc "memory"))))
  (core func $wait-lowered (canon lower (func $wait) async (memory (core memory $libc "memory"))))
  (core func $wait-sync (canon lower (func $wait))))
