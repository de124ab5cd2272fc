//! Holds lifting and lowering of Rust types to the interpreter: the same bytes, the same calls of
//! `realloc`, the same values, the same traps.

use std::fmt::Debug;
use std::rc::Rc;
use std::sync::Arc;

use canonical_abi::arbitrary::any_value_of;
use canonical_abi::flatten::flat_count;
use canonical_abi::standalone::Standalone;
use canonical_abi::{
    CoreValue, CoreValueIter, Options, PtrType, StringEncoding, Types, Value, flatten_type, layout,
    lift_flat, load, lower_flat, store,
};
use jit::ValRaw;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;
use crate::{ComponentType, Lift, Lower, flags};

/// A guest that notes the calls of its `realloc`, and answers one of them wrongly if it is told to.
#[derive(Clone, Debug, Default, PartialEq)]
struct Guest {
    buffer: Standalone,
    calls: Vec<[u64; 4]>,
    wrong_call: Option<usize>,
}

impl Host for Guest {
    type Error = Trap;

    fn memory(&self) -> &[u8] {
        self.buffer.memory()
    }

    fn memory_mut(&mut self) -> &mut [u8] {
        self.buffer.memory_mut()
    }

    fn realloc(&mut self, old_ptr: u64, old_size: u64, align: u64, new_size: u64) -> Result<u64, Trap> {
        let ptr = self.buffer.realloc(old_ptr, old_size, align, new_size)?;
        self.calls.push([old_ptr, old_size, align, new_size]);
        // Not aligned, or if the alignment is 1, beyond the end.
        Ok(if self.wrong_call == Some(self.calls.len()) { ptr + 1 } else { ptr })
    }

    fn lift_own(&mut self, _: ResourceId, index: u32) -> Result<u32, Trap> {
        Ok(index)
    }

    fn lift_borrow(&mut self, _: ResourceId, index: u32) -> Result<u32, Trap> {
        Ok(index)
    }

    fn lower_own(&mut self, _: ResourceId, rep: u32) -> Result<u32, Trap> {
        Ok(rep)
    }

    fn lower_borrow(&mut self, _: ResourceId, rep: u32) -> Result<u32, Trap> {
        Ok(rep)
    }
}

impl TypedHost for Guest {
    fn resource_key(&self, id: ResourceId) -> ResourceKey {
        ResourceKey { store: 0, index: id.0 }
    }
}

/// One way to do it.
#[derive(Clone, Debug)]
struct Case {
    options: Options,
    wrong_call: Option<usize>,
    /// What is in memory before, for what lifting makes of any bytes.
    garbage: Vec<u8>,
    slots: Vec<u64>,
}

fn any_case() -> impl Strategy<Value = Case> {
    let encoding = prop_oneof![
        Just(StringEncoding::Utf8),
        Just(StringEncoding::Utf16),
        Just(StringEncoding::Latin1Utf16)
    ];
    let ptr = prop_oneof![Just(PtrType::I32), Just(PtrType::I64)];
    let wrong_call = prop_oneof![3 => Just(None), 1 => (1..4_usize).prop_map(Some)];
    // Mostly zeros, so that something is valid.
    let byte = prop_oneof![4 => Just(0_u8), 1 => 0..4_u8, 1 => any::<u8>()];
    let garbage = prop::collection::vec(byte, 512);
    let slot = prop_oneof![2 => 0..3_u64, 1 => 0..600_u64, 1 => any::<u64>()];
    let slots = prop::collection::vec(slot, 17);
    (encoding, ptr, wrong_call, garbage, slots).prop_map(
        |(string_encoding, ptr, wrong_call, garbage, slots)| Case {
            options: Options { string_encoding, ptr, ..Options::default() },
            wrong_call,
            garbage,
            slots,
        },
    )
}

/// What is compared, with traps as their texts.
type Outcome<V> = Result<V, String>;

fn outcome<V>(result: Result<V, Trap>) -> Outcome<V> {
    result.map_err(|trap| trap.to_string())
}

/// A Rust type, the component type that it is, and a way to do it.
struct Twin<'a> {
    types: &'a Types,
    ty: ValType,
    case: &'a Case,
}

