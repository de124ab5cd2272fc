//! `lowlift layout`: the position of each byte of each type in linear memory.

use std::collections::HashSet;
use std::io::{self, Write};
use std::path::PathBuf;

use canonical_abi::Options;
use canonical_abi::explain::{ByteMap, TableStyle, byte_map_with};

use crate::abi::{AbiArgs, Format};
use crate::catalog::{self, Catalog, NamedType};
use crate::failure::Failure;
use crate::fold::Folds;
use crate::gates::GateArgs;
use crate::output::OutputArgs;
use crate::pick::Scope;
use crate::render::page::{self, Package};
use crate::render::{json, svg, text};
use crate::signatures::with_view;

/// What `lowlift layout` is given.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// WIT (a file, a directory with its `deps/`, or a package in binary form), or a component.
    file: PathBuf,
    /// Only the type of this name: data-chunk, processing.data-chunk, or the full name. A type of a
    /// dependency is found too, and so is one that an interface uses.
    ty: Option<String>,
    /// Looks in this package, which may be a dependency: wasi:io, wasi:io@0.2.0.
    #[arg(long, value_name = "NAME")]
    package: Option<String>,
    /// What to write. A page also shows the functions that use the types.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Shows sizes for pointers of any width beside the numbers: 8 + 2·ptr. Pages always do.
    #[arg(long)]
    symbolic: bool,
    /// Lists all labels, all core values, and the parts of a type wherever it occurs.
    #[arg(long)]
    full: bool,
    #[command(flatten)]
    abi: AbiArgs,
    #[command(flatten)]
    gates: GateArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Writes the byte map of each type, under a heading with its name.
///
/// # Errors
///
/// When the file is invalid, or has no type with the given name, or the output can't be written.
pub(crate) fn run(args: &Args) -> Result<String, Failure> {
    if args.symbolic && args.format == Format::Svg {
        return Err(Failure::BadInput("`--symbolic` is for text, JSON and pages".to_owned()));
    }
    let catalog = catalog::read(&args.file, &args.gates)?;
    let file = args.file.display().to_string();
    let scope = Scope { file: &file, main: catalog.main.as_deref(), package: args.package.as_deref() };
    let wanted = find(args, &scope, &catalog)?;
    let types = || wanted.iter().map(|named| named.ty);
    let folds = if args.full { Folds::default() } else { Folds::new(&catalog.types, types(), types()) };
    if let Some(remark) = folds.remark().filter(|_| args.format != Format::Html) {
        eprintln!("note: {remark}");
    }
    let layouts = Layouts { catalog: &catalog, wanted: &wanted, folds: &folds, opts: args.abi.options() };
    let colour = text::wants_colour() && !args.output.is_file();
    args.output.write(|out| match args.format {
        Format::Text => layouts.text(out, args, colour),
        Format::Json => layouts.json(out, args.symbolic),
        Format::Svg => svg::file(out, wanted.iter().map(|named| layouts.title_and_map(named))),
        Format::Html => {
            let package = match &args.ty {
                None => Package::whole(&args.file, &catalog, &args.abi, &scope),
                Some(_) => Package::of_types(&args.file, &catalog, &args.abi, wanted.clone()),
            };
            page::render(out, &package)
        }
    })?;
    Ok(String::new())
}

/// Returns the types that are asked for.
fn find<'a>(args: &Args, scope: &Scope<'_>, catalog: &'a Catalog) -> Result<Vec<&'a NamedType>, Failure> {
    if let Some(name) = &args.ty {
        return scope.pick(&catalog.named, name).map(|named| vec![named]);
    }
    let mut wanted = scope.listed(&catalog.named)?;
    if wanted.is_empty() {
        return Err(Failure::in_file(scope.file, "no type has a name there"));
    }
    // A component may import and export the same instance.
    let mut seen = HashSet::new();
    wanted.retain(|named| seen.insert((named.full_name(), named.ty)));
    Ok(wanted)
}

/// The types to write about.
struct Layouts<'a> {
    catalog: &'a Catalog,
    wanted: &'a [&'a NamedType],
    folds: &'a Folds,
    opts: Options,
}

impl Layouts<'_> {
    fn map(&self, named: &NamedType) -> ByteMap {
        with_view(self.catalog, self.folds, &named.owner, |view| byte_map_with(view, named.ty, self.opts.ptr))
    }

    fn title_and_map(&self, named: &NamedType) -> (String, ByteMap) {
        (title(named), self.map(named))
    }

    fn text(&self, out: &mut dyn Write, args: &Args, colour: bool) -> io::Result<()> {
        let style = TableStyle { has_all_labels: args.full, is_symbolic: args.symbolic };
        for (i, named) in self.wanted.iter().enumerate() {
            let blank = if i == 0 { "" } else { "\n" };
            let name = text::heading(&title(named), colour);
            let table = text::byte_map(&self.map(named), style, colour);
            let flat = text::flat(&self.catalog.types, named.ty, self.opts.ptr, args.full);
            writeln!(out, "{blank}{name}\n{}\n{flat}", table.trim_end())?;
        }
        Ok(())
    }

    fn json(&self, out: &mut dyn Write, is_symbolic: bool) -> io::Result<()> {
        let mut document = json::Document::start(out, &self.opts)?;
        let types = self.wanted.iter().map(|named| {
            json::named_type(&self.catalog.types, named, &self.map(named), &self.opts, is_symbolic)
        });
        document.list("types", types)?;
        document.end()
    }
}

/// Returns the full name of a type, and of the one that it is a use of.
fn title(named: &NamedType) -> String {
    match &named.used {
        Some(used) => format!("{} = {used}", named.full_name()),
        None => named.full_name(),
    }
}
