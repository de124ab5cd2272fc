//! The steps of instantiation over the type-independent part of a store.
//! Follows the core specification, "Instantiation" and "Import Matching".

use std::sync::Arc;

use crate::embed::external::Extern;
use crate::embed::func::Func;
use crate::embed::global::Global;
use crate::embed::limits;
use crate::embed::link_error::LinkError;
use crate::embed::memory::Memory;
use crate::embed::store::{StoreId, StoreOpaque};
use crate::embed::table::Table;
use crate::embed::tag::Tag;
use crate::embed::trap::{Backtrace, Trap, TrapKind};
use crate::engine::module::Module;
use crate::error::Result;
use crate::module::index::{
    DataIndex, ElemIndex, FuncIndex, GlobalIndex, MemoryIndex, TableIndex, TypeIndex, to_u32,
};
use crate::module::info::{ConstExpr, ConstOp, ElemItems, ModuleInfo, ModuleItem, SegmentMode};
use crate::module::types::{ExternType, limits_match};
use crate::rt::{self, InstanceData, LinearMemory, TableCells, memory_init, table_init};
use crate::vm::layout::{self, GlobalPlace};
use crate::vm::slot::ValRaw;

/// Checks that the imports have the kinds and types that the module expects.
pub(crate) fn check_imports(
    store: &StoreOpaque,
    module: &Module,
    imports: &[Extern],
) -> Result<(), LinkError> {
    let info = module.info();
    if info.imports.len() != imports.len() {
        return Err(LinkError::Count { expected: info.imports.len(), given: imports.len() });
    }
    for (import, &given) in info.imports.iter().zip(imports) {
        if !matches(store, info, given, import.item) {
            return Err(LinkError::IncompatibleType {
                module: import.module.clone(),
                name: import.name.clone(),
                expected: Box::new(info.extern_type(import.item)),
                given: Box::new(type_of(store, given)),
            });
        }
        if let (Extern::Func(given), ModuleItem::Func(func)) = (given, import.item)
            && module.connected_address(func).is_some_and(|code| given.ptr(store).target().0 != code)
        {
            let (module, name) = (import.module.clone(), import.name.clone());
            return Err(LinkError::NotConnected { module, name });
        }
    }
    Ok(())
}

fn type_of(store: &StoreOpaque, item: Extern) -> ExternType {
    match item {
        Extern::Func(i) => ExternType::Func(i.ty_in(store)),
        Extern::Memory(i) => ExternType::Memory(store.entities().memories[i.index(store) as usize].ty()),
        Extern::Table(i) => ExternType::Table(store.entities().tables[i.index(store) as usize].ty()),
        Extern::Global(i) => ExternType::Global(store.entities().globals[i.index(store) as usize].1),
        Extern::Tag(i) => ExternType::Tag(i.ty_in(store)),
    }
}

/// Returns whether `given` fits an import (core specification, "Import Matching").
fn matches(store: &StoreOpaque, info: &ModuleInfo, given: Extern, expected: ModuleItem) -> bool {
    match (given, expected) {
        (Extern::Func(given), ModuleItem::Func(expected)) => {
            let expected = info.types[info.funcs[expected.pos()].pos()].id;
            store.engine().registry().lock().is_subtype(given.ptr(store).sig(), expected)
        }
        (Extern::Tag(given), ModuleItem::Tag(expected)) => {
            store.entities().tags[given.index(store) as usize].ty
                == info.types[info.tags[expected.pos()].pos()].id
        }
        (Extern::Memory(given), ModuleItem::Memory(expected)) => {
            let given = store.entities().memories[given.index(store) as usize].ty();
            let expected = info.memories[expected.pos()];
            given.memory64 == expected.memory64
                && given.page_size_log2 == expected.page_size_log2
                && given.shared == expected.shared
                && limits_match((given.minimum, given.maximum), expected.minimum, expected.maximum)
        }
        (Extern::Table(given), ModuleItem::Table(expected)) => {
            let given = store.entities().tables[given.index(store) as usize].ty();
            let expected = info.tables[expected.pos()];
            given.table64 == expected.table64
                && given.element == expected.element
                && limits_match((given.minimum, given.maximum), expected.minimum, expected.maximum)
        }
        (Extern::Global(given), ModuleItem::Global(expected)) => {
            let given = store.entities().globals[given.index(store) as usize].1;
            let expected = info.globals[expected.pos()];
            let fits = || store.engine().registry().lock().val_matches(given.content, expected.content);
            // A mutable global is written through both types, so that they must be equal.
            given == expected || (!given.mutable && !expected.mutable && fits())
        }
        (
            Extern::Func(_) | Extern::Memory(_) | Extern::Table(_) | Extern::Global(_) | Extern::Tag(_),
            ModuleItem::Func(_)
            | ModuleItem::Memory(_)
            | ModuleItem::Table(_)
            | ModuleItem::Global(_)
            | ModuleItem::Tag(_),
        ) => false,
    }
}

