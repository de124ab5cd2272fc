//! Prints a value as WAVE.

use std::borrow::Cow;

use canonical_abi::{List, Types, ValType, Value};
use wasm_wave::wasm::{WasmType, WasmTypeKind, WasmValue};
use wasm_wave::writer::WriterError;

/// Returns the WAVE form of `value`, which is of type `ty`.
///
/// # Errors
///
/// When it contains a handle, which has no text form.
pub(crate) fn to_text(types: &Types, ty: ValType, value: &Value) -> Result<String, WriterError> {
    wasm_wave::to_string(&Shown { types, ty, value: Cow::Borrowed(&without_rows(value)) })
}

/// Returns a value in which lists of records and tuples hold each element as a value, so that the
/// printer can borrow it.
fn without_rows(value: &Value) -> Value {
    let all = |values: &[Value]| values.iter().map(without_rows).collect();
    let payload = |value: &Option<Box<Value>>| value.as_ref().map(|value| Box::new(without_rows(value)));
    match value {
        Value::List(list @ (List::Rows(_) | List::Values(_))) => {
            Value::List(List::Values(list.iter().map(|value| without_rows(&value)).collect()))
        }
        Value::Map(entries) => {
            Value::Map(entries.iter().map(|(k, v)| (without_rows(k), without_rows(v))).collect())
        }
        Value::Record(values) => Value::Record(all(values)),
        Value::Tuple(values) => Value::Tuple(all(values)),
        Value::Variant { case, payload: value } => Value::Variant { case: *case, payload: payload(value) },
        Value::Option(value) => Value::Option(payload(value)),
        Value::Result(Ok(value)) => Value::Result(Ok(payload(value))),
        Value::Result(Err(value)) => Value::Result(Err(payload(value))),
        Value::List(_)
        | Value::Bool(_)
        | Value::S8(_)
        | Value::U8(_)
        | Value::S16(_)
        | Value::U16(_)
        | Value::S32(_)
        | Value::U32(_)
        | Value::S64(_)
        | Value::U64(_)
        | Value::F32(_)
        | Value::F64(_)
        | Value::Char(_)
        | Value::String(_)
        | Value::Enum(_)
        | Value::Flags(_)
        | Value::Own(_)
        | Value::Borrow(_)
        | Value::ErrorContext(_)
        | Value::Stream(_)
        | Value::Future(_) => value.clone(),
    }
}

/// A value together with its type, in the form that the printer expects.
///
/// Invariant: `value` is of type `ty`, and borrowed unless it is a scalar.
#[derive(Clone)]
struct Shown<'a> {
    types: &'a Types,
    ty: ValType,
    value: Cow<'a, Value>,
}

/// The printer asks a value for its kind only; it reads nothing with this type.
#[derive(Clone)]
struct NoType;

impl WasmType for NoType {
    fn kind(&self) -> WasmTypeKind {
        WasmTypeKind::Unsupported
    }
}

const OF_ITS_KIND: &str = "the printer unwraps a value as the kind it has";

impl<'a> Shown<'a> {
    fn compound(&self) -> &'a Value {
        match self.value {
            Cow::Borrowed(value) => value,
            Cow::Owned(_) => unreachable!("only scalars are owned"),
        }
    }

    fn part<'b>(&self, ty: ValType, value: &'a Value) -> Cow<'b, Self> {
        Cow::Owned(Shown { types: self.types, ty, value: Cow::Borrowed(value) })
    }

    fn payload<'b>(&self, ty: Option<ValType>, value: Option<&'a Value>) -> Option<Cow<'b, Self>> {
        Some(self.part(ty?, value?))
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "only lists have elements")]
    fn element_type(&self) -> ValType {
        match self.ty {
            ValType::List(id) => self.types[id].element,
            ValType::FixedLengthList(id) => self.types[id].element,
            _ => unreachable!("{OF_ITS_KIND}"),
        }
    }
}

/// Defines `unwrap_*` for the scalars.
macro_rules! unwrap_scalars {
    ($($name:ident $variant:ident $ty:ty,)*) => {
        $(fn $name(&self) -> $ty {
            match *self.value {
                Value::$variant(value) => value,
                _ => unreachable!("{OF_ITS_KIND}"),
            }
        })*
    };
}

