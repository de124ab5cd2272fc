//! The sections of a page: one for each function and type.

use std::fmt::Write as _;

use canonical_abi::explain::{ByteEntry, ByteKind, ByteMap, CoreSlot, FlattenedFunc, Reason, byte_map_with};
use canonical_abi::flatten::flatten_types_up_to;
use canonical_abi::{MAX_FLAT_PARAMS, PtrType, ValType, layout, symbolic_layout};

use super::super::spec::{self, Section};
use super::super::wit::Names;
use super::super::{escape, kind_name, role_text, size_text, svg};
use super::Page;
use crate::abi::{lowered_text, options_text};
use crate::catalog::NamedType;
use crate::core_names::{CoreNames, ImportName};
use crate::signatures::{Described, Own, with_view};

/// The maximum length of a type that is written with links, in characters.
const SHORT_CHARS: usize = 80;

/// The depth to which named types are written out inside others.
const UNFOLDED_DEPTH: usize = 1;

pub(super) fn write_function(out: &mut String, page: &Page<'_>, described: &Described<'_>, anchor: &str) {
    let package = page.package;
    let function = described.function;
    let ty = &function.ty;
    let params = ty.params.iter();
    let params: Vec<_> =
        params.map(|(label, ty)| format!("{}: {}", escape(label), page.names.html(*ty))).collect();
    let result = ty.result.map(|ty| format!(" -&gt; {}", page.names.html(ty))).unwrap_or_default();
    let keyword = if ty.is_async { "async func" } else { "func" };
    let _ = writeln!(
        out,
        "<section class=\"item\" id=\"{anchor}\" data-name=\"{}\">\n<h3><code>{}</code></h3>\n\
         <div class=\"wit\">{keyword}({}){result}</div>",
        escape(&function.full_name().to_lowercase()),
        escape(&function.full_name()),
        params.join(", ")
    );
    match described.own {
        Some(Own::Lifts) => {
            let text = options_text(&described.opts);
            let _ = writeln!(out, "<p class=\"sub\">As this component lifts it: {text}.</p>");
        }
        Some(Own::Lowers) => {
            let text = lowered_text(&described.opts);
            let _ = writeln!(out, "<p class=\"sub\">As this component lowers it: {text}.</p>");
        }
        None => {}
    }
    write_core_names(out, &described.names);
    let signatures =
        with_view(package.catalog, &package.folds, described.owner(), |view| described.signatures(view));
    for (i, flat) in signatures.iter().enumerate() {
        let before = signatures[..i].iter();
        let shown: Vec<_> = before.flat_map(|flat| [&flat.spilled_params, &flat.spilled_result]).collect();
        write_signature(out, &page.names, flat, &shown);
    }
    out.push_str(&spec::links(&[Section::Flattening, Section::CanonLift, Section::CanonLower]));
    out.push_str("</section>\n");
}

fn write_core_names(out: &mut String, names: &CoreNames) {
    let code = |name: &String| format!("<code>{}</code>", escape(name));
    let import = |(module, field): &ImportName| format!("{} {}", code(module), code(field));
    let all = |names: &[String]| names.iter().map(code).collect::<Vec<_>>().join(" or ");
    let imports = |names: &[ImportName]| names.iter().map(import).collect::<Vec<_>>().join(" or ");
    let lines = [
        ("export", all(&names.export)),
        ("post-return", all(&names.post_return)),
        ("callback", all(&names.callback)),
        ("task.return", imports(&names.task_return)),
        ("import", imports(&names.import)),
    ];
    out.push_str("<dl class=\"core-names\">");
    for (what, names) in lines.iter().filter(|(_, names)| !names.is_empty()) {
        let _ = write!(out, "<div><dt>{what}</dt> <dd>{names}</dd></div>");
    }
    out.push_str("</dl>\n");
}

