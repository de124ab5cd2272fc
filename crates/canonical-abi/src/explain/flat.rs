//! Why a core function's parameters and results are what they are.
//! Follows CanonicalABI.md, "Flattening".

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use super::bytes::{ByteMap, byte_map_of_fields};
use super::columns::write_columns;
use super::table::{TableStyle, Tabled};
use super::{Budget, View, brief, count, join_path};
use crate::flatten::{CoreFuncType, Direction, flatten_functype};
use crate::options::Options;
use crate::types::despecialize::{Cases, Despecialized, despecialize};
use crate::types::flat::{
    CoreType, MAX_FLAT_ASYNC_PARAMS, MAX_FLAT_PARAMS, MAX_FLAT_RESULTS, flat_count_of_types, flat_types,
};
use crate::types::{FuncType, PtrType, Types, ValType};

/// A core function type with the reason for each of its parameters and results. Its `Display` is a
/// table.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FlattenedFunc {
    /// Which core function it is.
    pub role: Role,
    /// The options.
    pub opts: Options,
    /// The parameters.
    pub params: Vec<CoreSlot>,
    /// The results.
    pub results: Vec<CoreSlot>,
    /// What lies at the pointer to the parameters, if they are spilled.
    pub spilled_params: Option<ByteMap>,
    /// What lies at the pointer to the result, if it is spilled.
    pub spilled_result: Option<ByteMap>,
}

/// The core functions that stand for a component function.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum Role {
    /// The function that a component lifts (`canon lift`).
    Lift,
    /// The function that a component gets by lowering (`canon lower`).
    Lower,
    /// What an asynchronously lifted function calls with its result (`canon task.return`).
    TaskReturn,
    /// The `callback` of an asynchronously lifted function.
    Callback,
}

impl From<Direction> for Role {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Lift => Self::Lift,
            Direction::Lower => Self::Lower,
        }
    }
}

/// A core parameter or result.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CoreSlot {
    /// Its type.
    pub ty: CoreType,
    /// Why it is there.
    pub reason: Reason,
}

/// Why a core parameter or result is there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reason {
    /// It is part of the component function's parameters or result: of one component of them, or of
    /// several cases of a variant, of which a value has one. Some may be missing if there are too
    /// many.
    Flat(Vec<Source>),
    /// It points to the parameters, which flatten to too many core values.
    SpilledParams {
        /// To how many they flatten.
        n_flat: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// It points to the result, which flattens to too many core values: a result of a lifted
    /// function, a parameter, through which the caller says where to, of a lowered one.
    SpilledResult {
        /// To how many it flattens.
        n_flat: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// It tells what an asynchronously lifted function does next: a callback code in the lowest
    /// four bits, above them the index of the waitable set that it waits for.
    CallbackCode,
    /// It tells how far an asynchronous call has come: the state in the lowest four bits, above
    /// them the index of the subtask, unless the call has returned.
    SubtaskState,
    /// It tells a callback what has happened.
    Event(EventPart),
}

/// The parts of the event that a callback is called with (the spec's `EventTuple`).
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum EventPart {
    /// The event code.
    Code,
    /// The index of the waitable that the event is about.
    Waitable,
    /// What the event code says of it: a subtask's state, or how a copy ended.
    Payload,
}

/// A component, or a part of one, that a core value carries.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Source {
    /// Which component: `input.payload`, `mode.some`.
    pub path: String,
    /// What of it: `u32`, `pointer of list<u8>`, `discriminant of option<u8>`.
    pub what: String,
    /// The component's type.
    pub of: ValType,
    /// The core type that it flattens to by itself; joining may have widened it.
    pub ty: CoreType,
}

/// Returns the core type of lifting from or lowering to `ft`, as [`flatten_functype`] does, with
/// the reasons.
pub fn explain_functype(types: &Types, ft: &FuncType, opts: &Options, direction: Direction) -> FlattenedFunc {
    explain_functype_with(View::new(types), ft, opts, direction)
}

