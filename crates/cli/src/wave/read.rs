//! Types the arguments of a call such as `process({id: 7, payload: [1, 2, 3]})`: makes values of
//! them, of the function's parameter types.

use canonical_abi::types::{Field, Record, Variant};
use canonical_abi::{FuncType, List, Types, ValType, Value, display};
use wasm_wave::ast::{Node, NodeType};
use wasm_wave::parser::{ParserError, ParserErrorKind};

use super::call::{Call, ReadError};
use super::map::entries_that_count;
use super::reference::{Reference, Scope};

/// Returns the values of the arguments, one per parameter of `func`. Options at the end may be left
/// out.
///
/// # Errors
///
/// When the number of arguments is wrong, or one does not have the type of its parameter.
pub(crate) fn read_args(
    types: &Types,
    func: &FuncType,
    call: &Call<'_>,
    scope: &dyn Scope,
) -> Result<Vec<Value>, ReadError> {
    let reader = Reader { types, call, text: &call.masked.text, scope };
    let args: Vec<&Node> = match &call.args {
        Some(args) => reader.expect(args, args.as_tuple(), "arguments")?.collect(),
        None => Vec::new(),
    };
    let is_option = |(_, ty): &(String, ValType)| matches!(ty, ValType::Option(_));
    let left_out = func.params.get(args.len()..).unwrap_or_default();
    if args.len() > func.params.len() || !left_out.iter().all(is_option) {
        let params: Vec<_> =
            func.params.iter().map(|(name, ty)| format!("{name}: {}", display(types, *ty))).collect();
        let span = call.args.as_ref().map_or(0..call.source().trim_end().len(), Node::span);
        let message = format!(
            "`{}` takes {}, found {}: expected ({})",
            call.name(),
            count(func.params.len(), "argument"),
            args.len(),
            params.join(", ")
        );
        return Err(ReadError { message, span, source: call.source().to_owned() });
    }
    let given = func.params.iter().zip(args);
    let given = given.map(|((name, ty), node)| reader.value(*ty, node).map_err(|e| e.in_param(name)));
    given.chain(left_out.iter().map(|_| Ok(Value::Option(None)))).collect()
}

fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// What all functions below need. Positions in `text`, where references are masked, are those in
/// the call's own text.
struct Reader<'a> {
    types: &'a Types,
    call: &'a Call<'a>,
    text: &'a str,
    scope: &'a dyn Scope,
}

