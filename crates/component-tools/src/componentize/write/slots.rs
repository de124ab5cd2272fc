//! Which functions the modules call through the table: those that are there only after their
//! caller.

use std::collections::BTreeMap;

use wasmparser::{FuncType, ValType};

use crate::componentize::core::Extern;
use crate::componentize::matching::{Context, Lower, Matched, Meaning};

/// The function in a slot of the table.
pub(super) enum Slot<'p, 't> {
    /// A function that is lowered for a module.
    Lower { module: usize, lower: &'p Lower<'t> },
    /// A core function of a module.
    Core { module: usize, export: &'p str },
}

/// The slots of the table.
#[derive(Default)]
pub(super) struct Slots<'p, 't> {
    pub(super) types: Vec<FuncType>,
    pub(super) functions: Vec<Slot<'p, 't>>,
    /// The slots of imports, by module and import.
    pub(super) imports: BTreeMap<(usize, usize), usize>,
    /// The slots of destructors, by resource.
    pub(super) dtors: Vec<Option<usize>>,
}

impl<'p, 't> Slots<'p, 't> {
    /// Gives slots to the imports that need the main module's memory or an export of a later
    /// module, and to destructors.
    pub(super) fn new(cx: &Context<'t>, matched: &'p Matched<'t>) -> Self {
        let mut slots = Self::default();
        for (module, meanings) in matched.imports.iter().enumerate() {
            for (import, meaning) in meanings.iter().enumerate() {
                let Extern::Func(ty) = &cx.modules[module].imports[import].ty else { continue };
                let function = match meaning {
                    Meaning::Lower(lower) if lower.needs.memory => Slot::Lower { module, lower },
                    Meaning::Adapter { module, export } => Slot::Core { module: *module, export },
                    Meaning::Lower(_)
                    | Meaning::ResourceDrop(_)
                    | Meaning::ResourceNew(_)
                    | Meaning::ResourceRep(_)
                    | Meaning::Main { .. } => continue,
                };
                let slot = slots.push(ty.clone(), function);
                slots.imports.insert((module, import), slot);
            }
        }
        for resource in &matched.resources {
            let slot = resource.dtor.as_ref().map(|(module, export)| {
                slots.push(FuncType::new([ValType::I32], []), Slot::Core { module: *module, export })
            });
            slots.dtors.push(slot);
        }
        slots
    }

    fn push(&mut self, ty: FuncType, function: Slot<'p, 't>) -> usize {
        self.types.push(ty);
        self.functions.push(function);
        self.functions.len() - 1
    }
}
