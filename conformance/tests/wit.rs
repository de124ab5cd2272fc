//! `wit-parser-lite` against the reference: the tests that the registry package `wit-parser` carries, and its resolver.
//!
//! Every positive is accepted and resolves to the same structure, every negative is rejected. What differs stands in the
//! tables here with its reason; a line that no longer holds is a failure too.

use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use wit_parser_lite::format::format;
use wit_parser_lite::{Features, json::json as to_json, load::Tree};

/// How many tests the package carries, so that one that lost files on the way cannot pass.
const N_POSITIVE: usize = 78;
const N_NEGATIVE: usize = 187;

/// Positives that are not accepted, and why.
const REJECTED: &[(&str, &str)] = &[
    ("kinds-of-deps", "not supported yet: packages in binary form"),
    ("simple-wasm-text.wat", "not supported yet: packages in binary form"),
];

/// Positives in which the reference takes plain comments (`//`, `/*`) for documentation. WIT.md, "Comments", has
/// documentation start with `///` or `/**`.
const PLAIN_COMMENTS: &[&str] = &[
    "accessors.wit",
    "comments.wit",
    "include-accessor-pair.wit",
    "maps.wit",
    "multi-package-gated-include.wit",
];

/// Returns the folder of the reference's tests, in the package of the registry.
fn suite() -> PathBuf {
    let output = Command::new(env!("CARGO")).args(["metadata", "--format-version", "1"]).output();
    let metadata: Value =
        serde_json::from_slice(&output.expect("cargo runs").stdout).expect("cargo metadata is JSON");
    let packages = metadata["packages"].as_array().expect("a list of packages");
    let package = packages.iter().find(|package| package["name"] == "wit-parser");
    let manifest = package.expect("a dependency of this crate")["manifest_path"].as_str().expect("a path");
    Path::new(manifest).with_file_name("tests/ui")
}

/// Returns the tests of a folder: WIT files and directories, WebAssembly texts.
fn tests(folder: &Path) -> Vec<(String, PathBuf)> {
    let entries = std::fs::read_dir(folder).expect("the package has its tests");
    let mut tests = Vec::new();
    for entry in entries {
        let path = entry.expect("a readable folder").path();
        let name = path.file_name().expect("it has a name").to_string_lossy().into_owned();
        let is_file = name.ends_with(".wit") || name.ends_with(".wat");
        if is_file || (path.is_dir() && name != "parse-fail") {
            tests.push((name, path));
        }
    }
    tests.sort();
    tests
}

/// Returns what we resolve, as JSON.
fn ours(path: &Path) -> Result<Value, String> {
    let decode = |_: &[u8]| Err("not supported yet: packages in binary form".to_owned());
    let tree = Tree::load(path, &decode).map_err(|error| error.to_string())?;
    let resolved = tree.parse(&Features::only(["active"])).map_err(|errors| errors[0].to_string())?;
    Ok(serde_json::from_str(&to_json(&resolved)).expect("the export is JSON"))
}

/// Returns what the reference resolves, as JSON.
fn theirs(path: &Path) -> Value {
    let mut resolve = wit_parser::Resolve::new();
    resolve.features.insert("active".to_owned());
    resolve.push_path(path).expect("the reference accepts its own tests");
    serde_json::to_value(&resolve).expect("it can be exported")
}

