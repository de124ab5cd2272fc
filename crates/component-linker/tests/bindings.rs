//! `tests/guests/kitchen-rs.wasm` through the bindings of its world: what it answers is what
//! another engine's answers are, line by line (`examples/guests/kitchen-rs.expected.txt`, values as
//! JSON).

#![expect(clippy::unwrap_used, reason = "a failed setup is a failed test")]

use std::fmt::Write as _;

use component_linker::{
    CallError, Component, Config, Engine, HostError, Instance, Linker, Resource, ResourceAny, ResourceTable,
    Store,
};

use self::exports::techbytes::kitchen::api::Guest;
use self::techbytes::kitchen::host::{Host, HostBlob};
use self::techbytes::kitchen::types::{Color, Perms, Person, Point, Shape};

component_linker::bindings!({
    path: "tests/guests/kitchen.wit",
    with: { "techbytes:kitchen/host@0.1.0.blob": crate::Blob },
});

/// A blob of the host, with the number by which the log knows it.
pub struct Blob {
    number: u32,
    bytes: Vec<u8>,
}

#[derive(Default)]
struct State {
    blobs: ResourceTable,
    n_made: u32,
    log: Vec<String>,
}

impl State {
    fn make(&mut self, bytes: Vec<u8>) -> Result<Resource<Blob>, HostError> {
        self.n_made += 1;
        Ok(self.blobs.push(Blob { number: self.n_made, bytes })?)
    }
}

impl HostBlob for State {
    fn new(&mut self, init: Vec<u8>) -> Result<Resource<Blob>, HostError> {
        self.make(init)
    }

    fn read(&mut self, self_: Resource<Blob>, n: u32) -> Result<Vec<u8>, HostError> {
        let bytes = &self.blobs.get(&self_)?.bytes;
        Ok(bytes[..bytes.len().min(n as usize)].to_vec())
    }

    fn size(&mut self, self_: Resource<Blob>) -> Result<u64, HostError> {
        Ok(self.blobs.get(&self_)?.bytes.len() as u64)
    }

    fn concat(&mut self, a: Resource<Blob>, b: Resource<Blob>) -> Result<Resource<Blob>, HostError> {
        let bytes = [&self.blobs.get(&a)?.bytes[..], &self.blobs.get(&b)?.bytes].concat();
        self.make(bytes)
    }

    fn drop(&mut self, resource: Resource<Blob>) -> Result<(), HostError> {
        let blob = self.blobs.delete(resource)?;
        self.log.push(format!("drop blob {}", blob.number));
        Ok(())
    }
}

impl Host for State {
    fn log(&mut self, level: Color, msg: String) -> Result<(), HostError> {
        self.log.push(format!("log {}: {msg}", color(level)));
        Ok(())
    }

    fn transform(&mut self, s: Shape) -> Result<Result<Shape, String>, HostError> {
        Ok(match s {
            Shape::Empty => Err(String::from("empty shape")),
            Shape::Circle(radius) => Ok(Shape::Circle(2.0 * radius)),
            Shape::Rect(_) | Shape::Named(_) | Shape::Poly(_) | Shape::Big(_) => Ok(s),
        })
    }
}

/// A value as the expected file writes it.
trait Json {
    fn json(&self) -> String;
}

macro_rules! json {
    ($($ty:ty, $value:ident => $text:expr;)*) => {$(
        impl Json for $ty {
            fn json(&self) -> String {
                let $value = self;
                $text
            }
        }
    )*};
}

