//! Traced calls as text, JSON and a page.

use std::fmt::Write as _;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use canonical_abi::explain::{Call, Place, Step, Trace};
use canonical_abi::{CoreValue, Options};
use component_linker::CallTrace;
use serde_json::{Value, json};

use super::draw::{self, Phase};
use super::json::write_value;
use super::spec::function_link;
use super::text::{heading, paint};
use super::{escape, html};
use crate::abi::length_unit;
use crate::call::{HostCall, HostCalls};

const TRAP: Style = AnsiColor::Red.on_default().bold();

/// The maximum number of bytes and core values of a step in a page.
const SHOWN_BYTES: usize = 64;

/// A traced call.
pub(crate) struct TracedCall<'a> {
    /// The call as the user wrote it.
    pub(crate) call: &'a str,
    /// The function's name and type.
    pub(crate) ty: String,
    /// The canonical options of the function, if it is one.
    pub(crate) opts: Option<Options>,
    /// The steps.
    pub(crate) trace: &'a CallTrace,
    /// The result as WAVE, and whether it is only the start of it.
    pub(crate) result: Option<(String, bool)>,
    /// How the call failed, if it did.
    pub(crate) failure: Option<String>,
    /// What the guest called of the host.
    pub(crate) host_calls: HostCalls,
}

/// What is before the first of several calls in JSON; a comma and a line's end are between them.
pub(crate) const JSON_START: &str = "{\n  \"version\": 1,\n  \"calls\": [\n";

/// What is after the last of several calls in JSON.
pub(crate) const JSON_END: &str = "\n  ]\n}\n";

/// What is after the last call in a page.
pub(crate) const HTML_END: &str = html::END;

/// Returns the steps as tables: those of lowering, of the call, and of lifting.
pub(crate) fn text(traced: &TracedCall<'_>, colour: bool) -> String {
    let trace = traced.trace;
    let mut out = heading(&traced.ty, colour);
    out.push('\n');
    if let Some(opts) = &traced.opts {
        let _ = writeln!(
            out,
            "{}-bit pointers; {}\n\n{}",
            8 * opts.ptr.size(),
            length_unit(opts),
            heading("Lowering the arguments", colour)
        );
        out.push_str(&steps_text(trace.lowering.as_ref(), colour));
    }
    if let Some(line) = core_call(trace) {
        let _ = write!(out, "\n{}\n  {line}\n", heading("Calling the core function", colour));
    }
    let host_calls = host_call_lines(&traced.host_calls);
    if !host_calls.is_empty() {
        let _ = write!(out, "\n{}\n", heading("Calls of the host", colour));
        for line in host_calls {
            let _ = writeln!(out, "  {line}");
        }
    }
    if let Some(lifting) = &trace.lifting {
        let _ = write!(out, "\n{}\n", heading("Lifting the result", colour));
        out.push_str(&steps_text(Some(lifting), colour));
    }
    if let Some(line) = post_return(trace) {
        let _ = write!(out, "\n{}\n  {line}\n", heading("Calling post-return", colour));
    }
    if let Some(result) = shown_result(traced) {
        let _ = write!(out, "\n{result}\n");
    }
    out
}

/// Writes the steps as data: the document of one call.
///
/// # Errors
///
/// Those of `out`.
pub(crate) fn write_json_document(out: &mut dyn Write, traced: &TracedCall<'_>) -> io::Result<()> {
    let mut call = json(traced);
    let options = call["options"].take();
    let document = json!({ "version": super::json::VERSION, "options": options, "call": call });
    serde_json::to_writer_pretty(&mut *out, &document)?;
    out.write_all(b"\n")
}

/// Writes the steps as data: one of several calls of a document.
///
/// # Errors
///
/// Those of `out`.
pub(crate) fn write_json(out: &mut dyn Write, traced: &TracedCall<'_>) -> io::Result<()> {
    out.write_all(b"    ")?;
    write_value(out, &json(traced), "    ")
}

/// Returns the steps as data.
fn json(traced: &TracedCall<'_>) -> Value {
    let trace = traced.trace;
    let HostCalls { list, n_more } = &traced.host_calls;
    let host_call = |call: &HostCall| {
        let HostCall { function, args, failure } = call;
        json!({ "import": function, "args": args, "failure": failure })
    };
    json!({
        "call": traced.call,
        "function": traced.ty,
        "options": traced.opts.as_ref().map(super::json::options),
        "lowering": trace.lowering.as_ref().map(trace_json),
        "core_params": core_json(&trace.core_params),
        "core_results": trace.core_results.as_deref().map(core_json),
        "host_calls": list.iter().map(host_call).collect::<Vec<_>>(),
        "more_host_calls": n_more,
        "lifting": trace.lifting.as_ref().map(trace_json),
        "post_returned": trace.post_returned,
        "result": traced.result.as_ref().map(|(text, _)| text),
        "result_is_cut": traced.result.as_ref().is_some_and(|(_, is_cut)| *is_cut),
        "failure": traced.failure,
    })
}

/// Returns what is before the first call in a page.
pub(crate) fn html_start(title: &str) -> String {
    html::start(title)
}

