//! `examples/guests/larder.wat`, a guest written by hand, through the bindings of its world: every
//! kind of value, a call whose 18 parameters come in memory, resources in both directions, a list
//! of borrows, and calls back to the host.

#![expect(clippy::unwrap_used, reason = "a failed setup is a failed test")]

use component_linker::{CallError, Component, Config, Engine, HostError, Linker, Resource, Store};

use self::exports::techbytes::larder::api::{Content, Guest, Jar, Marks};
use self::techbytes::larder::host::{Host, HostShelf, Level, Shelf};

component_linker::bindings!({ path: "../../examples/guests/larder.wit" });

/// What was put onto each shelf, by representation, and what was said.
#[derive(Default)]
struct State {
    shelves: Vec<Option<Vec<String>>>,
    said: Vec<String>,
}

impl State {
    fn shelf(&mut self, shelf: &Resource<Shelf>) -> Result<&mut Vec<String>, HostError> {
        Ok(self.shelves.get_mut(shelf.rep() as usize).and_then(Option::as_mut).ok_or("no such shelf")?)
    }
}

impl Host for State {
    fn log(&mut self, level: Level, message: String) -> Result<(), HostError> {
        self.said.push(format!("{level:?}: {message}"));
        if level == Level::Fault { Err("a fault".into()) } else { Ok(()) }
    }

    fn ask(&mut self, question: Option<Option<u32>>) -> Result<Result<u32, String>, HostError> {
        Ok(match question {
            None => Err(String::from("nothing asked")),
            Some(None) => Ok(0),
            Some(Some(n)) => Ok(n + 1),
        })
    }
}

impl HostShelf for State {
    fn new(&mut self, width: u32) -> Result<Resource<Shelf>, HostError> {
        self.shelves.push(Some(vec![String::new(); width as usize]));
        Ok(Resource::new_own(u32::try_from(self.shelves.len())? - 1))
    }

    fn put(&mut self, self_: Resource<Shelf>, what: String) -> Result<u32, HostError> {
        let shelf = self.shelf(&self_)?;
        shelf.push(what);
        Ok(u32::try_from(shelf.len())?)
    }

    fn count(&mut self, self_: Resource<Shelf>) -> Result<u32, HostError> {
        Ok(u32::try_from(self.shelf(&self_)?.len())?)
    }

    fn longer(&mut self, a: Resource<Shelf>, b: Resource<Shelf>) -> Result<bool, HostError> {
        Ok(self.shelf(&a)?.len() > self.shelf(&b)?.len())
    }

    fn drop(&mut self, resource: Resource<Shelf>) -> Result<(), HostError> {
        let shelf = self.shelves.get_mut(resource.rep() as usize).ok_or("no such shelf")?;
        shelf.take().ok_or("a shelf is dropped once")?;
        Ok(())
    }
}

fn larder() -> (Store<State>, Guest) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/guests/larder.wat");
    let engine = Engine::new(&Config::new()).unwrap();
    let component = Component::new(&engine, &wat::parse_file(path).unwrap());
    let component = component.unwrap_or_else(|error| panic!("{error}"));
    let mut linker = Linker::new();
    Larder::add_to_linker(&mut linker, |state: &mut State| state).unwrap();
    let mut store = Store::new(&engine, State::default());
    let larder = Larder::instantiate(&mut store, &component, &linker);
    let larder = larder.unwrap_or_else(|error| panic!("{error}"));
    (store, larder.techbytes_larder_api().clone())
}

macro_rules! same {
    ($store:ident, $api:ident: $($call:ident($($value:expr),*);)*) => {$($(
        assert_eq!($api.$call(&mut $store, $value).unwrap(), $value, stringify!($call));
    )*)*};
}

fn jar(id: u16) -> Jar {
    Jar { id, weight: -0.5 * f64::from(id), open: id % 2 == 1, rank: 200 }
}