/// Writes a signature, and its spilled values unless they are shown already.
fn write_signature(out: &mut String, names: &Names<'_>, flat: &FlattenedFunc, shown: &[&Option<ByteMap>]) {
    let [params, results] = [&flat.params, &flat.results]
        .map(|slots| slots.iter().map(|slot| slot.ty.name()).collect::<Vec<_>>().join(" "));
    let _ = writeln!(
        out,
        "<h4>{}</h4>\n<div class=\"sig\"><code>({params}) → ({results})</code></div>",
        role_text(flat.role)
    );
    if !flat.params.is_empty() || !flat.results.is_empty() {
        out.push_str("<table>\n<tr><th>core value</th><th>carries</th><th>of</th></tr>\n");
        write_slots(out, names, "param", &flat.params);
        write_slots(out, names, "result", &flat.results);
        out.push_str("</table>\n");
    }
    for map in [&flat.spilled_params, &flat.spilled_result].into_iter().flatten() {
        if shown.iter().any(|other| other.as_ref() == Some(map)) {
            let _ = writeln!(out, "<p class=\"sub\">{}: as above</p>", escape(&map.ty));
            continue;
        }
        let _ = writeln!(out, "<p class=\"sub\">{}: {}</p>", escape(&map.ty), size_text(map));
        write_map(out, names, map, &map.ty);
    }
}

fn write_slots(out: &mut String, names: &Names<'_>, what: &str, slots: &[CoreSlot]) {
    for (i, slot) in slots.iter().enumerate() {
        let mut lines = Vec::new();
        if let Reason::Flat(sources) = &slot.reason
            && !sources.is_empty()
        {
            for source in sources {
                let joined = match (source.ty == slot.ty, sources.len()) {
                    (false, _) => format!(", joined: {} as {}", source.ty, slot.ty),
                    (true, 1) => String::new(),
                    (true, _) => ", joined".to_owned(),
                };
                lines.push((
                    path_html(&source.path),
                    format!("{}{joined}", what_html(names, &source.what, Some(source.of))),
                ));
            }
        } else {
            lines.push((String::new(), escape(&slot.reason.to_string())));
        }
        for (j, (path, text)) in lines.iter().enumerate() {
            let head = if j == 0 { format!("{what} {i}: {}", slot.ty) } else { String::new() };
            let _ = writeln!(
                out,
                "<tr><td class=\"n\">{head}</td><td>{text}</td><td class=\"p\">{path}</td></tr>"
            );
        }
    }
}

pub(super) fn write_type(out: &mut String, page: &Page<'_>, named: &NamedType, anchor: &str) {
    let package = page.package;
    let (types, ptr) = (&package.catalog.types, package.opts.ptr);
    let map =
        with_view(package.catalog, &package.folds, &named.owner, |view| byte_map_with(view, named.ty, ptr));
    let _ = writeln!(
        out,
        "<section class=\"item\" id=\"{anchor}\" data-name=\"{}\">\n<h3><code>{}</code></h3>\n<div \
         class=\"wit\">{}</div>",
        escape(&named.full_name().to_lowercase()),
        escape(&named.full_name()),
        page.names.definition_html(named.ty)
    );
    let [small, large] = [PtrType::I32, PtrType::I64].map(|ptr| layout(types, named.ty, ptr));
    let (size, align) = symbolic_layout(types, named.ty);
    let _ = write!(
        out,
        "<p>{}. <span class=\"sub\">With 32-bit pointers {} and {}, with 64-bit pointers {} and {}, with any \
         {size} and {align}.</span><br>",
        size_text(&map),
        small.size(),
        small.align(),
        large.size(),
        large.align()
    );
    match flatten_types_up_to(types, &[named.ty], ptr, MAX_FLAT_PARAMS) {
        Some(flat) => {
            let flat: Vec<_> = flat.iter().map(|ty| ty.name()).collect();
            let _ = writeln!(out, "Flat: <code>{}</code>.</p>", flat.join(" "));
        }
        None => {
            let _ = writeln!(out, "Flattens to more than {MAX_FLAT_PARAMS} core values.</p>");
        }
    }
    write_map(out, &page.names, &map, &named.full_name());
    if let Some(uses) = page.uses.get(&named.ty) {
        let _ = writeln!(out, "<p class=\"sub\">Used by {}</p>", uses.join(", "));
    }
    out.push_str("</section>\n");
}

