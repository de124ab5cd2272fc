//! Faults of WIT packages for people and for editors.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde_json::{Value, json};
use wit_parser_lite::load::Tree;
use wit_parser_lite::{Error, Location, Note, Span};

use crate::failure::Failure;

/// Returns the failure after `n_errors` faults were printed.
pub(super) fn failure(n_errors: usize) -> Failure {
    Failure::BadInput(if n_errors == 1 { "1 fault".to_owned() } else { format!("{n_errors} faults") })
}

/// Returns the faults with their lines, in colour for a terminal.
pub(super) fn render(tree: &Tree, errors: &[Error]) -> String {
    let files: Vec<_> = tree.all_files().collect();
    let choice = anstream::AutoStream::choice(&std::io::stderr());
    let is_colourful = choice != anstream::ColorChoice::Never;
    let renderer = if is_colourful { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let snippet = |span: Span, kind: AnnotationKind| {
        let (name, text) = files[span.file.index() as usize];
        let range = span.start as usize..span.end as usize;
        Snippet::source(text.as_str()).path(name.as_str()).annotation(kind.span(range))
    };
    let mut out = String::new();
    for Error { span, message, notes, help, .. } in errors {
        let mut report = vec![
            Level::ERROR.primary_title(message.as_str()).element(snippet(*span, AnnotationKind::Primary)),
        ];
        for Note { message, span, .. } in notes {
            let title = Level::NOTE.secondary_title(message.as_str());
            report.push(match span {
                Some(span) => title.element(snippet(*span, AnnotationKind::Context)),
                None => Group::with_title(title),
            });
        }
        report.extend(help.as_deref().map(|help| Group::with_title(Level::HELP.secondary_title(help))));
        out += &renderer.render(&report);
        out += "\n\n";
    }
    out
}

/// Returns the faults as a JSON array, each with its kind, message, position, notes and help.
pub(super) fn json(tree: &Tree, errors: &[Error]) -> String {
    let files: Vec<_> = tree.all_files().collect();
    let place = |span: Span, location: &Location| {
        json!({
            "file": files.get(span.file.index() as usize).map(|(name, _)| name),
            "line": location.line,
            "column": location.column,
            "start": span.start,
            "end": span.end,
        })
    };
    let note = |note: &Note| {
        let at = note.span.zip(note.location.as_ref()).map(|(span, location)| place(span, location));
        json!({ "message": note.message, "at": at })
    };
    let error = |error: &Error| {
        json!({
            "kind": format!("{:?}", error.kind).to_lowercase(),
            "message": error.message,
            "at": place(error.span, &error.location),
            "notes": error.notes.iter().map(note).collect::<Vec<_>>(),
            "help": error.help,
        })
    };
    format!("{:#}\n", Value::Array(errors.iter().map(error).collect()))
}
