//! The engine's types: recursive groups interned across modules, and which type is a subtype of
//! which. Follows the core specification, "Type Equivalence", "Heap Types: Matching".
//!
//! To compare groups, a reference to a type of the group itself is written as a position in the
//! group, and a reference to any other type as that type's id.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::module::index::to_u32;
use crate::module::types::{FuncType, HeapType, RefType, TypeId, ValType};

/// Ids with this bit name a position in the group being interned.
const IN_GROUP: u32 = 1 << 31;

/// A type of a recursive group (core specification, "Recursive Types").
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct SubType {
    pub(crate) is_final: bool,
    pub(crate) supertype: Option<TypeId>,
    pub(crate) composite: CompositeType,
}

/// What values of a type are made of (core specification, "Composite Types").
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) enum CompositeType {
    Func(FuncType),
    Struct(Vec<FieldType>),
    Array(FieldType),
}

/// A field of a structure or the elements of an array.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct FieldType {
    pub(crate) mutable: bool,
    pub(crate) storage: StorageType,
}

/// How a field is kept.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum StorageType {
    I8,
    I16,
    Val(ValType),
}

impl SubType {
    /// Returns the type that a function type alone defines: final, in a group of its own.
    pub(crate) fn of_func(ty: FuncType) -> Self {
        Self { is_final: true, supertype: None, composite: CompositeType::Func(ty) }
    }
}

/// Returns the id by which a group refers to its own type at `position` before it is interned.
pub(crate) fn in_group(position: u32) -> TypeId {
    TypeId(IN_GROUP | position)
}

/// A type interned in an engine.
#[derive(Debug)]
pub(crate) struct InternedType {
    pub(crate) id: TypeId,
    pub(crate) ty: SubType,
}

impl InternedType {
    /// Returns the function type.
    ///
    /// # Panics
    ///
    /// Panics if it is another composite type, which the validator excludes wherever this is
    /// called.
    pub(crate) fn func(&self) -> &FuncType {
        match &self.ty.composite {
            CompositeType::Func(ty) => ty,
            CompositeType::Struct(_) | CompositeType::Array(_) => panic!("validated: a function type"),
        }
    }

    /// Returns the heap type of references to values of this type.
    pub(crate) fn heap_type(&self) -> HeapType {
        heap_type(&self.ty.composite, self.id)
    }
}

/// Returns the heap type of references to values of a type that has this composite type and id.
pub(crate) fn heap_type(composite: &CompositeType, id: TypeId) -> HeapType {
    match composite {
        CompositeType::Func(_) => HeapType::ConcreteFunc(id),
        CompositeType::Struct(_) => HeapType::ConcreteStruct(id),
        CompositeType::Array(_) => HeapType::ConcreteArray(id),
    }
}

/// The types of an engine, behind a lock.
#[derive(Debug, Default)]
pub(crate) struct TypeRegistry(Mutex<Registry>);

impl TypeRegistry {
    /// Returns the types, locked.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Registry> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the interned type of functions of type `ty`, the same for equal types.
    pub(crate) fn signature(&self, ty: &FuncType) -> Arc<InternedType> {
        Arc::clone(&self.lock().intern(vec![SubType::of_func(ty.clone())])[0])
    }

    /// Returns the type that `id` names.
    pub(crate) fn interned(&self, id: TypeId) -> Arc<InternedType> {
        Arc::clone(self.lock().get(id))
    }
}

/// The types of an engine, which live as long as it does.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    /// First id by group.
    groups: HashMap<Vec<SubType>, TypeId>,
    all: Vec<Arc<InternedType>>,
}

impl Registry {
    /// Returns the types of a group, the same for equal groups. References to types of the group
    /// are `in_group` ids.
    pub(crate) fn intern(&mut self, group: Vec<SubType>) -> &[Arc<InternedType>] {
        let n = group.len();
        let first = match self.groups.get(&group) {
            Some(&first) => first,
            None => {
                let first = TypeId(to_u32(self.all.len()));
                for (position, ty) in (0..).zip(&group) {
                    let (id, ty) = (TypeId(first.0 + position), placed(ty, first));
                    self.all.push(Arc::new(InternedType { id, ty }));
                }
                self.groups.insert(group, first);
                first
            }
        };
        &self.all[first.pos()..first.pos() + n]
    }

