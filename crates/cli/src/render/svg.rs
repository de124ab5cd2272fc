//! Drawings of byte maps: rows of eight bytes, as memory is often shown. The cases of a variant,
//! which share bytes, are below each other. Offsets are beside the rows, so that a drawing can be
//! read without the table.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::ops::Range;

use canonical_abi::explain::{ByteEntry, ByteKind, ByteMap};

use super::{escape, kind_name};

/// The colours, light and dark, shared with the HTML pages.
pub(super) const STYLE: &str = include_str!("map.css");

const ROW_BYTES: u64 = 8;
const BYTE_WIDTH: usize = 40;
const GUTTER: usize = 44;
const LANE_HEIGHT: usize = 24;
const CHAR_TENTHS: usize = 67;
/// The maximum number of rows drawn. The table shows all.
const MAX_ROWS: usize = 64;
/// The maximum number of cases drawn below each other.
const MAX_LANES: usize = 32;

/// The longest text about the cases of a row, in characters.
const CASE_CHARS: usize = 28;
/// Where the names of cases start, beside the rows.
const CASE_X: usize = GUTTER + 8 * BYTE_WIDTH + 8;
/// The longest line of a title, in characters.
const TITLE_CHARS: usize = 72;

/// Boxes side by side in one row.
#[derive(Default)]
struct Lane<'a> {
    boxes: Vec<&'a ByteEntry>,
    /// The paths of the cases whose payloads these are, the innermost ones.
    cases: Vec<&'a str>,
}

/// Writes a file with the drawings of several maps below each other, each under its name. The maps
/// are made twice: the size of a drawing stands before its contents, and they may be many.
pub(crate) fn file(
    out: &mut dyn Write,
    maps: impl Iterator<Item = (String, ByteMap)> + Clone,
) -> io::Result<()> {
    let (mut width, mut height) = (0, 8);
    for (name, map) in maps.clone() {
        let drawing = titled(&name, &map);
        width = width.max(drawing.width);
        height += drawing.height + 16;
    }
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\">\n<style>\n{STYLE}</style>\n\
         <rect class=\"m-page\" width=\"100%\" height=\"100%\"/>"
    )?;
    let mut y = 8;
    for (name, map) in maps {
        let drawing = titled(&name, &map);
        writeln!(out, "<g transform=\"translate(0 {y})\">\n{}</g>", drawing.body)?;
        y += drawing.height + 16;
    }
    writeln!(out, "</svg>")
}

/// A part of a drawing, and its size.
pub(super) struct Drawing {
    pub(super) body: String,
    pub(super) width: usize,
    pub(super) height: usize,
}

/// Draws a map under its name and size.
fn titled(name: &str, map: &ByteMap) -> Drawing {
    let mut body = String::new();
    let mut y = 0;
    let lines = wrapped(&format!("{name}: {}", super::size_text(map)), TITLE_CHARS);
    for line in &lines {
        let _ = writeln!(body, "<text class=\"m-name\" x=\"4\" y=\"{}\">{}</text>", y + 14, escape(line));
        y += 18;
    }
    let drawn = drawing(map);
    let _ = writeln!(body, "<g transform=\"translate(0 {})\">\n{}</g>", y + 4, drawn.body);
    let longest = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    Drawing { body, width: drawn.width.max(longest * 8 + 12), height: y + 4 + drawn.height }
}

/// Breaks a text into lines of so many characters: after spaces, and within longer words after
/// signs, or anywhere.
pub(super) fn wrapped(text: &str, n_chars: usize) -> Vec<String> {
    let mut lines = vec![(String::new(), 0)];
    for word in text.split_inclusive(' ') {
        let is_long = word.chars().count() > n_chars;
        let signs: &[char] = if is_long { &['/', '.', ':', '@', '<', '-'] } else { &[] };
        for part in word.split_inclusive(signs) {
            let length = part.trim_end().chars().count();
            let (_, used) = lines.last().expect("there is a line from the start");
            if *used > 0 && used + length > n_chars {
                lines.push((String::new(), 0));
            }
            for c in part.chars() {
                let (line, used) = lines.last_mut().expect("there is a line from the start");
                if *used >= n_chars && c != ' ' {
                    lines.push((String::from(c), 1));
                    continue;
                }
                line.push(c);
                *used += 1;
            }
        }
    }
    let lines = lines.into_iter().map(|(line, _)| line.trim_end().to_owned());
    lines.filter(|line| !line.is_empty()).collect()
}

