//! What arguments may have besides values: results of earlier calls (`$0`), their parts
//! (`$0.payload[2]`), and handles as they are printed (`#3`, `resource counter #3`).
//!
//! WAVE has no form for these. They are masked before the text is parsed: each becomes a label of
//! the same length, so that positions stay what they are.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use canonical_abi::{Types, ValType, Value, display};

/// A result of an earlier call or a handle, or a part of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Reference {
    pub(crate) base: Base,
    pub(crate) path: Vec<Step>,
}

/// What a reference starts from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Base {
    /// The result of the call of this number.
    Result(usize),
    /// The handle of this number.
    Handle(u32),
}

/// A step from a value to one of its parts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Step {
    /// A field of a record, or the payload of a case: `.name`, `.some`, `.ok`.
    Label(String),
    /// An element of a list or tuple: `[2]` or `.2`.
    Index(usize),
}

/// What references mean.
pub(crate) trait Scope {
    /// Returns the type of what a reference names, or `None` while that is not known.
    ///
    /// # Errors
    ///
    /// When it names nothing.
    fn type_of(&self, reference: &Reference) -> Result<Option<ValType>, String>;

    /// Returns what a reference names, for a parameter of type `ty`, which it fits.
    ///
    /// # Errors
    ///
    /// When there is no such value.
    fn value(&self, reference: &Reference, ty: ValType) -> Result<Value, String>;
}

/// A text in which references are labels, and the references by their places.
#[derive(Debug)]
pub(super) struct Masked {
    pub(super) text: String,
    pub(super) references: Vec<(Range<usize>, Reference)>,
}

/// Masks the references of `text` from `start` on, and blanks what is before and all comments.
pub(super) fn mask(text: &str, start: usize) -> Masked {
    let bytes = text.as_bytes();
    let mut masked = bytes.to_vec();
    masked[..start].fill(b' ');
    let mut references = Vec::new();
    let mut at = start;
    while at < bytes.len() {
        at = match bytes[at] {
            b'"' => end_of_string(text, at),
            b'\'' => end_of_char(text, at),
            b'/' if bytes[at..].starts_with(b"//") => {
                // The parser panics at a comment without text at the end.
                let end = end_of_line(text, at);
                masked[at..end].fill(b' ');
                end
            }
            b'$' | b'#' => match reference_at(text, at) {
                Some((span, reference)) => {
                    // A word of letters and digits that starts with a letter is a label.
                    masked[span.clone()].fill(b'0');
                    masked[span.start] = b'r';
                    references.push((span.clone(), reference));
                    span.end
                }
                None => at + 1,
            },
            _ => at + 1,
        };
    }
    let text = String::from_utf8(masked).expect("whole characters are replaced by ASCII");
    Masked { text, references }
}

/// Returns the reference that `text` is, and nothing else.
pub(crate) fn parse_reference(text: &str) -> Option<Reference> {
    let text = text.trim();
    let at = text.find(['$', '#'])?;
    let (span, reference) = reference_at(text, at)?;
    (span == (0..text.len())).then_some(reference)
}

fn end_of_string(text: &str, at: usize) -> usize {
    let end = |found: Option<usize>, from: usize, n: usize| found.map_or(text.len(), |end| from + end + n);
    if text[at..].starts_with("\"\"\"") {
        return end(text[at + 3..].find("\"\"\""), at + 3, 3);
    }
    let mut is_escaped = false;
    let closes = |byte: &u8| {
        let closes = *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        closes
    };
    end(text.as_bytes()[at + 1..].iter().position(closes), at + 1, 1)
}

fn end_of_char(text: &str, at: usize) -> usize {
    let mut inner = text[at + 1..].char_indices();
    let is_escaped = matches!(inner.next(), Some((_, '\\')));
    let n_skipped = if is_escaped { 1 } else { 0 };
    let close = inner.skip(n_skipped).find(|(_, c)| *c == '\'');
    close.map_or(at + 1, |(end, _)| at + 1 + end + 1)
}

fn end_of_line(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |end| at + end)
}

