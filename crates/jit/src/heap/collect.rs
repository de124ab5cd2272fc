//! Collection: frees what neither the guests of a store nor its host can reach.
//!
//! It marks from the roots and sweeps. Nothing moves, so that words stay what they are. Only
//! exceptions are collected so far. A word says itself which kind of object it refers to, and roots
//! are found by type of value ([`ValType::is_traced`](crate::module::types::ValType::is_traced)),
//! so that another kind of object needs no other search for roots.

use crate::heap::exceptions::{Exceptions, TagEntity};
use crate::heap::object::Object;
use crate::vm::slot::ValRaw;

/// What a collection has found so far.
struct Marked<'a> {
    exceptions: &'a mut Exceptions,
    /// Objects that were reached and whose own references were not followed yet.
    pending: Vec<Object>,
    n_words: usize,
}

impl Marked<'_> {
    fn reach(&mut self, word: u64) {
        self.n_words += 1;
        let Some(object) = Object::from_word(word) else { return };
        let Object::Exception(index) = object;
        if self.exceptions.reach(index) {
            self.pending.push(object);
        }
    }
}

/// Frees all exceptions that cannot be reached from `roots`, which hands every word of a traced
/// type outside of objects to the function that it gets, and from the handles that the host has.
pub(crate) fn collect(
    exceptions: &mut Exceptions,
    tags: &[TagEntity],
    roots: impl FnOnce(&mut dyn FnMut(u64)),
) {
    let mut marked = Marked { exceptions, pending: Vec::new(), n_words: 0 };
    roots(&mut |word| marked.reach(word));
    for index in marked.exceptions.of_the_host() {
        marked.reach(Object::Exception(index).word());
    }
    while let Some(Object::Exception(index)) = marked.pending.pop() {
        let (tag, payload) = marked.exceptions.get(index);
        let words: Vec<_> = traced(&tags[tag as usize], payload).collect();
        for word in words {
            marked.reach(word);
        }
    }
    let n_words = marked.n_words;
    exceptions.sweep(n_words);
}

/// Returns the words in the payload of an exception that are references to objects.
pub(crate) fn traced(tag: &TagEntity, payload: &[ValRaw]) -> impl Iterator<Item = u64> {
    tag.traced.iter().map(|&position| payload[position as usize].to_u64())
}
