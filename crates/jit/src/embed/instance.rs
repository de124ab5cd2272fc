//! Instances: linking, allocation, segments and start.
//! Follows the core specification, "Instantiation".

use crate::embed::external::Extern;
use crate::embed::func::Func;
use crate::embed::instantiate::{allocate, check_imports, copy_segments, extern_of};
use crate::embed::link_error::{InstantiateError, LinkError};
use crate::embed::memory::Memory;
use crate::embed::store::{AsContext, AsContextMut, StoreId, StoreOpaque};
use crate::embed::typed::{TypedFunc, WasmParams, WasmResults};
use crate::engine::module::Module;
use crate::error::Error;
use crate::rt::InstanceData;

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
