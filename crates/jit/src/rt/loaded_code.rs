//! Executable memory, obtained from cranelift-jit, and the code loaded into it.

use std::iter;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use cranelift_codegen::ir::TrapCode;
use cranelift_jit::{
    ArenaMemoryProvider, BranchProtection, JITMemoryKind, JITMemoryProvider, SystemMemoryProvider,
};

use crate::error::{Error, Result};
use crate::module::index::FuncIndex;
use crate::module::info::ModuleInfo;
use crate::vm::catch::Catch;
use crate::vm::compiled::{Chain, Compiled, TryCall};

use super::mmap::FileCopy;

/// Executable, read-only memory that holds one text.
///
/// Invariant: `[start, start + len)` is memory of `owner`, which only drop frees.
pub(crate) struct CodeMemory {
    owner: Owner,
    start: usize,
    len: usize,
}

enum Owner {
    Provider(Box<SystemMemoryProvider>),
    Arena(#[expect(dead_code, reason = "keeps the memory")] Arc<Arena>),
    File(#[expect(dead_code, reason = "keeps the memory")] Arc<FileCopy>),
}

// SAFETY: the memory is read-only after `load` and its owner is used again only by drop.
unsafe impl Send for CodeMemory {}
// SAFETY: as for `Send`.
unsafe impl Sync for CodeMemory {}

impl CodeMemory {
    /// Copies `text` into fresh memory and makes it executable.
    pub(crate) fn load(text: &[u8]) -> Result<Self> {
        let mut provider = SystemMemoryProvider::new();
        let start = load(&mut provider, text).map_err(refused)?;
        Ok(Self { owner: Owner::Provider(Box::new(provider)), start, len: text.len().max(1) })
    }

    /// Makes a page-aligned part of a file executable.
    pub(crate) fn of_file(file: &Arc<FileCopy>, text: Range<usize>) -> Result<Self> {
        file.make_executable(text.clone()).map_err(|e| Error::host(format!("no executable memory: {e}")))?;
        let start = file.bytes()[text.clone()].as_ptr().expose_provenance();
        Ok(Self { owner: Owner::File(Arc::clone(file)), start, len: text.len() })
    }

    fn bytes(&self) -> &[u8] {
        let start = std::ptr::with_exposed_provenance(self.start);
        // SAFETY: readable and never written to while `self` lives (type invariant).
        unsafe { std::slice::from_raw_parts(start, self.len) }
    }
}

impl Drop for CodeMemory {
    fn drop(&mut self) {
        if let Owner::Provider(provider) = &mut self.owner {
            // SAFETY: code is held by an `Arc` of every store it may run in, so none of it runs any
            // more.
            unsafe { provider.free_memory() };
        }
    }
}

/// Copies `text` into memory of the provider and makes it executable; returns its address.
fn load(provider: &mut dyn JITMemoryProvider, text: &[u8]) -> std::io::Result<usize> {
    let ptr = provider.allocate(text.len().max(1), 64, JITMemoryKind::Executable)?;
    // SAFETY: the provider has just given us that many writable bytes at `ptr`, which nobody else
    // knows.
    unsafe { std::ptr::copy_nonoverlapping(text.as_ptr(), ptr, text.len()) };
    provider.finalize(BranchProtection::None).map_err(std::io::Error::other)?;
    Ok(ptr.expose_provenance())
}

#[cold]
fn refused(error: impl std::fmt::Display) -> Error {
    Error::host(format!("no executable memory: {error}"))
}

/// Address space in which texts that are loaded one by one lie side by side, so that many take few
/// mappings.
#[derive(Default)]
pub(crate) struct CodeRegion {
    /// Where the next text goes, if it fits.
    current: Mutex<Option<Arc<Arena>>>,
}

/// A part of a region.
///
/// Invariant: what the provider has handed out is executable and never written to again, since each
/// text has pages of its own; drop frees it.
struct Arena(Mutex<ArenaMemoryProvider>);

/// Bytes of address space that an arena reserves.
const ARENA_BYTES: usize = 16 << 20;

impl CodeRegion {
    /// Copies `text` into the region and makes it executable.
    pub(crate) fn load(&self, text: &[u8]) -> Result<CodeMemory> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let len = text.len().max(1);
        let placed = |arena: Arc<Arena>, start| CodeMemory { owner: Owner::Arena(arena), start, len };
        if let Some(arena) = &*current
            // It fails when there is no room.
            && let Ok(start) = arena.load(text)
        {
            return Ok(placed(Arc::clone(arena), start));
        }
        let provider = ArenaMemoryProvider::new_with_size(ARENA_BYTES.max(len)).map_err(refused)?;
        let arena = Arc::new(Arena(Mutex::new(provider)));
        let start = arena.load(text).map_err(refused)?;
        *current = Some(Arc::clone(&arena));
        Ok(placed(arena, start))
    }
}

impl Arena {
    fn load(&self, text: &[u8]) -> std::io::Result<usize> {
        load(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), text)
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        let provider = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: each code in it holds an `Arc` of it, as stores do of the code that may run in
        // them.
        unsafe { provider.free_memory() };
    }
}

/// Compiled code in executable memory, with its tables and, for modules' code, the modules.
pub(crate) struct LoadedCode {
    memory: CodeMemory,
    compiled: Compiled,
    /// In the order of their code.
    members: Vec<Member>,
}

/// Functions of a module that follow each other in a text, up to those of the next member.
pub(crate) struct Member {
    pub(crate) info: Arc<ModuleInfo>,
    /// Position of the first function among those that the module defines.
    pub(crate) first: usize,
    /// Position of the first function among those of the text.
    pub(crate) first_in_text: usize,
}

