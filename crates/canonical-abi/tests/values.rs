//! Which values are equal, and which are of a type.

use canonical_abi::value::type_check::type_check;
use canonical_abi::value::{RowKind, Rows};
use canonical_abi::{List, ResourceId, Types, ValType, Value};

#[test]
fn all_nans_are_one_value() {
    let other = f32::from_bits(0xffc0_1234);
    assert_eq!(Value::F32(f32::NAN), Value::F32(other));
    assert_eq!(Value::F64(f64::NAN), Value::F64(-f64::NAN));
    assert_ne!(Value::F32(f32::NAN), Value::F32(0.0));
    assert_ne!(Value::F32(f32::NAN), Value::F64(f64::NAN));
    let within = |nan: f32| {
        let list = Value::List(List::F32(vec![1.0, nan]));
        let rows = Value::List(List::Rows(Rows::new(RowKind::Tuple, vec![List::F32(vec![nan])])));
        let some = |value| Value::Option(Some(Box::new(value)));
        [
            Value::Record(vec![Value::F32(nan)]),
            Value::Tuple(vec![list.clone(), some(Value::F32(nan))]),
            Value::Map(vec![(Value::U8(1), Value::F32(nan))]),
            Value::Variant { case: 1, payload: Some(Box::new(Value::F32(nan))) },
            Value::Result(Err(Some(Box::new(list)))),
            rows,
        ]
    };
    assert_eq!(within(f32::NAN), within(other));
    assert_ne!(within(f32::NAN), within(1.0));
    // Rows are equal to the same values one by one.
    let values = List::Values(vec![Value::Tuple(vec![Value::F32(other)])]);
    assert_eq!(List::Rows(Rows::new(RowKind::Tuple, vec![List::F32(vec![f32::NAN])])), values);
    assert_ne!(List::F64(vec![f64::NAN]), List::F64(vec![f64::NAN; 2]));
}

#[test]
fn a_list_without_elements_is_one_of_any_type() {
    let mut types = Types::default();
    let empty = || Value::List(List::Values(Vec::new()));
    let scalars = [ValType::Bool, ValType::U8, ValType::S64, ValType::F32, ValType::Char, ValType::String];
    for element in scalars {
        let list = types.list(element).expect("it is a type");
        assert_eq!(type_check(&types, list, &empty()), Ok(()));
        let nested = types.list(list).expect("it is a type");
        assert_eq!(type_check(&types, nested, &Value::List(List::Values(vec![empty(), empty()]))), Ok(()));
        let option = types.option(list).expect("it is a type");
        assert_eq!(type_check(&types, option, &Value::Option(Some(Box::new(empty())))), Ok(()));
    }
    let bytes = types.list(ValType::U8).expect("it is a type");
    assert!(type_check(&types, bytes, &Value::List(List::Values(vec![Value::U8(1)]))).is_err());
    assert_eq!(empty(), Value::List(List::U8(Vec::new())));
    assert_ne!(empty(), Value::List(List::U8(vec![0])));
}

#[test]
fn what_is_owned_can_be_lent() {
    let types = Types::default();
    let (own, borrow) = (ValType::Own(ResourceId(0)), ValType::Borrow(ResourceId(0)));
    assert_eq!(type_check(&types, borrow, &Value::Own(1)), Ok(()));
    assert_eq!(type_check(&types, borrow, &Value::Borrow(1)), Ok(()));
    assert!(type_check(&types, own, &Value::Borrow(1)).is_err());
}
