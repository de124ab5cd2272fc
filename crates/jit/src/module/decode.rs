//! From bytes to [`ModuleInfo`]: wasmparser reads and validates, this file keeps what later steps
//! need. Follows the core specification, "Binary Format: Modules".
//!
//! Function bodies are returned, each with the means to validate it (`module::source` does).

use std::sync::Arc;

use wasmparser::{
    AbstractHeapType, CompositeInnerType, ConstExpr as WasmConstExpr, DataKind, ElementItems, ElementKind,
    ExportSectionReader, ExternalKind, FuncToValidate, FunctionBody, KnownCustom, Name, Operator, Parser,
    Payload, TableInit, TypeRef, TypeSectionReader, ValidPayload, Validator, ValidatorResources,
    WasmFeatures,
};

use crate::error::{Error, Result};
use crate::module::index::{FuncIndex, GlobalIndex, MemoryIndex, TableIndex, TagIndex, TypeIndex, to_u32};
use crate::module::info::{
    ConstExpr, ConstOp, DataSegment, ElemItems, ElemSegment, Import, ModuleInfo, ModuleItem, SegmentMode,
};
use crate::module::registry::{
    self, CompositeType, FieldType, InternedType, StorageType, SubType, TypeRegistry,
};
use crate::module::types::{FuncType, GlobalType, HeapType, MemoryType, RefType, TableType, TypeId, ValType};

/// A function body with the means to validate it.
pub(super) type Body<'a> = (FuncToValidate<ValidatorResources>, FunctionBody<'a>);

/// Decodes a module and validates all of it but the function bodies, which are returned.
pub(super) fn decode<'a>(
    wasm: &'a [u8],
    features: WasmFeatures,
    registry: &TypeRegistry,
) -> Result<(ModuleInfo, Vec<Body<'a>>)> {
    let mut validator = Validator::new_with_features(features);
    let mut info = ModuleInfo::default();
    let mut bodies = Vec::new();
    let mut parser = Parser::new(0);
    parser.set_features(features);
    for payload in parser.parse_all(wasm) {
        let payload = payload?;
        check_encoding(&payload)?;
        match validator.payload(&payload)? {
            ValidPayload::Func(validate, body) => bodies.push((validate, body)),
            ValidPayload::Ok | ValidPayload::Parser(_) | ValidPayload::End(_) => {}
        }
        section(registry, &mut info, payload)?;
    }
    Ok((info, bodies))
}

/// Decodes a module that is valid with these features, and returns its function bodies.
pub(super) fn decode_valid<'a>(
    wasm: &'a [u8],
    features: WasmFeatures,
    registry: &TypeRegistry,
) -> Result<(ModuleInfo, Vec<FunctionBody<'a>>)> {
    let mut info = ModuleInfo::default();
    let mut bodies = Vec::new();
    let mut parser = Parser::new(0);
    parser.set_features(features);
    for payload in parser.parse_all(wasm) {
        let payload = payload?;
        if let Payload::CodeSectionEntry(body) = &payload {
            bodies.push(body.clone());
        }
        section(registry, &mut info, payload)?;
    }
    Ok((info, bodies))
}

/// Fails at the start of a component.
pub(super) fn check_encoding(payload: &Payload<'_>) -> Result<()> {
    if let Payload::Version { encoding: wasmparser::Encoding::Component, .. } = payload {
        return Err(Error::new(crate::ErrorKind::Invalid, "a component where a core module is expected"));
    }
    Ok(())
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other payloads are validated and say nothing we keep"
)]
fn section(registry: &TypeRegistry, info: &mut ModuleInfo, payload: Payload<'_>) -> Result<()> {
    match payload {
        Payload::TypeSection(groups) => types_section(registry, info, groups)?,
        Payload::ImportSection(imports) => {
            for import in imports.into_imports() {
                import_item(info, &import?)?;
            }
        }
        Payload::FunctionSection(funcs) => {
            for ty in funcs {
                info.funcs.push(TypeIndex(ty?));
            }
        }
        Payload::TableSection(tables) => {
            for table in tables {
                let table = table?;
                info.tables.push(table_type(&info.types, &table.ty)?);
                info.table_inits.push(match table.init {
                    TableInit::RefNull => None,
                    TableInit::Expr(expr) => Some(const_expr(&expr)?),
                });
            }
        }
        Payload::MemorySection(memories) => {
            for memory in memories {
                info.memories.push(memory_type(&memory?));
            }
        }
        Payload::TagSection(tags) => {
            for tag in tags {
                info.tags.push(TypeIndex(tag?.func_type_idx));
            }
        }
        Payload::GlobalSection(globals) => {
            for global in globals {
                let global = global?;
                info.globals.push(global_type(&info.types, &global.ty)?);
                info.global_inits.push(const_expr(&global.init_expr)?);
            }
        }
        Payload::ExportSection(exports) => exports_section(info, exports)?,
        Payload::StartSection { func, .. } => info.start = Some(FuncIndex(func)),
        Payload::ElementSection(segments) => {
            for segment in segments {
                info.elems.push(elem_segment(&info.types, &segment?)?);
            }
        }
        Payload::DataSection(segments) => {
            for segment in segments {
                info.data.push(data_segment(&segment?)?);
            }
        }
        Payload::CustomSection(custom) => {
            if let KnownCustom::Name(names) = custom.as_known() {
                names_section(info, names);
            }
        }
        _ => {}
    }
    Ok(())
}

