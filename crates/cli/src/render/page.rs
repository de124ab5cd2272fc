//! A page for a package: its functions and types, linked with each other and with the
//! specification.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use canonical_abi::explain::{
    ByteEntry, ByteKind, ByteMap, CoreSlot, FlattenedFunc, Reason, byte_map, explain_functype,
};
use canonical_abi::flatten::flatten_types_up_to;
use canonical_abi::{Direction, FuncType, MAX_FLAT_PARAMS, Options, PtrType, Types, ValType, layout};

use super::spec::{self, Section};
use super::wit::Names;
use super::{escape, html, kind_name, size_text, svg};
use crate::abi::length_unit;
use crate::catalog::{Catalog, NamedType};
use crate::functions::Function;

/// The kinds of bytes in the legend.
const LEGEND: [(&str, &str); 7] = [
    ("scalar", "value"),
    ("pointer", "pointer"),
    ("length", "length"),
    ("discriminant", "discriminant"),
    ("payload", "payload of a case"),
    ("more-elements", "more elements"),
    ("padding", "padding or unused by a case"),
];

/// The maximum length of a type that is written with links, in characters.
const SHORT_CHARS: usize = 80;

/// The depth to which named types are written out inside others.
const UNFOLDED_DEPTH: usize = 1;

/// The contents of a page.
pub(crate) struct Package<'a> {
    /// The page's title.
    pub(crate) title: String,
    /// The arena of the types.
    pub(crate) types: &'a Types,
    /// The options of all explanations.
    pub(crate) opts: Options,
    /// The types, in order.
    pub(crate) named: Vec<&'a NamedType>,
    /// The functions, in order.
    pub(crate) functions: Vec<&'a Function>,
}

impl<'a> Package<'a> {
    /// Returns everything that a file describes.
    pub(crate) fn whole(file: &Path, catalog: &'a Catalog, opts: Options) -> Self {
        let (named, functions) = (catalog.named.iter().collect(), catalog.functions.iter().collect());
        Self { title: title(file, catalog), types: &catalog.types, opts, named, functions }
    }

    /// Returns some types, and the functions that use them.
    pub(crate) fn of_types(
        file: &Path,
        catalog: &'a Catalog,
        opts: Options,
        named: Vec<&'a NamedType>,
    ) -> Self {
        let names = Names::new(&catalog.types, named.iter().map(|named| (*named, String::new())));
        let uses = |f: &&Function| component_types(&f.ty).any(|ty| !names.mentions(ty).is_empty());
        let functions = catalog.functions.iter().filter(uses).collect();
        Self { named, functions, ..Self::whole(file, catalog, opts) }
    }

    /// Returns some functions, and the types that they use.
    pub(crate) fn of_functions(
        file: &Path,
        catalog: &'a Catalog,
        opts: Options,
        functions: Vec<&'a Function>,
    ) -> Self {
        let names = Names::new(&catalog.types, catalog.named.iter().map(|named| (named, String::new())));
        let tys = functions.iter().flat_map(|function| component_types(&function.ty));
        let used: BTreeSet<_> = tys.flat_map(|ty| names.mentions(ty)).collect();
        let named = catalog.named.iter().filter(|named| used.contains(&named.ty)).collect();
        Self { named, functions, ..Self::whole(file, catalog, opts) }
    }
}

/// Returns the name of the package if all entries of the catalog are of one, else the name of the
/// file.
fn title(file: &Path, catalog: &Catalog) -> String {
    let owners = catalog.named.iter().map(|named| named.owner.as_str());
    let paths = catalog.functions.iter().filter_map(|function| function.path.first().map(String::as_str));
    let packages: BTreeSet<_> = owners
        .chain(paths)
        .map(|owner| owner.split_once('/').map_or(owner, |(package, _)| package))
        .collect();
    match packages.first() {
        Some(package) if packages.len() == 1 && package.contains(':') => (*package).to_owned(),
        _ => file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
    }
}

fn component_types(ty: &FuncType) -> impl Iterator<Item = ValType> + '_ {
    ty.params.iter().map(|(_, ty)| *ty).chain(ty.result)
}

