//! Random programs: a user that imports interfaces and adds up what their functions return, and
//! plugs that export them.

/// Random numbers that a seed determines (xorshift).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        (0..8).for_each(|_| {
            random.next();
        });
        random
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Returns a number less than `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(n).expect("it fits")).expect("it fits")
    }

    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

/// Types as WIT, and the core values that they flatten to. Those after the first few are defined in
/// each interface.
const TYPES: &[(&str, &[&str])] = &[
    ("u8", &["i32"]),
    ("s64", &["i64"]),
    ("f32", &["f32"]),
    ("f64", &["f64"]),
    ("bool", &["i32"]),
    ("char", &["i32"]),
    ("string", &["i32", "i32"]),
    ("list<u16>", &["i32", "i32"]),
    ("list<point>", &["i32", "i32"]),
    ("tuple<u8, u64>", &["i32", "i64"]),
    ("option<f32>", &["i32", "f32"]),
    ("result<u8, u64>", &["i32", "i64"]),
    ("point", &["i32", "i64"]),
    ("shape", &["i32", "i32", "i64"]),
    ("color", &["i32"]),
    ("access", &["i32"]),
    ("alias", &["i32", "i64"]),
];

const DEFINITIONS: &str = "record point { x: u32, y: u64 } variant shape { none, dot(point) }
    enum color { red, green } flags access { read, write } type alias = point;";

struct Func {
    name: String,
    params: Vec<usize>,
    returns: u32,
}

struct Interface {
    /// With the namespace.
    package: String,
    name: String,
    /// What the user asks for, and what the plug has.
    versions: [String; 2],
    funcs: Vec<Func>,
    /// Functions of the plug that the user does not import.
    more: Vec<Func>,
    /// What its resource is made with, if it has one.
    resource: Option<u32>,
    plug: usize,
    /// Whether the plug has an older version too, which lacks everything.
    has_decoy: bool,
}

/// A program.
pub(crate) struct Program {
    interfaces: Vec<Interface>,
    n_plugs: usize,
}

impl Program {
    pub(crate) fn random(random: &mut Random) -> Self {
        let n_plugs = 1 + random.below(3);
        let n_interfaces = n_plugs + random.below(4);
        let interface = |i: usize| {
            // Each plug has one at least.
            let plug = if i < n_plugs { i } else { random.below(n_plugs) };
            let [major, minor] = [["0.", "2."], ["1.", ""], ["0.0.", ""], ["0.13.", ""]][random.below(4)];
            let fixed = format!("{major}{minor}");
            let version = |random: &mut Random, more: usize| match fixed.as_str() {
                "0.0." => "0.0.7".to_owned(),
                "1." => format!("1.{}.{}", random.below(9) + more, random.below(12)),
                fixed => format!("{fixed}{}", random.below(12) + more),
            };
            let asked = version(random, 1);
            let offered = if random.one_in(2) { asked.clone() } else { version(random, 1) };
            let has_decoy = fixed != "0.0." && random.one_in(3);
            let build = if random.one_in(4) { "+build.7" } else { "" };
            Interface {
                package: format!("{}:p{i}", ["t", "wide-name", "x1"][random.below(3)]),
                name: ["i", "types", "some-long-name"][random.below(3)].to_owned(),
                versions: [asked, format!("{offered}{build}")],
                funcs: (0..random.below(4)).map(|n| func(random, format!("f{n}"))).collect(),
                more: (0..random.below(3)).map(|n| func(random, format!("more-{n}"))).collect(),
                resource: if random.one_in(3) { Some(small(random)) } else { None },
                plug,
                has_decoy,
            }
        };
        let mut interfaces: Vec<Interface> = (0..n_interfaces).map(interface).collect();
        // An interface of which nothing is used is not imported.
        for interface in &mut interfaces {
            if interface.funcs.is_empty() && interface.resource.is_none() {
                interface.funcs.push(Func { name: "f".to_owned(), params: Vec::new(), returns: 1 });
            }
        }
        random.shuffle(&mut interfaces);
        Self { interfaces, n_plugs }
    }

    pub(crate) fn n_plugs(&self) -> usize {
        self.n_plugs
    }

    /// Returns what `run` returns.
    pub(crate) fn sum(&self) -> u32 {
        let values = self
            .interfaces
            .iter()
            .flat_map(|interface| interface.funcs.iter().map(|func| func.returns).chain(interface.resource));
        values.fold(0, u32::wrapping_add)
    }

    /// Returns the names of the user's imports, sorted.
    pub(crate) fn imports(&self) -> Vec<String> {
        let mut names: Vec<_> = self.interfaces.iter().map(|it| it.full_name(0)).collect();
        names.sort();
        names
    }

    /// Returns the names of a plug's exports, sorted.
    pub(crate) fn exports(&self, plug: usize) -> Vec<String> {
        let mut names = Vec::new();
        for interface in self.interfaces.iter().filter(|it| it.plug == plug) {
            names.push(interface.full_name(1));
            names.extend(interface.decoy().map(|(name, _)| name));
        }
        names.sort();
        names
    }

    /// Returns the worlds of the user. Each has some of the functions; together they have all.
    pub(crate) fn user_worlds(&self, random: &mut Random) -> Vec<String> {
        let n_worlds = 1 + random.below(2);
        let mut worlds = Vec::new();
        for world in 0..n_worlds {
            let interfaces = self.interfaces.iter();
            let items = interfaces.map(|it| {
                let funcs = it.funcs.iter().enumerate().filter(|(i, _)| n_worlds == 1 || i % 2 == world);
                let text = it.text(
                    0,
                    &funcs.map(|(_, func)| func).collect::<Vec<_>>(),
                    world == 0 || random.one_in(2),
                );
                (format!("import {};", it.full_name(0)), text)
            });
            worlds.push(world_text(world, items.collect(), "export run: func() -> u32;", random));
        }
        random.shuffle(&mut worlds);
        worlds
    }

    /// Returns the worlds of a plug.
    pub(crate) fn plug_worlds(&self, plug: usize, random: &mut Random) -> Vec<String> {
        let n_worlds = 1 + random.below(2);
        let mut worlds = Vec::new();
        for world in 0..n_worlds {
            let mut items = Vec::new();
            for it in self.interfaces.iter().filter(|it| it.plug == plug) {
                let funcs = it.funcs.iter().chain(&it.more).enumerate();
                let funcs = funcs.filter(|(i, _)| n_worlds == 1 || i % 2 == world);
                let text = it.text(
                    1,
                    &funcs.map(|(_, func)| func).collect::<Vec<_>>(),
                    world == 0 || random.one_in(2),
                );
                items.push((format!("export {};", it.full_name(1)), text));
                items.extend(it.decoy().map(|(name, text)| (format!("export {name};"), text)));
            }
            worlds.push(world_text(world, items, "", random));
        }
        random.shuffle(&mut worlds);
        worlds
    }

    /// Returns the user's core module, which adds up what all functions return for zeros.
    pub(crate) fn user_module(&self) -> String {
        let (mut imports, mut body) = (String::new(), "i32.const 0".to_owned());
        for (n, it) in self.interfaces.iter().enumerate() {
            let module = it.full_name(0);
            for (i, func) in it.funcs.iter().enumerate() {
                let (params, zeros) = (func.core_params(), func.zeros());
                let name = &func.name;
                imports += &format!(r#"(import "{module}" "{name}" (func $f{n}-{i} {params} (result i32)))"#);
                body += &format!("{zeros} call $f{n}-{i} i32.add ");
            }
            if let Some(value) = it.resource {
                imports += &format!(
                    r#"(import "{module}" "[constructor]r" (func $new{n} (param i32) (result i32)))
                    (import "{module}" "[method]r.get" (func $get{n} (param i32) (result i32)))
                    (import "{module}" "[resource-drop]r" (func $drop{n} (param i32)))"#
                );
                body += &format!(
                    " i32.const {value} call $new{n} local.tee $r call $get{n} i32.add local.get $r call $drop{n} "
                );
            }
        }
        format!(r#"(module {imports} {MEMORY} (func (export "run") (result i32) (local $r i32) {body}))"#)
    }

    /// Returns the core module of a plug.
    pub(crate) fn plug_module(&self, plug: usize) -> String {
        let (mut imports, mut funcs) = (String::new(), String::new());
        for (n, it) in self.interfaces.iter().enumerate().filter(|(_, it)| it.plug == plug) {
            let name = it.full_name(1);
            for func in it.funcs.iter().chain(&it.more) {
                let (params, returns) = (func.core_params(), func.returns);
                let func = &func.name;
                funcs +=
                    &format!(r#"(func (export "{name}#{func}") {params} (result i32) i32.const {returns})"#);
            }
            if let Some((decoy, _)) = it.decoy() {
                funcs += &format!(r#"(func (export "{decoy}#decoy"))"#);
            }
            if it.resource.is_some() {
                imports += &format!(
                    r#"(import "[export]{name}" "[resource-new]r" (func $new{n} (param i32) (result i32)))"#
                );
                funcs += &format!(
                    r#"(func (export "{name}#[constructor]r") (param i32) (result i32) local.get 0 call $new{n})
                    (func (export "{name}#[method]r.get") (param i32) (result i32) local.get 0)
                    (func (export "{name}#[dtor]r") (param i32))"#
                );
            }
        }
        format!("(module {imports} {MEMORY} {funcs})")
    }
}

const MEMORY: &str = r#"(memory (export "memory") 1)
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 64)"#;

/// A number that an `u32` and a positive `i32` can be.
fn small(random: &mut Random) -> u32 {
    u32::try_from(random.below(1 << 30)).expect("it fits")
}

fn func(random: &mut Random, name: String) -> Func {
    Func {
        name,
        params: (0..random.below(5)).map(|_| random.below(TYPES.len())).collect(),
        returns: small(random),
    }
}

impl Func {
    fn core(&self) -> impl Iterator<Item = &'static str> {
        self.params.iter().flat_map(|ty| TYPES[*ty].1.iter().copied())
    }

    fn core_params(&self) -> String {
        self.core().map(|ty| format!("(param {ty})")).collect()
    }

    fn zeros(&self) -> String {
        self.core().map(|ty| format!(" {ty}.const 0")).collect()
    }

    fn wit(&self) -> String {
        let params = self.params.iter().enumerate().map(|(i, ty)| format!("p{i}: {}", TYPES[*ty].0));
        format!("{}: func({}) -> u32;", self.name, params.collect::<Vec<_>>().join(", "))
    }
}

impl Interface {
    /// Returns its name as the user asks for it (0), or as the plug has it (1).
    fn full_name(&self, side: usize) -> String {
        format!("{}/{}@{}", self.package, self.name, self.versions[side])
    }

    /// Returns its package as text, with these functions.
    fn text(&self, side: usize, funcs: &[&Func], has_methods: bool) -> String {
        let funcs: String = funcs.iter().map(|func| func.wit()).collect();
        let resource = match (self.resource, has_methods) {
            (None, _) => "",
            (Some(_), true) => "resource r { constructor(x: u32); get: func() -> u32; }",
            (Some(_), false) => "resource r { constructor(x: u32); }",
        };
        let Self { package, name, versions, .. } = self;
        let version = &versions[side];
        format!("package {package}@{version} {{ interface {name} {{ {DEFINITIONS} {resource} {funcs} }} }}")
    }

    /// Returns the name and the text of an older version that lacks everything.
    fn decoy(&self) -> Option<(String, String)> {
        let Self { package, name, versions, .. } = self;
        let version = match versions[1].as_bytes() {
            _ if !self.has_decoy => return None,
            [b'1', ..] => "1.0.0",
            [b'0', b'.', b'2', ..] => "0.2.0",
            _ => "0.13.0",
        };
        let text = format!("package {package}@{version} {{ interface {name} {{ decoy: func(); }} }}");
        Some((format!("{package}/{name}@{version}"), text))
    }
}

/// Returns a world with these items, and the packages that they name.
fn world_text(n: usize, mut items: Vec<(String, String)>, more: &str, random: &mut Random) -> String {
    random.shuffle(&mut items);
    let (items, packages): (Vec<_>, Vec<_>) = items.into_iter().unzip();
    format!("package mine:p{n}; world w{n} {{ {} {more} }}\n{}", items.join(" "), packages.join("\n"))
}
