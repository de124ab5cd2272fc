//! Whatever is lowered is lifted again: random values of random types, all encodings, both pointer
//! types, flat and spilled. And whatever bytes a guest makes up, lifting them ends in a value of
//! the type or in a trap.

mod common;

use canonical_abi::arbitrary::{any_type, any_typed_values};
use canonical_abi::explain::byte_map;
use canonical_abi::flatten::flatten_types_up_to;
use canonical_abi::layout::{align_to, tuple_layout};
use canonical_abi::types::MAX_TYPE_DEPTH;
use canonical_abi::{
    Context, CoreType, CoreValue, CoreValueIter, List, Options, PtrType, StringEncoding, Types, ValType,
    Value, layout, lift_flat_values, load, lower_flat_values, store, type_check,
};
use common::{Bump, to_usize};
use proptest::prelude::*;

fn any_encoding() -> impl Strategy<Value = StringEncoding> {
    proptest::sample::select(vec![StringEncoding::Utf8, StringEncoding::Utf16, StringEncoding::Latin1Utf16])
}

fn any_options() -> impl Strategy<Value = Options> {
    let ptr = proptest::sample::select(vec![PtrType::I32, PtrType::I64]);
    (any_encoding(), ptr).prop_map(|(string_encoding, ptr)| Options {
        string_encoding,
        ptr,
        ..Options::default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn flat_values_come_back(
        (types, tys, values) in any_typed_values(6),
        opts in any_options(),
        source in any_encoding(),
        max_flat in proptest::sample::select(vec![0, 1, 4, 16]),
    ) {
        let mut host = Bump::new(source);
        let mut cx = Context::new(&types, opts, &mut host);
        let flat = lower_flat_values(&mut cx, max_flat, &values, &tys, None).unwrap();
        let flat_types: Vec<_> = flat.iter().map(|value| value.ty()).collect();
        let expected = flatten_types_up_to(&types, &tys, opts.ptr, max_flat);
        prop_assert_eq!(flat_types, expected.unwrap_or(vec![opts.ptr.into()]));
        let mut vi = CoreValueIter::new(&flat);
        let lifted = lift_flat_values(&mut cx, max_flat, &mut vi, &tys).unwrap();
        prop_assert_eq!(vi.remaining(), 0);
        prop_assert_eq!(&lifted, &values);
        for (ty, value) in tys.iter().zip(&lifted) {
            prop_assert_eq!(type_check(&types, *ty, value), Ok(()));
        }
    }

    #[test]
    fn values_at_an_out_pointer_come_back(
        (types, tys, values) in any_typed_values(3),
        opts in any_options(),
    ) {
        let mut host = Bump::new(StringEncoding::Utf8);
        let (size, align) = tuple_layout(&types, tys.iter().copied(), opts.ptr);
        let out = align_to(host.memory.len() as u64, align);
        host.memory.resize(to_usize(out + size), 0xaa);
        let mut cx = Context::new(&types, opts, &mut host);
        let flat = lower_flat_values(&mut cx, 0, &values, &tys, Some(out)).unwrap();
        prop_assert_eq!(flat, vec![]);
        let pointer = [CoreValue::pointer(out, opts.ptr)];
        let lifted = lift_flat_values(&mut cx, 0, &mut CoreValueIter::new(&pointer), &tys).unwrap();
        prop_assert_eq!(lifted, values);
    }

    #[test]
    fn stored_values_load((types, tys, values) in any_typed_values(1), opts in any_options()) {
        let layout = layout(&types, tys[0], opts.ptr);
        let mut host = Bump::new(StringEncoding::Utf8);
        host.memory = vec![0xaa; layout.size() as usize + 8];
        let mut cx = Context::new(&types, opts, &mut host);
        store(&mut cx, &values[0], tys[0], 8).unwrap();
        prop_assert_eq!(&load(&mut cx, 8, tys[0]).unwrap(), &values[0]);
    }

    /// Lists of records are loaded and stored by column; one by one, their records give the same
    /// values, traps and bytes.
    #[test]
    fn rows_are_what_their_records_are_one_by_one(
        fields in proptest::collection::vec(any_type(), 1..=4),
        opts in any_options(),
        // Without the bytes that NaNs begin with, which equal nothing.
        bytes in proptest::collection::vec(prop_oneof![2 => Just(0), 1 => 0..32u8, 1 => 0..0x7fu8, 1 => 0x80..0xffu8], 64..512),
        n_rows in 0..4u64,
    ) {
        let mut types = Types::new();
        let tys = fields.iter().map(|tree| tree.intern(&mut types)).collect();
        let element = types.tuple(tys).unwrap();
        check_rows(&mut types, element, opts, bytes, n_rows)?;
    }

    #[test]
    fn made_up_bytes_are_values_or_traps(
        tree in any_type(),
        opts in any_options(),
        bytes in proptest::collection::vec(prop_oneof![2 => Just(0), 1 => 0..32u8, 1 => any::<u8>()], 64..512),
        slots in proptest::collection::vec(prop_oneof![0..600u64, any::<u64>()], 16),
    ) {
        let mut types = Types::new();
        let ty = tree.intern(&mut types);
        check_made_up(&types, ty, opts, &bytes, &slots)?;
    }
}

fn check_rows(
    types: &mut Types,
    element: ValType,
    opts: Options,
    bytes: Vec<u8>,
    n_rows: u64,
) -> Result<(), TestCaseError> {
    let size = u64::from(layout(types, element, opts.ptr).size());
    let list = types.list(element).expect("a list of a valid type");
    let n_rows = n_rows.min(bytes.len() as u64 / size);
    let mut host = Bump::new(StringEncoding::Utf8);
    host.memory = bytes;
    let mut cx = Context::new(types, opts, &mut host);
    let flat = [CoreValue::pointer(0, opts.ptr), CoreValue::pointer(n_rows, opts.ptr)];
    let rows = lift_flat_values(&mut cx, 16, &mut CoreValueIter::new(&flat), &[list]);
    let one_by_one: Result<Vec<_>, _> = (0..n_rows).map(|i| load(&mut cx, i * size, element)).collect();
    let one_by_one = one_by_one.map(|values| vec![Value::List(List::Values(values))]);
    prop_assert_eq!(&rows, &one_by_one);
    let (Ok(rows), Ok(values)) = (rows, one_by_one) else { return Ok(()) };
    prop_assert!(n_rows == 0 || matches!(&rows[0], Value::List(List::Rows(_))));
    let stored = [rows, values].map(|values| {
        let mut host = Bump::new(StringEncoding::Utf8);
        let mut cx = Context::new(types, opts, &mut host);
        let flat = lower_flat_values(&mut cx, 16, &values, &[list], None);
        (flat, host.memory)
    });
    prop_assert_eq!(&stored[0], &stored[1]);
    Ok(())
}

/// Lifts `ty` from made-up memory and from made-up core values.
fn check_made_up(
    types: &Types,
    ty: ValType,
    opts: Options,
    bytes: &[u8],
    slots: &[u64],
) -> Result<(), TestCaseError> {
    let mut host = Bump::new(StringEncoding::Utf8);
    host.memory = bytes.to_vec();
    let mut cx = Context::new(types, opts, &mut host);
    if let Ok(value) = load(&mut cx, 0, ty) {
        prop_assert_eq!(type_check(types, ty, &value), Ok(()));
    }
    let flat = flatten_types_up_to(types, &[ty], opts.ptr, 16).unwrap_or(vec![CoreType::from(opts.ptr)]);
    let flat: Vec<_> = flat.iter().zip(slots).map(|(ty, bits)| CoreValue::from_bits(*ty, *bits)).collect();
    if let Ok(values) = lift_flat_values(&mut cx, 16, &mut CoreValueIter::new(&flat), &[ty]) {
        prop_assert_eq!(type_check(types, ty, &values[0]), Ok(()));
    }
    Ok(())
}

/// The deepest type's deepest value needs little stack, even unoptimized.
#[test]
fn deepest_values_come_back_on_a_small_stack() {
    let go = || {
        let mut types = Types::new();
        let (mut ty, mut value) = (ValType::String, Value::String("deep".into()));
        for depth in 1..MAX_TYPE_DEPTH {
            (ty, value) = match depth % 3 {
                0 => (types.list(ty).unwrap(), Value::List(List::Values(vec![value]))),
                1 => (types.option(ty).unwrap(), Value::Option(Some(Box::new(value)))),
                _ => (types.tuple(vec![ty]).unwrap(), Value::Tuple(vec![value])),
            };
        }
        assert!(types.option(ty).is_err());
        let mut host = Bump::new(StringEncoding::Utf8);
        let mut cx = Context::new(&types, Options::default(), &mut host);
        assert_eq!(type_check(&types, ty, &value), Ok(()));
        let flat = lower_flat_values(&mut cx, 16, std::slice::from_ref(&value), &[ty], None).unwrap();
        let lifted = lift_flat_values(&mut cx, 16, &mut CoreValueIter::new(&flat), &[ty]).unwrap();
        assert!(lifted == [value] && byte_map(&types, ty, PtrType::I32).size == 8);
    };
    std::thread::Builder::new().stack_size(1 << 20).spawn(go).unwrap().join().unwrap();
}