/// Returns what [`explain_functype`] does, in this view.
pub fn explain_functype_with(
    view: View<'_>,
    ft: &FuncType,
    opts: &Options,
    direction: Direction,
) -> FlattenedFunc {
    let types = view.types;
    let CoreFuncType { params, results } = flatten_functype(types, ft, opts, direction);
    let (max_params, max_results) = match (opts.is_async, direction) {
        (false, _) => (MAX_FLAT_PARAMS, MAX_FLAT_RESULTS),
        (true, Direction::Lift) => (MAX_FLAT_PARAMS, usize::MAX),
        (true, Direction::Lower) => (MAX_FLAT_ASYNC_PARAMS, 0),
    };
    let result: Vec<_> = ft.result.iter().map(|ty| ("result".to_string(), *ty)).collect();
    let (n_params, n_results) = (flat_count(types, &ft.params), flat_count(types, &result));
    let (spills_params, spills_result) = (n_params > max_params, n_results > max_results);

    let mut param_reasons = if spills_params {
        alloc::vec![Reason::SpilledParams { n_flat: n_params, limit: max_params }]
    } else {
        flat_reasons(view, &ft.params, opts.ptr)
    };
    let mut result_reasons = Vec::new();
    match (opts.is_async, direction) {
        (true, Direction::Lift) if opts.has_callback => result_reasons.push(Reason::CallbackCode),
        (true, Direction::Lift) => {}
        (true, Direction::Lower) => result_reasons.push(Reason::SubtaskState),
        (false, _) if spills_result => {}
        (false, _) => result_reasons = flat_reasons(view, &result, opts.ptr),
    }
    if spills_result {
        let reasons = match direction {
            Direction::Lift => &mut result_reasons,
            Direction::Lower => &mut param_reasons,
        };
        reasons.push(Reason::SpilledResult { n_flat: n_results, limit: max_results });
    }
    let spilled =
        |spills: bool, title, fields: &[_]| spills.then(|| byte_map_of_fields(view, title, fields, opts.ptr));
    FlattenedFunc {
        role: direction.into(),
        opts: *opts,
        spilled_params: spilled(spills_params, PARAMS_IN_MEMORY, &ft.params),
        spilled_result: spilled(spills_result, RESULT_IN_MEMORY, &result),
        params: slots(params, param_reasons),
        results: slots(results, result_reasons),
    }
}

/// The titles of spilled values.
const PARAMS_IN_MEMORY: &str = "parameters in memory";
const RESULT_IN_MEMORY: &str = "result in memory";

/// Returns the core type of `task.return` for an asynchronously lifted function with this result,
/// which it takes as its parameters (CanonicalABI.md, "canon task.return").
pub fn explain_task_return(view: View<'_>, result: Option<ValType>, opts: &Options) -> FlattenedFunc {
    let params = result.map(|ty| ("result".to_string(), ty)).into_iter().collect();
    let ft = FuncType { params, result: None, is_async: false };
    // `task.return` takes the options `memory` and `string-encoding` only.
    let opts = Options { is_async: false, has_callback: false, ..*opts };
    let mut flat = explain_functype_with(view, &ft, &opts, Direction::Lower);
    flat.role = Role::TaskReturn;
    for slot in &mut flat.params {
        if let Reason::SpilledParams { n_flat, limit } = slot.reason {
            slot.reason = Reason::SpilledResult { n_flat, limit };
        }
    }
    flat.spilled_result =
        flat.spilled_params.take().map(|map| ByteMap { ty: RESULT_IN_MEMORY.into(), ..map });
    flat
}

/// Returns the core type of a `callback`, which is the same for all functions (CanonicalABI.md,
/// "`canonopt` Validation").
pub fn explain_callback(opts: &Options) -> FlattenedFunc {
    let slot = |reason| CoreSlot { ty: CoreType::I32, reason };
    let parts = [EventPart::Code, EventPart::Waitable, EventPart::Payload];
    FlattenedFunc {
        role: Role::Callback,
        opts: *opts,
        params: parts.into_iter().map(|part| slot(Reason::Event(part))).collect(),
        results: alloc::vec![slot(Reason::CallbackCode)],
        spilled_params: None,
        spilled_result: None,
    }
}

