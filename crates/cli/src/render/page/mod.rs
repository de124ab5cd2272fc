//! A page for a package: its functions and types, linked with each other and with the
//! specification.
//!
//! What was asked for comes first. The rest stands below its interface, which is folded in if there
//! is much; functions of a resource stand together. A search field hides what does not match.

mod items;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;

use canonical_abi::{Options, ValType};

use self::items::{write_function, write_type};
use super::spec::{self, Section};
use super::wit::Names;
use super::{escape, html};
use crate::abi::{AbiArgs, length_unit};
use crate::catalog::{Catalog, NamedType};
use crate::fold::Folds;
use crate::functions::Function;
use crate::pick::{Named as _, Scope};
use crate::signatures::{Described, component_types};

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

/// The most items of a page whose interfaces are all open.
const MAX_OPEN_ITEMS: usize = 40;

/// The contents of a page.
pub(crate) struct Package<'a> {
    /// The page's title.
    title: String,
    catalog: &'a Catalog,
    /// The options of layouts, and of functions that have none of their own.
    opts: Options,
    /// The types, in order.
    named: Vec<&'a NamedType>,
    /// The functions, in order.
    functions: Vec<Described<'a>>,
    /// How many of the types were asked for, the first ones.
    n_asked_types: usize,
    /// How many of the functions were asked for, the first ones.
    n_asked_functions: usize,
    folds: Folds,
}

impl<'a> Package<'a> {
    /// Returns everything that a file describes, within the scope.
    pub(crate) fn whole(file: &Path, catalog: &'a Catalog, abi: &AbiArgs, scope: &Scope<'_>) -> Self {
        let named = scope.listed(&catalog.named).unwrap_or_default();
        let functions = scope.listed(&catalog.functions).unwrap_or_default();
        Self::new(title(file, catalog), catalog, abi, named, functions)
    }

    /// Returns some types, and the functions that use them.
    pub(crate) fn of_types(
        file: &Path,
        catalog: &'a Catalog,
        abi: &AbiArgs,
        named: Vec<&'a NamedType>,
    ) -> Self {
        let names = Names::new(&catalog.types, named.iter().map(|named| (*named, String::new())));
        let uses = |f: &&Function| component_types(&f.ty).any(|ty| !names.mentions(ty).is_empty());
        let functions = catalog.functions.iter().filter(uses).collect();
        let n_asked_types = named.len();
        Self { n_asked_types, ..Self::new(title(file, catalog), catalog, abi, named, functions) }
    }

    /// Returns some functions, and the types that they use.
    pub(crate) fn of_functions(
        file: &Path,
        catalog: &'a Catalog,
        abi: &AbiArgs,
        functions: Vec<&'a Function>,
    ) -> Self {
        let names = Names::new(&catalog.types, catalog.named.iter().map(|named| (named, String::new())));
        let tys = functions.iter().flat_map(|function| component_types(&function.ty));
        let used: BTreeSet<_> = tys.flat_map(|ty| names.mentions(ty)).collect();
        let is_used = |named: &&NamedType| named.is_listed() && used.contains(&named.ty);
        let named = catalog.named.iter().filter(is_used).collect();
        let n_asked_functions = functions.len();
        Self { n_asked_functions, ..Self::new(title(file, catalog), catalog, abi, named, functions) }
    }

    fn new(
        title: String,
        catalog: &'a Catalog,
        abi: &AbiArgs,
        named: Vec<&'a NamedType>,
        functions: Vec<&'a Function>,
    ) -> Self {
        let listed = || named.iter().map(|named| named.ty);
        let roots = listed().chain(functions.iter().flat_map(|function| component_types(&function.ty)));
        let folds = Folds::new(&catalog.types, roots, listed());
        let described = |function: &&'a Function| {
            let abi = if function.ty.is_async { abi.clone() } else { abi.without_async() };
            Described::new(catalog, function, &abi)
        };
        let functions = functions.iter().map(described).collect();
        let opts = abi.options();
        Self { title, catalog, opts, named, functions, n_asked_types: 0, n_asked_functions: 0, folds }
    }

    /// Returns whether so much is there that interfaces are folded in.
    fn is_large(&self) -> bool {
        self.named.len() + self.functions.len() > MAX_OPEN_ITEMS
    }
}