/// Returns the handle of an item of an instance.
pub(crate) fn extern_of(data: &InstanceData, store: StoreId, item: ModuleItem) -> Extern {
    match item {
        ModuleItem::Func(i) => Extern::Func(Func::from_ptr(store, data.func_ref(i))),
        ModuleItem::Memory(i) => Extern::Memory(Memory::from_index(store, data.memories[i.pos()])),
        ModuleItem::Table(i) => Extern::Table(Table::from_index(store, data.tables[i.pos()])),
        ModuleItem::Global(i) => Extern::Global(Global::from_index(store, data.globals[i.pos()])),
        ModuleItem::Tag(i) => Extern::Tag(Tag::from_index(store, data.tags[i.pos()])),
    }
}

/// Adds the instance and all it defines to the store and returns its number; segments are not
/// copied yet.
pub(crate) fn allocate(store: &mut StoreOpaque, module: &Module, imports: &[Extern]) -> Result<u32> {
    let info = module.info();
    let n = info.n_imported;
    // Whatever may be refused comes first, so that a failure leaves no half-made instance.
    let charge = limits::charge_instance(store, module)?;
    let (memories, tables) = match reserve(store, module) {
        Ok(reserved) => reserved,
        Err(error) => {
            charge.refund(store);
            return Err(error);
        }
    };
    let mut data = InstanceData::new(info, *module.layout(), module.lazy_code());
    for &import in imports {
        match import {
            Extern::Func(func) => data.imported_funcs.push(func.ptr(store)),
            Extern::Memory(memory) => data.memories.push(memory.index(store)),
            Extern::Table(table) => data.tables.push(table.index(store)),
            Extern::Global(global) => data.globals.push(global.index(store)),
            Extern::Tag(tag) => data.tags.push(tag.index(store)),
        }
    }
    store.vm_mut().register_code(module.code());
    data.memories.extend(memories.into_iter().map(|memory| store.add_memory(memory)));
    data.tables.extend(tables.into_iter().map(|table| store.add_table(table)));
    for &ty in &info.tags[n.tags as usize..] {
        data.tags.push(store.add_tag(info.types[ty.pos()].id));
    }
    let index = to_u32(store.entities().instances.len());
    fill_block(store, module, &mut data, index);
    init_globals(store, &mut data);
    init_tables(store, &data);
    data.elems = info.elems.iter().map(|segment| elem_words(store, &data, &segment.items)).collect();
    store.add_instance(module, data);
    Ok(index)
}

/// Makes the memories and tables that a module defines.
fn reserve(store: &StoreOpaque, module: &Module) -> Result<(Vec<LinearMemory>, Vec<TableCells>)> {
    let info = module.info();
    let n = info.n_imported;
    let image = |at: usize| module.images().and_then(|images| images[at].as_ref());
    let memories = info.memories[n.memories as usize..].iter().enumerate();
    let memories = memories.map(|(at, &ty)| store.new_memory(ty, image(at))).collect::<Result<_>>()?;
    let tables = info.tables[n.tables as usize..].iter().map(|&ty| store.new_table(ty));
    Ok((memories, tables.collect::<Result<_>>()?))
}

