//! Host functions that reach the store, and not only the host in it.

use std::fmt;
use std::ops::DerefMut;

use super::store::{AsContextMut, StoreContextMut};

/// What a method of bindings is given that asks for the store (`imports: { default: store }` of
/// [`bindings!`](crate::bindings)): the store, and the host `D` in its data.
///
/// It is a store wherever functions take one, to call into guests with for instance.
pub struct Access<'a, T: 'static, D: 'static> {
    store: StoreContextMut<'a, T>,
    host: &'a dyn Fn(&mut T) -> &mut D,
}

impl<'a, T: 'static, D: 'static> Access<'a, T, D> {
    /// Returns access to a store in whose data `host` finds the host.
    pub fn new(store: &'a mut impl AsContextMut<Data = T>, host: &'a dyn Fn(&mut T) -> &mut D) -> Self {
        Self { store: store.as_context_mut(), host }
    }

    /// Returns the host.
    pub fn host(&mut self) -> &mut D {
        (self.host)(self.store.data_mut())
    }

    /// Returns the store's data.
    pub fn data(&self) -> &T {
        self.store.data()
    }

    /// Returns the store's data, to change.
    pub fn data_mut(&mut self) -> &mut T {
        self.store.data_mut()
    }
}

impl<T: 'static, D: DerefMut<Target: Sized + 'static> + 'static> Access<'_, T, D> {
    /// Gives access to the host that a reference leads to. For generated code.
    #[doc(hidden)]
    pub fn forward<R>(mut self, to: impl FnOnce(Access<'_, T, D::Target>) -> R) -> R {
        let host = self.host;
        let inner = finder(move |data: &mut T| &mut **host(data));
        to(Access { store: self.store.as_context_mut(), host: &inner })
    }
}

/// Says that a function returns a part of its argument, which is not inferred.
fn finder<T, D>(find: impl Fn(&mut T) -> &mut D) -> impl Fn(&mut T) -> &mut D {
    find
}

impl<T: 'static, D: 'static> AsContextMut for Access<'_, T, D> {
    type Data = T;

    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        self.store.as_context_mut()
    }
}

impl<T: fmt::Debug, D: 'static> fmt::Debug for Access<'_, T, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("data", self.data()).finish_non_exhaustive()
    }
}
