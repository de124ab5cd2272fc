//! The interpreter of the Canonical ABI: building types, lowering and lifting values over a byte slice.

use std::hint::black_box;

use canonical_abi::{
    Context, Host, List, Options, PtrType, ResourceId, StringEncoding, Trap, Types, ValType, Value, load,
    store,
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// A memory whose `realloc` hands out bytes from `next` on.
struct Memory {
    bytes: Vec<u8>,
    next: u64,
}

impl Host for Memory {
    type Error = Trap;

    fn memory(&self) -> &[u8] {
        &self.bytes
    }

    fn memory_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    fn realloc(&mut self, _: u64, _: u64, align: u64, new_size: u64) -> Result<u64, Trap> {
        let ptr = self.next.next_multiple_of(align);
        self.next = ptr + new_size;
        Ok(ptr)
    }

    fn lift_own(&mut self, _: ResourceId, _: u32) -> Result<u32, Trap> {
        unreachable!("no benched type has handles")
    }

    fn lift_borrow(&mut self, _: ResourceId, _: u32) -> Result<u32, Trap> {
        unreachable!("no benched type has handles")
    }

    fn lower_own(&mut self, _: ResourceId, _: u32) -> Result<u32, Trap> {
        unreachable!("no benched type has handles")
    }

    fn lower_borrow(&mut self, _: ResourceId, _: u32) -> Result<u32, Trap> {
        unreachable!("no benched type has handles")
    }
}

const ROOT: u64 = 0;
const HEAP: u64 = 64;

/// Times storing `value` at [`ROOT`] and loading it again.
fn round_trip(c: &mut Criterion, name: &str, types: &Types, ty: ValType, value: &Value, n_elements: u64) {
    let opts = Options {
        string_encoding: StringEncoding::Utf8,
        ptr: PtrType::I32,
        is_async: false,
        has_callback: false,
    };
    let mut host = Memory { bytes: vec![0; 4 << 20], next: HEAP };
    let mut group = c.benchmark_group(name);
    group.throughput(Throughput::Elements(n_elements));
    group.bench_function("store", |b| {
        b.iter(|| {
            host.next = HEAP;
            store(&mut Context::new(types, opts, &mut host), black_box(value), ty, ROOT).expect("it fits")
        });
    });
    group.bench_function("load", |b| {
        b.iter(|| load(&mut Context::new(types, opts, &mut host), black_box(ROOT), ty).expect("just stored"));
    });
    group.finish();
}

fn values(c: &mut Criterion) {
    let mut types = Types::new();
    let bytes = types.list(ValType::U8).expect("a valid type");
    let payload = Value::List(List::U8(vec![7; 1 << 20]));
    round_trip(c, "list<u8>, 1 MiB", &types, bytes, &payload, 1 << 20);

    let fields = [("a", ValType::U64), ("b", ValType::U32), ("c", ValType::U8)];
    let record = types.record(fields.map(|(name, ty)| (name.to_owned(), ty)).to_vec()).expect("a valid type");
    let records = types.list(record).expect("a valid type");
    let element = Value::Record(vec![Value::U64(1), Value::U32(2), Value::U8(3)]);
    let list = Value::List(List::Values(vec![element; 10_000]));
    round_trip(c, "list<record { u64, u32, u8 }>, 10,000", &types, records, &list, 10_000);

    let text = Value::String("Grüße, ".repeat(10_000));
    round_trip(c, "string, 90,000 bytes", &types, ValType::String, &text, 90_000);
}

criterion_group!(benches, values);
criterion_main!(benches);