fn fill_block(store: &StoreOpaque, module: &Module, data: &mut InstanceData, index: u32) {
    let InstanceData { info, layout, block, imported_funcs, memories, tables, globals, .. } = data;
    block.set_word(layout::STORE, store.vm().address());
    block.set_word(layout::BUILTINS, rt::builtin_addresses());
    block.set_u32(layout::INSTANCE, index);
    for (func, ptr) in (0..).map(FuncIndex).zip(imported_funcs.iter()) {
        let (code, vmctx) = ptr.target();
        block.set_word(layout.import_code(func), code);
        block.set_word(layout.import_vmctx(func), vmctx);
        let address = usize::try_from(ptr.address()).expect("addresses are 64-bit");
        block.set_word(layout.import_func_ref(func), address);
    }
    for (ty, signature) in (0..).map(TypeIndex).zip(&info.types) {
        block.set_u32(layout.signature(ty), signature.id.0);
    }
    for (memory, &at) in (0..).map(MemoryIndex).zip(memories.iter()) {
        let entity = &store.entities().memories[at as usize];
        block.set_word(layout.memory_base(memory), entity.base_address());
        block.set_word(layout.memory_def(memory), entity.def_address());
    }
    for (table, &at) in (0..).map(TableIndex).zip(tables.iter()) {
        block.set_word(layout.table_def(table), store.entities().tables[at as usize].def_address());
    }
    for (global, &at) in (0..).map(GlobalIndex).zip(globals.iter()) {
        if let GlobalPlace::AddressAt(offset) = layout.global(global) {
            block.set_word(offset, store.entities().globals[at as usize].0.address());
        }
    }
    let vmctx = block.address();
    for position in 0..info.n_defined_funcs() {
        let func = info.func_index_of_code(position as usize);
        let code = module.func_address(position as usize);
        let sig = info.types[info.funcs[func.pos()].pos()].id;
        block.set_func_ref(layout.func_ref(func), code, vmctx, sig);
    }
}

fn init_globals(store: &mut StoreOpaque, data: &mut InstanceData) {
    let (info, layout) = (Arc::clone(&data.info), data.layout);
    for (global, init) in (info.n_imported.globals..).map(GlobalIndex).zip(&info.global_inits) {
        let value = eval(store, data, init);
        let GlobalPlace::Here(offset) = layout.global(global) else {
            unreachable!("a defined global lies in the block");
        };
        let mut cell = data.block.global(offset);
        cell.set(value);
        data.globals.push(store.add_global(cell, info.globals[global.pos()]));
    }
}

fn init_tables(store: &mut StoreOpaque, data: &InstanceData) {
    let info = &data.info;
    for (init, &at) in info.table_inits.iter().zip(&data.tables[info.n_imported.tables as usize..]) {
        if let Some(init) = init {
            let word = eval(store, data, init).to_u64();
            store.entities_mut().tables[at as usize].init(word);
        }
    }
}

fn elem_words(store: &StoreOpaque, data: &InstanceData, items: &ElemItems) -> Vec<u64> {
    match items {
        ElemItems::Funcs(funcs) => funcs.iter().map(|&func| data.func_ref(func).address()).collect(),
        ElemItems::Exprs(exprs) => exprs.iter().map(|expr| eval(store, data, expr).to_u64()).collect(),
    }
}

/// The operands of a constant expression in progress. The top lies apart, so that an expression of
/// one operator, as most are, allocates nothing.
#[derive(Default)]
struct Operands {
    top: Option<ValRaw>,
    below: Vec<ValRaw>,
}

impl Operands {
    fn push(&mut self, value: ValRaw) {
        self.below.extend(self.top.replace(value));
    }

    fn pop(&mut self) -> ValRaw {
        let top = self.top.take().expect("a validated constant expression has its operands");
        self.top = self.below.pop();
        top
    }

    fn binary(&mut self, op: impl Fn(u64, u64) -> u64) -> u64 {
        let (right, left) = (self.pop(), self.pop());
        op(left.to_u64(), right.to_u64())
    }