impl Twin<'_> {
    fn n_flat(&self) -> Option<usize> {
        Some(flat_count(self.types, self.ty)).filter(|count| *count <= 16)
    }

    /// Returns a guest with a block for a value, and where that is.
    fn guest(&self) -> (Guest, u64) {
        let layout = layout(self.types, self.ty, self.case.options.ptr);
        let mut guest = Guest::default();
        let size = u64::from(layout.size());
        let ptr = guest.buffer.realloc(0, 0, u64::from(layout.align()), size).unwrap();
        (guest, ptr)
    }

    fn with<R>(&self, guest: &mut Guest, run: impl FnOnce(&mut Context<'_, Guest>) -> R) -> R {
        run(&mut Context::new(self.types, self.case.options, guest))
    }

    fn store_value(&self, value: &Value) -> (Outcome<()>, Guest, u64) {
        let (mut guest, ptr) = self.guest();
        guest.wrong_call = self.case.wrong_call;
        let stored = self.with(&mut guest, |cx| store(cx, value, self.ty, ptr));
        (outcome(stored), guest, ptr)
    }

    fn store_rust(&self, value: &impl Lower) -> (Outcome<()>, Guest, u64) {
        let (mut guest, ptr) = self.guest();
        guest.wrong_call = self.case.wrong_call;
        let stored = self.with(&mut guest, |cx| value.store(cx, self.ty, ptr));
        (outcome(stored), guest, ptr)
    }

    fn lower_value(&self, value: &Value) -> (Outcome<Vec<u64>>, Guest) {
        let mut guest = Guest { wrong_call: self.case.wrong_call, ..Guest::default() };
        let mut flat = Vec::new();
        let lowered = self.with(&mut guest, |cx| lower_flat(cx, value, self.ty, &mut flat));
        (outcome(lowered.map(|()| flat.iter().map(|value| value.bits()).collect())), guest)
    }

    fn lower_rust(&self, value: &impl Lower) -> (Outcome<Vec<u64>>, Guest) {
        let mut guest = Guest { wrong_call: self.case.wrong_call, ..Guest::default() };
        let mut slots = [ValRaw::default(); MAX_SLOTS];
        let mut flat = FlatOut::new(&mut slots);
        let lowered = self.with(&mut guest, |cx| value.lower_flat(cx, self.ty, &mut flat));
        (outcome(lowered.map(|()| flat.slots().iter().map(|slot| slot.to_u64()).collect())), guest)
    }

    /// A value goes into memory, and flat, in both ways.
    fn check_value<R: Lift + Lower + Debug>(&self, value: &Value) {
        // A guest that allocates well hands the value over from the interpreter to Rust.
        let sound = Twin { case: &Case { wrong_call: None, ..self.case.clone() }, ..*self };
        let (stored, mut guest, ptr) = sound.store_value(value);
        assert_eq!(stored, Ok(()));
        let rust = self.with(&mut guest, |cx| R::load(cx, self.ty, ptr)).unwrap();
        assert_eq!(self.store_rust(&rust), self.store_value(value), "{rust:?}");
        let Some(n_flat) = self.n_flat() else { return };
        assert_eq!(R::SHAPE.n_flat(), n_flat);
        let (flat, mut guest) = sound.lower_value(value);
        let slots: Vec<_> = flat.unwrap().into_iter().map(ValRaw::from_u64).collect();
        let rust = self.with(&mut guest, |cx| R::lift_flat(cx, self.ty, &mut FlatIn::new(&slots))).unwrap();
        assert_eq!(self.lower_rust(&rust), self.lower_value(value), "{rust:?}");
    }

    /// Any bytes and any core values are lifted in both ways.
    fn check_garbage<R: Lift + Lower + Debug>(&self) {
        let mut guest =
            Guest { buffer: Standalone { memory: self.case.garbage.clone() }, ..Guest::default() };
        for ptr in [0, 8, 256] {
            let value = outcome(self.with(&mut guest, |cx| load(cx, ptr, self.ty)));
            let rust = outcome(self.with(&mut guest, |cx| R::load(cx, self.ty, ptr)));
            self.check_lifted(value, rust);
        }
        let Some(n_flat) = self.n_flat() else { return };
        let slots: Vec<_> = self.case.slots.iter().map(|bits| ValRaw::from_u64(*bits)).collect();
        let tys = flatten_type(self.types, self.ty, self.case.options.ptr);
        let flat = tys.iter().zip(&self.case.slots).map(|(ty, bits)| CoreValue::from_bits(*ty, *bits));
        let flat: Vec<_> = flat.collect();
        let value =
            outcome(self.with(&mut guest, |cx| lift_flat(cx, &mut CoreValueIter::new(&flat), self.ty)));
        let mut slots = FlatIn::new(&slots[..n_flat]);
        let rust = outcome(self.with(&mut guest, |cx| R::lift_flat(cx, self.ty, &mut slots)));
        self.check_lifted(value, rust);
    }

    fn check_lifted<R: Lower + Debug>(&self, value: Outcome<Value>, rust: Outcome<R>) {
        match (value, rust) {
            (Ok(value), Ok(rust)) => assert_eq!(self.store_rust(&rust), self.store_value(&value)),
            (value, rust) => assert_eq!(rust.err(), value.err()),
        }
    }
}

