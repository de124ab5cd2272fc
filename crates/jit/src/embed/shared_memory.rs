//! Shared memories, which several stores use at once, each on its thread.
//! Follows the threads proposal, "Shared Linear Memory".

use std::sync::Arc;
use std::sync::atomic::AtomicU8;
use std::time::Duration;

use crate::embed::memory::Memory;
use crate::embed::store::AsContextMut;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::module::types::MemoryType;
use crate::rt::{Awaited, LinearMemory, SharedRegion, WaitResult};

/// A shared memory. Cheap to clone; clones are the same memory, and may go to other threads.
///
/// ```
/// use std::sync::atomic::Ordering;
/// use jit::{Config, Engine, Instance, MemoryType, Module, SharedMemory, Store, WasmFeatures};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let wasm = wat::parse_str(
///     r#"(module
///         (import "env" "memory" (memory 1 1 shared))
///         (func (export "count") (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))))"#,
/// )?;
/// let features = WasmFeatures::default() | WasmFeatures::THREADS;
/// let engine = Engine::new(&Config::new().features(features))?;
/// let module = Module::new(&engine, &wasm)?;
/// let (minimum, maximum, page_size_log2) = (1, Some(1), 16);
/// let ty = MemoryType { minimum, maximum, page_size_log2, memory64: false, shared: true };
/// let shared = SharedMemory::new(&engine, ty)?;
/// std::thread::scope(|scope| {
///     for _ in 0..4 {
///         scope.spawn(|| {
///             let mut store = Store::new(&engine, ());
///             let memory = shared.memory(&mut store);
///             let instance = Instance::new(&mut store, &module, &[memory.into()]);
///             let instance = instance.expect("it links");
///             let count = instance.get_func(&store, "count").expect("it is exported");
///             count.call(&mut store, &[], &mut []).expect("it returns");
///         });
///     }
/// });
/// assert_eq!(shared.data()[0].load(Ordering::Relaxed), 4);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SharedMemory(Arc<SharedRegion>);

impl SharedMemory {
    /// Creates a zeroed memory.
    ///
    /// # Errors
    ///
    /// Fails if the type is not shared or has no maximum, if the minimum exceeds the engine's
    /// limit, or if the system refuses the address space.
    pub fn new(engine: &Engine, ty: MemoryType) -> Result<Self> {
        if !ty.shared || ty.maximum.is_none() {
            return Err(Error::type_mismatch("a shared memory's type is shared and has a maximum"));
        }
        let region = SharedRegion::of_type(ty, engine.config().max_memory_bytes())?;
        Ok(Self(Arc::new(region)))
    }

    /// Adds the memory to a store and returns its handle there.
    pub fn memory(&self, mut cx: impl AsContextMut) -> Memory {
        let mut cx = cx.as_context_mut();
        let store = cx.opaque_mut();
        let index = store.add_memory(LinearMemory::Shared(Arc::clone(&self.0)));
        Memory::from_index(store.id(), index)
    }

    pub(crate) fn of_region(region: &Arc<SharedRegion>) -> Self {
        Self(Arc::clone(region))
    }

    /// Returns the type, with the present size as its minimum.
    pub fn ty(&self) -> MemoryType {
        MemoryType { minimum: self.size(), ..self.0.ty() }
    }

    /// Returns the size in pages.
    pub fn size(&self) -> u64 {
        self.0.len() as u64 >> self.0.ty().page_size_log2
    }

    /// Returns the contents. Guests may write to them at any time.
    pub fn data(&self) -> &[AtomicU8] {
        self.0.cells()
    }

    /// Grows by `delta` pages and returns the former size, or `None` if a limit or the system
    /// refuses.
    pub fn grow(&self, delta: u64) -> Option<u64> {
        self.0.grow(delta)
    }

    /// Like `memory.atomic.notify`: wakes up to `count` waiters of the word at byte offset `at` and
    /// returns how many.
    ///
    /// # Errors
    ///
    /// Fails if `at` is not the aligned offset of 4 bytes of the memory.
    pub fn atomic_notify(&self, at: u64, count: u32) -> Result<u32> {
        self.0.notify(at, u64::from(count)).ok_or_else(no_place)
    }

    /// Like `memory.atomic.wait32`.
    ///
    /// # Errors
    ///
    /// Fails if `at` is not the aligned offset of 4 bytes of the memory.
    pub fn atomic_wait32(&self, at: u64, expected: u32, timeout: Option<Duration>) -> Result<WaitResult> {
        self.0.wait(at, Awaited::Word32(expected), timeout, || None::<()>).map_err(|_| no_place())
    }

    /// Like `memory.atomic.wait64`.
    ///
    /// # Errors
    ///
    /// Fails if `at` is not the aligned offset of 8 bytes of the memory.
    pub fn atomic_wait64(&self, at: u64, expected: u64, timeout: Option<Duration>) -> Result<WaitResult> {
        self.0.wait(at, Awaited::Word64(expected), timeout, || None::<()>).map_err(|_| no_place())
    }
}

#[cold]
fn no_place() -> Error {
    Error::type_mismatch("the place is not an aligned word of the memory")
}
