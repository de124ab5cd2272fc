//! Types of core modules: which are equal, and which module satisfies which type.
//! Follows the core specification, "Matching", and Explainer.md, "Type Checking".

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use canonical_abi::name::escape;

use super::fault::Fault;
use crate::decode::{
    AbsHeapType, CompType, CoreExport, CoreExternType, CoreImport, CoreLimits, CoreValType, GlobalType,
    HeapType, MemoryType, ModuleDefinition, RecType, RefType, SubType, TableType,
};
use crate::error::Error;

/// Names a core type in [`CoreTypes`]. Equal types have equal ids.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct CoreTypeId(u32);

/// The core types of an evaluation, each recursive group of them once.
#[derive(Debug, Default)]
pub(super) struct CoreTypes {
    /// The first type of each group.
    groups: HashMap<RecType<GroupIndex>, u32>,
    /// By [`CoreTypeId`].
    types: Vec<SubType<CoreTypeId>>,
}

/// How a group names a type: equal groups name all of them equally.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum GroupIndex {
    /// The position of one of the group's own.
    Own(u32),
    Other(CoreTypeId),
}

/// A `core:moduletype`.
#[derive(Debug)]
pub(crate) struct ModuleType {
    pub(super) imports: Vec<CoreImport<CoreTypeId>>,
    pub(super) exports: Vec<CoreExport<CoreTypeId>>,
}

impl CoreTypes {
    /// Adds a group whose types have the indices from `scope.len()` on, and returns the ids of its
    /// types.
    pub(super) fn intern(
        &mut self,
        group: &RecType<u32>,
        scope_len: usize,
        scope: impl Fn(u32) -> Result<CoreTypeId, Error>,
    ) -> Result<Vec<CoreTypeId>, Error> {
        let n_types = id32(group.types.len());
        let scope_len = id32(scope_len);
        let key = group.map(&mut |index| match index.checked_sub(scope_len) {
            None => scope(index).map(GroupIndex::Other),
            Some(own) if own < n_types => Ok(GroupIndex::Own(own)),
            Some(_) => Err(Error::internal(format_args!("core type {index} is not defined"), 0)),
        })?;
        let first = match self.groups.get(&key) {
            Some(first) => *first,
            None => {
                let first = id32(self.types.len());
                let own = |index| match index {
                    GroupIndex::Own(own) => CoreTypeId(first + own),
                    GroupIndex::Other(id) => id,
                };
                let types = key.map(&mut |index| Ok::<_, Error>(own(index)))?.types;
                self.types.extend(types);
                self.groups.insert(key, first);
                first
            }
        };
        Ok((first..first + n_types).map(CoreTypeId).collect())
    }

    /// Returns the type of a module that is defined.
    pub(super) fn module_type(&mut self, module: &ModuleDefinition) -> Result<ModuleType, Error> {
        let mut scope: Vec<CoreTypeId> = Vec::new();
        for group in &module.types {
            let new = self.intern(group, scope.len(), |index| at(&scope, index))?;
            scope.extend(new);
        }
        let imports = module.imports.iter().map(|import| own_import(import, &scope));
        let exports = module.exports.iter().map(|export| own_export(export, &scope));
        Ok(ModuleType {
            imports: imports.collect::<Result<_, Error>>()?,
            exports: exports.collect::<Result<_, Error>>()?,
        })
    }

    /// Checks that a module of type `given` satisfies `expected`: it exports as much or more, and
    /// imports as much or less.
    pub(super) fn check_module(&self, given: &ModuleType, expected: &ModuleType) -> Result<(), Fault> {
        let supplied: BTreeMap<_, _> =
            expected.imports.iter().map(|import| ((&*import.module, &*import.name), import.ty)).collect();
        let mut names = BTreeSet::new();
        for CoreImport { module, name, ty } in &given.imports {
            if !names.insert((module, name)) {
                let why = format!("module has a duplicate import name `{}:{}`", escape(module), escape(name));
                return Err(Fault::unfit(why));
            }
            let Some(supplied) = supplied.get(&(&**module, &**name)) else {
                return Err(Fault::unfit(format!("missing expected import `{}`", import_name(module, name))));
            };
            let place = || format!("type mismatch in import `{}`", import_name(module, name));
            self.check_extern(*supplied, *ty).map_err(|fault| fault.within(place))?;
        }
        let exported: BTreeMap<_, _> =
            given.exports.iter().map(|export| (&*export.name, export.ty)).collect();
        for CoreExport { name, ty } in &expected.exports {
            let Some(exported) = exported.get(&**name) else {
                return Err(Fault::unfit(format!("missing expected export `{}`", escape(name))));
            };
            let place = || format!("type mismatch in export `{}`", escape(name));
            self.check_extern(*exported, *ty).map_err(|fault| fault.within(place))?;
        }
        Ok(())
    }

