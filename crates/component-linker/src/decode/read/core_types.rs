//! Types of core modules. Follows Binary.md, "Core Type Definitions".

use std::sync::Arc;

use wasmparser::{AbstractHeapType, CompositeInnerType, ModuleTypeDeclaration, RecGroup, TypeRef};

use super::super::core_types::{
    AbsHeapType, CompType, CoreExport, CoreExternType, CoreImport, CoreLimits, CoreType, CoreValType,
    FieldType, GlobalType, HeapType, MemoryType, ModuleDecl, RecType, RefType, StorageType, SubType,
    TableType,
};
use crate::error::Error;

/// The size of a page is two to the power of this, unless a memory says otherwise.
const PAGE_SIZE_LOG2: u32 = 16;

pub(super) fn core_type(ty: wasmparser::CoreType<'_>) -> Result<CoreType, Error> {
    Ok(match ty {
        wasmparser::CoreType::Rec(group) => CoreType::RecType(rec_type(&group)?),
        wasmparser::CoreType::Module(decls) => {
            CoreType::ModuleType(decls.iter().map(module_decl).collect::<Result<_, Error>>()?)
        }
    })
}

fn module_decl(decl: &ModuleTypeDeclaration<'_>) -> Result<ModuleDecl, Error> {
    Ok(match decl {
        ModuleTypeDeclaration::Type(group) => ModuleDecl::Type(rec_type(group)?),
        ModuleTypeDeclaration::Export { name, ty } => {
            ModuleDecl::Export(CoreExport { name: Arc::from(*name), ty: extern_type(*ty)? })
        }
        ModuleTypeDeclaration::OuterAlias { kind: wasmparser::OuterAliasKind::Type, count, index } => {
            ModuleDecl::OuterType { count: *count, index: *index }
        }
        ModuleTypeDeclaration::Import(decl) => ModuleDecl::Import(import(decl)?),
    })
}

pub(super) fn import(import: &wasmparser::Import<'_>) -> Result<CoreImport<u32>, Error> {
    let ty = extern_type(import.ty)?;
    Ok(CoreImport { module: Arc::from(import.module), name: Arc::from(import.name), ty })
}

fn extern_type(ty: TypeRef) -> Result<CoreExternType<u32>, Error> {
    Ok(match ty {
        TypeRef::Func(index) | TypeRef::FuncExact(index) => CoreExternType::Func(index),
        TypeRef::Table(ty) => CoreExternType::Table(table_type(&ty)?),
        TypeRef::Memory(ty) => CoreExternType::Memory(memory_type(&ty)),
        TypeRef::Global(ty) => CoreExternType::Global(global_type(&ty)?),
        TypeRef::Tag(ty) => CoreExternType::Tag(ty.func_type_idx),
    })
}

pub(super) fn table_type(ty: &wasmparser::TableType) -> Result<TableType<u32>, Error> {
    let element = ref_type(ty.element_type)?;
    let limits =
        CoreLimits { minimum: ty.initial, maximum: ty.maximum, is_64: ty.table64, is_shared: ty.shared };
    Ok(TableType { element, limits })
}

pub(super) fn memory_type(ty: &wasmparser::MemoryType) -> MemoryType {
    let limits =
        CoreLimits { minimum: ty.initial, maximum: ty.maximum, is_64: ty.memory64, is_shared: ty.shared };
    MemoryType { limits, page_size_log2: ty.page_size_log2.unwrap_or(PAGE_SIZE_LOG2) }
}

pub(super) fn global_type(ty: &wasmparser::GlobalType) -> Result<GlobalType<u32>, Error> {
    let content = val_type(ty.content_type)?;
    Ok(GlobalType { content, is_mutable: ty.mutable, is_shared: ty.shared })
}

pub(super) fn rec_type(group: &RecGroup) -> Result<RecType<u32>, Error> {
    Ok(RecType { types: group.types().map(sub_type).collect::<Result<_, Error>>()? })
}

