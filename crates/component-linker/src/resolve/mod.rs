//! Evaluates a component symbolically: from [`Definitions`] to an [`InstantiationPlan`]. A
//! component that has been resolved answers all questions about its types, and has no code.
//!
//! Definitions are run in order, as an instantiation would (Explainer.md, "Instance Definitions"),
//! in one [`Frame`] per nested instantiation. Functions, modules and types are values of that
//! evaluation: aliases, exports, imports and ascriptions only pass them on, so that nothing of them
//! is left in the plan. Types are values too: value types are interned, each instantiation that
//! defines a resource type makes a new [`ResourceId`].
//!
//! Invariant: after validation no look-up here fails. Should one fail all the same, it is an
//! internal [`Error`].
//!
//! `import` and `fits` call each other: `import` has `fits` check that what is given is of the
//! import's type, and for that `fits` evaluates component and instance types, as `import` does to
//! make what an import stands for.

mod alias;
mod canon;
mod core_types;
mod fault;
mod fits;
mod frame;
mod import;
mod instance;
mod item;
mod lifting;
mod plan;
mod program;
mod resolved;
mod types;

use std::collections::BTreeMap;
use std::rc::Rc;

use canonical_abi::{ResourceId, Types};

use crate::decode::{
    ComponentId, CoreSort, Definition, DefinitionKind, Definitions, ExternType, ModuleId, Sort, SortIdx,
};
use crate::error::{Error, ErrorKind};
use crate::limits::{MAX_DEPTH, MAX_EVALUATED_BYTES, MAX_FRAMES, MAX_STEPS};
use crate::names::Path;
pub(crate) use fault::Fault;
pub(crate) use item::{FoundItem, find_item};
pub use lifting::CanonOptions;
pub(crate) use plan::{
    Builtin, BuiltinDef, CoreDef, FuncDef, ImportedFunc, ImportedFuncId, InstanceId, InstantiationPlan,
    LiftDef, Needs, OptionsDef, Step,
};
pub use plan::{Item, ItemKind, Unsupported};
pub(crate) use program::Program;
pub(crate) use resolved::Resolution;
pub use resolved::ResolvedComponent;

use core_types::CoreTypes;
use frame::{Component, Entity, Exports, Frame, FrameId, Module, Type, get, too_deep};
use plan::ResourceDef;
use program::{Source, SourceId};

/// Evaluates the component of a program. While its root imports modules or components that are not
/// given, the plan describes it and cannot be run.
pub(crate) fn resolve(program: &Program) -> Result<(InstantiationPlan, Types), Fault> {
    let mut resolver = Resolver::new(program);
    let (id, parent) = match given_component(&mut resolver, SourceId(0), 0)? {
        Component::Defined { source: _, id, parent } => (id, parent),
        Component::Imported(_) => {
            return Err(Error::unsupported("an exported import of a component", 0).into());
        }
    };
    let exports = run_component(&mut resolver, SourceId(0), id, parent, Args::Root, 0)?;
    item::export_items(&mut resolver, &exports)?;
    if resolver.plan.is_open {
        resolver.plan.steps.clear();
    }
    Ok((resolver.plan, resolver.types))
}

/// What the evaluation carries along.
struct Resolver<'a> {
    program: &'a Program,
    frames: Vec<Frame<'a>>,
    plan: InstantiationPlan,
    types: Types,
    core_types: CoreTypes,
    depth: u32,
    /// How many instances of components that are not known are being evaluated.
    n_unknown: u32,
    /// Whether the evaluation only checks types.
    is_apart: bool,
    /// Of definitions, evaluated so far.
    n_bytes: u64,
    /// To describe imports and exports, so far.
    n_item_bytes: u64,
    n_core_instances: u32,
    n_builtins: u32,
    n_lifts: u32,
}

impl<'a> Resolver<'a> {
    fn new(program: &'a Program) -> Self {
        Self {
            program,
            frames: Vec::new(),
            plan: InstantiationPlan::default(),
            types: Types::new(),
            core_types: CoreTypes::default(),
            depth: 0,
            n_unknown: 0,
            is_apart: false,
            n_bytes: 0,
            n_item_bytes: 0,
            n_core_instances: 0,
            n_builtins: 0,
            n_lifts: 0,
        }
    }

