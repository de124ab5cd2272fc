//! Random values of random types go through a component made for the type and come back unchanged.
//!
//! The component's function gives back its argument in one of three ways ([`Route`]). Its parameters are padded, so
//! that they are passed in memory, or not, so that they are passed flat.

#![expect(clippy::unwrap_used, reason = "a failed setup is a failed test")]

use std::fmt::Write as _;

use canonical_abi::arbitrary::{any_type, any_value_of};
use canonical_abi::flatten::flat_count;
use canonical_abi::layout::{align_to, layout};
use canonical_abi::{CoreType, PtrType, Types, ValType, Value, flatten_type};
use component_linker::{Component, Config, Engine, Linker, Store};
use proptest::prelude::*;

/// Who gives the value back.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Route {
    /// The guest's core function itself.
    Direct,
    /// The host, called by the guest with the very parameters it got.
    ViaHost,
    /// Another component, called likewise.
    ViaComponent,
}

/// How the component is made.
#[derive(Clone, Copy, Debug)]
struct Shape {
    route: Route,
    padded: bool,
    outer_encoding: &'static str,
    inner_encoding: &'static str,
}

fn any_shape() -> impl Strategy<Value = Shape> {
    let route = prop_oneof![Just(Route::Direct), Just(Route::ViaHost), Just(Route::ViaComponent)];
    let encoding = prop_oneof![Just("utf8"), Just("utf16"), Just("latin1+utf16")];
    (route, any::<bool>(), encoding.clone(), encoding).prop_map(
        |(route, padded, outer_encoding, inner_encoding)| Shape {
            route,
            padded,
            outer_encoding,
            inner_encoding,
        },
    )
}

