//! Sizes and alignments of all types of the WASI 0.2 packages, with 32-bit and with 64-bit
//! pointers, beside wit-parser's `SizeAlign` on the same packages.
//!
//! wit-parser works all of them out from a `Resolve` that knows none yet. `canonical-abi` knows
//! each from the moment the type is built, so reading them and building the arena are timed apart;
//! building includes the checks of labels and limits, interning and flattening.

mod common;

use std::collections::HashSet;
use std::hint::black_box;
use std::path::Path;

use canonical_abi::types::MAX_TYPE_DEPTH;
use canonical_abi::{Layout, PtrType, Types, ValType, layout};
use common::wasi_folder;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use wit_parser::{Resolve, SizeAlign};
use wit_parser_lite::load::Tree;
use wit_parser_lite::{Resolved, Type, abi, parse_with_dependencies};

fn resolve_lite(folder: &Path) -> Resolved {
    let decode = |_: &[u8]| Err("the packages are text".to_owned());
    let tree = Tree::load_with(folder, &decode).expect("the packages can be read");
    let files = |files: &'static [(String, String)]| -> Vec<(&'static str, &'static str)> {
        files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect()
    };
    let tree: &'static Tree = Box::leak(Box::new(tree));
    let dependencies: Vec<_> = tree.dependencies.iter().map(|group| files(group)).collect();
    let dependencies: Vec<_> = dependencies.iter().map(Vec::as_slice).collect();
    parse_with_dependencies(&files(&tree.files), &dependencies).expect("the packages are valid")
}

fn all_types(resolved: &Resolved, types: &mut Types) -> Vec<ValType> {
    let definitions = || resolved.types().map(|(id, _)| Type::Def(id));
    let known = abi::val_types(resolved, types, definitions()).expect("WASI's types are valid");
    definitions().map(|ty| known.val_type(ty).expect("it was asked for")).collect()
}

fn wasi(c: &mut Criterion) {
    let folder = wasi_folder();
    let mut resolve = Resolve::default();
    resolve.push_dir(&folder).expect("the packages are valid");
    let resolved = resolve_lite(&folder);
    let mut types = Types::new();
    let tys = all_types(&resolved, &mut types);
    println!(
        "wit-parser: {} definitions; canonical-abi: {} definitions, {} distinct types",
        resolve.types.len(),
        tys.len(),
        tys.iter().collect::<HashSet<_>>().len(),
    );

    let mut group = c.benchmark_group("layout of WASI 0.2");
    group.bench_function("wit-parser: SizeAlign, worked out and read", |b| {
        b.iter(|| {
            let mut sizes = SizeAlign::default();
            sizes.fill(black_box(&resolve)).expect("WASI's types have sizes");
            let all = resolve.types.iter().map(|(id, _)| {
                let ty = wit_parser::Type::Id(id);
                let (size, align) = (sizes.size(&ty), sizes.align(&ty));
                let narrow = size.size_wasm32() ^ align.align_wasm32();
                narrow ^ size.size_wasm64() ^ align.align_wasm64()
            });
            all.fold(0, |a, b| a ^ b)
        });
    });
    group.bench_function("canonical-abi: every definition, remembered", |b| {
        b.iter(|| digest(tys.iter().map(|ty| both(black_box(&types), *ty))));
    });
    group.bench_function("canonical-abi: arena built from WIT", |b| {
        b.iter(|| all_types(&resolved, &mut Types::new()));
    });
    group.finish();
}

/// Reads everything there is.
fn digest(layouts: impl Iterator<Item = [Layout; 2]>) -> u32 {
    layouts.flatten().map(|layout| layout.size() ^ layout.align()).fold(0, |a, b| a ^ b)
}

/// Returns an arena of 99 layers of so many types, each of two of the layer below, and its types.
fn graph(width: usize) -> (Types, Vec<ValType>) {
    let mut types = Types::new();
    let mut layer: Vec<_> =
        (1..).take(width).map(|n| types.fixed_length_list(ValType::U8, n).expect("a valid type")).collect();
    let mut all = layer.clone();
    for depth in 2..MAX_TYPE_DEPTH {
        let (near, far) = (|i: usize| layer[i], |i: usize| layer[(7 * i + 1) % width]);
        let next = (0..width).map(|i| match depth % 3 {
            0 => types.list(near(i)),
            1 => types.tuple(vec![near(i), far(i)]),
            _ => types.result(Some(near(i)), Some(far(i))),
        });
        layer = next.collect::<Result<_, _>>().expect("lists keep the types small");
        all.extend(&layer);
    }
    (types, all)
}

/// Time that grows with the number of types and not faster shows as the same number of elements a
/// second.
fn graphs(c: &mut Criterion) {
    let mut group = c.benchmark_group("layout of a graph");
    for width in [103, 1030] {
        let (types, tys) = graph(width);
        group.throughput(Throughput::Elements(tys.len() as u64));
        group.bench_function(format!("{} types, remembered", tys.len()), |b| {
            b.iter(|| digest(tys.iter().map(|ty| both(black_box(&types), *ty))));
        });
        group.sample_size(10);
        group.bench_function(format!("{} types, built", tys.len()), |b| b.iter(|| graph(black_box(width))));
    }
    group.finish();
}

/// Returns the layouts of a type in 32-bit and in 64-bit memories.
fn both(types: &Types, ty: ValType) -> [Layout; 2] {
    [PtrType::I32, PtrType::I64].map(|ptr| layout(types, ty, ptr))
}

criterion_group!(benches, wasi, graphs);
criterion_main!(benches);