fn types_section(
    registry: &TypeRegistry,
    info: &mut ModuleInfo,
    groups: TypeSectionReader<'_>,
) -> Result<()> {
    for group in groups {
        let group: Vec<_> = group?.into_types().collect();
        let scope = Scope { types: &info.types, group: &group };
        let group = group.iter().map(|ty| sub_type(scope, ty)).collect::<Result<_>>()?;
        info.types.extend_from_slice(registry.lock().intern(group));
    }
    Ok(())
}

fn exports_section(info: &mut ModuleInfo, exports: ExportSectionReader<'_>) -> Result<()> {
    for export in exports {
        let export = export?;
        let item = match export.kind {
            ExternalKind::Func | ExternalKind::FuncExact => ModuleItem::Func(FuncIndex(export.index)),
            ExternalKind::Table => ModuleItem::Table(TableIndex(export.index)),
            ExternalKind::Memory => ModuleItem::Memory(MemoryIndex(export.index)),
            ExternalKind::Global => ModuleItem::Global(GlobalIndex(export.index)),
            ExternalKind::Tag => ModuleItem::Tag(TagIndex(export.index)),
        };
        info.export_positions.insert(export.name.to_owned(), info.exports.len());
        info.exports.push((export.name.to_owned(), item));
    }
    Ok(())
}

/// What type indices mean: types of the module, then those of the group being decoded.
#[derive(Clone, Copy)]
struct Scope<'a> {
    types: &'a [Arc<InternedType>],
    group: &'a [wasmparser::SubType],
}

fn sub_type(scope: Scope<'_>, ty: &wasmparser::SubType) -> Result<SubType> {
    let composite = &ty.composite_type;
    if composite.shared || composite.descriptor_idx.is_some() || composite.describes_idx.is_some() {
        return Err(Error::unsupported("shared types and descriptors"));
    }
    let list = |types: &[wasmparser::ValType]| {
        types.iter().map(|&ty| scoped_val_type(scope, ty)).collect::<Result<Vec<_>>>()
    };
    let composite = match &composite.inner {
        CompositeInnerType::Func(ty) => {
            CompositeType::Func(FuncType::new(list(ty.params())?, list(ty.results())?))
        }
        CompositeInnerType::Struct(ty) => {
            let fields = ty.fields.iter().map(|field| field_type(scope, field));
            CompositeType::Struct(fields.collect::<Result<_>>()?)
        }
        CompositeInnerType::Array(ty) => CompositeType::Array(field_type(scope, &ty.0)?),
        CompositeInnerType::Cont(_) => return Err(Error::unsupported("continuation types")),
    };
    let supertype = ty.supertype_idxs.first().and_then(|index| index.as_module_index());
    let supertype = supertype.map(|index| type_id(scope, index));
    Ok(SubType { is_final: ty.is_final, supertype, composite })
}

fn field_type(scope: Scope<'_>, field: &wasmparser::FieldType) -> Result<FieldType> {
    let storage = match field.element_type {
        wasmparser::StorageType::I8 => StorageType::I8,
        wasmparser::StorageType::I16 => StorageType::I16,
        wasmparser::StorageType::Val(ty) => StorageType::Val(scoped_val_type(scope, ty)?),
    };
    Ok(FieldType { mutable: field.mutable, storage })
}

fn type_id(scope: Scope<'_>, index: u32) -> TypeId {
    match scope.types.get(index as usize) {
        Some(ty) => ty.id,
        None => registry::in_group(index - to_u32(scope.types.len())),
    }
}

/// Converts a value type of a validated module with these types.
///
/// # Errors
///
/// Fails on types of proposals that are not compiled yet.
pub(crate) fn val_type(types: &[Arc<InternedType>], ty: wasmparser::ValType) -> Result<ValType> {
    scoped_val_type(Scope { types, group: &[] }, ty)
}

