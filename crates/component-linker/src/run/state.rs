//! The plain half of a store's state: instances, resource types, tasks, and what all of them take.
//!
//! Nothing here depends on the embedder's data or holds a closure of the host (those are in
//! [`host`](super::host)), so that code which knows no `T` can work on it: tasks, a signal handler,
//! compiled code. For these each instance has an [`InstanceHead`] of a stated layout at an address
//! that stays.

use std::any::TypeId;
use std::sync::Arc;

use canonical_abi::Trap as AbiTrap;
use canonical_abi::handles::{HandleTable, RuntimeResource};
use canonical_abi::trap::Implementer;

use super::host::DtorIndex;
use super::task::Tasks;
use crate::limits::{LimitExceeded, LimitKind, StoreLimits};
use crate::resolve::Needs;
use crate::trap::{Trap, TrapCause};
use crate::typed::Loan;

/// The plain state of all component instances of a store.
pub(crate) struct State {
    /// Tells functions and instances of this store from those of others.
    pub(crate) id: u64,
    /// By [`InstanceIndex`].
    #[expect(clippy::vec_box, reason = "an instance stays where it is, for those who know its address")]
    instances: Vec<Box<InstanceState>>,
    /// By [`ResourceIndex`].
    resources: Vec<ResourceType>,
    pub(crate) tasks: Tasks,
    pub(crate) limits: StoreLimits,
    /// What the instances of the store take.
    taken: Needs,
    /// The room of all handle tables.
    n_handles: u64,
    /// The calls of host functions in progress that were lent resources.
    pub(crate) loans: Loans,
    /// Whether an instance is poisoned. It spares calls from looking for the instance.
    has_poisoned: bool,
    /// The instances that the trap under way has poisoned.
    unexplained: Vec<InstanceIndex>,
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

/// A component instance at run time (CanonicalABI.md, "Component Instances"). The head comes first.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct InstanceState {
    pub(crate) head: InstanceHead,
    handles: HandleTable,
    /// What poisoned the instance, as soon as that is known.
    poisoned_by: Option<Arc<str>>,
}

/// What compiled code, tasks and a signal handler may read and write of an instance.
///
/// The contract: the fields lie at the offsets that the tests below state, and the head itself
/// stays at its address as long as its store lives. `handle_slots` and `n_handle_slots` are those
/// of the instance's handle table at all times; a slot has the layout that
/// [`canonical_abi::handles::slot`] states. Entries may be read, and changed in place. Entries are
/// added and removed by the run time only, since a table grows by moving.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct InstanceHead {
    pub(crate) may_leave: bool,
    /// Set once a trap has passed through: the instance can neither be entered nor returned into.
    poisoned: bool,
    /// Whether a call is in the instance that no other may join (the spec's `exclusive_thread`).
    pub(crate) is_exclusive: bool,
    pub(crate) backpressure: u32,
    /// The address of the handle table's first slot.
    handle_slots: usize,
    n_handle_slots: u32,
}

/// A resource type at run time (CanonicalABI.md, "Resource State").
#[derive(Clone, Copy, Debug)]
pub(crate) enum ResourceType {
    Guest {
        instance: InstanceIndex,
        dtor: Option<jit::Func>,
    },
    Host {
        dtor: DtorIndex,
        /// The type whose handles are [`Resource`](crate::Resource)s of this Rust type.
        rust_type: TypeId,
    },
    /// Not reached yet by the instantiation that makes it.
    Undefined,
}

impl State {
    pub(crate) fn new(id: u64, limits: StoreLimits) -> Self {
        Self {
            id,
            instances: Vec::new(),
            resources: Vec::new(),
            tasks: Tasks::default(),
            limits,
            taken: Needs::default(),
            n_handles: 0,
            loans: Loans::default(),
            has_poisoned: false,
            unexplained: Vec::new(),
        }
    }

    #[inline]
    pub(crate) fn instance(&self, index: InstanceIndex) -> &InstanceState {
        &self.instances[index.0 as usize]
    }

    #[inline]
    pub(crate) fn instance_mut(&mut self, index: InstanceIndex) -> &mut InstanceState {
        &mut self.instances[index.0 as usize]
    }

