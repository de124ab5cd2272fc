//! The frame of a page: a single file without scripts.

use super::svg;

const STYLE: &str = include_str!("page.css");

/// What ends a page.
pub(super) const END: &str = "</body>\n</html>\n";

/// Returns a page.
pub(crate) fn page(title: &str, body: &str) -> String {
    start(title) + body + END
}

/// Returns what is before the body of a page.
pub(super) fn start(title: &str) -> String {
    let title = super::escape(title);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>\n{}{STYLE}</style>\n</head>\n<body>\n",
        svg::STYLE
    )
}
