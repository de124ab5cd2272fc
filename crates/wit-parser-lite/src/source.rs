//! Source texts, and positions in them for people.
//!
//! Nothing here reads files: the caller passes names and texts.

use crate::error::{Error, ErrorKind};
use crate::span::count;
pub use crate::span::{FileId, Location, Span};

/// The names and texts of all files of a run.
///
/// Invariant: each text is at most `u32::MAX` bytes long, so that every offset into it fits a
/// [`Span`].
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<File>,
}

#[derive(Clone, Debug)]
struct File {
    name: String,
    text: String,
}

/// The number of characters that an excerpt shows before and after the position.
const EXCERPT_REACH: usize = 80;

impl Sources {
    /// Adds a file.
    ///
    /// # Errors
    ///
    /// The text is longer than `u32::MAX` bytes.
    pub fn add(&mut self, name: &str, text: &str) -> Result<FileId, Error> {
        let file = FileId(count(self.files.len()));
        let fits = u32::try_from(text.len()).is_ok();
        let text = if fits { text } else { "" };
        self.files.push(File { name: name.to_owned(), text: text.to_owned() });
        if fits {
            return Ok(file);
        }
        let span = Span { file, start: 0, end: 0 };
        let error = Error::new(ErrorKind::TooLarge, span, "the file is larger than 4 GiB".to_owned());
        Err(self.located(error))
    }

    /// Returns the name of `file`, as the caller gave it.
    pub fn name(&self, file: FileId) -> &str {
        &self.file(file).name
    }

    /// Returns the text of `file`.
    pub fn text(&self, file: FileId) -> &str {
        &self.file(file).text
    }

    /// Returns the length of all texts.
    pub(crate) fn n_bytes(&self) -> usize {
        self.files.iter().map(|file| file.text.len()).sum()
    }

    /// Returns the text that `span` covers.
    pub fn slice(&self, span: Span) -> &str {
        &self.text(span.file)[span.start as usize..span.end as usize]
    }

    /// Returns the position at which `span` starts, for people.
    pub fn locate(&self, span: Span) -> Location {
        let text = self.text(span.file);
        let start = span.start as usize;
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let before = &text[line_start..start];
        let before = if line_start == 0 { before.strip_prefix(MARK).unwrap_or(before) } else { before };
        let skipped_chars = before.chars().count().saturating_sub(EXCERPT_REACH);
        let shown_before: String = before.chars().skip(skipped_chars).map(printable).collect();
        let marked_end = (span.end as usize).clamp(start, line_end);
        let n_marked = text[start..marked_end].chars().count().min(EXCERPT_REACH);
        let shown_after: String = text[start..line_end].chars().take(EXCERPT_REACH).map(printable).collect();
        Location {
            file: self.name(span.file).to_owned(),
            line: count(text[..start].matches('\n').count() + 1),
            column: count(before.chars().count() + 1),
            n_before: count(shown_before.chars().count()),
            n_marked: count(n_marked).max(1),
            excerpt: (shown_before + &shown_after).trim_end().to_owned(),
        }
    }

    /// Fills in the locations of an error and its notes.
    pub(crate) fn located(&self, mut error: Error) -> Error {
        *error.location = self.locate(error.span);
        for note in &mut error.notes {
            note.location = note.span.map(|span| self.locate(span));
        }
        error
    }

    fn file(&self, file: FileId) -> &File {
        &self.files[file.0 as usize]
    }
}

/// Returns the text of a WIT file, which is UTF-8. A byte order mark before it is no part of it.
///
/// # Errors
///
/// What is wrong, in one line: the bytes are in another encoding.
pub fn text_of(bytes: Vec<u8>) -> Result<String, String> {
    let utf_16 = match *bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Some("UTF-32"),
        // Without the mark, each character of ASCII has a zero beside it.
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("UTF-16"),
        [0, a, 0, b, ..] | [a, 0, b, 0, ..] if a != 0 && b != 0 => Some("UTF-16"),
        _ => None,
    };
    if let Some(encoding) = utf_16 {
        return Err(format!("the file is {encoding}, but WIT files are UTF-8: convert it"));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(match text.strip_prefix(MARK) {
            Some(text) => text.to_owned(),
            None => text,
        }),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            Err(format!("the file is not UTF-8, as WIT files are: byte {at} starts no character"))
        }
    }
}

/// The byte order mark, which may precede the text of a file.
pub(crate) const MARK: char = '\u{feff}';

/// Returns the character that an excerpt shows for `c`: messages must not control a terminal.
fn printable(c: char) -> char {
    match c {
        '\t' => ' ',
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => {
            char::REPLACEMENT_CHARACTER
        }
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    }
}
