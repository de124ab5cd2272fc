//! Instances at run time, and the instructions that involve several parts of one.

use std::ops::Range;
use std::sync::Arc;

use crate::module::index::{DataIndex, ElemIndex, FuncIndex, MemoryIndex, TableIndex};
use crate::module::info::ModuleInfo;
use crate::vm::layout::VmLayout;

use super::block::{FuncRefPtr, VmBlock};
use super::entities::Entities;
use super::stubs::LazyCode;

/// An instance. The vectors of indices are by the module's index spaces and name the store's items.
pub(crate) struct InstanceData {
    pub(crate) info: Arc<ModuleInfo>,
    pub(crate) layout: VmLayout,
    pub(crate) block: VmBlock,
    pub(crate) imported_funcs: Vec<FuncRefPtr>,
    pub(crate) memories: Vec<u32>,
    pub(crate) tables: Vec<u32>,
    pub(crate) globals: Vec<u32>,
    pub(crate) tags: Vec<u32>,
    /// Words of the element segments; empty when dropped.
    pub(crate) elems: Vec<Vec<u64>>,
    /// Whether each data segment is dropped.
    pub(crate) dropped_data: Vec<bool>,
    /// The compiler of the module's functions, if they are compiled when first called.
    pub(crate) lazy: Option<Arc<dyn LazyCode>>,
}

impl InstanceData {
    /// Returns an instance without items.
    pub(crate) fn new(info: &Arc<ModuleInfo>, layout: VmLayout, lazy: Option<Arc<dyn LazyCode>>) -> Self {
        Self {
            info: Arc::clone(info),
            layout,
            block: VmBlock::new(layout.size()),
            imported_funcs: Vec::with_capacity(info.n_imported.funcs as usize),
            memories: Vec::with_capacity(info.memories.len()),
            tables: Vec::with_capacity(info.tables.len()),
            globals: Vec::with_capacity(info.globals.len()),
            tags: Vec::with_capacity(info.tags.len()),
            elems: Vec::new(),
            dropped_data: vec![false; info.data.len()],
            lazy,
        }
    }

    /// Returns the function reference of a function.
    pub(crate) fn func_ref(&self, func: FuncIndex) -> FuncRefPtr {
        match self.imported_funcs.get(func.pos()) {
            Some(&imported) => imported,
            None => self.block.func_ref(self.layout.func_ref(func)),
        }
    }

    /// Sets the code of a function that the module defines.
    pub(super) fn set_code(&mut self, func: FuncIndex, address: usize) {
        let at = self.layout.func_ref(func);
        self.block.set_word(at, address);
    }

    /// Returns the bytes of a data segment, none when it is dropped.
    pub(super) fn data_bytes(&self, segment: DataIndex) -> &[u8] {
        if self.dropped_data[segment.pos()] { &[] } else { &self.info.data[segment.pos()].bytes }
    }
}

/// Returns `start..start + len` if it lies within `size`.
pub(crate) fn span(start: u64, len: u64, size: usize) -> Option<Range<usize>> {
    let end = start.checked_add(len).filter(|&end| end <= size as u64)?;
    Some(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
}

/// Executes `memory.init` with `[destination, source, length]`; `None` is out of bounds.
pub(crate) fn memory_init(
    store: &mut Entities,
    instance: u32,
    memory: MemoryIndex,
    segment: DataIndex,
    [to, from, len]: [u64; 3],
) -> Option<()> {
    let instance = &store.instances[instance as usize];
    let bytes = instance.data_bytes(segment);
    let bytes = &bytes[span(from, len, bytes.len())?];
    let memory = &mut store.memories[instance.memories[memory.pos()] as usize];
    let to = span(to, len, memory.len())?;
    memory.write(to.start, bytes);
    Some(())
}

/// Executes `table.init` with `[destination, source, length]`; `None` is out of bounds.
pub(crate) fn table_init(
    store: &mut Entities,
    instance: u32,
    table: TableIndex,
    segment: ElemIndex,
    [to, from, len]: [u64; 3],
) -> Option<()> {
    let instance = &store.instances[instance as usize];
    let words = &instance.elems[segment.pos()];
    let words = &words[span(from, len, words.len())?];
    let table = store.tables[instance.tables[table.pos()] as usize].elements_mut();
    let to = span(to, len, table.len())?;
    table[to].copy_from_slice(words);
    Some(())
}