fn scoped_val_type(scope: Scope<'_>, ty: wasmparser::ValType) -> Result<ValType> {
    match ty {
        wasmparser::ValType::I32 => Ok(ValType::I32),
        wasmparser::ValType::I64 => Ok(ValType::I64),
        wasmparser::ValType::F32 => Ok(ValType::F32),
        wasmparser::ValType::F64 => Ok(ValType::F64),
        wasmparser::ValType::V128 => Ok(ValType::V128),
        wasmparser::ValType::Ref(ty) => scoped_ref_type(scope, ty).map(ValType::Ref),
    }
}

fn ref_type(types: &[Arc<InternedType>], ty: wasmparser::RefType) -> Result<RefType> {
    scoped_ref_type(Scope { types, group: &[] }, ty)
}

fn scoped_ref_type(scope: Scope<'_>, ty: wasmparser::RefType) -> Result<RefType> {
    let unsupported = || Error::unsupported(format_args!("the reference type {ty}"));
    let heap = match ty.heap_type() {
        wasmparser::HeapType::Abstract { shared: false, ty } => abstract_heap_type(ty),
        wasmparser::HeapType::Abstract { shared: true, .. } | wasmparser::HeapType::Exact(_) => None,
        wasmparser::HeapType::Concrete(index) => {
            index.as_module_index().and_then(|index| concrete_heap_type(scope, index))
        }
    };
    Ok(RefType { nullable: ty.is_nullable(), heap: heap.ok_or_else(unsupported)? })
}

fn abstract_heap_type(ty: AbstractHeapType) -> Option<HeapType> {
    Some(match ty {
        AbstractHeapType::Func => HeapType::Func,
        AbstractHeapType::NoFunc => HeapType::NoFunc,
        AbstractHeapType::Extern => HeapType::Extern,
        AbstractHeapType::NoExtern => HeapType::NoExtern,
        AbstractHeapType::Exn => HeapType::Exn,
        AbstractHeapType::NoExn => HeapType::NoExn,
        AbstractHeapType::Any => HeapType::Any,
        AbstractHeapType::Eq => HeapType::Eq,
        AbstractHeapType::I31 => HeapType::I31,
        AbstractHeapType::Struct => HeapType::Struct,
        AbstractHeapType::Array => HeapType::Array,
        AbstractHeapType::None => HeapType::None,
        AbstractHeapType::Cont | AbstractHeapType::NoCont => return None,
    })
}

fn concrete_heap_type(scope: Scope<'_>, index: u32) -> Option<HeapType> {
    let id = type_id(scope, index);
    let Some(position) = (index as usize).checked_sub(scope.types.len()) else {
        return Some(scope.types[index as usize].heap_type());
    };
    match scope.group[position].composite_type.inner {
        CompositeInnerType::Func(_) => Some(HeapType::ConcreteFunc(id)),
        CompositeInnerType::Struct(_) => Some(HeapType::ConcreteStruct(id)),
        CompositeInnerType::Array(_) => Some(HeapType::ConcreteArray(id)),
        CompositeInnerType::Cont(_) => None,
    }
}

fn memory_type(ty: &wasmparser::MemoryType) -> MemoryType {
    let page_size_log2 = ty.page_size_log2.unwrap_or(16);
    MemoryType {
        minimum: ty.initial,
        maximum: ty.maximum,
        memory64: ty.memory64,
        page_size_log2,
        shared: ty.shared,
    }
}

fn table_type(types: &[Arc<InternedType>], ty: &wasmparser::TableType) -> Result<TableType> {
    if ty.shared {
        return Err(Error::unsupported("shared tables"));
    }
    let element = ref_type(types, ty.element_type)?;
    Ok(TableType { element, minimum: ty.initial, maximum: ty.maximum, table64: ty.table64 })
}

fn global_type(types: &[Arc<InternedType>], ty: &wasmparser::GlobalType) -> Result<GlobalType> {
    if ty.shared {
        return Err(Error::unsupported("shared globals"));
    }
    Ok(GlobalType { content: val_type(types, ty.content_type)?, mutable: ty.mutable })
}

