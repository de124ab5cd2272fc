//! Two small core modules that break the cycle between a core module and its imports.
//!
//! A lowered function needs the module's memory, and the module needs the lowered function to be
//! instantiated. The first module, the shim, exports functions that call through a table. The
//! second one, the fixup, fills the table once all modules are instantiated.

use wasm_encoder::{
    CodeSection, ConstExpr, ElementSection, Elements, EntityType, ExportKind, ExportSection, Function,
    FunctionSection, ImportSection, Module, NameSection, RefType, StartSection, TableSection, TableType,
    TypeSection,
};
use wasmparser::FuncType;

use super::core::encoded;
use super::error::ComponentizeError;

/// The name under which the shim exports the table and the fixup imports it.
pub(super) const TABLE: &str = "$imports";

/// Returns the name of the function that calls through a slot of the table.
pub(super) fn slot_name(slot: usize) -> String {
    slot.to_string()
}

/// Returns the name under which the fixup imports a function to call.
pub(super) fn initializer_name(place: usize) -> String {
    format!("initialize-{place}")
}

fn table_type(n_slots: u64) -> TableType {
    TableType {
        element_type: RefType::FUNCREF,
        table64: false,
        minimum: n_slots,
        maximum: Some(n_slots),
        shared: false,
    }
}

/// Returns the shim: the table, and for each slot a function that calls through it.
pub(super) fn shim(slots: &[FuncType]) -> Result<Module, ComponentizeError> {
    let (mut types, mut functions, mut exports, mut code) =
        (TypeSection::new(), FunctionSection::new(), ExportSection::new(), CodeSection::new());
    for ((slot, ty), index) in slots.iter().enumerate().zip(0..) {
        types.ty().func_type(&encoded(ty)?);
        functions.function(index);
        exports.export(&slot_name(slot), ExportKind::Func, index);
        let mut body = Function::new([]);
        let mut instructions = body.instructions();
        for (param, _) in (0..).zip(ty.params()) {
            instructions.local_get(param);
        }
        let place = i32::try_from(index).expect("a module has fewer imports than 2^31");
        instructions.i32_const(place).call_indirect(0, index).end();
        code.function(&body);
    }
    let mut tables = TableSection::new();
    tables.table(table_type(slots.len() as u64));
    exports.export(TABLE, ExportKind::Table, 0);
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&tables).section(&exports).section(&code);
    module.section(&module_name("lowlift:shim"));
    Ok(module)
}

/// Returns the fixup, which fills the table and then calls `n_initializers` functions.
pub(super) fn fixup(slots: &[FuncType], n_initializers: usize) -> Result<Module, ComponentizeError> {
    let (mut types, mut imports) = (TypeSection::new(), ImportSection::new());
    for ((slot, ty), index) in slots.iter().enumerate().zip(0..) {
        types.ty().func_type(&encoded(ty)?);
        imports.import("", &slot_name(slot), EntityType::Function(index));
    }
    let plain = types.len();
    types.ty().function([], []);
    for place in 0..n_initializers {
        imports.import("", &initializer_name(place), EntityType::Function(plain));
    }
    let n_slots = plain;
    let mut elements = ElementSection::new();
    if n_slots > 0 {
        imports.import("", TABLE, table_type(slots.len() as u64));
        let functions: Vec<u32> = (0..n_slots).collect();
        elements.active(None, &ConstExpr::i32_const(0), Elements::Functions(functions.into()));
    }
    let mut module = Module::new();
    module.section(&types).section(&imports);
    if n_initializers == 0 {
        module.section(&elements).section(&module_name("lowlift:fixup"));
        return Ok(module);
    }
    let mut functions = FunctionSection::new();
    functions.function(plain);
    let start = n_slots + u32::try_from(n_initializers).expect("there is at most one for each module");
    let mut body = Function::new([]);
    let mut instructions = body.instructions();
    for function in n_slots..start {
        instructions.call(function);
    }
    instructions.end();
    let mut code = CodeSection::new();
    code.function(&body);
    module.section(&functions).section(&StartSection { function_index: start });
    if n_slots > 0 {
        module.section(&elements);
    }
    module.section(&code).section(&module_name("lowlift:fixup"));
    Ok(module)
}

/// Returns the section that names a module, for tools that show the parts of a component.
pub(super) fn module_name(name: &str) -> NameSection {
    let mut names = NameSection::new();
    names.module(name);
    names
}
