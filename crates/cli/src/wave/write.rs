//! Prints a value as WAVE, part by part: nothing is copied but scalars, and the text is nowhere as
//! a whole. What WAVE has no form for is written with its number: `resource counter #3`.

use std::fmt::{self, Write};

use canonical_abi::{List, ResourceId, Types, ValType, Value};

use super::map::entries_that_count;

/// Writes the WAVE form of `value`, which is of type `ty`.
///
/// # Errors
///
/// Those of `out`.
pub(crate) fn write_value(out: &mut dyn Write, types: &Types, ty: ValType, value: &Value) -> fmt::Result {
    Writer { out, types }.value(ty, value)
}

/// A value where it lies: by itself, or as an element of a list that is not one of values.
#[derive(Clone, Copy)]
enum Cell<'v> {
    Value(&'v Value),
    Element(&'v List, usize),
}

struct Writer<'w> {
    out: &'w mut dyn Write,
    types: &'w Types,
}

const OF_ITS_TYPE: &str = "a value is of its type";

impl Writer<'_> {
    fn value(&mut self, ty: ValType, value: &Value) -> fmt::Result {
        match value {
            Value::Bool(value) => write!(self.out, "{value}"),
            Value::S8(value) => write!(self.out, "{value}"),
            Value::U8(value) => write!(self.out, "{value}"),
            Value::S16(value) => write!(self.out, "{value}"),
            Value::U16(value) => write!(self.out, "{value}"),
            Value::S32(value) => write!(self.out, "{value}"),
            Value::U32(value) => write!(self.out, "{value}"),
            Value::S64(value) => write!(self.out, "{value}"),
            Value::U64(value) => write!(self.out, "{value}"),
            Value::F32(value) if value.is_nan() => self.out.write_str("nan"),
            Value::F32(value) => write!(self.out, "{value}"),
            Value::F64(value) if value.is_nan() => self.out.write_str("nan"),
            Value::F64(value) => write!(self.out, "{value}"),
            Value::Char(c) => self.quoted('\'', c.encode_utf8(&mut [0; 4])),
            Value::String(text) => self.quoted('"', text),
            Value::List(list) => self.list(ty, list),
            Value::Map(entries) => self.map(ty, entries),
            Value::Record(fields) | Value::Tuple(fields) => self.fields(ty, fields.iter().map(Cell::Value)),
            Value::Variant { case, payload } => {
                let ValType::Variant(id) = ty else { unreachable!("{OF_ITS_TYPE}") };
                let types = self.types;
                let case = &types[id].cases[*case as usize];
                self.case(&case.name)?;
                self.payload(case.ty, payload.as_deref())
            }
            Value::Enum(case) => {
                let ValType::Enum(id) = ty else { unreachable!("{OF_ITS_TYPE}") };
                let types = self.types;
                self.case(&types[id].labels[*case as usize])
            }
            Value::Option(None) => self.out.write_str("none"),
            Value::Option(payload) => {
                let ValType::Option(id) = ty else { unreachable!("{OF_ITS_TYPE}") };
                self.out.write_str("some")?;
                self.payload(Some(self.types[id].some), payload.as_deref())
            }
            Value::Result(result) => {
                let ValType::Result(id) = ty else { unreachable!("{OF_ITS_TYPE}") };
                let (word, ty, payload) = match result {
                    Ok(payload) => ("ok", self.types[id].ok, payload),
                    Err(payload) => ("err", self.types[id].err, payload),
                };
                self.out.write_str(word)?;
                self.payload(ty, payload.as_deref())
            }
            Value::Flags(bits) => self.flags(ty, *bits),
            Value::Own(n) | Value::Borrow(n) => self.handle(ty, *n),
            Value::ErrorContext(n) => write!(self.out, "error-context #{n}"),
            Value::Stream(n) => write!(self.out, "stream #{n}"),
            Value::Future(n) => write!(self.out, "future #{n}"),
        }
    }

    fn cell(&mut self, ty: ValType, cell: Cell<'_>) -> fmt::Result {
        match cell {
            Cell::Value(value) => self.value(ty, value),
            Cell::Element(List::Values(values), i) => self.value(ty, &values[i]),
            Cell::Element(List::Rows(rows), i) => {
                self.fields(ty, rows.columns().iter().map(|column| Cell::Element(column, i)))
            }
            Cell::Element(scalars, i) => self.value(ty, &scalars.get(i).expect("the list has the element")),
        }
    }

    fn list(&mut self, ty: ValType, list: &List) -> fmt::Result {
        let element = if let ValType::List(id) = ty {
            self.types[id].element
        } else if let ValType::FixedLengthList(id) = ty {
            self.types[id].element
        } else {
            unreachable!("{OF_ITS_TYPE}")
        };
        self.out.write_char('[')?;
        for i in 0..list.len() {
            self.comma(i)?;
            self.cell(element, Cell::Element(list, i))?;
        }
        self.out.write_char(']')
    }

    fn map(&mut self, ty: ValType, entries: &[(Value, Value)]) -> fmt::Result {
        let ValType::Map(id) = ty else { unreachable!("{OF_ITS_TYPE}") };
        let (key_ty, value_ty) = (self.types[id].key, self.types[id].value);
        self.out.write_char('{')?;
        for (i, (first, last)) in entries_that_count(entries).into_iter().enumerate() {
            self.comma(i)?;
            self.value(key_ty, &entries[first].0)?;
            self.out.write_str(": ")?;
            self.value(value_ty, &entries[last].1)?;
        }
        self.out.write_char('}')
    }

    /// Writes a record or a tuple. Fields of records that are `none` are left out.
    fn fields<'v>(&mut self, ty: ValType, cells: impl Iterator<Item = Cell<'v>>) -> fmt::Result {
        let types = self.types;
        if let ValType::Tuple(id) = ty {
            self.out.write_char('(')?;
            for (i, (ty, cell)) in types[id].types.iter().zip(cells).enumerate() {
                self.comma(i)?;
                self.cell(*ty, cell)?;
            }
            return self.out.write_char(')');
        }
        let ValType::Record(id) = ty else { unreachable!("{OF_ITS_TYPE}") };
        let shown = types[id].fields.iter().zip(cells).filter(|(_, cell)| !is_none(*cell));
        self.out.write_char('{')?;
        let mut n_shown = 0;
        for (field, cell) in shown {
            self.comma(n_shown)?;
            write!(self.out, "{}: ", field.name)?;
            self.cell(field.ty, cell)?;
            n_shown += 1;
        }
        self.out.write_str(if n_shown == 0 { ":}" } else { "}" })
    }

    fn payload(&mut self, ty: Option<ValType>, payload: Option<&Value>) -> fmt::Result {
        let (Some(ty), Some(payload)) = (ty, payload) else { return Ok(()) };
        self.out.write_char('(')?;
        self.value(ty, payload)?;
        self.out.write_char(')')
    }

    /// Writes the label of a case, marked if it would be read as a keyword.
    fn case(&mut self, label: &str) -> fmt::Result {
        if wasm_wave::lex::Keyword::decode(label).is_some() {
            self.out.write_char('%')?;
        }
        self.out.write_str(label)
    }

    fn flags(&mut self, ty: ValType, bits: u32) -> fmt::Result {
        let ValType::Flags(id) = ty else { unreachable!("{OF_ITS_TYPE}") };
        let types = self.types;
        let labels = types[id].labels.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1);
        self.out.write_char('{')?;
        for (i, (_, label)) in labels.enumerate() {
            self.comma(i)?;
            self.out.write_str(label)?;
        }
        self.out.write_char('}')
    }

    fn handle(&mut self, ty: ValType, n: u32) -> fmt::Result {
        let (ValType::Own(id) | ValType::Borrow(id)) = ty else { unreachable!("{OF_ITS_TYPE}") };
        write!(self.out, "{} #{n}", resource_name(self.types, id))
    }

    fn comma(&mut self, i: usize) -> fmt::Result {
        if i > 0 { self.out.write_str(", ") } else { Ok(()) }
    }

    /// Writes text in quotes, what can't be seen or would end it escaped.
    fn quoted(&mut self, quote: char, text: &str) -> fmt::Result {
        self.out.write_char(quote)?;
        let mut plain_from = 0;
        for (at, c) in text.char_indices() {
            let is_plain = matches!(c, ' '..='~') && !matches!(c, '"' | '\'' | '\\');
            if is_plain {
                continue;
            }
            self.out.write_str(&text[plain_from..at])?;
            plain_from = at + c.len_utf8();
            if c.is_control() && !matches!(c, '\t' | '\r' | '\n') {
                write!(self.out, "{}", c.escape_unicode())?;
            } else {
                write!(self.out, "{}", c.escape_debug())?;
            }
        }
        self.out.write_str(&text[plain_from..])?;
        self.out.write_char(quote)
    }
}

fn resource_name(types: &Types, resource: ResourceId) -> String {
    match types.resource_name(resource) {
        Some(name) => format!("resource {name}"),
        None => format!("resource resource-{}", resource.0),
    }
}

/// Returns whether the value is an option without a payload.
fn is_none(cell: Cell<'_>) -> bool {
    match cell {
        Cell::Value(value) => *value == Value::Option(None),
        Cell::Element(List::Values(values), i) => values[i] == Value::Option(None),
        // Lists of options are lists of values.
        Cell::Element(_, _) => false,
    }
}
