//! Reads scripts: from what the `wast` crate parses to our own data.

use super::core::{core_argument, core_result, encode_module};
use super::{Action, Call, Directive, Encoded, Expected, Language, LineColumn, Run, unknown};
use crate::subjects::Val;
use wast::component::WastVal;
use wast::core::{NanPattern, WastArgCore, WastRetCore};
use wast::lexer::Lexer;
use wast::parser::{self, ParseBuffer};
use wast::token::{Id, Span};
use wast::{QuoteWat, Wast, WastArg, WastDirective, WastExecute, WastInvoke, WastRet, Wat};

/// Parses the script `text`.
///
/// In a core script the texts of `assert_invalid` and `assert_malformed` are left out: they are the
/// reference interpreter's own, and what speaks here is `wasmparser` or the text parser.
///
/// # Errors
///
/// The parser's text if `text` as a whole is not a script.
pub fn parse(text: &str, language: Language) -> Result<Vec<Directive>, String> {
    let located = |mut error: wast::Error| {
        error.set_text(text);
        let (line, column) = error.span().linecol_in(text);
        format!("line {}, column {}: {}", line + 1, column + 1, error.message())
    };
    let mut lexer = Lexer::new(text);
    lexer.allow_confusing_unicode(true); // names with look-alike letters are what some scripts are about
    let buffer = ParseBuffer::new_with_lexer(lexer).map_err(located)?;
    let script = parser::parse::<Wast<'_>>(&buffer).map_err(located)?;
    let spans: Vec<_> = script.directives.iter().map(|d| line_column(d.span(), text)).collect();
    let shared = |line| spans.iter().filter(|span| span.0 == line).count() > 1;
    let directives = spans.iter().zip(script.directives).map(|(&(line, column), directive)| Directive {
        position: LineColumn { line, column: shared(line).then_some(column) },
        action: action(directive, language).unwrap_or_else(Action::Unknown),
    });
    Ok(directives.collect())
}

fn line_column(span: Span, text: &str) -> (u32, u32) {
    let (line, column) = span.linecol_in(text);
    let count = |n: usize| u32::try_from(n + 1).unwrap_or(u32::MAX);
    (count(line), count(column))
}

fn action(directive: WastDirective<'_>, language: Language) -> Result<Action, String> {
    let encode = |wasm| match language {
        Language::Component => encode_component(wasm),
        Language::Core => encode_module(wasm),
    };
    let rejection = |message: &str| match language {
        Language::Component => message.to_owned(),
        Language::Core => String::new(),
    };
    Ok(match directive {
        WastDirective::Module(wasm) => {
            let (name, wasm) = encode(wasm)?;
            Action::DefineAndInstantiate { name, wasm }
        }
        WastDirective::ModuleDefinition(wasm) => {
            let (name, wasm) = encode(wasm)?;
            Action::Define { name, wasm }
        }
        WastDirective::ModuleInstance { span: _, instance, module } => {
            Action::Instantiate { instance: name_of(instance), definition: name_of(module) }
        }
        WastDirective::AssertMalformed { span: _, module, message } => {
            Action::AssertMalformed { wasm: encode(module)?.1, message: rejection(message) }
        }
        WastDirective::AssertMalformedCustom { span: _, module, message } => match language {
            Language::Component => return unknown("assert_malformed_custom"),
            Language::Core => {
                Action::AssertMalformed { wasm: encode(module)?.1, message: rejection(message) }
            }
        },
        WastDirective::AssertInvalid { span: _, module, message } => {
            Action::AssertInvalid { wasm: encode(module)?.1, message: rejection(message) }
        }
        WastDirective::Invoke(invoke) => Action::Invoke(call(&invoke, language)?),
        WastDirective::AssertTrap { span: _, exec, message } => {
            Action::AssertTrap { run: run(exec, language)?, message: message.to_owned() }
        }
        WastDirective::AssertReturn { span: _, exec, results } => Action::AssertReturn {
            run: run(exec, language)?,
            results: results.iter().map(|ret| result(ret, language)).collect::<Result<_, _>>()?,
        },
        WastDirective::AssertExhaustion { span: _, call: invoke, message } => {
            Action::AssertExhaustion { call: call(&invoke, language)?, message: message.to_owned() }
        }
        WastDirective::AssertUnlinkable { span: _, module, message } => {
            Action::AssertUnlinkable { wasm: encode(QuoteWat::Wat(module))?.1, message: message.to_owned() }
        }
        WastDirective::AssertException { span: _, exec } => Action::AssertException(run(exec, language)?),
        WastDirective::Register { span: _, name, module } => match language {
            Language::Component => return unknown("register"),
            Language::Core => Action::Register { name: name.to_owned(), instance: name_of(module) },
        },
        WastDirective::AssertInvalidCustom { .. } => return unknown("assert_invalid_custom"),
        WastDirective::AssertSuspension { .. } => return unknown("assert_suspension"),
        WastDirective::Thread(_) => return unknown("thread"),
        WastDirective::Wait { .. } => return unknown("wait"),
    })
}