json! {
    bool, x => x.to_string();
    u8, x => x.to_string();
    i8, x => x.to_string();
    u16, x => x.to_string();
    u32, x => x.to_string();
    i32, x => x.to_string();
    u64, x => x.to_string();
    i64, x => x.to_string();
    f32, x => format!("{x:?}");
    f64, x => if *x < 1e16 { format!("{x:?}") } else { format!("{x:e}").replace('e', "e+") };
    char, x => x.to_string().json();
    String, x => x.as_str().json();
    Color, x => color(*x).json();
    Perms, x => {
        let mut labels: Vec<_> = x.labels().map(String::from).collect();
        labels.sort();
        labels.json()
    };
    Point, p => format!(r#"{{"x": {}, "y": {}}}"#, p.x, p.y);
    Person, p => {
        let Person { name, age, email, tags, pos: (x, y, c), fav, perms } = p;
        format!(
            r#"{{"name": {}, "age": {age}, "email": {}, "tags": {}, "pos": [{}, {}, {}], "fav": {}, "perms": {}}}"#,
            name.json(), email.json(), tags.json(), x.json(), y.json(), c.json(), fav.json(), perms.json(),
        )
    };
    Shape, shape => match shape {
        Shape::Empty => String::from("null"),
        Shape::Circle(radius) => radius.json(),
        Shape::Rect((a, b)) => format!("[{}, {}]", a.json(), b.json()),
        Shape::Named(name) => name.json(),
        Shape::Poly(points) => points.json(),
        Shape::Big(big) => big.json(),
    };
    (u8, bool), x => format!("[{}, {}]", x.0, x.1);
    (String, u64, u32, u16, u8), x => format!("[{}, {}, {}, {}, {}]", x.0.json(), x.1, x.2, x.3, x.4);
}

impl Json for str {
    fn json(&self) -> String {
        let mut text = String::from("\"");
        for unit in self.encode_utf16() {
            match u8::try_from(unit) {
                Ok(byte) if byte.is_ascii_graphic() || byte == b' ' => text.push(char::from(byte)),
                Ok(_) | Err(_) => write!(text, "\\u{unit:04x}").unwrap(),
            }
        }
        text + "\""
    }
}

impl<T: Json> Json for Option<T> {
    fn json(&self) -> String {
        self.as_ref().map_or_else(|| String::from("null"), T::json)
    }
}

impl<T: Json> Json for Vec<T> {
    fn json(&self) -> String {
        format!("[{}]", self.iter().map(T::json).collect::<Vec<_>>().join(", "))
    }
}

/// An option of options shows its cases.
fn options(x: Option<Option<u32>>) -> String {
    match x {
        None => String::from(r#"{"tag": "none", "val": null}"#),
        Some(x) => format!(r#"{{"tag": "some", "val": {}}}"#, x.json()),
    }
}

/// A result of which both cases are of one kind in the driver's language shows its cases too.
fn tagged(x: Result<Shape, String>) -> String {
    match x {
        Ok(x) => format!(r#"{{"tag": "ok", "val": {}}}"#, x.json()),
        Err(x) => format!(r#"{{"tag": "err", "val": {}}}"#, x.json()),
    }
}

fn color(color: Color) -> &'static str {
    match color {
        Color::Red => "red",
        Color::Green => "green",
        Color::Blue => "blue",
    }
}

fn person(name: &str, email: Option<&str>, tags: &[&str]) -> Person {
    Person {
        name: String::from(name),
        age: 41,
        email: email.map(String::from),
        tags: tags.iter().copied().map(String::from).collect(),
        pos: (1.5, -2.25, '😀'),
        fav: Color::Blue,
        perms: Perms::READ | Perms::E,
    }
}

struct Driver {
    store: Store<State>,
    api: Guest,
    instance: Instance,
    /// What is compared with the file.
    text: String,
}

impl Driver {
    fn new() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/guests/kitchen-rs.wasm");
        let engine = Engine::new(&Config::new()).unwrap();
        let component = Component::new(&engine, &std::fs::read(path).unwrap()).unwrap();
        let mut linker = Linker::new();
        Kitchen::add_to_linker(&mut linker, |state: &mut State| state).unwrap();
        let mut store = Store::new(&engine, State::default());
        let instance = linker.instantiate(&mut store, &component).unwrap();
        let kitchen = Kitchen::new(&mut store, &instance).unwrap();
        let api = kitchen.techbytes_kitchen_api().clone();
        Self { store, api, instance, text: String::new() }
    }

    /// Writes a line: the function, its answer, and what the host was told.
    fn line<R>(&mut self, name: &str, result: Result<R, CallError>, show: impl Fn(R) -> String) {
        let shown = match result {
            Ok(value) => show(value),
            Err(CallError::Resource(error)) => {
                let text = error.to_string();
                let (_, closed) = text.split_once("is ").unwrap();
                let (closed, _) = closed.split_once(':').unwrap();
                format!("EXC {closed}").json()
            }
            Err(error) => panic!("{name}: {error}"),
        };
        let log = self.log();
        writeln!(self.text, "{name} {shown}{log}").unwrap();
    }

    fn log(&mut self) -> String {
        let log = std::mem::take(&mut self.store.data_mut().log);
        if log.is_empty() { String::new() } else { format!(" {}", log.json()) }
    }
}

macro_rules! echo {
    ($driver:ident, $call:ident, $name:literal: $($arg:expr),*; $show:expr) => {$(
        let result = $driver.api.$call(&mut $driver.store, $arg);
        $driver.line($name, result, $show);
    )*};
}

fn scalars(driver: &mut Driver) {
    echo!(driver, call_echo_bool, "echo-bool": true; |x| x.json());
    echo!(driver, call_echo_s8, "echo-s8": -128; |x| x.json());
    echo!(driver, call_echo_u16, "echo-u16": 65535; |x| x.json());
    echo!(driver, call_echo_u64, "echo-u64": u64::MAX; |x| x.json());
    echo!(driver, call_echo_f32, "echo-f32": 1.5; |x| x.json());
    echo!(driver, call_echo_f64, "echo-f64": 1e300; |x| x.json());
    echo!(driver, call_echo_char, "echo-char": 'é', char::MAX; |x| x.json());
    echo!(
        driver, call_echo_string,
        "echo-string": "", "ascii", "latin é ÿ", "bmp \u{4e2d}\u{ffff}", "astral 😀\u{10ffff}";
        |x| x.json()
    );
    let long = "x".repeat(5000) + "é";
    let is_same = |x: String| String::from(if x == long { "True" } else { "False" });
    echo!(driver, call_echo_string, "echo-string long": &long; is_same);
}

fn compounds(driver: &mut Driver) {
    echo!(driver, call_echo_color, "echo-color": Color::Green; |x| x.json());
    let perms = Perms::READ | Perms::APPEND | Perms::E;
    echo!(driver, call_echo_perms, "echo-perms": perms, Perms::empty(); |x| x.json());
    echo!(driver, call_echo_point, "echo-point": &Point { x: -1, y: i32::MAX }; |x| x.json());
    let tags = ["a", "", "é😀"];
    let bob = person("bob", None, &[]);
    echo!(driver, call_echo_person, "echo-person": &person("Zoë", Some("Zoë@x"), &tags), &bob; |x| x.json());
    let poly =
        |points: &[(i32, i32)]| Shape::Poly(points.iter().map(|(x, y)| Point { x: *x, y: *y }).collect());
    echo!(
        driver, call_echo_shape,
        "echo-shape": &Shape::Empty, &Shape::Circle(2.5), &Shape::Rect((1.0, 2.0)),
            &Shape::Named(String::from("nämed")), &poly(&[(1, 2), (3, 4)]), &Shape::Big(1 << 63);
        |x| x.json()
    );
    echo!(driver, call_echo_options, "echo-options": None, Some(None), Some(Some(5)); options);
    echo!(
        driver, call_echo_result,
        "echo-result": Ok(7), Err(i64::MIN);
        |x| x.map_or_else(|error| error.json(), |ok| ok.json())
    );
    echo!(driver, call_echo_tuple, "echo-tuple": (1, 2, 3, 4, "five"); |x| x.json());
    let people = [person("a", Some("a@x"), &tags), bob, person("c", Some("c@x"), &tags)];
    echo!(driver, call_reverse_people, "reverse-people": &people, &[]; |x| x.json());
    let points: Vec<_> = (0..1000).map(|i| Point { x: i, y: -i }).collect();
    let wrapping = [Point { x: i32::MAX, y: 0 }, Point { x: 1, y: 0 }];
    echo!(driver, call_sum_points, "sum-points": &points, &wrapping; |x| x.json());
}

fn callbacks(driver: &mut Driver) {
    let named = Shape::Named(String::from("nm"));
    let perms = Perms::READ | Perms::WRITE | Perms::A;
    let bytes: Vec<u8> = (0..8).collect();
    let many = driver.api.call_many(
        &mut driver.store,
        1,
        2,
        3,
        4,
        1.5,
        2.5,
        "seven",
        &bytes,
        true,
        'é',
        Some(11),
        &named,
        perms,
    );
    driver.line("many", many, |x| x.json());
    let many = driver.api.call_many(
        &mut driver.store,
        u8::MAX,
        u16::MAX,
        u32::MAX,
        u64::MAX,
        0.5,
        -0.25,
        "",
        &[],
        false,
        'z',
        None,
        &Shape::Empty,
        Perms::empty(),
    );
    driver.line("many", many, |x| x.json());
    let poly = Shape::Poly(vec![Point { x: 9, y: 8 }]);
    echo!(
        driver, call_call_host,
        "call-host": &Shape::Empty, &Shape::Circle(2.5), &Shape::Named(String::from("q")), &poly;
        tagged
    );
}

fn host_resources(driver: &mut Driver) {
    let blob = driver.store.data_mut().make(b"hello world".to_vec()).unwrap();
    echo!(driver, call_use_blob, "use-blob": blob; |x| x.json());
    let blob = driver.api.call_make_blob(&mut driver.store, 10).unwrap();
    let bytes = driver.store.data().blobs.get(&blob).unwrap().bytes.clone();
    driver.line("make-blob", Ok(bytes), |x| x.json());
    let n_live = driver.store.data().blobs.len();
    writeln!(driver.text, "live {n_live}").unwrap();
}

fn guest_resources(driver: &mut Driver) {
    let api = driver.api.clone();
    let counter = api.counter();
    let first = counter.call_constructor(&mut driver.store, 10).unwrap();
    let second = counter.call_constructor(&mut driver.store, 5).unwrap();
    for by in [7, 20] {
        let result = counter.call_increment(&mut driver.store, &first, by);
        driver.line("[method]counter.increment", result, |x| x.json());
    }
    let value = counter.call_value(&mut driver.store, &first);
    driver.line("[method]counter.value", value, |x| x.json());
    let label = counter.call_label(&mut driver.store, &second);
    driver.line("[method]counter.label", label, |x| x.json());
    let total = api.call_total(&mut driver.store, &[&first, &second, &second]);
    driver.line("total", total, |x| x.json());
    // The method takes the first counter for good. By reference, one sees what becomes of it.
    let path = ["techbytes:kitchen/api@0.1.0", "[static]counter.merge"];
    let merge = driver
        .instance
        .get_typed_func::<(&ResourceAny, &ResourceAny), (ResourceAny,)>(&mut driver.store, &path);
    let merge = merge.unwrap();
    let (merged,) = merge.call(&mut driver.store, (&first, &second)).unwrap();
    for counter_of in [&merged, &first] {
        let value = counter.call_value(&mut driver.store, counter_of);
        driver.line("[method]counter.value", value, |x| x.json());
    }
    second.resource_drop(&mut driver.store).unwrap();
    merged.resource_drop(&mut driver.store).unwrap();
    driver.text.push_str("done\n");
    let last = counter.call_constructor(&mut driver.store, 5).unwrap();
    let result = counter.call_increment(&mut driver.store, &last, -20);
    driver.line("[method]counter.increment", result, |x| x.json());
}

#[test]
fn the_kitchen_answers_as_under_another_engine() {
    let driver = &mut Driver::new();
    scalars(driver);
    compounds(driver);
    callbacks(driver);
    host_resources(driver);
    guest_resources(driver);
    let expected = include_str!("../../../examples/guests/kitchen-rs.expected.txt");
    for (given, expected) in driver.text.lines().zip(expected.lines()) {
        assert_eq!(given, expected);
    }
    assert_eq!(driver.text.lines().count(), expected.lines().count());
}

#[test]
fn a_resource_is_given_away_once_at_compile_time() {
    let driver = &mut Driver::new();
    let api = driver.api.clone();
    let a = api.counter().call_constructor(&mut driver.store, 1).unwrap();
    let b = api.counter().call_constructor(&mut driver.store, 2).unwrap();
    let merged = api.counter().call_merge(&mut driver.store, a, &b).unwrap();
    assert_eq!(api.counter().call_value(&mut driver.store, &merged).unwrap(), 3);
    assert!(driver.log().is_empty());
}
