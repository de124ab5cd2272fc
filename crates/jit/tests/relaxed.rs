//! Relaxed vector instructions: the same on every processor, or what is fastest on this one.

use jit::{Config, Engine, Instance, Module, Store, Val};

/// Returns what a body without parameters returns, deterministic or not.
fn run(body: &str, deterministic: bool) -> u128 {
    let engine = Engine::new(&Config::new().relaxed_simd_deterministic(deterministic)).expect("supported");
    let text = format!("(module (func (export \"f\") (result v128) {body}))");
    let module = Module::new(&engine, &wat::parse_str(text).expect("well formed")).expect("valid");
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).expect("it links");
    let mut results = [Val::V128(0)];
    let func = instance.get_func(&store, "f").expect("exported");
    func.call(&mut store, &[], &mut results).expect("it returns");
    let [Val::V128(bits)] = results else { panic!("a vector is returned") };
    bits
}

/// Checks the deterministic result, and that the other one is among those that the proposal allows.
fn check(body: &str, deterministic: u128, allowed: &[u128]) {
    assert_eq!(run(body, true), deterministic, "{body}");
    let native = run(body, false);
    assert!(allowed.contains(&native), "{body}: {native:#034x}");
}

#[test]
fn both_choices_are_allowed_ones() {
    // 1 + 2^-23 squared, minus 1 + 2^-22: the tail is seen only by what rounds once.
    let lanes = |bits: u32| (0..4).fold(0, |v, i| v | u128::from(bits) << (32 * i));
    let madd =
        "(f32x4.relaxed_madd (f32x4.splat (f32.const 0x1.000002p0)) (f32x4.splat (f32.const 0x1.000002p0))
        (f32x4.splat (f32.const -0x1.000004p0)))";
    check(madd, 0, &[0, lanes(0x2880_0000)]);
    let swizzle = "(i8x16.relaxed_swizzle (v128.const i8x16 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25)
        (v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 15 16))";
    let kept = u128::from_le_bytes([10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 25, 0]);
    check(swizzle, kept, &[kept, kept | 10 << 120]);
    let q15 = "(i16x8.relaxed_q15mulr_s (i16x8.splat (i32.const -32768)) (i16x8.splat (i32.const -32768)))";
    let words = |bits: u16| (0..8).fold(0, |v, i| v | u128::from(bits) << (16 * i));
    check(q15, words(0x7fff), &[words(0x7fff), words(0x8000)]);
}