    fn source(&self, id: SourceId) -> &'a Source {
        &self.program.sources[id.0 as usize]
    }

    fn frame(&self, id: FrameId) -> &Frame<'a> {
        &self.frames[id.0 as usize]
    }

    fn frame_mut(&mut self, id: FrameId) -> &mut Frame<'a> {
        &mut self.frames[id.0 as usize]
    }

    fn push_frame(&mut self, frame: Frame<'a>, offset: u64) -> Result<FrameId, Error> {
        let id = self.frames.len();
        if id >= MAX_FRAMES {
            let message = format!("the component makes more than {MAX_FRAMES} instances and instance types");
            return Err(Error::new(ErrorKind::Limit, message, offset));
        }
        self.frames.push(frame);
        Ok(FrameId(u32::try_from(id).expect("MAX_FRAMES fits")))
    }

    /// Counts definitions that are evaluated.
    fn charge(&mut self, n_bytes: u64, offset: u64) -> Result<(), Error> {
        self.n_bytes += n_bytes;
        if self.n_bytes > MAX_EVALUATED_BYTES {
            let message =
                format!("the component evaluates more than {MAX_EVALUATED_BYTES} bytes of definitions");
            return Err(Error::new(ErrorKind::Limit, message, offset));
        }
        Ok(())
    }

    fn push_step(&mut self, step: Step, offset: u64) -> Result<(), Error> {
        if self.plan.steps.len() == MAX_STEPS {
            let message = format!("the component takes more than {MAX_STEPS} steps to instantiate");
            return Err(Error::new(ErrorKind::Limit, message, offset));
        }
        self.plan.steps.push(step);
        Ok(())
    }

    /// Runs `body` one level deeper.
    fn nested<R>(
        &mut self,
        offset: u64,
        body: impl FnOnce(&mut Self) -> Result<R, Fault>,
    ) -> Result<R, Fault> {
        if self.depth == MAX_DEPTH {
            return Err(too_deep(offset).into());
        }
        self.depth += 1;
        let result = body(self);
        self.depth -= 1;
        result
    }

    /// Runs `body` and forgets all that it has evaluated. Nothing of it may be in what it returns
    /// but types.
    fn apart<R>(&mut self, body: impl FnOnce(&mut Self) -> R) -> R {
        let counts = (self.n_core_instances, self.n_builtins, self.n_lifts, self.n_bytes);
        let (depth, n_unknown, was_apart) = (self.depth, self.n_unknown, self.is_apart);
        let (n_frames, n_resources) = (self.frames.len(), self.plan.resources.len());
        let types = self.types.clone();
        let mut plan = std::mem::take(&mut self.plan);
        self.plan.resources = std::mem::take(&mut plan.resources);
        (self.n_bytes, self.n_unknown, self.is_apart) = (0, n_unknown + 1, true);
        let result = body(self);
        plan.resources = std::mem::take(&mut self.plan.resources);
        plan.resources.truncate(n_resources);
        (self.plan, self.types) = (plan, types);
        self.frames.truncate(n_frames);
        (self.depth, self.n_unknown, self.is_apart) = (depth, n_unknown, was_apart);
        (self.n_core_instances, self.n_builtins, self.n_lifts, self.n_bytes) = counts;
        result
    }

    fn fresh_resource(&mut self, imported: Option<Path>) -> ResourceId {
        let id =
            u32::try_from(self.plan.resources.len()).expect("each frame and definition adds few of them");
        if let Some(name) = imported.as_deref().and_then(<[_]>::last) {
            self.types.name_resource(ResourceId(id), name);
        }
        self.plan.resources.push(ResourceDef { imported });
        ResourceId(id)
    }
}

/// What satisfies the imports of a component.
enum Args<'a> {
    /// Whoever instantiates the root.
    Root,
    /// The arguments of a nested instantiation.
    Given(BTreeMap<&'a str, Entity<'a>>),
    /// What a component type promises, which may not be what the component imports.
    Checked(BTreeMap<&'a str, Entity<'a>>),
}

/// Returns the component that a source is for. Where the source's root exports it, the root is
/// evaluated for what the component closes over: value types, modules and components, no instances.
fn given_component<'a>(
    resolver: &mut Resolver<'a>,
    source: SourceId,
    offset: u64,
) -> Result<Component<'a>, Fault> {
    let Some((last, outer)) = resolver.source(source).exported_at.split_last() else {
        return Ok(Component::Defined { source, id: Definitions::ROOT, parent: None });
    };
    let counts = (resolver.n_core_instances, resolver.n_builtins, resolver.n_lifts);
    let mut plan = std::mem::take(&mut resolver.plan);
    let n_resources = plan.resources.len();
    resolver.plan.resources = std::mem::take(&mut plan.resources);
    let exports = resolver.nested(offset, |resolver| {
        run_component(resolver, source, Definitions::ROOT, None, Args::Root, offset)
    });
    plan.resources = std::mem::take(&mut resolver.plan.resources);
    for resource in &mut plan.resources[n_resources..] {
        resource.imported = None; // nobody is asked for it
    }
    resolver.plan = plan;
    (resolver.n_core_instances, resolver.n_builtins, resolver.n_lifts) = counts;
    let mut instance = Rc::new(exports?);
    for name in outer {
        instance = match instance.get(name) {
            Some(Entity::Instance(inner)) => Rc::clone(inner),
            _ => return Err(Error::internal(format_args!("no exported instance `{name}`"), offset).into()),
        };
    }
    match instance.get(last) {
        Some(Entity::Component(component)) => Ok(*component),
        _ => Err(Error::internal(format_args!("no exported component `{last}`"), offset).into()),
    }
}