/// Returns the steps as a part of a page.
pub(crate) fn html(traced: &TracedCall<'_>) -> String {
    let trace = traced.trace;
    let mut body = format!(
        "<h1><code>{}</code></h1>\n<div class=\"wit\">{}</div>\n",
        escape(traced.call),
        escape(&traced.ty)
    );
    if let Some(opts) = &traced.opts {
        let (ptr, unit) = (8 * opts.ptr.size(), escape(length_unit(opts)));
        let _ = writeln!(
            body,
            "<p class=\"sub\">{ptr}-bit pointers; {unit}</p>\n<h2>Lowering the arguments</h2>"
        );
    }
    write_trace(&mut body, trace.lowering.as_ref());
    if let Some(line) = core_call(trace) {
        write_line(&mut body, "Calling the core function", &line);
    }
    let host_calls = host_call_lines(&traced.host_calls);
    if !host_calls.is_empty() {
        write_line(&mut body, "Calls of the host", &host_calls.join("\n"));
    }
    if let Some(lifting) = &trace.lifting {
        body.push_str("<h2>Lifting the result</h2>\n");
        write_trace(&mut body, Some(lifting));
    }
    if let Some(line) = post_return(trace) {
        write_line(&mut body, "Calling post-return", &line);
    }
    if let Some(result) = shown_result(traced) {
        write_line(&mut body, "Result", &result);
    }
    if let Some(failure) = &traced.failure {
        let _ = writeln!(body, "<h2>Failure</h2>\n<p class=\"trap\">{}</p>", escape(failure));
    }
    body
}

fn write_line(body: &mut String, heading: &str, line: &str) {
    let _ = writeln!(body, "<h2>{heading}</h2>\n<div class=\"sig\"><code>{}</code></div>", escape(line));
}

/// Returns the result, with a mark if it is cut.
fn shown_result(traced: &TracedCall<'_>) -> Option<String> {
    let (text, is_cut) = traced.result.as_ref()?;
    let end = if *is_cut { "…\n(the result is cut; `lowlift call --full` prints all of it)" } else { "" };
    Some(format!("{text}{end}"))
}

/// Returns a line for each call of the host.
fn host_call_lines(calls: &HostCalls) -> Vec<String> {
    let line = |HostCall { function, args, failure }: &HostCall| {
        format!("{function}({}): {failure}", args.join(", "))
    };
    let more = (calls.n_more > 0).then(|| format!("… {} more calls are not listed", calls.n_more));
    calls.list.iter().map(line).chain(more).collect()
}

/// Returns the steps as a drawing.
pub(crate) fn svg(traced: &TracedCall<'_>) -> String {
    let trace = traced.trace;
    let (called, returned) = (core_call(trace), post_return(trace));
    let (result, host_calls) = (shown_result(traced), host_call_lines(&traced.host_calls).join("; "));
    let host_calls = (!host_calls.is_empty()).then_some(Phase::Line(&host_calls));
    let parts = [
        ("Lowering the arguments", trace.lowering.as_ref().map(Phase::Steps)),
        ("Calling the core function", called.as_deref().map(Phase::Line)),
        ("Calls of the host", host_calls),
        ("Lifting the result", trace.lifting.as_ref().map(Phase::Steps)),
        ("Calling post-return", returned.as_deref().map(Phase::Line)),
        ("Result", result.as_deref().map(Phase::Line)),
        ("Failure", traced.failure.as_deref().map(Phase::Line)),
    ];
    let parts: Vec<_> = parts.into_iter().filter_map(|(heading, part)| Some((heading, part?))).collect();
    draw::steps(&traced.ty, &parts)
}

/// Returns the arguments and results of the core function, if it was called.
fn core_call(trace: &CallTrace) -> Option<String> {
    let has_lowered = trace.lowering.as_ref().is_some_and(|lowering| !has_trapped(&lowering.steps));
    let results = trace.core_results.as_ref().map_or_else(|| "trap".to_owned(), |values| list(values));
    has_lowered.then(|| format!("({}) -> {results}", comma_separated(&trace.core_params)))
}

fn post_return(trace: &CallTrace) -> Option<String> {
    let results = trace.core_results.as_ref()?;
    trace.post_returned.then(|| list(results))
}

fn list(values: &[CoreValue]) -> String {
    format!("({})", comma_separated(values))
}

