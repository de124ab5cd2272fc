//! Values here and values of the peer's: ours are positional, the peer's carry names.

use canonical_abi::{List, Types, ValType, Value};
use wasmtime::component::Val;

/// Returns a value of a type as the peer has it.
pub(crate) fn to_peer(types: &Types, ty: ValType, value: &Value) -> Val {
    let inner = |ty: ValType, value: &Value| to_peer(types, ty, value);
    let payload = |ty: Option<ValType>, value: &Option<Box<Value>>| {
        ty.zip(value.as_ref()).map(|(ty, value)| Box::new(inner(ty, value)))
    };
    match (ty, value) {
        (_, Value::Bool(x)) => Val::Bool(*x),
        (_, Value::S8(x)) => Val::S8(*x),
        (_, Value::U8(x)) => Val::U8(*x),
        (_, Value::S16(x)) => Val::S16(*x),
        (_, Value::U16(x)) => Val::U16(*x),
        (_, Value::S32(x)) => Val::S32(*x),
        (_, Value::U32(x)) => Val::U32(*x),
        (_, Value::S64(x)) => Val::S64(*x),
        (_, Value::U64(x)) => Val::U64(*x),
        (_, Value::F32(x)) => Val::Float32(*x),
        (_, Value::F64(x)) => Val::Float64(*x),
        (_, Value::Char(x)) => Val::Char(*x),
        (_, Value::String(x)) => Val::String(x.clone()),
        (ValType::List(id), Value::List(list)) => {
            Val::List(list.iter().map(|value| inner(types[id].element, &value)).collect())
        }
        (ValType::FixedLengthList(id), Value::List(list)) => {
            Val::FixedLengthList(list.iter().map(|value| inner(types[id].element, &value)).collect())
        }
        (ValType::Map(id), Value::Map(entries)) => {
            let entry = |(k, v): &(Value, Value)| (inner(types[id].key, k), inner(types[id].value, v));
            Val::Map(entries.iter().map(entry).collect())
        }
        (ValType::Record(id), Value::Record(values)) => {
            let fields = types[id].fields.iter().zip(values);
            Val::Record(fields.map(|(field, value)| (field.name.clone(), inner(field.ty, value))).collect())
        }
        (ValType::Tuple(id), Value::Tuple(values)) => {
            Val::Tuple(types[id].types.iter().zip(values).map(|(ty, value)| inner(*ty, value)).collect())
        }
        (ValType::Variant(id), Value::Variant { case, payload: value }) => {
            let case = &types[id].cases[*case as usize];
            Val::Variant(case.name.clone(), payload(case.ty, value))
        }
        (ValType::Enum(id), Value::Enum(case)) => Val::Enum(types[id].labels[*case as usize].clone()),
        (ValType::Option(id), Value::Option(value)) => Val::Option(payload(Some(types[id].some), value)),
        (ValType::Result(id), Value::Result(value)) => Val::Result(match value {
            Ok(value) => Ok(payload(types[id].ok, value)),
            Err(value) => Err(payload(types[id].err, value)),
        }),
        (ValType::Flags(id), Value::Flags(bits)) => {
            let labels = types[id].labels.iter().enumerate();
            Val::Flags(labels.filter(|(i, _)| bits >> i & 1 == 1).map(|(_, label)| label.clone()).collect())
        }
        (ty, value) => unreachable!("{value:?} is no random value of {ty:?}"),
    }
}

/// Returns a value of the peer's as one here.
pub(crate) fn from_peer(types: &Types, ty: ValType, value: &Val) -> Value {
    let inner = |ty: ValType, value: &Val| from_peer(types, ty, value);
    let all = |ty: ValType, values: &[Val]| values.iter().map(|value| inner(ty, value)).collect();
    let payload = |ty: Option<ValType>, value: &Option<Box<Val>>| {
        ty.zip(value.as_ref()).map(|(ty, value)| Box::new(inner(ty, value)))
    };
    match (ty, value) {
        (_, Val::Bool(x)) => Value::Bool(*x),
        (_, Val::S8(x)) => Value::S8(*x),
        (_, Val::U8(x)) => Value::U8(*x),
        (_, Val::S16(x)) => Value::S16(*x),
        (_, Val::U16(x)) => Value::U16(*x),
        (_, Val::S32(x)) => Value::S32(*x),
        (_, Val::U32(x)) => Value::U32(*x),
        (_, Val::S64(x)) => Value::S64(*x),
        (_, Val::U64(x)) => Value::U64(*x),
        (_, Val::Float32(x)) => Value::F32(*x),
        (_, Val::Float64(x)) => Value::F64(*x),
        (_, Val::Char(x)) => Value::Char(*x),
        (_, Val::String(x)) => Value::String(x.clone()),
        (ValType::List(id), Val::List(values)) => {
            Value::List(List::from_values(types[id].element, all(types[id].element, values)))
        }
        (ValType::FixedLengthList(id), Val::FixedLengthList(values)) => {
            Value::List(List::from_values(types[id].element, all(types[id].element, values)))
        }
        (ValType::Map(id), Val::Map(entries)) => {
            let entry = |(k, v): &(Val, Val)| (inner(types[id].key, k), inner(types[id].value, v));
            Value::Map(entries.iter().map(entry).collect())
        }
        (ValType::Record(id), Val::Record(values)) => {
            let fields = types[id].fields.iter().zip(values);
            Value::Record(fields.map(|(field, (_, value))| inner(field.ty, value)).collect())
        }
        (ValType::Tuple(id), Val::Tuple(values)) => {
            Value::Tuple(types[id].types.iter().zip(values).map(|(ty, value)| inner(*ty, value)).collect())
        }
        (ValType::Variant(id), Val::Variant(name, value)) => {
            let cases = &types[id].cases;
            let case = index(cases.iter().map(|case| &case.name), name);
            Value::Variant { case, payload: payload(cases[case as usize].ty, value) }
        }
        (ValType::Enum(id), Val::Enum(name)) => Value::Enum(index(&types[id].labels, name)),
        (ValType::Option(id), Val::Option(value)) => Value::Option(payload(Some(types[id].some), value)),
        (ValType::Result(id), Val::Result(value)) => Value::Result(match value {
            Ok(value) => Ok(payload(types[id].ok, value)),
            Err(value) => Err(payload(types[id].err, value)),
        }),
        (ValType::Flags(id), Val::Flags(names)) => {
            let labels = &types[id].labels;
            Value::Flags(names.iter().fold(0, |bits, name| bits | 1 << index(labels, name)))
        }
        (ty, value) => unreachable!("{value:?} is no value of {ty:?}"),
    }
}

/// Returns the position of a label.
fn index<'a>(labels: impl IntoIterator<Item = &'a String>, name: &str) -> u32 {
    let at = labels.into_iter().position(|label| label == name).expect("a label of the type");
    u32::try_from(at).expect("few labels")
}
