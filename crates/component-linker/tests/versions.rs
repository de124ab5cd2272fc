//! Which version of an interface satisfies an import, and which one an export is looked up in.

#![expect(clippy::unwrap_used, reason = "a failed setup is a failed test")]

use component_linker::{Component, Config, Engine, Instance, Linker, ResolvedComponent, Store, Val};

fn engine() -> Engine {
    Engine::new(&Config::new()).unwrap()
}

fn component(engine: &Engine, wat: &str) -> Component {
    Component::new(engine, &wat::parse_str(wat).unwrap()).unwrap_or_else(|error| panic!("{error}\n{wat}"))
}

/// Returns a component that imports functions of an interface and exports them again.
fn importer(interface: &str, funcs: &[&str]) -> String {
    let imports: String =
        funcs.iter().map(|func| format!("(export \"{func}\" (func (result u32)))")).collect();
    let exports: String =
        funcs.iter().map(|func| format!("(export \"{func}\" (func $i \"{func}\"))")).collect();
    format!("(component (import \"{interface}\" (instance $i {imports})) {exports})")
}

/// Provides versions of `a:b/i`, each a list of functions that return the version's position.
fn linker(versions: &[(&str, &[&str])]) -> Linker<()> {
    let mut linker = Linker::new();
    for (position, (version, funcs)) in (0u32..).zip(versions) {
        let mut instance = linker.instance(&format!("a:b/i@{version}")).unwrap();
        for func in *funcs {
            instance.func_wrap(func, move |_, (): ()| Ok((position,))).unwrap();
        }
    }
    linker
}

fn call(store: &mut Store<()>, instance: &Instance, path: &[&str]) -> u32 {
    let func = instance.get_typed_func::<(), (u32,)>(&mut *store, path);
    func.unwrap_or_else(|error| panic!("{path:?}: {error}")).call(store, ()).unwrap().0
}

#[test]
fn an_import_takes_its_version_or_the_newest_compatible_one() {
    let engine = engine();
    let check = |versions: &[&str], wanted: &str, expected: Option<&str>| {
        let provided: Vec<(&str, &[&str])> = versions.iter().map(|it| (*it, &["f"][..])).collect();
        let component = component(&engine, &importer(&format!("a:b/i@{wanted}"), &["f"]));
        let mut store = Store::new(&engine, ());
        let instance = linker(&provided).instantiate(&mut store, &component);
        let taken = instance.ok().map(|instance| versions[call(&mut store, &instance, &["f"]) as usize]);
        assert_eq!(taken, expected, "{wanted} of {versions:?}");
    };
    check(&["1.0.9", "1.0.10"], "1.0.0", Some("1.0.10"));
    check(&["1.0.10", "1.0.9"], "1.0.11", Some("1.0.10"));
    check(&["1.2.0", "1.10.0"], "1.3.0", Some("1.10.0"));
    check(&["1.2.0", "1.10.0"], "1.2.0", Some("1.2.0"));
    check(&["1.9.9", "2.0.0", "0.1.0"], "1.0.0", Some("1.9.9"));
    check(&["2.0.0", "0.1.0"], "1.0.0", None);
    check(&["0.2.9", "0.2.10", "0.3.0"], "0.2.0", Some("0.2.10"));
    check(&["0.3.0"], "0.2.0", None);
    check(&["0.0.2"], "0.0.1", None);
    check(&["0.0.1+b"], "0.0.1", Some("0.0.1+b"));
    check(&["0.0.1+9", "0.0.1+10"], "0.0.1", Some("0.0.1+10"));
    check(&["0.0.1"], "0.0.1+b", Some("0.0.1"));
    check(&["1.0.0-rc.1+x", "1.0.0"], "1.0.0-rc.1", Some("1.0.0-rc.1+x"));
    check(&["1.0.0-rc.2", "1.0.0"], "1.0.0-rc.1", None);
    check(&["1.0.0-rc.1"], "1.0.0", None);
    check(&["1.0.0+a", "1.0.1-rc.9"], "1.0.0", Some("1.0.0+a"));
}

#[test]
fn an_import_is_satisfied_by_one_version_as_a_whole() {
    let engine = engine();
    let component = component(&engine, &importer("a:b/i@1.0.2", &["f", "g"]));
    let taken = |linker: &Linker<()>| {
        let mut store = Store::new(&engine, ());
        let instance = linker.instantiate(&mut store, &component).map_err(|error| error.to_string())?;
        Ok::<_, String>((call(&mut store, &instance, &["f"]), call(&mut store, &instance, &["g"])))
    };
    // Its own version lacks `g`, and so does the newest.
    let versions: [(&str, &[&str]); 3] = [("1.0.2", &["f"]), ("1.0.3", &["f", "g"]), ("1.0.4", &["f"])];
    assert_eq!(taken(&linker(&versions)), Ok((1, 1)));
    // None is whole: functions of two are not put together.
    let error = taken(&linker(&[("1.0.3", &["f"]), ("1.0.4", &["g"])])).unwrap_err();
    assert_eq!(
        error,
        "import `a:b/i@1.0.2` function `f: func() -> u32` is not provided by `a:b/i@1.0.4`, the best that \
         the linker has for `a:b/i@1.0.2`"
    );
    let error = taken(&linker(&[("2.0.0", &["f", "g"]), ("0.9.0", &["f"])])).unwrap_err();
    assert_eq!(
        error,
        "import instance `a:b/i@1.0.2` is not provided; the linker has `a:b/i@0.9.0`, `a:b/i@2.0.0`, which \
         is not compatible: it has to have function `f`, function `g`"
    );
}

