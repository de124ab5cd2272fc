//! The store: owns every instance, memory, table, global and host function, and the embedder's
//! data.
//!
//! Handles into a store (`Func`, `Memory`, …) are copyable and carry the store's id. Using one with
//! another store is an embedder's bug and panics. Follows the core specification, "Store".

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::embed::limits::{self, StoreLimits, StoreUsage};
use crate::embed::signatures::Signatures;
use crate::embed::trap::{Backtrace, Trap, TrapKind};
use crate::embed::value::Val;
use crate::engine::Engine;
use crate::engine::module::Module;
use crate::error::Result;
use crate::heap::exceptions::TagEntity;
use crate::module::index::to_u32;
use crate::module::registry::InternedType;
use crate::module::types::{GlobalType, MemoryType, TableType, TypeId};
use crate::rt::{
    DEFAULT_EXCEPTION_BYTES, DEFAULT_WAIT, Entities, GlobalCell, HasVm, HostBlock, InstanceData,
    LinearMemory, MemoryImage, Refusal, SlotCall, TableCells, Trampoline, VmState,
};
use crate::vm::trampoline::TrampolineKind;

/// Identity of a store, unique in the process.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct StoreId(u64);

/// Instances, everything that they share at run time, and data `T` of the embedder.
pub struct Store<T: 'static> {
    inner: Box<StoreInner<T>>,
}

/// What a store holds.
pub(crate) struct StoreInner<T: 'static> {
    pub(crate) opaque: StoreOpaque,
    pub(crate) data: T,
}

/// The part of a store that does not depend on the embedder's data.
pub(crate) struct StoreOpaque {
    id: StoreId,
    engine: Engine,
    vm: VmState,
    /// The modules of the instances, by the instances' numbers.
    modules: Vec<Module>,
    externs: Vec<Box<dyn Any + Send + Sync>>,
    hosts: Vec<HostBlock>,
    /// What a call needs of the function types used here, by their ids.
    signatures: Signatures,
    /// A vector that host calls reuse for their arguments.
    scratch: Vec<Val>,
    limits: StoreLimits,
}

impl<T: 'static> HasVm for StoreInner<T> {
    #[inline]
    fn vm(&self) -> &VmState {
        &self.opaque.vm
    }
}

