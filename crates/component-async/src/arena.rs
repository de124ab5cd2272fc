//! Things with ids that are never used twice.
//!
//! Invariant: an id finds the thing that it was made for, or nothing once that is gone.

use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

/// Names a thing of a [`Store`](crate::Store). The room of one that is gone is used again, its id
/// is not.
///
/// `Tag` tells ids of different arenas apart.
pub struct Id<Tag> {
    index: u32,
    generation: u32,
    of: PhantomData<fn() -> Tag>,
}

/// Things by their [`Id`].
#[derive(Debug)]
pub(crate) struct Arena<Tag, T> {
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
    of: PhantomData<fn() -> Tag>,
}

#[derive(Debug)]
struct Slot<T> {
    generation: u32,
    thing: Option<T>,
}

impl<Tag, T> Arena<Tag, T> {
    pub(crate) const fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new(), of: PhantomData }
    }

    pub(crate) fn add(&mut self, thing: T) -> Id<Tag> {
        if let Some(index) = self.free.pop() {
            let slot = &mut self.slots[index as usize];
            slot.thing = Some(thing);
            return Id::new(index, slot.generation);
        }
        let index = u32::try_from(self.slots.len()).expect("fewer than 2^32 things are alive");
        self.slots.push(Slot { generation: 0, thing: Some(thing) });
        Id::new(index, 0)
    }

    pub(crate) fn get(&self, id: Id<Tag>) -> Option<&T> {
        let slot = self.slots.get(id.index as usize)?;
        slot.thing.as_ref().filter(|_| slot.generation == id.generation)
    }

    pub(crate) fn get_mut(&mut self, id: Id<Tag>) -> Option<&mut T> {
        let slot = self.slots.get_mut(id.index as usize)?;
        let is_current = slot.generation == id.generation;
        slot.thing.as_mut().filter(|_| is_current)
    }

    /// Removes a thing. A slot whose generations are used up is not used again.
    pub(crate) fn remove(&mut self, id: Id<Tag>) -> Option<T> {
        self.get(id)?;
        let slot = &mut self.slots[id.index as usize];
        if let Some(next) = slot.generation.checked_add(1) {
            slot.generation = next;
            self.free.push(id.index);
        }
        slot.thing.take()
    }

    pub(crate) fn len(&self) -> usize {
        self.iter().count()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Id<Tag>, &T)> {
        (0..).zip(&self.slots).filter_map(|(index, slot)| {
            let thing = slot.thing.as_ref()?;
            Some((Id::new(index, slot.generation), thing))
        })
    }
}

impl<Tag, T> core::ops::Index<Id<Tag>> for Arena<Tag, T> {
    type Output = T;

    fn index(&self, id: Id<Tag>) -> &T {
        self.get(id).expect("the id names something that is there")
    }
}

impl<Tag, T> core::ops::IndexMut<Id<Tag>> for Arena<Tag, T> {
    fn index_mut(&mut self, id: Id<Tag>) -> &mut T {
        self.get_mut(id).expect("the id names something that is there")
    }
}

impl<Tag> Id<Tag> {
    fn new(index: u32, generation: u32) -> Self {
        Self { index, generation, of: PhantomData }
    }
}

impl<Tag> Clone for Id<Tag> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Tag> Copy for Id<Tag> {}

impl<Tag> PartialEq for Id<Tag> {
    fn eq(&self, other: &Self) -> bool {
        (self.index, self.generation) == (other.index, other.generation)
    }
}

impl<Tag> Eq for Id<Tag> {}

impl<Tag> fmt::Debug for Id<Tag> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}.{}", self.index, self.generation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_outlives_its_thing_and_names_no_other() {
        let mut arena: Arena<(), char> = Arena::new();
        let a = arena.add('a');
        assert_eq!(arena.remove(a), Some('a'));
        let b = arena.add('b');
        assert_eq!(arena.remove(a), None);
        assert_eq!((arena.get(a), arena.get(b)), (None, Some(&'b')));
        assert_eq!(arena.iter().collect::<Vec<_>>(), [(b, &'b')]);
    }
}