    fn check_extern(
        &self,
        given: CoreExternType<CoreTypeId>,
        expected: CoreExternType<CoreTypeId>,
    ) -> Result<(), Fault> {
        match (given, expected) {
            (CoreExternType::Func(a), CoreExternType::Func(b)) => {
                check(self.is_subtype(a, b), || "the function is of another type".into())
            }
            (CoreExternType::Table(a), CoreExternType::Table(b)) => check_table(a, b),
            (CoreExternType::Memory(a), CoreExternType::Memory(b)) => check_memory(a, b),
            (CoreExternType::Global(a), CoreExternType::Global(b)) => self.check_global(a, b),
            (CoreExternType::Tag(a), CoreExternType::Tag(b)) => {
                let equal = self.is_subtype(a, b) && self.is_subtype(b, a);
                check(equal, || "the tag is of another type".into())
            }
            (
                given @ (CoreExternType::Func(_)
                | CoreExternType::Table(_)
                | CoreExternType::Memory(_)
                | CoreExternType::Global(_)
                | CoreExternType::Tag(_)),
                expected,
            ) => Err(Fault::unfit(format!("expected {}, found {}", sort(expected), sort(given)))),
        }
    }

    fn check_global(&self, a: GlobalType<CoreTypeId>, b: GlobalType<CoreTypeId>) -> Result<(), Fault> {
        check(a.is_mutable == b.is_mutable, || "global types differ in mutability".into())?;
        check(a.is_shared == b.is_shared, || "mismatch in the shared flag for globals".into())?;
        let is_subtype = self.is_val_subtype(a.content, b.content);
        let fits = is_subtype && (!a.is_mutable || self.is_val_subtype(b.content, a.content));
        check(fits, || "the global is of another type".into())
    }

    fn is_val_subtype(&self, a: CoreValType<CoreTypeId>, b: CoreValType<CoreTypeId>) -> bool {
        match (a, b) {
            (CoreValType::Ref(a), CoreValType::Ref(b)) => self.is_ref_subtype(a, b),
            (
                CoreValType::I32
                | CoreValType::I64
                | CoreValType::F32
                | CoreValType::F64
                | CoreValType::V128
                | CoreValType::Ref(_),
                _,
            ) => a == b,
        }
    }

    fn is_ref_subtype(&self, a: RefType<CoreTypeId>, b: RefType<CoreTypeId>) -> bool {
        if a.is_nullable && !b.is_nullable {
            return false;
        }
        match (a.heap, b.heap) {
            (HeapType::Abstract(a), HeapType::Abstract(b)) => is_abs_subtype(a, b),
            (HeapType::Concrete(a), HeapType::Abstract(b)) => is_abs_subtype(self.top(a), b),
            (HeapType::Abstract(a), HeapType::Concrete(b)) => a == self.bottom(b),
            (HeapType::Concrete(a), HeapType::Concrete(b)) => self.is_subtype(a, b),
        }
    }

    /// Returns whether `a` is `b`, or declares it as a supertype, by way of others or not.
    fn is_subtype(&self, a: CoreTypeId, b: CoreTypeId) -> bool {
        let mut next = Some(a);
        while let Some(ty) = next {
            if ty == b {
                return true;
            }
            next = self.types[ty.0 as usize].supertype;
        }
        false
    }