/// Returns the name of the package if all entries of the catalog are of one, else the name of the
/// file.
fn title(file: &Path, catalog: &Catalog) -> String {
    if let Some(main) = &catalog.main {
        return main.split('@').next().unwrap_or(main).to_owned();
    }
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

/// The sections of the page by anchor.
struct Page<'a> {
    package: &'a Package<'a>,
    names: Names<'a>,
    type_anchors: Vec<String>,
    function_anchors: Vec<String>,
    /// Links to the functions and types that mention a named type directly.
    uses: BTreeMap<ValType, Vec<String>>,
}

/// A section of a page, by its position among the functions or types.
#[derive(Clone, Copy)]
enum PageItem {
    Function(usize),
    Type(usize),
}

/// What stands together: the items of an interface or world.
#[derive(Default)]
struct Group {
    types: Vec<usize>,
    functions: Vec<usize>,
    /// By resource, in order.
    resources: Vec<(String, Vec<usize>)>,
}

/// Writes the page.
pub(crate) fn render(out: &mut dyn Write, package: &Package<'_>) -> io::Result<()> {
    let mut taken = BTreeSet::new();
    let named = package.named.iter();
    let type_anchors: Vec<_> = named.map(|n| anchor(&mut taken, "type", &n.full_name())).collect();
    let functions = package.functions.iter();
    let function_anchors: Vec<_> =
        functions.map(|f| anchor(&mut taken, "func", &f.function.full_name())).collect();
    let types = &package.catalog.types;
    let names = Names::new(types, package.named.iter().copied().zip(type_anchors.iter().cloned()));
    let uses = uses(package, &names, &type_anchors, &function_anchors);
    let page = Page { package, names, type_anchors, function_anchors, uses };
    let groups = groups(package);
    out.write_all(html::start(&package.title).as_bytes())?;
    out.write_all(head(&page, &groups).as_bytes())?;
    let asked = (0..package.n_asked_functions).map(PageItem::Function);
    for item in asked.chain((0..package.n_asked_types).map(PageItem::Type)) {
        write_item(out, &page, item)?;
    }
    for (i, (owner, group)) in groups.iter().enumerate() {
        write_group(out, &page, i, owner, group)?;
    }
    writeln!(
        out,
        "<footer>Made by lowlift {}. Types of equal structure have equal layouts, and go by the name of the first.\
         </footer>",
        env!("CARGO_PKG_VERSION")
    )?;
    out.write_all(html::end().as_bytes())
}