/// Returns the reference whose `$` or `#` is at `at`, and where it is.
fn reference_at(text: &str, at: usize) -> Option<(Range<usize>, Reference)> {
    let (digits, mut rest) = digits(&text[at + 1..])?;
    if text.as_bytes()[at] == b'#' {
        let end = text.len() - rest.len();
        let reference = Reference { base: Base::Handle(digits.parse().ok()?), path: Vec::new() };
        return Some((start_of_handle(text, at)..end, reference));
    }
    let mut reference = Reference { base: Base::Result(digits.parse().ok()?), path: Vec::new() };
    while let Some((step, after)) = step(rest) {
        reference.path.push(step);
        rest = after;
    }
    Some((at..text.len() - rest.len(), reference))
}

/// Returns where `resource NAME #` starts, whose `#` is at `at`; the words may be missing.
fn start_of_handle(text: &str, at: usize) -> usize {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || "-:/@.+".contains(c);
    let before = text[..at].trim_end();
    let name = before.trim_end_matches(is_of_name);
    let word = name.trim_end();
    let outside = word.strip_suffix("resource").filter(|outside| !outside.ends_with(is_of_name));
    let has_words = name.len() < before.len() && word.len() < name.len();
    outside.filter(|_| has_words).map_or(at, str::len)
}

fn digits(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

fn step(text: &str) -> Option<(Step, &str)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (index, rest) = digits(rest)?;
        return Some((Step::Index(index.parse().ok()?), rest.strip_prefix(']')?));
    }
    let rest = text.strip_prefix('.')?;
    if let Some((index, rest)) = digits(rest) {
        return Some((Step::Index(index.parse().ok()?), rest));
    }
    let rest = rest.strip_prefix('%').unwrap_or(rest);
    let end = rest.find(|c: char| c != '-' && !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
    let (label, rest) = rest.split_at(end);
    (!label.is_empty()).then(|| (Step::Label(label.to_owned()), rest))
}

/// A part of a value, where there is one yet, and its type.
type Part<'v> = (ValType, Option<Cow<'v, Value>>);

/// Follows a path into a value of type `ty`, or into the type alone.
///
/// # Errors
///
/// When the type has no such part, or the value hasn't.
pub(crate) fn part<'v>(
    types: &Types,
    ty: ValType,
    value: Option<&'v Value>,
    path: &[Step],
) -> Result<Part<'v>, String> {
    let whole = (ty, value.map(Cow::Borrowed));
    path.iter().try_fold(whole, |(ty, value), step| next_part(types, ty, value, step))
}

fn next_part<'v>(
    types: &Types,
    ty: ValType,
    value: Option<Cow<'v, Value>>,
    step: &Step,
) -> Result<Part<'v>, String> {
    let nothing = || format!("a value of type `{}` has no part `{step}`", display(types, ty));
    let payload = |is_here: bool, payload_ty: Option<ValType>| {
        let ty = payload_ty.ok_or_else(nothing)?;
        let value = value.clone().map(|value| into_payload(value, is_here)).map(|value| {
            value.ok_or_else(|| format!("the value has no part `{step}`: it is of another case"))
        });
        Ok((ty, value.transpose()?))
    };
    let is_case =
        |case: usize| matches!(value.as_deref(), Some(Value::Variant { case: c, .. }) if *c as usize == case);
    match (ty, step) {
        (ValType::Record(id), Step::Label(label)) => {
            let fields = &types[id].fields;
            let i = fields.iter().position(|field| field.name == *label).ok_or_else(nothing)?;
            Ok((fields[i].ty, value.map(|value| into_field(value, i))))
        }
        (ValType::Tuple(id), Step::Index(i)) => {
            let ty = *types[id].types.get(*i).ok_or_else(nothing)?;
            Ok((ty, value.map(|value| into_field(value, *i))))
        }
        (ValType::List(id), Step::Index(i)) => element(types[id].element, value, *i),
        (ValType::FixedLengthList(id), Step::Index(i)) => element(types[id].element, value, *i),
        (ValType::Option(id), Step::Label(label)) if label == "some" => {
            payload(matches!(value.as_deref(), Some(Value::Option(Some(_)))), Some(types[id].some))
        }
        (ValType::Result(id), Step::Label(label)) if label == "ok" => {
            payload(matches!(value.as_deref(), Some(Value::Result(Ok(_)))), types[id].ok)
        }
        (ValType::Result(id), Step::Label(label)) if label == "err" => {
            payload(matches!(value.as_deref(), Some(Value::Result(Err(_)))), types[id].err)
        }
        (ValType::Variant(id), Step::Label(label)) => {
            let cases = &types[id].cases;
            let case = cases.iter().position(|case| case.name == *label).ok_or_else(nothing)?;
            payload(is_case(case), cases[case].ty)
        }
        (_, _) => Err(nothing()),
    }
}