fn import_item(info: &mut ModuleInfo, import: &wasmparser::Import<'_>) -> Result<()> {
    let n = &mut info.n_imported;
    let item = match import.ty {
        TypeRef::Func(ty) | TypeRef::FuncExact(ty) => {
            n.funcs += 1;
            info.funcs.push(TypeIndex(ty));
            ModuleItem::Func(FuncIndex(n.funcs - 1))
        }
        TypeRef::Table(ty) => {
            n.tables += 1;
            info.tables.push(table_type(&info.types, &ty)?);
            ModuleItem::Table(TableIndex(n.tables - 1))
        }
        TypeRef::Memory(ty) => {
            n.memories += 1;
            info.memories.push(memory_type(&ty));
            ModuleItem::Memory(MemoryIndex(n.memories - 1))
        }
        TypeRef::Global(ty) => {
            n.globals += 1;
            info.globals.push(global_type(&info.types, &ty)?);
            ModuleItem::Global(GlobalIndex(n.globals - 1))
        }
        TypeRef::Tag(ty) => {
            n.tags += 1;
            info.tags.push(TypeIndex(ty.func_type_idx));
            ModuleItem::Tag(TagIndex(n.tags - 1))
        }
    };
    info.imports.push(Import { module: import.module.to_owned(), name: import.name.to_owned(), item });
    Ok(())
}

fn elem_segment(types: &[Arc<InternedType>], segment: &wasmparser::Element<'_>) -> Result<ElemSegment> {
    let mode = match &segment.kind {
        ElementKind::Passive => SegmentMode::Passive,
        ElementKind::Declared => SegmentMode::Declared,
        ElementKind::Active { table_index, offset_expr } => {
            SegmentMode::Active(TableIndex(table_index.unwrap_or(0)), const_expr(offset_expr)?)
        }
    };
    let (ty, items) = match &segment.items {
        ElementItems::Functions(funcs) => {
            let funcs = funcs.clone().into_iter().map(|func| Ok(FuncIndex(func?)));
            (RefType::FUNCREF, ElemItems::Funcs(funcs.collect::<Result<_>>()?))
        }
        ElementItems::Expressions(ty, exprs) => {
            let exprs = exprs.clone().into_iter().map(|expr| const_expr(&expr?));
            (ref_type(types, *ty)?, ElemItems::Exprs(exprs.collect::<Result<_>>()?))
        }
    };
    Ok(ElemSegment { mode, ty, items })
}

fn data_segment(segment: &wasmparser::Data<'_>) -> Result<DataSegment> {
    let mode = match &segment.kind {
        DataKind::Passive => SegmentMode::Passive,
        DataKind::Active { memory_index, offset_expr } => {
            SegmentMode::Active(MemoryIndex(*memory_index), const_expr(offset_expr)?)
        }
    };
    Ok(DataSegment { mode, bytes: segment.data.to_vec() })
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the validator lets few operators through; the rest is unsupported"
)]
fn const_expr(expr: &WasmConstExpr<'_>) -> Result<ConstExpr> {
    let mut ops = Vec::new();
    for item in expr.get_operators_reader().into_iter_with_offsets() {
        let (op, offset) = item?;
        ops.push(match op {
            Operator::End => break,
            Operator::I32Const { value } => ConstOp::I32(value),
            Operator::I64Const { value } => ConstOp::I64(value),
            Operator::F32Const { value } => ConstOp::F32(value.bits()),
            Operator::F64Const { value } => ConstOp::F64(value.bits()),
            Operator::V128Const { value } => ConstOp::V128(u128::from_le_bytes(*value.bytes())),
            Operator::RefNull { .. } => ConstOp::RefNull,
            Operator::RefFunc { function_index } => ConstOp::RefFunc(FuncIndex(function_index)),
            Operator::GlobalGet { global_index } => ConstOp::GlobalGet(GlobalIndex(global_index)),
            Operator::I32Add => ConstOp::I32Add,
            Operator::I32Sub => ConstOp::I32Sub,
            Operator::I32Mul => ConstOp::I32Mul,
            Operator::I64Add => ConstOp::I64Add,
            Operator::I64Sub => ConstOp::I64Sub,
            Operator::I64Mul => ConstOp::I64Mul,
            other => {
                let what = format!("{other:?} in a constant expression");
                return Err(Error::unsupported(what).at(offset));
            }
        });
    }
    Ok(ops)
}

/// Keeps the names of the module and its functions. A malformed name section is ignored from the
/// point where it is malformed, as the core specification demands of custom sections.
fn names_section(info: &mut ModuleInfo, names: wasmparser::NameSectionReader<'_>) {
    for name in names {
        match name {
            Ok(Name::Module { name, .. }) => info.name = Some(name.to_owned()),
            Ok(Name::Function(names)) => {
                let n_funcs = to_u32(info.funcs.len());
                for naming in names {
                    let Ok(naming) = naming else { return };
                    if naming.index < n_funcs {
                        info.func_names.insert(FuncIndex(naming.index), naming.name.to_owned());
                    }
                }
            }
            Ok(_) => {}
            Err(_) => return,
        }
    }
}
