//! Sizes and alignments of all types of the WASI 0.2 packages, beside wit-parser's `SizeAlign` on the same packages.
//!
//! Both start from resolved packages. For wit-parser that is a `Resolve`, for which `SizeAlign` works out all layouts. Types of
//! `canonical-abi` know their layouts from when they were built, so that only reading them is left; what building takes,
//! with checks of labels, interning and flattening, is timed as well.

mod common;

use std::hint::black_box;
use std::path::Path;

use canonical_abi::{PtrType, Types, ValType, layout};
use common::wasi_folder;
use criterion::{Criterion, criterion_group, criterion_main};
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
    group.bench_function("wit-parser: SizeAlign, filled and read", |b| {
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
    group.bench_function("canonical-abi: all types, read", |b| {
        b.iter(|| {
            let all = black_box(&types).layouts().map(|(_, layouts)| {
                layouts.iter().map(|layout| layout.size() ^ layout.align()).fold(0, |a, b| a ^ b)
            });
            all.fold(0, |a, b| a ^ b)
        });
    });
    group.bench_function("canonical-abi: every definition, asked for", |b| {
        b.iter(|| {
            let of = |ty, ptr| {
                let layout = layout(black_box(&types), ty, ptr);
                layout.size() ^ layout.align()
            };
            let all = tys.iter().map(|ty| of(*ty, PtrType::I32) ^ of(*ty, PtrType::I64));
            all.fold(0, |a, b| a ^ b)
        });
    });
    group.bench_function("canonical-abi: types built", |b| {
        b.iter(|| all_types(&resolved, &mut Types::new()));
    });
    group.finish();
}

criterion_group!(benches, wasi);
criterion_main!(benches);
