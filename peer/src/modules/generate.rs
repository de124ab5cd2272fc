//! Random modules and the calls to make.

use arbitrary::Unstructured;
use proptest::prelude::Rng;
use wasm_smith::{Config, Module};
use wasmparser::{ExternalKind, Parser, Payload, TypeRef, ValType};

use super::Word;
use crate::random;

/// A module and the calls of its functions.
#[derive(Clone)]
pub(crate) struct ModuleCase {
    pub(crate) wasm: Vec<u8>,
    pub(crate) calls: Vec<(String, Vec<Word>)>,
}

/// How many calls and loop iterations a module has, all its life.
const FUEL: u32 = 2_000;

/// Returns random bytes to make a module from.
pub(crate) fn entropy(seed: u64, number: u64) -> Vec<u8> {
    let mut runner = random::runner(seed, number);
    let rng = runner.rng();
    let n_bytes = 64 + rng.next_u32() % 4032;
    let mut bytes = vec![0; n_bytes as usize];
    rng.fill_bytes(&mut bytes);
    bytes
}

/// Returns a module without what Lowlift does not run: threads and garbage collection.
fn config() -> Config {
    Config {
        allow_start_export: true,
        canonicalize_nans: true,
        compact_imports_enabled: false,
        custom_page_sizes_enabled: true,
        exceptions_enabled: true,
        export_everything: true,
        gc_enabled: false,
        max_data_segments: 8,
        max_element_segments: 8,
        max_funcs: 8,
        max_globals: 10,
        max_imports: 0,
        max_instructions: 150,
        max_memories: 3,
        max_memory32_bytes: 4 << 16,
        max_memory64_bytes: 4 << 16,
        max_table_elements: 200,
        max_tables: 3,
        max_tags: 4,
        max_types: 12,
        memory64_enabled: true,
        memory_max_size_required: true,
        min_funcs: 1,
        // Which of the allowed results an engine chooses is its own affair.
        relaxed_simd_enabled: false,
        table_max_size_required: true,
        tail_call_enabled: true,
        threads_enabled: false,
        wide_arithmetic_enabled: true,
        ..Config::default()
    }
}

/// Makes the module and its calls from random bytes.
pub(crate) fn module_case(entropy: &[u8]) -> ModuleCase {
    let mut bytes = Unstructured::new(entropy);
    // Where the bytes run out, the module is small.
    let mut module = Module::new(config(), &mut bytes).expect("wasm-smith makes do with any bytes");
    module.ensure_termination(FUEL).expect("all functions are defined and valid");
    let wasm = module.to_bytes();
    let calls = calls(&wasm, entropy).expect("wasm-smith's modules are valid");
    ModuleCase { wasm, calls }
}

/// Returns two calls of each exported function, with arguments made from the entropy.
fn calls(wasm: &[u8], entropy: &[u8]) -> wasmparser::Result<Vec<(String, Vec<Word>)>> {
    let (mut types, mut funcs, mut exported) = (vec![], vec![], vec![]);
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::TypeSection(section) => {
                for ty in section.into_iter_err_on_gc_types() {
                    types.push(ty?.params().to_vec());
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    if let TypeRef::Func(ty) = import?.ty {
                        funcs.push(ty);
                    }
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    funcs.push(ty?);
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    if export.kind == ExternalKind::Func {
                        exported.push((export.name.to_owned(), export.index));
                    }
                }
            }
            _ => {}
        }
    }
    let mut words = entropy.iter().copied().cycle().skip(entropy.len() / 3);
    let mut calls = vec![];
    for (name, func) in exported.iter().chain(&exported) {
        let params = &types[funcs[*func as usize] as usize];
        let args = params.iter().map(|ty| argument(*ty, &mut words)).collect();
        calls.push((name.clone(), args));
    }
    Ok(calls)
}

/// Returns an argument: often a small number or one at an edge.
fn argument(ty: ValType, bytes: &mut impl Iterator<Item = u8>) -> Word {
    let mut byte = || bytes.next().unwrap_or_default();
    let choice = byte();
    let wide = u128::from_le_bytes(std::array::from_fn(|_| byte()));
    let low = |wide: u128| u64::try_from(wide & u128::from(u64::MAX)).expect("the low half");
    let low32 = |wide: u128| u32::try_from(wide & u128::from(u32::MAX)).expect("the low quarter");
    match (ty, choice % 4) {
        (ValType::I32, 0) => Word::I32(low32(wide % 16)),
        (ValType::I32, 1) => Word::I32(1 << (wide % 32)),
        (ValType::I32, _) => Word::I32(low32(wide)),
        (ValType::I64, 0) => Word::I64(low(wide % 16)),
        (ValType::I64, 1) => Word::I64(1 << (wide % 64)),
        (ValType::I64, _) => Word::I64(low(wide)),
        (ValType::F32, 0) => Word::F32(f32::from(choice).to_bits()),
        (ValType::F32, _) => Word::F32(low32(wide)),
        (ValType::F64, 0) => Word::F64(f64::from(choice).to_bits()),
        (ValType::F64, _) => Word::F64(low(wide)),
        (ValType::V128, _) => Word::V128(wide),
        (ValType::Ref(_), _) => Word::Null,
    }
}
