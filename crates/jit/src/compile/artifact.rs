//! Compiled modules as files: written once, read back later.
//!
//! A file has a header, the module's bytes, the code's tables, and from a page on the code itself,
//! which runs where it was read to. The header says which compiler, configuration and processor the
//! code is for, and has a hash of itself and one of all that follows, so that any change is an
//! error. The hashes find damage, not forgery.

use std::fmt::Write as _;
use std::hash::Hasher;
use std::num::NonZeroU8;
use std::ops::Range;

use cranelift_codegen::ir::TrapCode;

use crate::compile::settings::CompileSettings;
use crate::error::{Error, Result};
use crate::module::index::to_u32;
use crate::vm::catch::Catch;
use crate::vm::compiled::{Address, Chain, Compiled, FuncRange, StackMap, TrapSite, TryCall};

/// How a file starts; the last byte is the format's version.
const MAGIC: &[u8; 8] = b"lowlift\x03";
/// Magic, fingerprint, bytes of the module, of the tables and of the code, hash of what follows,
/// hash of the header.
const HEADER_BYTES: usize = 7 * 8;
/// Where the code may start: a multiple of every host's page size.
const PAGE: usize = 65536;

/// Where the parts of a file are.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Parts {
    pub(crate) wasm: Range<usize>,
    pub(crate) tables: Range<usize>,
    pub(crate) text: Range<usize>,
}

impl Parts {
    /// Returns the places for parts of these sizes, or `None` if no file is that long.
    fn of_sizes([wasm, tables, text]: [u64; 3]) -> Option<Self> {
        let [wasm, tables, text] = [wasm, tables, text].map(|size| usize::try_from(size).ok());
        let wasm = HEADER_BYTES..HEADER_BYTES.checked_add(wasm?)?;
        let tables = wasm.end..wasm.end.checked_add(tables?)?;
        let start = tables.end.checked_next_multiple_of(PAGE)?;
        Some(Self { wasm, tables, text: start..start.checked_add(text?)? })
    }
}

/// Returns the file of a compiled module: its bytes, the tables of its code, and the code.
pub(crate) fn write(settings: &CompileSettings, wasm: &[u8], compiled: &Compiled, text: &[u8]) -> Vec<u8> {
    let tables = write_tables(compiled);
    let sizes = [wasm.len(), tables.len(), text.len()].map(|len| len as u64);
    let parts = Parts::of_sizes(sizes).expect("the parts of a file lie in memory");
    let mut file = vec![0; parts.text.end];
    file[parts.wasm].copy_from_slice(wasm);
    file[parts.tables].copy_from_slice(&tables);
    file[parts.text].copy_from_slice(text);
    file[..8].copy_from_slice(MAGIC);
    let content_hash = hash(&file[HEADER_BYTES..]);
    let words = [fingerprint(settings), sizes[0], sizes[1], sizes[2], content_hash];
    for (place, word) in file[8..48].chunks_exact_mut(8).zip(words) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    let header_hash = hash(&file[..48]);
    file[48..HEADER_BYTES].copy_from_slice(&header_hash.to_le_bytes());
    file
}

/// Checks a file and returns where its parts are.
///
/// # Errors
///
/// Fails if the file is not one that `write` made for such an engine, byte for byte.
pub(crate) fn check(settings: &CompileSettings, file: &[u8]) -> Result<Parts> {
    let foreign = || Error::artifact("not a compiled module of this program");
    let damaged = || Error::artifact("a compiled module that is damaged");
    let header = file.get(..HEADER_BYTES).filter(|header| header.starts_with(MAGIC)).ok_or_else(foreign)?;
    let word = |at: usize| {
        let bytes = header[at * 8..at * 8 + 8].try_into().expect("a word has eight bytes");
        u64::from_le_bytes(bytes)
    };
    if word(6) != hash(&header[..48]) {
        return Err(damaged());
    }
    if word(1) != fingerprint(settings) {
        let message = "a compiled module for another version, processor or configuration";
        return Err(Error::artifact(message));
    }
    let parts = Parts::of_sizes([word(2), word(3), word(4)]).ok_or_else(damaged)?;
    if parts.text.end != file.len() || word(5) != hash(&file[HEADER_BYTES..]) {
        return Err(damaged());
    }
    Ok(parts)
}