/// A place in the code of a module's function.
pub(crate) struct CodePlace {
    pub(crate) info: Arc<ModuleInfo>,
    pub(crate) func: FuncIndex,
    /// Byte offset in the module of the instruction, if known.
    pub(crate) module_offset: Option<u32>,
}

impl LoadedCode {
    /// Loads the code of a module.
    pub(crate) fn load(compiled: Compiled, info: Arc<ModuleInfo>) -> Result<Self> {
        Self::load_unit(compiled, vec![Member { info, first: 0, first_in_text: 0 }])
    }

    /// Loads code into a region: of the functions of a module from position `first` on, or of no
    /// module.
    pub(crate) fn load_into(
        region: &CodeRegion,
        mut compiled: Compiled,
        from: Option<(Arc<ModuleInfo>, usize)>,
    ) -> Result<Self> {
        let memory = region.load(&compiled.text)?;
        // The loaded copy serves from now on.
        compiled.text = Vec::new();
        let members = from.map(|(info, first)| Member { info, first, first_in_text: 0 });
        Ok(Self { memory, compiled, members: members.into_iter().collect() })
    }

    /// Loads the code of several modules, in the order of their code.
    pub(crate) fn load_unit(mut compiled: Compiled, members: Vec<Member>) -> Result<Self> {
        let memory = CodeMemory::load(&compiled.text)?;
        // The loaded copy serves from now on.
        compiled.text = Vec::new();
        Ok(Self { memory, compiled, members })
    }

    /// Returns the code of modules whose text is part of a file; `compiled` has the rest.
    pub(crate) fn of_file(
        file: &Arc<FileCopy>,
        text: Range<usize>,
        compiled: Compiled,
        members: Vec<Member>,
    ) -> Result<Self> {
        Ok(Self { memory: CodeMemory::of_file(file, text)?, compiled, members })
    }

    /// Returns the tables; the text is in `text` only.
    pub(crate) fn compiled(&self) -> &Compiled {
        &self.compiled
    }

    /// Returns the machine code.
    pub(crate) fn text(&self) -> &[u8] {
        self.memory.bytes()
    }

    /// Returns the address of the first byte.
    pub(crate) fn start(&self) -> usize {
        self.memory.start
    }

    /// Returns the address after the last byte.
    pub(crate) fn end(&self) -> usize {
        self.memory.start + self.memory.len
    }

    /// Returns the address of the compiled function at `position`.
    ///
    /// # Panics
    ///
    /// Panics if there is no such function.
    pub(crate) fn func_address(&self, position: usize) -> usize {
        self.memory.start + self.compiled.funcs[position].start as usize
    }

    fn offset(&self, pc: usize) -> u32 {
        u32::try_from(pc - self.memory.start).expect("the text of a module is smaller than 4 GiB")
    }

    /// Returns the trap code of the instruction at `pc`, if it is a trap site. Signal-safe.
    pub(super) fn trap_at(&self, pc: usize) -> Option<TrapCode> {
        let offset = self.offset(pc);
        let traps = &self.compiled.traps;
        traps.binary_search_by_key(&offset, |t| t.offset).ok().map(|at| traps[at].code)
    }

    /// Returns the call with exception handlers that returns to `pc`.
    pub(super) fn try_call(&self, pc: usize) -> Option<&TryCall> {
        let calls = &self.compiled.try_calls;
        let at = calls.binary_search_by_key(&self.offset(pc), |call| call.return_offset).ok()?;
        Some(&calls[at])
    }

    /// Returns the clauses around a call, in the order in which they see an exception, with their
    /// numbers in the function.
    pub(super) fn catches(&self, call: &TryCall) -> impl Iterator<Item = (u32, Catch)> {
        let Compiled { chains, catches, .. } = &self.compiled;
        let outer = |chain: &&Chain| chain.outer.map(|at| &chains[at as usize]);
        iter::successors(Some(&chains[call.chain as usize]), outer).flat_map(|chain| {
            let Range { start, end } = chain.catches;
            (chain.first_number..).zip(catches[start as usize..end as usize].iter().copied())
        })
    }

    /// Returns where the frame that waits for the call returning to `pc` keeps values that
    /// collection traces: bytes below its frame pointer.
    pub(super) fn stack_map(&self, pc: usize) -> &[u32] {
        let maps = &self.compiled.stack_maps;
        let at = maps.binary_search_by_key(&self.offset(pc), |map| map.return_offset);
        let Some(Range { start, end }) = at.ok().map(|at| maps[at].roots.clone()) else { return &[] };
        &self.compiled.roots[start as usize..end as usize]
    }

    /// Returns where in a module's function `pc` is, if it is in one.
    pub(super) fn place(&self, pc: usize) -> Option<CodePlace> {
        let offset = self.offset(pc);
        let after = self.compiled.funcs.partition_point(|f| f.start <= offset);
        let position = after.checked_sub(1).filter(|&at| offset < self.compiled.funcs[at].end)?;
        let after = self.members.partition_point(|member| member.first_in_text <= position);
        let Member { info, first, first_in_text } = self.members[..after].last()?;
        let addresses = &self.compiled.addresses;
        let address = addresses.partition_point(|a| a.code_offset <= offset).checked_sub(1);
        Some(CodePlace {
            info: Arc::clone(info),
            func: info.func_index_of_code(first + position - first_in_text),
            module_offset: address.and_then(|at| addresses[at].module_offset),
        })
    }
}