fn name_of(id: Option<Id<'_>>) -> Option<String> {
    id.map(|id| id.name().to_owned())
}

fn encode_component(mut component: QuoteWat<'_>) -> Result<(Option<String>, Encoded), String> {
    match &component {
        QuoteWat::Wat(Wat::Module(_)) | QuoteWat::QuoteModule(..) => {
            unknown("a core module at the top level")
        }
        QuoteWat::Wat(Wat::Component(_)) | QuoteWat::QuoteComponent(..) => {
            let name = name_of(component.name());
            Ok((name, component.encode().map_err(|error| error.message())))
        }
    }
}

fn run(execute: WastExecute<'_>, language: Language) -> Result<Run, String> {
    match (execute, language) {
        (WastExecute::Invoke(invoke), language) => Ok(Run::Call(call(&invoke, language)?)),
        (WastExecute::Wat(wat), Language::Component) => {
            Ok(Run::Instantiate(encode_component(QuoteWat::Wat(wat))?.1))
        }
        (WastExecute::Wat(wat), Language::Core) => Ok(Run::Instantiate(encode_module(QuoteWat::Wat(wat))?.1)),
        (WastExecute::Get { .. }, Language::Component) => unknown("get"),
        (WastExecute::Get { span: _, module, global }, Language::Core) => {
            Ok(Run::Get { instance: name_of(module), name: global.to_owned() })
        }
    }
}

fn call(invoke: &WastInvoke<'_>, language: Language) -> Result<Call, String> {
    Ok(Call {
        instance: name_of(invoke.module),
        name: invoke.name.to_owned(),
        args: invoke.args.iter().map(|arg| argument(arg, language)).collect::<Result<_, _>>()?,
    })
}

/// `f32.const` and `f64.const` are words of the core and of the component language; the parser
/// takes them for core, the others can only be one of both.
fn argument(arg: &WastArg<'_>, language: Language) -> Result<Val, String> {
    match (arg, language) {
        (WastArg::Core(val), Language::Core) => Ok(Val::Core(core_argument(val))),
        (_, Language::Core) => unknown("a component value for a core function"),
        (WastArg::Component(val), Language::Component) => Ok(value(val)),
        (WastArg::Core(WastArgCore::F32(v)), _) => Ok(Val::F32(f32::from_bits(v.bits))),
        (WastArg::Core(WastArgCore::F64(v)), _) => Ok(Val::F64(f64::from_bits(v.bits))),
        (_, Language::Component) => unknown("a core value for a component's function"),
    }
}

/// A component's floats have one NaN, so that both of the core language's NaN patterns mean that
/// one.
fn result(ret: &WastRet<'_>, language: Language) -> Result<Expected, String> {
    let val = match (ret, language) {
        (WastRet::Core(pattern), Language::Core) => return Ok(Expected::Core(core_result(pattern))),
        (_, Language::Core) => return unknown("a component value from a core function"),
        (WastRet::Component(val), Language::Component) => value(val),
        (WastRet::Core(WastRetCore::F32(pattern)), _) => Val::F32(match pattern {
            NanPattern::CanonicalNan | NanPattern::ArithmeticNan => f32::NAN,
            NanPattern::Value(v) => f32::from_bits(v.bits),
        }),
        (WastRet::Core(WastRetCore::F64(pattern)), _) => Val::F64(match pattern {
            NanPattern::CanonicalNan | NanPattern::ArithmeticNan => f64::NAN,
            NanPattern::Value(v) => f64::from_bits(v.bits),
        }),
        (_, Language::Component) => return unknown("a core value from a component's function"),
    };
    Ok(Expected::Val(val))
}

