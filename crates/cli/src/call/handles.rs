//! The resources that the command holds for its user.
//!
//! The host knows a resource by its representation, which several resources may share, and nothing
//! keeps it from giving one away twice. So the values that a user sees have numbers instead, each
//! for one resource, from 1 on.

use canonical_abi::predicates::{contains_borrow, contains_own};
use canonical_abi::types::Record;
use canonical_abi::{List, ResourceId, Rows, Types, ValType, Value};

/// Resources by number.
#[derive(Debug, Default)]
pub(crate) struct Handles {
    list: Vec<Handle>,
}

#[derive(Debug)]
struct Handle {
    resource: ResourceId,
    rep: u32,
    /// How it was lost, if it was.
    gone: Option<&'static str>,
}

impl Handles {
    /// Takes the resources in a result, and returns the result with their numbers.
    pub(crate) fn take(&mut self, types: &Types, ty: ValType, value: Value) -> Value {
        let mut number = |resource: ResourceId, rep: u32, _: bool| {
            self.list.push(Handle { resource, rep, gone: None });
            Ok(u32::try_from(self.list.len()).expect("a store has fewer handles"))
        };
        replace(types, ty, value, &mut number).expect("each resource gets a number")
    }

    /// Gives away and lends the resources in arguments, and returns the arguments as the host
    /// passes them.
    ///
    /// # Errors
    ///
    /// When one is not there any more, or is used twice in a way that excludes the other.
    pub(crate) fn give(
        &mut self,
        types: &Types,
        args: Vec<Value>,
        params: &[(String, ValType)],
    ) -> Result<Vec<Value>, String> {
        let (mut given, mut lent) = (Vec::new(), Vec::new());
        let mut rep = |resource: ResourceId, number: u32, is_given: bool| {
            let handle = self.held(types, number)?;
            if handle.resource != resource {
                return Err(format!("`#{number}` is a resource of another type"));
            }
            if given.contains(&number) || (is_given && lent.contains(&number)) {
                return Err(format!("`#{number}` is given away in this call, so it can't be used twice"));
            }
            if is_given {
                given.push(number)
            } else {
                lent.push(number)
            }
            Ok(handle.rep)
        };
        let reps = args.into_iter().zip(params).map(|(arg, (_, ty))| replace(types, *ty, arg, &mut rep));
        let reps = reps.collect::<Result<_, _>>()?;
        for number in given {
            self.lose(number, "was given away");
        }
        Ok(reps)
    }

    /// Returns the resource type and the representation of a resource that is to be dropped.
    ///
    /// # Errors
    ///
    /// When it is not there any more.
    pub(crate) fn drop(&mut self, types: &Types, number: u32) -> Result<(ResourceId, u32), String> {
        let Handle { resource, rep, .. } = *self.held(types, number)?;
        self.lose(number, "was dropped");
        Ok((resource, rep))
    }

    /// Returns the type of a resource.
    ///
    /// # Errors
    ///
    /// When there is none of this number.
    pub(crate) fn type_of(&self, number: u32) -> Result<ValType, String> {
        Ok(ValType::Own(self.get(number)?.resource))
    }

    fn get(&self, number: u32) -> Result<&Handle, String> {
        let handle = number.checked_sub(1).and_then(|at| self.list.get(at as usize));
        handle.ok_or_else(|| format!("there is no resource `#{number}`"))
    }

    fn held(&self, types: &Types, number: u32) -> Result<&Handle, String> {
        let handle = self.get(number)?;
        let name = types.resource_name(handle.resource).unwrap_or("resource");
        match handle.gone {
            None => Ok(handle),
            Some(how) => Err(format!("the {name} `#{number}` {how}")),
        }
    }

    fn lose(&mut self, number: u32, how: &'static str) {
        self.list[number as usize - 1].gone = Some(how);
    }
}

/// Returns a number for a resource, by its type, its present number, and whether it is owned.
type Replace<'r> = &'r mut dyn FnMut(ResourceId, u32, bool) -> Result<u32, String>;