impl StoreOpaque {
    fn new(engine: &Engine) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self {
            id: StoreId(NEXT.fetch_add(1, Ordering::Relaxed)),
            engine: engine.clone(),
            vm: VmState::new(engine.vm_options()),
            modules: Vec::new(),
            externs: Vec::new(),
            hosts: Vec::new(),
            signatures: Signatures::default(),
            scratch: Vec::new(),
            limits: StoreLimits::default(),
        }
    }

    #[inline]
    pub(crate) fn id(&self) -> StoreId {
        self.id
    }

    #[inline]
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    #[inline]
    pub(crate) fn vm(&self) -> &VmState {
        &self.vm
    }

    pub(crate) fn vm_mut(&mut self) -> &mut VmState {
        &mut self.vm
    }

    /// Returns what the guests share.
    #[inline]
    pub(crate) fn entities(&self) -> &Entities {
        self.vm.entities()
    }

    /// Returns what the guests share, writable.
    #[inline]
    pub(crate) fn entities_mut(&mut self) -> &mut Entities {
        self.vm.entities_mut()
    }

    /// Returns the module of an instance.
    pub(crate) fn module(&self, instance: u32) -> &Module {
        &self.modules[instance as usize]
    }

    pub(crate) fn add_instance(&mut self, module: &Module, data: InstanceData) {
        self.modules.push(module.clone());
        self.vm.entities_mut().instances.push(data);
    }

    /// Checks that a handle belongs to this store.
    ///
    /// # Panics
    ///
    /// Panics if it does not.
    #[inline]
    pub(crate) fn check(&self, id: StoreId) {
        assert!(self.id == id, "a handle is used with the store it belongs to");
    }

    pub(crate) fn add_extern(&mut self, value: Box<dyn Any + Send + Sync>) -> u32 {
        self.externs.push(value);
        to_u32(self.externs.len()) - 1
    }

    pub(crate) fn extern_value(&self, index: u32) -> &(dyn Any + Send + Sync) {
        self.externs[index as usize].as_ref()
    }

    /// Returns a new memory for this store, which may show `image` already.
    ///
    /// # Errors
    ///
    /// Fails if a limit of the store, of the engine or of the system is exceeded.
    pub(crate) fn new_memory(
        &self,
        ty: MemoryType,
        image: Option<&Arc<MemoryImage>>,
    ) -> Result<LinearMemory> {
        LinearMemory::new(ty, self.max_memory_bytes(), self.engine.memory_pool(), image)
    }

    /// Returns the bytes that each memory may have.
    pub(crate) fn max_memory_bytes(&self) -> u64 {
        let limit = self.engine.config().max_memory_bytes();
        self.limits.memory_bytes.map_or(limit, |own| own.min(limit))
    }

    /// Returns a new table for this store.
    ///
    /// # Errors
    ///
    /// Fails like `new_memory`.
    pub(crate) fn new_table(&self, ty: TableType) -> Result<TableCells> {
        TableCells::new(ty, self.max_table_elements())
    }

    /// Returns the elements that each table may have.
    pub(crate) fn max_table_elements(&self) -> u64 {
        let limit = self.engine.config().table_limit();
        self.limits.table_elements.map_or(limit, |own| own.min(limit))
    }

    /// Returns what the store may hold.
    pub(crate) fn limits(&self) -> &StoreLimits {
        &self.limits
    }

    pub(crate) fn add_memory(&mut self, memory: LinearMemory) -> u32 {
        self.vm.register_memory(memory.base_address(), memory.reserved_bytes());
        let all = &mut self.entities_mut().memories;
        all.push(memory);
        to_u32(all.len()) - 1
    }

    pub(crate) fn add_table(&mut self, table: TableCells) -> u32 {
        let all = &mut self.entities_mut().tables;
        all.push(table);
        to_u32(all.len()) - 1
    }

    pub(crate) fn add_global(&mut self, cell: GlobalCell, ty: GlobalType) -> u32 {
        let all = &mut self.entities_mut().globals;
        all.push((cell, ty));
        to_u32(all.len()) - 1
    }

    pub(crate) fn add_tag(&mut self, ty: TypeId) -> u32 {
        let interned = self.entities().registry.interned(ty);
        let params = &interned.func().params;
        let traced = (0..).zip(params).filter(|(_, ty)| ty.is_traced()).map(|(position, _)| position);
        let all = &mut self.entities_mut().tags;
        all.push(TagEntity { ty, traced: traced.collect() });
        to_u32(all.len()) - 1
    }

    pub(crate) fn add_host(&mut self, host: HostBlock) -> &HostBlock {
        self.hosts.push(host);
        self.hosts.last().expect("just pushed")
    }

    /// Returns the function type that `id` names, without a lock from the second time on.
    pub(crate) fn interned(&mut self, id: TypeId) -> &Arc<InternedType> {
        self.signatures.get(&self.engine, id).interned()
    }

    /// Returns a trampoline for functions of the type that `id` names, compiled and registered.
    ///
    /// # Errors
    ///
    /// Fails if the system refuses executable memory for it.
    pub(crate) fn trampoline(&mut self, id: TypeId, kind: TrampolineKind) -> Result<Trampoline> {
        let signature = self.signatures.get(&self.engine, id);
        if let Some(trampoline) = signature.known(kind) {
            return Ok(trampoline);
        }
        let (code, trampoline) = signature.compile(&self.engine, kind)?;
        self.vm.register_code(&code);
        Ok(trampoline)
    }

    /// Returns what calls of functions of the type that `id` names need, if one has been made
    /// before.
    #[inline]
    pub(crate) fn slot_call(&self, id: TypeId) -> Option<SlotCall> {
        self.signatures.slot_call(id)
    }

    /// Returns what calls of functions of the type that `id` names need.
    ///
    /// # Errors
    ///
    /// Fails like [`Self::trampoline`].
    #[cold]
    pub(crate) fn first_slot_call(&mut self, id: TypeId) -> Result<SlotCall> {
        self.trampoline(id, TrampolineKind::EnterBySlots)?;
        Ok(self.signatures.slot_call(id).expect("its entry has just been compiled"))
    }

    /// Returns an empty vector for a host call's values; `put_scratch` gives it back.
    pub(crate) fn take_scratch(&mut self) -> Vec<Val> {
        std::mem::take(&mut self.scratch)
    }

    pub(crate) fn put_scratch(&mut self, mut vals: Vec<Val>) {
        vals.clear();
        self.scratch = vals;
    }
}