/// The sections of the page by anchor.
struct Page<'a> {
    package: &'a Package<'a>,
    names: Names<'a>,
    type_anchors: Vec<String>,
    function_anchors: Vec<String>,
    /// Links to the functions and types that mention a named type directly.
    uses: BTreeMap<ValType, Vec<String>>,
}

/// Returns the page.
pub(crate) fn render(package: &Package<'_>) -> String {
    let mut taken = BTreeSet::new();
    let named = package.named.iter();
    let type_anchors: Vec<_> = named.map(|n| anchor(&mut taken, "type", &n.full_name())).collect();
    let functions = package.functions.iter();
    let function_anchors: Vec<_> = functions.map(|f| anchor(&mut taken, "func", &f.full_name())).collect();
    let names = Names::new(package.types, package.named.iter().copied().zip(type_anchors.iter().cloned()));
    let uses = uses(package, &names, &type_anchors, &function_anchors);
    let page = Page { package, names, type_anchors, function_anchors, uses };
    let mut body = String::new();
    write_head(&mut body, &page);
    if !package.functions.is_empty() {
        body.push_str("<h2 id=\"functions\">Functions</h2>\n");
        for (function, anchor) in package.functions.iter().zip(&page.function_anchors) {
            write_function(&mut body, &page, function, anchor);
        }
    }
    if !package.named.is_empty() {
        body.push_str("<h2 id=\"types\">Types</h2>\n");
        for (named, anchor) in package.named.iter().zip(&page.type_anchors) {
            write_type(&mut body, &page, named, anchor);
        }
    }
    let _ = writeln!(
        body,
        "<footer>Made by lowlift {}. Types of equal structure have equal layouts, and go by the name of the first.\
         </footer>",
        env!("CARGO_PKG_VERSION")
    );
    html::page(&package.title, &body)
}

/// Returns links to the users of each type.
fn uses(
    package: &Package<'_>,
    names: &Names<'_>,
    type_anchors: &[String],
    function_anchors: &[String],
) -> BTreeMap<ValType, Vec<String>> {
    let mut uses = BTreeMap::<_, Vec<String>>::new();
    let mut add = |name: String, anchor: &str, mentions: BTreeSet<ValType>| {
        let link = format!("<a href=\"#{anchor}\"><code>{}</code></a>", escape(&name));
        for ty in mentions {
            uses.entry(ty).or_default().push(link.clone());
        }
    };
    for (function, anchor) in package.functions.iter().zip(function_anchors) {
        let mentions = component_types(&function.ty).flat_map(|ty| names.direct_mentions(ty));
        add(function.full_name(), anchor, mentions.collect());
    }
    for (named, anchor) in package.named.iter().zip(type_anchors) {
        add(named.full_name(), anchor, names.mentions_within(named.ty).into_iter().collect());
    }
    uses
}

/// Returns a new anchor of letters, digits and hyphens.
fn anchor(taken: &mut BTreeSet<String>, prefix: &str, name: &str) -> String {
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let base = format!("{prefix}-{plain}");
    let numbered = (2..).map(|n| format!("{base}-{n}"));
    let free = std::iter::once(base.clone()).chain(numbered).find(|anchor| !taken.contains(anchor));
    let free = free.expect("there are more numbers than anchors");
    taken.insert(free.clone());
    free
}

fn write_head(out: &mut String, page: &Page<'_>) {
    let package = page.package;
    let opts = &package.opts;
    let how = match (opts.is_async, opts.has_callback) {
        (false, _) => "synchronous",
        (true, true) => "asynchronous, lifted with a callback",
        (true, false) => "asynchronous, lifted stackful",
    };
    let _ = writeln!(
        out,
        "<h1>{}</h1>\n<p class=\"sub\">Layouts and core signatures with {}-bit pointers; {}; {how}.</p>",
        escape(&package.title),
        8 * opts.ptr.size(),
        escape(length_unit(opts))
    );
    out.push_str(&spec::links(&[
        Section::Despecialization,
        Section::Alignment,
        Section::ElementSize,
        Section::Flattening,
        Section::Loading,
        Section::Storing,
    ]));
    out.push_str("<nav>\n");
    let functions = package.functions.iter().map(|f| f.full_name()).zip(&page.function_anchors);
    write_contents(out, "Functions", functions);
    let types = package.named.iter().map(|n| n.full_name()).zip(&page.type_anchors);
    write_contents(out, "Types", types);
    out.push_str("</nav>\n<p class=\"legend\">");
    for (kind, text) in LEGEND {
        let _ = write!(out, "<span><i class=\"key m-{kind}\"></i>{text}</span> ");
    }
    out.push_str("</p>\n");
}

