//! Drawings and pages: what they show, and how pages look in a browser.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{ASYNC, PLUGIN, PROCESS, WIT, stdout};

#[test]
fn drawings_carry_their_numbers() {
    let svg = stdout(&["layout", WIT, "drawing", "--format", "svg"]);
    check_tags(&svg);
    for text in
        ["80 bytes, aligned to 8", ">id<", ">title pointer<", ">72<", ">created: u64<", "unused by ok"]
    {
        assert!(svg.contains(text), "{text} in:\n{svg}");
    }
}

#[test]
fn signatures_and_calls_are_drawn() {
    let svg = stdout(&["describe", WIT, "--format", "svg"]);
    check_tags(&svg);
    for text in ["Lifted: the core function", ">param 0: i32<", "joined", "pointer to the parameters", ">+7<"]
    {
        assert!(svg.contains(text), "{text} in:\n{svg}");
    }
    let svg = stdout(&["trace", PLUGIN, PROCESS, "--format", "svg"]);
    check_tags(&svg);
    for text in ["Lowering the arguments", ">realloc(0x0, 0, 1, ", "Lifting the result", ">load_int<", "ok("]
    {
        assert!(svg.contains(text), "{text} in:\n{svg}");
    }
}

#[test]
fn pages_link_types_functions_and_the_specification() {
    for args in [
        &["layout", WIT, "--format", "html"][..],
        &["layout", WIT, "shape", "--format", "html"],
        &["describe", WIT, "paint", "--format", "html", "--ptr", "64"],
        &["layout", "examples/guests/plugin-rs.wasm", "--format", "html"],
        &["trace", PLUGIN, PROCESS, "--format", "html"],
    ] {
        let page = stdout(args);
        check_tags(&page);
        let ids: Vec<_> = values_of(&page, "id=\"").collect();
        let links: Vec<_> = values_of(&page, "href=\"").collect();
        for target in links.iter().filter_map(|link| link.strip_prefix('#')) {
            assert!(ids.contains(&target), "{args:?}: nothing at #{target}");
        }
        let specification = "https://github.com/WebAssembly/component-model/";
        assert!(links.iter().any(|link| link.starts_with(specification)), "{args:?}");
        assert!(
            links.iter().all(|link| link.starts_with('#') || link.starts_with(specification)),
            "{args:?}"
        );
        for word in ["src=", "@import", "url(", "import(", "fetch("] {
            assert!(!page.contains(word), "{args:?}: {word}");
        }
    }
    let page = stdout(&["layout", WIT, "--format", "html"]);
    for part in [
        "<title>test:explain</title>",
        "href=\"#type-test-explain-shapes-shape-0-1-0\"",
        "href=\"#func-test-explain-shapes-paint-0-1-0\"",
        "#flattening\"",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

/// Each type is drawn and listed two levels deep. Deeper boxes and rows link to the section of
/// their type.
#[test]
fn pages_of_nested_types_grow_with_their_number() {
    let [few, many] = [20, 80].map(nested_page);
    check_tags(&many);
    assert!(many.contains("<a href=\"#type-test-nested-i-r77\"><g><title>"), "a closed box is a link");
    let per_type = (many.len() - few.len()) / 60;
    assert!(per_type < 8_000, "{per_type} bytes for each type");
}

/// Returns the page of a package with this many records, each within the next.
fn nested_page(n_types: usize) -> String {
    let mut wit = "package test:nested;\ninterface i {\nrecord r0 { a: u32 }\n".to_owned();
    for i in 1..n_types {
        wit.push_str(&format!("record r{i} {{ a: u32, inner: r{}, b: string }}\n", i - 1));
    }
    let path = std::env::temp_dir().join(format!("lowlift-nested-{n_types}-{}.wit", std::process::id()));
    std::fs::write(&path, wit + "}\n").expect("a temporary file");
    let page = stdout(&["layout", path.to_str().expect("UTF-8"), "--format", "html"]);
    std::fs::remove_file(&path).expect("it was made above");
    page
}

/// Interfaces of a large package are folded in, functions of a resource stand together, and what
/// was asked for stands before them.
#[test]
fn large_pages_are_folded_and_grouped() {
    let page = large_page("folded", None);
    let asked = large_page("asked", Some("i1.t"));
    check_tags(&page);
    assert_eq!(page.matches("<details class=\"owner\"").count(), 3);
    assert_eq!(page.matches("<details class=\"owner\" id=\"group-0\">").count(), 1, "it is folded in");
    assert!(page.contains("<span class=\"sub\">22 functions, 1 resource, 1 type</span>"));
    let group = page.split("<h3>resource <code>r</code></h3>").nth(1).expect("a group of the resource");
    let group = group.split("</div>\n<section").next().unwrap_or(group);
    assert!(group.contains("[constructor]r</code></h3>") && group.contains("[method]r.read</code></h3>"));
    assert!(page.contains("id=\"search\"") && page.contains("data-name=\"test:large/i2.f19\""));
    let [first, second] = [0, 1].map(|n| asked.split("<section class=\"item\" id=\"").nth(1 + n));
    assert!(first.is_some_and(|section| section.starts_with("type-test-large-i1-t\"")));
    assert!(second.is_some_and(|section| section.starts_with("func-test-large-")));
}

/// Returns the page of a package with three interfaces, about all or about one type. The file is
/// named after the user.
fn large_page(user: &str, ty: Option<&str>) -> String {
    let resource = "resource r { constructor(); read: func() -> t; }";
    let interface = |i: usize| {
        let plain: String = (0..20).map(|n| format!("f{n}: func(x: t);\n")).collect();
        format!("interface i{i} {{ record t {{ n: u32 }} {plain} {resource} }}\n")
    };
    let wit = format!("package test:large;\n{}{}{}", interface(0), interface(1), interface(2));
    let path = std::env::temp_dir().join(format!("lowlift-large-{user}-{}.wit", std::process::id()));
    std::fs::write(&path, wit).expect("a temporary file");
    let file = path.to_str().expect("UTF-8");
    let args: Vec<_> = ["layout", file].into_iter().chain(ty).chain(["--format", "html"]).collect();
    let page = stdout(&args);
    std::fs::remove_file(&path).expect("it was made above");
    page
}

/// Drawings name the case of each row of a payload, and break long titles.
#[test]
fn drawings_name_cases_and_break_titles() {
    let svg = stdout(&["layout", WIT, "shape", "--format", "svg"]);
    check_tags(&svg);
    for case in [">dot<", ">line<", ">text<", ">tagged<", ">tagged.some<"] {
        assert!(svg.contains(case), "{case} in:\n{svg}");
    }
    let svg = stdout(&["describe", WIT, "paint", "--format", "svg"]);
    let titles = svg.matches("<text class=\"m-name\"").count();
    assert_eq!(titles, 2, "a title of two lines in:\n{svg}");
    let width = values_of(&svg, "width=\"").next().and_then(|width| width.parse::<u32>().ok());
    assert!(width.is_some_and(|width| width < 1000), "{width:?}");
}

fn values_of<'a>(page: &'a str, attribute: &'a str) -> impl Iterator<Item = &'a str> {
    page.split(attribute).skip(1).filter_map(|rest| rest.split('"').next())
}

/// Checks that elements are closed in the order in which they were opened.
fn check_tags(text: &str) {
    let mut open = Vec::new();
    for tag in text.split('<').skip(1).filter_map(|rest| rest.split('>').next()) {
        let name = tag.split([' ', '\n', '/']).next().unwrap_or_default();
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "…{tag}");
        } else if !tag.starts_with('!') && !tag.ends_with('/') && !["br", "meta", "wbr"].contains(&name) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

/// On a phone and on a desktop, nothing extends beyond the side of the page, and no label beyond
/// its box.
#[test]
fn pages_fit_their_width_in_a_browser() {
    let Some(browser) = ["chromium", "chromium-browser", "google-chrome"].into_iter().find(|name| runs(name))
    else {
        return skipped("pages_fit_their_width_in_a_browser", "no chromium is installed to open the pages");
    };
    let dir = std::env::temp_dir().join(format!("lowlift-pages-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a directory for temporary files");
    let pages = [
        ("package", stdout(&["layout", WIT, "--format", "html"])),
        ("trace", stdout(&["trace", PLUGIN, PROCESS, "--format", "html"])),
        ("nested", nested_page(12)),
        ("async", stdout(&["describe", ASYNC, "--async", "--format", "html"])),
        ("large", large_page("html", None)),
    ];
    // Two faults that the check must find: a page that is too wide, and a label that is.
    let wide = "<p style=\"width: 2000px\">wide</p>\
                <svg class=\"map\"><g><rect width=\"9\" height=\"9\"/><text>wide</text></g></svg></body>";
    let too_wide = pages[0].1.replace("</body>", wide);
    for width in [390, 1280] {
        for (name, page) in &pages {
            let shown = open(browser, &dir, name, page, width);
            let what = "the window's width, the content's, labels that are wider than their boxes";
            assert_eq!(shown, [width, width, 0], "{name} page at {width}: {what}");
        }
        let shown = open(browser, &dir, "wide", &too_wide, width);
        assert!(shown[1] > width && shown[2] == 1, "what is too wide is noticed: {shown:?}");
    }
    std::fs::remove_dir_all(&dir).expect("it was made above");
}

/// Says that a test was skipped, and why: past the capture of what passing tests print, in a line
/// that `.ci/tally` counts.
fn skipped(test: &str, why: &str) {
    let line = format!("\nskipped: {test}: {why}\n");
    std::io::stderr().write_all(line.as_bytes()).expect("stderr is there");
}

fn runs(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Opens a page in a frame of a given width. Returns the width of the page, the width of its
/// content, and the number of labels that are wider than their boxes. (A window has a minimum width
/// that is more than a phone's.)
fn open(browser: &str, dir: &Path, name: &str, page: &str, width: u32) -> [u32; 3] {
    let frame: PathBuf = dir.join(format!("{name}-{width}.html"));
    let inner = page.replace('&', "&amp;").replace('"', "&quot;");
    let measure = "const d = document.querySelector('iframe').contentDocument.documentElement; \
                   const boxes = [...d.querySelectorAll('svg.map g')].filter(g => g.querySelector('rect')); \
                   const wide = g => g.querySelector('text').getBBox().width > g.querySelector('rect').getBBox().width; \
                   document.title = d.clientWidth + ' ' + d.scrollWidth + ' ' + boxes.filter(wide).length;";
    let html = format!(
        "<!DOCTYPE html><meta charset=\"utf-8\"><title>not measured</title><body style=\"margin:0\">\
         <iframe style=\"border:0;width:{width}px;height:4000px\" scrolling=\"no\" srcdoc=\"{inner}\"></iframe>\
         <script>addEventListener('load', () => {{ {measure} }});</script>"
    );
    std::fs::write(&frame, html).expect("a temporary file");
    let output = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
        ])
        .args([
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            "--window-size=1400,1000",
        ])
        .arg(format!("--user-data-dir={}", dir.join("profile").display()))
        .args(["--virtual-time-budget=5000", "--dump-dom"])
        .arg(format!("file://{}", frame.display()))
        .output()
        .expect("the browser runs");
    let dom = String::from_utf8_lossy(&output.stdout);
    let title = dom.split("<title>").nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_default();
    let mut numbers = title.split(' ').map(|number| number.parse().ok());
    match [numbers.next().flatten(), numbers.next().flatten(), numbers.next().flatten()] {
        [Some(page), Some(content), Some(n_wide_labels)] => [page, content, n_wide_labels],
        _ => panic!("the browser did not measure: {title:?}, {}", String::from_utf8_lossy(&output.stderr)),
    }
}
