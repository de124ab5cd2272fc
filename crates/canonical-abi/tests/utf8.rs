//! Strings are validated as the standard library does it, with the feature `simd` and without: the
//! same strings, and the same words for the same faults.

use canonical_abi::standalone::Standalone;
use canonical_abi::string::load_string_from_range;
use canonical_abi::{Context, Options, Trap, Types};
use proptest::prelude::*;

fn check(bytes: &[u8]) {
    let types = Types::new();
    let mut host = Standalone { memory: bytes.to_vec() };
    let mut cx = Context::new(&types, Options::default(), &mut host);
    let expected = match std::str::from_utf8(bytes) {
        Ok(s) => Ok(s.to_owned()),
        Err(e) => Err(Trap::InvalidUtf8 {
            valid_up_to_bytes: e.valid_up_to(),
            error_bytes: e.error_len().map(|n| u8::try_from(n).expect("1 to 3 bytes")),
        }),
    };
    assert_eq!(load_string_from_range(&mut cx, 0, bytes.len() as u64), expected);
}

/// Every string of two bytes and every start of a longer one, behind as many others as vectors
/// have.
#[test]
fn short_sequences_are_validated() {
    for n_before in [0, 15, 31, 63, 127] {
        let mut bytes = vec![b'-'; n_before];
        for pair in 0..=u16::MAX {
            bytes.truncate(n_before);
            bytes.extend(pair.to_be_bytes());
            bytes.extend((pair % 3 > 0).then_some(0x80));
            check(&bytes);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn tampered_strings_are_validated(
        chars in proptest::collection::vec(any::<char>(), 0..100),
        tampered in proptest::collection::vec((0..400usize, any::<u8>()), 0..3),
        cut in 0..4usize,
    ) {
        let mut bytes = chars.into_iter().collect::<String>().into_bytes();
        bytes.truncate(bytes.len().saturating_sub(cut));
        let length = bytes.len().max(1);
        for (at, byte) in tampered {
            bytes.get_mut(at % length).into_iter().for_each(|b| *b = byte);
        }
        check(&bytes);
    }
}
