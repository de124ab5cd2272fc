//! Formatted WIT text. `UPDATE_EXPECT=1 cargo test -p wit-parser-lite` rewrites the expectations.

mod common;

use expect_test::{Expect, expect};
use proptest::prelude::*;
use wit_parser_lite::format::format;
use wit_parser_lite::{Features, Options, Proposals, parse_with_options};

const KITCHEN: &str = include_str!("data/kitchen.wit");
const PLUGIN: &str = include_str!("../../../examples/plugin/plugin.wit");

fn check(text: &str, expect: Expect) {
    let formatted = format("a.wit", text).expect("the text parses");
    expect.assert_eq(&formatted);
    check_stable(text);
}

/// Checks that formatting keeps the text and its meaning, and that formatting again changes
/// nothing.
fn check_stable(text: &str) {
    let formatted = format("a.wit", text).expect("the text parses");
    assert_eq!(
        format("a.wit", &formatted).as_deref(),
        Ok(&*formatted),
        "not idempotent:\n{text}\n=>\n{formatted}"
    );
    // Only white space and trailing commas may change.
    let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace() && *c != ',').collect::<String>();
    assert_eq!(letters(text), letters(&formatted));
    let meaning = |text: &str| {
        parse_with_options(
            &Options::default().features(Features::All).proposals(Proposals::all()),
            &[("a.wit", text)],
            &[],
        )
        .map(|resolved| common::dump(&resolved))
        .ok()
    };
    assert_eq!(meaning(text), meaning(&formatted), "{formatted}");
}

#[test]
fn definitions() {
    check(
        "package a:b@1.0.0;interface i{use c:d/e.{x,y as z};record r{a:u8,b:list<tuple<u8,string>>}
        enum e{one,two}flags f{}variant v{a(u8),b,}type t=result<_,map<string,u8>>;resource s;resource q{constructor(a:u8);
        m:static async func(x:borrow<s>)->own<q>;}}


        @since(version=1.0.0) world w{@external-id(\"x y\") import a:func();export b:interface{}export c:d/e;import n:c:d/e@0.1.0;include v with{a as b}}",
        expect![[r#"
            package a:b@1.0.0;
            interface i {
              use c:d/e.{x, y as z};
              record r {
                a: u8,
                b: list<tuple<u8, string>>,
              }
              enum e {
                one,
                two,
              }
              flags f {}
              variant v {
                a(u8),
                b,
              }
              type t = result<_, map<string, u8>>;
              resource s;
              resource q {
                constructor(a: u8);
                m: static async func(x: borrow<s>) -> own<q>;
              }
            }

            @since(version = 1.0.0)
            world w {
              @external-id("x y")
              import a: func();
              export b: interface {}
              export c:d/e;
              import n:c:d/e@0.1.0;
              include v with {
                a as b,
              }
            }
        "#]],
    );
}

#[test]
fn comments() {
    check(
        "// first
package a:b; // header
/// docs
/// more
interface i { // opens
  // alone

  f: func(); /* after */ // too
  record r {
    a: u8, // with comma
    b: u8 // without
    // last
  }
  g: func(
    a: u8, // one
    b: u8 // two
  ) -> /* odd */ u8;
  /* block
     of lines */
}
// end",
        expect![[r#"
            // first
            package a:b; // header
            /// docs
            /// more
            interface i { // opens
              // alone

              f: func(); /* after */ // too
              record r {
                a: u8, // with comma
                b: u8, // without
                // last
              }
              g: func(
                a: u8, // one
                b: u8, // two
              ) -> /* odd */ u8;
              /* block
                 of lines */
            }
            // end
        "#]],
    );
}

#[test]
fn long_lines() {
    check(
        "package a:b;
interface a-long-name-of-an-interface { type some-type-with-a-name = u8; type another-type-with-a-name = u8; type third-type = u8; }
interface i {
  use a-long-name-of-an-interface.{some-type-with-a-name, another-type-with-a-name, third-type};
  f: func(first-parameter: some-type-with-a-name, second-parameter: another-type-with-a-name, third: third-type) -> u8;
}",
        expect![[r#"
            package a:b;
            interface a-long-name-of-an-interface {
              type some-type-with-a-name = u8;
              type another-type-with-a-name = u8;
              type third-type = u8;
            }
            interface i {
              use a-long-name-of-an-interface.{some-type-with-a-name, another-type-with-a-name, third-type};
              f: func(
                first-parameter: some-type-with-a-name,
                second-parameter: another-type-with-a-name,
                third: third-type,
              ) -> u8;
            }
        "#]],
    );
}

#[test]
fn nothing() {
    assert_eq!(format("a.wit", " \n").as_deref(), Ok(""));
    assert_eq!(format("a.wit", "interface {}").unwrap_err().len(), 1);
}

proptest! {
    /// Comments anywhere between tokens are kept.
    #[test]
    fn comments_anywhere(
        seed in prop::sample::select(&[KITCHEN, PLUGIN][..]),
        places in prop::collection::vec((any::<prop::sample::Index>(), 0usize..3), 1..6),
    ) {
        let comments = ["/* c */", "// c\n", "\n// c\n"];
        // In these files, a space is between tokens or in a comment, where a line break changes
        // nothing.
        let mut text = seed.to_owned();
        for (place, comment) in places {
            let spaces: Vec<usize> = text.match_indices(' ').map(|(at, _)| at).collect();
            let at = spaces[place.index(spaces.len())];
            let line = &text[text[..at].rfind('\n').map_or(0, |at| at + 1)..at];
            if !line.contains("//") && !line.contains("/*") {
                text.insert_str(at, comments[comment]);
            }
        }
        check_stable(&text);
    }
}