#[test]
fn positives_resolve_to_the_same_structure() {
    let (mut n_tests, mut problems) = (0, Vec::new());
    for (name, path) in tests(&suite()) {
        n_tests += 1;
        let rejected = REJECTED.iter().find(|(known, _)| *known == name);
        match (ours(&path), rejected) {
            (Err(error), Some((_, reason))) if error.contains(reason) => {}
            (Err(error), _) => problems.push(format!("{name} is rejected: {error}")),
            (Ok(_), Some(_)) => problems.push(format!("{name} is accepted: take it off the list")),
            (Ok(ours), None) => {
                let mut differences = Vec::new();
                compare("", &by_name(&theirs(&path)), &by_name(&ours), &mut differences);
                let is_listed = PLAIN_COMMENTS.contains(&name.as_str());
                let n_differences = differences.len();
                differences.retain(|line| !(is_listed && line.contains("/docs: only theirs")));
                if is_listed && differences.len() == n_differences {
                    problems.push(format!("{name} has the same documentation: take it off the list"));
                }
                problems.extend(differences.iter().map(|line| format!("{name}{line}")));
            }
        }
    }
    assert_eq!(n_tests, N_POSITIVE);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn negatives_are_rejected() {
    let tests = tests(&suite().join("parse-fail"));
    assert_eq!(tests.len(), N_NEGATIVE);
    let accepted: Vec<_> =
        tests.iter().filter(|(_, path)| ours(path).is_ok()).map(|(name, _)| name).collect();
    assert!(accepted.is_empty(), "{accepted:?}");
}

#[test]
fn formatting_keeps_the_structure() {
    let mut n_files = 0;
    for (name, path) in tests(&suite()) {
        let decode = |_: &[u8]| Err("not WIT text".to_owned());
        let Ok(mut tree) = Tree::load(&path, &decode) else { continue };
        let features = Features::only(["active"]);
        let before = tree.parse(&features).expect("a positive");
        for (file, text) in tree.files.iter_mut().chain(tree.dependencies.iter_mut().flatten()) {
            *text = format(file, text).expect("a positive");
            assert_eq!(
                format(file, text).as_deref(),
                Ok(text.as_str()),
                "{name} changes when formatted again"
            );
            n_files += 1;
        }
        let after = tree.parse(&features).expect("formatting breaks nothing");
        assert_eq!(to_json(&before), to_json(&after), "{name}");
    }
    assert!(n_files >= N_POSITIVE, "{n_files} files");
}

/// Returns the document with names in the place of indices, so that the order of the arrays does not matter.
fn by_name(document: &Value) -> Value {
    let mut out = Map::new();
    for package in list(&document["packages"]) {
        let interfaces = entries(&package["interfaces"], |id| interface(document, index(id)));
        let worlds = entries(&package["worlds"], |id| world(document, &document["worlds"][index(id)]));
        let docs = &package["docs"];
        out.insert(
            text(&package["name"]).to_owned(),
            json!({ "docs": docs, "interfaces": interfaces, "worlds": worlds }),
        );
    }
    out.into()
}

fn interface(document: &Value, id: usize) -> Value {
    let mut interface = document["interfaces"][id].clone();
    let fields = interface.as_object_mut().expect("an object");
    fields.remove("package");
    // Says which interface an import of a world was copied from, which its name says too.
    fields.remove("clone_of");
    fields["types"] = entries(&fields["types"], |id| definition(document, index(id)));
    fields["functions"] = entries(&fields["functions"], |it| function(document, it));
    interface
}

fn interface_name(document: &Value, id: usize) -> String {
    let interface = &document["interfaces"][id];
    let package = &document["packages"][index(&interface["package"])];
    format!("{}/{}", text(&package["name"]), interface["name"].as_str().unwrap_or("inline"))
}

fn world(document: &Value, world: &Value) -> Value {
    let mut world = world.clone();
    world.as_object_mut().expect("an object").remove("package");
    for side in ["imports", "exports"] {
        let mut items = Map::new();
        for (key, item) in world[side].as_object().expect("an object") {
            let (kind, value) = only_entry(item);
            let item = match kind {
                "function" => function(document, value),
                "type" => definition(document, index(value)),
                _ => {
                    let id = index(&value["id"]);
                    let mut value = value.clone();
                    let is_inline = document["interfaces"][id]["name"].is_null();
                    value["id"] =
                        if is_inline { interface(document, id) } else { interface_name(document, id).into() };
                    value
                }
            };
            let is_path = kind == "interface" && key.starts_with("interface-");
            let key = if is_path { interface_name(document, index(&item_id(value))) } else { key.clone() };
            items.insert(key, json!({ kind: item }));
        }
        world[side] = items.into();
    }
    world
}

fn item_id(value: &Value) -> Value {
    value["id"].clone()
}

fn function(document: &Value, function: &Value) -> Value {
    let mut function = function.clone();
    if function["kind"].is_object() {
        let (kind, id) = only_entry(&function["kind"]);
        function["kind"] = json!([kind, ty(document, id)]);
    }
    for param in function["params"].as_array_mut().expect("a list") {
        param["type"] = ty(document, &param["type"]);
    }
    if let Some(result) = function.get("result").cloned() {
        function["result"] = ty(document, &result);
    }
    function
}

fn definition(document: &Value, id: usize) -> Value {
    let mut definition = document["types"][id].clone();
    definition.as_object_mut().expect("an object").remove("owner");
    definition["kind"] = kind(document, &definition["kind"]);
    definition
}

/// Returns a kind of type with the types in it, which are numbers in the place of types.
fn kind(document: &Value, kind: &Value) -> Value {
    let Some(_) = kind.as_object() else { return kind.clone() };
    let (name, value) = only_entry(kind);
    let typed = |items: &Value| {
        let mut items = items.clone();
        items
            .as_array_mut()
            .expect("a list")
            .iter_mut()
            .for_each(|it| it["type"] = ty(document, &it["type"]));
        items
    };
    let types = |items: &Value| Value::from_iter(list(items).map(|it| ty(document, it)));
    let value = match name {
        "record" => typed(&value["fields"]),
        "variant" => typed(&value["cases"]),
        "tuple" => types(&value["types"]),
        "map" => types(value),
        "enum" | "flags" => value.clone(),
        "result" => json!([ty(document, &value["ok"]), ty(document, &value["err"])]),
        "fixed-length-list" => json!([ty(document, &value[0]), value[1]]),
        "handle" => {
            let (handle, id) = only_entry(value);
            json!([handle, ty(document, id)])
        }
        "option" | "list" | "stream" | "future" | "type" => ty(document, value),
        _ => panic!("an unknown kind of type: {name}"),
    };
    json!({ name: value })
}

/// Returns a type in its place: its name with its owner's, or what it is if it has none.
fn ty(document: &Value, ty: &Value) -> Value {
    let Some(_) = ty.as_u64() else { return ty.clone() };
    let definition = &document["types"][index(ty)];
    let Some(name) = definition["name"].as_str() else { return kind(document, &definition["kind"]) };
    let (owner, id) = only_entry(&definition["owner"]);
    let owner = match owner {
        "interface" => interface_name(document, index(id)),
        _ => format!("world {}", text(&document["worlds"][index(id)]["name"])),
    };
    format!("{owner}.{name}").into()
}

fn entries(object: &Value, value: impl Fn(&Value) -> Value) -> Value {
    let entries = object.as_object().expect("an object");
    Value::Object(entries.iter().map(|(name, it)| (name.clone(), value(it))).collect())
}

fn only_entry(object: &Value) -> (&str, &Value) {
    let entry = object.as_object().and_then(|object| object.iter().next());
    entry.map(|(name, value)| (name.as_str(), value)).expect("an object with one entry")
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().expect("a list").iter()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn index(value: &Value) -> usize {
    usize::try_from(value.as_u64().expect("an index")).expect("it fits")
}

/// Adds a line for each difference.
fn compare(path: &str, theirs: &Value, ours: &Value, differences: &mut Vec<String>) {
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(ours)) => {
            for (key, value) in theirs {
                let path = format!("{path}/{key}");
                match ours.get(key) {
                    Some(other) => compare(&path, value, other, differences),
                    None => differences.push(format!("{path}: only theirs: {value}")),
                }
            }
            let more = ours.iter().filter(|(key, _)| !theirs.contains_key(*key));
            differences.extend(more.map(|(key, value)| format!("{path}/{key}: only ours: {value}")));
        }
        _ if theirs == ours => {}
        _ => differences.push(format!("{path}: theirs {theirs}, ours {ours}")),
    }
}