/// Returns the value with other numbers for its resources.
fn replace(types: &Types, ty: ValType, value: Value, new: Replace<'_>) -> Result<Value, String> {
    if !contains_own(types, ty) && !contains_borrow(types, ty) {
        return Ok(value);
    }
    let all = |tys: &mut dyn Iterator<Item = ValType>, values: Vec<Value>, new: Replace<'_>| {
        let replaced = values.into_iter().zip(tys).map(|(value, ty)| replace(types, ty, value, new));
        replaced.collect::<Result<Vec<_>, _>>()
    };
    Ok(match (ty, value) {
        (ValType::Own(id), Value::Own(n)) => Value::Own(new(id, n, true)?),
        (ValType::Borrow(id), Value::Borrow(n)) => Value::Borrow(new(id, n, false)?),
        (ValType::Record(id), Value::Record(values)) => {
            let Record { fields, .. } = &types[id];
            Value::Record(all(&mut fields.iter().map(|field| field.ty), values, new)?)
        }
        (ValType::Tuple(id), Value::Tuple(values)) => {
            Value::Tuple(all(&mut types[id].types.iter().copied(), values, new)?)
        }
        (ValType::List(id), Value::List(list)) => {
            Value::List(replace_list(types, types[id].element, list, new)?)
        }
        (ValType::FixedLengthList(id), Value::List(list)) => {
            Value::List(replace_list(types, types[id].element, list, new)?)
        }
        (ValType::Map(id), Value::Map(entries)) => {
            let value_ty = types[id].value;
            let entry = |(key, value)| Ok((key, replace(types, value_ty, value, new)?));
            Value::Map(entries.into_iter().map(entry).collect::<Result<_, String>>()?)
        }
        (ValType::Variant(id), Value::Variant { case, payload }) => {
            let ty = types[id].cases[case as usize].ty;
            Value::Variant { case, payload: replace_payload(types, ty, payload, new)? }
        }
        (ValType::Option(id), Value::Option(payload)) => {
            Value::Option(replace_payload(types, Some(types[id].some), payload, new)?)
        }
        (ValType::Result(id), Value::Result(Ok(payload))) => {
            Value::Result(Ok(replace_payload(types, types[id].ok, payload, new)?))
        }
        (ValType::Result(id), Value::Result(Err(payload))) => {
            Value::Result(Err(replace_payload(types, types[id].err, payload, new)?))
        }
        (_, value) => value,
    })
}

fn replace_payload(
    types: &Types,
    ty: Option<ValType>,
    payload: Option<Box<Value>>,
    new: Replace<'_>,
) -> Result<Option<Box<Value>>, String> {
    match (ty, payload) {
        (Some(ty), Some(payload)) => Ok(Some(Box::new(replace(types, ty, *payload, new)?))),
        (_, payload) => Ok(payload),
    }
}

fn replace_list(types: &Types, element: ValType, list: List, new: Replace<'_>) -> Result<List, String> {
    let tys: Vec<ValType> = if let ValType::Record(id) = element {
        types[id].fields.iter().map(|field| field.ty).collect()
    } else if let ValType::Tuple(id) = element {
        types[id].types.clone()
    } else {
        Vec::new()
    };
    Ok(match list {
        List::Values(values) => {
            let values = values.into_iter().map(|value| replace(types, element, value, new));
            List::Values(values.collect::<Result<_, _>>()?)
        }
        List::Rows(rows) => {
            let columns = rows.columns().iter().zip(tys);
            let columns = columns.map(|(column, ty)| replace_list(types, ty, column.clone(), new));
            List::Rows(Rows::new(rows.kind(), columns.collect::<Result<_, _>>()?))
        }
        List::Bool(_)
        | List::S8(_)
        | List::U8(_)
        | List::S16(_)
        | List::U16(_)
        | List::S32(_)
        | List::U32(_)
        | List::S64(_)
        | List::U64(_)
        | List::F32(_)
        | List::F64(_)
        | List::Char(_) => list,
    })
}

#[cfg(test)]
mod tests {
    use canonical_abi::RowKind;

    use super::*;