impl<T: 'static> Store<T> {
    /// Returns an empty store.
    pub fn new(engine: &Engine, data: T) -> Self {
        Self { inner: Box::new(StoreInner { opaque: StoreOpaque::new(engine), data }) }
    }

    /// Returns the engine.
    pub fn engine(&self) -> &Engine {
        self.inner.opaque.engine()
    }

    /// Returns the embedder's data.
    pub fn data(&self) -> &T {
        &self.inner.data
    }

    /// Returns the embedder's data, writable.
    pub fn data_mut(&mut self) -> &mut T {
        &mut self.inner.data
    }

    /// Like [`StoreContextMut::set_epoch_deadline`].
    pub fn set_epoch_deadline(&mut self, ticks: u64) {
        StoreContextMut(&mut self.inner).set_epoch_deadline(ticks);
    }

    /// Like [`StoreContextMut::set_fuel`].
    pub fn set_fuel(&mut self, fuel: u64) {
        self.inner.opaque.vm.set_fuel(fuel);
    }

    /// Returns the fuel that is left.
    pub fn fuel(&self) -> u64 {
        self.inner.opaque.vm.fuel()
    }

    /// Sets what the store may hold at most from now on.
    pub fn set_limits(&mut self, limits: StoreLimits) {
        let opaque = &mut self.inner.opaque;
        opaque.entities_mut().budget.set_limits(limits.size_bytes, limits.instance_bytes);
        opaque.entities_mut().budget.wait_left = limits.wait.unwrap_or(DEFAULT_WAIT);
        opaque.entities_mut().max_exception_bytes = limits.exception_bytes.unwrap_or(DEFAULT_EXCEPTION_BYTES);
        opaque.limits = limits;
    }

    /// Like [`StoreContextMut::consume_bytes`].
    ///
    /// # Errors
    ///
    /// Fails like that.
    pub fn consume_bytes(&mut self, bytes: u64) -> std::result::Result<(), Trap> {
        StoreContextMut(&mut self.inner).consume_bytes(bytes)
    }

    /// Returns what the store's guests have taken of the host.
    pub fn usage(&self) -> StoreUsage {
        StoreUsage::of(self.inner.opaque.entities())
    }

    /// Like [`StoreContextMut::charge`].
    ///
    /// # Errors
    ///
    /// Fails like that.
    pub fn charge(&mut self, bytes: u64) -> Result<()> {
        limits::charge(&mut self.inner.opaque, bytes)
    }

    /// Like [`StoreContextMut::refund`].
    pub fn refund(&mut self, bytes: u64) {
        limits::refund(&mut self.inner.opaque, bytes);
    }

    /// Returns how many exceptions the store holds, including garbage that has not been collected
    /// yet.
    pub fn n_exceptions(&self) -> usize {
        self.inner.opaque.entities().exceptions.len()
    }

    /// Frees the exceptions that are unreachable. The store does so itself when their number has
    /// grown enough.
    pub fn collect(&mut self) {
        self.inner.opaque.vm.collect();
    }

    /// Drops everything but the embedder's data and returns that.
    pub fn into_data(self) -> T {
        self.inner.data
    }
}

