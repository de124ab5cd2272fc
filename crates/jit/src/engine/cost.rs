//! What instances of a module take of the host, besides the sizes of their memories and tables.

use crate::module::info::{ElemItems, ModuleInfo};
use crate::rt::InstanceData;

/// Bytes that instances of a module take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InstanceCost {
    /// What each instance takes.
    pub(crate) instance_bytes: u64,
    /// What the first one takes that uses the module's code in a store: also the data of all
    /// modules that share the code.
    pub(crate) first_instance_bytes: u64,
}

impl InstanceCost {
    /// Returns the cost of a module whose instances have blocks of `block_bytes`, and whose code
    /// comes with `shared_data_bytes` of data.
    pub(crate) fn new(info: &ModuleInfo, block_bytes: u32, shared_data_bytes: u64) -> Self {
        let instance_bytes = instance_bytes(info, block_bytes);
        let first_instance_bytes = instance_bytes.saturating_add(shared_data_bytes);
        Self { instance_bytes, first_instance_bytes }
    }
}

/// Returns the bytes that an instance takes besides the sizes of its memories and tables. Element
/// segments are counted until they are dropped.
fn instance_bytes(info: &ModuleInfo, block_bytes: u32) -> u64 {
    let words = info.elems.iter().map(|segment| match &segment.items {
        ElemItems::Funcs(funcs) => funcs.len(),
        ElemItems::Exprs(exprs) => exprs.len(),
    });
    let counted = [
        (1, size_of::<InstanceData>()),
        (info.imports.len(), size_of::<usize>()),
        (info.memories.len() - info.n_imported.memories as usize, NOTED_BYTES),
        (info.tables.len() - info.n_imported.tables as usize, NOTED_BYTES),
        (info.global_inits.len(), NOTED_BYTES),
        (info.tags.len() - info.n_imported.tags as usize, NOTED_BYTES),
        (info.data.len(), 1),
        (info.elems.len(), size_of::<Vec<u64>>()),
        (words.sum(), size_of::<u64>()),
    ];
    let counted = counted.into_iter().map(|(n, bytes)| n as u64 * bytes as u64);
    u64::from(block_bytes) + counted.sum::<u64>()
}

/// What a store notes of a memory, a table, a global or a tag takes less than this.
const NOTED_BYTES: usize = 256;

/// Returns the bytes that a module's data takes: its segments, and once more in images.
pub(crate) fn data_bytes(info: &ModuleInfo) -> u64 {
    info.data.iter().map(|segment| 2 * segment.bytes.len() as u64).sum()
}
