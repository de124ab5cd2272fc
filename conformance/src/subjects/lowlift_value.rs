//! Converts between a script's values, which carry their names, and the engine's, whose names are
//! in the type.

use super::Val;
use component_linker::{List, Types, Val as EngineVal, ValType, display};

/// Returns `val` as the engine has values of type `ty`.
///
/// # Errors
///
/// Text that says what does not fit, if `val` is not of type `ty`.
pub(super) fn to_engine(types: &Types, ty: ValType, val: &Val) -> Result<EngineVal, String> {
    let unlike = || format!("the {} {val} is no {}", val.kind(), display(types, ty));
    Ok(match (ty, val) {
        (ValType::Bool, Val::Bool(v)) => EngineVal::Bool(*v),
        (ValType::S8, Val::S8(v)) => EngineVal::S8(*v),
        (ValType::U8, Val::U8(v)) => EngineVal::U8(*v),
        (ValType::S16, Val::S16(v)) => EngineVal::S16(*v),
        (ValType::U16, Val::U16(v)) => EngineVal::U16(*v),
        (ValType::S32, Val::S32(v)) => EngineVal::S32(*v),
        (ValType::U32, Val::U32(v)) => EngineVal::U32(*v),
        (ValType::S64, Val::S64(v)) => EngineVal::S64(*v),
        (ValType::U64, Val::U64(v)) => EngineVal::U64(*v),
        (ValType::F32, Val::F32(v)) => EngineVal::F32(*v),
        (ValType::F64, Val::F64(v)) => EngineVal::F64(*v),
        (ValType::Char, Val::Char(v)) => EngineVal::Char(*v),
        (ValType::String, Val::String(v)) => EngineVal::String(v.clone()),
        (ValType::List(id), Val::List(vals)) => list(types, types[id].element, vals)?,
        (ValType::FixedLengthList(id), Val::List(vals)) => list(types, types[id].element, vals)?,
        (ValType::Map(id), Val::Map(entries)) => {
            let (key, value) = (types[id].key, types[id].value);
            let entries =
                entries.iter().map(|(k, v)| Ok((to_engine(types, key, k)?, to_engine(types, value, v)?)));
            EngineVal::Map(entries.collect::<Result<_, String>>()?)
        }
        (ValType::Record(id), Val::Record(fields)) => {
            let wanted = &types[id].fields;
            if !wanted.iter().map(|field| &field.name).eq(fields.iter().map(|(name, _)| name)) {
                return Err(unlike());
            }
            let fields = wanted.iter().zip(fields).map(|(field, (_, val))| to_engine(types, field.ty, val));
            EngineVal::Record(fields.collect::<Result<_, _>>()?)
        }
        (ValType::Tuple(id), Val::Tuple(vals)) if types[id].types.len() == vals.len() => {
            let vals = types[id].types.iter().zip(vals).map(|(ty, val)| to_engine(types, *ty, val));
            EngineVal::Tuple(vals.collect::<Result<_, _>>()?)
        }
        (ValType::Variant(id), Val::Variant(name, val)) => {
            let cases = &types[id].cases;
            let case = cases.iter().position(|case| case.name == *name).ok_or_else(unlike)?;
            let payload = payload(types, cases[case].ty, val.as_deref()).ok_or_else(unlike)??;
            EngineVal::Variant { case: id32(case), payload }
        }
        (ValType::Enum(id), Val::Enum(name)) => {
            EngineVal::Enum(id32(types[id].labels.iter().position(|label| label == name).ok_or_else(unlike)?))
        }
        (ValType::Option(id), Val::Option(Some(val))) => {
            EngineVal::Option(Some(Box::new(to_engine(types, types[id].some, val)?)))
        }
        (ValType::Option(_), Val::Option(None)) => EngineVal::Option(None),
        (ValType::Result(id), Val::Result(Ok(val))) => {
            EngineVal::Result(Ok(payload(types, types[id].ok, val.as_deref()).ok_or_else(unlike)??))
        }
        (ValType::Result(id), Val::Result(Err(val))) => {
            EngineVal::Result(Err(payload(types, types[id].err, val.as_deref()).ok_or_else(unlike)??))
        }
        (ValType::Flags(id), Val::Flags(set)) => {
            let bit = |label| types[id].labels.iter().position(|known| known == label).map(|i| 1 << i);
            let bits = set.iter().map(|label| bit(label).ok_or_else(unlike));
            EngineVal::Flags(bits.sum::<Result<u32, _>>()?)
        }
        (_, _) => return Err(unlike()),
    })
}