    #[expect(clippy::cast_possible_truncation, reason = "operands are i32 values, zero-extended")]
    fn binary32(&mut self, op: fn(u32, u32) -> u32) -> u64 {
        self.binary(|left, right| u64::from(op(left as u32, right as u32)))
    }
}

/// Evaluates a constant expression (core specification, "Constant Expressions").
fn eval(store: &StoreOpaque, data: &InstanceData, expr: &ConstExpr) -> ValRaw {
    let mut stack = Operands::default();
    for &op in expr {
        let word = match op {
            ConstOp::I32(v) => u64::from(v.cast_unsigned()),
            ConstOp::I64(v) => v.cast_unsigned(),
            ConstOp::F32(bits) => u64::from(bits),
            ConstOp::F64(bits) => bits,
            ConstOp::V128(bits) => {
                stack.push(ValRaw::from_u128(bits));
                continue;
            }
            ConstOp::RefNull => 0,
            ConstOp::RefFunc(func) => data.func_ref(func).address(),
            ConstOp::GlobalGet(global) => {
                stack.push(store.entities().globals[data.globals[global.pos()] as usize].0.get());
                continue;
            }
            ConstOp::I32Add => stack.binary32(u32::wrapping_add),
            ConstOp::I32Sub => stack.binary32(u32::wrapping_sub),
            ConstOp::I32Mul => stack.binary32(u32::wrapping_mul),
            ConstOp::I64Add => stack.binary(u64::wrapping_add),
            ConstOp::I64Sub => stack.binary(u64::wrapping_sub),
            ConstOp::I64Mul => stack.binary(u64::wrapping_mul),
        };
        stack.push(ValRaw::from_u64(word));
    }
    stack.pop()
}

/// Copies the active segments in order and drops the active and declared ones.
pub(crate) fn copy_segments(store: &mut StoreOpaque, index: u32) -> Result<(), Trap> {
    let module = store.module(index).clone();
    let info = module.info();
    let trap = |kind| Trap::new(kind, Backtrace::default());
    copy_elements(store, index).ok_or_else(|| {
        // The memories must look as if no data had been copied.
        for position in info.n_imported.memories as usize..info.memories.len() {
            let memory = store.entities().instances[index as usize].memories[position];
            if let Err(error) = store.entities_mut().memories[memory as usize].hide_image() {
                return Trap::host(error);
            }
        }
        trap(TrapKind::TableOutOfBounds)
    })?;
    if let Some(images) = module.images() {
        for (image, position) in images.iter().zip(info.n_imported.memories as usize..) {
            let memory = store.entities().instances[index as usize].memories[position];
            if let Some(image) = image {
                store.entities_mut().memories[memory as usize].show(image).map_err(Trap::host)?;
            }
        }
    }
    for (segment, i) in info.data.iter().zip((0..).map(DataIndex)) {
        if let SegmentMode::Active(memory, offset) = &segment.mode {
            if module.images().is_none() {
                let offset = eval(store, &store.entities().instances[index as usize], offset).to_u64();
                memory_init(store.entities_mut(), index, *memory, i, [offset, 0, segment.bytes.len() as u64])
                    .ok_or_else(|| trap(TrapKind::MemoryOutOfBounds))?;
            }
            store.entities_mut().instances[index as usize].dropped_data[i.pos()] = true;
        }
    }
    Ok(())
}

/// Copies the active element segments in order and drops them and the declared ones; `None` is out
/// of bounds.
fn copy_elements(store: &mut StoreOpaque, index: u32) -> Option<()> {
    let module = store.module(index).clone();
    for (segment, i) in module.info().elems.iter().zip((0..).map(ElemIndex)) {
        match &segment.mode {
            SegmentMode::Passive => continue,
            SegmentMode::Declared => {}
            SegmentMode::Active(table, offset) => {
                let offset = eval(store, &store.entities().instances[index as usize], offset).to_u64();
                let len = store.entities().instances[index as usize].elems[i.pos()].len() as u64;
                table_init(store.entities_mut(), index, *table, i, [offset, 0, len])?;
            }
        }
        store.entities_mut().drop_elem(index, i);
    }
    Some(())
}
