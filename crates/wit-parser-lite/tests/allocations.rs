//! Allocations are made per definition, not per token.

use allocation_counter::measure;
use wit_parser_lite::lex::lex;
use wit_parser_lite::{Resolved, Sources, TypeDefKind, parse};

/// Returns a package with `n` interfaces, with `gap` between any two tokens.
fn package(n: usize, gap: &str) -> String {
    let interface = |index: usize| {
        let tokens = format!(
            "interface i{index} {{ \
             record settings {{ first : u32 , second : list < string > , third : option < tuple < u8 , s64 > > , }} \
             variant shape {{ none , circle ( f32 ) , named ( settings ) }} \
             enum color {{ red , green , blue }} \
             type outcome = result < settings , shape > ; \
             resource handle {{ constructor ( start : settings ) ; read : func ( at : u64 ) -> list < u8 > ; }} \
             run : func ( what : outcome , again : borrow < handle > ) -> option < color > ; }}"
        );
        tokens.replace(' ', gap)
    };
    format!("package a:b;\n{}", (0..n).map(interface).collect::<Vec<_>>().join("\n"))
}

/// Returns the number of definitions, for which memory must be allocated.
fn n_definitions(resolved: &Resolved) -> u64 {
    let parts = |kind: &TypeDefKind| match kind {
        TypeDefKind::Record(fields) => fields.len(),
        TypeDefKind::Variant(cases) => cases.len(),
        TypeDefKind::Enum(labels) | TypeDefKind::Flags(labels) => labels.len(),
        TypeDefKind::Tuple(_)
        | TypeDefKind::Option(_)
        | TypeDefKind::Result { .. }
        | TypeDefKind::List(_)
        | TypeDefKind::FixedLengthList(..)
        | TypeDefKind::Map(..)
        | TypeDefKind::Stream(_)
        | TypeDefKind::Future(_)
        | TypeDefKind::Own(_)
        | TypeDefKind::Borrow(_)
        | TypeDefKind::Resource
        | TypeDefKind::Alias(_)
        | TypeDefKind::Use(_) => 0,
    };
    let types = resolved.types().map(|(_, ty)| 1 + parts(&ty.kind)).sum::<usize>();
    let functions = resolved.functions().map(|(_, function)| 1 + function.params.len()).sum::<usize>();
    u64::try_from(types + functions + resolved.interfaces().len()).expect("a count fits")
}

#[test]
fn lexing() {
    for n in [1, 10, 1000] {
        let mut sources = Sources::default();
        let file = sources.add("a.wit", &package(n, " ")).expect("the file is small");
        let allocations = measure(|| assert!(lex(&sources, file).1.is_empty()));
        // The tokens, with some growth beyond the initial capacity of a token per eight bytes.
        assert!(allocations.count_total <= 4, "{n} interfaces: {allocations:?}");
    }
}

#[test]
fn parsing_and_resolving() {
    let count = |text: &str| {
        let mut n = 0;
        let allocations = measure(|| {
            n = n_definitions(&parse(&[("a.wit", text)]).expect("the package is valid"));
        });
        (allocations.count_total, n)
    };
    let (sparse, n) = count(&package(1000, " "));
    assert!(sparse <= 3 * n, "{sparse} allocations for {n} definitions");
    // Twice the tokens for the same definitions: only the initial capacity for tokens differs.
    let (dense, same_n) = count(&package(1000, " /* . */ "));
    assert_eq!(n, same_n);
    assert!(dense.abs_diff(sparse) <= 4, "{sparse} and {dense} allocations");
}
