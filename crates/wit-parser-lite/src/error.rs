//! Faults of a package as data.
//!
//! An [`Error`] has a kind, a span and texts. Its `Display` is a plain rendering with the source
//! line and a caret. Tools that draw their own diagnostics take the fields instead.

use std::fmt;

use crate::name::edit_distance;
use crate::span::{Location, Span};

/// The most faults that one run reports.
pub const MAX_ERRORS: usize = 100;

/// The kind of fault that an [`Error`] reports.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A character that is not allowed in a WIT file, or not in this position (WIT.md, "Lexical
    /// structure").
    Character,
    /// A comment or string that does not end, or a malformed string.
    Literal,
    /// A name that is not kebab-case (WIT.md, "WIT Identifiers").
    Name,
    /// A token that the grammar does not expect.
    Syntax,
    /// A version that is not semantic versioning 2.0, or that is not as compatible with an older
    /// one as it claims.
    Version,
    /// Types nested too deeply.
    Depth,
    /// A gate or `@external-id` that is malformed or misplaced (WIT.md, "Feature Gates").
    Attribute,
    /// A reference to an item that is left out because its feature is not enabled (WIT.md, "Feature
    /// Gates").
    Gated,
    /// A package without a header, or headers that disagree (WIT.md, "Package Names").
    Package,
    /// A name that is already taken, or too similar to another (Explainer.md, "Name Uniqueness").
    Duplicate,
    /// A name that nothing defines.
    Unknown,
    /// An interface, world or package that none of the given files defines. The file that does may
    /// not have been given.
    Missing,
    /// A name of the wrong kind, such as a world where an interface is needed.
    WrongKind,
    /// Definitions that depend on each other.
    Cycle,
    /// An invalid type, such as an empty record.
    Type,
    /// An invalid function, such as a getter with parameters.
    Function,
    /// A world whose imports, exports or `include`s don't fit together.
    World,
    /// A part of WIT that is off unless its [`Proposal`](crate::Proposal) is asked for.
    Proposal,
    /// A file that is too large, or worlds that are when all that they include and use is added.
    TooLarge,
}

/// One fault in a WIT package, and where it is.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Error {
    /// Its kind.
    pub kind: ErrorKind,
    /// The bytes at fault.
    pub span: Span,
    /// The fault in one line.
    pub message: String,
    /// Further places or facts.
    pub notes: Vec<Note>,
    /// A suggestion how to correct it.
    pub help: Option<String>,
    /// The position of `span` for people: file, line, column and the line's text.
    pub location: Box<Location>,
}

/// A note that belongs to an [`Error`].
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Note {
    /// The note in one line.
    pub message: String,
    /// The span that it refers to.
    pub span: Option<Span>,
    /// The position of `span` for people.
    pub location: Option<Location>,
}

