//! `lowlift describe`: the core signature of a function, lifted and lowered, with the reason for
//! each core value.

use std::collections::HashSet;
use std::io::{self, Write};
use std::path::PathBuf;

use canonical_abi::explain::{ByteMap, TableStyle, byte_map_with};
use canonical_abi::{Options, ValType, display_func_named};

use crate::abi::{AbiArgs, Format};
use crate::catalog::{self, Catalog, NamedType};
use crate::failure::Failure;
use crate::fold::Folds;
use crate::functions::Function;
use crate::gates::GateArgs;
use crate::output::OutputArgs;
use crate::parts::reachable;
use crate::pick::{Named as _, Scope};
use crate::render::page::{self, Package};
use crate::render::{draw, json, text};
use crate::signatures::{self, Described};

/// What `lowlift describe` is given.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// WIT (a file, a directory with its `deps/`, or a package in binary form), or a component.
    file: PathBuf,
    /// The function, by its full name (techbytes:plugin/processing.process) or by a part that is
    /// unique, also one of a dependency; all functions of the package if none is given.
    function: Option<String>,
    /// Looks in this package, which may be a dependency: wasi:io, wasi:io@0.2.0.
    #[arg(long, value_name = "NAME")]
    package: Option<String>,
    /// What to write. A page also shows the types that a function uses.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Lists all labels, and the parts of a type wherever it occurs.
    #[arg(long)]
    full: bool,
    #[command(flatten)]
    abi: AbiArgs,
    #[command(flatten)]
    gates: GateArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Writes the function's type and its core signatures.
///
/// # Errors
///
/// When the file is invalid, the name of the function is unknown or ambiguous, the options are not
/// possible for it, or the output can't be written.
pub(crate) fn run(args: &Args) -> Result<String, Failure> {
    let catalog = catalog::read(&args.file, &args.gates)?;
    let file = args.file.display().to_string();
    let scope = Scope { file: &file, main: catalog.main.as_deref(), package: args.package.as_deref() };
    let wanted = find(args, &scope, &catalog)?;
    let described = described(args, &catalog, &wanted)?;
    let roots = || wanted.iter().flat_map(|function| signatures::component_types(&function.ty));
    let listed = listed(&catalog, roots());
    let folds = if args.full {
        Folds::default()
    } else {
        Folds::new(&catalog.types, roots(), listed.iter().map(|named| named.ty))
    };
    let remark = folds.remark();
    let listed = if remark.is_some() { listed } else { Vec::new() };
    if let Some(remark) = remark.filter(|_| args.format != Format::Html) {
        eprintln!("note: {remark}");
    }
    let document = Document { catalog: &catalog, described: &described, listed: &listed, folds: &folds };
    let opts = args.abi.options();
    let colour = text::wants_colour() && !args.output.is_file();
    args.output.write(|out| match args.format {
        Format::Text => document.text(out, args, &opts, colour),
        Format::Json => document.json(out, &opts),
        Format::Svg => document.svg(out),
        Format::Html => {
            let package = match &args.function {
                None => Package::whole(&args.file, &catalog, &args.abi, &scope),
                Some(_) => Package::of_functions(&args.file, &catalog, &args.abi, wanted.clone()),
            };
            page::render(out, &package)
        }
    })?;
    Ok(String::new())
}

/// Returns the functions that are asked for.
fn find<'a>(args: &Args, scope: &Scope<'_>, catalog: &'a Catalog) -> Result<Vec<&'a Function>, Failure> {
    if let Some(name) = &args.function {
        return scope.pick(&catalog.functions, name).map(|function| vec![function]);
    }
    let wanted = scope.listed(&catalog.functions)?;
    match wanted.is_empty() {
        true => Err(Failure::in_file(scope.file, "there is no function")),
        false => Ok(wanted),
    }
}

