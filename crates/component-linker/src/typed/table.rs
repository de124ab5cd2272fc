//! The host's table of what its resources are: representations on one side, Rust values on the
//! other.

use std::any::{Any, type_name};
use std::collections::BTreeSet;
use std::fmt;

use canonical_abi::handles::HandleTable;

use super::resource::Resource;

/// Rust values by representation, for host functions on [`Resource`]s. Usually a part of the
/// store's data.
///
/// An entry can be the child of another, which then can't be deleted before it.
///
/// ```
/// use component_linker::ResourceTable;
///
/// let mut table = ResourceTable::new();
/// let file = table.push(String::from("contents"))?;
/// let line = table.push_child(0_usize, &file)?;
/// *table.get_mut(&line)? += 1;
/// assert_eq!(table.get(&line)?, &1);
/// assert!(table.delete(file).is_err());
/// # let file = component_linker::Resource::<String>::new_own(1);
/// table.delete(line)?;
/// assert_eq!(table.delete(file)?, "contents");
/// # Ok::<(), component_linker::ResourceTableError>(())
/// ```
#[derive(Debug, Default)]
pub struct ResourceTable {
    entries: HandleTable<Entry>,
    n_entries: u32,
}

/// Invariant: `children` names exactly the entries whose `parent` this one is.
struct Entry {
    value: Box<dyn Any + Send>,
    type_name: &'static str,
    parent: Option<u32>,
    children: BTreeSet<u32>,
}

/// Why a [`ResourceTable`] does not do what it is asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ResourceTableError {
    /// There are as many entries as a table can have.
    Full,
    /// There is no entry of this representation (any more).
    NotPresent {
        /// The representation.
        rep: u32,
    },
    /// The entry is of another type.
    WrongType {
        /// The representation.
        rep: u32,
        /// The type that was asked for.
        expected: &'static str,
        /// The entry's type.
        found: &'static str,
    },
    /// The entry has children, which are to be deleted first.
    HasChildren {
        /// The representation.
        rep: u32,
        /// How many there are.
        n_children: usize,
    },
}

impl ResourceTable {
    /// Returns an empty table.
    pub const fn new() -> Self {
        Self { entries: HandleTable::new(), n_entries: 0 }
    }

    /// Returns an empty table for up to `max` entries.
    pub const fn with_max_entries(max: u32) -> Self {
        Self { entries: HandleTable::with_max_length(max), n_entries: 0 }
    }

