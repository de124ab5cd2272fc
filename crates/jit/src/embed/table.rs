//! Table handles. Follows the core specification, "Table Instances".

use crate::embed::limits;
use crate::embed::raw::{val_from_raw, val_to_raw};
use crate::embed::store::{AsContext, AsContextMut, StoreId, StoreOpaque};
use crate::embed::value::Val;
use crate::error::{Error, Result};
use crate::module::types::{RefType, TableType, ValType};
use crate::rt::TableCells;
use crate::vm::slot::ValRaw;

/// A table of a store.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Table {
    store: StoreId,
    index: u32,
}

impl Table {
    /// Creates a table whose elements are all `init`.
    ///
    /// # Errors
    ///
    /// Fails if `init` is not of the element type or the minimum exceeds the engine's limit.
    ///
    /// # Panics
    ///
    /// Panics, like all methods, if a handle belongs to another store.
    pub fn new(mut cx: impl AsContextMut, ty: TableType, init: Val) -> Result<Self> {
        let mut cx = cx.as_context_mut();
        let store = cx.opaque_mut();
        let word = element_word(store, ty.element, init)?;
        let charge = limits::charge_items(store, &[], &[ty])?;
        let mut table = match store.new_table(ty) {
            Ok(table) => table,
            Err(error) => {
                charge.refund(store);
                return Err(error);
            }
        };
        table.init(word);
        let index = store.add_table(table);
        Ok(Self { store: store.id(), index })
    }

    /// Returns the type, with the present size as its minimum.
    pub fn ty(&self, cx: impl AsContext) -> TableType {
        self.cells(cx.as_context().into_opaque()).ty()
    }

    /// Returns the number of elements.
    pub fn size(&self, cx: impl AsContext) -> u64 {
        self.cells(cx.as_context().into_opaque()).size()
    }

    /// Returns the element at `index`, or `None` outside of the table.
    pub fn get(&self, cx: impl AsContext, index: u64) -> Option<Val> {
        let store = cx.as_context().into_opaque();
        let cells = self.cells(store);
        let word = *cells.elements().get(usize::try_from(index).ok()?)?;
        Some(val_from_raw(store, ValRaw::from_u64(word), ValType::Ref(cells.ty().element)))
    }

    /// Replaces the element at `index`.
    ///
    /// # Errors
    ///
    /// Fails if `index` is out of bounds or `value` is not of the element type.
    pub fn set(&self, mut cx: impl AsContextMut, index: u64, value: Val) -> Result<()> {
        let mut cx = cx.as_context_mut();
        let store = cx.opaque_mut();
        let word = element_word(store, self.cells(store).ty().element, value)?;
        let position = usize::try_from(index).ok();
        let cells = self.cells_mut(store).elements_mut();
        match position.and_then(|at| cells.get_mut(at)) {
            Some(cell) => *cell = word,
            None => return Err(Error::limit(format!("table index {index} out of bounds"))),
        }
        Ok(())
    }

    /// Grows by `delta` elements of value `init` and returns the former size.
    ///
    /// # Errors
    ///
    /// Fails if a limit or the allocator refuses and if `init` is not of the element type.
    pub fn grow(&self, mut cx: impl AsContextMut, delta: u64, init: Val) -> Result<u64> {
        let mut cx = cx.as_context_mut();
        let store = cx.opaque_mut();
        let word = element_word(store, self.cells(store).ty().element, init)?;
        let index = self.index(store);
        let grown = store.entities_mut().grow_table(index as usize, delta, word);
        grown.ok_or_else(|| Error::limit(format!("table cannot grow by {delta} elements")))
    }

    pub(crate) fn from_index(store: StoreId, index: u32) -> Self {
        Self { store, index }
    }

    pub(crate) fn index(self, store: &StoreOpaque) -> u32 {
        store.check(self.store);
        self.index
    }

    fn cells(self, store: &StoreOpaque) -> &TableCells {
        &store.entities().tables[self.index(store) as usize]
    }

    fn cells_mut(self, store: &mut StoreOpaque) -> &mut TableCells {
        let index = self.index(store);
        &mut store.entities_mut().tables[index as usize]
    }
}

fn element_word(store: &StoreOpaque, element: RefType, value: Val) -> Result<u64> {
    if !value.is_of(store, ValType::Ref(element)) {
        return Err(Error::type_mismatch(format!("{} given for an element of type {element}", value.ty())));
    }
    Ok(val_to_raw(store, &value).to_u64())
}