fn value(val: &WastVal<'_>) -> Val {
    let values = |vals: &[WastVal<'_>]| vals.iter().map(value).collect();
    match val {
        WastVal::Bool(v) => Val::Bool(*v),
        WastVal::U8(v) => Val::U8(*v),
        WastVal::S8(v) => Val::S8(*v),
        WastVal::U16(v) => Val::U16(*v),
        WastVal::S16(v) => Val::S16(*v),
        WastVal::U32(v) => Val::U32(*v),
        WastVal::S32(v) => Val::S32(*v),
        WastVal::U64(v) => Val::U64(*v),
        WastVal::S64(v) => Val::S64(*v),
        WastVal::F32(v) => Val::F32(f32::from_bits(v.bits)),
        WastVal::F64(v) => Val::F64(f64::from_bits(v.bits)),
        WastVal::Char(v) => Val::Char(*v),
        WastVal::String(v) => Val::String((*v).to_owned()),
        WastVal::List(vals) => Val::List(values(vals)),
        WastVal::Map(entries) => Val::Map(entries.iter().map(|(k, v)| (value(k), value(v))).collect()),
        WastVal::Record(fields) => {
            Val::Record(fields.iter().map(|(name, v)| ((*name).to_owned(), value(v))).collect())
        }
        WastVal::Tuple(vals) => Val::Tuple(values(vals)),
        WastVal::Variant(case, v) => Val::Variant((*case).to_owned(), payload(v.as_deref())),
        WastVal::Enum(case) => Val::Enum((*case).to_owned()),
        WastVal::Option(v) => Val::Option(payload(v.as_deref())),
        WastVal::Result(Ok(v)) => Val::Result(Ok(payload(v.as_deref()))),
        WastVal::Result(Err(v)) => Val::Result(Err(payload(v.as_deref()))),
        WastVal::Flags(labels) => Val::Flags(labels.iter().map(|&label| label.to_owned()).collect()),
    }
}

fn payload(val: Option<&WastVal<'_>>) -> Option<Box<Val>> {
    val.map(|val| Box::new(value(val)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt;

    fn check(text: &str, expected: &str) {
        check_in(Language::Component, text, expected);
    }

    /// Parses one directive and compares what it says of itself.
    fn check_in(language: Language, text: &str, expected: &str) {
        let directives = parse(text, language).unwrap();
        assert_eq!(directives.len(), 1, "{text}");
        let shown = match &directives[0].action {
            Action::Define { name, wasm } => format!("define {name:?} {}", wasm.is_ok()),
            Action::DefineAndInstantiate { name, wasm } => format!("component {name:?} {}", wasm.is_ok()),
            Action::Instantiate { instance, definition } => format!("instance {instance:?} {definition:?}"),
            Action::Invoke(call) => shown_call(call),
            Action::AssertReturn { run, results } => format!("return {} {}", shown_run(run), shown(results)),
            Action::AssertTrap { run, message } => format!("trap {} {message}", shown_run(run)),
            Action::AssertExhaustion { call, message } => format!("exhaust {} {message}", shown_call(call)),
            Action::AssertException(run) => format!("exception {}", shown_run(run)),
            Action::Register { name, instance } => format!("register {name} {instance:?}"),
            Action::AssertInvalid { wasm, message } => format!("invalid {} {message}", wasm.is_ok()),
            Action::AssertMalformed { wasm, message } => format!("malformed {} {message}", wasm.is_ok()),
            Action::AssertUnlinkable { wasm, message } => format!("unlinkable {} {message}", wasm.is_ok()),
            Action::Unknown(what) => what.clone(),
        };
        assert_eq!(shown, expected, "{text}");
    }

    fn shown<T: fmt::Display>(vals: &[T]) -> String {
        vals.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    fn shown_run(run: &Run) -> String {
        match run {
            Run::Call(call) => shown_call(call),
            Run::Get { instance, name } => format!("{instance:?}.{name}"),
            Run::Instantiate(wasm) => format!("component {}", wasm.is_ok()),
        }
    }

    fn shown_call(call: &Call) -> String {
        format!("{:?}.{}({})", call.instance, call.name, shown(&call.args))
    }

    #[test]
    fn every_directive_of_the_component_language() {
        check("(component $C)", "component Some(\"C\") true");
        check("(component definition $C)", "define Some(\"C\") true");
        check("(component instance $i $C)", "instance Some(\"i\") Some(\"C\")");
        check("(component instance)", "instance None None");
        check("(component quote \"(nonsense)\")", "component None false");
        check("(component binary \"x\")", "component None true");
        check("(invoke $i \"f\" (u8.const 1) (f32.const nan))", "Some(\"i\").f(1 NaN)");
        check("(assert_return (invoke \"f\") (f64.const nan:canonical))", "return None.f() NaN");
        check(
            "(assert_return (invoke \"f\") (record.const (field \"a\" bool.const true)))",
            "return None.f() {a: true}",
        );
        check("(assert_return (component))", "return component true ");
        check("(assert_trap (invoke \"f\") \"why\")", "trap None.f() why");
        check("(assert_trap (component) \"why\")", "trap component true why");
        check("(assert_exhaustion (invoke \"f\") \"why\")", "exhaust None.f() why");
        check("(assert_exception (invoke \"f\"))", "exception None.f()");
        check("(assert_invalid (component (export \"a\" (func $none))) \"why\")", "invalid false why");
        check("(assert_malformed (component binary \"\") \"why\")", "malformed true why");
        check("(assert_unlinkable (component) \"why\")", "unlinkable true why");
    }

    #[test]
    fn the_rest_is_unknown() {
        check("(module)", "unknown directive: a core module at the top level");
        check(
            "(assert_malformed (module quote \"x\") \"\")",
            "unknown directive: a core module at the top level",
        );
        check("(register \"a\")", "unknown directive: register");
        check("(assert_return (get \"g\"))", "unknown directive: get");
        check("(invoke \"f\" (i32.const 1))", "unknown directive: a core value for a component's function");
        check("(assert_suspension (invoke \"f\") \"\")", "unknown directive: assert_suspension");
    }

    #[test]
    fn the_core_language() {
        let check = |text: &str, expected: &str| check_in(Language::Core, text, expected);
        check("(module $M)", "component Some(\"M\") true");
        check("(module definition $M)", "define Some(\"M\") true");
        check("(module instance $i $M)", "instance Some(\"i\") Some(\"M\")");
        check("(module quote \"(nonsense)\")", "component None false");
        check("(register \"a\" $M)", "register a Some(\"M\")");
        check("(assert_return (get $M \"g\") (i32.const -1))", "return Some(\"M\").g i32 0xffffffff");
        check(
            "(assert_return (invoke \"f\" (ref.extern 1) (ref.null func)) (f32.const nan:canonical))",
            "return None.f(ref.extern 1 ref.null func) f32 nan:canonical",
        );
        check(
            "(assert_return (invoke \"f\") (either (i32.const 1) (ref.null)))",
            "return None.f() i32 0x1 or ref.null",
        );
        check(
            "(assert_return (invoke \"f\") (v128.const f64x2 nan:arithmetic 0))",
            "return None.f() v128 f64 nan:arithmetic 0x0000000000000000",
        );
        check("(assert_malformed (module quote \"x\") \"why\")", "malformed false ");
        check("(assert_trap (module) \"why\")", "trap component true why");
        check("(component)", "unknown directive: a component in a core script");
        check("(invoke \"f\" (u8.const 1))", "unknown directive: a component value for a core function");
    }

    #[test]
    fn positions_have_a_column_where_a_line_is_shared() {
        let positions = |text: &str| {
            let directives = parse(text, Language::Component).unwrap();
            directives.iter().map(|d| d.position.to_string()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(positions("(component)\n\n(component) (component)\n (component\n)"), "1 3:2 3:14 4");
        assert_eq!(parse("(component", Language::Component).unwrap_err(), "line 1, column 11: expected `)`");
    }
}
