//! `--ptr`, `--string-encoding`, `--async` and `--format`: the options and the format of an
//! explanation.

use canonical_abi::{Options, StringEncoding};
use clap::ValueEnum;

use crate::pointer::Pointer;

/// The canonical options that a command explains (CanonicalABI.md, "Canonical ABI Options"). Those
/// that are not given are a component's own, for a function that it lifts or lowers.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct AbiArgs {
    /// The width of the memory's pointers, in bits. [default: 32, or as the component has it]
    #[arg(long, value_enum)]
    ptr: Option<Pointer>,
    /// The encoding of strings in memory: the unit in which a string's length is counted.
    /// [default: utf8, or as the component has it]
    #[arg(long, value_enum)]
    string_encoding: Option<Encoding>,
    /// Signatures of asynchronous lifting and lowering. A lifted function has a callback, or is
    /// stackful. Only functions of an async type can be lifted or lowered so.
    #[arg(long = "async", value_name = "KIND", value_enum, num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "callback")]
    kind: Option<Async>,
}

/// The encodings of strings.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Encoding {
    Utf8,
    Utf16,
    #[value(name = "latin1+utf16")]
    Latin1Utf16,
}

/// The kinds of asynchronously lifted functions.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Async {
    Callback,
    Stackful,
}

/// The format of an explanation.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum Format {
    /// A table, in colour if it goes to a terminal.
    #[default]
    Text,
    /// Data, as crates/cli/JSON.md says.
    Json,
    /// A drawing.
    Svg,
    /// A page in a single file.
    Html,
}

impl AbiArgs {
    /// Returns the options, with defaults for those that are not given.
    pub(crate) fn options(&self) -> Options {
        self.over(Options::default())
    }

    /// Returns the options that are given, and for the rest those of `base`.
    pub(crate) fn over(&self, base: Options) -> Options {
        let string_encoding = match self.string_encoding {
            Some(Encoding::Utf8) => StringEncoding::Utf8,
            Some(Encoding::Utf16) => StringEncoding::Utf16,
            Some(Encoding::Latin1Utf16) => StringEncoding::Latin1Utf16,
            None => base.string_encoding,
        };
        let (is_async, has_callback) = match self.kind {
            Some(Async::Callback) => (true, true),
            Some(Async::Stackful) => (true, false),
            None => (base.is_async, base.has_callback),
        };
        Options { string_encoding, ptr: self.ptr.map_or(base.ptr, Into::into), is_async, has_callback }
    }

    /// Returns the options without `async`, for a function that can't have it.
    pub(crate) fn without_async(&self) -> Self {
        Self { kind: None, ..self.clone() }
    }

    /// Returns whether `--async` is given.
    pub(crate) fn is_async(&self) -> bool {
        self.kind.is_some()
    }
}

/// Returns the unit of a string's length.
pub(crate) fn length_unit(opts: &Options) -> &'static str {
    match opts.string_encoding {
        StringEncoding::Utf8 => "utf8: a string's length counts bytes",
        StringEncoding::Utf16 => "utf16: a string's length counts units of 2 bytes",
        StringEncoding::Latin1Utf16 => {
            "latin1+utf16: a string's length counts bytes of Latin-1, or with its highest bit set units of 2 bytes of \
             UTF-16"
        }
    }
}

/// Returns the options of a lifted function in words.
pub(crate) fn options_text(opts: &Options) -> String {
    match (opts.is_async, opts.has_callback) {
        (false, _) => format!("synchronous, {}", memory_text(opts)),
        (true, true) => format!("async with a callback, {}", memory_text(opts)),
        (true, false) => format!("async without a callback, {}", memory_text(opts)),
    }
}

/// Returns the options of a lowered function in words.
pub(crate) fn lowered_text(opts: &Options) -> String {
    format!("{}, {}", if opts.is_async { "async" } else { "synchronous" }, memory_text(opts))
}

fn memory_text(opts: &Options) -> String {
    let encoding = match opts.string_encoding {
        StringEncoding::Utf8 => "utf8",
        StringEncoding::Utf16 => "utf16",
        StringEncoding::Latin1Utf16 => "latin1+utf16",
    };
    format!("{encoding}, {}-bit pointers", 8 * opts.ptr.size())
}