    /// Returns the type that `id` names.
    pub(crate) fn get(&self, id: TypeId) -> &Arc<InternedType> {
        &self.all[id.pos()]
    }

    /// Returns whether `sub` is `of` or declares it as a supertype, directly or not.
    pub(crate) fn is_subtype(&self, sub: TypeId, of: TypeId) -> bool {
        let mut at = Some(sub);
        while let Some(id) = at {
            if id == of {
                return true;
            }
            at = self.get(id).ty.supertype;
        }
        false
    }

    /// Returns whether values of type `sub` are values of type `of`.
    pub(crate) fn val_matches(&self, sub: ValType, of: ValType) -> bool {
        match (sub, of) {
            (ValType::Ref(sub), ValType::Ref(of)) => self.ref_matches(sub, of),
            _ => sub == of,
        }
    }

    /// Returns whether references of type `sub` are references of type `of`.
    pub(crate) fn ref_matches(&self, sub: RefType, of: RefType) -> bool {
        (of.nullable || !sub.nullable) && self.heap_matches(sub.heap, of.heap)
    }

    fn heap_matches(&self, sub: HeapType, of: HeapType) -> bool {
        use HeapType as H;
        if sub == of {
            return true;
        }
        if sub.top() != of.top() {
            return false;
        }
        match (sub, of) {
            (H::ConcreteFunc(sub), H::ConcreteFunc(of))
            | (H::ConcreteStruct(sub), H::ConcreteStruct(of))
            | (H::ConcreteArray(sub), H::ConcreteArray(of)) => self.is_subtype(sub, of),
            (H::ConcreteStruct(_), H::Struct) | (H::ConcreteArray(_), H::Array) => true,
            (H::None | H::NoFunc | H::NoExtern | H::NoExn, _) => true,
            (_, H::Func | H::Extern | H::Exn | H::Any) => true,
            (H::I31 | H::Struct | H::Array | H::ConcreteStruct(_) | H::ConcreteArray(_), H::Eq) => true,
            (
                H::Func
                | H::ConcreteFunc(_)
                | H::Extern
                | H::Exn
                | H::Any
                | H::Eq
                | H::I31
                | H::Struct
                | H::ConcreteStruct(_)
                | H::Array
                | H::ConcreteArray(_),
                _,
            ) => false,
        }
    }
}

/// Returns a type of a group whose first type has the id `first`.
fn placed(ty: &SubType, first: TypeId) -> SubType {
    let id = |id: TypeId| if id.0 & IN_GROUP == 0 { id } else { TypeId(first.0 + (id.0 & !IN_GROUP)) };
    let heap = |heap: HeapType| match heap {
        HeapType::ConcreteFunc(i) => HeapType::ConcreteFunc(id(i)),
        HeapType::ConcreteStruct(i) => HeapType::ConcreteStruct(id(i)),
        HeapType::ConcreteArray(i) => HeapType::ConcreteArray(id(i)),
        HeapType::Func
        | HeapType::NoFunc
        | HeapType::Extern
        | HeapType::NoExtern
        | HeapType::Exn
        | HeapType::NoExn
        | HeapType::Any
        | HeapType::Eq
        | HeapType::I31
        | HeapType::Struct
        | HeapType::Array
        | HeapType::None => heap,
    };
    let val = |ty: ValType| match ty {
        ValType::Ref(ty) => ValType::Ref(RefType { heap: heap(ty.heap), ..ty }),
        ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64 | ValType::V128 => ty,
    };
    let vals = |types: &[ValType]| types.iter().map(|&ty| val(ty)).collect::<Vec<_>>();
    let field = |field: &FieldType| {
        let storage = match field.storage {
            StorageType::Val(ty) => StorageType::Val(val(ty)),
            StorageType::I8 | StorageType::I16 => field.storage,
        };
        FieldType { storage, ..*field }
    };
    let composite = match &ty.composite {
        CompositeType::Func(ty) => CompositeType::Func(FuncType::new(vals(&ty.params), vals(&ty.results))),
        CompositeType::Struct(fields) => CompositeType::Struct(fields.iter().map(field).collect()),
        CompositeType::Array(element) => CompositeType::Array(field(element)),
    };
    SubType { is_final: ty.is_final, supertype: ty.supertype.map(id), composite }
}
