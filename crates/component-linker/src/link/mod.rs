//! Linkers: what satisfies the imports of components, by name and by type.
//!
//! A linker has definitions. [`choose`] picks one for an import, [`satisfy`] checks that it is of
//! the import's type, and [`pre`] instantiates a component whose imports are satisfied.

mod choose;
mod definition;
mod instance;
mod linker;
mod pre;
mod satisfy;
mod stub;

pub use definition::HostFuncType;
pub use instance::LinkerInstance;
pub use linker::Linker;
pub use pre::InstancePre;
