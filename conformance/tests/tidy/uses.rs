//! Which paths a Rust file names: in `use` declarations and inline, test code left out.
//!
//! Follows the Rust Reference, "Paths" and "Use declarations", as far as a crate's own paths go:
//! those that start with `crate`, `$crate`, `self` or `super`, and in the crate's root any path,
//! since it may start with the name of a module there. Code under `#[cfg(test)]` is left out.
//!
//! Invariant: every path that comes out is absolute within the crate, without its leading `crate`.

use crate::lexer::split;

/// A path that a file names.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Named {
    /// The line, from 1.
    pub(crate) line: usize,
    /// The segments, from the crate's root. A glob's last segment is `*`.
    pub(crate) path: Vec<String>,
    /// The name that a `use` declaration binds, with the module that it stands in.
    pub(crate) binds: Option<Vec<String>>,
    /// Whether it is a re-export: a `use` declaration that others can see.
    pub(crate) is_exported: bool,
}

/// What a file names and declares.
#[derive(Debug, Default)]
pub(crate) struct File {
    /// The paths, in order.
    pub(crate) named: Vec<Named>,
    /// The macros that it calls, each with its line.
    pub(crate) macro_calls: Vec<(usize, String)>,
    /// The macros that it defines.
    pub(crate) macros: Vec<String>,
    /// The modules that it declares for tests only.
    pub(crate) test_modules: Vec<Vec<String>>,
}

