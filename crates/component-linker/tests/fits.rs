//! Whether what a host gives for an import of a module or a component fits it: for all pairs of
//! some types and some definitions, the answer is that of the validator about an instantiation of
//! the one with the other.

#![expect(clippy::unwrap_used, reason = "a failed setup is a failed test")]

use component_linker::{Component, Config, Engine, LinkError, Linker, Module};

/// What module types declare.
const MODULE_TYPES: &[&str] = &[
    "",
    r#"(export "f" (func))"#,
    r#"(export "f" (func (param i32)))"#,
    r#"(export "f" (func (result i64)))"#,
    r#"(export "f" (global i32))"#,
    r#"(export "m" (memory 1))"#,
    r#"(export "m" (memory 1 2))"#,
    r#"(export "m" (memory i64 1))"#,
    r#"(export "m" (memory 1 2 shared))"#,
    r#"(export "t" (table 1 funcref))"#,
    r#"(export "t" (table 2 4 funcref))"#,
    r#"(export "t" (table 1 externref))"#,
    r#"(export "g" (global i32))"#,
    r#"(export "g" (global (mut i32)))"#,
    r#"(export "g" (global funcref))"#,
    r#"(export "g" (global (ref null nofunc)))"#,
    r#"(export "g" (global (mut funcref)))"#,
    r#"(export "g" (global anyref))"#,
    r#"(export "g" (global eqref))"#,
    r#"(type (struct (field i32))) (export "g" (global (ref null 0)))"#,
    r#"(type (func)) (export "g" (global (ref null 0)))"#,
    r#"(export "e" (tag))"#,
    r#"(export "e" (tag (param i32)))"#,
    r#"(import "a" "f" (func))"#,
    r#"(import "a" "f" (func)) (import "a" "g" (global i32)) (export "f" (func))"#,
    r#"(import "a" "m" (memory 2 3)) (export "m" (memory 1))"#,
    r#"(type $p (sub (func))) (type $c (sub $p (func))) (export "f" (func (type $p)))"#,
    r#"(type $p (sub (func))) (type $c (sub $p (func))) (export "f" (func (type $c)))"#,
    r#"(rec (type $a (func)) (type (struct))) (export "f" (func (type $a)))"#,
    r#"(rec (type (struct)) (type $a (func))) (export "f" (func (type $a)))"#,
];

/// What modules define.
const MODULES: &[&str] = &[
    "",
    r#"(func (export "f"))"#,
    r#"(func (export "f") (param i32)) (memory (export "m") 1)"#,
    r#"(func (export "f") (result i64) (i64.const 1))"#,
    r#"(memory (export "m") 1 2) (table (export "t") 1 funcref)"#,
    r#"(memory (export "m") 4) (table (export "t") 3 3 funcref)"#,
    r#"(memory (export "m") i64 1)"#,
    r#"(memory (export "m") 1 2 shared)"#,
    r#"(table (export "t") 1 externref)"#,
    r#"(global (export "g") i32 (i32.const 1))"#,
    r#"(global (export "g") (mut i32) (i32.const 1))"#,
    r#"(global (export "g") funcref (ref.null func))"#,
    r#"(global (export "g") (mut funcref) (ref.null func))"#,
    r#"(global (export "g") (ref null nofunc) (ref.null nofunc))"#,
    r#"(global (export "g") (ref null none) (ref.null none))"#,
    r#"(global (export "g") eqref (ref.null eq))"#,
    r#"(global (export "g") i31ref (ref.null i31))"#,
    r#"(type $s (struct (field i32))) (global (export "g") (ref null $s) (ref.null $s))"#,
    r#"(type $s (struct (field i64))) (global (export "g") (ref null $s) (ref.null $s))"#,
    r#"(type $f (func)) (global (export "g") (ref null $f) (ref.null $f))"#,
    r#"(tag (export "e"))"#,
    r#"(tag (export "e") (param i32))"#,
    r#"(import "a" "f" (func)) (export "f" (func 0))"#,
    r#"(import "a" "f" (func (param i32)))"#,
    r#"(import "a" "g" (global i32))"#,
    r#"(import "a" "m" (memory 1)) (export "m" (memory 0))"#,
    r#"(import "a" "m" (memory 1 1))"#,
    r#"(import "b" "f" (func))"#,
    r#"(type $p (sub (func))) (type $c (sub $p (func))) (func (export "f") (type $p))"#,
    r#"(type $p (sub (func))) (type $c (sub $p (func))) (func (export "f") (type $c))"#,
    r#"(rec (type $a (func)) (type (struct))) (func (export "f") (type $a))"#,
    r#"(rec (type (struct)) (type $a (func))) (func (export "f") (type $a))"#,
];