/// Evaluates one instantiation of a component definition and returns its exports.
fn run_component<'a>(
    resolver: &mut Resolver<'a>,
    source: SourceId,
    id: ComponentId,
    parent: Option<FrameId>,
    args: Args<'a>,
    offset: u64,
) -> Result<Exports<'a>, Fault> {
    let instance = InstanceId(resolver.plan.n_instances);
    let frame = resolver.push_frame(Frame::new(source, parent, instance), offset)?;
    resolver.plan.n_instances += 1;
    resolver.plan.needs.n_instances += 1;
    let definitions = resolver.source(source).definitions.components.get(id.0 as usize);
    let definitions = definitions.ok_or_else(|| Error::internal("no such component", offset))?;
    let mut exports = Exports::default();
    for definition in definitions {
        run_definition(resolver, frame, &args, &mut exports, definition)?;
    }
    Ok(exports)
}

fn run_definition<'a>(
    resolver: &mut Resolver<'a>,
    frame: FrameId,
    args: &Args<'a>,
    exports: &mut Exports<'a>,
    definition: &'a Definition,
) -> Result<(), Fault> {
    let offset = definition.offset;
    resolver.charge(definition.size_bytes, offset)?;
    match &definition.kind {
        DefinitionKind::CoreModule(ModuleId(id)) => {
            let first = resolver.source(resolver.frame(frame).source).first_module;
            resolver.frame_mut(frame).modules.push(Module::Defined(ModuleId(first.0 + id)));
        }
        DefinitionKind::CoreInstance(instance) => {
            let instance = instance::core_instance(resolver, frame, instance, offset)?;
            resolver.frame_mut(frame).core_instances.push(instance);
        }
        DefinitionKind::CoreType(ty) => types::define_core(resolver, frame, ty, offset)?,
        DefinitionKind::Component(id) => {
            let scope = resolver.frame_mut(frame);
            let component = Component::Defined { source: scope.source, id: *id, parent: Some(frame) };
            scope.components.push(component);
        }
        DefinitionKind::Instance(instance) => {
            let instance = instance::instance(resolver, frame, instance, offset)?;
            resolver.frame_mut(frame).instances.push(instance);
        }
        DefinitionKind::Alias(alias) => alias::alias(resolver, frame, alias, offset)?,
        DefinitionKind::Type(ty) => {
            let ty = types::define(resolver, frame, ty, definition.size_bytes, offset)?;
            resolver.frame_mut(frame).types.push(ty);
        }
        DefinitionKind::Canon(canon) => canon::canon(resolver, frame, canon, offset)?,
        DefinitionKind::Start => {
            return Err(Error::unsupported("a component's start function", offset).into());
        }
        DefinitionKind::Import(import) => {
            let entity = import::import(resolver, frame, args, import, offset)?;
            push_entity(resolver, frame, entity);
        }
        DefinitionKind::Export(export) => {
            // An export passes on what it names and takes the next index of its sort as well.
            let mut entity = entity(resolver.frame(frame), export.sortidx, offset)?;
            if let Entity::Type(Type::Resource(id)) = entity
                && resolver.types.resource_name(id).is_none()
            {
                resolver.types.name_resource(id, &export.name);
            }
            if let Some(ty @ ExternType::Instance(_)) = export.ty
                && resolver.is_apart
            {
                entity = fits::seen_as(resolver, frame, &entity, ty, offset)?;
            }
            exports.insert(&export.name, &export.attributes, entity.clone(), offset)?;
            push_entity(resolver, frame, entity);
        }
    }
    Ok(())
}

/// Returns what an index of a sort names.
fn entity<'a>(frame: &Frame<'a>, sortidx: SortIdx, offset: u64) -> Result<Entity<'a>, Error> {
    let SortIdx { sort, index } = sortidx;
    Ok(match sort {
        Sort::Core(CoreSort::Module) => Entity::Module(get(&frame.modules, index, "module", offset)?),
        Sort::Func => Entity::Func(get(&frame.funcs, index, "function", offset)?),
        Sort::Value => return Err(Error::unsupported("component values", offset)),
        Sort::Type => Entity::Type(get(&frame.types, index, "type", offset)?),
        Sort::Instance => Entity::Instance(get(&frame.instances, index, "instance", offset)?),
        Sort::Component => Entity::Component(get(&frame.components, index, "component", offset)?),
        Sort::Core(
            CoreSort::Func
            | CoreSort::Table
            | CoreSort::Memory
            | CoreSort::Global
            | CoreSort::Tag
            | CoreSort::Type,
        ) => return Err(Error::internal("a core definition outside of a core module", offset)),
    })
}

/// Appends to the index space of the entity's sort.
fn push_entity<'a>(resolver: &mut Resolver<'a>, frame: FrameId, entity: Entity<'a>) {
    let frame = resolver.frame_mut(frame);
    match entity {
        Entity::Module(module) => frame.modules.push(module),
        Entity::Func(func) => frame.funcs.push(func),
        Entity::Type(ty) => frame.types.push(ty),
        Entity::Instance(instance) => frame.instances.push(instance),
        Entity::Component(component) => frame.components.push(component),
    }
}