/// The result of a step that stops at the first fault.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Returns an error of a tool's own about a place in a package that it has read, to be shown as
    /// those of this crate are. [`Sources::locate`](crate::Sources::locate) gives the location.
    pub fn located(kind: ErrorKind, span: Span, message: impl Into<String>, location: Location) -> Self {
        Self { location: Box::new(location), ..Self::new(kind, span, message.into()) }
    }

    /// Returns an error whose [`Location`] is not known yet.
    #[cold]
    pub(crate) fn new(kind: ErrorKind, span: Span, message: String) -> Self {
        let message = shortened(message);
        Self { kind, span, message, notes: Vec::new(), help: None, location: Box::default() }
    }

    /// Adds a note about another span.
    pub(crate) fn note(mut self, message: &str, span: Span) -> Self {
        self.notes.push(Note { message: shortened(message.to_owned()), span: Some(span), location: None });
        self
    }

    /// Adds a note.
    pub(crate) fn remark(mut self, message: impl Into<String>) -> Self {
        self.notes.push(Note { message: shortened(message.into()), span: None, location: None });
        self
    }

    /// Sets the suggestion how to correct it.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(shortened(help.into()));
        self
    }

    /// Sets a "did you mean" if one of the candidates is close to `name`.
    pub(crate) fn suggest<'a>(self, name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Self {
        match closest(name, candidates) {
            Some(candidate) => self.help(format!("did you mean `{candidate}`?")),
            None => self,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Location { file, line, column, excerpt, n_before, n_marked } = &*self.location;
        writeln!(f, "{file}:{line}:{column}: {}", self.message)?;
        let line = line.to_string();
        let margin = " ".repeat(line.len());
        writeln!(f, "{margin} |")?;
        writeln!(f, "{line} | {excerpt}")?;
        write!(f, "{margin} | {}{}", " ".repeat(*n_before as usize), "^".repeat(*n_marked as usize))?;
        for note in &self.notes {
            write!(f, "\n{margin} = note: {}", note.message)?;
            if let Some(Location { file, line, column, .. }) = &note.location {
                write!(f, " ({file}:{line}:{column})")?;
            }
        }
        match &self.help {
            Some(help) => write!(f, "\n{margin} = help: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

/// Returns a text with its middle left out if it is very long: names can be as long as a file.
fn shortened(text: String) -> String {
    const MAX_CHARS: usize = 400;
    // A name and its copy in a suggestion leave room for the words around them.
    if text.len() <= 4 * MAX_CHARS {
        return text;
    }
    let start: String = text.chars().take(MAX_CHARS).collect();
    let mut end: Vec<char> = text.chars().rev().take(MAX_CHARS).collect();
    end.reverse();
    format!("{start}…{}", end.into_iter().collect::<String>())
}

/// The faults of a package: at least one and at most [`MAX_ERRORS`], in the order of the files.
///
/// It is an error itself, so that `?` passes it on, and its `Display` shows all of them. It derefs
/// to a slice.
///
/// ```
/// use wit_parser_lite::{Resolved, parse};
///
/// fn read(text: &str) -> Result<Resolved, Box<dyn std::error::Error>> {
///     Ok(parse(&[("i.wit", text)])?)
/// }
///
/// let error = read("package a:b; interface i { f: func(x: y); g: func(x: z); }").unwrap_err();
/// assert!(error.to_string().contains("no type is named `y` here"));
/// assert!(error.to_string().contains("no type is named `z` here"));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Errors(Vec<Error>);

impl Errors {
    /// Returns these faults, of which there is at least one.
    pub(crate) fn new(errors: Vec<Error>) -> Self {
        assert!(!errors.is_empty(), "a failure has a reason");
        Self(errors)
    }
}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            let gap = if index == 0 { "" } else { "\n\n" };
            write!(f, "{gap}{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Errors {}

impl std::ops::Deref for Errors {
    type Target = [Error];

    fn deref(&self) -> &[Error] {
        &self.0
    }
}

impl IntoIterator for Errors {
    type Item = Error;
    type IntoIter = std::vec::IntoIter<Error>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'e> IntoIterator for &'e Errors {
    type Item = &'e Error;
    type IntoIter = std::slice::Iter<'e, Error>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl From<Errors> for Vec<Error> {
    fn from(errors: Errors) -> Self {
        errors.0
    }
}

/// Returns the candidate that `name` is most likely a misspelling of.
fn closest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Longer names and more candidates are not worth the comparisons.
    const MAX_BYTES: usize = 40;
    const MAX_CANDIDATES: usize = 2000;
    if name.len() > MAX_BYTES {
        return None;
    }
    let limit = |candidate: &str| name.len().max(candidate.len()) / 3;
    candidates
        .into_iter()
        .take(MAX_CANDIDATES)
        .filter(|candidate| *candidate != name && candidate.len() <= MAX_BYTES)
        .filter(|candidate| candidate.len().abs_diff(name.len()) <= limit(candidate))
        .map(|candidate| (edit_distance(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= limit(candidate))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
