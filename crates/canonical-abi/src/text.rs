//! Text that comes from files, made fit for a terminal.

use core::fmt::{self, Write as _};

/// Displays text with its control characters and its invisible ones escaped, as `\\u{1b}`. Line
/// breaks and tabs stay. So a name in a file can't move the cursor, change colours or reverse what
/// is around it.
///
/// ```
/// assert_eq!(canonical_abi::printable("a\u{1b}[2Jé\n").to_string(), "a\\u{1b}[2Jé\n");
/// ```
pub fn printable(text: &str) -> impl fmt::Display + '_ {
    Printable(text)
}

struct Printable<'a>(&'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            let is_escaped = match c {
                '\n' | '\t' => false,
                // Marks of direction, separators of lines, and what has no width.
                '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => {
                    true
                }
                c => c.is_control(),
            };
            match is_escaped {
                true => write!(f, "{}", c.escape_unicode())?,
                false => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;

    #[test]
    fn what_moves_the_cursor_is_escaped() {
        let check = |text, expected| assert_eq!(printable(text).to_string(), expected);
        check("plain, with\ta tab\nand a line", "plain, with\ta tab\nand a line");
        check("\u{1b}]0;x\u{7}", "\\u{1b}]0;x\\u{7}");
        check("a\rb\u{8}c\u{7f}\u{9b}", "a\\u{d}b\\u{8}c\\u{7f}\\u{9b}");
        check("\u{202e}abc\u{2066}", "\\u{202e}abc\\u{2066}");
        check("Größe 😀", "Größe 😀");
    }
}