/// Returns the link of an entry's box.
type LinkOf<'a> = dyn Fn(&ByteEntry) -> Option<String> + 'a;

/// Returns the drawing of a map as an element of a page, with boxes that may be links.
pub(super) fn element(map: &ByteMap, label: &str, link_of: &LinkOf<'_>) -> String {
    let Drawing { body, width, height } = draw(map, link_of);
    format!(
        "<svg class=\"map\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-label=\"{}\">\n{body}</svg>\n",
        escape(label)
    )
}

/// Returns the drawing of a map as a part of another one.
pub(super) fn drawing(map: &ByteMap) -> Drawing {
    draw(map, &|_| None)
}

fn draw(map: &ByteMap, link_of: &LinkOf<'_>) -> Drawing {
    let mut out = String::new();
    for i in 0..ROW_BYTES.min(map.size) {
        let x = GUTTER + usize::try_from(i).expect("a row has eight bytes") * BYTE_WIDTH + BYTE_WIDTH / 2;
        let _ = writeln!(out, "<text class=\"m-off\" x=\"{x}\" y=\"11\" text-anchor=\"middle\">+{i}</text>");
    }
    let (mut y, mut width) = (16, GUTTER + 8 * BYTE_WIDTH + 2);
    let n_rows = map.size.div_ceil(ROW_BYTES);
    let (mut row, mut n_drawn) = (0, 0);
    while row < n_rows && n_drawn < MAX_ROWS {
        let bytes = row * ROW_BYTES..((row + 1) * ROW_BYTES).min(map.size);
        let lanes = lanes(&map.entries, &bytes);
        let (height, end) = draw_row(&mut out, y, &bytes, &lanes, link_of);
        y += height;
        width = width.max(end);
        row += 1;
        n_drawn += 1;
        // The middle of a long run of equal rows is left out.
        let end = equal_until(&lanes, &bytes);
        if end > row + 2 {
            y = draw_gap(&mut out, y, end - 1 - row);
            row = end - 1;
        }
    }
    if row < n_rows {
        y = draw_gap(&mut out, y, n_rows - row);
    }
    Drawing { body: out, width, height: y + 2 }
}

/// Returns the end of the rows that look like this one: each lane is filled by the same box. 0 if
/// there are none.
fn equal_until(lanes: &[Lane<'_>], row: &Range<u64>) -> u64 {
    let end = |lane: &Lane<'_>| match lane.boxes[..] {
        [leaf] if leaf.bytes.start <= row.start => leaf.bytes.end / ROW_BYTES,
        _ => 0,
    };
    lanes.iter().map(end).min().unwrap_or(0)
}

/// Returns the bands of a row. Entries that share bytes, the cases of a variant, are below each
/// other, each with all its parts; others are side by side.
fn lanes<'a>(entries: &'a [ByteEntry], row: &Range<u64>) -> Vec<Lane<'a>> {
    // A band has entries that share no bytes, each with its lanes.
    let mut bands: Vec<Vec<(&Range<u64>, Vec<Lane<'a>>)>> = Vec::new();
    for entry in entries.iter().filter(|entry| overlap(&entry.bytes, row)) {
        let inner = lanes_of(entry, row);
        let has_room =
            |band: &Vec<(&Range<u64>, _)>| band.iter().all(|(taken, _)| !overlap(taken, &entry.bytes));
        // Of very many cases, only some are drawn.
        match bands.iter_mut().take(2 * MAX_LANES).find(|band| has_room(band)) {
            Some(band) => band.push((&entry.bytes, inner)),
            None => bands.push(vec![(&entry.bytes, inner)]),
        }
    }
    let mut all = Vec::new();
    for band in bands {
        let first = all.len();
        for (_, inner) in band {
            for (i, lane) in inner.into_iter().enumerate() {
                if first + i == all.len() {
                    all.push(Lane::default());
                }
                all[first + i].boxes.extend(lane.boxes);
                all[first + i].cases.extend(lane.cases);
            }
        }
    }
    all
}

