//! Stores: the embedder's data together with the state of all component instances made in them.
//!
//! A component store is a core store whose data carries the run-time state of components, so that built-ins reach it
//! through the context that core code passes to them.

use std::any::TypeId;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use canonical_abi::handles::{BorrowScope, HandleTable, RuntimeResource};
use canonical_abi::{Trap as AbiTrap, Value};

use super::canon::{FuncInfo, FuncInstance, Options};
use super::host::{HostDtor, HostResource, HostResourceType};
use crate::engine::Engine;
use crate::limits::{LimitExceeded, LimitKind, StoreLimits};
use crate::resolve::Needs;
use crate::trap::Trap;

/// Owns instances, their state and the embedder's data of type `T`.
pub struct Store<T: 'static> {
    core: jit::Store<StoreData<T>>,
}

/// The data of the core store.
pub(crate) struct StoreData<T: 'static> {
    pub(crate) data: T,
    pub(crate) state: State<T>,
}

/// The run-time state of all component instances of a store.
pub(crate) struct State<T: 'static> {
    /// Tells functions and instances of this store from those of others.
    pub(crate) id: u64,
    /// By [`InstanceIndex`].
    pub(crate) instances: Vec<InstanceState>,
    /// By [`ResourceIndex`].
    pub(crate) resources: Vec<ResourceType<T>>,
    /// The host's resource types that components of the store have imported.
    host_resources: BTreeMap<HostResource, ResourceIndex>,
    /// By [`FuncIndex`].
    pub(crate) funcs: Vec<Arc<FuncInstance<T>>>,
    /// The calls in progress, outermost first.
    pub(crate) tasks: Vec<Task>,
    /// How the strings were tagged that were lifted from a `latin1+utf16` memory, and are now to be lowered into another
    /// component. Lowering follows at once, so that one queue serves all calls.
    pub(crate) string_tags: VecDeque<bool>,
    pub(crate) limits: StoreLimits,
    /// What the instances of the store take.
    taken: Needs,
    /// The room of all handle tables.
    n_handles: u64,
}

/// Names a component instance of a store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct InstanceIndex(pub(crate) u32);

/// Names a resource type of a store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ResourceIndex(pub(crate) u32);

impl ResourceIndex {
    /// Returns the index as handle tables know it.
    pub(crate) fn runtime(self) -> RuntimeResource {
        RuntimeResource(self.0)
    }
}

/// Names a component function of a store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct FuncIndex(pub(crate) u32);

/// A component instance at run time (CanonicalABI.md, "Component Instances").
#[derive(Debug)]
pub(crate) struct InstanceState {
    pub(crate) handles: HandleTable,
    pub(crate) may_leave: bool,
    /// Set once a trap has passed through: the instance cannot be entered any more.
    pub(crate) poisoned: bool,
    pub(crate) backpressure: u32,
    /// Whether a call is in the instance that no other may join (the spec's `exclusive_thread`).
    pub(crate) is_exclusive: bool,
}

/// A resource type at run time (CanonicalABI.md, "Resource State").
pub(crate) enum ResourceType<T: 'static> {
    Guest {
        instance: InstanceIndex,
        dtor: Option<jit::Func>,
    },
    Host {
        dtor: HostDtor<T>,
        /// The type whose handles are [`Resource`](crate::Resource)s of this Rust type.
        rust_type: TypeId,
    },
    /// Not reached yet by the instantiation that makes it.
    Undefined,
}

/// A call into a component instance (CanonicalABI.md, "Task State"), as far as synchronous calls need it.
#[derive(Debug)]
pub(crate) struct Task {
    /// What `context.get` and `context.set` access.
    pub(crate) storage: [u64; 2],
    /// What `task.return` is held to, in a call of an asynchronously lifted function.
    /// Boxed, since most calls have none and a task is made for each.
    pub(crate) returning: Option<Box<Returning>>,
}

/// The result of an asynchronously lifted function in the making.
#[derive(Debug)]
pub(crate) struct Returning {
    pub(crate) info: Arc<FuncInfo>,
    pub(crate) options: Options,
    pub(crate) scope: BorrowScope,
    pub(crate) state: ReturnState,
}

/// Whether `task.return` was called (the spec's `Task.State`, as far as nothing blocks or cancels).
#[derive(Debug)]
pub(crate) enum ReturnState {
    Started,
    Resolved(Option<Value>),
}

