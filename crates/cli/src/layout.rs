//! `lowlift layout`: the position of each byte of each type in linear memory.

use std::path::PathBuf;

use canonical_abi::explain::byte_map;

use crate::abi::{AbiArgs, Format};
use crate::catalog::{self, Catalog, NamedType};
use crate::failure::Failure;
use crate::render::page::{self, Package};
use crate::render::{json, svg, text};

/// What `lowlift layout` is given.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A WIT file, a directory of WIT files, or a component.
    file: PathBuf,
    /// Only the types of this name, such as data-chunk.
    ty: Option<String>,
    /// What to write. A page also shows the functions that use the types.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    abi: AbiArgs,
}

/// Returns the byte map of each type, under a heading with its name.
///
/// # Errors
///
/// When the file is invalid, or has no type with the given name.
pub(crate) fn run(args: &Args) -> Result<String, Failure> {
    let catalog = catalog::read(&args.file)?;
    let opts = args.abi.options();
    if args.format == Format::Html && args.ty.is_none() {
        return Ok(page::render(&Package::whole(&args.file, &catalog, opts)));
    }
    let wanted = find(args, &catalog)?;
    let map = |named: &NamedType| byte_map(&catalog.types, named.ty, opts.ptr);
    Ok(match args.format {
        Format::Text => {
            let colour = text::wants_colour();
            let show = |named: &&NamedType| {
                let name = text::heading(&named.full_name(), colour);
                format!("{name}\n{}\n", text::byte_map(&map(named), colour).trim_end())
            };
            wanted.iter().map(show).collect::<Vec<_>>().join("\n")
        }
        Format::Json => {
            let types =
                wanted.iter().map(|named| json::named_type(&catalog.types, named, &map(named), &opts));
            json::document(&opts, &[("types", types.collect())])
        }
        Format::Svg => {
            svg::file(&wanted.iter().map(|named| (named.full_name(), map(named))).collect::<Vec<_>>())
        }
        Format::Html => page::render(&Package::of_types(&args.file, &catalog, opts, wanted)),
    })
}

fn find<'a>(args: &Args, catalog: &'a Catalog) -> Result<Vec<&'a NamedType>, Failure> {
    let is_wanted =
        |named: &&NamedType| args.ty.as_ref().is_none_or(|ty| *ty == named.name || *ty == named.full_name());
    let wanted: Vec<_> = catalog.named.iter().filter(is_wanted).collect();
    if !wanted.is_empty() {
        return Ok(wanted);
    }
    let file = args.file.display();
    Err(Failure::BadInput(match &args.ty {
        None => format!("{file}: no type has a name there"),
        Some(ty) => {
            let known: String = catalog.named.iter().map(|n| format!("\n  {}", n.full_name())).collect();
            format!("{file}: there is no type `{ty}`, expected one of:{known}")
        }
    }))
}
