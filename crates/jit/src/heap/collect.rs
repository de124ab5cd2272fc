//! Collection: frees what neither the guests of a store nor its host can reach any more.
//!
//! It marks from the roots and sweeps, and nothing moves, so that words stay what they are. What is collected so far
//! are exceptions; a word says itself which kind of object it refers to, and the roots are walked by type of value
//! ([`ValType::is_traced`](crate::module::types::ValType::is_traced)), so that another kind needs no other walk. The roots:
//!
//! - values in frames of compiled code, of all activations, which the stack maps name (`rt::stack_roots`);
//! - globals and tables, of instances and of the host's, and element segments that are not dropped;
//! - what the host has handles to;
//! - what the object that is being allocated refers to.
//!
//! An exception on its way to a handler is none: nothing is allocated until its payload has been read.

use crate::embed::exception::Exceptions;
use crate::embed::store::StoreOpaque;
use crate::rt::{self, CodeFrame};
use crate::vm::slot::ValRaw;

/// What a word of a traced type refers to, unless it is null.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Object {
    /// The exception at this position of the store.
    Exception(u32),
}

/// The upper halves of words, by kind of object. Zero is for null.
const EXCEPTION: u64 = 1;

impl Object {
    /// Returns what a word of compiled code refers to, `None` for null.
    ///
    /// # Panics
    ///
    /// Panics if no store gave out such a word.
    pub(crate) fn from_word(word: u64) -> Option<Self> {
        if word == 0 {
            return None;
        }
        assert!(word >> 32 == EXCEPTION, "words of traced types are those that the store gave out");
        Some(Self::Exception(u32::try_from(word & u64::from(u32::MAX)).expect("the lower half")))
    }

    /// Returns the word that compiled code has for it.
    pub(crate) fn word(self) -> u64 {
        let Self::Exception(index) = self;
        EXCEPTION << 32 | u64::from(index)
    }
}

/// What a collection has found so far.
struct Marked {
    exceptions: Exceptions,
    /// Objects that were reached and whose own references were not followed yet.
    pending: Vec<Object>,
    n_words: usize,
}

impl Marked {
    fn reach(&mut self, word: u64) {
        self.n_words += 1;
        let Some(object) = Object::from_word(word) else { return };
        let Object::Exception(index) = object;
        if self.exceptions.reach(index) {
            self.pending.push(object);
        }
    }
}

/// Frees all that cannot be reached.
///
/// `running` is the innermost frame of compiled code if that called the host other than through a host function. `held`
/// are the words that the object to be allocated will hold.
pub(crate) fn collect(
    store: &mut StoreOpaque,
    running: Option<&CodeFrame>,
    held: impl IntoIterator<Item = u64>,
) {
    let exceptions = std::mem::take(&mut store.exceptions);
    let mut marked = Marked { exceptions, pending: Vec::new(), n_words: 0 };
    for word in held {
        marked.reach(word);
    }
    roots(store, running, &mut |word| marked.reach(word));
    for index in marked.exceptions.of_the_host() {
        marked.reach(Object::Exception(index).word());
    }
    while let Some(Object::Exception(index)) = marked.pending.pop() {
        let (tag, payload) = marked.exceptions.get(index);
        let words: Vec<_> = traced(store, tag, payload).collect();
        for word in words {
            marked.reach(word);
        }
    }
    marked.exceptions.sweep(marked.n_words);
    store.exceptions = marked.exceptions;
}

/// Returns the words in the payload of an exception that are references to objects.
pub(crate) fn traced(store: &StoreOpaque, tag: u32, payload: &[ValRaw]) -> impl Iterator<Item = u64> {
    store.tags[tag as usize].traced.iter().map(|&position| payload[position as usize].to_u64())
}

/// Hands every word of a traced type that compiled code may still read to `root`, but for those in objects.
fn roots(store: &StoreOpaque, running: Option<&CodeFrame>, root: &mut dyn FnMut(u64)) {
    rt::stack_roots(store.vm(), running, root);
    for (cell, ty) in &store.globals {
        if ty.content.is_traced() {
            root(cell.get().to_u64());
        }
    }
    for table in &store.tables {
        if table.ty().element.is_traced() {
            table.elements().iter().copied().for_each(&mut *root);
        }
    }
    for instance in &store.instances {
        for (words, segment) in instance.elems.iter().zip(&instance.module.info().elems) {
            if segment.ty.is_traced() {
                words.iter().copied().for_each(&mut *root);
            }
        }
    }
}
