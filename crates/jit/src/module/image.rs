//! Initial contents of a module's memories as images, where they are known beforehand.

use crate::module::index::MemoryIndex;
use crate::module::info::{ConstOp, DataSegment, ModuleInfo, SegmentMode};

/// What a memory holds at first: zeros but for the parts.
#[derive(Clone, Debug)]
pub(crate) struct ImageContents<'a> {
    /// Where the image starts in the memory: a multiple of 65,536.
    pub(crate) start: usize,
    /// Bytes of the image.
    pub(crate) len: usize,
    /// Bytes and where in the image they lie. Later ones overwrite earlier ones.
    pub(crate) parts: Vec<(usize, &'a [u8])>,
}

/// Less data than this is copied: a mapping costs more.
const MIN_BYTES: usize = 16 << 10;
/// An image may be this many times larger than the data in it.
const MAX_SPREAD: usize = 8;
/// Images start at multiples of this.
const PAGE: usize = 65536;

/// Returns the images that take the place of copying the active data segments, or `None` if the
/// segments must be copied: one of them has an offset that is known at instantiation only, or goes
/// into a memory that is imported, shared or too small; or there is little of them, or too much
/// between them.
///
/// There is one for each memory that the module defines, `None` for a memory without data.
pub(crate) fn images(info: &ModuleInfo) -> Option<Vec<Option<ImageContents<'_>>>> {
    let active = || info.data.iter().filter(|segment| matches!(segment.mode, SegmentMode::Active(..)));
    let n_bytes: usize = active().map(|segment| segment.bytes.len()).sum();
    if n_bytes < MIN_BYTES {
        return None;
    }
    let n_imported = info.n_imported.memories;
    let n_memories = info.memories.len() - n_imported as usize;
    let mut placed: Vec<Vec<(usize, &[u8])>> = vec![Vec::new(); n_memories];
    for segment in active() {
        let (memory, at) = place(info, segment)?;
        placed[memory.0.checked_sub(n_imported)? as usize].push((at, &segment.bytes));
    }
    let mut images = Vec::new();
    for segments in placed {
        let start = segments.iter().map(|&(at, _)| at).min();
        let Some(start) = start.map(|start| start / PAGE * PAGE) else {
            images.push(None);
            continue;
        };
        let end = segments.iter().map(|(at, bytes)| at + bytes.len()).max().unwrap_or(start);
        if end - start > n_bytes.saturating_mul(MAX_SPREAD) {
            return None;
        }
        let parts = segments.into_iter().map(|(at, bytes)| (at - start, bytes)).collect();
        images.push(Some(ImageContents { start, len: end - start, parts }));
    }
    Some(images)
}

/// Returns where a segment goes, if that is constant and within the memory's minimum.
fn place(info: &ModuleInfo, segment: &DataSegment) -> Option<(MemoryIndex, usize)> {
    let SegmentMode::Active(memory, offset) = &segment.mode else { return None };
    let at = match offset[..] {
        [ConstOp::I32(at)] => u64::from(at.cast_unsigned()),
        [ConstOp::I64(at)] => at.cast_unsigned(),
        _ => return None,
    };
    let ty = info.memories[memory.pos()];
    let minimum = ty.minimum.checked_shl(ty.page_size_log2)?;
    let end = at.checked_add(segment.bytes.len() as u64)?;
    // An image is rounded up to pages, which must be the memory's own.
    let fits = end.next_multiple_of(PAGE as u64) <= minimum.next_multiple_of(PAGE as u64) && end <= minimum;
    if ty.shared || !fits {
        return None;
    }
    Some((*memory, usize::try_from(at).ok()?))
}
