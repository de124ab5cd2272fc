//! The components that cases run: functions that do nothing to speak of, and loops that call them.

use component_linker::{Component, Config, Engine};

/// Returns an engine that compiles on one thread, so that it does the same each time.
pub(crate) fn engine() -> Engine {
    Engine::new(&Config::default().parallel_compilation(false)).expect("this machine is supported")
}

/// Compiles a component in the text format.
pub(crate) fn component(engine: &Engine, text: &str) -> Component {
    Component::new(engine, &wat::parse_str(text).expect("valid text")).expect("a valid component")
}

/// Functions that give back what they are given.
pub(crate) const SMALL: &str = r#"(component
    (core module $m
        (memory (export "memory") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
        (func (export "none"))
        (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
        (func (export "text") (param i32 i32) (result i32)
            (i32.store (i32.const 0) (local.get 0))
            (i32.store (i32.const 4) (local.get 1))
            (i32.const 0))
        (func (export "record") (param i64 i32 i32 i32) (result i32)
            (i64.store (i32.const 0) (local.get 0))
            (i32.store (i32.const 8) (local.get 1))
            (i32.store (i32.const 12) (local.get 2))
            (i32.store8 (i32.const 16) (local.get 3))
            (i32.const 0)))
    (core instance $i (instantiate $m))
    (type $entry' (record (field "id" u64) (field "name" string) (field "on" bool)))
    (export $entry "entry" (type $entry'))
    (func (export "none") (canon lift (core func $i "none")))
    (func (export "add") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "add")))
    (func (export "text") (param "x" string) (result string)
        (canon lift (core func $i "text") (memory (core memory $i "memory")) (realloc (core func $i "realloc"))))
    (func (export "record") (param "x" $entry) (result $entry)
        (canon lift (core func $i "record") (memory (core memory $i "memory"))
            (realloc (core func $i "realloc")))))"#;

/// Returns a core function that does `body` as often as its argument says.
fn repeated(name: &str, body: &str) -> String {
    format!(
        r#"(func (export "{name}") (param $n i32) (local $h i32)
            (loop {body} (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))"#
    )
}

/// Loops over the functions `none`, `id`, `text` and `bytes` that the core module imports.
fn callers() -> String {
    [
        repeated("none", "(call $none)"),
        repeated("id", "(drop (call $id (i32.const 7)))"),
        repeated("text", "(call $text (i32.const 0) (i32.const 11))"),
        repeated("bytes", "(call $bytes (i32.const 0) (i32.const 1024))"),
    ]
    .concat()
}

/// The types of the functions that [`callers`] calls, as an instance exports them.
const CALLEES: &str = r#"
    (export "none" (func))
    (export "id" (func (param "x" u32) (result u32)))
    (export "text" (func (param "x" string)))
    (export "bytes" (func (param "x" (list u8))))"#;

/// Returns the fields of a component that imports the instance `callees` and exports the loops over
/// its functions.
fn caller() -> String {
    format!(
        r#"
        (import "callees" (instance $callees {CALLEES}))
        (core module $libc (memory (export "memory") 1) (data (i32.const 0) "some words "))
        (core instance $libc (instantiate $libc))
        (core func $none (canon lower (func $callees "none")))
        (core func $id (canon lower (func $callees "id")))
        (core func $text (canon lower (func $callees "text") (memory (core memory $libc "memory"))))
        (core func $bytes (canon lower (func $callees "bytes") (memory (core memory $libc "memory"))))
        (core module $m
            (import "" "none" (func $none))
            (import "" "id" (func $id (param i32) (result i32)))
            (import "" "text" (func $text (param i32 i32)))
            (import "" "bytes" (func $bytes (param i32 i32)))
            {loops})
        (core instance $i (instantiate $m (with "" (instance
            (export "none" (func $none)) (export "id" (func $id))
            (export "text" (func $text)) (export "bytes" (func $bytes))))))
        (func (export "none") (param "n" u32) (canon lift (core func $i "none")))
        (func (export "id") (param "n" u32) (canon lift (core func $i "id")))
        (func (export "text") (param "n" u32) (canon lift (core func $i "text")))
        (func (export "bytes") (param "n" u32) (canon lift (core func $i "bytes")))"#,
        loops = callers(),
    )
}

/// Returns a component that calls the host in loops.
pub(crate) fn calling_host() -> String {
    format!("(component {})", caller())
}

/// Returns a component of two, one of which calls the other in loops.
pub(crate) fn calling_component() -> String {
    format!(
        r#"(component
        (component $Callee
            (core module $m
                (memory (export "memory") 1)
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
                (func (export "none"))
                (func (export "id") (param i32) (result i32) (local.get 0))
                (func (export "text") (param i32 i32))
                (func (export "bytes") (param i32 i32)))
            (core instance $i (instantiate $m))
            (func (export "none") (canon lift (core func $i "none")))
            (func (export "id") (param "x" u32) (result u32) (canon lift (core func $i "id")))
            (func (export "text") (param "x" string) (canon lift (core func $i "text")
                (memory (core memory $i "memory")) (realloc (core func $i "realloc"))))
            (func (export "bytes") (param "x" (list u8)) (canon lift (core func $i "bytes")
                (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))
        (component $Caller {caller})
        (instance $callees (instantiate $Callee))
        (instance $i (instantiate $Caller (with "callees" (instance $callees))))
        (export "none" (func $i "none"))
        (export "id" (func $i "id"))
        (export "text" (func $i "text"))
        (export "bytes" (func $i "bytes")))"#,
        caller = caller(),
    )
}

/// Returns a component of two, one of which lends handles to the other's resources, and uses
/// resources of its own.
pub(crate) fn resources() -> String {
    format!(
        r#"(component
        (component $Owner
            (type $r' (resource (rep i32)))
            (export $r "r" (type $r'))
            (core func $new (canon resource.new $r))
            (core module $m
                (import "" "new" (func $new (param i32) (result i32)))
                (func (export "make") (result i32) (call $new (i32.const 7)))
                (func (export "use") (param i32)))
            (core instance $i (instantiate $m (with "" (instance (export "new" (func $new))))))
            (func (export "make") (result (own $r)) (canon lift (core func $i "make")))
            (func (export "use") (param "self" (borrow $r)) (canon lift (core func $i "use"))))
        (component $User
            (import "owner" (instance $owner
                (export "r" (type $r (sub resource)))
                (export "make" (func (result (own $r))))
                (export "use" (func (param "self" (borrow $r))))))
            (core func $make (canon lower (func $owner "make")))
            (core func $use (canon lower (func $owner "use")))
            (type $own (resource (rep i32)))
            (core func $new (canon resource.new $own))
            (core func $rep (canon resource.rep $own))
            (core func $drop (canon resource.drop $own))
            (core module $m
                (import "" "make" (func $make (result i32)))
                (import "" "use" (func $use (param i32)))
                (import "" "new" (func $new (param i32) (result i32)))
                (import "" "rep" (func $rep (param i32) (result i32)))
                (import "" "drop" (func $drop (param i32)))
                (global $made (mut i32) (i32.const 0))
                (global $kept (mut i32) (i32.const 0))
                (func (export "set-up")
                    (global.set $made (call $make))
                    (global.set $kept (call $new (i32.const 1))))
                {loops})
            (core instance $i (instantiate $m (with "" (instance
                (export "make" (func $make)) (export "use" (func $use)) (export "new" (func $new))
                (export "rep" (func $rep)) (export "drop" (func $drop))))))
            (func (export "set-up") (canon lift (core func $i "set-up")))
            (func (export "borrow") (param "n" u32) (canon lift (core func $i "borrow")))
            (func (export "new-and-drop") (param "n" u32) (canon lift (core func $i "new-and-drop")))
            (func (export "rep") (param "n" u32) (canon lift (core func $i "rep"))))
        (instance $owner (instantiate $Owner))
        (instance $i (instantiate $User (with "owner" (instance $owner))))
        (export "set-up" (func $i "set-up"))
        (export "borrow" (func $i "borrow"))
        (export "new-and-drop" (func $i "new-and-drop"))
        (export "rep" (func $i "rep")))"#,
        loops = [
            repeated("borrow", "(call $use (global.get $made))"),
            repeated("new-and-drop", "(call $drop (call $new (i32.const 1)))"),
            repeated("rep", "(drop (call $rep (global.get $kept)))"),
        ]
        .concat(),
    )
}

/// Returns a component that has many types and functions, nested components and their instances,
/// and no code: it can only be decoded and resolved.
pub(crate) fn types() -> String {
    let interface: String = (0..20)
        .map(|i| {
            format!(
                r#"(type $record{i} (record (field "a" u32) (field "b" string) (field "c" (list u8))))
                (export "record{i}" (type $r{i} (eq $record{i})))
                (export "resource{i}" (type $s{i} (sub resource)))
                (export "f{i}" (func (param "x" $r{i}) (param "self" (borrow $s{i}))
                    (result (result $r{i} (error string)))))"#
            )
        })
        .collect();
    let instances: String = (0..10)
        .map(|i| format!(r#"(instance $i{i} (instantiate $C (with "x" (instance $x)))) (export "y{i}" (instance $i{i}))"#))
        .collect();
    format!(
        r#"(component
        (import "x" (instance $x {interface}))
        (component $C (import "x" (instance $x {interface})) (export "z" (instance $x)))
        {instances})"#
    )
}