/// What component types declare.
const COMPONENT_TYPES: &[&str] = &[
    "",
    r#"(export "f" (func))"#,
    r#"(export "f" (func (param "x" u32)))"#,
    r#"(export "f" (func (param "y" u32)))"#,
    r#"(export "f" (func (result string)))"#,
    r#"(import "f" (func))"#,
    r#"(import "f" (func)) (import "g" (func (param "x" u32))) (export "f" (func))"#,
    r#"(import "r" (type (sub resource)))"#,
    r#"(import "r" (type $r (sub resource))) (import "f" (func (param "x" (own $r))))"#,
    r#"(import "r" (type $r (sub resource))) (import "s" (type $s (sub resource)))
       (import "f" (func (param "x" (own $s))))"#,
    r#"(export "r" (type $r (sub resource))) (export "f" (func (param "x" (own $r))))"#,
    r#"(export "r" (type $r (sub resource))) (export "s" (type $s (sub resource)))
       (export "f" (func (param "x" (own $s))))"#,
    r#"(export "r" (type $r (sub resource))) (export "s" (type $s (eq $r)))"#,
    r#"(import "r" (type $r (sub resource))) (export "s" (type $s (eq $r)))
       (export "f" (func (param "x" (borrow $s))))"#,
    r#"(type $t' (record (field "a" u8))) (export "t" (type $t (eq $t')))
       (export "f" (func (param "x" $t)))"#,
    r#"(type $t' (record (field "b" u8))) (export "t" (type $t (eq $t')))"#,
    r#"(import "i" (instance (export "f" (func)) (export "g" (func))))"#,
    r#"(export "i" (instance (export "f" (func))))"#,
    r#"(export "i" (instance (export "r" (type $r (sub resource))) (export "f" (func (param "x" (own $r))))))"#,
    r#"(import "i" (instance $i (export "r" (type (sub resource)))))
       (alias export $i "r" (type $r)) (export "f" (func (param "x" (own $r))))"#,
    r#"(export "m" (core module (export "f" (func))))"#,
    r#"(import "m" (core module (import "a" "f" (func)) (export "f" (func))))"#,
    r#"(export "c" (component (import "f" (func)) (export "g" (func))))"#,
    r#"(import "c" (component (import "f" (func)) (export "g" (func))))"#,
    r#"(core type $m (module (export "f" (func)))) (export "m" (core module (type $m)))"#,
    r#"(type $i (instance (export "f" (func)))) (export "t" (type (eq $i)))"#,
];

/// What components define.
const COMPONENTS: &[&str] = &[
    "",
    r#"(import "f" (func $f)) (export "f" (func $f))"#,
    r#"(import "g" (func $g (param "x" u32))) (export "f" (func $g))"#,
    r#"(import "f" (func (param "x" u32)))"#,
    r#"(core module $m (func (export "f"))) (core instance $i (instantiate $m))
       (func $f (canon lift (core func $i "f"))) (export "f" (func $f))"#,
    r#"(import "r" (type $r (sub resource))) (import "f" (func $f (param "x" (own $r)))) (export "f" (func $f))"#,
    r#"(import "r" (type $r (sub resource))) (export "r" (type $r)) (export "s" (type $r))"#,
    r#"(import "r" (type $r (sub resource))) (import "s" (type $s (sub resource)))
       (import "f" (func (param "x" (own $s))))"#,
    r#"(import "r" (type $r (sub resource))) (export $s "s" (type $r))
       (core module $m (func (export "f") (param i32))) (core instance $i (instantiate $m))
       (func $f (param "x" (borrow $s)) (canon lift (core func $i "f"))) (export "f" (func $f))"#,
    r#"(type $r' (resource (rep i32))) (export $r "r" (type $r'))
       (core module $m (func (export "f") (param i32))) (core instance $i (instantiate $m))
       (func $f (param "x" (own $r)) (canon lift (core func $i "f"))) (export "f" (func $f))"#,
    r#"(type $r' (resource (rep i32))) (export $r "r" (type $r'))
       (type $s' (resource (rep i32))) (export $s "s" (type $s'))
       (core module $m (func (export "f") (param i32))) (core instance $i (instantiate $m))
       (func $f (param "x" (own $s)) (canon lift (core func $i "f"))) (export "f" (func $f))"#,
    r#"(type $r' (resource (rep i32))) (export $r "r" (type $r')) (export $s "s" (type $r))"#,
    r#"(type $t' (record (field "a" u8))) (export $t "t" (type $t'))
       (core module $m (func (export "f") (param i32))) (core instance $i (instantiate $m))
       (func $f (param "x" $t) (canon lift (core func $i "f"))) (export "f" (func $f))"#,
    r#"(type $t' (tuple u8)) (export $t "t" (type $t'))"#,
    r#"(import "i" (instance $i (export "f" (func)))) (export "i" (instance $i))"#,
    r#"(import "i" (instance $i (export "f" (func)) (export "h" (func))))"#,
    r#"(import "i" (instance $i (export "r" (type (sub resource))))) (export "i" (instance $i))
       (alias export $i "r" (type $r)) (export "r" (type $r))"#,
    r#"(import "i" (instance $i (export "r" (type $r (sub resource))) (export "f" (func (param "x" (own $r))))))
       (export "i" (instance $i)) (export "f" (func $i "f"))"#,
    r#"(import "i" (instance $i (export "r" (type $r (sub resource))))) (alias export $i "r" (type $r))
       (core module $m (func (export "f") (param i32))) (core instance $i (instantiate $m))
       (func $f (param "x" (own $r)) (canon lift (core func $i "f"))) (export "f" (func $f))"#,
    r#"(core module $m (func (export "f")) (func (export "g"))) (export "m" (core module $m))"#,
    r#"(core module $m (import "a" "f" (func)) (func (export "f"))) (export "m" (core module $m))"#,
    r#"(import "m" (core module $m (export "f" (func)))) (export "m" (core module $m))"#,
    r#"(import "m" (core module $m (import "a" "f" (func)) (import "a" "g" (func))))"#,
    r#"(component $c (import "f" (func $f)) (export "g" (func $f)) (export "h" (func $f)))
       (export "c" (component $c))"#,
    r#"(component $c (import "f" (func $f)) (export "g" (func $f))) (export "i" (component $c))"#,
    r#"(import "c" (component $c (import "f" (func)) (export "g" (func)))) (export "c" (component $c))"#,
    r#"(import "c" (component $c (export "g" (func)))) (instance $i (instantiate $c)) (export "f" (func $i "g"))"#,
    r#"(import "f" (func $f)) (instance $i (export "f" (func $f)) (export "g" (func $f)))
       (export "i" (instance $i))"#,
    r#"(import "f" (func $f)) (instance $i (export "g" (func $f)) (export "f" (func $f)))
       (export "i" (instance $i) (instance (export "g" (func))))"#,
    r#"(type $i (instance (export "f" (func)))) (export "t" (type $i))"#,
    r#"(type $i (instance (export "f" (func)) (export "g" (func)))) (export "t" (type $i))"#,
];