/// Shared access to a store.
pub struct StoreContext<'a, T: 'static>(&'a StoreInner<T>);

/// Exclusive access to a store.
pub struct StoreContextMut<'a, T: 'static>(&'a mut StoreInner<T>);

impl<T: 'static> Clone for StoreContext<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: 'static> Copy for StoreContext<'_, T> {}

impl<'a, T: 'static> StoreContext<'a, T> {
    /// Returns the engine.
    pub fn engine(&self) -> &'a Engine {
        self.0.opaque.engine()
    }

    /// Returns the embedder's data.
    pub fn data(&self) -> &'a T {
        &self.0.data
    }

    pub(crate) fn into_opaque(self) -> &'a StoreOpaque {
        &self.0.opaque
    }
}

impl<'a, T: 'static> StoreContextMut<'a, T> {
    /// Returns the engine.
    pub fn engine(&self) -> &Engine {
        self.0.opaque.engine()
    }

    /// Returns the embedder's data.
    pub fn data(&self) -> &T {
        &self.0.data
    }

    /// Returns the embedder's data, writable.
    pub fn data_mut(&mut self) -> &mut T {
        &mut self.0.data
    }

    /// Lets the guest run until the engine's epoch has been raised `ticks` times from now on.
    /// Without a call there is no deadline. It has no effect unless the engine's configuration has
    /// epochs.
    pub fn set_epoch_deadline(&mut self, ticks: u64) {
        let now = self.0.opaque.engine.epoch().load(Ordering::Relaxed);
        self.0.opaque.vm.set_deadline(now.saturating_add(ticks));
    }

    /// Sets how many operators the guest may still execute, none at first. It has no effect unless
    /// the engine's configuration has fuel. A guest may exceed it by one run of operators without a
    /// branch. What moves bytes costs more
    /// ([`Config::consume_fuel`](crate::Config::consume_fuel)).
    pub fn set_fuel(&mut self, fuel: u64) {
        self.0.opaque.vm.set_fuel(fuel);
    }

    /// Returns the fuel that is left.
    pub fn fuel(&self) -> u64 {
        self.0.opaque.vm.fuel()
    }

    /// Pays for `bytes` that the host is about to move for a guest, as a bulk instruction would:
    /// takes their fuel ([`Config::consume_fuel`](crate::Config::consume_fuel)) and looks at the
    /// deadline. Long work calls it before each [`COPY_CHUNK_BYTES`](crate::COPY_CHUNK_BYTES), so
    /// that it ends soon after the deadline. It costs nothing where the engine's configuration has
    /// neither fuel nor epochs.
    ///
    /// # Errors
    ///
    /// Fails with [`TrapKind::OutOfFuel`] or [`TrapKind::Interrupt`]; a host function returns the
    /// trap as its error.
    pub fn consume_bytes(&mut self, bytes: u64) -> std::result::Result<(), Trap> {
        self.0.opaque.vm.pay(bytes).map_err(|refusal| {
            let kind = match refusal {
                Refusal::OutOfBounds => TrapKind::MemoryOutOfBounds,
                Refusal::Interrupted => TrapKind::Interrupt,
                Refusal::OutOfFuel => TrapKind::OutOfFuel,
                Refusal::EndlessWait => TrapKind::EndlessWait,
                Refusal::WaitTooLong => TrapKind::WaitTooLong,
            };
            Trap::new(kind, Backtrace::default())
        })
    }

    /// Returns what the store's guests have taken of the host.
    pub fn usage(&self) -> StoreUsage {
        StoreUsage::of(self.0.opaque.entities())
    }

    /// Adds bytes that the embedder keeps for the guests to those that instances take
    /// ([`StoreLimits::instance_bytes`]).
    ///
    /// # Errors
    ///
    /// Fails, and adds nothing, if that exceeds the limit.
    pub fn charge(&mut self, bytes: u64) -> Result<()> {
        limits::charge(&mut self.0.opaque, bytes)
    }

    /// Takes back bytes that were added by [`StoreContextMut::charge`].
    pub fn refund(&mut self, bytes: u64) {
        limits::refund(&mut self.0.opaque, bytes);
    }

    pub(crate) fn opaque_mut(&mut self) -> &mut StoreOpaque {
        &mut self.0.opaque
    }

    pub(crate) fn into_opaque_mut(self) -> &'a mut StoreOpaque {
        &mut self.0.opaque
    }

    pub(crate) fn split(self) -> (&'a mut StoreOpaque, &'a mut T) {
        (&mut self.0.opaque, &mut self.0.data)
    }

    pub(crate) fn inner(&mut self) -> &mut StoreInner<T> {
        self.0
    }
}