fn write_contents<'a>(out: &mut String, title: &str, items: impl Iterator<Item = (String, &'a String)>) {
    let items: String = items
        .map(|(name, anchor)| format!("<li><a href=\"#{anchor}\"><code>{}</code></a></li>\n", escape(&name)))
        .collect();
    if !items.is_empty() {
        let _ = write!(out, "<strong>{title}</strong>\n<ul>\n{items}</ul>\n");
    }
}

fn write_function(out: &mut String, page: &Page<'_>, function: &Function, anchor: &str) {
    let package = page.package;
    let ty = &function.ty;
    let params = ty.params.iter();
    let params: Vec<_> =
        params.map(|(label, ty)| format!("{}: {}", escape(label), page.names.html(*ty))).collect();
    let result = ty.result.map(|ty| format!(" -&gt; {}", page.names.html(ty))).unwrap_or_default();
    let keyword = if ty.is_async { "async func" } else { "func" };
    let _ = writeln!(
        out,
        "<section class=\"item\" id=\"{anchor}\">\n<h3><code>{}</code></h3>\n\
         <div class=\"wit\">{keyword}({}){result}</div>",
        escape(&function.full_name()),
        params.join(", ")
    );
    let [lifted, lowered] = [Direction::Lift, Direction::Lower]
        .map(|direction| explain_functype(package.types, ty, &package.opts, direction));
    write_signature(out, &page.names, &lifted, &[]);
    write_signature(out, &page.names, &lowered, &[&lifted.spilled_params, &lifted.spilled_result]);
    out.push_str(&spec::links(&[Section::Flattening, Section::CanonLift, Section::CanonLower]));
    out.push_str("</section>\n");
}

/// Writes a signature, and its spilled values unless they are shown already.
fn write_signature(out: &mut String, names: &Names<'_>, flat: &FlattenedFunc, shown: &[&Option<ByteMap>]) {
    let (title, who) = match flat.direction {
        Direction::Lift => ("Lifted", "the core function that the component exports"),
        Direction::Lower => ("Lowered", "the core function that a component imports"),
    };
    let [params, results] = [&flat.params, &flat.results]
        .map(|slots| slots.iter().map(|slot| slot.ty.name()).collect::<Vec<_>>().join(" "));
    let _ = writeln!(
        out,
        "<h4>{title}: {who}</h4>\n<div class=\"sig\"><code>({params}) → ({results})</code></div>"
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

fn write_type(out: &mut String, page: &Page<'_>, named: &NamedType, anchor: &str) {
    let package = page.package;
    let (types, ptr) = (package.types, package.opts.ptr);
    let map = byte_map(types, named.ty, ptr);
    let _ = writeln!(
        out,
        "<section class=\"item\" id=\"{anchor}\">\n<h3><code>{}</code></h3>\n<div class=\"wit\">{}</div>",
        escape(&named.full_name()),
        page.names.definition_html(named.ty)
    );
    let [small, large] = [PtrType::I32, PtrType::I64].map(|ptr| layout(types, named.ty, ptr));
    let _ = write!(
        out,
        "<p>{}. <span class=\"sub\">With 32-bit pointers {} and {}, with 64-bit pointers {} and \
         {}.</span><br>",
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
        ByteEntry {
            bytes: entry.bytes.clone(),
            path: entry.path.clone(),
            kind: entry.kind.clone(),
            ty: entry.ty,
            entries: folded(names, depth + 1, within),
        }
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
