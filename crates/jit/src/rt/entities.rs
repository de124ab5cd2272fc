//! What the guests of a store share: the plain part of a store, without the embedder's data,
//! closures and handles.

use std::sync::Arc;

use crate::heap::exceptions::{Exceptions, TagEntity};
use crate::module::index::ElemIndex;
use crate::module::registry::TypeRegistry;
use crate::module::types::GlobalType;

use super::block::GlobalCell;
use super::budget::Budget;
use super::instance_data::InstanceData;
use super::linear_memory::LinearMemory;
use super::table_cells::TableCells;

/// Instances and what they share, each kind by its number in the store.
pub(crate) struct Entities {
    /// The engine's types, whose ids function references have.
    pub(crate) registry: Arc<TypeRegistry>,
    pub(crate) instances: Vec<InstanceData>,
    pub(crate) memories: Vec<LinearMemory>,
    pub(crate) tables: Vec<TableCells>,
    pub(crate) globals: Vec<(GlobalCell, GlobalType)>,
    /// The tags, whose identities are their positions.
    pub(crate) tags: Vec<TagEntity>,
    pub(crate) exceptions: Exceptions,
    /// What they may take of the host.
    pub(crate) budget: Budget,
    /// Bytes that exceptions may take.
    pub(crate) max_exception_bytes: u64,
    /// Whether every allocation of an exception collects first.
    pub(super) collects_always: bool,
}

impl Entities {
    pub(super) fn new(registry: Arc<TypeRegistry>, collects_always: bool) -> Self {
        Self {
            registry,
            instances: Vec::new(),
            memories: Vec::new(),
            tables: Vec::new(),
            globals: Vec::new(),
            tags: Vec::new(),
            exceptions: Exceptions::default(),
            budget: Budget::new(),
            max_exception_bytes: DEFAULT_EXCEPTION_BYTES,
            collects_always,
        }
    }

    /// Grows a memory by `delta` pages and returns the former size in pages, or `None` if a limit
    /// or the system refuses.
    pub(crate) fn grow_memory(&mut self, number: usize, delta: u64) -> Option<u64> {
        let memory = &mut self.memories[number];
        let bytes = delta.checked_mul(1 << memory.page_size_log2())?;
        self.budget.sizes.take(bytes)?;
        let old = memory.grow(delta);
        if old.is_none() {
            self.budget.sizes.give(bytes);
        }
        old
    }

    /// Grows a table by `delta` elements of value `init` and returns the former size, or `None` if
    /// a limit or the system refuses.
    pub(crate) fn grow_table(&mut self, number: usize, delta: u64, init: u64) -> Option<u64> {
        let bytes = table_bytes(delta);
        self.budget.sizes.take(bytes)?;
        let old = self.tables[number].grow(delta, init);
        if old.is_none() {
            self.budget.sizes.give(bytes);
        }
        old
    }

    /// Drops an element segment of an instance.
    pub(crate) fn drop_elem(&mut self, instance: u32, segment: ElemIndex) {
        let words = std::mem::take(&mut self.instances[instance as usize].elems[segment.pos()]);
        self.budget.instances.give(size_of_val(&words[..]) as u64);
    }

    /// Hands every word of a traced type in globals, tables and element segments to `root`.
    pub(super) fn roots(&self, root: &mut dyn FnMut(u64)) {
        for (cell, ty) in &self.globals {
            if ty.content.is_traced() {
                root(cell.get().to_u64());
            }
        }
        for table in &self.tables {
            if table.ty().element.is_traced() {
                table.elements().iter().copied().for_each(&mut *root);
            }
        }
        for instance in &self.instances {
            for (words, segment) in instance.elems.iter().zip(&instance.info.elems) {
                if segment.ty.is_traced() {
                    words.iter().copied().for_each(&mut *root);
                }
            }
        }
    }
}

/// Returns the bytes of so many elements of a table.
pub(crate) fn table_bytes(elements: u64) -> u64 {
    elements.saturating_mul(size_of::<u64>() as u64)
}

/// Bytes that the exceptions of a store may take unless it is told otherwise.
pub(crate) const DEFAULT_EXCEPTION_BYTES: u64 = 64 << 20;

/// What the state of a store depends on.
pub(crate) struct VmOptions {
    /// The engine's types.
    pub(crate) registry: Arc<TypeRegistry>,
    /// The engine's epoch.
    pub(crate) epoch: Arc<std::sync::atomic::AtomicU64>,
    /// Bytes of stack that a guest may use, from where the host enters it.
    pub(crate) max_stack_bytes: usize,
    /// Whether guests are interrupted by epochs.
    pub(crate) has_epochs: bool,
    /// Whether guests use up fuel.
    pub(crate) has_fuel: bool,
    /// Whether every allocation of an exception collects first.
    pub(crate) collects_always: bool,
}