/// Something that gives shared access to a store.
pub trait AsContext {
    /// The embedder's data in the store.
    type Data: 'static;

    /// Returns shared access to the store.
    fn as_context(&self) -> StoreContext<'_, Self::Data>;
}

/// Something that gives exclusive access to a store.
pub trait AsContextMut: AsContext {
    /// Returns exclusive access to the store.
    fn as_context_mut(&mut self) -> StoreContextMut<'_, Self::Data>;
}

impl<T: 'static> AsContext for Store<T> {
    type Data = T;

    fn as_context(&self) -> StoreContext<'_, T> {
        StoreContext(&self.inner)
    }
}

impl<T: 'static> AsContextMut for Store<T> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        StoreContextMut(&mut self.inner)
    }
}

impl<T: 'static> AsContext for StoreContext<'_, T> {
    type Data = T;

    fn as_context(&self) -> StoreContext<'_, T> {
        *self
    }
}

impl<T: 'static> AsContext for StoreContextMut<'_, T> {
    type Data = T;

    fn as_context(&self) -> StoreContext<'_, T> {
        StoreContext(self.0)
    }
}

impl<T: 'static> AsContextMut for StoreContextMut<'_, T> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        StoreContextMut(self.0)
    }
}

impl<C: AsContext> AsContext for &C {
    type Data = C::Data;

    fn as_context(&self) -> StoreContext<'_, C::Data> {
        C::as_context(self)
    }
}

impl<C: AsContext> AsContext for &mut C {
    type Data = C::Data;

    fn as_context(&self) -> StoreContext<'_, C::Data> {
        C::as_context(self)
    }
}

impl<C: AsContextMut> AsContextMut for &mut C {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, C::Data> {
        C::as_context_mut(self)
    }
}

/// A host function's access to the store that it was called from.
pub struct Caller<'a, T: 'static> {
    store: StoreContextMut<'a, T>,
}

impl<'a, T: 'static> Caller<'a, T> {
    pub(crate) fn new(store: &'a mut StoreInner<T>) -> Self {
        Self { store: StoreContextMut(store) }
    }

    /// Returns the same with a shorter lifetime.
    pub(crate) fn reborrow(&mut self) -> Caller<'_, T> {
        Caller { store: self.store.as_context_mut() }
    }

    /// Returns the engine.
    pub fn engine(&self) -> &Engine {
        self.store.engine()
    }

    /// Returns the embedder's data.
    pub fn data(&self) -> &T {
        self.store.data()
    }

    /// Returns the embedder's data, writable.
    pub fn data_mut(&mut self) -> &mut T {
        self.store.data_mut()
    }
}

impl<T: 'static> AsContext for Caller<'_, T> {
    type Data = T;

    fn as_context(&self) -> StoreContext<'_, T> {
        self.store.as_context()
    }
}

impl<T: 'static> AsContextMut for Caller<'_, T> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        self.store.as_context_mut()
    }
}