/// Reads the file that is the module `module` of its crate.
pub(crate) fn read(source: &str, module: &[String]) -> File {
    let tokens = tokens(&split(source).code);
    let mut reader =
        Reader { tokens: &tokens, at: 0, module: module.to_vec(), inline: Vec::new(), file: File::default() };
    if !reader.is_test_file() {
        reader.read();
    }
    reader.file
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Token {
    line: usize,
    /// A word, `::`, `"` for a literal, or a single character.
    text: String,
}

/// Takes code apart whose comments and literals are gone.
fn tokens(code: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut line = 1;
    let mut chars = code.chars().peekable();
    while let Some(c) = chars.next() {
        let start = line;
        let mut text = c.to_string();
        if is_word(c) {
            while let Some(c) = chars.next_if(|&c| is_word(c)) {
                text.push(c);
            }
            // A raw identifier is the same name.
            if text == "r" && chars.next_if_eq(&'#').is_some() {
                text.clear();
                while let Some(c) = chars.next_if(|&c| is_word(c)) {
                    text.push(c);
                }
            }
        } else if c == ':' && chars.next_if_eq(&':').is_some() {
            text.push(':');
        } else if c == '"' {
            for c in chars.by_ref().take_while(|&c| c != '"') {
                line += usize::from(c == '\n');
            }
        } else if c.is_whitespace() {
            line += usize::from(c == '\n');
            continue;
        }
        tokens.push(Token { line: start, text });
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    module: Vec<String>,
    /// For each brace that is open, whether it is that of an inline module.
    inline: Vec<bool>,
    file: File,
}

impl Reader<'_> {
    /// Returns the token `offset` after the current one, or nothing at the end.
    fn text(&self, offset: usize) -> &str {
        self.tokens.get(self.at + offset).map_or("", |token| token.text.as_str())
    }

    fn before(&self, n: usize) -> &str {
        self.at.checked_sub(n).map_or("", |at| self.tokens[at].text.as_str())
    }

    fn line(&self) -> usize {
        self.tokens.get(self.at).map_or(0, |token| token.line)
    }

    /// Returns whether the file opens with `#![cfg(test)]`.
    fn is_test_file(&self) -> bool {
        let mut at = 0;
        while self.text(at) == "#" && self.text(at + 1) == "!" {
            let end = self.end_of_group(self.at + at + 2);
            if is_for_tests(&self.tokens[self.at + at + 2..end]) {
                return true;
            }
            at = end - self.at;
        }
        false
    }

    fn read(&mut self) {
        while self.at < self.tokens.len() {
            match self.text(0) {
                "#" if self.text(1) == "[" => self.attribute(),
                "use" if self.text(1) != "<" => self.use_declaration(),
                "mod" if self.text(2) == "{" => {
                    self.module.push(self.text(1).to_owned());
                    self.inline.push(true);
                    self.at += 3;
                }
                "{" => {
                    self.inline.push(false);
                    self.at += 1;
                }
                "}" => {
                    if self.inline.pop() == Some(true) {
                        self.module.pop();
                    }
                    self.at += 1;
                }
                "crate" | "self" | "super" if self.text(1) == "::" => self.inline_path(),
                "macro_rules" if self.text(1) == "!" => {
                    self.file.macros.push(self.text(2).to_owned());
                    self.at += 3;
                }
                word if self.is_root_path(word) => self.inline_path(),
                word if self.text(1) == "!" && word.chars().all(is_word) && self.text(2) != "=" => {
                    if self.before(1) != "::" {
                        self.file.macro_calls.push((self.line(), word.to_owned()));
                    }
                    self.at += 2;
                }
                _ => self.at += 1,
            }
        }
    }

    /// Returns whether a path starts here that only the root may read as one into a module.
    fn is_root_path(&self, word: &str) -> bool {
        self.module.is_empty()
            && self.text(1) == "::"
            && !matches!(self.before(1), "::" | "$")
            && word.chars().all(is_word)
    }

    /// Skips an attribute, and what it stands at if that is for tests only.
    fn attribute(&mut self) {
        let end = self.end_of_group(self.at + 1);
        let skips = is_for_tests(&self.tokens[self.at + 1..end]);
        self.at = end;
        if skips {
            self.skip_item();
        }
    }

    /// Returns the place behind the group that opens at `at`.
    fn end_of_group(&self, mut at: usize) -> usize {
        let mut depth = 0;
        while let Some(token) = self.tokens.get(at) {
            match token.text.as_str() {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth -= 1,
                _ => {}
            }
            at += 1;
            if depth == 0 {
                break;
            }
        }
        at
    }

    /// Skips an item, a field, a variant, an arm or a statement.
    fn skip_item(&mut self) {
        while self.text(0) == "#" {
            self.at = self.end_of_group(self.at + 1);
        }
        const ITEMS: &[&str] = &[
            "pub",
            "use",
            "mod",
            "fn",
            "const",
            "static",
            "struct",
            "enum",
            "impl",
            "trait",
            "type",
            "macro_rules",
            "unsafe",
            "extern",
            "async",
            "let",
        ];
        let is_item = ITEMS.contains(&self.text(0));
        let mut is_use = false;
        while self.at < self.tokens.len() {
            match self.text(0) {
                "use" => is_use = true,
                "mod" if self.text(2) == ";" => {
                    let mut module = self.module.clone();
                    module.push(self.text(1).to_owned());
                    self.file.test_modules.push(module);
                }
                ";" => {
                    self.at += 1;
                    return;
                }
                "," if !is_item => {
                    self.at += 1;
                    return;
                }
                // What encloses the item ends here, and so does the item.
                "}" | ")" | "]" => return,
                "{" if !is_use => {
                    self.at = self.end_of_group(self.at);
                    return;
                }
                "{" | "(" | "[" => {
                    self.at = self.end_of_group(self.at);
                    continue;
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    /// Reads `use` with its tree. Paths into other crates are left out.
    fn use_declaration(&mut self) {
        let is_exported = matches!(self.before(1), "pub" | ")");
        let n_before = self.file.named.len();
        self.at += 1;
        self.use_tree(&[]);
        for named in &mut self.file.named[n_before..] {
            named.is_exported = is_exported;
        }
    }

    fn use_tree(&mut self, prefix: &[String]) {
        let line = self.line();
        let mut path = prefix.to_vec();
        if self.text(0) == "::" {
            path.push("::".to_owned()); // another crate
            self.at += 1;
        }
        loop {
            match self.text(0) {
                "{" => {
                    self.at += 1;
                    while !matches!(self.text(0), "}" | "") {
                        self.use_tree(&path);
                        if self.text(0) == "," {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    return;
                }
                "*" => {
                    path.push("*".to_owned());
                    self.at += 1;
                    return self.bind(line, path, "*");
                }
                word if word.chars().all(is_word) && !word.is_empty() => {
                    path.push(word.to_owned());
                    self.at += 1;
                }
                "$" => self.at += 1,
                _ => return,
            }
            if self.text(0) == "::" {
                self.at += 1;
                continue;
            }
            let last = match path.last().map(String::as_str) {
                // `{self}` is the module itself.
                Some("self") if path.len() > 1 => {
                    path.pop();
                    path.last().cloned()
                }
                last => last.map(str::to_owned),
            };
            let mut name = last.unwrap_or_default();
            if self.text(0) == "as" {
                name = self.text(1).to_owned();
                self.at += 2;
            }
            return self.bind(line, path, &name);
        }
    }

    fn bind(&mut self, line: usize, path: Vec<String>, name: &str) {
        let mut binds = self.module.clone();
        binds.push(name.to_owned());
        if let Some(path) = absolute(&self.module, &path) {
            self.file.named.push(Named { line, path, binds: Some(binds), is_exported: false });
        }
    }

    /// Reads a path outside a `use` declaration.
    fn inline_path(&mut self) {
        let line = self.line();
        // `pub(in crate::a)` says who sees an item, not what the item needs.
        let is_visibility = self.before(1) == "in" && self.before(2) == "(" && self.before(3) == "pub";
        let mut path = vec![self.text(0).to_owned()];
        self.at += 1;
        while self.text(0) == "::" && self.text(1).chars().all(is_word) && !self.text(1).is_empty() {
            path.push(self.text(1).to_owned());
            self.at += 2;
        }
        // A path may end with a turbofish.
        if self.text(0) == "::" {
            self.at += 1;
        }
        if let Some(path) = absolute(&self.module, &path).filter(|path| !is_visibility && !path.is_empty()) {
            self.file.named.push(Named { line, path, binds: None, is_exported: false });
        }
    }
}

fn is_keyword(segment: &str) -> bool {
    matches!(segment, "crate" | "self" | "super")
}

/// Returns the path that `path` is in `module`, from the crate's root; nothing if it leads
/// elsewhere.
fn absolute(module: &[String], path: &[String]) -> Option<Vec<String>> {
    let mut base = match path[0].as_str() {
        "crate" => Vec::new(),
        "self" | "super" => module.to_vec(),
        "::" => return None,
        _ if module.is_empty() => Vec::new(),
        _ => return None,
    };
    let mut rest = path;
    while let Some((first, after)) = rest.split_first().filter(|(first, _)| is_keyword(first)) {
        if first == "super" {
            base.pop()?;
        }
        rest = after;
    }
    base.extend_from_slice(rest);
    Some(base)
}

/// Returns whether the attribute `[…]` removes what it stands at from all but test builds.
fn is_for_tests(attribute: &[Token]) -> bool {
    let words: Vec<_> = attribute.iter().map(|token| token.text.as_str()).collect();
    match words.as_slice() {
        ["[", "test", "]"] => true,
        ["[", "cfg", "(", condition @ .., ")", "]"] => needs_test(condition),
        _ => false,
    }
}

/// Returns whether a condition holds in test builds only.
fn needs_test(condition: &[&str]) -> bool {
    match condition {
        ["test" | "doctest"] => true,
        ["all", "(", parts @ .., ")"] => arguments(parts).into_iter().any(needs_test),
        ["any", "(", parts @ .., ")"] => arguments(parts).into_iter().all(needs_test),
        _ => false,
    }
}

/// Splits at the commas outside parentheses.
fn arguments<'a, 'b>(parts: &'a [&'b str]) -> Vec<&'a [&'b str]> {
    let mut depth = 0;
    let split = parts.split(|part| {
        match *part {
            "(" => depth += 1,
            ")" => depth -= 1,
            _ => {}
        }
        *part == "," && depth == 0
    });
    split.filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::read;

    /// Reads a file that is the module `a::b`.
    fn check(source: &str, expected: &[&str]) {
        let file = read(source, &["a".to_owned(), "b".to_owned()]);
        let shown: Vec<_> = file.named.iter().map(|n| format!("{}:{}", n.line, n.path.join("::"))).collect();
        assert_eq!(shown, expected, "{source}");
    }

    #[test]
    fn use_declarations() {
        check(
            "use crate::c::D;\nuse crate::{e, f::{self, G, h::*}};",
            &["1:c::D", "2:e", "2:f", "2:f::G", "2:f::h::*"],
        );
        check("use super::c; pub(crate) use super::super::d::E as F;", &["1:a::c", "1:d::E"]);
        check("use std::mem; use ::x::Y; use self::z::W;", &["1:a::b::z::W"]);
        check("use crate::{\n    c,\n    d::E,\n};\nfn f() {}", &["2:c", "3:d::E"]);
    }

    #[test]
    fn inline_paths() {
        check(
            "fn f() -> crate::c::D<u8> { super::e::f::<u8>(self::g::H) }",
            &["1:c::D", "1:a::e::f", "1:a::b::g::H"],
        );
        check("macro_rules! m { () => { $crate::c::d!() } }", &["1:c::d"]);
        check("pub(in crate::a) fn f() { for x in crate::c::D {} }", &["1:c::D"]);
        check("// crate::c\nlet s = \"crate::d\n\"; crate::e()", &["3:e"]);
        check("mod x { use super::super::c::D; }\nuse super::e;", &["1:a::c::D", "2:a::e"]);
    }

    #[test]
    fn test_code_is_left_out() {
        check("#[cfg(test)]\nmod tests { use crate::c; }\nuse crate::d;", &["3:d"]);
        check("#[cfg(test)] use crate::{c, d};\n#[cfg(all(test, unix))] fn f() { crate::e() }", &[]);
        check("#[cfg(test)] #[allow(x)] pub fn f(x: [u8; 2]) { crate::e() } use crate::d;", &["1:d"]);
        check("struct S { #[cfg(test)] x: crate::c::X, y: crate::d::Y }", &["1:d::Y"]);
        check("struct S { y: u8, #[cfg(test)] x: crate::c::X } use crate::d;", &["1:d"]);
        check("#[cfg(not(test))] use crate::c;\n#[cfg(any(test, unix))] use crate::d;", &["1:c", "2:d"]);
        check("//! x\n#![cfg(test)]\nuse crate::c;", &[]);
        let file = read("#[cfg(test)]\nmod tests;\nuse crate::c;", &["a".to_owned()]);
        assert_eq!(file.test_modules, [["a", "tests"]]);
        assert_eq!(file.named.len(), 1);
    }

    #[test]
    fn macros() {
        let file = read("macro_rules! mine { () => {} }\nmine!(); if a != b {} std::println!()", &[]);
        assert_eq!(file.macros, ["mine"]);
        assert_eq!(file.macro_calls, [(2, "mine".to_owned())]);
    }
}