fn check<R: Lift + Lower + Debug>() {
    let mut describe = Describe::default();
    let ty = R::describe(&mut describe).unwrap();
    let types = describe.into_types();
    for ptr in [PtrType::I32, PtrType::I64] {
        let layout = layout(&types, ty, ptr);
        let shape = (R::SHAPE.size(ptr), R::SHAPE.align(ptr));
        assert_eq!(
            shape,
            (u64::from(layout.size()), layout.align()),
            "{}",
            canonical_abi::display(&types, ty)
        );
    }
    let cases = (any_value_of(&types, ty), any_case());
    let mut runner = TestRunner::new(Config { cases: 96, failure_persistence: None, ..Config::default() });
    runner
        .run(&cases, |(value, case)| {
            let twin = Twin { types: &types, ty, case: &case };
            twin.check_value::<R>(&value);
            twin.check_garbage::<R>();
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{}: {error}", canonical_abi::display(&types, ty)));
}

#[test]
fn scalars_are_their_twins() {
    check::<bool>();
    check::<i8>();
    check::<u8>();
    check::<i16>();
    check::<u16>();
    check::<i32>();
    check::<u32>();
    check::<i64>();
    check::<u64>();
    check::<f32>();
    check::<f64>();
    check::<char>();
    check::<String>();
}

#[test]
fn lists_are_their_twins() {
    check::<Vec<u8>>();
    check::<Vec<bool>>();
    check::<Vec<i16>>();
    check::<Vec<u64>>();
    check::<Vec<f32>>();
    check::<Vec<f64>>();
    check::<Vec<char>>();
    check::<Vec<String>>();
    check::<Vec<Vec<u16>>>();
    check::<[u16; 3]>();
    check::<[Option<String>; 2]>();
    check::<[u64; 40]>();
    check::<Map<String, u32>>();
    check::<Map<u8, (f64, Vec<char>)>>();
}

#[test]
fn compounds_are_their_twins() {
    check::<(u8,)>();
    check::<(u8, u64, String)>();
    check::<(f32, (char, u16), Vec<(u8, i64)>)>();
    check::<Option<u32>>();
    check::<Option<Option<char>>>();
    check::<Result<(), String>>();
    check::<Result<u8, ()>>();
    check::<Result<(), ()>>();
    check::<Result<f32, (u64, char)>>();
    check::<Option<Result<f64, Option<f32>>>>();
    check::<(Box<u32>, Rc<String>, Arc<Option<i8>>)>();
    check::<(String, String, String, String, String, String, String, String)>();
    check::<Vec<(String, String, String, String, String, String, String, String, u8)>>();
}

#[derive(Debug, ComponentType, Lift, Lower)]
struct Record<T> {
    a_byte: u8,
    #[component(name = "the-rest")]
    rest: T,
    r#type: Kind,
    rights: Rights,
}

#[derive(Debug, ComponentType, Lift, Lower)]
enum Kind {
    First,
    SecondOne,
}

#[derive(Debug, ComponentType, Lift, Lower)]
enum Shape {
    Empty,
    Circle(f64),
    Named(String),
    Many(Vec<Record<(char, u64)>>),
    Nothing(()),
}

#[derive(Debug, ComponentType, Lift, Lower)]
#[component(variant)]
enum Plain {
    Only,
}

flags! {
    struct Rights {
        const READ;
        #[component(name = "the-write")]
        const WRITE;
        const C; const D; const E; const F; const G; const H; const I;
    }
}

flags! {
    struct AllBits {
        const A0; const A1; const A2; const A3; const A4; const A5; const A6; const A7;
        const B0; const B1; const B2; const B3; const B4; const B5; const B6; const B7;
        const C0; const C1; const C2; const C3; const C4; const C5; const C6; const C7;
        const D0; const D1; const D2; const D3; const D4; const D5; const D6; const D7;
    }
}

#[test]
fn derived_types_are_their_twins() {
    check::<Record<u64>>();
    check::<Record<Shape>>();
    check::<Vec<Record<Option<String>>>>();
    check::<Kind>();
    check::<Shape>();
    check::<Option<Shape>>();
    check::<Plain>();
    check::<Rights>();
    check::<(AllBits, Vec<Rights>)>();
}

#[test]
fn flags_combine() {
    let rights = Rights::READ | Rights::I;
    assert!(rights.contains(Rights::READ) && !rights.contains(Rights::READ | Rights::WRITE));
    assert_eq!(
        (rights - Rights::I, rights & Rights::I, !rights ^ Rights::all()),
        (Rights::READ, Rights::I, rights)
    );
    assert_eq!(format!("{:?}", rights | Rights::WRITE), r#"{"read", "the-write", "i"}"#);
    assert!(Rights::from_bits(1 << 9).is_empty() && Rights::empty().is_empty());
    assert_eq!(AllBits::all().bits(), u32::MAX);
}
