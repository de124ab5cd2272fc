//! Common mistakes, and their messages.
//!
//! Most cases are in files under `tests/data/errors`: the text of a file after `==== its name`, and
//! the messages after `----`. `UPDATE_EXPECT=1 cargo test -p wit-parser-lite` rewrites all
//! expectations.

use std::path::PathBuf;

use expect_test::{Expect, expect, expect_file};
use wit_parser_lite::{
    MAX_ERRORS, MAX_TYPE_DEPTH, Options, Owner, Proposals, WorldItem, WorldItemKind, parse,
    parse_with_dependencies, parse_with_options,
};

fn check(files: &[(&str, &str)], expect: Expect) {
    expect.assert_eq(&errors(files));
}

fn errors(files: &[(&str, &str)]) -> String {
    match parse_with_options(&Options::default().proposals(Proposals::all()), files, &[]) {
        Ok(_) => "no error\n".to_owned(),
        Err(errors) => errors.iter().map(|error| format!("{error}\n")).collect(),
    }
}

/// Checks the file `name`.
fn check_cases(name: &str, n_cases_at_least: usize) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/errors").join(name);
    let text = std::fs::read_to_string(&path).expect("the file of cases is in the repository");
    let mut blessed = String::new();
    let mut cases = text.split("==== ");
    assert_eq!(cases.next(), Some(""), "{name} starts with a case");
    let mut n_cases = 0;
    for case in cases {
        let (title, rest) = case.split_once('\n').expect("a case has a title line");
        let (input, _) = rest.split_once("\n----\n").expect("a case has a line of four hyphens");
        let errors = errors(&[("p.wit", input)]);
        assert_ne!(errors, "no error\n", "{title}");
        blessed += &format!("==== {title}\n{input}\n----\n{errors}\n");
        n_cases += 1;
    }
    assert!(n_cases >= n_cases_at_least, "{name} lost cases");
    expect_file![path].assert_eq(&blessed);
}

#[test]
fn text() {
    check_cases("text.txt", 14);
}

#[test]
fn grammar() {
    check_cases("grammar.txt", 34);
}

#[test]
fn names() {
    check_cases("names.txt", 21);
}

#[test]
fn types() {
    check_cases("types.txt", 9);
}

#[test]
fn functions() {
    check_cases("functions.txt", 8);
}

#[test]
fn worlds() {
    check_cases("worlds.txt", 7);
}

#[test]
fn recovery() {
    check_cases("recovery.txt", 22);
}

/// Habits from other languages and from older WIT.
#[test]
fn habits() {
    check_cases("habits.txt", 32);
}

#[test]
fn gates() {
    check_cases("gates.txt", 15);
}

