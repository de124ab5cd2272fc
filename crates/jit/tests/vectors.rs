//! Vector instructions, one line each: one of every shape. The official suite is the wide net.
#![expect(clippy::unwrap_used, reason = "in tests, a panic is the failure")]

mod common;

use common::{call, instance};
use jit::Val;

/// Checks what a body returns, where local 0 is the bytes 0, 1, … 15 and local 1 the bytes 0xf8,
/// 0xf9, … 7.
fn check(result: &str, body: &str, expected: Val) {
    let wat = format!(
        r#"(module (memory 1) (data (i32.const 16) "\00\01\02\03\04\05\06\07\08\09\0a\0b\0c\0d\0e\0f")
            (global $g (mut v128) (v128.const i64x2 0x1111111111111111 -1))
            (func $swap (param v128 v128) (result v128 v128) (local.get 1) (local.get 0))
            (func (export "f") (param v128 v128) (result {result}) (local $zero v128) {body}))"#
    );
    let (mut store, instance) = instance(&wat, |_| Vec::new());
    let params = [0_u8, 0xf8].map(|first| {
        Val::V128(u128::from_le_bytes(std::array::from_fn(|i| first.wrapping_add(u8::try_from(i).unwrap()))))
    });
    assert_eq!(call(&mut store, instance, "f", &params).unwrap(), [expected], "{body}");
}

fn v128(body: &str, expected: u128) {
    check("v128", body, Val::V128(expected));
}

fn i32(body: &str, expected: i32) {
    check("i32", body, Val::I32(expected));
}

#[test]
fn values_pass_everywhere() {
    let bytes = 0x0f0e_0d0c_0b0a_0908_0706_0504_0302_0100;
    v128("(local.get 0)", bytes);
    v128("(local.get $zero)", 0);
    v128("(global.set $g (local.get 0)) (global.get $g)", bytes);
    v128("(global.get $g)", 0xffff_ffff_ffff_ffff_1111_1111_1111_1111);
    v128("(call $swap (local.get 1) (local.get 0)) (drop)", bytes);
    v128("(v128.store (i32.const 3) (local.get 0)) (v128.load (i32.const 3))", bytes);
    v128("(select (local.get 1) (local.get 0) (i32.const 0))", bytes);
}

#[test]
fn lanes() {
    i32("(i8x16.extract_lane_s 0 (local.get 1))", -8);
    i32("(i8x16.extract_lane_u 0 (local.get 1))", 0xf8);
    i32("(i32x4.extract_lane 1 (local.get 0))", 0x0706_0504);
    v128("(i64x2.replace_lane 1 (i64x2.splat (i64.const 1)) (i64.const 2))", (2 << 64) | 1);
    v128(
        "(i8x16.shuffle 0 16 1 17 2 18 3 19 0 0 0 0 0 0 0 0 (local.get 0) (local.get 1))",
        0xfb03_fa02_f901_f800,
    );
    v128("(i8x16.swizzle (local.get 0) (i8x16.splat (i32.const 16)))", 0);
    v128("(v128.load8x8_s (i32.const 24))", 0x000f_000e_000d_000c_000b_000a_0009_0008);
    v128("(v128.load32_splat (i32.const 16))", 0x0302_0100_0302_0100_0302_0100_0302_0100);
    v128("(v128.load64_zero (i32.const 16))", 0x0706_0504_0302_0100);
    v128("(v128.load8_lane 15 (i32.const 31) (local.get $zero))", 0x0f << 120);
    i32("(v128.store16_lane 1 (i32.const 0) (local.get 0)) (i32.load (i32.const 0))", 0x0302);
}

#[test]
fn arithmetic() {
    v128("(i8x16.add_sat_s (local.get 1) (i8x16.splat (i32.const -128)))", {
        u128::from_le_bytes(std::array::from_fn(
            |i| if i < 8 { 0x80 } else { u8::try_from(i).unwrap() + 0x78 },
        ))
    });
    i32("(i8x16.bitmask (local.get 1))", 0x00ff);
    i32("(i8x16.all_true (local.get 0))", 0);
    i32("(v128.any_true (local.get 0))", 1);
    v128("(i64x2.shl (i64x2.splat (i64.const 3)) (i32.const 65))", (6 << 64) | 6);
    v128("(i8x16.lt_s (local.get 1) (local.get $zero))", 0xffff_ffff_ffff_ffff);
    let pairs = "(i16x8.splat (i32.const 300)) (i16x8.splat (i32.const -2))";
    v128(&format!("(i32x4.dot_i16x8_s {pairs})"), u128::from_le_bytes(lanes32((-1200_i32).cast_unsigned())));
    v128(&format!("(i8x16.narrow_i16x8_u {pairs})"), 0xffff_ffff_ffff_ffff);
    let floats = "(f32x4.splat (f32.const 1.5)) (f32x4.splat (f32.const nan))";
    v128(&format!("(f32x4.pmin {floats})"), u128::from_le_bytes(lanes32(1.5_f32.to_bits())));
    v128("(i32x4.trunc_sat_f64x2_u_zero (f64x2.splat (f64.const -1)))", 0);
    let madd = "(f32x4.splat (f32.const 2)) (f32x4.splat (f32.const 3)) (f32x4.splat (f32.const 4))";
    v128(&format!("(f32x4.relaxed_nmadd {madd})"), u128::from_le_bytes(lanes32((-2_f32).to_bits())));
}

/// Returns the bytes of four equal lanes.
fn lanes32(lane: u32) -> [u8; 16] {
    std::array::from_fn(|i| lane.to_le_bytes()[i % 4])
}
