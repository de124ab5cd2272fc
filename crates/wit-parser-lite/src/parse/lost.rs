//! The names that items may define which faults exclude from the tree.
//!
//! Such an item is known only by its tokens. A name counts unless it is in a position where no
//! definition has its name: among parameters, in a type, or as a field or case.

use crate::lex::{Token, TokenKind};

/// Returns the names that may be defined in the tokens of an item.
pub(super) fn names<'a>(tokens: &[Token<'a>]) -> impl Iterator<Item = &'a str> {
    let is_comment = |token: &&Token<'_>| matches!(token.kind, TokenKind::Comment | TokenKind::DocComment);
    let tokens: Vec<Token<'a>> = tokens.iter().filter(|token| !is_comment(token)).copied().collect();
    let mut around = Surroundings::default();
    let mut found = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        if token.kind == TokenKind::Id && around.may_define(&tokens, index) {
            found.push(token.name());
        }
        around.pass(token);
    }
    found.into_iter()
}

/// What is known of the item around a token.
#[derive(Default)]
struct Surroundings {
    /// Whether it is a `use`.
    is_use: bool,
    /// Whether it is a type whose fields or cases are in the next braces.
    has_parts: bool,
    /// For each open brace, whether it encloses fields or cases.
    braces: Vec<bool>,
    /// The number of open parentheses and angle brackets.
    n_brackets: u32,
}

impl Surroundings {
    /// Returns whether the name at `index`, the next token, may be the name of a definition.
    fn may_define(&self, tokens: &[Token<'_>], index: usize) -> bool {
        let before = index.checked_sub(1).map_or("", |index| tokens[index].text);
        let after = |n: usize| tokens.get(index + n).map_or("", |token| token.text);
        let follows_keyword = matches!(
            before,
            "package"
                | "interface"
                | "world"
                | "record"
                | "variant"
                | "enum"
                | "flags"
                | "resource"
                | "type"
                | "import"
                | "export"
                | "as"
        );
        let is_func =
            after(1) == ":" && matches!(after(2), "func" | "async" | "static" | "get" | "set" | "interface");
        if self.is_use || follows_keyword || is_func {
            return true;
        }
        let is_part = self.braces.last() == Some(&true);
        let is_type = matches!(before, ":" | "->" | "=" | "/" | "@");
        !is_part && !is_type && self.n_brackets == 0
    }

    fn pass(&mut self, token: &Token<'_>) {
        match token.text {
            "use" => self.is_use = true,
            "record" | "variant" | "enum" | "flags" => self.has_parts = true,
            "(" | "<" => self.n_brackets += 1,
            ")" | ">" => self.n_brackets = self.n_brackets.saturating_sub(1),
            "{" => {
                self.braces.push(std::mem::take(&mut self.has_parts));
                self.n_brackets = 0;
            }
            "}" => {
                self.braces.pop();
                (self.has_parts, self.n_brackets) = (false, 0);
            }
            ";" => (self.is_use, self.has_parts, self.n_brackets) = (false, false, 0),
            _ => {}
        }
    }
}
