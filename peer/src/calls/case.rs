//! Cases: the initial state of the two components, how they are driven, and the outcome.

use canonical_abi::arbitrary::any_value_of;
use canonical_abi::{Context, MAX_FLAT_RESULTS, Value, lower_flat_values};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::BoxedStrategy;

use super::image::{Image, Seen, TRAPS};
use super::plain::{Machine, lower_args};
use super::shape::Shape;
use crate::fault::Fault;

/// A case, generated from a [`Recipe`].
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) drive: Drive,
    pub(crate) callee: Image,
}

/// How the caller is driven.
#[derive(Clone, Debug)]
pub(crate) enum Drive {
    /// `run` passes the image's core values.
    Raw(Image),
    /// The host calls `f`.
    Host(Vec<Value>),
}

/// The outcome of a case.
pub(crate) type Outcome = Result<Run, Fault>;

/// A case that returned.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Run {
    pub(crate) caller: Seen,
    pub(crate) callee: Seen,
    /// What the host got.
    pub(crate) result: Option<Value>,
}

/// What a case is made from, and shrunk by.
#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    pub(crate) args: Vec<Value>,
    pub(crate) result: Option<Value>,
    pub(crate) from_host: bool,
    pub(crate) changes: Vec<Change>,
}

/// A change of what a well-behaved component would start with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    side: Side,
    what: What,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Side {
    Caller,
    Callee,
}

#[derive(Clone, Copy, Debug)]
enum What {
    Byte(Index, Edit),
    /// Four bytes at an address that is a multiple of four.
    Word(Index, Edit),
    Slot(Index, Edit),
    Answer(usize, u32),
}

#[derive(Clone, Copy, Debug)]
enum Edit {
    Set(u64),
    Add(u64),
    Flip(u32),
}

impl Recipe {
    /// Makes the case, unless the values do not fit the memory.
    pub(crate) fn case(&self, shape: &Shape) -> Option<Case> {
        let mut callee = Machine::new(&Image { free: 16, ..Image::default() });
        let mut cx = Context::new(&shape.types, Shape::options(shape.callee), &mut callee);
        let tys: Vec<_> = shape.result.into_iter().collect();
        let values: Vec<_> = self.result.iter().cloned().collect();
        // What a callee returns in memory, it has put there itself.
        let lowered = lower_flat_values(&mut cx, MAX_FLAT_RESULTS, &values, &tys, None).ok()?;
        let slots = lowered.iter().map(|value| value.bits()).collect();
        let mut callee = callee.into_image(slots);
        let drive = if self.from_host {
            Drive::Host(self.args.clone())
        } else {
            let mut caller = Machine::new(&Image { free: 8, ..Image::default() });
            let slots = lower_args(shape, &mut caller, &self.args).ok()?;
            let mut caller = caller.into_image(slots);
            self.changes.iter().for_each(|change| change.apply(Side::Caller, &mut caller));
            Drive::Raw(caller)
        };
        self.changes.iter().for_each(|change| change.apply(Side::Callee, &mut callee));
        Some(Case { drive, callee })
    }
}

impl Change {
    fn apply(&self, side: Side, image: &mut Image) {
        if self.side != side {
            return;
        }
        match self.what {
            What::Byte(at, edit) => {
                if let Some(byte) = any_of(image.memory.iter_mut(), at) {
                    *byte = edit.apply(u64::from(*byte)).to_le_bytes()[0];
                }
            }
            What::Word(at, edit) => {
                if let Some(word) = any_of(image.memory.chunks_exact_mut(4), at) {
                    let old = u32::from_le_bytes((&*word).try_into().expect("four bytes"));
                    word.copy_from_slice(&edit.apply(u64::from(old)).to_le_bytes()[..4]);
                }
            }
            What::Slot(at, edit) => {
                if let Some(slot) = any_of(image.slots.iter_mut(), at) {
                    *slot = edit.apply(*slot);
                }
            }
            What::Answer(at, answer) => {
                image.answers.resize(image.answers.len().max(at + 1), 0);
                image.answers[at] = answer;
            }
        }
    }
}

/// Returns one of the items, if there are any.
fn any_of<T>(mut items: impl ExactSizeIterator<Item = T>, at: Index) -> Option<T> {
    if items.len() == 0 { None } else { items.nth(at.index(items.len())) }
}

impl Edit {
    fn apply(self, old: u64) -> u64 {
        match self {
            Self::Set(new) => new,
            Self::Add(n) => old.wrapping_add(n),
            Self::Flip(bit) => old ^ 1 << bit,
        }
    }
}

/// Returns random recipes for a shape.
pub(crate) fn any_recipe(shape: &Shape) -> BoxedStrategy<Recipe> {
    let args: Vec<_> = shape.params.iter().map(|ty| any_value_of(&shape.types, *ty)).collect();
    let result: Vec<_> = shape.result.iter().map(|ty| any_value_of(&shape.types, *ty)).collect();
    let from_host = prop::bool::weighted(0.2);
    (args, result, from_host, any_changes())
        .prop_map(|(args, result, from_host, changes)| Recipe {
            args,
            result: result.into_iter().next(),
            from_host,
            changes,
        })
        .boxed()
}

/// Returns the changes of one case: none, some of one side's values, or one answer of one side's
/// `realloc`. Not all at once, because engines may differ in which of two faults they find first.
fn any_changes() -> impl Strategy<Value = Vec<Change>> {
    let side = || select(vec![Side::Caller, Side::Callee]);
    let values = prop_oneof![
        3 => (any::<Index>(), any_edit()).prop_map(|(at, edit)| What::Byte(at, edit)),
        4 => (any::<Index>(), any_edit()).prop_map(|(at, edit)| What::Word(at, edit)),
        3 => (any::<Index>(), any_edit()).prop_map(|(at, edit)| What::Slot(at, edit)),
    ];
    let answer = prop_oneof![
        Just(TRAPS),
        Just(1),
        Just(2),
        Just(4),
        Just(0xfff8),
        Just(0xfffc),
        Just(0x10000),
        Just(u32::MAX - 3),
        0xff00..0x1_0010u32,
    ];
    let answer = (0..4usize, answer).prop_map(|(at, answer)| What::Answer(at, answer));
    prop_oneof![
        4 => Just(vec![]),
        5 => (side(), vec(values, 1..=3)).prop_map(on_side),
        1 => (side(), vec(answer, 1)).prop_map(on_side),
    ]
}

fn on_side((side, whats): (Side, Vec<What>)) -> Vec<Change> {
    whats.into_iter().map(|what| Change { side, what }).collect()
}

fn any_edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        2 => any::<u64>().prop_map(Edit::Set),
        2 => (0..5u64).prop_map(Edit::Set),
        1 => select(vec![0x7f, 0x80, 0xff, 0xd800, 0xdfff, 0xfffe, 0xffff, 0x1_0000, 0x10_ffff, 0x11_0000])
            .prop_map(Edit::Set),
        1 => select(vec![0x7fff_ffff, 0x8000_0000, 0x8000_0001, 0xffff_ffff, 0x1000_0000]).prop_map(Edit::Set),
        2 => select(vec![1, 2, 4, 8, u64::MAX, u64::MAX - 1, u64::MAX - 3]).prop_map(Edit::Add),
        2 => (0..32u32).prop_map(Edit::Flip),
    ]
}