fn flat_count(types: &Types, fields: &[(String, ValType)]) -> usize {
    let tys: Vec<_> = fields.iter().map(|(_, ty)| *ty).collect();
    flat_count_of_types(types, &tys)
}

fn slots(tys: Vec<CoreType>, reasons: Vec<Reason>) -> Vec<CoreSlot> {
    assert!(tys.len() == reasons.len(), "each core value has its reason");
    tys.into_iter().zip(reasons).map(|(ty, reason)| CoreSlot { ty, reason }).collect()
}

/// Returns the sources of every core value that these fields flatten to.
fn flat_reasons(view: View<'_>, fields: &[(String, ValType)], ptr: PtrType) -> Vec<Reason> {
    let mut walk = Walk { view, ptr, budget: Budget::new(), slots: Vec::new() };
    for (label, ty) in fields {
        let first = walk.slots.len();
        flatten(&mut walk, first, label, *ty);
    }
    walk.slots.into_iter().map(Reason::Flat).collect()
}

struct Walk<'a> {
    view: View<'a>,
    ptr: PtrType,
    budget: Budget,
    slots: Vec<Vec<Source>>,
}

/// Adds the sources of a component whose first core value is number `first`, and returns the number
/// after its last.
fn flatten(w: &mut Walk<'_>, first: usize, path: &str, ty: ValType) -> usize {
    let types = w.view.types;
    let flat = flat_types(types, ty, w.ptr);
    let end = first + flat.len();
    if w.slots.len() < end {
        w.slots.resize_with(end, Vec::new);
    }
    if !w.budget.take() {
        return end;
    }
    let text = brief(w.view, ty);
    match despecialize(types, ty) {
        Despecialized::String | Despecialized::List { length: None, .. } => {
            push(w, first, path, (format!("pointer of {text}"), ty), flat[0]);
            push(w, first + 1, path, (format!("length of {text}"), ty), flat[1]);
        }
        Despecialized::List { element, length: Some(n) } => {
            let mut next = first;
            for i in 0..n {
                next = flatten(w, next, &join_path(path, &format!("[{i}]")), element);
            }
        }
        Despecialized::Record(fields) => {
            let mut next = first;
            for (i, ty) in fields.types().enumerate() {
                next = flatten(w, next, &join_path(path, &fields.label(i)), ty);
            }
        }
        Despecialized::Variant(cases) => {
            push(w, first, path, (format!("discriminant of {text}"), ty), flat[0]);
            flatten_cases(w, first + 1, path, cases);
        }
        Despecialized::Scalar(_) | Despecialized::Handle(_) | Despecialized::Flags(_) => {
            push(w, first, path, (text, ty), flat[0])
        }
    }
    end
}

/// Adds the payloads of all cases, which share core values from number `first`.
fn flatten_cases(w: &mut Walk<'_>, first: usize, path: &str, cases: Cases<'_>) {
    // An enum may have very many cases, none of which has a payload.
    let n_cases = if matches!(cases, Cases::Enum(_)) { 0 } else { cases.len() };
    for i in 0..n_cases {
        if let Some(payload) = cases.payload(i).filter(|_| w.budget.left > 0) {
            flatten(w, first, &join_path(path, cases.label(i)), payload);
        }
    }
}

fn push(w: &mut Walk<'_>, slot: usize, path: &str, (what, of): (String, ValType), ty: CoreType) {
    w.slots[slot].push(Source { path: path.to_string(), what, of, ty });
}

impl FlattenedFunc {
    /// Returns the table of this style.
    pub fn table(&self, style: TableStyle) -> Tabled<'_, Self> {
        Tabled { explained: self, style }
    }
}

impl fmt::Display for FlattenedFunc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table(TableStyle::default()).fmt(f)
    }
}