    /// Returns a type that has the resource type 0 in every place where a type can be, and a value
    /// of it with resources that have all one representation.
    fn everywhere(types: &mut Types) -> (ValType, Value) {
        let own = ValType::Own(ResourceId(0));
        let rep = || Value::Own(77);
        let some = |value| Some(Box::new(value));
        let option = types.option(own).expect("a valid type");
        let result = types.result(Some(own), Some(own)).expect("a valid type");
        let variant = types.variant(vec![("a".into(), None), ("b".into(), Some(own))]).expect("a valid type");
        let map = types.map(ValType::U8, own).expect("a valid type");
        let fixed = types.fixed_length_list(own, 2).expect("a valid type");
        let pair = types.tuple(vec![ValType::U8, own]).expect("a valid type");
        let rows = types.list(pair).expect("a valid type");
        let columns = vec![List::U8(vec![1, 2]), List::Values(vec![rep(), rep()])];
        let fields = [
            (option, Value::Option(some(rep()))),
            (option, Value::Option(None)),
            (result, Value::Result(Ok(some(rep())))),
            (result, Value::Result(Err(some(rep())))),
            (variant, Value::Variant { case: 0, payload: None }),
            (variant, Value::Variant { case: 1, payload: some(rep()) }),
            (map, Value::Map(vec![(Value::U8(1), rep())])),
            (fixed, Value::List(List::Values(vec![rep(), rep()]))),
            (rows, Value::List(List::Rows(Rows::new(RowKind::Tuple, columns)))),
            (ValType::U8, Value::U8(7)),
        ];
        let names = ["f0", "f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9"].map(str::to_owned);
        let tys = names.into_iter().zip(fields.iter().map(|(ty, _)| *ty)).collect();
        let record = types.record(tys).expect("a valid type");
        (record, Value::Record(fields.into_iter().map(|(_, value)| value).collect()))
    }

    #[test]
    fn resources_are_found_wherever_they_are() {
        let mut types = Types::new();
        let (ty, value) = everywhere(&mut types);
        let mut handles = Handles::default();
        let shown = handles.take(&types, ty, value.clone());
        assert_eq!(handles.list.len(), 9);
        assert!(canonical_abi::type_check(&types, ty, &shown).is_ok());
        let text = format!("{shown:?}");
        for number in 1..=9 {
            assert!(text.contains(&format!("Own({number})")), "{text}");
        }
        let params = [("p".to_owned(), ty)];
        assert_eq!(handles.give(&types, vec![shown.clone()], &params), Ok(vec![value]));
        let again = handles.give(&types, vec![shown], &params);
        assert_eq!(again, Err("the resource `#1` was given away".to_owned()));
    }

    #[test]
    fn a_resource_is_lent_as_often_as_one_likes() {
        let types = Types::new();
        let (own, borrow) = (ValType::Own(ResourceId(0)), ValType::Borrow(ResourceId(0)));
        let mut handles = Handles::default();
        assert_eq!(handles.take(&types, own, Value::Own(77)), Value::Own(1));
        let mut give = |args: &[Value], tys: &[ValType]| {
            let params: Vec<_> = tys.iter().map(|ty| ("p".to_owned(), *ty)).collect();
            handles.give(&types, args.to_vec(), &params)
        };
        let (lent, given) = (Value::Borrow(1), Value::Own(1));
        let reps = Ok(vec![Value::Borrow(77), Value::Borrow(77)]);
        assert_eq!(give(&[lent.clone(), lent.clone()], &[borrow, borrow]), reps);
        let twice = Err("`#1` is given away in this call, so it can't be used twice".to_owned());
        assert_eq!(give(&[lent.clone(), given.clone()], &[borrow, own]), twice);
        assert_eq!(give(&[given.clone(), lent.clone()], &[own, borrow]), twice);
        // A call that can't be made takes nothing.
        assert_eq!(give(&[given], &[own]), Ok(vec![Value::Own(77)]));
        assert_eq!(give(&[lent], &[borrow]), Err("the resource `#1` was given away".to_owned()));
        let other = ValType::Own(ResourceId(1));
        assert_eq!(handles.take(&types, other, Value::Own(5)), Value::Own(2));
        let params = [("p".to_owned(), own)];
        let wrong = handles.give(&types, vec![Value::Own(2)], &params);
        assert_eq!(wrong, Err("`#2` is a resource of another type".to_owned()));
    }
}
