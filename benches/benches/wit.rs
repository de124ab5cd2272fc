//! Parsing and resolving WIT: the packages of WASI 0.2 beside `wit-parser` on the same texts, and
//! generated packages that show how the time grows with the size.
//!
//! Texts are in memory before the clock starts. Both sides copy them, keep documentation and
//! places, and end with resolved packages, which are dropped within the time.

mod common;

use std::hint::black_box;
use std::time::Duration;

use common::wasi_folder;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use wit_parser::{Resolve, SourceMap};
use wit_parser_lite::load::Tree;
use wit_parser_lite::{Features, Resolved};

fn resolve_lite(tree: &Tree) -> Resolved {
    tree.parse(&Features::default()).expect("the packages are valid")
}

fn resolve_reference(tree: &Tree) -> Resolve {
    let group = |files: &Vec<(String, String)>| {
        let mut sources = SourceMap::new();
        for (name, text) in files {
            sources.push_str(name, text.as_str());
        }
        sources.parse().expect("the packages are valid")
    };
    let mut resolve = Resolve::new();
    let dependencies = tree.dependencies.iter().map(group).collect();
    resolve.push_groups(group(&tree.files), dependencies).expect("the packages are valid");
    resolve
}

/// Returns a package of about `n_bytes`: interfaces with a type of each kind, each of them using
/// the one before it.
fn generated(n_bytes: usize) -> Tree {
    let mut text = String::from("package generated:large@1.0.0;\n");
    let mut index = 0usize;
    while text.len() < n_bytes {
        let uses = match index.checked_sub(1) {
            Some(before) => format!("use i{before}.{{settings as older-settings, handle as older-handle}};"),
            None => String::new(),
        };
        text += &format!(
            "
/// What part {index} of the system offers.
interface i{index} {{
  {uses}
  /// What the caller chose.
  record settings {{
    first: u32,
    second: list<string>,
    third: option<tuple<u8, s64, f64>>,
  }}
  variant shape {{ none, circle(f32), polygon(list<tuple<f32, f32>>), named(settings) }}
  enum color {{ red, green, blue }}
  flags permissions {{ read, write, execute }}
  type outcome = result<settings, shape>;
  /// Something open.
  resource handle {{
    constructor(start: settings);
    /// Reads from it.
    read: func(at: u64, n-bytes: u32) -> result<list<u8>, color>;
    merge: static func(a: borrow<handle>, b: handle) -> handle;
  }}
  run: func(what: outcome, as-whom: permissions) -> option<color>;
  walk: async func(steps: stream<u8>) -> future<string>;
}}
"
        );
        index += 1;
    }
    Tree::new(vec![("large.wit".to_owned(), text)], Vec::new())
}

fn compare(c: &mut Criterion, name: &str, tree: &Tree) {
    let n_bytes = tree.all_files().map(|(_, text)| text.len()).sum::<usize>();
    let mut group = c.benchmark_group(name);
    // Figures are also printed per byte.
    group.throughput(Throughput::Bytes(n_bytes.try_into().expect("a size fits")));
    group.sample_size(10).measurement_time(Duration::from_secs(6));
    group.bench_function("wit-parser", |b| b.iter(|| resolve_reference(black_box(tree))));
    group.bench_function("wit-parser-lite", |b| b.iter(|| resolve_lite(black_box(tree))));
    group.finish();
}

fn wit(c: &mut Criterion) {
    let decode = |_: &[u8]| Err("the packages are text".to_owned());
    let wasi = Tree::load_with(&wasi_folder(), &decode).expect("the packages can be read");
    compare(c, "WASI 0.2", &wasi);
    compare(c, "generated, 1 MB", &generated(1_000_000));
    compare(c, "generated, 10 MB", &generated(10_000_000));
}

criterion_group!(benches, wit);
criterion_main!(benches);
