//! From bytes to `ModuleInfo`: wasmparser reads and validates, this file keeps what later steps need.
//! Follows the core specification, "Binary Format: Modules".
//!
//! Function bodies are validated where they are translated, operator by operator.

use wasmparser::{
    CompositeInnerType, ConstExpr as WasmConstExpr, DataKind, ElementItems, ElementKind, ExportSectionReader,
    ExternalKind, FuncToValidate, FunctionBody, KnownCustom, Name, Operator, Parser, Payload, RefType,
    TableInit, TypeRef, TypeSectionReader, ValidPayload, Validator, ValidatorResources,
};

use crate::engine::Config;
use crate::error::{Error, Result};
use crate::index::{FuncIndex, GlobalIndex, MemoryIndex, TableIndex, TagIndex, TypeIndex, to_u32};
use crate::module::{
    ConstExpr, ConstOp, DataSegment, ElemItems, ElemSegment, Import, Item, ModuleInfo, SegmentMode,
};
use crate::types::{FuncType, GlobalType, MemoryType, TableType, ValType};

/// A function body with the means to validate it.
pub(crate) type Body<'a> = (FuncToValidate<ValidatorResources>, FunctionBody<'a>);

/// Decodes a module and validates all of it but the function bodies, which are returned.
pub(crate) fn decode<'a>(wasm: &'a [u8], config: &Config) -> Result<(ModuleInfo, Vec<Body<'a>>)> {
    let mut validator = Validator::new_with_features(config.wasm_features());
    let mut info = ModuleInfo::default();
    let mut bodies = Vec::new();
    let mut parser = Parser::new(0);
    parser.set_features(config.wasm_features());
    for payload in parser.parse_all(wasm) {
        let payload = payload?;
        if let Payload::Version { encoding: wasmparser::Encoding::Component, .. } = payload {
            return Err(Error::new(crate::ErrorKind::Invalid, "a component where a core module is expected"));
        }
        match validator.payload(&payload)? {
            ValidPayload::Func(validate, body) => bodies.push((validate, body)),
            ValidPayload::Ok | ValidPayload::Parser(_) | ValidPayload::End(_) => {}
        }
        section(&mut info, payload)?;
    }
    Ok((info, bodies))
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other payloads are validated and say nothing we keep"
)]
fn section(info: &mut ModuleInfo, payload: Payload<'_>) -> Result<()> {
    match payload {
        Payload::TypeSection(groups) => types_section(info, groups)?,
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
                info.tables.push(table_type(&table.ty)?);
                info.table_inits.push(match table.init {
                    TableInit::RefNull => None,
                    TableInit::Expr(expr) => Some(const_expr(&expr)?),
                });
            }
        }
        Payload::MemorySection(memories) => {
            for memory in memories {
                info.memories.push(memory_type(&memory?)?);
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
                info.globals.push(global_type(&global.ty)?);
                info.global_inits.push(const_expr(&global.init_expr)?);
            }
        }
        Payload::ExportSection(exports) => exports_section(info, exports)?,
        Payload::StartSection { func, .. } => info.start = Some(FuncIndex(func)),
        Payload::ElementSection(segments) => {
            for segment in segments {
                info.elems.push(elem_segment(&segment?)?);
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

fn types_section(info: &mut ModuleInfo, groups: TypeSectionReader<'_>) -> Result<()> {
    for group in groups {
        let group = group?;
        if group.is_explicit_rec_group() && group.types().len() > 1 {
            return Err(Error::unsupported("recursive type groups"));
        }
        for ty in group.into_types() {
            info.types.push(sub_type(&ty)?);
        }
    }
    Ok(())
}

fn exports_section(info: &mut ModuleInfo, exports: ExportSectionReader<'_>) -> Result<()> {
    for export in exports {
        let export = export?;
        let item = match export.kind {
            ExternalKind::Func | ExternalKind::FuncExact => Item::Func(FuncIndex(export.index)),
            ExternalKind::Table => Item::Table(TableIndex(export.index)),
            ExternalKind::Memory => Item::Memory(MemoryIndex(export.index)),
            ExternalKind::Global => Item::Global(GlobalIndex(export.index)),
            ExternalKind::Tag => Item::Tag(TagIndex(export.index)),
        };
        info.export_positions.insert(export.name.to_owned(), info.exports.len());
        info.exports.push((export.name.to_owned(), item));
    }
    Ok(())
}

fn sub_type(ty: &wasmparser::SubType) -> Result<FuncType> {
    // Function types are interned by structure, which is their identity only without these.
    if !ty.is_final || !ty.supertype_idxs.is_empty() {
        return Err(Error::unsupported("subtyping"));
    }
    match &ty.composite_type.inner {
        CompositeInnerType::Func(func) => func_type(func),
        CompositeInnerType::Array(_) => Err(Error::unsupported("array types")),
        CompositeInnerType::Struct(_) => Err(Error::unsupported("struct types")),
        CompositeInnerType::Cont(_) => Err(Error::unsupported("continuation types")),
    }
}

fn func_type(ty: &wasmparser::FuncType) -> Result<FuncType> {
    let list =
        |types: &[wasmparser::ValType]| types.iter().map(|ty| val_type(*ty)).collect::<Result<Vec<_>>>();
    Ok(FuncType { params: list(ty.params())?, results: list(ty.results())? })
}

/// Converts a value type.
///
/// # Errors
///
/// Fails on reference types other than `funcref` and `externref`.
pub(crate) fn val_type(ty: wasmparser::ValType) -> Result<ValType> {
    match ty {
        wasmparser::ValType::I32 => Ok(ValType::I32),
        wasmparser::ValType::I64 => Ok(ValType::I64),
        wasmparser::ValType::F32 => Ok(ValType::F32),
        wasmparser::ValType::F64 => Ok(ValType::F64),
        wasmparser::ValType::V128 => Ok(ValType::V128),
        wasmparser::ValType::Ref(ty) => ref_type(ty),
    }
}

fn ref_type(ty: RefType) -> Result<ValType> {
    match ty {
        RefType::FUNCREF => Ok(ValType::FuncRef),
        RefType::EXTERNREF => Ok(ValType::ExternRef),
        _ => Err(Error::unsupported(format_args!("the reference type {ty}"))),
    }
}

fn memory_type(ty: &wasmparser::MemoryType) -> Result<MemoryType> {
    if ty.shared {
        return Err(Error::unsupported("shared memories"));
    }
    if ty.page_size_log2.is_some_and(|log2| log2 != 16) {
        return Err(Error::unsupported("custom page sizes"));
    }
    Ok(MemoryType { minimum: ty.initial, maximum: ty.maximum, memory64: ty.memory64 })
}

fn table_type(ty: &wasmparser::TableType) -> Result<TableType> {
    if ty.shared {
        return Err(Error::unsupported("shared tables"));
    }
    let element = ref_type(ty.element_type)?;
    Ok(TableType { element, minimum: ty.initial, maximum: ty.maximum, table64: ty.table64 })
}

fn global_type(ty: &wasmparser::GlobalType) -> Result<GlobalType> {
    if ty.shared {
        return Err(Error::unsupported("shared globals"));
    }
    Ok(GlobalType { content: val_type(ty.content_type)?, mutable: ty.mutable })
}

fn import_item(info: &mut ModuleInfo, import: &wasmparser::Import<'_>) -> Result<()> {
    let n = &mut info.n_imported;
    let item = match import.ty {
        TypeRef::Func(ty) | TypeRef::FuncExact(ty) => {
            n.funcs += 1;
            info.funcs.push(TypeIndex(ty));
            Item::Func(FuncIndex(n.funcs - 1))
        }
        TypeRef::Table(ty) => {
            n.tables += 1;
            info.tables.push(table_type(&ty)?);
            Item::Table(TableIndex(n.tables - 1))
        }
        TypeRef::Memory(ty) => {
            n.memories += 1;
            info.memories.push(memory_type(&ty)?);
            Item::Memory(MemoryIndex(n.memories - 1))
        }
        TypeRef::Global(ty) => {
            n.globals += 1;
            info.globals.push(global_type(&ty)?);
            Item::Global(GlobalIndex(n.globals - 1))
        }
        TypeRef::Tag(ty) => {
            n.tags += 1;
            info.tags.push(TypeIndex(ty.func_type_idx));
            Item::Tag(TagIndex(n.tags - 1))
        }
    };
    info.imports.push(Import { module: import.module.to_owned(), name: import.name.to_owned(), item });
    Ok(())
}

fn elem_segment(segment: &wasmparser::Element<'_>) -> Result<ElemSegment> {
    let mode = match &segment.kind {
        ElementKind::Passive => SegmentMode::Passive,
        ElementKind::Declared => SegmentMode::Declared,
        ElementKind::Active { table_index, offset_expr } => {
            SegmentMode::Active(TableIndex(table_index.unwrap_or(0)), const_expr(offset_expr)?)
        }
    };
    let items = match &segment.items {
        ElementItems::Functions(funcs) => {
            let funcs = funcs.clone().into_iter().map(|func| Ok(FuncIndex(func?)));
            ElemItems::Funcs(funcs.collect::<Result<_>>()?)
        }
        ElementItems::Expressions(ty, exprs) => {
            let exprs = exprs.clone().into_iter().map(|expr| const_expr(&expr?));
            ref_type(*ty)?;
            ElemItems::Exprs(exprs.collect::<Result<_>>()?)
        }
    };
    Ok(ElemSegment { mode, items })
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

/// Keeps the names of the module and its functions. A malformed name section is ignored from the point
/// where it is malformed, as the core specification demands of custom sections.
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
