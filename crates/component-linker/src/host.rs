//! What a host provides: functions and resource types.

use std::fmt;
use std::sync::Arc;

use jit::HostError;

use crate::Val;
use crate::store::StoreContextMut;

/// A host function as the linker keeps it: arguments in, at most one result out.
pub(crate) type HostFunc<T> =
    Arc<dyn Fn(&mut StoreContextMut<'_, T>, &[Val]) -> Result<Option<Val>, HostError> + Send + Sync>;

/// The destructor of a host's resource type: it is given the representation of the resource to drop.
pub(crate) type HostDtor<T> =
    Arc<dyn Fn(&mut StoreContextMut<'_, T>, u32) -> Result<(), HostError> + Send + Sync>;

/// One thing that a linker knows by name.
pub(crate) enum Definition<T: 'static> {
    Func(HostFunc<T>),
    Resource(HostDtor<T>),
    Instance(Definitions<T>),
}

/// What a linker, or one of its instances, knows.
pub(crate) type Definitions<T> = std::collections::BTreeMap<String, Definition<T>>;

impl<T> Clone for Definition<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Func(func) => Self::Func(Arc::clone(func)),
            Self::Resource(dtor) => Self::Resource(Arc::clone(dtor)),
            Self::Instance(definitions) => Self::Instance(definitions.clone()),
        }
    }
}

impl<T> Definition<T> {
    /// Returns the sort, as errors name it.
    pub(crate) fn sort(&self) -> &'static str {
        match self {
            Self::Func(_) => "function",
            Self::Resource(_) => "resource",
            Self::Instance(_) => "instance",
        }
    }
}

impl<T> fmt::Debug for Definition<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sort())
    }
}
