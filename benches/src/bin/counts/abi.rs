//! Lifting and lowering values by the interpreter of the Canonical ABI, over byte slices.

use benches::Memory;
use canonical_abi::{Context, List, Options, Types, ValType, Value, load, store};
use std::hint::black_box;

const ROOT: u64 = 0;
const HEAP: u64 = 64;

fn records() -> (Types, ValType, Value, Memory) {
    let mut types = Types::new();
    let fields = [("id", ValType::U64), ("name", ValType::String), ("on", ValType::Bool)];
    let record = types.record(fields.map(|(name, ty)| (name.to_owned(), ty)).to_vec()).expect("a valid type");
    let records = types.list(record).expect("a valid type");
    let element = Value::Record(vec![Value::U64(1), Value::String("a name".to_owned()), Value::Bool(true)]);
    let list = Value::List(List::Values(vec![element; 1000]));
    (types, records, list, Memory { bytes: vec![0; 1 << 20], next: HEAP })
}

/// Lifts the list from memory.
pub(crate) fn lift(rounds: u32) {
    let (types, ty, value, mut host) = records();
    store(&mut Context::new(&types, Options::default(), &mut host), &value, ty, ROOT).expect("it fits");
    for _ in 0..rounds {
        let mut cx = Context::new(&types, Options::default(), &mut host);
        black_box(load(&mut cx, black_box(ROOT), ty).expect("just stored"));
    }
}

/// Lowers the list to memory.
pub(crate) fn lower(rounds: u32) {
    let (types, ty, value, mut host) = records();
    for _ in 0..rounds {
        host.next = HEAP;
        let mut cx = Context::new(&types, Options::default(), &mut host);
        store(&mut cx, black_box(&value), ty, ROOT).expect("it fits");
    }
}
