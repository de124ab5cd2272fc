//! Strings are validated as the standard library does it, with the feature `simd` and without: the
//! same strings, and the same words for the same faults.

use canonical_abi::standalone::Standalone;
use canonical_abi::string::load_string_from_range;
use canonical_abi::{Context, Options, StringEncoding, Trap, Types};
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

/// A long string is handled in pieces, wherever its characters lie.
#[test]
fn long_strings_are_what_the_standard_library_says() {
    const PIECE: usize = 1 << 20;
    let types = Types::new();
    let load = |memory: Vec<u8>, string_encoding| {
        let tag = if string_encoding == StringEncoding::Utf8 { 1 } else { 2 };
        let n_units = memory.len() as u64 / tag;
        let mut host = Standalone { memory };
        let opts = Options { string_encoding, ..Options::default() };
        load_string_from_range(&mut Context::new(&types, opts, &mut host), 0, n_units)
    };
    for around in ["é", "€", "🦀", "€🦀éa"] {
        for n_before in PIECE - 20..PIECE + 4 {
            let text = "x".repeat(n_before) + around + "y" + around;
            let utf8 = text.clone().into_bytes();
            assert_eq!(load(utf8.clone(), StringEncoding::Utf8).as_ref(), Ok(&text));
            // Cut in a character, at the end or before another.
            for broken in [&[][..], b"z", "é".as_bytes()].map(|rest| [&utf8[..n_before + 1], rest].concat())
            {
                let error = std::str::from_utf8(&broken).unwrap_err();
                let error_bytes = error.error_len().map(|n| u8::try_from(n).unwrap());
                let trap = Trap::InvalidUtf8 { valid_up_to_bytes: error.valid_up_to(), error_bytes };
                assert_eq!(load(broken, StringEncoding::Utf8), Err(trap));
            }
        }
        for n_before in PIECE / 2 - 10..PIECE / 2 + 2 {
            let text = "x".repeat(n_before) + around + "y";
            let units: Vec<_> = text.encode_utf16().chain([0xd800]).collect();
            let bytes = |units: &[u16]| units.iter().flat_map(|unit| unit.to_le_bytes()).collect::<Vec<_>>();
            let whole = &units[..units.len() - 1];
            assert_eq!(load(bytes(whole), StringEncoding::Utf16).as_ref(), Ok(&text));
            let trap = Trap::InvalidUtf16 { surrogate: 0xd800 };
            assert_eq!(load(bytes(&units), StringEncoding::Utf16), Err(trap));
        }
    }
    let continuations = [&vec![b'x'; PIECE - 8][..], &[0x80; 16]].concat();
    let trap = Trap::InvalidUtf8 { valid_up_to_bytes: PIECE - 8, error_bytes: Some(1) };
    assert_eq!(load(continuations, StringEncoding::Utf8), Err(trap));
}
