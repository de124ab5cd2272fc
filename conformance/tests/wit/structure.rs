//! What a `Resolve` exports, compared as data: names stand in the place of indices.

use serde_json::{Map, Value, json};

/// Positives in which the reference takes plain comments (`//`, `/*`) for documentation. WIT.md,
/// "Comments", has documentation start with `///` or `/**`.
pub(crate) const PLAIN_COMMENTS: &[&str] = &[
    "accessors.wit",
    "comments.wit",
    "include-accessor-pair.wit",
    "maps.wit",
    "multi-package-gated-include.wit",
    "wasmtime-wasi/src/p2/wit",
    "wasmtime-wasi/src/p3/wit",
    "wasmtime-wasi-http/wit",
    "wasmtime-wasi-http/src/p3/wit",
];

/// Returns the document with names in the place of indices, so that the order of the arrays does
/// not matter.
pub(crate) fn by_name(document: &Value) -> Value {
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
    if let Some(original) = fields.get("clone_of").cloned() {
        fields["clone_of"] = interface_name(document, index(&original)).into();
    }
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

/// Returns a line for each difference.
pub(crate) fn compare(name: &str, theirs: &Value, ours: &Value) -> Vec<String> {
    let mut differences = Vec::new();
    compare_at(name, theirs, ours, &mut differences);
    differences
}

/// Returns a line for each difference from the reference, and how many more there are that the
/// table explains.
pub(crate) fn differences(name: &str, theirs: &Value, ours: &Value) -> (Vec<String>, usize) {
    let mut differences = compare(name, theirs, ours);
    let n_differences = differences.len();
    let is_listed = PLAIN_COMMENTS.contains(&name);
    let is_docs = |line: &str| {
        line.contains("/docs: only theirs") || (line.contains("/docs: theirs") && line.ends_with("ours null"))
    };
    differences.retain(|line| !(is_listed && is_docs(line)));
    let n_listed = n_differences - differences.len();
    (differences, n_listed)
}

/// Adds a line for each difference.
fn compare_at(path: &str, theirs: &Value, ours: &Value, differences: &mut Vec<String>) {
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(ours)) => {
            for (key, value) in theirs {
                let path = format!("{path}/{key}");
                match ours.get(key) {
                    Some(other) => compare_at(&path, value, other, differences),
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