fn id32(index: usize) -> u32 {
    u32::try_from(index).expect("a type has fewer than 2^32 cases")
}

fn list(types: &Types, element: ValType, vals: &[Val]) -> Result<EngineVal, String> {
    let vals = vals.iter().map(|val| to_engine(types, element, val)).collect::<Result<_, _>>()?;
    Ok(EngineVal::List(List::from_values(element, vals)))
}

/// What an optional payload converts to; nothing if a payload is there where none belongs, or the
/// reverse.
type Payload = Option<Result<Option<Box<EngineVal>>, String>>;

fn payload(types: &Types, ty: Option<ValType>, val: Option<&Val>) -> Payload {
    match (ty, val) {
        (None, None) => Some(Ok(None)),
        (Some(ty), Some(val)) => Some(to_engine(types, ty, val).map(|val| Some(Box::new(val)))),
        (None, Some(_)) | (Some(_), None) => None,
    }
}

/// Returns `val`, which the engine says is of type `ty`, with its names. What is not of that type
/// after all, or has no literal, becomes [`Val::Unwritable`].
pub(super) fn from_engine(types: &Types, ty: ValType, val: &EngineVal) -> Val {
    let from = |ty, val: &EngineVal| from_engine(types, ty, val);
    let boxed = |ty: Option<ValType>, val: &Option<Box<EngineVal>>| match (ty, val) {
        (Some(ty), Some(val)) => Some(Box::new(from(ty, val))),
        (None, Some(val)) => Some(Box::new(Val::Unwritable(format!("payload {val:?}, which has no type")))),
        (_, None) => None,
    };
    match (ty, val) {
        (ValType::Bool, EngineVal::Bool(v)) => Val::Bool(*v),
        (ValType::S8, EngineVal::S8(v)) => Val::S8(*v),
        (ValType::U8, EngineVal::U8(v)) => Val::U8(*v),
        (ValType::S16, EngineVal::S16(v)) => Val::S16(*v),
        (ValType::U16, EngineVal::U16(v)) => Val::U16(*v),
        (ValType::S32, EngineVal::S32(v)) => Val::S32(*v),
        (ValType::U32, EngineVal::U32(v)) => Val::U32(*v),
        (ValType::S64, EngineVal::S64(v)) => Val::S64(*v),
        (ValType::U64, EngineVal::U64(v)) => Val::U64(*v),
        (ValType::F32, EngineVal::F32(v)) => Val::F32(*v),
        (ValType::F64, EngineVal::F64(v)) => Val::F64(*v),
        (ValType::Char, EngineVal::Char(v)) => Val::Char(*v),
        (ValType::String, EngineVal::String(v)) => Val::String(v.clone()),
        (ValType::List(id), EngineVal::List(list)) => {
            Val::List(list.iter().map(|val| from(types[id].element, &val)).collect())
        }
        (ValType::FixedLengthList(id), EngineVal::List(list)) => {
            Val::List(list.iter().map(|val| from(types[id].element, &val)).collect())
        }
        (ValType::Map(id), EngineVal::Map(entries)) => {
            let (key, value) = (types[id].key, types[id].value);
            Val::Map(entries.iter().map(|(k, v)| (from(key, k), from(value, v))).collect())
        }
        (ValType::Record(id), EngineVal::Record(vals)) if types[id].fields.len() == vals.len() => {
            let fields = types[id].fields.iter().zip(vals);
            Val::Record(fields.map(|(field, val)| (field.name.clone(), from(field.ty, val))).collect())
        }
        (ValType::Tuple(id), EngineVal::Tuple(vals)) if types[id].types.len() == vals.len() => {
            Val::Tuple(types[id].types.iter().zip(vals).map(|(ty, val)| from(*ty, val)).collect())
        }
        (ValType::Variant(id), EngineVal::Variant { case, payload })
            if (*case as usize) < types[id].cases.len() =>
        {
            let case = &types[id].cases[*case as usize];
            Val::Variant(case.name.clone(), boxed(case.ty, payload))
        }
        (ValType::Enum(id), EngineVal::Enum(case)) if (*case as usize) < types[id].labels.len() => {
            Val::Enum(types[id].labels[*case as usize].clone())
        }
        (ValType::Option(id), EngineVal::Option(val)) => Val::Option(boxed(Some(types[id].some), val)),
        (ValType::Result(id), EngineVal::Result(Ok(val))) => Val::Result(Ok(boxed(types[id].ok, val))),
        (ValType::Result(id), EngineVal::Result(Err(val))) => Val::Result(Err(boxed(types[id].err, val))),
        (ValType::Flags(id), EngineVal::Flags(bits)) => {
            let labels = types[id].labels.iter().enumerate();
            Val::Flags(labels.filter(|(i, _)| bits >> i & 1 == 1).map(|(_, label)| label.clone()).collect())
        }
        (ty, val) => Val::Unwritable(format!("{} of type {}", val.kind(), display(types, ty))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subjects::mismatch;

    /// Sends `val` to the engine's form and back.
    fn check(types: &Types, ty: ValType, val: &Val) {
        let there = to_engine(types, ty, val).unwrap();
        let back = from_engine(types, ty, &there);
        assert_eq!(mismatch(val, &back), None);
    }

    #[test]
    fn there_and_back() {
        let mut types = Types::new();
        let name = |s: &str| s.to_owned();
        let flags = types.flags(vec![name("a"), name("b"), name("c")]).unwrap();
        check(&types, flags, &Val::Flags(vec![name("c"), name("a")]));
        let list = types.list(ValType::U8).unwrap();
        check(&types, list, &Val::List(vec![Val::U8(1), Val::U8(2)]));
        let variant = types.variant(vec![(name("none"), None), (name("some"), Some(list))]).unwrap();
        check(&types, variant, &Val::Variant(name("none"), None));
        check(&types, variant, &Val::Variant(name("some"), Some(Box::new(Val::List(vec![])))));
        let record = types.record(vec![(name("v"), variant), (name("n"), ValType::S64)]).unwrap();
        let fields = vec![(name("v"), Val::Variant(name("none"), None)), (name("n"), Val::S64(-1))];
        check(&types, record, &Val::Record(fields));
        let result = types.result(Some(ValType::String), None).unwrap();
        check(&types, result, &Val::Result(Ok(Some(Box::new(Val::String(name("x")))))));
        check(&types, result, &Val::Result(Err(None)));
        let map = types.map(ValType::U32, result).unwrap();
        check(&types, map, &Val::Map(vec![(Val::U32(1), Val::Result(Err(None)))]));
    }

    #[test]
    fn what_does_not_fit() {
        let mut types = Types::new();
        let option = types.option(ValType::Char).unwrap();
        let check = |ty, val: &Val, expected: &str| {
            assert_eq!(to_engine(&types, ty, val).unwrap_err(), expected);
        };
        check(ValType::U8, &Val::U16(1), "the u16 1 is no u8");
        check(option, &Val::Option(Some(Box::new(Val::U8(1)))), "the u8 1 is no char");
        assert_eq!(from_engine(&types, option, &EngineVal::Own(1)).kind(), "unwritable");
    }
}