/// Returns what was not asked for, by interface or world: in the order of the file, or by name if
/// there is much.
fn groups<'a>(package: &'a Package<'_>) -> Vec<(&'a str, Group)> {
    let mut groups: Vec<(&str, Group)> = Vec::new();
    let mut positions = BTreeMap::new();
    let mut group_of = |groups: &mut Vec<(&'a str, Group)>, owner: &'a str| -> usize {
        *positions.entry(owner).or_insert_with(|| {
            groups.push((owner, Group::default()));
            groups.len() - 1
        })
    };
    for (i, named) in package.named.iter().enumerate().skip(package.n_asked_types) {
        let at = group_of(&mut groups, &named.owner);
        groups[at].1.types.push(i);
    }
    for (i, described) in package.functions.iter().enumerate().skip(package.n_asked_functions) {
        let (owner, name) = described.function.place();
        let at = group_of(&mut groups, owner);
        let group = &mut groups[at].1;
        match resource_of(name) {
            None => group.functions.push(i),
            Some(resource) => match group.resources.iter_mut().find(|(name, _)| name == resource) {
                Some((_, functions)) => functions.push(i),
                None => group.resources.push((resource.to_owned(), vec![i])),
            },
        }
    }
    if package.is_large() {
        groups.sort_by_key(|(owner, _)| *owner);
    }
    groups
}

/// Returns the resource that a function is of: `[method]blob.read`, `[constructor]blob`.
fn resource_of(name: &str) -> Option<&str> {
    let (_, rest) = name.strip_prefix('[')?.split_once(']')?;
    Some(rest.split('.').next().unwrap_or(rest))
}

fn write_group(
    out: &mut dyn Write,
    page: &Page<'_>,
    number: usize,
    owner: &str,
    group: &Group,
) -> io::Result<()> {
    let open = if page.package.is_large() { "" } else { " open" };
    let title = if owner.is_empty() { "The component itself" } else { owner };
    writeln!(
        out,
        "<details class=\"owner\" id=\"group-{number}\"{open}>\n<summary><h2><code>{}</code></h2> <span \
         class=\"sub\">{}</span></summary>",
        escape(title),
        counts(group)
    )?;
    for i in &group.functions {
        write_item(out, page, PageItem::Function(*i))?;
    }
    for (resource, functions) in &group.resources {
        writeln!(out, "<div class=\"resource\">\n<h3>resource <code>{}</code></h3>", escape(resource))?;
        for i in functions {
            write_item(out, page, PageItem::Function(*i))?;
        }
        writeln!(out, "</div>")?;
    }
    for i in &group.types {
        write_item(out, page, PageItem::Type(*i))?;
    }
    writeln!(out, "</details>")
}

fn counts(group: &Group) -> String {
    let count = |n: usize, noun: &str| match n {
        0 => None,
        1 => Some(format!("1 {noun}")),
        n => Some(format!("{n} {noun}s")),
    };
    let of_resources: usize = group.resources.iter().map(|(_, functions)| functions.len()).sum();
    let counts = [
        count(group.functions.len() + of_resources, "function"),
        count(group.resources.len(), "resource"),
        count(group.types.len(), "type"),
    ];
    counts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn write_item(out: &mut dyn Write, page: &Page<'_>, item: PageItem) -> io::Result<()> {
    let mut text = String::new();
    match item {
        PageItem::Function(i) => {
            write_function(&mut text, page, &page.package.functions[i], &page.function_anchors[i]);
        }
        PageItem::Type(i) => write_type(&mut text, page, page.package.named[i], &page.type_anchors[i]),
    }
    out.write_all(text.as_bytes())
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
        let function = function.function;
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

/// Returns the head of the page: what it is about, the search field, and the contents.
fn head(page: &Page<'_>, groups: &[(&str, Group)]) -> String {
    let package = page.package;
    let opts = &package.opts;
    let how = match (opts.is_async, opts.has_callback) {
        (false, _) => "synchronous",
        (true, true) => "asynchronous, lifted with a callback",
        (true, false) => "asynchronous, lifted stackful",
    };
    let mut out = format!(
        "<h1>{}</h1>\n<p class=\"sub\">Layouts and core signatures with {}-bit pointers; {}; {how}.</p>\n",
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
    if let Some(remark) = package.folds.remark() {
        let _ = writeln!(out, "<p class=\"sub\">{}</p>", escape(&remark));
    }
    out.push_str(
        "<p class=\"search\"><input type=\"search\" id=\"search\" placeholder=\"Search\" \
         aria-label=\"Search functions and types\"/></p>\n<nav>\n",
    );
    let asked = (0..package.n_asked_functions).map(PageItem::Function);
    let asked: Vec<_> = asked.chain((0..package.n_asked_types).map(PageItem::Type)).collect();
    if !asked.is_empty() {
        let _ =
            writeln!(out, "<ul>\n{}</ul>", asked.iter().map(|item| entry(page, *item)).collect::<String>());
    }
    let open = if package.is_large() { "" } else { " open" };
    for (number, (owner, group)) in groups.iter().enumerate() {
        let title = if owner.is_empty() { "The component itself" } else { owner };
        let functions = group.functions.iter().chain(group.resources.iter().flat_map(|(_, all)| all));
        let items = functions.map(|i| PageItem::Function(*i));
        let items = items.chain(group.types.iter().map(|i| PageItem::Type(*i)));
        let _ = writeln!(
            out,
            "<details class=\"contents\"{open}>\n<summary><a href=\"#group-{number}\"><code>{}</code></a> <span \
             class=\"sub\">{}</span></summary>\n<ul>\n{}</ul>\n</details>",
            escape(title),
            counts(group),
            items.map(|item| entry(page, item)).collect::<String>()
        );
    }
    out.push_str("</nav>\n<p class=\"legend\">");
    for (kind, text) in LEGEND {
        let _ = write!(out, "<span><i class=\"key m-{kind}\"></i>{text}</span> ");
    }
    out.push_str("</p>\n");
    out
}

/// Returns an entry of the contents.
fn entry(page: &Page<'_>, item: PageItem) -> String {
    let (full, name, anchor) = match item {
        PageItem::Function(i) => {
            let function = page.package.functions[i].function;
            (function.full_name(), function.place().1, &page.function_anchors[i])
        }
        PageItem::Type(i) => {
            let named = page.package.named[i];
            (named.full_name(), named.name.as_str(), &page.type_anchors[i])
        }
    };
    let (full, name) = (escape(&full.to_lowercase()), escape(name));
    format!("<li data-name=\"{full}\"><a href=\"#{anchor}\"><code>{name}</code></a></li>\n")
}
