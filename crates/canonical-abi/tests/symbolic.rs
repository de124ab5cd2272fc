//! Symbolic sizes against the layouts for both pointer types, on random types.

use canonical_abi::arbitrary::any_type;
use canonical_abi::explain::{ByteEntry, byte_map};
use canonical_abi::{ArchAlign, ArchSize, PtrType, Types, ValType, layout, symbolic_layout};
use proptest::prelude::*;

const BOTH: [PtrType; 2] = [PtrType::I32, PtrType::I64];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn symbolic_layouts_are_those_of_both_pointer_types(tree in any_type()) {
        let mut types = Types::new();
        let ty = tree.intern(&mut types);
        let (size, align) = symbolic_layout(&types, ty);
        for ptr in BOTH {
            let concrete = layout(&types, ty, ptr);
            prop_assert_eq!(size.at(ptr), u64::from(concrete.size()));
            prop_assert_eq!(align.at(ptr), concrete.align());
        }
        prop_assert!(align != ArchAlign::Pointer || size.pointers() > 0);
        let half = ArchSize::between(size.at(PtrType::I32), size.at(PtrType::I64));
        prop_assert_eq!(half, size);
    }

    /// The maps for both pointer types have the same components, at the symbolic offsets.
    #[test]
    fn symbolic_offsets_are_those_of_both_pointer_types(tree in any_type()) {
        let mut types = Types::new();
        let ty = tree.intern(&mut types);
        let [narrow, wide] = BOTH.map(|ptr| {
            let mut found = Vec::new();
            collect(&byte_map(&types, ty, ptr).entries, ptr, &mut found);
            found
        });
        prop_assert_eq!(narrow, wide);
    }
}

/// Collects the components with their symbolic offsets, which are the concrete ones for `ptr`.
fn collect(
    entries: &[ByteEntry],
    ptr: PtrType,
    found: &mut Vec<(String, ArchSize, ArchSize, Option<ValType>)>,
) {
    for entry in entries {
        if let Some(range) = &entry.arch {
            assert_eq!(range.start.at(ptr)..range.end.at(ptr), entry.bytes, "{}", entry.path);
            let size = entry.arch_size().expect("an entry with offsets has a size");
            assert_eq!(size.at(ptr), entry.bytes.end - entry.bytes.start);
            found.push((entry.path.clone(), range.start, range.end, entry.ty));
        }
        collect(&entry.entries, ptr, found);
    }
}

#[test]
fn sizes_are_written_as_sums() {
    let check = |with_32, with_64, text: &str| {
        let size = ArchSize::between(with_32, with_64);
        assert_eq!(size.to_string(), text);
        assert_eq!((size.at(PtrType::I32), size.at(PtrType::I64)), (with_32, with_64));
    };
    check(0, 0, "0");
    check(7, 7, "7");
    check(4, 8, "ptr");
    check(24, 48, "6·ptr");
    check(12, 16, "8 + ptr");
    check(24, 40, "8 + 4·ptr");
    let sum = ArchSize::between(4, 8).plus(ArchSize::between(12, 16));
    assert_eq!(sum, ArchSize::between(16, 24));
    assert_eq!([ArchAlign::Bytes(8), ArchAlign::Pointer].map(|align| align.to_string()), ["8", "ptr"]);
}