#[test]
fn package_documented_twice() {
    check(
        &[("a.wit", "/// One.\npackage a:b;"), ("b.wit", "/// Two.\npackage a:b;")],
        expect![[r#"
        b.wit:2:9: the package is documented in two files
          |
        2 | package a:b;
          |         ^^^
          = note: the other documentation stands above this (a.wit:2:9)
          = help: keep the documentation above one of the headers
    "#]],
    );
}

#[test]
fn unprintable_characters() {
    check(
        // A byte order mark stands at the start of a file only, and is no column.
        &[("a.wit", "\u{feff}package\u{feff} a:b;")],
        expect![[r#"
            a.wit:1:8: unexpected character '\u{feff}'
              |
            1 | package� a:b;
              |        ^
              = help: a byte order mark stands at the start of a file only
        "#]],
    );
    check(
        &[("a.wit", "package a:b; // \u{202e}")],
        expect![[r#"
        a.wit:1:17: character U+202E is not allowed in WIT files
          |
        1 | package a:b; // �
          |                 ^
    "#]],
    );
    check(
        &[("a.wit", "package a:b;\u{0}")],
        expect![[r#"
        a.wit:1:13: character U+0000 is not allowed in WIT files
          |
        1 | package a:b;�
          |             ^
    "#]],
    );
}

#[test]
fn headers_disagree() {
    check(
        &[("a.wit", "package a:b;"), ("b.wit", "package a:c;")],
        expect![[r#"
        b.wit:1:9: the files of one package name different packages
          |
        1 | package a:c;
          |         ^^^
          = note: the package is named here (a.wit:1:9)
    "#]],
    );
}

#[test]
fn two_syntax_errors() {
    check(
        &[("a.wit", "package a:b"), ("b.wit", "interface {}")],
        expect![[r#"
        a.wit:1:12: expected `;` or `{` after the package's name, found the end of the file
          |
        1 | package a:b
          |            ^
        b.wit:1:11: expected a name, found `{`
          |
        1 | interface {}
          |           ^
    "#]],
    );
}

#[test]
fn use_of_a_sibling_file() {
    let files = [("a.wit", "package a:b;\nuse i as j;"), ("b.wit", "interface i {}\nworld w { import j; }")];
    check(
        &files,
        expect![[r#"
        b.wit:2:18: no interface or world is named `j`
          |
        2 | world w { import j; }
          |                  ^
    "#]],
    );
}

#[test]
fn fault_in_a_dependency() {
    let dependency: &[(&str, &str)] = &[("deps/x.wit", "package x:y;\ninterface i { f: func(a: b); }")];
    let errors = parse_with_dependencies(&[("a.wit", "package a:b;")], &[dependency]).unwrap_err();
    expect![[r#"
        deps/x.wit:2:26: no type is named `b` here
          |
        2 | interface i { f: func(a: b); }
          |                          ^"#]]
    .assert_eq(&errors[0].to_string());
}

/// A package in two dependencies is one package if both are equal.
#[test]
fn package_given_twice() {
    let given = |first: &str, second: &str| {
        let dependencies: &[&[_]] = &[&[("deps/x.wit", first)], &[("deps/y.wit", second)]];
        let main = "package a:b;\ninterface m { use x:y/i.{r}; f: func(r: r); }";
        match parse_with_dependencies(&[("a.wit", main)], dependencies) {
            Ok(resolved) => format!("{} packages\n", resolved.packages().len()),
            Err(errors) => errors.iter().map(|error| format!("{error}\n")).collect(),
        }
    };
    let first = "package x:y;\ninterface i { record r { a: u8 } resource s; f: func(s: borrow<s>) -> r; }
world w { import i; }";
    // Order and comments don't matter.
    let same = "package x:y;\nworld w { import i; } /// Docs.
interface i { resource s; f: func(s: borrow<s>) -> r; record r { a: u8 } }";
    assert_eq!(given(first, same), "2 packages\n");
    expect![[r#"
        deps/y.wit:1:9: package `x:y` is given twice, and the two differ
          |
        1 | package x:y;
          |         ^^^
          = note: the other is given here (deps/x.wit:1:9)
          = note: only one of them has this type `r`, or in this form (deps/x.wit:2:22)
          = help: give one of them, or give them different versions
    "#]]
    .assert_eq(&given(first, &same.replace("u8", "u16")));
    expect![[r#"
        deps/y.wit:1:9: package `x:y` is given twice, and the two differ
          |
        1 | package x:y;
          |         ^^^
          = note: the other is given here (deps/x.wit:1:9)
          = note: only one of them has this export `i`, or in this form (deps/y.wit:2:28)
          = help: give one of them, or give them different versions
    "#]]
    .assert_eq(&given(first, &same.replace("import i;", "import i; export i: func();")));
    expect![[r#"
        deps/y.wit:3:45: no type is named `q` here
          |
        3 | interface i { resource s; f: func(s: borrow<q>) -> r; record r { a: u8 } }
          |                                             ^
    "#]]
    .assert_eq(&given(first, &same.replace("borrow<s>", "borrow<q>")));
    let nested = "package z:z; package x:y { interface i { enum r { a } } }";
    expect![[r#"
        deps/y.wit:1:22: package `x:y` is given twice, and the two differ
          |
        1 | package z:z; package x:y { interface i { enum r { a } } }
          |                      ^^^
          = note: the other is given here (deps/x.wit:1:9)
          = note: only one of them has this type `r`, or in this form (deps/x.wit:2:22)
          = help: give one of them, or give them different versions
    "#]]
    .assert_eq(&given(first, nested));
}

/// Compatible versions are unified on request.
#[test]
fn versions_unified() {
    let unified = |main: &str, dependencies: &[&str]| {
        let groups: Vec<[(&str, &str); 1]> = dependencies.iter().map(|text| [("d.wit", *text)]).collect();
        let groups: Vec<&[_]> = groups.iter().map(|group| group.as_slice()).collect();
        let options = Options::default().unify_versions(true);
        match parse_with_options(&options, &[("a.wit", main)], &groups) {
            Ok(resolved) => {
                let (_, world) = resolved.worlds().next().expect("the package has a world");
                let name = |item: &WorldItem| match item.kind {
                    WorldItemKind::Interface(id) => resolved.owner_name(Owner::Interface(id)),
                    WorldItemKind::Function(id) => resolved[id].name.clone(),
                    WorldItemKind::Type(_) => "a type".to_owned(),
                };
                let names = |items: &[WorldItem]| items.iter().map(name).collect::<Vec<_>>().join(", ");
                format!("imports {}; exports {}\n", names(&world.imports), names(&world.exports))
            }
            Err(errors) => errors.iter().map(|error| format!("{error}\n")).collect(),
        }
    };
    let old = "package x:y@0.2.10; interface t { resource r; } interface i { use t.{r}; f: func(r: r); }";
    let new = "package x:y@0.2.12; interface t { resource r { m: func(); } }
interface i { use t.{r}; f: func(r: r); g: func(); }";
    // Through a dependency; named twice; exported; and in a version that is missing.
    let via = "package v:w; interface j { use x:y/t@0.2.10.{r}; h: func(r: r); }";
    let main = |items: &str| format!("package a:b; world w {{ {items} }}");
    for (items, expected) in [
        ("import x:y/i@0.2.10;", "imports x:y/t@0.2.12, x:y/i@0.2.12; exports "),
        ("import x:y/i@0.2.12; import x:y/i@0.2.10;", "imports x:y/t@0.2.12, x:y/i@0.2.12; exports "),
        ("import v:w/j; import x:y/t@0.2.12;", "imports v:w/j, x:y/t@0.2.12; exports "),
        ("export x:y/i@0.2.10;", "imports x:y/t@0.2.12; exports x:y/i@0.2.10"),
        ("import x:y/t@0.2.11;", "imports x:y/t@0.2.12; exports "),
        ("import n: x:y/t@0.2.10;", "imports x:y/t@0.2.10; exports "),
    ] {
        assert_eq!(unified(&main(items), &[old, new, via]), format!("{expected}\n"), "{items}");
    }
    let apart = new.replace("0.2.12", "0.3.0");
    let both = "import x:y/t@0.2.10; import x:y/t@0.3.0;";
    assert_eq!(unified(&main(both), &[old, &apart]), "imports x:y/t@0.2.10, x:y/t@0.3.0; exports \n");
    expect![[r#"
        d.wit:2:11: `x:y/i@0.2.12` cannot stand for `x:y/i@0.2.10`: it has no such function `f`
          |
        2 | interface i { use t.{r};  g: func(); }
          |           ^
          = note: the function `f` of the older version is here (d.wit:1:74)
          = help: versions that are not compatible differ in the first part that is not 0
    "#]]
    .assert_eq(&unified(&main("import x:y/i@0.2.10;"), &[old, &new.replace("f: func(r: r);", "")]));
    expect![[r#"
        a.wit:1:31: package `x:y@0.2.13` is not known
          |
        1 | package a:b; world w { import x:y/i@0.2.13; }
          |                               ^^^^^^^^^^^^
          = note: known by that name: `x:y@0.2.10`, `x:y@0.2.12`
    "#]]
    .assert_eq(&unified(&main("import x:y/i@0.2.13;"), &[old, new]));
}

#[test]
fn no_files() {
    check(
        &[],
        expect![[r#"
        no files:1:1: no file of this package has a `package` header
          |
        1 | 
          | ^
          = help: start the file with a line such as `package my-namespace:my-package;`
    "#]],
    );
}

#[test]
fn long_line() {
    let line = format!("package a:b; interface i {{ {0}f: func(x: nope); {0}}}", " ".repeat(500));
    check(
        &[("a.wit", &line)],
        expect![[r#"
        a.wit:1:539: no type is named `nope` here
          |
        1 |                                                                      f: func(x: nope);
          |                                                                                 ^^^^
    "#]],
    );
}

#[test]
fn limits() {
    let nested = |depth: usize| {
        let (open, close) = ("list<".repeat(depth - 1), ">".repeat(depth - 1));
        errors(&[("a.wit", &format!("package a:b; interface i {{\n  type t =\n{open}\nu8{close}; }}"))])
    };
    let limit = MAX_TYPE_DEPTH as usize;
    assert_eq!(nested(limit), "no error\n");
    expect![[r#"
        a.wit:4:1: types nest deeper than 100
          |
        4 | u8>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>
          | ^^
          = help: give the inner type a name
    "#]]
    .assert_eq(&nested(limit + 1));

    let flags = |n: usize| {
        let labels: String = (0..n).map(|i| format!("x{i},\n")).collect();
        errors(&[("a.wit", &format!("package a:b; interface i {{ flags f {{\n{labels}}} }}"))])
    };
    assert_eq!(flags(32), "no error\n");
    expect![[r#"
        a.wit:34:1: `f` has 33 flags, more than 32
           |
        34 | x32,
           | ^^^
    "#]]
    .assert_eq(&flags(33));

    let functions: String = (0..1000).map(|i| format!("x{i}: func(x: nope{i});\n")).collect();
    let many = parse(&[("a.wit", &*format!("package a:b; interface i {{ {functions} }}"))]).unwrap_err();
    assert_eq!(many.len(), MAX_ERRORS);
}

#[test]
fn large_inputs_need_little_time_and_stack() {
    let n = 20_000;
    let aliases: String = (0..n).map(|i| format!("type t{i} = t{};\n", i + 1)).collect();
    let ring = parse(&[("a.wit", &*format!("package a:b; interface i {{ {aliases} type t{n} = t0; }}"))]);
    assert_eq!(ring.unwrap_err().len(), 1);
    let chain = parse(&[("a.wit", &*format!("package a:b; interface i {{ {aliases} type t{n} = u8; }}"))]);
    assert_eq!(chain.unwrap().types().len(), n + 1);
    let unknown: String = (0..n).map(|i| format!("type t{i} = nothing-{i};\n")).collect();
    let unknown = parse(&[("a.wit", &*format!("package a:b; interface i {{ {unknown} }}"))]);
    assert_eq!(unknown.unwrap_err().len(), MAX_ERRORS);
    let comments = format!("package a:b; {}{}", "/*".repeat(n), "*/".repeat(n));
    assert_eq!(errors(&[("a.wit", &comments)]), "no error\n");
    for repeated in ["/* ", "\\\" ", "/*\" "] {
        let unclosed = format!("package a:b; interface i {{ \"{}", repeated.repeat(20 * n));
        assert!(parse(&[("a.wit", &*unclosed)]).is_err());
        let unclosed = format!("package a:b; interface i {{ /* {}", repeated.repeat(20 * n));
        assert!(parse(&[("a.wit", &*unclosed)]).is_err());
    }
}