fn comma_separated(values: &[CoreValue]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn has_trapped(steps: &[Step]) -> bool {
    steps.iter().any(|step| step.is_trapped || has_trapped(&step.steps))
}

fn steps_text(trace: Option<&Trace>, colour: bool) -> String {
    let Some(trace) = trace else { return String::new() };
    let mut styles = Vec::new();
    push_step_styles(&mut styles, &trace.steps);
    paint(&trace.to_string(), &styles, colour)
}

/// Adds a style for each step: calls of the guest, the trap, and moves of bytes stand out.
fn push_step_styles(styles: &mut Vec<Style>, steps: &[Step]) {
    for step in steps {
        styles.push(match (step.is_trapped, step.call.is_some(), step.steps.is_empty()) {
            (true, _, _) => TRAP,
            (false, true, _) => AnsiColor::Yellow.on_default(),
            (false, false, true) => AnsiColor::Green.on_default(),
            (false, false, false) => Style::new(),
        });
        push_step_styles(styles, &step.steps);
    }
}

fn write_trace(out: &mut String, trace: Option<&Trace>) {
    let Some(trace) = trace else { return };
    write_steps(out, "steps", &trace.steps);
    if trace.n_elided > 0 {
        let _ = writeln!(out, "<p class=\"sub\">… {} more components are not listed.</p>", trace.n_elided);
    }
}

fn write_steps(out: &mut String, class: &str, steps: &[Step]) {
    let _ = writeln!(out, "<ul class=\"{class}\">");
    for step in steps {
        out.push_str("<li>");
        write_step(out, step);
        if !step.steps.is_empty() {
            write_steps(out, "", &step.steps);
        }
        out.push_str("</li>\n");
    }
    out.push_str("</ul>\n");
}

fn write_step(out: &mut String, step: &Step) {
    out.push_str(&function_link(step.function));
    match step.call {
        Some(Call::Realloc { old_ptr, old_size, align, new_size, result }) => {
            let result = result.map_or_else(|| "trap".to_owned(), |ptr| format!("{ptr:#x}"));
            let _ = write!(
                out,
                "<span class=\"call\"><code>({old_ptr:#x}, {old_size}, {align}, {new_size}) = {result}</code></span>"
            );
        }
        Some(Call::Handle { resource, given, result }) => {
            let result = result.map_or_else(|| "trap".to_owned(), |index| index.to_string());
            let resource = resource.map_or_else(String::new, |resource| format!(", resource-{}", resource.0));
            let _ = write!(out, "<span class=\"call\"><code>({given}{resource}) = {result}</code></span>");
        }
        None => {}
    }
    if !step.path.is_empty() {
        let _ = write!(out, " <span class=\"path\">{}</span>", escape(&step.path));
    }
    if !step.ty.is_empty() {
        let _ = write!(out, " <span class=\"place\">{}</span>", escape(&step.ty));
    }
    write_place(out, &step.place);
    if let Some(value) = &step.value {
        let _ = write!(out, " {}", escape(value));
    }
    if step.is_trapped {
        out.push_str(" <span class=\"trap\">trap</span>");
    }
}

fn write_place(out: &mut String, place: &Place) {
    let (class, data, is_all) = match place {
        Place::Nowhere => return,
        Place::Memory { address: _, size, bytes } => {
            let hex: Vec<_> = bytes.iter().take(SHOWN_BYTES).map(|byte| format!("{byte:02x}")).collect();
            ("m-scalar", hex.join(" "), bytes.is_empty() || hex.len() as u64 == *size)
        }
        Place::Core { first: _, values } => {
            let shown = &values[..values.len().min(SHOWN_BYTES)];
            ("m-payload", comma_separated(shown), shown.len() == values.len())
        }
    };
    let _ = write!(out, " <span class=\"place\">{place}</span>");
    if !data.is_empty() {
        let more = if is_all { "" } else { " …" };
        let _ = write!(out, " <code class=\"data {class}\">{data}{more}</code>");
    }
}

fn trace_json(trace: &Trace) -> Value {
    json!({ "steps": trace.steps.iter().map(step_json).collect::<Vec<_>>(), "elided": trace.n_elided })
}

/// Returns core values: their types and their bits.
fn core_json(values: &[CoreValue]) -> Value {
    let digits = |value: &CoreValue| match value {
        CoreValue::I32(_) | CoreValue::F32(_) => 8,
        CoreValue::I64(_) | CoreValue::F64(_) => 16,
    };
    values
        .iter()
        .map(|v| json!({ "type": v.ty().name(), "bits": format!("0x{:0n$x}", v.bits(), n = digits(v)) }))
        .collect()
}

fn step_json(s: &Step) -> Value {
    json!({
        "function": s.function,
        "path": s.path,
        "type": s.ty,
        "place": place_json(&s.place),
        "call": s.call.map(call_json),
        "value": s.value,
        "trapped": s.is_trapped,
        "steps": s.steps.iter().map(step_json).collect::<Vec<_>>(),
    })
}

fn place_json(place: &Place) -> Value {
    match place {
        Place::Nowhere => Value::Null,
        Place::Memory { address, size, bytes } => {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            json!({ "in": "memory", "address": address, "size": size, "bytes": hex })
        }
        Place::Core { first, values } => {
            json!({ "in": "core", "first": first, "values": core_json(values) })
        }
    }
}

fn call_json(call: Call) -> Value {
    match call {
        Call::Realloc { old_ptr, old_size, align, new_size, result } => json!({
            "of": "realloc",
            "old_ptr": old_ptr,
            "old_size": old_size,
            "align": align,
            "new_size": new_size,
            "result": result,
        }),
        Call::Handle { resource, given, result } => {
            json!({ "of": "handle-table", "resource": resource.map(|resource| resource.0), "given": given, "result": result })
        }
    }
}
