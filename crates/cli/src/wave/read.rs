//! Reads a call such as `process({id: 7, payload: [1, 2, 3]})` into values of the function's
//! parameter types.

use std::fmt;
use std::ops::Range;

use canonical_abi::types::{Field, Record, Variant};
use canonical_abi::{FuncType, List, Types, ValType, Value, display};
use wasm_wave::ast::{Node, NodeType};
use wasm_wave::parser::ParserError;
use wasm_wave::untyped::UntypedFuncCall;

/// A parsed call with untyped arguments.
pub(crate) type Call<'a> = UntypedFuncCall<'a>;

/// A mismatch, and its position in the text.
#[derive(Debug)]
pub(crate) struct ReadError {
    message: String,
    span: Range<usize>,
    source: String,
}

impl fmt::Display for ReadError {
    /// Prints the message, the text, and carets under the position.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line_start = self.source[..self.span.start].rfind('\n').map_or(0, |at| at + 1);
        let line = self.source[line_start..].lines().next().unwrap_or_default();
        let before = self.source[line_start..self.span.start].chars().count();
        let marked = self.source[self.span.clone()].lines().next().unwrap_or_default().chars().count();
        write!(f, "{}\n  {line}\n  {}{}", self.message, " ".repeat(before), "^".repeat(marked.max(1)))
    }
}

impl std::error::Error for ReadError {}

/// Parses a function's name and its arguments.
///
/// # Errors
///
/// When `text` is not WAVE of the form `name(arguments)`.
pub(crate) fn parse_call(text: &str) -> Result<Call<'_>, ReadError> {
    UntypedFuncCall::parse(text).map_err(|error| {
        let mut span = error.span();
        span.end = span.end.min(text.len());
        span.start = span.start.min(span.end);
        let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
        let message = format!("{}{detail}, expected `function(arguments)` in WAVE", error.kind());
        ReadError { message, span, source: text.to_owned() }
    })
}

/// Returns the values of the arguments, one per parameter of `func`.
///
/// # Errors
///
/// When the number of arguments is wrong, or one does not have the type of its parameter.
pub(crate) fn read_args(types: &Types, func: &FuncType, call: &Call<'_>) -> Result<Vec<Value>, ReadError> {
    let reader = Reader { types, text: call.source() };
    let args: &[Node] = &match call.params_node() {
        Some(params) => reader.expect(params, params.as_tuple(), "arguments")?.cloned().collect::<Vec<_>>(),
        None => Vec::new(),
    };
    if args.len() != func.params.len() {
        let params: Vec<_> =
            func.params.iter().map(|(name, ty)| format!("{name}: {}", display(types, *ty))).collect();
        let span = call.params_node().map_or(0..call.source().len(), Node::span);
        let message = format!(
            "`{}` takes {}, found {}: expected ({})",
            call.name(),
            count(func.params.len(), "argument"),
            args.len(),
            params.join(", ")
        );
        return Err(ReadError { message, span, source: call.source().to_owned() });
    }
    let pairs = func.params.iter().zip(args);
    pairs.map(|((name, ty), node)| reader.value(*ty, node).map_err(|e| e.in_param(name))).collect()
}

impl ReadError {
    fn in_param(mut self, name: &str) -> Self {
        self.message = format!("parameter `{name}`: {}", self.message);
        self
    }
}

fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// The types and the text, which all functions below need.
struct Reader<'a> {
    types: &'a Types,
    text: &'a str,
}

impl Reader<'_> {
    fn value(&self, ty: ValType, node: &Node) -> Result<Value, ReadError> {
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
            ValType::F32 => self.scalar(ty, node, node.as_number(self.text)).map(Value::F32),
            ValType::F64 => self.scalar(ty, node, node.as_number(self.text)).map(Value::F64),
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
                Ok(Value::Map(entries.map(entry).collect::<Result<_, _>>()?))
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
            ValType::ErrorContext
            | ValType::Own(_)
            | ValType::Borrow(_)
            | ValType::Stream(_)
            | ValType::Future(_) => {
                Err(self.error(node, format!("a value of type `{}` has no text form", display(types, ty))))
            }
        }
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

    /// Returns the parser's result for `node`, or an error with the expected type.
    fn scalar<T>(&self, ty: ValType, node: &Node, parsed: Result<T, ParserError>) -> Result<T, ReadError> {
        parsed.map_err(|_| self.unexpected(ty, node))
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
        ReadError { message, span: node.span(), source: self.text.to_owned() }
    }
}

/// `some(some(x))` and `ok(ok(x))` would be ambiguous without the words.
fn has_short_form(payload: ValType) -> bool {
    !matches!(payload, ValType::Option(_) | ValType::Result(_))
}
