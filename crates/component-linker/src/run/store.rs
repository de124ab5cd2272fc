//! Stores: the embedder's data together with the state of all component instances made in them.
//!
//! A component store is a core store whose data carries the run-time state of components, so that
//! built-ins reach it through the context that core code passes to them.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use canonical_abi::Trap as AbiTrap;
use canonical_abi::handles::{HandleTable, slot};

use jit::HostError;

use super::hook::CallHook;
use super::host::{HostResourceType, HostState};
use super::state::{InstanceIndex, ResourceIndex, State};
use crate::engine::Engine;
use crate::limits::{LimitExceeded, StoreLimits};
use crate::trap::Trap;

/// Owns instances, their state and the embedder's data of type `T`.
pub struct Store<T: 'static> {
    core: jit::Store<StoreData<T>>,
}

/// The data of the core store.
pub(crate) struct StoreData<T: 'static> {
    pub(crate) data: T,
    pub(crate) state: State,
    pub(crate) host: HostState<T>,
}

/// A handle to a store, as functions take it: a [`Store`], a [`StoreContextMut`], or a mutable
/// reference to one.
pub trait AsContextMut {
    /// The embedder's data.
    type Data: 'static;

    /// Returns a context that borrows the store.
    fn as_context_mut(&mut self) -> StoreContextMut<'_, Self::Data>;
}

/// A borrowed store. Host functions are given one.
pub struct StoreContextMut<'a, T: 'static> {
    pub(crate) core: jit::StoreContextMut<'a, StoreData<T>>,
}

impl<T: 'static> Store<T> {
    /// Creates a store without instances, with the default limits.
    pub fn new(engine: &Engine, data: T) -> Self {
        Self::with_limits(engine, data, StoreLimits::default())
    }

    /// Creates a store without instances, in which guests may not take more than `limits` says.
    pub fn with_limits(engine: &Engine, data: T, limits: StoreLimits) -> Self {
        static NEXT_ID: AtomicU64 = AtomicU64::new(0);
        let state = State::new(NEXT_ID.fetch_add(1, Ordering::Relaxed), limits);
        let core_limits = state.limits.core();
        let host = HostState::new();
        let mut core = jit::Store::new(engine.core(), StoreData { data, state, host });
        core.set_limits(core_limits);
        Self { core }
    }

    /// Returns the embedder's data.
    pub fn data(&self) -> &T {
        &self.core.data().data
    }

    /// Returns the embedder's data, to change.
    pub fn data_mut(&mut self) -> &mut T {
        &mut self.core.data_mut().data
    }

    /// Like [`StoreContextMut::set_epoch_deadline`].
    pub fn set_epoch_deadline(&mut self, ticks: u64) {
        self.core.set_epoch_deadline(ticks);
    }

    /// Like [`StoreContextMut::set_fuel`].
    pub fn set_fuel(&mut self, fuel: u64) {
        self.core.set_fuel(fuel);
    }

    /// Returns the fuel that is left.
    pub fn fuel(&self) -> u64 {
        self.core.fuel()
    }

    /// Runs `hook` whenever control passes between the host and guests: around each call of a
    /// guest's function by the host, and around each call of a host function, or of the destructor
    /// of a host's resource, by a guest. An error of the hook traps.
    ///
    /// Set it before anything is instantiated in the store: only calls of instances that are made,
    /// and of functions that are fetched, from then on are watched. What the ABI does on the way,
    /// such as calls of `realloc` and of post-return functions, is part of the call that it is done
    /// for. Typed calls take the slower way of component values while there is a hook. Without one
    /// they cost nothing for it.
    pub fn call_hook(
        &mut self,
        hook: impl Fn(&mut StoreContextMut<'_, T>, CallHook) -> Result<(), HostError> + Send + Sync + 'static,
    ) {
        self.core.data_mut().host.hook = Some(Arc::new(hook));
    }

    /// Returns the embedder's data and drops the instances.
    pub fn into_data(self) -> T {
        self.core.into_data().data
    }
}

impl<T: 'static> StoreContextMut<'_, T> {
    /// Returns the embedder's data.
    pub fn data(&self) -> &T {
        &self.core.data().data
    }