/// Returns the lanes of an entry. Those of a payload are of its case, if not of a case within.
fn lanes_of<'a>(entry: &'a ByteEntry, row: &Range<u64>) -> Vec<Lane<'a>> {
    let mut inner = match entry.entries.is_empty() {
        true => vec![Lane { boxes: vec![entry], cases: Vec::new() }],
        false => lanes(&entry.entries, row),
    };
    if matches!(entry.kind, ByteKind::Payload { .. }) {
        for lane in inner.iter_mut().filter(|lane| lane.cases.is_empty()) {
            lane.cases.push(&entry.path);
        }
    }
    inner
}

fn overlap(a: &Range<u64>, b: &Range<u64>) -> bool {
    a.start < b.end && b.start < a.end
}

/// Draws a row, and returns its height and where it ends to the right.
fn draw_row(
    out: &mut String,
    y: usize,
    row: &Range<u64>,
    lanes: &[Lane<'_>],
    link_of: &LinkOf<'_>,
) -> (usize, usize) {
    let n_shown = lanes.len().min(MAX_LANES);
    let mut end = 0;
    for (i, lane) in lanes[..n_shown].iter().enumerate() {
        end = end.max(draw_cases(out, y + i * LANE_HEIGHT, lane));
        for entry in &lane.boxes {
            let part = entry.bytes.start.max(row.start)..entry.bytes.end.min(row.end);
            let link = link_of(entry);
            if let Some(target) = &link {
                let _ = write!(out, "<a href=\"#{}\">", escape(target));
            }
            draw_box(out, y + i * LANE_HEIGHT, row.start, &part, entry);
            out.push_str(if link.is_some() { "</a>\n" } else { "" });
        }
    }
    let mid = y + LANE_HEIGHT / 2 + 4;
    let _ = writeln!(
        out,
        "<text class=\"m-off\" x=\"{}\" y=\"{mid}\" text-anchor=\"end\">{}</text>",
        GUTTER - 6,
        row.start
    );
    let mut height = n_shown.max(1) * LANE_HEIGHT;
    if n_shown < lanes.len() {
        let n_hidden = lanes.len() - n_shown;
        let y = y + height + 14;
        let _ = writeln!(
            out,
            "<text class=\"m-off\" x=\"{GUTTER}\" y=\"{y}\">… and {n_hidden} more lines, in the table</text>"
        );
        height += LANE_HEIGHT;
    }
    (height + 4, end)
}

/// Writes the cases of a lane beside it, and returns where the text ends.
fn draw_cases(out: &mut String, y: usize, lane: &Lane<'_>) -> usize {
    if lane.cases.is_empty() {
        return 0;
    }
    let text = fit(&[lane.cases.join(", ")], CASE_CHARS);
    let y = y + LANE_HEIGHT / 2 + 3;
    let _ = writeln!(out, "<text class=\"m-off\" x=\"{CASE_X}\" y=\"{y}\">{}</text>", escape(&text));
    CASE_X + text.chars().count() * CHAR_TENTHS / 10 + 4
}

fn draw_box(out: &mut String, y: usize, row_start: u64, part: &Range<u64>, leaf: &ByteEntry) {
    let column =
        |offset: u64| usize::try_from(offset - row_start).expect("a row has eight bytes") * BYTE_WIDTH;
    let (x, width) = (GUTTER + column(part.start), column(part.end) - column(part.start));
    let what = format!("{}..{} {} {}", leaf.bytes.start, leaf.bytes.end, leaf.path, leaf.kind);
    let label = fit(&labels(leaf), (width - 6) * 10 / CHAR_TENTHS);
    let _ = writeln!(
        out,
        "<g><title>{}</title><rect class=\"m-{}\" x=\"{}\" y=\"{y}\" width=\"{}\" height=\"{}\" rx=\"3\"/>\
         <text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text></g>",
        escape(&what),
        kind_name(&leaf.kind),
        x + 1,
        width - 2,
        LANE_HEIGHT - 2,
        x + width / 2,
        y + LANE_HEIGHT / 2 + 3,
        escape(&label)
    );
}

/// Draws a gap for rows that are left out, and returns the position of the next row.
fn draw_gap(out: &mut String, y: usize, n_rows: u64) -> usize {
    let _ = writeln!(
        out,
        "<text class=\"m-off\" x=\"{GUTTER}\" y=\"{}\">⋮ {} more bytes</text>",
        y + 14,
        n_rows * ROW_BYTES
    );
    y + LANE_HEIGHT
}

/// Returns the possible labels of a box, the longest first.
fn labels(leaf: &ByteEntry) -> Vec<String> {
    let path = leaf.path.as_str();
    let last = path.rsplit('.').next().unwrap_or(path);
    let last_two = path.rmatch_indices('.').nth(1).map_or(path, |(dot, _)| &path[dot + 1..]);
    let with = |what: &str| -> Vec<String> {
        [path, last_two, last, ""]
            .map(|path| format!("{path} {what}").trim().to_owned())
            .into_iter()
            .collect()
    };
    let of_type = |ty: &str| match path {
        "" => vec![ty.to_owned(), ty.split(' ').next().unwrap_or(ty).to_owned()],
        _ => vec![format!("{path}: {ty}"), format!("{last_two}: {ty}"), last_two.to_owned(), last.to_owned()],
    };
    match &leaf.kind {
        ByteKind::Compound { ty } | ByteKind::Scalar { ty } | ByteKind::Flags { ty, labels: _ } => {
            of_type(ty)
        }
        ByteKind::Pointer { .. } => with("pointer").into_iter().chain(with("ptr")).collect(),
        ByteKind::Length { .. } => with("length").into_iter().chain(with("len")).collect(),
        ByteKind::Discriminant { .. } => {
            let mut all = with("discriminant");
            all.push("case".to_owned());
            all
        }
        ByteKind::Payload { case: _, ty } => of_type(ty),
        ByteKind::MoreElements { count, .. } => vec![format!("{path}: {count} more"), path.to_owned()],
        ByteKind::Unused { cases } => {
            vec![format!("unused by {}", cases.join(", ")), "unused".to_owned(), "–".to_owned()]
        }
        ByteKind::Padding => vec!["padding".to_owned(), "pad".to_owned()],
        ByteKind::Elided => vec!["…".to_owned()],
    }
}

/// Returns the longest label that fits, or the start of the shortest.
fn fit(labels: &[String], n_chars: usize) -> String {
    let mut by_length: Vec<_> = labels.iter().filter(|label| !label.is_empty()).collect();
    by_length.sort_by_key(|label| std::cmp::Reverse(label.chars().count()));
    if let Some(label) = by_length.iter().find(|label| label.chars().count() <= n_chars) {
        return (*label).clone();
    }
    let shortest = by_length.last().map_or("", |label| label.as_str());
    let kept: String = shortest.chars().take(n_chars.saturating_sub(1)).collect();
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn long_titles_are_broken() {
        let check = |text, n_chars, lines: &[&str]| assert_eq!(wrapped(text, n_chars), lines);
        check("a:b/c.f: func(x: u8)", 30, &["a:b/c.f: func(x: u8)"]);
        check("a:b/c.f: func(x: u8)", 14, &["a:b/c.f:", "func(x: u8)"]);
        check("wasi:filesystem/types.error", 12, &["wasi:", "filesystem/", "types.error"]);
        check("abcdefgh", 3, &["abc", "def", "gh"]);
        check("", 3, &[]);
    }
}
