//! Instances: linking, allocation, segments and start.
//! Follows the core specification, "Instantiation".

use std::fmt;

use crate::embed::func::Func;
use crate::embed::global::Global;
use crate::embed::instantiate::{allocate, check_imports, copy_segments, extern_of};
use crate::embed::memory::Memory;
use crate::embed::store::{AsContext, AsContextMut, StoreId, StoreOpaque};
use crate::embed::table::Table;
use crate::embed::tag::Tag;
use crate::embed::trap::Trap;
use crate::embed::typed::{TypedFunc, WasmParams, WasmResults};
use crate::engine::module::Module;
use crate::error::Error;
use crate::module::types::ExternType;
use crate::rt::InstanceData;

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

/// Why an instance could not be made.
#[derive(Debug)]
pub enum InstantiateError {
    /// The imports do not match.
    Link(LinkError),
    /// A segment or the start function trapped. Its earlier effects stay (core specification,
    /// "Instantiation").
    Trap(Trap),
    /// A limit of the configuration or of the system is exceeded.
    Resource(Error),
}

/// Which import does not match, and why.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LinkError {
    /// The number of imports given is not the module's.
    Count {
        /// How many the module has.
        expected: usize,
        /// How many were given.
        given: usize,
    },
    /// The import's name is not defined.
    Unknown {
        /// The import's first name.
        module: String,
        /// The import's second name.
        name: String,
        /// What the module expects.
        expected: Box<ExternType>,
    },
    /// The given item is not of the import's kind or type.
    IncompatibleType {
        /// The import's first name.
        module: String,
        /// The import's second name.
        name: String,
        /// What the module expects.
        expected: Box<ExternType>,
        /// What was given.
        given: Box<ExternType>,
    },
    /// The given function is not the one that the import was connected to
    /// ([`Unit::connect`](crate::Unit::connect)).
    NotConnected {
        /// The import's first name.
        module: String,
        /// The import's second name.
        name: String,
    },
    /// The module and the store belong to different engines.
    OtherEngine,
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count { expected, given } => {
                write!(f, "unknown import: expected {expected} imports, given {given}")
            }
            Self::Unknown { module, name, expected } => {
                write!(f, "unknown import `{module}::{name}`: expected {}", describe(expected))
            }
            Self::IncompatibleType { module, name, expected, given } => write!(
                f,
                "incompatible import type for `{module}::{name}`: expected {}, given {}",
                describe(expected),
                describe(given)
            ),
            Self::NotConnected { module, name } => {
                write!(f, "`{module}::{name}` was compiled to be another function of its unit")
            }
            Self::OtherEngine => f.write_str("the module was compiled by another engine than the store's"),
        }
    }
}

fn describe(ty: &ExternType) -> String {
    let limits = |minimum, maximum: Option<u64>| match maximum {
        Some(maximum) => format!("{minimum} to {maximum}"),
        None => format!("at least {minimum}"),
    };
    match ty {
        ExternType::Func(ty) => format!("func {ty}"),
        ExternType::Memory(ty) => {
            let shared = if ty.shared { "shared " } else { "" };
            let width = if ty.memory64 { "64-bit " } else { "" };
            format!("{shared}{width}memory of {} pages", limits(ty.minimum, ty.maximum))
        }
        ExternType::Table(ty) => format!("table of {} {}", limits(ty.minimum, ty.maximum), ty.element),
        ExternType::Global(ty) => format!("global {}{}", if ty.mutable { "mut " } else { "" }, ty.content),
        ExternType::Tag(ty) => format!("tag {}", ty.func),
    }
}

impl std::error::Error for LinkError {}

impl fmt::Display for InstantiateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link(error) => error.fmt(f),
            Self::Trap(trap) => trap.fmt(f),
            Self::Resource(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for InstantiateError {}

impl From<LinkError> for InstantiateError {
    fn from(error: LinkError) -> Self {
        Self::Link(error)
    }
}

impl From<Trap> for InstantiateError {
    fn from(trap: Trap) -> Self {
        Self::Trap(trap)
    }
}

impl From<Error> for InstantiateError {
    fn from(error: Error) -> Self {
        Self::Resource(error)
    }
}

/// An instance of a module in a store.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Instance {
    store: StoreId,
    index: u32,
}

impl Instance {
    /// Instantiates `module`: links it with `imports` (in the module's order), copies active
    /// segments and runs the start function.
    ///
    /// # Errors
    ///
    /// Fails if the imports do not match, a limit is exceeded, or a segment or the start function
    /// traps.
    ///
    /// # Panics
    ///
    /// Panics if an import belongs to another store, and resumes the panic of a host function that
    /// the start function reached.
    pub fn new(
        mut cx: impl AsContextMut,
        module: &Module,
        imports: &[Extern],
    ) -> Result<Self, InstantiateError> {
        let mut cx = cx.as_context_mut();
        let store = cx.opaque_mut();
        if !store.engine().same(module.engine()) {
            return Err(LinkError::OtherEngine.into());
        }
        check_imports(store, module, imports)?;
        let index = allocate(store, module, imports)?;
        copy_segments(store, index)?;
        let instance = Self { store: store.id(), index };
        if let Some(start) = module.info().start {
            let ptr = store.entities().instances[index as usize].func_ref(start);
            Func::from_ptr(store.id(), ptr).call(&mut cx, &[], &mut [])?;
        }
        Ok(instance)
    }

    /// Returns the module.
    ///
    /// # Panics
    ///
    /// Panics, like all methods, if the instance belongs to another store.
    pub fn module<'a, T: 'static>(&self, cx: &'a impl AsContext<Data = T>) -> &'a Module {
        let store = cx.as_context().into_opaque();
        store.check(self.store);
        store.module(self.index)
    }

    /// Returns the export called `name`.
    pub fn get_export(&self, cx: impl AsContext, name: &str) -> Option<Extern> {
        let store = cx.as_context().into_opaque();
        let data = self.data(store);
        let info = &data.info;
        let position = *info.export_positions.get(name)?;
        Some(extern_of(data, store.id(), info.exports[position].1))
    }

    /// Returns the function exported as `name`.
    pub fn get_func(&self, cx: impl AsContext, name: &str) -> Option<Func> {
        self.get_export(cx, name)?.into_func()
    }

    /// Returns the function exported as `name` with Rust types.
    ///
    /// # Errors
    ///
    /// Fails if there is no such function or its type differs.
    pub fn get_typed_func<P: WasmParams, R: WasmResults>(
        &self,
        mut cx: impl AsContextMut,
        name: &str,
    ) -> Result<TypedFunc<P, R>, Error> {
        let func = self.get_func(&cx, name);
        let func =
            func.ok_or_else(|| Error::type_mismatch(format!("no function is exported as `{name}`")))?;
        func.typed(&mut cx)
    }

    /// Returns the memory exported as `name`.
    pub fn get_memory(&self, cx: impl AsContext, name: &str) -> Option<Memory> {
        self.get_export(cx, name)?.into_memory()
    }

    /// Returns all exports in the module's order.
    pub fn exports<'a, T: 'static>(
        &self,
        cx: &'a impl AsContext<Data = T>,
    ) -> impl ExactSizeIterator<Item = (&'a str, Extern)> {
        let store = cx.as_context().into_opaque();
        let data = self.data(store);
        let exports = data.info.exports.iter();
        exports.map(|(name, item)| (name.as_str(), extern_of(data, store.id(), *item)))
    }

    fn data(self, store: &StoreOpaque) -> &InstanceData {
        store.check(self.store);
        &store.entities().instances[self.index as usize]
    }
}
