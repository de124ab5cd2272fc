//! What is written in `bindings!`.

use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Ident, LitBool, LitStr, Path, Result, Token, Type, braced, bracketed};

/// The input of the macro.
pub(crate) struct Options {
    /// Files and directories, from the crate's root. Without `inline`, the first is the package
    /// whose worlds are meant.
    pub(crate) paths: Vec<LitStr>,
    /// The package whose worlds are meant.
    pub(crate) inline: Option<LitStr>,
    pub(crate) world: Option<LitStr>,
    pub(crate) features: Vec<String>,
    /// Rust types for resources and other types of the host, and modules for its interfaces.
    pub(crate) with: Vec<(LitStr, Type)>,
    /// Rust types for the errors of host functions.
    pub(crate) errors: Vec<(LitStr, Type)>,
    pub(crate) derives: Vec<Path>,
    pub(crate) imports: FuncOptions,
    /// Whether a `&mut` to a host is a host too.
    pub(crate) forwards: bool,
}

/// Which functions of the host get the store.
#[derive(Default)]
pub(crate) struct FuncOptions {
    pub(crate) default: FuncOption,
    pub(crate) funcs: Vec<(LitStr, FuncOption)>,
}

/// How a function of the host is called.
#[derive(Clone, Copy, Default)]
pub(crate) struct FuncOption {
    pub(crate) store: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            paths: Vec::new(),
            inline: None,
            world: None,
            features: Vec::new(),
            with: Vec::new(),
            errors: Vec::new(),
            derives: Vec::new(),
            imports: FuncOptions::default(),
            forwards: true,
        }
    }
}

/// The names of the options.
const OPTIONS: &str = "`path`, `inline`, `world`, `features`, `with`, `trappable_error_type`, \
                       `additional_derives`, `imports`, `exports`, `ownership` or `skip_mut_forwarding_impls`";

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Self::default();
        if input.peek(syn::token::Brace) {
            let content;
            braced!(content in input);
            options.entries(&content)?;
        } else if input.peek(LitStr) || input.peek(Token![in]) {
            if input.peek(LitStr) {
                options.world = Some(input.parse()?);
            }
            if input.parse::<Option<Token![in]>>()?.is_some() {
                options.paths.push(input.parse()?);
            }
        } else {
            options.entries(input)?;
        }
        if options.paths.is_empty() && options.inline.is_none() {
            options.paths.push(LitStr::new("wit", Span::call_site()));
        }
        Ok(options)
    }
}

impl Options {
    fn entries(&mut self, input: ParseStream<'_>) -> Result<()> {
        let mut seen: Vec<String> = Vec::new();
        while !input.is_empty() {
            // An option of others may be a keyword of Rust.
            let key: Ident = syn::ext::IdentExt::parse_any(input)?;
            let name = key.to_string();
            if seen.contains(&name) {
                return Err(Error::new(key.span(), format!("`{name}` is given twice")));
            }
            if let Some(instead) = equivalent(&name) {
                return Err(Error::new(key.span(), format!("there is no option `{name}`: {instead}")));
            }
            input.parse::<Token![:]>()?;
            self.entry(&key, input)?;
            seen.push(name);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    }

    fn entry(&mut self, key: &Ident, input: ParseStream<'_>) -> Result<()> {
        match key.to_string().as_str() {
            "path" if input.peek(syn::token::Bracket) => self.paths = list(input)?,
            "path" => self.paths = vec![input.parse()?],
            "inline" => self.inline = Some(input.parse()?),
            "world" => self.world = Some(input.parse()?),
            "features" => self.features = list::<LitStr>(input)?.iter().map(LitStr::value).collect(),
            "with" => self.with = map(input)?,
            "trappable_error_type" => self.errors = map(input)?,
            "additional_derives" => self.derives = list(input)?,
            "imports" => self.imports = func_options(input, Direction::Imports)?,
            "exports" => drop(func_options(input, Direction::Exports)?),
            "ownership" => ownership(input)?,
            "skip_mut_forwarding_impls" => self.forwards = !input.parse::<LitBool>()?.value,
            _ => return Err(Error::new(key.span(), format!("expected {OPTIONS}"))),
        }
        Ok(())
    }
}

/// Says what does here what an option of another engine's macro does there.
fn equivalent(option: &str) -> Option<&'static str> {
    Some(match option {
        "interfaces" => "`inline: \"package my:app; world app { ... }\"` beside `path` names the interfaces",
        "trappable_imports" => "each method of the host may fail, which traps the guest",
        "async" | "only_imports" | "except_imports" | "concurrent_imports" | "concurrent_exports" => {
            "each method and each call is synchronous"
        }
        "tracing" | "verbose_tracing" => "`Func::call_traced` shows what a call does",
        "require_store_data_send" => "nothing is asynchronous, so no store has to be `Send`",
        "wasmtime_crate" => "what the macro writes is in the crate `component_linker`",
        "anyhow" => "hosts fail with `HostError`, which `?` makes of an error of any type",
        "stringify" | "debug" | "include_generated_code_from_file" => "`cargo expand` shows the code",
        _ => return None,
    })
}