    /// Returns the embedder's data, to change.
    pub fn data_mut(&mut self) -> &mut T {
        &mut self.core.data_mut().data
    }

    /// Lets guests run until the engine's epoch has been raised `ticks` times from now on
    /// ([`Engine::increment_epoch`]); a guest that runs on traps with
    /// [`TrapKind::Interrupt`](crate::TrapKind::Interrupt). Without a call of this there is no
    /// deadline. It has no effect unless the engine was made with
    /// [`Config::epoch_interruption`](crate::Config::epoch_interruption).
    pub fn set_epoch_deadline(&mut self, ticks: u64) {
        self.core.set_epoch_deadline(ticks);
    }

    /// Sets how many operators guests may still execute, none at first: a guest that has used them
    /// up traps with [`TrapKind::OutOfFuel`](crate::TrapKind::OutOfFuel). It has no effect unless
    /// the engine was made with [`Config::consume_fuel`](crate::Config::consume_fuel). A guest may
    /// exceed it by as many operators as follow each other without a branch. Strings and lists that
    /// are moved for it cost by their size, like bulk instructions.
    pub fn set_fuel(&mut self, fuel: u64) {
        self.core.set_fuel(fuel);
    }

    /// Returns the fuel that is left.
    pub fn fuel(&self) -> u64 {
        self.core.fuel()
    }

    #[inline]
    pub(crate) fn state(&self) -> &State {
        &self.core.data().state
    }

    #[inline]
    pub(crate) fn state_mut(&mut self) -> &mut State {
        &mut self.core.data_mut().state
    }

    #[inline]
    pub(crate) fn host(&self) -> &HostState<T> {
        &self.core.data().host
    }

    /// Returns whether a hook watches calls.
    pub(crate) fn has_hook(&self) -> bool {
        self.host().hook.is_some()
    }

    /// Returns what tells this store from others.
    pub(crate) fn store_id(&self) -> u64 {
        self.state().id
    }

    /// Returns what a resource type of the host is in this store.
    pub(crate) fn host_resource(&mut self, ty: &HostResourceType<T>) -> ResourceIndex {
        let (state, host) = self.halves_mut();
        host.resource(state, ty)
    }

    /// Counts bytes that the run time keeps for instances among those that core instances take.
    pub(crate) fn charge(&mut self, n_bytes: u64) -> Result<(), LimitExceeded> {
        let limits = &self.state().limits;
        let exceeded = limits.exceeded(jit::BudgetKind::Instances);
        self.core.charge(n_bytes).map_err(|_| exceeded)
    }

    /// Does something with an instance's handle table that may add a handle, and counts the room
    /// that the table takes for it.
    #[inline]
    pub(crate) fn add_handle<R>(
        &mut self,
        instance: InstanceIndex,
        add: impl FnOnce(&mut HandleTable) -> Result<R, AbiTrap>,
    ) -> Result<R, Trap> {
        let (added, n_new) = self.state_mut().add_handle(instance, add)?;
        if n_new > 0 {
            self.charge(n_new * slot::SIZE as u64)?;
        }
        Ok(added)
    }

    /// Returns both halves of the state.
    pub(crate) fn halves_mut(&mut self) -> (&mut State, &mut HostState<T>) {
        let StoreData { data: _, state, host } = self.core.data_mut();
        (state, host)
    }
}

impl<T: 'static> AsContextMut for Store<T> {
    type Data = T;

    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        StoreContextMut { core: jit::AsContextMut::as_context_mut(&mut self.core) }
    }
}

impl<T: 'static> AsContextMut for StoreContextMut<'_, T> {
    type Data = T;

    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        StoreContextMut { core: jit::AsContextMut::as_context_mut(&mut self.core) }
    }
}

impl<C: AsContextMut> AsContextMut for &mut C {
    type Data = C::Data;

    fn as_context_mut(&mut self) -> StoreContextMut<'_, C::Data> {
        C::as_context_mut(self)
    }
}

impl<T: fmt::Debug> fmt::Debug for Store<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("data", self.data()).finish_non_exhaustive()
    }
}

impl<T: fmt::Debug> fmt::Debug for StoreContextMut<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreContextMut").field("data", self.data()).finish_non_exhaustive()
    }
}
