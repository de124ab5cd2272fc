//! What is known about a type from the moment it is built: layouts, flattened types, depth,
//! predicates. The measuring itself is in `layout`, `flat` and `predicates`.

use alloc::boxed::Box;

use super::despecialize::{Despecialized, HandleType};
use super::flat::{self, CoreType};
use super::layout::{self, Layout};
use super::predicates::{Contains, contains};
use super::type_error::TypeError;
use super::{MAX_TYPE_DEPTH, PtrType, Types, ValType, info_of};

/// What is worked out once, when a type is built. Arrays are indexed by [`PtrType::index`].
#[derive(Clone, Debug)]
pub(crate) struct Info {
    pub(crate) layouts: [Layout; 2],
    /// Where a variant's payload starts; 0 for other types.
    pub(crate) payload_offsets: [u32; 2],
    /// Below [`TYPE_SIZE_LIMIT_BYTES`], since each flattened value takes a byte of memory at least.
    pub(crate) flat_count: u32,
    /// The flattened types; empty when there are more than [`MAX_FLAT_PARAMS`].
    pub(crate) flat: [Box<[CoreType]>; 2],
    pub(crate) depth: u32,
    pub(crate) contains: Contains,
}

impl Info {
    /// Checks that the type is smaller than the limit, with 64-bit pointers.
    pub(crate) fn check_size(&self, limit_bytes: u32) -> Result<(), TypeError> {
        let [_, with_64_bit_pointers] = self.layouts;
        if with_64_bit_pointers.size() < limit_bytes { Ok(()) } else { Err(TypeError::TooLarge) }
    }
}

/// Works out everything about a new type from its components, which are in the arena already.
pub(crate) fn new_info(types: &Types, shape: Despecialized<'_>) -> Result<Info, TypeError> {
    let mut depth = 0;
    let mut of_parts = Contains::itself(shape);
    shape.for_each_component(|ty| {
        depth = depth.max(depth_of(types, ty));
        of_parts = of_parts.or(contains(types, ty));
    });
    if depth >= MAX_TYPE_DEPTH {
        return Err(TypeError::TooDeep);
    }
    if matches!(shape, Despecialized::Handle(HandleType::Stream(_) | HandleType::Future(_))) {
        // Its elements are lowered when they are read, not with the handle.
        of_parts.heap = false;
    }
    let measure = |ptr| layout::measure(types, shape, ptr);
    let payload_offset = |ptr| layout::measure_payload_offset(types, shape, ptr);
    let layouts = [measure(PtrType::I32)?, measure(PtrType::I64)?];
    let flat_count = flat::measure_flat_count(types, shape);
    let flat = |ptr| flat::measure_flat(types, shape, flat_count, ptr);
    Ok(Info {
        layouts,
        payload_offsets: [payload_offset(PtrType::I32), payload_offset(PtrType::I64)],
        flat_count,
        flat: [flat(PtrType::I32), flat(PtrType::I64)],
        depth: depth + 1,
        contains: of_parts,
    })
}

fn depth_of(types: &Types, ty: ValType) -> u32 {
    info_of(types, ty).map_or(1, |info| info.depth)
}