fn element(ty: ValType, list: Option<Cow<'_, Value>>, i: usize) -> Result<Part<'_>, String> {
    let Some(list) = list else { return Ok((ty, None)) };
    let Value::List(list) = &*list else { unreachable!("a value is of its type") };
    let element = list.get(i).ok_or_else(|| format!("there is no element {i}, only {}", list.len()))?;
    Ok((ty, Some(Cow::Owned(element))))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "only records and tuples have fields")]
fn into_field(value: Cow<'_, Value>, i: usize) -> Cow<'_, Value> {
    match value {
        Cow::Borrowed(Value::Record(fields) | Value::Tuple(fields)) => Cow::Borrowed(&fields[i]),
        Cow::Owned(Value::Record(mut fields) | Value::Tuple(mut fields)) => Cow::Owned(fields.swap_remove(i)),
        _ => unreachable!("a value is of its type"),
    }
}

/// Returns the payload, if the value is of the case that has it.
#[expect(clippy::wildcard_enum_match_arm, reason = "only variants have payloads")]
fn into_payload(value: Cow<'_, Value>, is_here: bool) -> Option<Cow<'_, Value>> {
    if !is_here {
        return None;
    }
    match value {
        Cow::Borrowed(
            Value::Variant { payload, .. }
            | Value::Option(payload)
            | Value::Result(Ok(payload) | Err(payload)),
        ) => payload.as_deref().map(Cow::Borrowed),
        Cow::Owned(
            Value::Variant { payload, .. }
            | Value::Option(payload)
            | Value::Result(Ok(payload) | Err(payload)),
        ) => payload.map(|payload| Cow::Owned(*payload)),
        _ => unreachable!("a value is of its type"),
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.base {
            Base::Result(n) => write!(f, "${n}")?,
            Base::Handle(n) => write!(f, "#{n}")?,
        }
        self.path.iter().try_for_each(|step| step.fmt(f))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Label(label) => write!(f, ".{label}"),
            Self::Index(i) => write!(f, "[{i}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_masked_where_they_stand() {
        let check = |text: &str, expected: &str, references: &[&str]| {
            let masked = mask(text, 1);
            assert_eq!(masked.text, expected);
            let found: Vec<_> = masked.references.iter().map(|(_, found)| found.to_string()).collect();
            assert_eq!(found, references, "{text}");
        };
        check("f($0)", " (r0)", &["$0"]);
        check("f($12.a-b[3].0, #4)", " (r00000000000, r0)", &["$12.a-b[3][0]", "#4"]);
        check("f([resource r #1, resourcer #2])", " ([r000000000000, resourcer r0])", &["#1", "#2"]);
        check("f(\"$0\\\"$1\", '$', '\\'', $2)", " (\"$0\\\"$1\", '$', '\\'', r0)", &["$2"]);
        check("f(\"\"\"\n$0\"\n\"\"\", $3) // $4", " (\"\"\"\n$0\"\n\"\"\", r0)      ", &["$3"]);
        check("f($, $x, #)", " ($, $x, #)", &[]);
        check("f($0., $1[x], $99999999999999999999)", " (r0., r0[x], $99999999999999999999)", &["$0", "$1"]);
    }

    #[test]
    fn a_reference_alone() {
        assert_eq!(parse_reference(" $0.a ").map(|r| r.to_string()).as_deref(), Some("$0.a"));
        assert_eq!(parse_reference("resource r #7").map(|r| r.to_string()).as_deref(), Some("#7"));
        assert_eq!(parse_reference("f($0)"), None);
    }
}