impl fmt::Display for Tabled<'_, FlattenedFunc> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flat = self.explained;
        let what = match (flat.role, flat.opts.is_async) {
            (Role::Lift, false) => "lifted from",
            (Role::Lift, true) => "asynchronously lifted from",
            (Role::Lower, false) => "lowered to",
            (Role::Lower, true) => "asynchronously lowered to",
            (Role::TaskReturn, _) => "task.return",
            (Role::Callback, _) => "callback",
        };
        let bits = 8 * flat.opts.ptr.size();
        let [params, results] = [&flat.params, &flat.results]
            .map(|slots| slots.iter().map(|slot| slot.ty.name()).collect::<Vec<_>>().join(" "));
        writeln!(f, "{what} ({params}) -> ({results}), with {bits}-bit pointers")?;
        let mut rows = Vec::new();
        push_rows(&mut rows, "param", &flat.params);
        push_rows(&mut rows, "result", &flat.results);
        write_columns(f, 2, [false, false, false, false], &rows)?;
        for map in [&flat.spilled_params, &flat.spilled_result].into_iter().flatten() {
            map.table(self.style).fmt(f)?;
        }
        Ok(())
    }
}

fn push_rows(rows: &mut Vec<[String; 4]>, name: &str, slots: &[CoreSlot]) {
    for (i, slot) in slots.iter().enumerate() {
        let head = [format!("{name} {i}"), slot.ty.to_string()];
        let sources = match &slot.reason {
            Reason::Flat(sources) if !sources.is_empty() => sources,
            Reason::Flat(_)
            | Reason::SpilledParams { .. }
            | Reason::SpilledResult { .. }
            | Reason::CallbackCode
            | Reason::SubtaskState
            | Reason::Event(_) => {
                let [name, ty] = head;
                rows.push([name, ty, String::new(), slot.reason.to_string()]);
                continue;
            }
        };
        for (source, head) in
            sources.iter().zip(core::iter::once(head).chain(core::iter::repeat_with(Default::default)))
        {
            let [name, ty] = head;
            rows.push([name, ty, source.path.clone(), describe(source, slot.ty, sources.len())]);
        }
    }
}

/// Returns what a source is, and how it was joined.
fn describe(source: &Source, joined: CoreType, n_sources: usize) -> String {
    if source.ty != joined {
        format!("{}, joined: {} as {joined}", source.what, source.ty)
    } else if n_sources > 1 {
        format!("{}, joined", source.what)
    } else {
        source.what.clone()
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flat(sources) if sources.is_empty() => f.write_str("… too much to list"),
            Self::Flat(sources) => {
                for (i, source) in sources.iter().enumerate() {
                    write!(f, "{}{} {}", if i == 0 { "" } else { " or " }, source.path, source.what)?;
                }
                Ok(())
            }
            Self::SpilledParams { n_flat, limit } => write!(
                f,
                "pointer to the parameters: they flatten to {}, over the limit of {limit}",
                count(*n_flat as u64, "core value")
            ),
            Self::SpilledResult { n_flat, limit } => write!(
                f,
                "pointer to the result: it flattens to {}, over the limit of {limit}",
                count(*n_flat as u64, "core value")
            ),
            Self::CallbackCode => f.write_str(
                "callback code in bits 0 to 3: 0 exit, 1 yield, 2 wait; above, the waitable set to wait for",
            ),
            Self::SubtaskState => f.write_str(
                "state in bits 0 to 3: 0 starting, 1 started, 2 returned, …; above, the subtask if it has not \
                 returned",
            ),
            Self::Event(EventPart::Code) => f.write_str(
                "event code: 0 none, 1 subtask, 2 stream-read, 3 stream-write, 4 future-read, 5 future-write, \
                 6 task-cancelled",
            ),
            Self::Event(EventPart::Waitable) => f.write_str("the waitable that the event is about"),
            Self::Event(EventPart::Payload) => {
                f.write_str("the subtask's state, or how the copy ended and how much was copied")
            }
        }
    }
}