#[test]
fn two_versions_of_one_interface_are_two_imports() {
    let engine = engine();
    let component = component(
        &engine,
        r#"(component
            (import "a:b/i@1.0.0" (instance $old (export "f" (func (result u32)))))
            (import "a:b/i@1.0.1" (instance $new (export "f" (func (result u32)))))
            (export "old" (func $old "f")) (export "new" (func $new "f")))"#,
    );
    let taken = |versions: &[(&str, &[&str])]| {
        let mut store = Store::new(&engine, ());
        let instance = linker(versions).instantiate(&mut store, &component).unwrap();
        (call(&mut store, &instance, &["old"]), call(&mut store, &instance, &["new"]))
    };
    assert_eq!(taken(&[("1.0.0", &["f"]), ("1.0.1", &["f"])]), (0, 1));
    assert_eq!(taken(&[("1.0.1", &["f"]), ("1.0.2", &["f"])]), (1, 0));
}

#[test]
fn versions_of_functions_modules_and_resource_types_at_the_root() {
    let engine = engine();
    let component = component(
        &engine,
        r#"(component
            (import "a:b/r@1.0.0" (type $r (sub resource)))
            (import "a:b/m@1.0.0" (core module $m))
            (import "a:b/f@1.0.0" (func $f (result u32)))
            (export "f" (func $f)))"#,
    );
    let module = component_linker::Module::new(&engine, &wat::parse_str("(module)").unwrap()).unwrap();
    let mut linker = Linker::new();
    linker.root().resource::<()>("a:b/r@1.10.0", |_, _| Ok(())).unwrap();
    linker.root().define_module("a:b/m@1.0.1", &module).unwrap();
    linker.root().func_wrap("a:b/f@1.9.0", |_, (): ()| Ok((9u32,))).unwrap();
    linker.root().func_wrap("a:b/f@1.10.0", |_, (): ()| Ok((10u32,))).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &component).unwrap();
    assert_eq!(call(&mut store, &instance, &["f"]), 10);
}

#[test]
fn an_export_is_found_in_its_version_or_in_the_newest_compatible_one() {
    let engine = engine();
    let exported = |version: &str, value: u32| {
        format!(
            "(core module $m{value} (func (export \"f\") (result i32) (i32.const {value})))
             (core instance $m{value} (instantiate $m{value}))
             (func $f{value} (result u32) (canon lift (core func $m{value} \"f\")))
             (instance $i{value} (export \"f\" (func $f{value})) (export \"m\" (core module $m{value})))
             (export \"a:b/i@{version}\" (instance $i{value}))"
        )
    };
    let all: String = [("1.2.1", 1), ("1.10.0", 10), ("0.0.1+b", 7), ("2.0.0-rc.1+x", 3)]
        .iter()
        .map(|(version, value)| exported(version, *value))
        .collect();
    let wat = format!("(component {all})");
    let component = component(&engine, &wat);
    let resolved = ResolvedComponent::new(&wat::parse_str(&wat).unwrap()).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Linker::new().instantiate(&mut store, &component).unwrap();
    let mut check = |version: &str, expected: Option<u32>| {
        let name = format!("a:b/i@{version}");
        let path = [name.as_str(), "f"];
        let found = instance.get_func(&mut store, &path).map(|func| func.call(&mut store, &[]).unwrap());
        assert_eq!(found, expected.map(|value| Some(Val::U32(value))), "{version}");
        assert_eq!(resolved.export(&path).is_some(), expected.is_some(), "{version}");
        assert_eq!(component.export(&path).is_some(), expected.is_some(), "{version}");
        assert_eq!(instance.get_module(&[&name, "m"]).is_some(), expected.is_some(), "{version}");
    };
    check("1.2.1", Some(1));
    check("1.2.0", Some(10));
    check("1.11.0", Some(10));
    check("1", Some(10));
    check("0.0.1", Some(7));
    check("0.0.1+c", Some(7));
    check("0.0.2", None);
    check("2.0.0-rc.1", Some(3));
    check("2.0.0", None);
}

#[test]
fn linked_instances_match_versions() {
    let engine = engine();
    let mut store = Store::new(&engine, ());
    let exporter = component(
        &engine,
        r#"(component
            (core module $m (func (export "f") (result i32) (i32.const 5)))
            (core instance $m (instantiate $m))
            (func $f (result u32) (canon lift (core func $m "f")))
            (instance $i (export "f" (func $f)))
            (export "a:b/i@0.2.10" (instance $i)))"#,
    );
    let exporter = Linker::new().instantiate(&mut store, &exporter).unwrap();
    let mut linker = linker(&[("0.2.9", &["f"])]);
    linker.root().define_exports(&exporter).unwrap();
    let instance = linker.instantiate(&mut store, &component(&engine, &importer("a:b/i@0.2.3", &["f"])));
    assert_eq!(call(&mut store, &instance.unwrap(), &["f"]), 5);
}