fn binary(wat: &str) -> Vec<u8> {
    wat::parse_str(wat).unwrap_or_else(|error| panic!("{error}\n{wat}"))
}

/// Returns an importer of each type, which is written as a `kind`.
fn importers(engine: &Engine, kind: &str, types: &[&str]) -> Vec<Component> {
    let importer = |ty: &&str| format!(r#"(component (import "x" ({kind} {ty})))"#);
    types.iter().map(|ty| Component::new(engine, &binary(&importer(ty))).unwrap()).collect()
}

/// Checks the answer about each pair of a type and a definition, which are written as a `kind`.
fn check_all(
    kind: &str,
    types: &[&str],
    definitions: &[&str],
    give: impl Fn(&Engine, &str, &mut Linker<()>),
) {
    let engine = Engine::new(&Config::new()).unwrap();
    let importers = importers(&engine, kind, types);
    let (mut n_fit, mut wrong) = (0, Vec::new());
    for definition in definitions {
        let mut linker = Linker::new();
        give(&engine, &format!("({} {definition})", kind.trim_start_matches("core ")), &mut linker);
        for (importer, ty) in importers.iter().zip(types) {
            let whole = format!(
                r#"(component (component $importer (import "x" ({kind} {ty}))) ({kind} $given {definition})
                   (instance (instantiate $importer (with "x" ({kind} $given)))))"#
            );
            let expected = Component::validate(&binary(&whole));
            let given = linker.link(importer);
            n_fit += usize::from(given.is_ok());
            match (&given, &expected) {
                (Ok(_), Ok(())) | (Err(LinkError::WrongType(_)), Err(_)) => {}
                _ => wrong.push(format!("{ty}\n  given {definition}\n  {given:?}\n  {expected:?}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong.join("\n"));
    assert!(n_fit > types.len() && n_fit < types.len() * definitions.len() / 2, "{n_fit} fit");
}

#[test]
fn modules_fit_where_the_validator_says_so() {
    check_all("core module", MODULE_TYPES, MODULES, |engine, wat, linker| {
        linker.root().define_module("x", &Module::new(engine, &binary(wat)).unwrap()).unwrap();
    });
}

#[test]
fn components_fit_where_the_validator_says_so() {
    check_all("component", COMPONENT_TYPES, COMPONENTS, |engine, wat, linker| {
        linker.root().define_component("x", &Component::new(engine, &binary(wat)).unwrap()).unwrap();
    });
}

#[test]
fn what_does_not_fit_is_explained() {
    let engine = Engine::new(&Config::new()).unwrap();
    let check = |ty: &str, given: &str, why: &str| {
        let importer = &importers(&engine, "component", &[ty])[0];
        let mut linker = Linker::<()>::new();
        let given = Component::new(&engine, &binary(&format!("(component {given})"))).unwrap();
        linker.root().define_component("x", &given).unwrap();
        let error = linker.link(importer).unwrap_err().to_string();
        let context = "import component `x` is provided as one of another type: ";
        assert_eq!(error.strip_prefix(context), Some(why));
    };
    check(
        r#"(export "f" (func (result string)))"#,
        COMPONENTS[4],
        "type mismatch for export `f`\nexpected `func() -> string`, found `func()`",
    );
    check(
        r#"(import "f" (func))"#,
        COMPONENTS[3],
        "type mismatch for import `f`\nexpected `func(x: u32)`, found `func()`",
    );
    check(
        r#"(export "m" (core module (export "f" (func (param i32)))))"#,
        COMPONENTS[19],
        "type mismatch for export `m`\ntype mismatch in export `f`\nthe function is of another type",
    );
}