fn typed_value() -> impl Strategy<Value = (Types, ValType, Value)> {
    any_type().prop_flat_map(|tree| {
        let mut types = Types::new();
        let ty = tree.intern(&mut types);
        let value = any_value_of(&types, ty);
        (Just(types), Just(ty), value)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn echo((types, ty, value) in typed_value(), shape in any_shape()) {
        let wat = component(&types, ty, shape);
        let padded = is_padded(&types, ty, shape);
        let engine = Engine::new(&Config::new()).unwrap();
        let bytes = wat::parse_str(&wat).unwrap_or_else(|error| panic!("{error}\n{wat}"));
        let component = Component::new(&engine, &bytes).unwrap_or_else(|error| panic!("{error}\n{wat}"));
        let mut linker = Linker::new();
        linker.root().func_new("host-echo", move |_, args| Ok(Some(args[usize::from(padded)].clone()))).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = linker.instantiate(&mut store, &component).unwrap_or_else(|error| panic!("{error}\n{wat}"));
        let echo = instance.get_func(&mut store, &["echo"]).unwrap();
        let mut args = vec![value.clone()];
        if padded {
            args.insert(0, Value::U8(1));
            args.extend((0..N_PADDING).map(Value::U64));
        }
        for _ in 0..2 {
            let result = echo.call(&mut store, &args).unwrap_or_else(|error| panic!("{error}\n{wat}"));
            prop_assert_eq!(result.as_ref(), Some(&value), "{}", wat);
        }
    }
}

/// How many `u64` follow the value: enough to have all parameters passed in memory.
const N_PADDING: u64 = 16;

/// The core function itself can only give back a value that is one core value or lies in memory.
fn is_padded(types: &Types, ty: ValType, shape: Shape) -> bool {
    match shape.route {
        Route::Direct | Route::ViaComponent => flat_count(types, ty) > 1,
        Route::ViaHost => shape.padded,
    }
}

fn component(types: &Types, ty: ValType, shape: Shape) -> String {
    let padded = is_padded(types, ty, shape);
    let mut declared = Declared { types, text: String::new(), n: 0 };
    let name = declare(&mut declared, ty);
    let Declared { text: declarations, n, .. } = declared;
    let params = match padded {
        false => format!("(param \"v\" {name})"),
        true => {
            let padding = (0..N_PADDING).map(|i| format!(" (param \"q{i}\" u64)"));
            format!("(param \"p\" u8) (param \"v\" {name}){}", padding.collect::<String>())
        }
    };
    let signature = format!("{params} (result {name})");
    let direct = |encoding: &str| lifted(&core_direct(types, ty, padded), "", &signature, encoding);
    let forward = |callee: &str| {
        let lowered = format!(
            "(core func $callee (canon lower (func {callee}) string-encoding={}
               (memory (core memory $libc \"memory\")) (realloc (core func $libc \"realloc\"))))",
            shape.outer_encoding
        );
        format!(
            "{lowered} {}",
            lifted(
                &core_forward(types, ty, padded),
                "(with \"host\" (instance (export \"echo\" (func $callee))))",
                &signature,
                shape.outer_encoding
            )
        )
    };
    match shape.route {
        Route::Direct => format!("(component {declarations} {LIBC} {})", direct(shape.outer_encoding)),
        Route::ViaHost => format!(
            "(component {declarations} {LIBC} (import \"host-echo\" (func $host-echo {signature})) {})",
            forward("$host-echo")
        ),
        Route::ViaComponent => {
            let args: String = (0..n).map(|i| format!("(with \"t{i}\" (type $t{i}))")).collect();
            format!(
                "(component {declarations}
                   (component $inner {declarations} {LIBC} {})
                   (instance $inner (instantiate $inner {args}))
                   {LIBC} {})",
                direct(shape.inner_encoding),
                forward("$inner \"echo\"")
            )
        }
    }
}

/// A memory and a `realloc` that only ever takes more.
const LIBC: &str = r#"
  (core module $libc
    (memory (export "memory") 64)
    (global $next (mut i32) (i32.const 8))
    (func (export "realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and
        (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
      (global.set $next (i32.add (local.get $at) (local.get $size)))
      (memory.copy (local.get $at) (local.get $old)
        (select (local.get $old-size) (local.get $size) (i32.lt_u (local.get $old-size) (local.get $size))))
      (local.get $at)))
  (core instance $libc (instantiate $libc))"#;

/// A core module, instantiated, and its `echo`, lifted.
fn lifted(module: &str, args: &str, signature: &str, encoding: &str) -> String {
    format!(
        "(core module $m {module})
         (core instance $m (instantiate $m (with \"libc\" (instance $libc)) {args}))
         (func (export \"echo\") {signature} (canon lift (core func $m \"echo\") string-encoding={encoding}
           (memory (core memory $libc \"memory\")) (realloc (core func $libc \"realloc\"))))"
    )
}

/// Gives back its only parameter, or the place of the value among the parameters in memory.
fn core_direct(types: &Types, ty: ValType, padded: bool) -> String {
    if padded {
        let offset = align_to(1, layout(types, ty, PtrType::I32).align());
        return format!(
            "(func (export \"echo\") (param i32) (result i32) (i32.add (local.get 0) (i32.const {offset})))"
        );
    }
    let flat = flat_params(types, ty, padded);
    format!("(func (export \"echo\") (param {flat}) (result {flat}) (local.get 0))")
}

/// Calls `echo` of the host with the parameters it got, and gives back what it gets.
fn core_forward(types: &Types, ty: ValType, padded: bool) -> String {
    let params = flat_params(types, ty, padded);
    let n_params = params.split_whitespace().count();
    let args: String = (0..n_params).map(|i| format!("(local.get {i}) ")).collect();
    if flat_count(types, ty) == 1 {
        let result = flat_params(types, ty, false);
        return format!(
            "(import \"host\" \"echo\" (func $callee (param {params}) (result {result})))
             (func (export \"echo\") (param {params}) (result {result}) (call $callee {args}))"
        );
    }
    let size = layout(types, ty, PtrType::I32).size();
    let align = layout(types, ty, PtrType::I32).align();
    format!(
        "(import \"host\" \"echo\" (func $callee (param {params} i32)))
         (import \"libc\" \"realloc\" (func $realloc (param i32 i32 i32 i32) (result i32)))
         (func (export \"echo\") (param {params}) (result i32)
           (local $to i32)
           (local.set $to (call $realloc (i32.const 0) (i32.const 0) (i32.const {align}) (i32.const {size})))
           (call $callee {args} (local.get $to))
           (local.get $to))"
    )
}

/// The core types of the parameters.
fn flat_params(types: &Types, ty: ValType, padded: bool) -> String {
    if padded || flat_count(types, ty) > 16 {
        return String::from("i32");
    }
    let flat = flatten_type(types, ty, PtrType::I32);
    let names = flat.iter().map(|ty| match ty {
        CoreType::I32 => "i32",
        CoreType::I64 => "i64",
        CoreType::F32 => "f32",
        CoreType::F64 => "f64",
    });
    names.collect::<Vec<_>>().join(" ")
}

/// Types as the text format declares them. Each has a name by way of an import that equals its definition, so that
/// exported functions may mention it.
struct Declared<'a> {
    types: &'a Types,
    text: String,
    n: u32,
}

/// Returns how to mention a type, after declaring it if need be.
fn declare(declared: &mut Declared<'_>, ty: ValType) -> String {
    let types = declared.types;
    let definition = match ty {
        ValType::Bool => return String::from("bool"),
        ValType::S8 => return String::from("s8"),
        ValType::U8 => return String::from("u8"),
        ValType::S16 => return String::from("s16"),
        ValType::U16 => return String::from("u16"),
        ValType::S32 => return String::from("s32"),
        ValType::U32 => return String::from("u32"),
        ValType::S64 => return String::from("s64"),
        ValType::U64 => return String::from("u64"),
        ValType::F32 => return String::from("f32"),
        ValType::F64 => return String::from("f64"),
        ValType::Char => return String::from("char"),
        ValType::String => return String::from("string"),
        ValType::List(id) => format!("list {}", declare(declared, types[id].element)),
        ValType::FixedLengthList(id) => {
            format!("list {} {}", declare(declared, types[id].element), types[id].length)
        }
        ValType::Map(id) => {
            let key = declare(declared, types[id].key);
            format!("map {key} {}", declare(declared, types[id].value))
        }
        ValType::Record(id) => {
            let field = |field: &canonical_abi::types::Field| {
                format!(" (field \"{}\" {})", field.name, declare(declared, field.ty))
            };
            format!("record{}", types[id].fields.iter().map(field).collect::<String>())
        }
        ValType::Tuple(id) => {
            let elements = types[id].types.iter().map(|ty| format!(" {}", declare(declared, *ty)));
            format!("tuple{}", elements.collect::<String>())
        }
        ValType::Variant(id) => {
            let case = |case: &canonical_abi::types::Case| match case.ty {
                Some(ty) => format!(" (case \"{}\" {})", case.name, declare(declared, ty)),
                None => format!(" (case \"{}\")", case.name),
            };
            format!("variant{}", types[id].cases.iter().map(case).collect::<String>())
        }
        ValType::Enum(id) => format!("enum{}", labels(&types[id].labels)),
        ValType::Flags(id) => format!("flags{}", labels(&types[id].labels)),
        ValType::Option(id) => format!("option {}", declare(declared, types[id].some)),
        ValType::Result(id) => {
            let ok = types[id].ok.map(|ty| declare(declared, ty)).unwrap_or_default();
            let err = types[id].err.map(|ty| format!(" (error {})", declare(declared, ty)));
            format!("result {ok}{}", err.unwrap_or_default())
        }
        ValType::ErrorContext
        | ValType::Own(_)
        | ValType::Borrow(_)
        | ValType::Stream(_)
        | ValType::Future(_) => unreachable!("random types have none of these"),
    };
    let n = declared.n;
    declared.n += 1;
    writeln!(declared.text, "(type $d{n} ({definition})) (import \"t{n}\" (type $t{n} (eq $d{n})))").unwrap();
    format!("$t{n}")
}

fn labels(labels: &[String]) -> String {
    labels.iter().map(|label| format!(" \"{label}\"")).collect()
}