impl Reader<'_> {
    fn value(&self, ty: ValType, node: &Node) -> Result<Value, ReadError> {
        if let Some(reference) = self.call.reference(node) {
            return self.referenced(ty, reference, node);
        }
        let types = self.types;
        match ty {
            ValType::Bool => self.scalar(ty, node, node.as_bool()).map(Value::Bool),
            ValType::S8 => self.scalar(ty, node, node.as_number(self.text)).map(Value::S8),
            ValType::U8 => self.scalar(ty, node, node.as_number(self.text)).map(Value::U8),
            ValType::S16 => self.scalar(ty, node, node.as_number(self.text)).map(Value::S16),
            ValType::U16 => self.scalar(ty, node, node.as_number(self.text)).map(Value::U16),
            ValType::S32 => self.scalar(ty, node, node.as_number(self.text)).map(Value::S32),
            ValType::U32 => self.scalar(ty, node, node.as_number(self.text)).map(Value::U32),
            ValType::S64 => self.scalar(ty, node, node.as_number(self.text)).map(Value::S64),
            ValType::U64 => self.scalar(ty, node, node.as_number(self.text)).map(Value::U64),
            ValType::F32 => {
                let number: f32 = self.scalar(ty, node, node.as_number(self.text))?;
                self.unless_infinite(ty, node, number.is_infinite())?;
                Ok(Value::F32(number))
            }
            ValType::F64 => {
                let number: f64 = self.scalar(ty, node, node.as_number(self.text))?;
                self.unless_infinite(ty, node, number.is_infinite())?;
                Ok(Value::F64(number))
            }
            ValType::Char => self.scalar(ty, node, node.as_char(self.text)).map(Value::Char),
            ValType::String => {
                self.scalar(ty, node, node.as_str(self.text)).map(|text| Value::String(text.into_owned()))
            }
            ValType::List(id) => self.list(ty, types[id].element, None, node),
            ValType::FixedLengthList(id) => self.list(ty, types[id].element, Some(types[id].length), node),
            ValType::Map(id) => {
                let entries = self.scalar(ty, node, node.as_map())?;
                let entry = |(key, value): (&Node, &Node)| {
                    Ok((self.map_key(types[id].key, key)?, self.value(types[id].value, value)?))
                };
                Ok(Value::Map(without_repeated_keys(entries.map(entry).collect::<Result<_, _>>()?)))
            }
            ValType::Record(id) => self.record(ty, &types[id], node),
            ValType::Tuple(id) => self.tuple(ty, &types[id].types, node),
            ValType::Variant(id) => self.variant(ty, &types[id], node),
            ValType::Enum(id) => {
                let label = self.scalar(ty, node, node.as_enum(self.text))?;
                Ok(Value::Enum(self.label(&types[id].labels, label, "case", node)?))
            }
            ValType::Option(id) => self.option(ty, types[id].some, node),
            ValType::Result(id) => self.result(ty, (types[id].ok, types[id].err), node),
            ValType::Flags(id) => {
                let mut bits = 0;
                for label in self.scalar(ty, node, node.as_flags(self.text))? {
                    bits |= 1 << self.label(&types[id].labels, label, "flag", node)?;
                }
                Ok(Value::Flags(bits))
            }
            ValType::Own(_) | ValType::Borrow(_) => {
                let ty = display(types, ty);
                Err(self.error(node, format!("expected `{ty}`: an earlier result, such as `$0`, or `#1`")))
            }
            ValType::ErrorContext | ValType::Stream(_) | ValType::Future(_) => {
                Err(self.error(node, format!("a value of type `{}` has no text form", display(types, ty))))
            }
        }
    }

    /// Reads a reference to something of type `ty`, or of one that has a short form of it.
    fn referenced(&self, ty: ValType, reference: &Reference, node: &Node) -> Result<Value, ReadError> {
        let in_text = |message| self.error(node, message);
        let given = self.scope.type_of(reference).map_err(in_text)?;
        if given.is_none_or(|given| passes_as(given, ty)) {
            return self.scope.value(reference, ty).map_err(in_text);
        }
        if let ValType::Option(id) = ty
            && has_short_form(self.types[id].some)
        {
            let payload = self.referenced(self.types[id].some, reference, node)?;
            return Ok(Value::Option(Some(Box::new(payload))));
        }
        if let ValType::Result(id) = ty
            && let Some(ok) = self.types[id].ok
            && has_short_form(ok)
        {
            return Ok(Value::Result(Ok(Some(Box::new(self.referenced(ok, reference, node)?)))));
        }
        let expected = display(self.types, ty);
        let given = given.map(|given| display(self.types, given).to_string()).unwrap_or_default();
        Err(self
            .error(node, format!("expected `{expected}`, found `{reference}`, which is of type `{given}`")))
    }

    /// Rejects a number that is beyond the largest and would become infinite.
    fn unless_infinite(&self, ty: ValType, node: &Node, is_infinite: bool) -> Result<(), ReadError> {
        let is_digit = |c: char| c.is_ascii_digit();
        if is_infinite && self.text[node.span()].contains(is_digit) {
            return Err(self.unexpected(ty, node));
        }
        Ok(())
    }

    fn list(&self, ty: ValType, element: ValType, n: Option<u32>, node: &Node) -> Result<Value, ReadError> {
        let nodes = self.scalar(ty, node, node.as_list())?;
        if let Some(n) = n
            && nodes.len() != n as usize
        {
            let found = nodes.len();
            return Err(self.error(node, format!("expected {}, found {found}", count(n as usize, "element"))));
        }
        let values = nodes.map(|node| self.value(element, node)).collect::<Result<_, _>>()?;
        Ok(Value::List(List::from_values(element, values)))
    }

    /// A label before a colon is a field, unless it is a boolean key.
    fn map_key(&self, key: ValType, node: &Node) -> Result<Value, ReadError> {
        if self.call.reference(node).is_some() {
            return self.value(key, node);
        }
        match (key, &self.text[node.span()]) {
            (ValType::Bool, "true") => Ok(Value::Bool(true)),
            (ValType::Bool, "false") => Ok(Value::Bool(false)),
            (key, _) => self.value(key, node),
        }
    }

    /// Fields may be in any order. A field of an option type may be missing.
    fn record(&self, ty: ValType, record: &Record, node: &Node) -> Result<Value, ReadError> {
        let given: Vec<(&str, &Node)> = self.scalar(ty, node, node.as_record(self.text))?.collect();
        if let Some((name, value)) =
            given.iter().find(|(name, _)| record.fields.iter().all(|f| f.name != *name))
        {
            let known: Vec<_> = record.fields.iter().map(|f| format!("`{}`", f.name)).collect();
            let message = format!("there is no field `{name}`, expected {}", known.join(", "));
            return Err(self.error(value, message));
        }
        let field = |field: &Field| match given.iter().find(|(name, _)| *name == field.name) {
            Some((_, value)) => self.value(field.ty, value),
            None if matches!(field.ty, ValType::Option(_)) => Ok(Value::Option(None)),
            None => Err(self.error(
                node,
                format!("field `{}: {}` is missing", field.name, display(self.types, field.ty)),
            )),
        };
        Ok(Value::Record(record.fields.iter().map(field).collect::<Result<_, _>>()?))
    }

    fn tuple(&self, ty: ValType, elements: &[ValType], node: &Node) -> Result<Value, ReadError> {
        let nodes = self.scalar(ty, node, node.as_tuple())?;
        if nodes.len() != elements.len() {
            let found = nodes.len();
            let message = format!("expected {}, found {found}", count(elements.len(), "element"));
            return Err(self.error(node, message));
        }
        let values = elements.iter().zip(nodes).map(|(ty, node)| self.value(*ty, node));
        Ok(Value::Tuple(values.collect::<Result<_, _>>()?))
    }

    fn variant(&self, ty: ValType, variant: &Variant, node: &Node) -> Result<Value, ReadError> {
        let (name, payload) = self.scalar(ty, node, node.as_variant(self.text))?;
        let labels: Vec<String> = variant.cases.iter().map(|case| case.name.clone()).collect();
        let case = self.label(&labels, name, "case", node)?;
        let payload = self.payload(name, variant.cases[case as usize].ty, payload, node)?;
        Ok(Value::Variant { case, payload })
    }

    /// A payload may be written without its `some` where that is unambiguous.
    fn option(&self, ty: ValType, some: ValType, node: &Node) -> Result<Value, ReadError> {
        if matches!(node.ty(), NodeType::OptionSome | NodeType::OptionNone) {
            let payload = self.scalar(ty, node, node.as_option())?;
            let value = payload.map(|payload| self.value(some, payload)).transpose()?;
            return Ok(Value::Option(value.map(Box::new)));
        }
        if has_short_form(some) {
            return Ok(Value::Option(Some(Box::new(self.value(some, node)?))));
        }
        Err(self.unexpected(ty, node))
    }

    /// A payload may be written without its `ok` where that is unambiguous.
    fn result(
        &self,
        ty: ValType,
        (ok, err): (Option<ValType>, Option<ValType>),
        node: &Node,
    ) -> Result<Value, ReadError> {
        let value = match (node.ty(), ok) {
            (NodeType::ResultOk | NodeType::ResultErr, _) => {
                match self.scalar(ty, node, node.as_result())? {
                    Ok(payload) => Ok(self.payload("ok", ok, payload, node)?),
                    Err(payload) => Err(self.payload("err", err, payload, node)?),
                }
            }
            (_, Some(ok)) if has_short_form(ok) => Ok(Some(Box::new(self.value(ok, node)?))),
            _ => return Err(self.unexpected(ty, node)),
        };
        Ok(Value::Result(value))
    }

    fn payload(
        &self,
        case: &str,
        ty: Option<ValType>,
        payload: Option<&Node>,
        node: &Node,
    ) -> Result<Option<Box<Value>>, ReadError> {
        match (ty, payload) {
            (Some(ty), Some(payload)) => Ok(Some(Box::new(self.value(ty, payload)?))),
            (None, None) => Ok(None),
            (Some(ty), None) => {
                let ty = display(self.types, ty);
                Err(self.error(node, format!("case `{case}` needs a payload of type `{ty}`")))
            }
            (None, Some(payload)) => Err(self.error(payload, format!("case `{case}` has no payload"))),
        }
    }

    fn label(&self, labels: &[String], label: &str, what: &str, node: &Node) -> Result<u32, ReadError> {
        let at = labels.iter().position(|known| known == label).ok_or_else(|| {
            let known: Vec<_> = labels.iter().map(|label| format!("`{label}`")).collect();
            self.error(node, format!("there is no {what} `{label}`, expected one of {}", known.join(", ")))
        })?;
        Ok(u32::try_from(at).expect("a type has fewer than 2^32 labels"))
    }

    /// Returns the parser's result for `node`, or an error with what the parser found, or with the
    /// expected type.
    fn scalar<T>(&self, ty: ValType, node: &Node, parsed: Result<T, ParserError>) -> Result<T, ReadError> {
        parsed.map_err(|error| match (error.kind(), error.detail()) {
            (ParserErrorKind::InvalidType | ParserErrorKind::InvalidValue, None) => self.unexpected(ty, node),
            (kind, detail) => {
                let detail = detail.map(|detail| format!(": {detail}")).unwrap_or_default();
                let source = self.call.source().to_owned();
                ReadError { message: format!("{kind}{detail}"), span: error.span(), source }
            }
        })
    }

    fn expect<T>(&self, node: &Node, parsed: Result<T, ParserError>, what: &str) -> Result<T, ReadError> {
        parsed.map_err(|_| self.error(node, format!("expected {what}")))
    }

    fn unexpected(&self, ty: ValType, node: &Node) -> ReadError {
        let found = match node.ty() {
            NodeType::BoolTrue | NodeType::BoolFalse => "a bool",
            NodeType::Number => "a number that does not fit",
            NodeType::Char => "a char",
            NodeType::String | NodeType::MultilineString => "a string",
            NodeType::Tuple => "a tuple",
            NodeType::List => "a list",
            NodeType::TupleSet => "a record or a map",
            NodeType::EmptySet | NodeType::Flags => "flags",
            NodeType::Label => "a label",
            NodeType::VariantWithPayload => "a variant case",
            NodeType::OptionSome | NodeType::OptionNone => "an option",
            NodeType::ResultOk | NodeType::ResultErr => "a result",
        };
        self.error(node, format!("expected `{}`, found {found}", display(self.types, ty)))
    }

    fn error(&self, node: &Node, message: String) -> ReadError {
        ReadError { message, span: node.span(), source: self.call.source().to_owned() }
    }
}

/// A resource that the host owns is given away, or lent.
fn passes_as(given: ValType, ty: ValType) -> bool {
    match (given, ty) {
        (ValType::Own(given), ValType::Borrow(wanted)) => given == wanted,
        (given, wanted) => given == wanted,
    }
}

fn without_repeated_keys(mut entries: Vec<(Value, Value)>) -> Vec<(Value, Value)> {
    let counting = entries_that_count(&entries);
    if counting.len() == entries.len() {
        return entries;
    }
    let mut take = |i: usize| std::mem::replace(&mut entries[i], (Value::Bool(false), Value::Bool(false)));
    let merged = counting.into_iter().map(|(first, last)| {
        let (key, value) = take(first);
        (key, if last == first { value } else { take(last).1 })
    });
    merged.collect()
}

/// `some(some(x))` and `ok(ok(x))` would be ambiguous without the words.
fn has_short_form(payload: ValType) -> bool {
    !matches!(payload, ValType::Option(_) | ValType::Result(_))
}
