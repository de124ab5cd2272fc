//! `validate` and component-linker accept the same components, and report a fault in the same words
//! at the same byte.

use component_linker::{Component, ResolvedComponent};
use component_tools::{BinaryKind, validate};

/// A component with nearly all kinds of sections and definitions.
const COMPONENT: &str = r#"(component $outer
  (import "a:b/c@1.2.3" (instance $c
    (export "r" (type $r (sub resource)))
    (export "[constructor]r" (func (result (own $r))))
    (export "[method]r.use" (func (param "self" (borrow $r)) (param "x" string)))))
  (alias export $c "[method]r.use" (func $use))
  (alias export $c "r" (type $r))
  (type $e (enum "a" "b"))
  (core module $memory
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 8)))
  (core instance $m (instantiate $memory))
  (core func $use' (canon lower (func $use) (memory (core memory $m "memory"))))
  (core func $drop (canon resource.drop $r))
  (core func $yield (canon thread.yield))
  (core func $wait (canon waitable-set.new))
  (core module $main
    (import "c" "use" (func (param i32 i32 i32)))
    (import "c" "drop" (func (param i32)))
    (func (export "run") (param i32) (result i32)
      (block (br_if 0 (local.get 0)))
      (i32.add (local.get 0) (i32.const 1))))
  (core instance $i (instantiate $main
    (with "c" (instance (export "use" (func $use')) (export "drop" (func $drop))))))
  (func (export "run") (param "x" u32) (result u32) (canon lift (core func $i "run")))
  (component $inner (type $t (record (field "x" u8))) (export "t" (type $t)))
  (instance $n (instantiate $inner))
  (export "n" (instance $n)))"#;

/// Compares what both crates say of `bytes`, and returns whether these are valid.
fn check(bytes: &[u8], what: &str) -> bool {
    let (ours, theirs) = (validate(bytes), Component::validate(bytes));
    match (&ours, &theirs) {
        (Ok(BinaryKind::Component), Ok(())) => return true,
        (Ok(BinaryKind::Module), Err(error)) => {
            assert_eq!(error.message(), "this is a core module, not a component", "{what}");
        }
        (Err(ours), Err(theirs)) => {
            assert_eq!(ours.to_string(), theirs.to_string(), "{what}");
            assert_eq!(format!("{:?}", ours.kind()), format!("{:?}", theirs.kind()), "{what}");
            // The types of a component are decoded in a pass that validates along the way.
            let staged = ResolvedComponent::new(bytes).expect_err("it is not valid");
            assert_eq!(ours.to_string(), staged.to_string(), "{what}");
        }
        (Ok(_), _) | (Err(_), Ok(())) => panic!("{what}: {ours:?}, but {theirs:?}"),
    }
    false
}

#[test]
fn faults_are_the_same() {
    let bytes = wat::parse_str(COMPONENT).expect("the text has no faults");
    assert!(check(&bytes, "the whole"));
    for n_bytes in 0..bytes.len() {
        check(&bytes[..n_bytes], &format!("the first {n_bytes} bytes"));
    }
    let mut n_valid = 0;
    for (at, byte) in bytes.iter().enumerate() {
        for changed in [0, 1, 0x0c, 0x2e, 0x7f, 0x80, byte.wrapping_add(1), byte ^ 0x40] {
            let mut bytes = bytes.clone();
            bytes[at] = changed;
            n_valid += u32::from(check(&bytes, &format!("byte {at:#x} is {changed:#x}")));
        }
    }
    assert!(n_valid > 0, "changed names are valid");
}