    /// Says of a handle of the wrong type who implements both types.
    #[cold]
    pub(crate) fn word_handle(
        &self,
        trap: AbiTrap,
        expected: RuntimeResource,
        instance: InstanceIndex,
    ) -> AbiTrap {
        let AbiTrap::WrongResourceType { index, .. } = trap else { return trap };
        let implementer = |ty: RuntimeResource| match self.resource(ResourceIndex(ty.0)) {
            ResourceType::Host { .. } => Implementer::Host,
            ResourceType::Guest { .. } | ResourceType::Undefined => Implementer::Guest,
        };
        let Ok(handle) = self.instance(instance).handles.get(index) else { return trap };
        let (expected, given) = (implementer(expected), implementer(handle.rt()));
        AbiTrap::WrongResourceType { index, expected, given }
    }

    /// Adds so many instances, and returns the index of the first.
    pub(crate) fn push_instances(&mut self, n: u32) -> InstanceIndex {
        let first = index32(self.instances.len());
        self.instances.extend((0..n).map(|_| Box::new(InstanceState::new())));
        InstanceIndex(first)
    }

    pub(crate) fn resource(&self, index: ResourceIndex) -> ResourceType {
        self.resources[index.0 as usize]
    }

    pub(crate) fn push_resource(&mut self, ty: ResourceType) -> ResourceIndex {
        let index = index32(self.resources.len());
        self.resources.push(ty);
        ResourceIndex(index)
    }

    /// Says what an undefined resource type is.
    pub(crate) fn define_resource(&mut self, index: ResourceIndex, ty: ResourceType) {
        self.resources[index.0 as usize] = ty;
    }

    /// Returns the Rust type that handles of a resource type stand for, if it is one of the host's.
    pub(crate) fn host_type(&self, index: ResourceIndex) -> Option<TypeId> {
        match self.resource(index) {
            ResourceType::Host { rust_type, dtor: _ } => Some(rust_type),
            ResourceType::Guest { .. } | ResourceType::Undefined => None,
        }
    }

    /// Returns the resource type of the host whose handles stand for a Rust type, if there is
    /// exactly one.
    pub(crate) fn resource_of_host<R: 'static>(&self) -> Option<ResourceIndex> {
        let wanted = TypeId::of::<R>();
        let is_of_type =
            |ty: &ResourceType| matches!(ty, ResourceType::Host { rust_type, .. } if *rust_type == wanted);
        let first = self.resources.iter().position(is_of_type)?;
        let is_only = !self.resources[first + 1..].iter().any(is_of_type);
        is_only.then(|| ResourceIndex(index32(first)))
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

    /// Puts an instance out of use, since a trap or a panic goes through it.
    #[cold]
    pub(crate) fn poison(&mut self, index: InstanceIndex) {
        self.has_poisoned = true;
        let instance = self.instance_mut(index);
        instance.head.poisoned = true;
        if std::thread::panicking() {
            instance.poisoned_by.get_or_insert_with(|| Arc::from("a host function panicked"));
        } else {
            self.unexplained.push(index);
        }
    }

    /// Notes what has poisoned the instances that a trap came through, once it has reached the
    /// host.
    #[cold]
    pub(crate) fn explain(&mut self, trap: &Trap) {
        if self.unexplained.is_empty() {
            return;
        }
        let reason = trap.reason();
        for index in std::mem::take(&mut self.unexplained) {
            self.instance_mut(index).poisoned_by.get_or_insert_with(|| Arc::clone(&reason));
        }
    }

    /// Checks that an instance can be entered.
    #[inline]
    pub(crate) fn check_enter(&self, index: InstanceIndex) -> Result<(), Trap> {
        if self.instance(index).head.poisoned { Err(self.out_of_use(index, false)) } else { Ok(()) }
    }

    /// Checks that a call which an instance has made may return into it.
    #[inline]
    pub(crate) fn check_return(&self, index: InstanceIndex) -> Result<(), Trap> {
        if self.has_poisoned && self.instance(index).head.poisoned {
            return Err(self.out_of_use(index, true));
        }
        Ok(())
    }

    #[cold]
    fn out_of_use(&self, index: InstanceIndex, is_return: bool) -> Trap {
        let by = self.instance(index).poisoned_by.clone();
        TrapCause::Poisoned { by: by.unwrap_or_else(|| Arc::from("a trap under way")), is_return }.into()
    }

