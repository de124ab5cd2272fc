//! `lowlift layout`: where each byte of each type lies in linear memory.

use std::path::PathBuf;

use canonical_abi::explain::byte_map;

use crate::catalog::{self, NamedType};
use crate::failure::Failure;
use crate::pointer::Pointer;

/// What `lowlift layout` is given.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A WIT file, a directory of WIT files, or a component.
    file: PathBuf,
    /// Only the types of this name, such as data-chunk.
    ty: Option<String>,
    /// The width of the memory's pointers, in bits.
    #[arg(long, value_enum, default_value_t)]
    ptr: Pointer,
}

/// Returns the byte map of each type, under a heading with its name.
///
/// # Errors
///
/// When the file is not as it should be, or has no type of the name that was asked for.
pub(crate) fn run(args: &Args) -> Result<String, Failure> {
    let catalog = catalog::read(&args.file)?;
    let is_wanted =
        |named: &&NamedType| args.ty.as_ref().is_none_or(|ty| *ty == named.name || *ty == named.full_name());
    let wanted: Vec<_> = catalog.named.iter().filter(is_wanted).collect();
    if wanted.is_empty() {
        let file = args.file.display();
        return Err(Failure::BadInput(match &args.ty {
            None => format!("{file}: no type has a name there"),
            Some(ty) => {
                let known: String = catalog.named.iter().map(|n| format!("\n  {}", n.full_name())).collect();
                format!("{file}: there is no type `{ty}`, expected one of:{known}")
            }
        }));
    }
    let show = |named: &NamedType| {
        let map = byte_map(&catalog.types, named.ty, args.ptr.into()).to_string();
        format!("{}\n{}\n", named.full_name(), map.trim_end())
    };
    Ok(wanted.into_iter().map(show).collect::<Vec<_>>().join("\n"))
}
