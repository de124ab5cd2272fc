//! Leaves out custom sections, of nested modules and components too. Follows Binary.md.
//!
//! All other sections are copied byte for byte, so that nothing changes its meaning.

use wasmparser::{BinaryReader, Parser};

use crate::binary::validate_with;
use crate::error::Error;
use crate::proposals::Proposals;

const CUSTOM: u8 = 0;
/// The sections of a component that hold core modules and components.
const NESTED: [u8; 2] = [1, 4];
const HEADER_BYTES: usize = 8;

/// Returns a component or a core module without the custom sections for which `is_kept` is false.
/// It is asked for the name of each.
///
/// ```
/// let bytes = wat::parse_str(r#"(module $named (@custom "a" "text") (func $f))"#)?;
/// let stripped = component_tools::strip(&bytes, Default::default(), |name| name == "a")?;
/// let part = component_tools::outline(&stripped)?;
/// assert_eq!((part.name, part.custom_sections.len()), (None, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// If `bytes` are not valid.
pub fn strip(bytes: &[u8], proposals: Proposals, is_kept: impl Fn(&str) -> bool) -> Result<Vec<u8>, Error> {
    validate_with(bytes, proposals)?;
    strip_part(bytes, &is_kept)
}

/// Strips a module or a component. Validation bounds the nesting.
fn strip_part(bytes: &[u8], is_kept: &dyn Fn(&str) -> bool) -> Result<Vec<u8>, Error> {
    let is_component = !Parser::is_core_wasm(bytes);
    let mut reader = BinaryReader::new(bytes, 0);
    let mut stripped = reader.read_bytes(HEADER_BYTES)?.to_vec();
    while !reader.eof() {
        let id = reader.read_u8()?;
        let n_bytes = usize::try_from(reader.read_var_u32()?).unwrap_or(usize::MAX);
        let contents = reader.read_bytes(n_bytes)?;
        if id == CUSTOM && !is_kept(BinaryReader::new(contents, 0).read_string()?) {
            continue;
        }
        let nested =
            if is_component && NESTED.contains(&id) { Some(strip_part(contents, is_kept)?) } else { None };
        let contents = nested.as_deref().unwrap_or(contents);
        stripped.push(id);
        push_size(&mut stripped, contents.len());
        stripped.extend_from_slice(contents);
    }
    Ok(stripped)
}

/// Writes a size in LEB128.
fn push_size(bytes: &mut Vec<u8>, mut size: usize) {
    loop {
        let low = u8::try_from(size & 0x7f).expect("it has seven bits");
        size >>= 7;
        bytes.push(if size == 0 { low } else { low | 0x80 });
        if size == 0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outline::{Part, outline};

    const NESTED: &str = r#"(component $outer
        (core module $m (@custom "producers" "p") (@custom "kept" "k") (func $f (export "f")))
        (@custom "kept" "x") (@custom "z" "1")
        (component $inner (@custom "z" "2")
          (core module $n (@custom "z" "3") (@custom "kept" "4")))
        (core instance $i (instantiate $m)))"#;

    fn names(part: &Part) -> Vec<String> {
        let parts = std::iter::once(part).chain(part.nested().into_iter().map(|(_, part)| part));
        parts.flat_map(|part| &part.custom_sections).map(|section| section.name.clone()).collect()
    }

    #[test]
    fn sections_of_all_parts() {
        let bytes = wat::parse_str(NESTED).unwrap();
        let check = |is_kept: fn(&str) -> bool, expected: &[&str]| {
            let stripped = strip(&bytes, Proposals::default(), is_kept).unwrap();
            let part = outline(&stripped).unwrap();
            let mut names = names(&part);
            names.sort();
            assert_eq!(names, expected);
            stripped
        };
        let none = check(|_| false, &[]);
        let kept = check(|name| name == "kept", &["kept", "kept", "kept"]);
        assert!(none.len() < kept.len() && kept.len() < bytes.len());
        assert_eq!(strip(&bytes, Proposals::default(), |_| true).unwrap(), bytes);
        assert_eq!(strip(&kept, Proposals::default(), |_| false).unwrap(), none);
    }

    #[test]
    fn sizes() {
        let check = |size, expected: &[u8]| {
            let mut bytes = Vec::new();
            push_size(&mut bytes, size);
            assert_eq!(bytes, expected);
        };
        check(0, &[0]);
        check(127, &[127]);
        check(128, &[0x80, 1]);
        check(1 << 14, &[0x80, 0x80, 1]);
    }
}
