//! The frame of a page: a single file. Its script searches and unfolds; the page can be read
//! without it.

use super::svg;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// What ends a page without a search field.
pub(super) const END: &str = "</body>\n</html>\n";

/// Returns the start of a page, before its body.
pub(super) fn start(title: &str) -> String {
    let title = super::escape(title);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>\n{}{STYLE}</style>\n</head>\n<body>\n",
        svg::STYLE
    )
}

/// Returns the end of a page with a search field.
pub(super) fn end() -> String {
    format!("<script>\n{SCRIPT}</script>\n</body>\n</html>\n")
}