/// Returns the functions with their options. `--async` is for those of an async type only.
fn described<'a>(
    args: &Args,
    catalog: &'a Catalog,
    wanted: &[&'a Function],
) -> Result<Vec<Described<'a>>, Failure> {
    let n_sync = wanted.iter().filter(|function| !function.ty.is_async).count();
    let is_refused = args.abi.is_async() && n_sync == wanted.len();
    if is_refused {
        let which = match wanted {
            [function] => format!("`{}` is no async function", function.full_name()),
            _ => "no function there is async".to_owned(),
        };
        let message = format!(
            "{which}: `async` is only allowed with the type `async func` (CanonicalABI.md, \"canonopt Validation\")"
        );
        return Err(Failure::BadInput(message));
    }
    if args.abi.is_async() && n_sync > 0 {
        eprintln!("note: {n_sync} of {} functions are not async and shown as synchronous", wanted.len());
    }
    let described = |function: &&'a Function| {
        let abi = if function.ty.is_async { args.abi.clone() } else { args.abi.without_async() };
        Described::new(catalog, function, &abi)
    };
    Ok(wanted.iter().map(described).collect())
}

/// Returns the named types that the roots consist of, each once.
fn listed(catalog: &Catalog, roots: impl Iterator<Item = ValType>) -> Vec<&NamedType> {
    let reached = reachable(&catalog.types, roots);
    let mut seen = HashSet::new();
    let is_new = |named: &&NamedType| {
        named.is_listed() && reached.contains(&named.ty) && seen.insert((named.full_name(), named.ty))
    };
    catalog.named.iter().filter(is_new).collect()
}

/// The functions to write about, and the types that are folded in them.
struct Document<'a> {
    catalog: &'a Catalog,
    described: &'a [Described<'a>],
    listed: &'a [&'a NamedType],
    folds: &'a Folds,
}

impl Document<'_> {
    fn map(&self, named: &NamedType, opts: &Options) -> ByteMap {
        let catalog = self.catalog;
        signatures::with_view(catalog, self.folds, &named.owner, |view| {
            byte_map_with(view, named.ty, opts.ptr)
        })
    }

    fn text(&self, out: &mut dyn Write, args: &Args, opts: &Options, colour: bool) -> io::Result<()> {
        let style = TableStyle { has_all_labels: args.full, is_symbolic: false };
        let mut defined = text::Defined::new();
        for (i, described) in self.described.iter().enumerate() {
            let blank = if i == 0 { "" } else { "\n" };
            let owner = described.owner();
            let text = signatures::with_view(self.catalog, self.folds, owner, |view| {
                text::function(view, described, &mut defined, style, colour)
            });
            write!(out, "{blank}{text}")?;
        }
        for named in self.listed {
            let name = text::heading(&named.full_name(), colour);
            let table = text::byte_map(&self.map(named, opts), style, colour);
            write!(out, "\n{name}\n{}\n", table.trim_end())?;
        }
        Ok(())
    }

    fn json(&self, out: &mut dyn Write, opts: &Options) -> io::Result<()> {
        let mut document = json::Document::start(out, opts)?;
        let functions = self.described.iter().map(|described| {
            signatures::with_view(self.catalog, self.folds, described.owner(), |view| {
                json::function(view, described)
            })
        });
        document.list("functions", functions)?;
        if !self.listed.is_empty() {
            let types = self.listed.iter().map(|named| {
                json::named_type(&self.catalog.types, named, &self.map(named, opts), opts, false)
            });
            document.list("types", types)?;
        }
        document.end()
    }

    fn svg(&self, out: &mut dyn Write) -> io::Result<()> {
        let functions = self.described.iter().map(|described| {
            signatures::with_view(self.catalog, self.folds, described.owner(), |view| {
                let (function, ty) = (described.function, &described.function.ty);
                let title = display_func_named(view.types, &function.full_name(), ty, view.name_of);
                draw::Part::Function { title, signatures: described.signatures(view) }
            })
        });
        let types = self.listed.iter().map(|named| draw::Part::Type {
            title: named.full_name(),
            map: self.map(named, &Options::default()),
        });
        draw::file(out, functions.chain(types))
    }
}