    /// Does something with an instance's handle table that may add a handle, and returns also by
    /// how many slots the table has grown.
    #[inline]
    pub(super) fn add_handle<R>(
        &mut self,
        instance: InstanceIndex,
        add: impl FnOnce(&mut HandleTable) -> Result<R, AbiTrap>,
    ) -> Result<(R, u64), Trap> {
        let handles = &mut self.instance_mut(instance).handles;
        let n_before = handles.n_slots();
        let added = add(handles)?;
        let n_new = (handles.n_slots() - n_before) as u64;
        if n_new > 0 {
            self.grew(instance, n_new)?;
        }
        Ok((added, n_new))
    }

    /// Counts the slots by which a handle table has grown. Most handles take a slot that is free.
    #[cold]
    fn grew(&mut self, instance: InstanceIndex, n_new: u64) -> Result<(), Trap> {
        self.instance_mut(instance).publish_handles();
        self.n_handles += n_new;
        Ok(LimitKind::Handles.check(self.n_handles, self.limits.max_handles)?)
    }
}

/// The calls of host functions in progress that were lent resources, outermost first. A resource
/// that the host keeps beyond its call names a loan that is not here any more.
#[derive(Debug, Default)]
pub(crate) struct Loans {
    /// Loans are made in the order of their numbers.
    open: Vec<Loan>,
    n_made: u64,
}

impl Loans {
    /// Begins the loan of a call.
    pub(crate) fn open(&mut self) -> Loan {
        self.n_made += 1;
        let loan = Loan::new(self.n_made);
        self.open.push(loan);
        loan
    }

    /// Ends the loan of a call, and those of calls within it that ended in a trap.
    pub(crate) fn close(&mut self, loan: Loan) {
        self.open.retain(|other| *other < loan);
    }

    /// Returns whether the call is in progress.
    pub(crate) fn is_open(&self, loan: Loan) -> bool {
        self.open.binary_search(&loan).is_ok()
    }
}

impl InstanceState {
    /// How many bytes one takes, without its handles.
    pub(crate) const BYTES: u64 = size_of::<Self>() as u64;

    fn new() -> Self {
        let head = InstanceHead {
            may_leave: true,
            poisoned: false,
            is_exclusive: false,
            backpressure: 0,
            handle_slots: 0,
            n_handle_slots: 0,
        };
        let mut instance = Self { head, handles: HandleTable::new(), poisoned_by: None };
        instance.publish_handles();
        instance
    }

    #[inline]
    pub(crate) fn handles(&self) -> &HandleTable {
        &self.handles
    }

    /// Returns the handle table, to do anything but add handles:
    /// [`StoreContextMut::add_handle`](super::StoreContextMut::add_handle) does that.
    #[inline]
    pub(crate) fn handles_mut(&mut self) -> &mut HandleTable {
        &mut self.handles
    }

    /// Writes into the head where the handles are.
    fn publish_handles(&mut self) {
        let (address, n_slots) = self.handles.slots();
        self.head.handle_slots = address;
        self.head.n_handle_slots = n_slots;
    }
}

/// Returns the number of things that a store holds as an index.
pub(crate) fn index32(len: usize) -> u32 {
    u32::try_from(len).expect("a store holds fewer than 2^32 of each")
}

#[cfg(test)]
mod tests {
    use std::mem::offset_of;

    use canonical_abi::handles;

    use super::*;

    #[test]
    fn the_head_lies_where_compiled_code_expects_it() {
        assert_eq!(offset_of!(InstanceState, head), 0);
        assert_eq!(offset_of!(InstanceHead, may_leave), 0);
        assert_eq!(offset_of!(InstanceHead, poisoned), 1);
        assert_eq!(offset_of!(InstanceHead, is_exclusive), 2);
        assert_eq!(offset_of!(InstanceHead, backpressure), 4);
        assert_eq!(offset_of!(InstanceHead, handle_slots), 8);
        assert_eq!(offset_of!(InstanceHead, n_handle_slots), 16);
        assert_eq!(size_of::<InstanceHead>(), 24);
    }

    #[test]
    fn the_head_knows_where_the_handles_are() {
        let mut state = State::new(0, StoreLimits::default());
        let index = state.push_instances(1);
        for rep in 0..100 {
            let add = |table: &mut _| handles::resource_new(table, RuntimeResource(0), rep);
            assert_eq!(state.add_handle(index, add).unwrap(), (rep + 1, 1));
            let InstanceState { head, handles, .. } = state.instance(index);
            assert_eq!((head.handle_slots, head.n_handle_slots), handles.slots());
        }
        state.push_instances(100);
        assert_eq!(state.instance(index).head.n_handle_slots, 100);
    }
}