/// Reads `[a, b]`.
fn list<T: Parse>(input: ParseStream<'_>) -> Result<Vec<T>> {
    let content;
    bracketed!(content in input);
    Ok(content.parse_terminated(T::parse, Token![,])?.into_iter().collect())
}

/// Reads `{ "key": Type, "key" => Type }`.
fn map(input: ParseStream<'_>) -> Result<Vec<(LitStr, Type)>> {
    let content;
    braced!(content in input);
    let mut entries = Vec::new();
    while !content.is_empty() {
        let key = content.parse()?;
        if content.parse::<Option<Token![=>]>>()?.is_none() {
            content.parse::<Token![:]>()?;
        }
        entries.push((key, content.parse()?));
        if !content.is_empty() {
            content.parse::<Token![,]>()?;
        }
    }
    Ok(entries)
}

#[derive(Clone, Copy)]
enum Direction {
    Imports,
    Exports,
}

/// Reads `{ default: store, "ns:pkg/interface.function": store | trappable }`.
fn func_options(input: ParseStream<'_>, direction: Direction) -> Result<FuncOptions> {
    let content;
    braced!(content in input);
    let mut options = FuncOptions::default();
    while !content.is_empty() {
        if content.peek(LitStr) {
            let func = content.parse()?;
            content.parse::<Token![:]>()?;
            options.funcs.push((func, func_option(&content, direction)?));
        } else {
            content.parse::<Token![default]>()?;
            content.parse::<Token![:]>()?;
            options.default = func_option(&content, direction)?;
        }
        if !content.is_empty() {
            content.parse::<Token![,]>()?;
        }
    }
    Ok(options)
}

fn func_option(input: ParseStream<'_>, direction: Direction) -> Result<FuncOption> {
    let mut option = FuncOption::default();
    loop {
        let flag: Ident = syn::ext::IdentExt::parse_any(input)?;
        match (flag.to_string().as_str(), direction) {
            ("store", Direction::Imports) => option.store = true,
            // Each function of the host may fail, and each call takes the store.
            ("trappable" | "ignore_wit", Direction::Imports)
            | ("store" | "ignore_wit", Direction::Exports) => {}
            (name, _) => {
                let message = match (equivalent(name), direction) {
                    (Some(instead), _) => format!("there is no `{name}`: {instead}"),
                    (None, Direction::Imports) => String::from("expected `store` or `trappable`"),
                    (None, Direction::Exports) => String::from("expected `store`"),
                };
                return Err(Error::new(flag.span(), message));
            }
        }
        if input.parse::<Option<Token![|]>>()?.is_none() {
            return Ok(option);
        }
    }
}

/// Reads how types are owned, for which there is one way: results are owned, arguments borrowed.
fn ownership(input: ParseStream<'_>) -> Result<()> {
    let kind: Ident = input.parse()?;
    if kind == "Owning" {
        return Ok(());
    }
    let message = "expected `Owning`: types own their parts, and arguments are taken by reference";
    Err(Error::new(kind.span(), message))
}