#[test]
fn values_come_back_the_same() {
    let (mut store, api) = larder();
    same! { store, api:
        call_same_bool(true, false);
        call_same_s8(i8::MIN, -1, i8::MAX);
        call_same_u8(0, u8::MAX);
        call_same_s16(i16::MIN, -1, i16::MAX);
        call_same_u16(u16::MAX);
        call_same_s32(i32::MIN, i32::MAX);
        call_same_u32(u32::MAX);
        call_same_s64(i64::MIN, i64::MAX);
        call_same_u64(u64::MAX);
        call_same_f32(-0.0, f32::MAX, f32::NEG_INFINITY);
        call_same_f64(f64::MIN_POSITIVE, f64::INFINITY);
        call_same_char('a', '😀', char::MAX);
        call_same_string("", "naïve 😀");
        call_same_level(Level::Info, Level::Fault);
        call_same_marks(Marks::empty(), Marks::SWEET | Marks::BLUE, Marks::all());
        call_same_nest(None, Some(None), Some(Some(7)));
    }
    assert_eq!(api.call_same_jar(&mut store, &jar(7)).unwrap(), jar(7));
    let jars: Vec<_> = (0..3000).map(jar).collect();
    assert_eq!(api.call_same_jars(&mut store, &jars).unwrap(), jars);
    for content in [
        Content::Nothing,
        Content::Grains(u32::MAX),
        Content::Paste(1.5),
        Content::Label(String::from("plum")),
        Content::Jars(vec![jar(1), jar(2)]),
        Content::Pair((-1, i64::MIN)),
    ] {
        assert_eq!(api.call_same_content(&mut store, &content).unwrap(), content);
    }
}

#[test]
fn eighteen_parameters_come_in_memory() {
    let (mut store, api) = larder();
    let sum = api.call_sum(&mut store, 1, 2, 3, 4, -5, -6, -7, -8, 9, 10, 11, 12, -13, -14, -15, -16, 17, 18);
    assert_eq!(sum.unwrap(), 3);
    let max = api.call_sum(
        &mut store,
        u8::MAX,
        u16::MAX,
        u32::MAX,
        0,
        i8::MIN,
        i16::MIN,
        i32::MIN,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
    );
    assert_eq!(max.unwrap(), 255 + 65_535 + 4_294_967_295 - 128 - 32_768 - 2_147_483_648);
}

#[test]
fn the_host_is_called_back() {
    let (mut store, api) = larder();
    let mut ask = |question| api.call_ask_host(&mut store, Level::Warning, "hm", question).unwrap();
    assert_eq!(ask(None), Err(String::from("nothing asked")));
    assert_eq!(ask(Some(None)), Ok(0));
    assert_eq!(ask(Some(Some(41))), Ok(42));
    assert_eq!(store.data().said, ["Warning: hm"; 3]);
    // The host's error is the guest's trap.
    let fault = api.call_ask_host(&mut store, Level::Fault, "oh", None).unwrap_err();
    assert!(matches!(&fault, CallError::Trap(trap) if trap.to_string().starts_with("a fault")), "{fault}");
}

#[test]
fn shelves_of_the_host_go_to_the_guest_and_back() {
    let (mut store, api) = larder();
    let shelf = store.data_mut().new(2).unwrap();
    assert_eq!(api.call_fill(&mut store, shelf, "plums").unwrap(), 3);
    assert_eq!(store.data().shelves, [None], "the guest has dropped it");
    for (a, b, longer) in [(1, 5, 2), (4, 3, 3)] {
        let shelf = api.call_build(&mut store, a, b).unwrap();
        assert!(shelf.owned());
        assert_eq!(shelf.rep(), longer);
        let n_live = store.data().shelves.iter().flatten().count();
        assert_eq!(n_live, if longer == 2 { 1 } else { 2 });
    }
}

#[test]
fn scales_of_the_guest_are_lent_given_and_dropped() {
    let (mut store, api) = larder();
    let scale = api.scale();
    let scales: Vec<_> = (1..=3).map(|n| scale.call_constructor(&mut store, n).unwrap()).collect();
    assert_eq!(scale.call_add(&mut store, &scales[1], 40).unwrap(), 42);
    let lent: Vec<_> = scales.iter().chain(&scales[..1]).collect();
    assert_eq!(api.call_total(&mut store, &lent).unwrap(), 1 + 42 + 3 + 1);
    assert_eq!(api.call_total(&mut store, &[]).unwrap(), 0);
    let [a, b, c] = <[_; 3]>::try_from(scales).unwrap();
    let heavier = scale.call_heavier(&mut store, a, b).unwrap();
    assert_eq!(api.call_dropped(&mut store).unwrap(), 1);
    assert_eq!(scale.call_add(&mut store, &heavier, 0).unwrap(), 42);
    heavier.resource_drop(&mut store).unwrap();
    c.resource_drop(&mut store).unwrap();
    assert!(matches!(scale.call_add(&mut store, &c, 0), Err(CallError::Resource(_))));
    assert_eq!(api.call_dropped(&mut store).unwrap(), 3);
}
