//! What is written in `bindings!`.

use std::path::{Path, PathBuf};

use syn::parse::{Parse, ParseStream};
use syn::{Error, Ident, LitStr, Result, Token, braced};
use wit_parser_lite::load::Tree;
use wit_parser_lite::{Features, Resolved, WorldId};

/// The input of the macro.
pub(crate) struct Options {
    source: Source,
    world: Option<LitStr>,
    /// Rust types for resources of the host, by `ns:pkg/interface.resource`.
    pub(crate) with: Vec<(LitStr, syn::Type)>,
}

enum Source {
    /// A file or directory, from the crate's root.
    Path(LitStr),
    Inline(LitStr),
}

/// A world, with the files that it was read from.
pub(crate) struct Chosen {
    pub(crate) resolved: Resolved,
    pub(crate) world: WorldId,
    pub(crate) files: Vec<String>,
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.peek(syn::token::Brace) {
            let content;
            braced!(content in input);
            return parse_entries(&content);
        }
        parse_entries(input)
    }
}

fn parse_entries(input: ParseStream<'_>) -> Result<Options> {
    let (mut source, mut world, mut with) = (None, None, Vec::new());
    let start = input.span();
    while !input.is_empty() {
        let key: Ident = input.parse()?;
        input.parse::<Token![:]>()?;
        match key.to_string().as_str() {
            "path" | "inline" if source.is_some() => {
                return Err(Error::new(key.span(), "one of `path` and `inline`, once"));
            }
            "path" => source = Some(Source::Path(input.parse()?)),
            "inline" => source = Some(Source::Inline(input.parse()?)),
            "world" => world = Some(input.parse()?),
            "with" => with = parse_with(input)?,
            _ => return Err(Error::new(key.span(), "expected `path`, `inline`, `world` or `with`")),
        }
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    let source =
        source.ok_or_else(|| Error::new(start, "`path: \"...\"` or `inline: \"...\"` says which WIT"))?;
    Ok(Options { source, world, with })
}

fn parse_with(input: ParseStream<'_>) -> Result<Vec<(LitStr, syn::Type)>> {
    let content;
    braced!(content in input);
    let mut with = Vec::new();
    while !content.is_empty() {
        let resource = content.parse()?;
        content.parse::<Token![:]>()?;
        with.push((resource, content.parse()?));
        if !content.is_empty() {
            content.parse::<Token![,]>()?;
        }
    }
    Ok(with)
}

impl Options {
    /// Reads the WIT and finds the world.
    pub(crate) fn choose(&self) -> Result<Chosen> {
        let (span, resolved, files) = match &self.source {
            Source::Inline(text) => {
                let resolved = wit_parser_lite::parse(&[("inline.wit", &text.value())]);
                (text.span(), resolved, Vec::new())
            }
            Source::Path(path) => {
                let tree = load(path)?;
                let files = tree.all_files().map(|(name, _)| name.clone()).collect();
                (path.span(), tree.parse(&Features::default()), files)
            }
        };
        let resolved = resolved.map_err(|errors| {
            let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
            Error::new(span, texts.join("\n"))
        })?;
        let world = self.find_world(&resolved, span)?;
        Ok(Chosen { resolved, world, files })
    }

    fn find_world(&self, resolved: &Resolved, span: proc_macro2::Span) -> Result<WorldId> {
        let names = |ids: &[WorldId]| {
            let names: Vec<_> = ids.iter().map(|id| format!("`{}`", resolved.world_name(*id))).collect();
            names.join(", ")
        };
        let Some(wanted) = &self.world else {
            return match resolved.main_package().worlds.as_slice() {
                [world] => Ok(*world),
                [] => Err(Error::new(span, "the package has no world")),
                worlds => {
                    let message = format!("`world: \"...\"` says which of {}", names(worlds));
                    Err(Error::new(span, message))
                }
            };
        };
        let name = wanted.value();
        let is_wanted = |id: &WorldId| resolved[*id].name == name || resolved.world_name(*id) == name;
        let main = resolved.main_package().worlds.iter().copied().find(is_wanted);
        let found =
            main.or_else(|| resolved.worlds().map(|(id, _)| id).find(|id| resolved.world_name(*id) == name));
        found.ok_or_else(|| {
            let all: Vec<_> = resolved.worlds().map(|(id, _)| id).collect();
            Error::new(wanted.span(), format!("there is no world `{name}`, but {}", names(&all)))
        })
    }
}

fn load(path: &LitStr) -> Result<Tree> {
    let root = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    let full = root.join(Path::new(&path.value()));
    Tree::load(&full).map_err(|error| Error::new(path.span(), error.to_string()))
}
