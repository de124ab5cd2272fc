//! When a failure's text counts as the text that the suite expects.
//!
//! An engine is free to say more: the expected text must occur in its own. Two liberties are taken, and no others.
//! The case of ASCII letters does not count, because the suite once spells a name in another case than the
//! component does (`validation/kebab.wast`). And the text format is no engine's affair: its parser belongs to this
//! runner, so that its words for a fault are known here.

/// What the suite says of a fault in the text, and what the runner's parser says of the same.
const TEXT_PARSER: &[(&str, &str)] = &[
    ("unexpected token", "duplicate `implements` attribute"),
    ("unexpected token", "duplicate `external-id` attribute"),
];

/// Returns whether an engine's `message` says what the suite expects.
pub(crate) fn engine_says(message: &str, expected: &str) -> bool {
    message.to_ascii_lowercase().contains(&expected.to_ascii_lowercase())
}

/// Returns whether the text parser's `message` says what the suite expects.
pub(crate) fn parser_says(message: &str, expected: &str) -> bool {
    let is_known = |(suite, parser): &(&str, &str)| *suite == expected && message.contains(parser);
    engine_says(message, expected) || TEXT_PARSER.iter().any(is_known)
}

#[cfg(test)]
mod tests {
    use super::{engine_says, parser_says};

    #[test]
    fn more_words_and_another_case_are_fine() {
        let conflict = "import name `FOOB-ar` conflicts with previous name `foo-bar` (at offset 0x1f)";
        assert!(engine_says(conflict, "import name `foob-ar` conflicts with previous name `foo-bar`"));
        assert!(!engine_says(conflict, "import name `foob-ar` conflicts with previous name `foobar`"));
        assert!(!engine_says("unreachable", "unreachable executed"));
    }

    #[test]
    fn the_parsers_words_are_for_one_text_only() {
        assert!(parser_says("duplicate `external-id` attribute", "unexpected token"));
        assert!(!parser_says("duplicate `external-id` attribute", "invalid string escape"));
        assert!(!engine_says("duplicate `external-id` attribute", "unexpected token"));
    }
}
