//! Linking by name: what satisfies the imports of modules. Follows the core specification,
//! "Instantiation".

use std::collections::HashMap;
use std::sync::Arc;

use crate::embed::external::Extern;
use crate::embed::func::{Func, wrap};
use crate::embed::instance::Instance;
use crate::embed::link_error::{InstantiateError, LinkError};
use crate::embed::store::{AsContext, AsContextMut, Caller, StoreContextMut};
use crate::embed::typed::IntoFunc;
use crate::embed::value::Val;
use crate::engine::Engine;
use crate::engine::module::Module;
use crate::error::{Error, HostError, Result};
use crate::module::types::FuncType;

/// Definitions that satisfy imports, by their two names.
///
/// Host functions of a linker belong to no store: each instantiation makes its own. An item that
/// [`Linker::define`] or [`Linker::instance`] adds belongs to a store, and the linker then works
/// with that store only.
///
/// ```
/// use jit::{Caller, Config, Engine, Linker, Module, Store};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let engine = Engine::new(&Config::new())?;
/// let mut linker = Linker::new(&engine);
/// linker.func_wrap("host", "add", |mut caller: Caller<'_, u32>, n: u32| *caller.data_mut() += n)?;
/// let wasm = wat::parse_str(
///     r#"(module (import "host" "add" (func $add (param i32)))
///         (func (export "run") (call $add (i32.const 40)) (call $add (i32.const 2))))"#,
/// )?;
/// let mut store = Store::new(&engine, 0);
/// let instance = linker.instantiate(&mut store, &Module::new(&engine, &wasm)?)?;
/// instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ())?;
/// assert_eq!(*store.data(), 42);
/// # Ok(())
/// # }
/// ```
pub struct Linker<T: 'static> {
    engine: Engine,
    shadowing: bool,
    modules: HashMap<String, HashMap<String, Definition<T>>>,
}

enum Definition<T: 'static> {
    /// An item of a store.
    Extern(Extern),
    /// A host function, made anew for each store.
    Func(Arc<MakeFunc<T>>),
}

type MakeFunc<T> = dyn Fn(StoreContextMut<'_, T>) -> Func + Send + Sync;

impl<T: 'static> Clone for Definition<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Extern(item) => Self::Extern(*item),
            Self::Func(make) => Self::Func(Arc::clone(make)),
        }
    }
}

impl<T: 'static> Clone for Linker<T> {
    fn clone(&self) -> Self {
        Self { engine: self.engine.clone(), shadowing: self.shadowing, modules: self.modules.clone() }
    }
}

impl<T: 'static> Linker<T> {
    /// Returns a linker without definitions.
    pub fn new(engine: &Engine) -> Self {
        Self { engine: engine.clone(), shadowing: false, modules: HashMap::new() }
    }

    /// Returns the engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Sets whether a definition may replace an earlier one of the same names; it may not unless
    /// set.
    pub fn allow_shadowing(&mut self, allow: bool) -> &mut Self {
        self.shadowing = allow;
        self
    }

    /// Defines an item of a store.
    ///
    /// # Errors
    ///
    /// Fails if the names are taken and shadowing is not allowed.
    pub fn define(&mut self, module: &str, name: &str, item: impl Into<Extern>) -> Result<&mut Self> {
        self.insert(module, name, Definition::Extern(item.into()))
    }

    /// Defines a host function of a type that is known at run time, like [`Func::new`].
    ///
    /// # Errors
    ///
    /// Fails like [`Linker::define`].
    pub fn func_new(
        &mut self,
        module: &str,
        name: &str,
        ty: FuncType,
        f: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<(), HostError> + Send + Sync + 'static,
    ) -> Result<&mut Self> {
        let f = Arc::new(f);
        let make = move |cx: StoreContextMut<'_, T>| {
            let f = Arc::clone(&f);
            Func::new(cx, ty.clone(), move |caller, params, results| f(caller, params, results))
        };
        self.insert(module, name, Definition::Func(Arc::new(make)))
    }

    /// Defines a closure as a host function, like [`Func::wrap`].
    ///
    /// # Errors
    ///
    /// Fails like [`Linker::define`].
    pub fn func_wrap<P: 'static, R: 'static, F: IntoFunc<T, P, R>>(
        &mut self,
        module: &str,
        name: &str,
        f: F,
    ) -> Result<&mut Self> {
        let f = Arc::new(f);
        let make = move |cx: StoreContextMut<'_, T>| wrap(cx, Arc::clone(&f));
        self.insert(module, name, Definition::Func(Arc::new(make)))
    }

    /// Defines all exports of an instance under its name as a module.
    ///
    /// # Errors
    ///
    /// Fails like [`Linker::define`].
    ///
    /// # Panics
    ///
    /// Panics if the instance belongs to another store.
    pub fn instance(
        &mut self,
        cx: impl AsContext<Data = T>,
        module: &str,
        instance: Instance,
    ) -> Result<&mut Self> {
        for (name, item) in instance.exports(&cx) {
            self.insert(module, name, Definition::Extern(item))?;
        }
        Ok(self)
    }

    fn insert(&mut self, module: &str, name: &str, item: Definition<T>) -> Result<&mut Self> {
        let items = self.modules.entry(module.to_owned()).or_default();
        if !self.shadowing && items.contains_key(name) {
            return Err(Error::link(format!("`{module}::{name}` is defined twice")));
        }
        items.insert(name.to_owned(), item);
        Ok(self)
    }

    /// Returns the item that is defined under two names, for this store.
    pub fn get(&self, mut cx: impl AsContextMut<Data = T>, module: &str, name: &str) -> Option<Extern> {
        match self.modules.get(module)?.get(name)? {
            Definition::Extern(item) => Some(*item),
            Definition::Func(make) => Some(make(cx.as_context_mut()).into()),
        }
    }

    /// Links a module with the definitions and instantiates it.
    ///
    /// # Errors
    ///
    /// Fails if an import is not defined, and like [`Instance::new`].
    ///
    /// # Panics
    ///
    /// Panics like [`Instance::new`].
    pub fn instantiate(
        &self,
        mut cx: impl AsContextMut<Data = T>,
        module: &Module,
    ) -> Result<Instance, InstantiateError> {
        // Host functions are made only once all imports are known to be defined.
        for import in module.imports() {
            let items = self.modules.get(import.module);
            if items.is_none_or(|items| !items.contains_key(import.name)) {
                return Err(InstantiateError::Link(LinkError::Unknown {
                    module: import.module.to_owned(),
                    name: import.name.to_owned(),
                    expected: Box::new(import.ty),
                }));
            }
        }
        let found = module.imports().map(|import| {
            self.get(cx.as_context_mut(), import.module, import.name).expect("every import was found above")
        });
        let imports: Vec<_> = found.collect();
        Instance::new(cx, module, &imports)
    }
}