/// Returns a number that two settings share only if they make the same code of the same module.
fn fingerprint(settings: &CompileSettings) -> u64 {
    let CompileSettings { isa, options, features, always_cheap, .. } = settings;
    let mut text = format!(
        "{} {} {} {} {:?} {:?} {always_cheap}",
        env!("CARGO_PKG_VERSION"),
        cranelift_codegen::VERSION,
        isa.triple(),
        isa.flags(),
        options,
        features,
    );
    for flag in isa.isa_flags() {
        write!(text, " {flag}").expect("a string takes any text");
    }
    hash(text.as_bytes())
}

/// The standard library's hash. If a later release changes it, older files count as damaged.
fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

fn write_tables(compiled: &Compiled) -> Vec<u8> {
    let Compiled { text: _, funcs, traps, addresses, try_calls, chains, catches, stack_maps, roots } =
        compiled;
    let mut words: Vec<u32> = Vec::new();
    let counts = [funcs.len(), traps.len(), addresses.len(), try_calls.len(), chains.len()];
    words.extend(counts.into_iter().chain([catches.len(), stack_maps.len(), roots.len()]).map(to_u32));
    words.extend(funcs.iter().flat_map(|f| [f.start, f.end]));
    words.extend(traps.iter().flat_map(|t| [t.offset, u32::from(t.code.as_raw().get())]));
    // No byte of a module has the last offset: the code section's header comes before it.
    words.extend(addresses.iter().flat_map(|a| [a.code_offset, a.module_offset.unwrap_or(u32::MAX)]));
    words.extend(try_calls.iter().flat_map(|call| {
        let TryCall { return_offset, frame_bytes, context_sp_offset, chain, landing } = *call;
        [return_offset, frame_bytes, context_sp_offset, chain, landing]
    }));
    // Nothing is at the last position.
    words.extend(chains.iter().flat_map(|Chain { catches, first_number, outer }| {
        [catches.start, catches.end, *first_number, outer.unwrap_or(u32::MAX)]
    }));
    words.extend(catches.iter().map(|catch| catch.to_word()));
    words.extend(stack_maps.iter().flat_map(|map| [map.return_offset, map.roots.start, map.roots.end]));
    words.extend(roots);
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// Reads the tables of code whose text is in the file; `None` if they are not what `write_tables`
/// makes.
pub(crate) fn read_tables(bytes: &[u8]) -> Option<Compiled> {
    let mut words = bytes
        .chunks_exact(4)
        .map(|word| u32::from_le_bytes(word.try_into().expect("a chunk has four bytes")));
    let mut next = || words.next();
    let counts = [next()?, next()?, next()?, next()?, next()?, next()?, next()?, next()?];
    let mut compiled = Compiled::default();
    for _ in 0..counts[0] {
        compiled.funcs.push(FuncRange { start: next()?, end: next()? });
    }
    for _ in 0..counts[1] {
        let offset = next()?;
        let code = NonZeroU8::new(u8::try_from(next()?).ok()?)?;
        compiled.traps.push(TrapSite { offset, code: TrapCode::from_raw(code) });
    }
    for _ in 0..counts[2] {
        let code_offset = next()?;
        let module_offset = Some(next()?).filter(|&offset| offset != u32::MAX);
        compiled.addresses.push(Address { code_offset, module_offset });
    }
    for _ in 0..counts[3] {
        compiled.try_calls.push(TryCall {
            return_offset: next()?,
            frame_bytes: next()?,
            context_sp_offset: next()?,
            chain: next()?,
            landing: next()?,
        });
    }
    for _ in 0..counts[4] {
        let (catches, first_number) = (next()?..next()?, next()?);
        let outer = Some(next()?).filter(|&outer| outer != u32::MAX);
        compiled.chains.push(Chain { catches, first_number, outer });
    }
    for _ in 0..counts[5] {
        compiled.catches.push(Catch::of_word(next()?));
    }
    for _ in 0..counts[6] {
        compiled.stack_maps.push(StackMap { return_offset: next()?, roots: next()?..next()? });
    }
    for _ in 0..counts[7] {
        compiled.roots.push(next()?);
    }
    (next().is_none() && bytes.len().is_multiple_of(4)).then_some(compiled)
}
