//! What modules import and export. Follows the core specification, "External Instances".

use crate::embed::func::Func;
use crate::embed::global::Global;
use crate::embed::memory::Memory;
use crate::embed::store::AsContext;
use crate::embed::table::Table;
use crate::embed::tag::Tag;
use crate::module::types::ExternType;

/// Something importable or exportable.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Extern {
    /// A function.
    Func(Func),
    /// A memory.
    Memory(Memory),
    /// A table.
    Table(Table),
    /// A global.
    Global(Global),
    /// A tag.
    Tag(Tag),
}

macro_rules! extern_conversions {
    ($($ty:ident $method:ident),*) => {
        impl Extern {
            $(
                #[doc = concat!("Returns the ", stringify!($method), ", if it is a ", stringify!($ty), ".")]
                pub fn $method(self) -> Option<$ty> {
                    if let Self::$ty(item) = self { Some(item) } else { None }
                }
            )*
        }
        $(
            impl From<$ty> for Extern {
                fn from(item: $ty) -> Self {
                    Self::$ty(item)
                }
            }
        )*
    };
}

extern_conversions!(Func into_func, Memory into_memory, Table into_table, Global into_global, Tag into_tag);

impl Extern {
    /// Returns the type. The minimum of a memory or table is its present size.
    ///
    /// # Panics
    ///
    /// Panics if the item belongs to another store.
    pub fn ty(&self, cx: impl AsContext) -> ExternType {
        match self {
            Self::Func(item) => ExternType::Func(item.ty(cx)),
            Self::Memory(item) => ExternType::Memory(item.ty(cx)),
            Self::Table(item) => ExternType::Table(item.ty(cx)),
            Self::Global(item) => ExternType::Global(item.ty(cx)),
            Self::Tag(item) => ExternType::Tag(item.ty(cx)),
        }
    }
}