    /// Returns the least abstract type above a concrete one.
    fn top(&self, ty: CoreTypeId) -> AbsHeapType {
        match self.types[ty.0 as usize].comp_type {
            CompType::Func { .. } => AbsHeapType::Func,
            CompType::Struct(_) => AbsHeapType::Struct,
            CompType::Array(_) => AbsHeapType::Array,
        }
    }

    /// Returns the abstract type below a concrete one.
    fn bottom(&self, ty: CoreTypeId) -> AbsHeapType {
        match self.types[ty.0 as usize].comp_type {
            CompType::Func { .. } => AbsHeapType::NoFunc,
            CompType::Struct(_) | CompType::Array(_) => AbsHeapType::None,
        }
    }
}

/// Returns an import with the ids of its types, whose indices are those of `scope`.
pub(super) fn own_import(
    import: &CoreImport<u32>,
    scope: &[CoreTypeId],
) -> Result<CoreImport<CoreTypeId>, Error> {
    let ty = import.ty.map(&mut |index| at(scope, index))?;
    Ok(CoreImport { module: Arc::clone(&import.module), name: Arc::clone(&import.name), ty })
}

/// Returns an export with the ids of its types, whose indices are those of `scope`.
pub(super) fn own_export(
    export: &CoreExport<u32>,
    scope: &[CoreTypeId],
) -> Result<CoreExport<CoreTypeId>, Error> {
    Ok(CoreExport { name: Arc::clone(&export.name), ty: export.ty.map(&mut |index| at(scope, index))? })
}

/// Returns the type at an index. Validation promises that it is there.
pub(super) fn at(scope: &[CoreTypeId], index: u32) -> Result<CoreTypeId, Error> {
    let id = scope.get(index as usize).copied();
    id.ok_or_else(|| Error::internal(format_args!("core type {index} is not defined"), 0))
}

fn check(holds: bool, why_not: impl FnOnce() -> String) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err(Fault::unfit(why_not())) }
}

fn check_table(a: TableType<CoreTypeId>, b: TableType<CoreTypeId>) -> Result<(), Fault> {
    check(a.element == b.element, || "the elements of the table are of another type".into())?;
    check_limits(a.limits, b.limits, "table")
}

fn check_memory(a: MemoryType, b: MemoryType) -> Result<(), Fault> {
    check(a.page_size_log2 == b.page_size_log2, || "mismatch in page size for memories".into())?;
    check_limits(a.limits, b.limits, "memory")
}

fn check_limits(a: CoreLimits, b: CoreLimits, what: &str) -> Result<(), Fault> {
    check(a.is_shared == b.is_shared, || format!("mismatch in the shared flag of the {what}"))?;
    check(a.is_64 == b.is_64, || format!("mismatch in the index type of the {what}"))?;
    let fits_maximum = match (a.maximum, b.maximum) {
        (_, None) => true,
        (Some(a), Some(b)) => a <= b,
        (None, Some(_)) => false,
    };
    check(a.minimum >= b.minimum && fits_maximum, || format!("mismatch in {what} limits"))
}

fn sort(ty: CoreExternType<CoreTypeId>) -> &'static str {
    match ty {
        CoreExternType::Func(_) => "func",
        CoreExternType::Table(_) => "table",
        CoreExternType::Memory(_) => "memory",
        CoreExternType::Global(_) => "global",
        CoreExternType::Tag(_) => "tag",
    }
}

/// Returns whether an abstract heap type is another one, or below it.
fn is_abs_subtype(a: AbsHeapType, b: AbsHeapType) -> bool {
    use AbsHeapType as T;
    a == b
        || match a {
            T::Any | T::Func | T::Extern | T::Exn => false,
            T::Eq => b == T::Any,
            T::I31 | T::Struct | T::Array => matches!(b, T::Eq | T::Any),
            T::None => matches!(b, T::I31 | T::Struct | T::Array | T::Eq | T::Any),
            T::NoFunc => b == T::Func,
            T::NoExtern => b == T::Extern,
            T::NoExn => b == T::Exn,
        }
}

fn id32(len: usize) -> u32 {
    u32::try_from(len).expect("each type takes bytes of a binary")
}

/// Writes the two names of a core import.
fn import_name(module: &str, name: &str) -> String {
    format!("{}::{}", escape(module), escape(name))
}
