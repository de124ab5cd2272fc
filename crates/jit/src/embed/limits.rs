//! What a store may hold at most, besides the engine's own limits.
//!
//! Everything is counted in bytes before it is made. A budget counts what a guest's actions cost
//! the host: what a module takes once for all its instances is counted for the first one in a
//! store.

use std::time::Duration;

use crate::embed::store::StoreOpaque;
use crate::engine::module::Module;
use crate::error::{BudgetKind, Error, Result};
use crate::module::types::{MemoryType, TableType};
use crate::rt::{Entities, LinearMemory, TableCells, table_bytes};

/// Limits on what a store's guests may take. Without one, the default or the engine's limits hold.
///
/// The first six hold for what is made after [`Store::set_limits`](crate::Store::set_limits): a
/// memory or table that exists keeps its own. The others hold at once.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct StoreLimits {
    /// Bytes of each memory.
    pub memory_bytes: Option<u64>,
    /// Elements of each table.
    pub table_elements: Option<u64>,
    /// Instances.
    pub instances: Option<u32>,
    /// Memories.
    pub memories: Option<u32>,
    /// Tables.
    pub tables: Option<u32>,
    /// Bytes that all exceptions may take together, 64 MiB without it: for each, 64 and 16 per
    /// value of its payload. Garbage does not count, but up to a quarter more may wait for the next
    /// collection.
    pub exception_bytes: Option<u64>,
    /// Bytes of all memories and tables together, by their present sizes: 4 GiB without it. An
    /// element of a table has 8 bytes. Growth beyond it is refused to the guest as any growth is. A
    /// [`SharedMemory`](crate::SharedMemory) that the host has made counts by what this store's
    /// guests have grown it.
    pub size_bytes: Option<u64>,
    /// Bytes of all else that instances take, 1 GiB without it: their blocks, their globals, what
    /// is noted of each memory and table, and element segments; for the first instance of a module
    /// also the module's data segments and their images; and what the embedder adds
    /// ([`Store::charge`](crate::Store::charge)).
    pub instance_bytes: Option<u64>,
    /// How long the waits of guests (`memory.atomic.wait32` and `wait64`) may take together while
    /// the store has no deadline, 1 second without it. One that takes longer traps
    /// ([`TrapKind::WaitTooLong`](crate::TrapKind::WaitTooLong)); with a deadline
    /// ([`Store::set_epoch_deadline`](crate::Store::set_epoch_deadline)), waits end there. Fuel
    /// does not count time.
    pub wait: Option<Duration>,
}

/// What a store's guests have taken of the host, in bytes ([`StoreLimits`]).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StoreUsage {
    /// What [`StoreLimits::size_bytes`] bounds.
    pub size_bytes: u64,
    /// What [`StoreLimits::instance_bytes`] bounds.
    pub instance_bytes: u64,
    /// What [`StoreLimits::exception_bytes`] bounds, garbage included.
    pub exception_bytes: u64,
}

impl StoreUsage {
    pub(crate) fn of(entities: &Entities) -> Self {
        Self {
            size_bytes: entities.budget.sizes.taken(),
            instance_bytes: entities.budget.instances.taken(),
            exception_bytes: entities.exceptions.bytes() as u64,
        }
    }
}

/// What the budget of a store has been charged for something that is about to be made.
#[must_use = "what is not made is refunded"]
pub(crate) struct Charge {
    sizes: u64,
    instances: u64,
}

impl Charge {
    /// Ends the charge, because what it was for has not been made.
    pub(crate) fn refund(self, store: &mut StoreOpaque) {
        let budget = &mut store.entities_mut().budget;
        budget.sizes.give(self.sizes);
        budget.instances.give(self.instances);
    }
}

/// Checks that the store may have these memories and tables too, and charges it for them.
///
/// # Errors
///
/// Fails if a limit is exceeded.
pub(crate) fn charge_items(
    store: &mut StoreOpaque,
    memories: &[MemoryType],
    tables: &[TableType],
) -> Result<Charge> {
    let (limits, entities) = (store.limits(), store.entities());
    check(limits.memories, entities.memories.len(), memories.len(), "memories")?;
    check(limits.tables, entities.tables.len(), tables.len(), "tables")?;
    let mut sizes = 0u64;
    for &ty in memories {
        sizes = sizes.saturating_add(LinearMemory::minimum_bytes(ty, store.max_memory_bytes())?);
    }
    for &ty in tables {
        TableCells::check(ty, store.max_table_elements())?;
        sizes = sizes.saturating_add(table_bytes(ty.minimum));
    }
    let account = &mut store.entities_mut().budget.sizes;
    let limit = account.limit();
    account.take(sizes).ok_or_else(|| {
        let message = format!("the memories and tables of a store may have {limit} bytes together");
        Error::over_budget(BudgetKind::Sizes, message)
    })?;
    Ok(Charge { sizes, instances: 0 })
}

/// Checks that the store may have an instance of a module and all it defines, and charges it for
/// that.
///
/// # Errors
///
/// Fails if a limit is exceeded.
pub(crate) fn charge_instance(store: &mut StoreOpaque, module: &Module) -> Result<Charge> {
    check(store.limits().instances, store.entities().instances.len(), 1, "instances")?;
    let info = module.info();
    let n = info.n_imported;
    let items = (&info.memories[n.memories as usize..], &info.tables[n.tables as usize..]);
    let charge = charge_items(store, items.0, items.1)?;
    let cost = module.cost();
    let is_first = !store.vm().knows_code(module.code());
    let bytes = if is_first { cost.first_instance_bytes } else { cost.instance_bytes };
    match self::charge(store, bytes) {
        Ok(()) => Ok(Charge { instances: bytes, ..charge }),
        Err(error) => {
            charge.refund(store);
            Err(error)
        }
    }
}

/// Charges the store for bytes that instances take, or the embedder for them.
///
/// # Errors
///
/// Fails if the limit is exceeded.
pub(crate) fn charge(store: &mut StoreOpaque, bytes: u64) -> Result<()> {
    let account = &mut store.entities_mut().budget.instances;
    let limit = account.limit();
    account.take(bytes).ok_or_else(|| {
        let message = format!("the instances of a store may take {limit} bytes together");
        Error::over_budget(BudgetKind::Instances, message)
    })
}

/// Ends a charge of bytes.
pub(crate) fn refund(store: &mut StoreOpaque, bytes: u64) {
    store.entities_mut().budget.instances.give(bytes);
}

/// Fails if `more` of what the store has `now` exceeds the limit.
fn check(limit: Option<u32>, now: usize, more: usize, what: &str) -> Result<()> {
    match limit {
        Some(limit) if now.saturating_add(more) > limit as usize => {
            Err(Error::limit(format!("a store may have {limit} {what}")))
        }
        Some(_) | None => Ok(()),
    }
}