/// A handle to a store, as functions take it: a [`Store`], a [`StoreContextMut`], or a mutable reference to one.
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
        let state = State {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            instances: Vec::new(),
            resources: Vec::new(),
            host_resources: BTreeMap::new(),
            funcs: Vec::new(),
            tasks: Vec::new(),
            string_tags: VecDeque::new(),
            limits,
            taken: Needs::default(),
            n_handles: 0,
        };
        Self { core: jit::Store::new(engine.core(), StoreData { data, state }) }
    }

    /// Returns the embedder's data.
    pub fn data(&self) -> &T {
        &self.core.data().data
    }

    /// Returns the embedder's data, to change.
    pub fn data_mut(&mut self) -> &mut T {
        &mut self.core.data_mut().data
    }

    /// Does as [`StoreContextMut::set_epoch_deadline`].
    pub fn set_epoch_deadline(&mut self, ticks: u64) {
        self.core.set_epoch_deadline(ticks);
    }

    /// Does as [`StoreContextMut::set_fuel`].
    pub fn set_fuel(&mut self, fuel: u64) {
        self.core.set_fuel(fuel);
    }

    /// Returns the fuel that is left.
    pub fn fuel(&self) -> u64 {
        self.core.fuel()
    }

    /// Gives the embedder's data back and drops the instances.
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
    /// [`TrapKind::Interrupt`](crate::TrapKind::Interrupt). Without a call of this there is no deadline. Means nothing unless
    /// the engine was made with [`Config::epoch_interruption`](crate::Config::epoch_interruption).
    pub fn set_epoch_deadline(&mut self, ticks: u64) {
        self.core.set_epoch_deadline(ticks);
    }

    /// Sets how many operators guests may still execute, none at first: a guest that has used them up traps with
    /// [`TrapKind::OutOfFuel`](crate::TrapKind::OutOfFuel). Means nothing unless the engine was made with
    /// [`Config::consume_fuel`](crate::Config::consume_fuel). A guest may exceed it by as many operators as follow each other
    /// without branch; what the host does for it (moving values, say) costs none.
    pub fn set_fuel(&mut self, fuel: u64) {
        self.core.set_fuel(fuel);
    }

    /// Returns the fuel that is left.
    pub fn fuel(&self) -> u64 {
        self.core.fuel()
    }

    pub(crate) fn state(&self) -> &State<T> {
        &self.core.data().state
    }

    pub(crate) fn state_mut(&mut self) -> &mut State<T> {
        &mut self.core.data_mut().state
    }
}

impl InstanceState {
    pub(crate) fn new() -> Self {
        Self {
            handles: HandleTable::new(),
            may_leave: true,
            poisoned: false,
            backpressure: 0,
            is_exclusive: false,
        }
    }
}

impl<T> State<T> {
    pub(crate) fn instance(&self, index: InstanceIndex) -> &InstanceState {
        &self.instances[index.0 as usize]
    }

    pub(crate) fn instance_mut(&mut self, index: InstanceIndex) -> &mut InstanceState {
        &mut self.instances[index.0 as usize]
    }

    pub(crate) fn resource(&self, index: ResourceIndex) -> &ResourceType<T> {
        &self.resources[index.0 as usize]
    }

    /// Returns the Rust type that handles of a resource type stand for, if it is one of the host's.
    pub(crate) fn host_type(&self, index: ResourceIndex) -> Option<TypeId> {
        match self.resource(index) {
            ResourceType::Host { rust_type, dtor: _ } => Some(*rust_type),
            ResourceType::Guest { .. } | ResourceType::Undefined => None,
        }
    }

    pub(crate) fn push_resource(&mut self, ty: ResourceType<T>) -> ResourceIndex {
        let index =
            u32::try_from(self.resources.len()).expect("a store holds fewer than 2^32 resource types");
        self.resources.push(ty);
        ResourceIndex(index)
    }

    /// Counts what an instantiation is going to take.
    pub(crate) fn take(&mut self, needs: &Needs) -> Result<(), LimitExceeded> {
        let Needs { n_instances, n_memories, n_tables } = self.taken;
        let total = Needs {
            n_instances: n_instances + needs.n_instances,
            n_memories: n_memories + needs.n_memories,
            n_tables: n_tables + needs.n_tables,
        };
        LimitKind::Instances.check(total.n_instances, self.limits.max_instances)?;
        LimitKind::Memories.check(total.n_memories, self.limits.max_memories)?;
        LimitKind::Tables.check(total.n_tables, self.limits.max_tables)?;
        self.taken = total;
        Ok(())
    }

    /// Does something with an instance's handle table that may add a handle, and counts the room that the table takes
    /// for it.
    pub(crate) fn add_handle<R>(
        &mut self,
        instance: InstanceIndex,
        add: impl FnOnce(&mut HandleTable) -> Result<R, AbiTrap>,
    ) -> Result<R, Trap> {
        let table = &mut self.instance_mut(instance).handles;
        let n_before = table.n_slots();
        let added = add(table)?;
        let n_new = table.n_slots() - n_before;
        self.n_handles += n_new as u64;
        LimitKind::Handles.check(self.n_handles, self.limits.max_handles)?;
        Ok(added)
    }

    /// Returns the index of a resource type of the host: the same each time, so that all components of the store know
    /// it as one type.
    pub(crate) fn host_resource(&mut self, ty: &HostResourceType<T>) -> ResourceIndex {
        if let Some(index) = self.host_resources.get(&ty.id) {
            return *index;
        }
        let index =
            self.push_resource(ResourceType::Host { dtor: Arc::clone(&ty.dtor), rust_type: ty.rust_type });
        self.host_resources.insert(ty.id, index);
        index
    }

    /// Returns the index of a resource type of the host, if a component of the store has imported it.
    pub(crate) fn known_host_resource(&self, id: HostResource) -> Option<ResourceIndex> {
        self.host_resources.get(&id).copied()
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
