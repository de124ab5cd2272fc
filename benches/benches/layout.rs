//! Sizes and alignments of all types of the WASI 0.2 packages, with 32-bit and with 64-bit pointers, beside wit-parser's
//! `SizeAlign` on the same packages.
//!
//! Both start from resolved packages and know no layout yet ("worked out and read"): wit-parser from a `Resolve`,
//! `canonical-abi` from an arena of types, without the layouts that it has remembered since it built them. What is
//! remembered ("remembered") is timed for itself, and so is what building the arena takes, with checks of labels and limits,
//! interning and flattening.

mod common;

use std::hint::black_box;
use std::path::Path;

use canonical_abi::types::MAX_TYPE_DEPTH;
use canonical_abi::{Layout, Layouts, PtrType, Types, ValType, layout};
use common::wasi_folder;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use wit_parser::{Resolve, SizeAlign};
use wit_parser_lite::load::Tree;
use wit_parser_lite::{Resolved, Type, abi, parse_with_dependencies};

fn resolve_lite(folder: &Path) -> Resolved {
    let decode = |_: &[u8]| Err("the packages are text".to_owned());
    let tree = Tree::load(folder, &decode).expect("the packages can be read");
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
        "wit-parser: {} definitions; canonical-abi: {} definitions, {} distinct compound types",
        resolve.types.len(),
        tys.len(),
        types.layouts().count(),
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
    group.bench_function("canonical-abi: all types, worked out and read", |b| {
        b.iter(|| digest(Layouts::new(black_box(&types)).iter()));
    });
    group.bench_function("canonical-abi: all types, remembered", |b| {
        b.iter(|| digest(black_box(&types).layouts().map(|(_, layouts)| layouts)));
    });
    group.bench_function("canonical-abi: every definition, remembered", |b| {
        b.iter(|| {
            let of = |ty| [PtrType::I32, PtrType::I64].map(|ptr| layout(black_box(&types), ty, ptr));
            digest(tys.iter().map(|ty| of(*ty)))
        });
    });
    group.bench_function("canonical-abi: every definition, worked out and read", |b| {
        b.iter(|| {
            let layouts = Layouts::new(black_box(&types));
            digest(tys.iter().map(|ty| [PtrType::I32, PtrType::I64].map(|ptr| layouts.layout(*ty, ptr))))
        });
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

/// Returns an arena of 99 layers of so many types, each of two of the layer below.
fn graph(width: usize) -> Types {
    let mut types = Types::new();
    let mut layer: Vec<_> =
        (1..).take(width).map(|n| types.fixed_length_list(ValType::U8, n).expect("a valid type")).collect();
    for depth in 2..MAX_TYPE_DEPTH {
        let (near, far) = (|i: usize| layer[i], |i: usize| layer[(7 * i + 1) % width]);
        let next = (0..width).map(|i| match depth % 3 {
            0 => types.list(near(i)),
            1 => types.tuple(vec![near(i), far(i)]),
            _ => types.result(Some(near(i)), Some(far(i))),
        });
        layer = next.collect::<Result<_, _>>().expect("lists keep the types small");
    }
    types
}

/// Time that grows with the number of types and not faster shows as the same number of elements a second.
fn graphs(c: &mut Criterion) {
    let mut group = c.benchmark_group("layout of a graph");
    for width in [103, 1030] {
        let types = graph(width);
        let n_types = types.layouts().count();
        group.throughput(Throughput::Elements(n_types as u64));
        group.bench_function(format!("{n_types} types, worked out and read"), |b| {
            b.iter(|| digest(Layouts::new(black_box(&types)).iter()));
        });
        group.sample_size(10);
        group.bench_function(format!("{n_types} types, built"), |b| b.iter(|| graph(black_box(width))));
    }
    group.finish();
}

criterion_group!(benches, wasi, graphs);
criterion_main!(benches);