/// Writes a byte map as a drawing and as a table with the same contents.
fn write_map(out: &mut String, names: &Names<'_>, map: &ByteMap, label: &str) {
    out.push_str("<figure>\n");
    let drawn = ByteMap { ty: map.ty.clone(), entries: folded(names, 0, &map.entries), ..*map };
    let link_of = |entry: &ByteEntry| {
        let anchor =
            entry.ty.filter(|_| matches!(entry.kind, ByteKind::Compound { .. } | ByteKind::Payload { .. }));
        anchor.and_then(|ty| names.anchor(ty)).map(str::to_owned)
    };
    out.push_str(&svg::element(&drawn, &format!("The bytes of {label}"), &link_of));
    out.push_str("<table>\n<tr><th>bytes</th><th>size</th><th>part</th><th>what</th></tr>\n");
    write_entries(out, names, 0, &map.entries);
    out.push_str("</table>\n</figure>\n");
}

/// Returns the entries of the table: without the contents of types that [`is_unfolded`] leaves
/// closed.
fn folded(names: &Names<'_>, depth: usize, entries: &[ByteEntry]) -> Vec<ByteEntry> {
    let fold = |entry: &ByteEntry| {
        let within: &[_] = if is_unfolded(names, depth, entry) { &entry.entries } else { &[] };
        entry.with_entries(folded(names, depth + 1, within))
    };
    entries.iter().map(fold).collect()
}

/// Returns whether the parts of an entry are shown. A type deep inside another has a section of its
/// own, to which its row and box link. If it were written out in every type around it, pages of
/// nested types would grow with the square of their number.
fn is_unfolded(names: &Names<'_>, depth: usize, entry: &ByteEntry) -> bool {
    depth < UNFOLDED_DEPTH || !entry.ty.is_some_and(|ty| names.has_section(ty))
}

fn write_entries(out: &mut String, names: &Names<'_>, depth: usize, entries: &[ByteEntry]) {
    for entry in entries {
        let size = entry.bytes.end - entry.bytes.start;
        let range = match size {
            1 => entry.bytes.start.to_string(),
            _ => format!("{}..{}", entry.bytes.start, entry.bytes.end),
        };
        let indent = 0.7 * f64::from(u32::try_from(depth.min(12)).expect("at most 12"));
        let _ = writeln!(
            out,
            "<tr><td class=\"n\">{range}</td><td class=\"n\">{size}</td>\
             <td class=\"p\" style=\"padding-left:{:.1}rem\">{}</td>\
             <td><i class=\"key m-{}\"></i>{}</td></tr>",
            indent + 0.4,
            path_html(&entry.path),
            kind_name(&entry.kind),
            what_html(names, &entry.kind.to_string(), named_type(entry))
        );
        if is_unfolded(names, depth, entry) {
            write_entries(out, names, depth + 1, &entry.entries);
        }
    }
}

/// Returns a path that may be broken after its dots.
fn path_html(path: &str) -> String {
    escape(path).replace('.', ".<wbr>")
}

/// Returns the description of a part, with its type linked by name if that is short.
fn what_html(names: &Names<'_>, what: &str, ty: Option<ValType>) -> String {
    let linked = ty.map(|ty| names.html(ty));
    match linked {
        Some(linked) if linked.contains("<a ") && n_shown_chars(&linked) <= SHORT_CHARS => {
            format!("{}{linked}", escape(role(what)))
        }
        Some(_) | None => escape(what),
    }
}

/// Returns the words of an explanation before a type: `pointer of `, `case 1: `. No type starts
/// like this.
fn role(what: &str) -> &str {
    if what.starts_with("case ") {
        return what.split_inclusive(": ").next().unwrap_or(what);
    }
    let roles = ["pointer of ", "length of ", "discriminant of "];
    roles.into_iter().find(|role| what.starts_with(role)).unwrap_or_default()
}

/// Returns the number of characters of HTML outside tags.
fn n_shown_chars(html: &str) -> usize {
    html.split('<').map(|part| part.rsplit('>').next().map_or(0, |text| text.chars().count())).sum()
}

/// Returns the type at the end of an entry's kind.
fn named_type(entry: &ByteEntry) -> Option<ValType> {
    match entry.kind {
        ByteKind::Compound { .. }
        | ByteKind::Scalar { .. }
        | ByteKind::Flags { .. }
        | ByteKind::Pointer { .. }
        | ByteKind::Length { .. }
        | ByteKind::Payload { .. } => entry.ty,
        ByteKind::Discriminant { .. }
        | ByteKind::MoreElements { .. }
        | ByteKind::Unused { .. }
        | ByteKind::Padding
        | ByteKind::Elided => None,
    }
}