#[expect(clippy::wildcard_enum_match_arm, reason = "each method is for one kind of value")]
impl WasmValue for Shown<'_> {
    type Type = NoType;

    fn kind(&self) -> WasmTypeKind {
        match self.ty {
            ValType::Bool => WasmTypeKind::Bool,
            ValType::S8 => WasmTypeKind::S8,
            ValType::U8 => WasmTypeKind::U8,
            ValType::S16 => WasmTypeKind::S16,
            ValType::U16 => WasmTypeKind::U16,
            ValType::S32 => WasmTypeKind::S32,
            ValType::U32 => WasmTypeKind::U32,
            ValType::S64 => WasmTypeKind::S64,
            ValType::U64 => WasmTypeKind::U64,
            ValType::F32 => WasmTypeKind::F32,
            ValType::F64 => WasmTypeKind::F64,
            ValType::Char => WasmTypeKind::Char,
            ValType::String => WasmTypeKind::String,
            ValType::List(_) => WasmTypeKind::List,
            ValType::FixedLengthList(_) => WasmTypeKind::FixedLengthList,
            ValType::Map(_) => WasmTypeKind::Map,
            ValType::Record(_) => WasmTypeKind::Record,
            ValType::Tuple(_) => WasmTypeKind::Tuple,
            ValType::Variant(_) => WasmTypeKind::Variant,
            ValType::Enum(_) => WasmTypeKind::Enum,
            ValType::Option(_) => WasmTypeKind::Option,
            ValType::Result(_) => WasmTypeKind::Result,
            ValType::Flags(_) => WasmTypeKind::Flags,
            ValType::ErrorContext
            | ValType::Own(_)
            | ValType::Borrow(_)
            | ValType::Stream(_)
            | ValType::Future(_) => WasmTypeKind::Unsupported,
        }
    }

    unwrap_scalars! {
        unwrap_bool Bool bool,
        unwrap_s8 S8 i8,
        unwrap_u8 U8 u8,
        unwrap_s16 S16 i16,
        unwrap_u16 U16 u16,
        unwrap_s32 S32 i32,
        unwrap_u32 U32 u32,
        unwrap_s64 S64 i64,
        unwrap_u64 U64 u64,
        unwrap_f32 F32 f32,
        unwrap_f64 F64 f64,
        unwrap_char Char char,
    }

    fn unwrap_string(&self) -> Cow<'_, str> {
        match &*self.value {
            Value::String(text) => Cow::Borrowed(text),
            _ => unreachable!("{OF_ITS_KIND}"),
        }
    }

    fn unwrap_list(&self) -> Box<dyn Iterator<Item = Cow<'_, Self>> + '_> {
        let (ty, types) = (self.element_type(), self.types);
        match self.compound() {
            Value::List(List::Values(values)) => {
                Box::new(values.iter().map(move |value| self.part(ty, value)))
            }
            Value::List(scalars) => {
                let owned = move |value| Cow::Owned(Shown { types, ty, value: Cow::Owned(value) });
                Box::new(scalars.iter().map(owned))
            }
            _ => unreachable!("{OF_ITS_KIND}"),
        }
    }

    fn unwrap_record(&self) -> Box<dyn Iterator<Item = (Cow<'_, str>, Cow<'_, Self>)> + '_> {
        match (self.ty, self.compound()) {
            (ValType::Record(id), Value::Record(values)) => Box::new(
                (self.types[id].fields.iter().zip(values))
                    .map(|(field, value)| (Cow::Borrowed(field.name.as_str()), self.part(field.ty, value))),
            ),
            _ => unreachable!("{OF_ITS_KIND}"),
        }
    }

    fn unwrap_tuple(&self) -> Box<dyn Iterator<Item = Cow<'_, Self>> + '_> {
        match (self.ty, self.compound()) {
            (ValType::Tuple(id), Value::Tuple(values)) => {
                Box::new(self.types[id].types.iter().zip(values).map(|(ty, value)| self.part(*ty, value)))
            }
            _ => unreachable!("{OF_ITS_KIND}"),
        }
    }

    fn unwrap_variant(&self) -> (Cow<'_, str>, Option<Cow<'_, Self>>) {
        match (self.ty, self.compound()) {
            (ValType::Variant(id), Value::Variant { case, payload }) => {
                let case = &self.types[id].cases[*case as usize];
                (Cow::Borrowed(&case.name), self.payload(case.ty, payload.as_deref()))
            }
            _ => unreachable!("{OF_ITS_KIND}"),
        }
    }

    fn unwrap_enum(&self) -> Cow<'_, str> {
        match (self.ty, self.compound()) {
            (ValType::Enum(id), Value::Enum(case)) => Cow::Borrowed(&self.types[id].labels[*case as usize]),
            _ => unreachable!("{OF_ITS_KIND}"),
        }
    }

    fn unwrap_option(&self) -> Option<Cow<'_, Self>> {
        match (self.ty, self.compound()) {
            (ValType::Option(id), Value::Option(payload)) => {
                self.payload(Some(self.types[id].some), payload.as_deref())
            }
            _ => unreachable!("{OF_ITS_KIND}"),
        }
    }

    fn unwrap_result(&self) -> Result<Option<Cow<'_, Self>>, Option<Cow<'_, Self>>> {
        match (self.ty, self.compound()) {
            (ValType::Result(id), Value::Result(Ok(payload))) => {
                Ok(self.payload(self.types[id].ok, payload.as_deref()))
            }
            (ValType::Result(id), Value::Result(Err(payload))) => {
                Err(self.payload(self.types[id].err, payload.as_deref()))
            }
            _ => unreachable!("{OF_ITS_KIND}"),
        }
    }

    fn unwrap_flags(&self) -> Box<dyn Iterator<Item = Cow<'_, str>> + '_> {
        match (self.ty, self.compound()) {
            (ValType::Flags(id), Value::Flags(bits)) => Box::new(
                (self.types[id].labels.iter().enumerate())
                    .filter(move |(bit, _)| bits >> bit & 1 == 1)
                    .map(|(_, label)| Cow::Borrowed(label.as_str())),
            ),
            _ => unreachable!("{OF_ITS_KIND}"),
        }
    }

    fn unwrap_map(&self) -> Box<dyn Iterator<Item = (Cow<'_, Self>, Cow<'_, Self>)> + '_> {
        match (self.ty, self.compound()) {
            (ValType::Map(id), Value::Map(entries)) => {
                let map = &self.types[id];
                Box::new(entries.iter().map(|(k, v)| (self.part(map.key, k), self.part(map.value, v))))
            }
            _ => unreachable!("{OF_ITS_KIND}"),
        }
    }
}
