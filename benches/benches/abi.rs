//! The interpreter of the Canonical ABI: lifting, lowering and copying values over byte slices.

use std::hint::black_box;

use benches::Memory;
use canonical_abi::plan::{Passing, plan, run};
use canonical_abi::{Context, CoreValue, List, Options, Types, ValType, Value, load, store};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const ROOT: u64 = 0;
const HEAP: u64 = 64;

/// Enough for the longest list and a copy of it.
const MEMORY_BYTES: usize = 4 << 20;

fn new_memory() -> Memory {
    Memory { bytes: vec![0; MEMORY_BYTES], next: HEAP }
}

/// Times storing `value` at [`ROOT`], loading it again, and copying it to another memory by its
/// plan.
fn round_trip(
    c: &mut Criterion,
    name: &str,
    types: &Types,
    ty: ValType,
    value: &Value,
    throughput: Throughput,
) {
    let opts = Options::default();
    let (mut host, mut other) = (new_memory(), new_memory());
    store(&mut Context::new(types, opts, &mut host), value, ty, ROOT).expect("it fits");
    let mut group = c.benchmark_group(name);
    group.throughput(throughput);
    group.bench_function("load", |b| {
        b.iter(|| load(&mut Context::new(types, opts, &mut host), black_box(ROOT), ty).expect("just stored"));
    });
    group.bench_function("store", |b| {
        b.iter(|| {
            other.next = HEAP;
            store(&mut Context::new(types, opts, &mut other), black_box(value), ty, ROOT).expect("it fits")
        });
    });
    group.bench_function("load and store", |b| {
        b.iter(|| {
            other.next = HEAP;
            let value =
                load(&mut Context::new(types, opts, &mut host), black_box(ROOT), ty).expect("just stored");
            store(&mut Context::new(types, opts, &mut other), &value, ty, ROOT).expect("it fits")
        });
    });
    let plan = plan(types, &[ty], Passing::in_memory(opts), Passing::in_memory(opts));
    group.bench_function("plan", |b| {
        b.iter(|| {
            other.next = HEAP;
            let mut src = Context::new(types, opts, &mut host);
            let mut dst = Context::new(types, opts, &mut other);
            let root = [CoreValue::pointer(black_box(ROOT), opts.ptr)];
            run(&plan, &mut src, &root, &mut dst, Some(ROOT)).expect("it fits")
        });
    });
    group.finish();
}

fn values(c: &mut Criterion) {
    let mut types = Types::new();
    let bytes = types.list(ValType::U8).expect("a valid type");
    let payload = Value::List(List::U8(vec![7; 1 << 20]));
    round_trip(c, "list<u8>, 1 MiB", &types, bytes, &payload, Throughput::Bytes(1 << 20));

    let fields = [("a", ValType::U64), ("b", ValType::U32), ("c", ValType::U8)];
    let record = types.record(fields.map(|(name, ty)| (name.to_owned(), ty)).to_vec()).expect("a valid type");
    let records = types.list(record).expect("a valid type");
    let element = Value::Record(vec![Value::U64(1), Value::U32(2), Value::U8(3)]);
    let list = Value::List(List::Values(vec![element; 10_000]));
    round_trip(
        c,
        "list<record { u64, u32, u8 }>, 10,000",
        &types,
        records,
        &list,
        Throughput::Elements(10_000),
    );
}

/// Lifting, lowering and copying strings, beside a plain copy of the same bytes: to memory at hand
/// (`memcpy`), and to a new allocation, which a lifted string needs too (`memcpy to new`). `load`
/// checks that the bytes are UTF-8 and copies them.
fn utf8(c: &mut Criterion) {
    let types = Types::new();
    let texts = [("ASCII", "to be read "), ("Latin", "Grüße, "), ("Greek and Chinese", "κόσμε, 规范 — ")];
    for (name, text) in texts {
        let text = text.repeat((1 << 20) / text.len());
        let n_bytes = Throughput::Bytes(text.len() as u64);
        let name = format!("utf8, 1 MiB, {name}");
        let mut group = c.benchmark_group(&name);
        group.throughput(n_bytes.clone());
        let mut to = vec![0; text.len()];
        group.bench_function("memcpy", |b| {
            b.iter(|| black_box(&mut to).copy_from_slice(black_box(&text).as_bytes()));
        });
        group.bench_function("memcpy to new", |b| b.iter(|| black_box(&text).as_bytes().to_vec()));
        group.finish();
        round_trip(c, &name, &types, ValType::String, &Value::String(text), n_bytes);
    }
}

criterion_group!(benches, values, utf8);
criterion_main!(benches);
