//! Faults of WIT packages for people and for editors.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use wit_parser_lite::load::Tree;
use wit_parser_lite::{Error, ErrorKind, LeftOut, Location, Note, Resolved, Span};

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
    let snippet = |span: Span, location: &Location, kind: AnnotationKind| {
        let (name, text) = files[span.file.index() as usize];
        let (start, end) = (span.start as usize, span.end as usize);
        // The lines of the fault only: a snippet takes time for all of its source.
        let from = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let to = text[end..].find('\n').map_or(text.len(), |at| end + at);
        let source = Snippet::source(&text[from..to]).line_start(location.line as usize);
        source.path(name.as_str()).annotation(kind.span(start - from..end - from))
    };
    let mut out = String::new();
    for Error { span, message, notes, help, location, .. } in errors {
        let mut report = vec![Level::ERROR.primary_title(message.as_str()).element(snippet(
            *span,
            location,
            AnnotationKind::Primary,
        ))];
        for Note { message, span, location, .. } in notes {
            let title = Level::NOTE.secondary_title(message.as_str());
            report.push(match (span, location) {
                (Some(span), Some(location)) => {
                    title.element(snippet(*span, location, AnnotationKind::Context))
                }
                (None, _) | (_, None) => Group::with_title(title),
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

/// Returns a fault of a whole file, such as a binary, as a JSON array like that of [`json()`].
pub(super) fn json_of_file(message: &str) -> String {
    let error = json!({ "kind": "file", "message": message, "at": null, "notes": [], "help": null });
    format!("{:#}\n", Value::Array(vec![error]))
}

/// Prints a note for each feature that is not enabled and gates something, so that nothing is left
/// out silently.
pub(crate) fn print_left_out(resolved: &Resolved) {
    const MAX_NAMES: usize = 8;
    let mut by_feature: BTreeMap<&str, Vec<&LeftOut>> = BTreeMap::new();
    for item in resolved.left_out() {
        by_feature.entry(&item.feature).or_default().push(item);
    }
    for (feature, items) in by_feature {
        // The main package is the first.
        let own: Vec<_> = items.iter().filter(|item| item.package.index() == 0).collect();
        let mut names: Vec<_> = own.iter().take(MAX_NAMES).map(|item| format!("`{}`", item.name)).collect();
        if own.len() > MAX_NAMES {
            names.push(format!("{} more", own.len() - MAX_NAMES));
        }
        if own.len() < items.len() {
            names.push(format!("{} in packages that it uses", items.len() - own.len()));
        }
        eprintln!(
            "note: feature `{feature}` is not enabled, which leaves out {}; `--features {feature}` or \
             `--all-features` takes it in",
            names.join(", ")
        );
    }
}

/// Names that a single file has from others, which were not given.
pub(super) struct NotGiven {
    pub(super) names: Vec<String>,
    /// The faults that are not about these names.
    pub(super) others: Vec<Error>,
}

/// Takes those faults apart that come from reading one file without the rest of its package and
/// without its dependencies. `has_siblings` is whether there is such a rest.
pub(super) fn not_given(tree: &Tree, errors: &[Error], has_siblings: bool) -> NotGiven {
    let mut found = NotGiven { names: Vec::new(), others: Vec::new() };
    for error in errors {
        let text = tree.files.first().map_or("", |(_, text)| text.as_str());
        let name = text.get(error.span.start as usize..error.span.end as usize).unwrap_or_default();
        // A name close to one that is there is a slip.
        let is_slip = error.help.as_deref().is_some_and(|help| help.starts_with("did you mean `"));
        let is_elsewhere = name.contains(':') || (has_siblings && !is_slip);
        if error.kind == ErrorKind::Missing && is_elsewhere {
            found.names.push(format!("`{name}`"));
        } else {
            found.others.push(error.clone());
        }
    }
    found
}
