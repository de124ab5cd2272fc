//! `--ptr`, `--string-encoding`, `--async` and `--format`: the options and the format of an
//! explanation.

use canonical_abi::{Options, StringEncoding};
use clap::ValueEnum;

use crate::pointer::Pointer;

/// The canonical options that a command explains (CanonicalABI.md, "Canonical ABI Options").
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct AbiArgs {
    /// The width of the memory's pointers, in bits.
    #[arg(long, value_enum, default_value_t)]
    ptr: Pointer,
    /// The encoding of strings in memory: the unit in which a string's length is counted.
    #[arg(long, value_enum, default_value_t)]
    string_encoding: Encoding,
    /// Signatures of asynchronous lifting and lowering. A lifted function has a callback, or is
    /// stackful.
    #[arg(long = "async", value_name = "KIND", value_enum, num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "callback")]
    kind: Option<Async>,
}

/// The encodings of strings.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Encoding {
    #[default]
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
    /// Returns the options.
    pub(crate) fn options(&self) -> Options {
        Options {
            string_encoding: match self.string_encoding {
                Encoding::Utf8 => StringEncoding::Utf8,
                Encoding::Utf16 => StringEncoding::Utf16,
                Encoding::Latin1Utf16 => StringEncoding::Latin1Utf16,
            },
            ptr: self.ptr.into(),
            is_async: self.kind.is_some(),
            has_callback: matches!(self.kind, Some(Async::Callback)),
        }
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