fn sub_type(ty: &wasmparser::SubType) -> Result<SubType<u32>, Error> {
    let composite = &ty.composite_type;
    if composite.shared || composite.descriptor_idx.is_some() || composite.describes_idx.is_some() {
        return Err(unsupported("shared types and descriptors"));
    }
    let list = |types: &[wasmparser::ValType]| {
        types.iter().map(|&ty| val_type(ty)).collect::<Result<Vec<_>, Error>>()
    };
    let comp_type = match &composite.inner {
        CompositeInnerType::Func(ty) => {
            CompType::Func { params: list(ty.params())?, results: list(ty.results())? }
        }
        CompositeInnerType::Struct(ty) => {
            CompType::Struct(ty.fields.iter().map(field_type).collect::<Result<_, Error>>()?)
        }
        CompositeInnerType::Array(ty) => CompType::Array(field_type(&ty.0)?),
        CompositeInnerType::Cont(_) => return Err(unsupported("continuation types")),
    };
    let supertype = ty.supertype_idxs.first().map(|index| type_index(index.unpack())).transpose()?;
    Ok(SubType { is_final: ty.is_final, supertype, comp_type })
}

fn field_type(field: &wasmparser::FieldType) -> Result<FieldType<u32>, Error> {
    let storage = match field.element_type {
        wasmparser::StorageType::I8 => StorageType::I8,
        wasmparser::StorageType::I16 => StorageType::I16,
        wasmparser::StorageType::Val(ty) => StorageType::Val(val_type(ty)?),
    };
    Ok(FieldType { storage, is_mutable: field.mutable })
}

fn val_type(ty: wasmparser::ValType) -> Result<CoreValType<u32>, Error> {
    Ok(match ty {
        wasmparser::ValType::I32 => CoreValType::I32,
        wasmparser::ValType::I64 => CoreValType::I64,
        wasmparser::ValType::F32 => CoreValType::F32,
        wasmparser::ValType::F64 => CoreValType::F64,
        wasmparser::ValType::V128 => CoreValType::V128,
        wasmparser::ValType::Ref(ty) => CoreValType::Ref(ref_type(ty)?),
    })
}

fn ref_type(ty: wasmparser::RefType) -> Result<RefType<u32>, Error> {
    let heap = match ty.heap_type() {
        wasmparser::HeapType::Abstract { shared: false, ty } => HeapType::Abstract(abs_heap_type(ty)?),
        wasmparser::HeapType::Abstract { shared: true, .. } | wasmparser::HeapType::Exact(_) => {
            return Err(unsupported("shared and exact references"));
        }
        wasmparser::HeapType::Concrete(index) => HeapType::Concrete(type_index(index)?),
    };
    Ok(RefType { is_nullable: ty.is_nullable(), heap })
}

fn abs_heap_type(ty: AbstractHeapType) -> Result<AbsHeapType, Error> {
    Ok(match ty {
        AbstractHeapType::Any => AbsHeapType::Any,
        AbstractHeapType::Eq => AbsHeapType::Eq,
        AbstractHeapType::I31 => AbsHeapType::I31,
        AbstractHeapType::Struct => AbsHeapType::Struct,
        AbstractHeapType::Array => AbsHeapType::Array,
        AbstractHeapType::None => AbsHeapType::None,
        AbstractHeapType::Func => AbsHeapType::Func,
        AbstractHeapType::NoFunc => AbsHeapType::NoFunc,
        AbstractHeapType::Extern => AbsHeapType::Extern,
        AbstractHeapType::NoExtern => AbsHeapType::NoExtern,
        AbstractHeapType::Exn => AbsHeapType::Exn,
        AbstractHeapType::NoExn => AbsHeapType::NoExn,
        AbstractHeapType::Cont | AbstractHeapType::NoCont => {
            return Err(unsupported("references to continuations"));
        }
    })
}

fn type_index(index: wasmparser::UnpackedIndex) -> Result<u32, Error> {
    index.as_module_index().ok_or_else(|| Error::internal("a type index that is none of its module", 0))
}

#[cold]
fn unsupported(what: &str) -> Error {
    Error::unsupported(what, 0)
}