    /// Returns whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.n_entries == 0
    }

    /// Returns the number of entries.
    pub fn len(&self) -> usize {
        self.n_entries as usize
    }

    /// Adds a value and returns the resource that it is, owned by the host.
    ///
    /// # Errors
    ///
    /// If the table is full.
    pub fn push<R: Any + Send>(&mut self, value: R) -> Result<Resource<R>, ResourceTableError> {
        self.add(value, None)
    }

    /// Adds a value as a child of another entry.
    ///
    /// # Errors
    ///
    /// If the table is full, or has no such parent.
    pub fn push_child<R: Any + Send, P: Any + Send>(
        &mut self,
        value: R,
        parent: &Resource<P>,
    ) -> Result<Resource<R>, ResourceTableError> {
        self.get(parent)?;
        self.add(value, Some(parent.rep()))
    }

    fn add<R: Any + Send>(
        &mut self,
        value: R,
        parent: Option<u32>,
    ) -> Result<Resource<R>, ResourceTableError> {
        let entry =
            Entry { value: Box::new(value), type_name: type_name::<R>(), parent, children: BTreeSet::new() };
        let rep = self.entries.add(entry).map_err(|_| ResourceTableError::Full)?;
        if let Some(parent) = parent.and_then(|parent| self.entries.get_mut(parent).ok()) {
            parent.children.insert(rep);
        }
        self.n_entries += 1;
        Ok(Resource::new_own(rep))
    }

    /// Returns the value of a resource.
    ///
    /// # Errors
    ///
    /// If there is none, or one of another type.
    pub fn get<R: Any + Send>(&self, resource: &Resource<R>) -> Result<&R, ResourceTableError> {
        let rep = resource.rep();
        let entry = self.entries.get(rep).map_err(|_| ResourceTableError::NotPresent { rep })?;
        entry.value.downcast_ref().ok_or_else(|| wrong_type::<R>(rep, entry))
    }

    /// Returns the value of a resource, to change it.
    ///
    /// # Errors
    ///
    /// If there is none, or one of another type.
    pub fn get_mut<R: Any + Send>(&mut self, resource: &Resource<R>) -> Result<&mut R, ResourceTableError> {
        self.get(resource)?;
        let rep = resource.rep();
        let entry = self.entries.get_mut(rep).map_err(|_| ResourceTableError::NotPresent { rep })?;
        entry.value.downcast_mut().ok_or(ResourceTableError::NotPresent { rep })
    }

    /// Removes the value of a resource and returns it.
    ///
    /// # Errors
    ///
    /// If there is none, one of another type, or one with children. The table is then unchanged.
    ///
    /// # Panics
    ///
    /// Never.
    pub fn delete<R: Any + Send>(&mut self, resource: Resource<R>) -> Result<R, ResourceTableError> {
        self.get(&resource)?;
        let rep = resource.rep();
        let not_present = ResourceTableError::NotPresent { rep };
        let n_children = self.entries.get(rep).map_err(|_| not_present)?.children.len();
        if n_children > 0 {
            return Err(ResourceTableError::HasChildren { rep, n_children });
        }
        let entry = self.entries.remove(rep).map_err(|_| not_present)?;
        self.n_entries -= 1;
        if let Some(parent) = entry.parent.and_then(|parent| self.entries.get_mut(parent).ok()) {
            parent.children.remove(&rep);
        }
        Ok(*entry.value.downcast().expect("its type was looked at"))
    }

    /// Returns the representations and values of an entry's children.
    ///
    /// # Errors
    ///
    /// If there is no such entry.
    pub fn children<R: Any + Send>(
        &self,
        parent: &Resource<R>,
    ) -> Result<impl Iterator<Item = (u32, &(dyn Any + Send))>, ResourceTableError> {
        let rep = parent.rep();
        let entry = self.entries.get(rep).map_err(|_| ResourceTableError::NotPresent { rep })?;
        let child = |rep: &u32| self.entries.get(*rep).ok().map(|entry| (*rep, &*entry.value));
        Ok(entry.children.iter().filter_map(child))
    }
}

#[cold]
fn wrong_type<R>(rep: u32, entry: &Entry) -> ResourceTableError {
    ResourceTableError::WrongType { rep, expected: type_name::<R>(), found: entry.type_name }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.type_name)
    }
}

impl fmt::Display for ResourceTableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("the table of resources is full"),
            Self::NotPresent { rep } => write!(f, "there is no resource {rep} (any more)"),
            Self::WrongType { rep, expected, found } => {
                write!(f, "resource {rep} is a `{found}`, not a `{expected}`")
            }
            Self::HasChildren { rep, n_children } => {
                write!(f, "resource {rep} has {n_children} children, which are to be deleted first")
            }
        }
    }
}

impl std::error::Error for ResourceTableError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<V: fmt::Debug>(result: Result<V, ResourceTableError>, expected: &str) {
        assert_eq!(result.unwrap_err().to_string(), expected);
    }

    #[test]
    fn misuse_is_told() {
        let mut table = ResourceTable::with_max_entries(2);
        let parent = table.push(7_u32).unwrap();
        let child = table.push_child("child", &parent).unwrap();
        check(table.push(8_u32), "the table of resources is full");
        check(table.get(&Resource::<u32>::new_own(9)), "there is no resource 9 (any more)");
        check(table.get(&Resource::<char>::new_own(parent.rep())), "resource 1 is a `u32`, not a `char`");
        let again = Resource::<u32>::new_own(parent.rep());
        check(table.delete(parent), "resource 1 has 1 children, which are to be deleted first");
        let children = table.children(&again).unwrap();
        let children: Vec<_> = children.map(|(rep, value)| (rep, value.downcast_ref::<&str>())).collect();
        assert_eq!(children, [(child.rep(), Some(&"child"))]);
        assert_eq!(table.delete(child), Ok("child"));
        assert_eq!(table.delete(again), Ok(7));
        assert!(table.is_empty());
        check(table.push_child(1_u8, &Resource::<u32>::new_own(1)), "there is no resource 1 (any more)");
    }
}
