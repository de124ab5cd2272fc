//! A host around a host, which writes down its calls and the steps that the interpreter makes.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::names::{lift_function, load_function, lower_function, store_function, store_string_function};
use super::steps::{
    IsAt, Kind, Open, brief_string, brief_value, core, is_leaf, list_size, range, string_size,
};
use super::{Call, MAX_STEP_BYTES, Place, Step, Trace};
use crate::explain::{Budget, View, brief, count, join_path};
use crate::host::{Access, Begin, End, Host};
use crate::options::{Options, StringEncoding};
use crate::types::despecialize::{Despecialized, despecialize};
use crate::types::flat::flat_count;
use crate::types::layout::layout;
use crate::types::{ResourceId, Types, ValType};

/// Passes every call on and makes a step of it, below the innermost step that is open.
pub(super) struct Recorder<'h, H: Host> {
    host: &'h mut H,
    types: &'h Types,
    opts: Options,
    /// The labels of all values.
    fields: &'h [(String, ValType)],
    /// Each step is part of the one before it.
    open: Vec<Open>,
    done: Vec<Step>,
    budget: Budget,
    n_elided: usize,
    /// How many steps are open that are not written down; they are the innermost.
    n_silent: u32,
}

impl<'h, H: Host> Recorder<'h, H> {
    pub(super) fn new(
        host: &'h mut H,
        types: &'h Types,
        opts: Options,
        fields: &'h [(String, ValType)],
    ) -> Self {
        Self {
            host,
            types,
            opts,
            fields,
            open: Vec::new(),
            done: Vec::new(),
            budget: Budget::new(),
            n_elided: 0,
            n_silent: 0,
        }
    }

    /// Returns the trace. If it ended in a trap, the innermost step that is open is where.
    pub(super) fn finish(mut self, is_trapped: bool) -> Trace {
        if let Some(open) = self.open.last_mut() {
            open.step.is_trapped = is_trapped;
        }
        while !self.open.is_empty() {
            self.close();
        }
        Trace { steps: self.done, n_elided: self.n_elided }
    }

    fn open(&mut self, function: &'static str, path: String, place: Place, kind: Kind) {
        let step = Step {
            function,
            path,
            ty: String::new(),
            place,
            call: None,
            value: None,
            is_trapped: false,
            steps: Vec::new(),
        };
        self.open.push(Open { step, kind, n_parts: 0, case: None });
    }

    fn innermost(&mut self) -> &mut Open {
        self.open.last_mut().expect("a step begins before anything is told about it")
    }

    /// Ends the innermost step.
    fn close(&mut self) {
        let open = self.open.pop().expect("each step begins before it ends");
        match self.open.last_mut() {
            Some(outer) => outer.step.steps.push(open.step),
            None => self.done.push(open.step),
        }
    }

    /// Returns what the component that begins now is a part of.
    fn whole(&mut self) -> &mut Open {
        let is_whole = |open: &&mut Open| !matches!(open.kind, Kind::Other | Kind::StoreString);
        self.open.iter_mut().rev().find(is_whole).expect("a component is a part of something")
    }

    /// Returns the path of the component that begins now.
    fn next_path(&mut self) -> String {
        let (types, fields) = (self.types, self.fields);
        let whole = self.whole();
        let part = whole.n_parts;
        whole.n_parts += 1;
        let index = usize::try_from(part).expect("parts are fewer than bytes of memory");
        let label = match whole.kind {
            Kind::Values => fields[index].0.clone(),
            Kind::Component(ty, _) => match despecialize(types, ty) {
                Despecialized::Record(fields) => fields.label(index).into_owned(),
                Despecialized::Variant(_) => whole.case_label(types).unwrap_or_default(),
                Despecialized::List { .. }
                | Despecialized::Scalar(_)
                | Despecialized::String
                | Despecialized::Flags(_)
                | Despecialized::Handle(_) => format!("[{part}]"),
            },
            Kind::Elements(..) | Kind::Other | Kind::StoreString => format!("[{part}]"),
        };
        join_path(&whole.step.path, &label)
    }

    /// Begins a step about a component.
    fn begin_component(&mut self, ty: ValType, access: Access<'_>, path: String) {
        let (types, shape) = (self.types, despecialize(self.types, ty));
        let size = u64::from(layout(types, ty, self.opts.ptr).size());
        let (function, place, is_at) = match access {
            Access::LiftFlat(flat) => {
                let first = self.position(flat.len());
                let place = match shape {
                    Despecialized::Record(_) | Despecialized::List { length: Some(_), .. } => Place::Nowhere,
                    Despecialized::List { length: None, .. }
                    | Despecialized::Scalar(_)
                    | Despecialized::String
                    | Despecialized::Variant(_)
                    | Despecialized::Flags(_)
                    | Despecialized::Handle(_) => core(first, &flat[..flat_count(types, ty)]),
                };
                (lift_function(shape), place, IsAt::Lifted { first, n_left: flat.len() })
            }
            Access::LowerFlat(first) => (lower_function(shape), Place::Nowhere, IsAt::Lowered { first }),
            Access::Load(ptr) => {
                let place = if is_leaf(types, ty) { self.memory_at(ptr, size) } else { range(ptr, size) };
                (load_function(shape), place, IsAt::Memory { ptr, size })
            }
            Access::Store(ptr) => (store_function(shape), range(ptr, size), IsAt::Memory { ptr, size }),
        };
        self.open(function, path, place, Kind::Component(ty, is_at));
        self.innermost().step.ty = brief(View::new(types), ty);
    }

    /// Returns the position of the core value that is next, where `n_left` are left.
    fn position(&self, n_left: usize) -> usize {
        // The payload of a variant has core values of its own, after the discriminant.
        let is_payload = |open: &Open| open.case.is_some();
        let lifted = self.open.iter().rev().find_map(|open| match open.kind {
            Kind::Component(_, IsAt::Lifted { first, n_left }) => Some((open, first, n_left)),
            Kind::Component(..) | Kind::Values | Kind::Elements(..) | Kind::StoreString | Kind::Other => None,
        });
        match lifted {
            Some((open, first, _)) if is_payload(open) => first + 1,
            Some((_, first, n_left_then)) => first + (n_left_then - n_left),
            None => {
                let all = self.open.first().map(|open| &open.step.place);
                let n_all = if let Some(Place::Core { values, .. }) = all { values.len() } else { n_left };
                n_all - n_left
            }
        }
    }

    /// Begins a step about all values, or about a part of a component that is none itself.
    fn begin_part(&mut self, begin: Begin<'_>) {
        let path = self.open.last().map_or(String::new(), |open| open.step.path.clone());
        let (types, ptr_type) = (self.types, self.opts.ptr);
        let list_size = |element, length| list_size(types, element, ptr_type, length);
        match begin {
            Begin::LiftFlatValues { flat } => {
                self.open("lift_flat_values", path, core(0, flat), Kind::Values)
            }
            Begin::LowerFlatValues => self.open("lower_flat_values", path, Place::Nowhere, Kind::Values),
            Begin::LoadValues { ptr, size_bytes } => {
                self.open("load_record", path, range(ptr, size_bytes), Kind::Values);
            }
            Begin::StoreValues { ptr, size_bytes } => {
                self.open("store_record", path, range(ptr, size_bytes), Kind::Values);
            }
            Begin::LoadInt { ptr, size_bytes } => {
                let place = self.memory_at(ptr, size_bytes.into());
                self.open("load_int", path, place, Kind::Other);
            }
            Begin::StoreInt { ptr, size_bytes } => {
                self.open("store_int", path, range(ptr, size_bytes.into()), Kind::Other);
            }
            Begin::LoadString { ptr, tagged_code_units } => {
                let place =
                    self.memory_at(ptr, string_size(self.opts.string_encoding, ptr_type, tagged_code_units));
                self.open("load_string_from_range", path, place, Kind::Other);
            }
            Begin::StoreString { string } => {
                let function =
                    store_string_function(self.opts.string_encoding, self.host.source_encoding(), string);
                self.open("store_string_into_range", path.clone(), Place::Nowhere, Kind::Other);
                self.open(function, path, Place::Nowhere, Kind::StoreString);
            }
            Begin::LoadList { ptr, length, element } => {
                let place = range(ptr, list_size(element, length));
                self.open("load_list_from_range", path, place, Kind::Other);
                self.innermost().step.value = Some(count(length, "element"));
            }
            Begin::StoreList => self.open("store_list_into_range", path, Place::Nowhere, Kind::Other),
            Begin::LoadElements { ptr, length, element } => {
                let size = list_size(element, length);
                let is_bulk = matches!(element, ValType::Scalar(_));
                let place = if is_bulk { self.memory_at(ptr, size) } else { range(ptr, size) };
                self.open("load_list_from_valid_range", path, place, Kind::Elements(element, length));
            }
            Begin::StoreElements { ptr, length, element } => {
                let place = range(ptr, list_size(element, length));
                let list = self.innermost();
                if list.step.function == "store_list_into_range" {
                    list.step.place = place.clone();
                    list.step.value = Some(count(length, "element"));
                }
                self.open("store_list_into_valid_range", path, place, Kind::Elements(element, length));
            }
            Begin::Value { .. } => unreachable!("a value is a component"),
        }
    }

    /// Ends the innermost step.
    fn end_open(&mut self, end: End<'_>) {
        let types = self.types;
        let place = self.place_at_end(&end);
        let open = self.innermost();
        if let Some(place) = place {
            open.step.place = place;
        }
        let text = match end {
            End::Nothing => None,
            End::Value(value) | End::Flat { value: Some(value), .. } => match open.kind {
                Kind::Component(ty, _) if is_leaf(types, ty) => brief_value(value),
                Kind::Component(_, IsAt::Lowered { .. }) => open.case_label(types),
                Kind::Component(..) | Kind::Values | Kind::Elements(..) | Kind::StoreString | Kind::Other => {
                    None
                }
            },
            End::Flat { value: None, .. } => None,
            End::Pointer(ptr) => Some(format!("pointer {ptr:#x}")),
            End::Length(length) => Some(format!("length {length}")),
            End::Discriminant(case) => self.discriminant_text(case),
            End::Loaded(string) | End::Stored { string, .. } => Some(brief_string(string)),
        };
        if let Some(text) = text {
            self.innermost().step.value = Some(text);
        }
        if let (Kind::StoreString, End::Stored { ptr, tagged_code_units, .. }) = (self.innermost().kind, end)
        {
            self.close();
            let size = string_size(self.opts.string_encoding, self.opts.ptr, tagged_code_units);
            self.innermost().step.place = range(ptr, size);
        }
        self.close();
    }

    /// Returns what the innermost step has written, which is in memory or in core values only now.
    fn place_at_end(&self, end: &End<'_>) -> Option<Place> {
        let open = self.open.last()?;
        match (open.kind, end) {
            (Kind::Values, End::Flat { flat, .. }) => Some(core(0, flat)),
            (Kind::Component(_, IsAt::Lowered { first }), End::Flat { flat, .. }) => Some(core(first, flat)),
            (Kind::Component(ty, IsAt::Memory { ptr, size }), End::Value(_)) if is_leaf(self.types, ty) => {
                Some(self.memory_at(ptr, size))
            }
            (Kind::Elements(element, length), End::Nothing) if open.n_parts == 0 => {
                let Place::Memory { address, .. } = open.step.place else { return None };
                Some(self.memory_at(address, list_size(self.types, element, self.opts.ptr, length)))
            }
            (Kind::StoreString, End::Stored { ptr, tagged_code_units, .. }) => {
                let size = string_size(self.opts.string_encoding, self.opts.ptr, *tagged_code_units);
                Some(self.memory_at(*ptr, size))
            }
            (Kind::Other, End::Pointer(_) | End::Length(_) | End::Discriminant(_)) => {
                let Place::Memory { address, size, .. } = open.step.place else { return None };
                Some(self.memory_at(address, size))
            }
            // Other steps have shown what they read, or write nothing by themselves.
            (_, _) => None,
        }
    }

    /// Returns the text of a discriminant, whose step is within that of the variant.
    fn discriminant_text(&self, case: u32) -> Option<String> {
        let [.., variant, _] = self.open.as_slice() else { return None };
        let Kind::Component(ty, _) = variant.kind else { return None };
        let Despecialized::Variant(cases) = despecialize(self.types, ty) else { return None };
        Some(format!("{} {case}", cases.label(case as usize)))
    }

    /// Returns a place in memory, with as many of its bytes as are shown; none if it does not lie
    /// within the memory.
    fn memory_at(&self, address: u64, size: u64) -> Place {
        let range = usize::try_from(address).ok().zip(usize::try_from(size).ok());
        let range = range.and_then(|(start, size)| Some(start..start.checked_add(size)?));
        let bytes = range.and_then(|range| self.host.memory().get(range)).unwrap_or_default();
        Place::Memory { address, size, bytes: bytes[..bytes.len().min(MAX_STEP_BYTES)].to_vec() }
    }

    /// Makes a step of a call that is over. One that failed is where the trace ends.
    fn record(&mut self, function: &'static str, call: Call, is_trapped: bool) {
        // Components that are not traced make calls too.
        if self.budget.take() {
            self.open(function, String::new(), Place::Nowhere, Kind::Other);
            self.innermost().step.call = Some(call);
            // A step that trapped stays open; `finish` closes it.
            if !is_trapped {
                self.close();
            }
        }
    }

    fn record_handle(
        &mut self,
        function: &'static str,
        (resource, given): (Option<ResourceId>, u32),
        result: &Result<u32, H::Error>,
    ) {
        let result = result.as_ref().ok().copied();
        self.record(function, Call::Handle { resource, given, result }, result.is_none());
    }
}

impl<H: Host> Host for Recorder<'_, H> {
    type Error = H::Error;

    fn memory(&self) -> &[u8] {
        self.host.memory()
    }

    fn memory_mut(&mut self) -> &mut [u8] {
        self.host.memory_mut()
    }

    fn realloc(&mut self, old_ptr: u64, old_size: u64, align: u64, new_size: u64) -> Result<u64, H::Error> {
        let answer = self.host.realloc(old_ptr, old_size, align, new_size);
        let result = answer.as_ref().ok().copied();
        let call = Call::Realloc { old_ptr, old_size, align, new_size, result };
        self.record("realloc", call, result.is_none());
        answer
    }

    fn lift_own(&mut self, rt: ResourceId, index: u32) -> Result<u32, H::Error> {
        let answer = self.host.lift_own(rt, index);
        self.record_handle("lift_own", (Some(rt), index), &answer);
        answer
    }

    fn lift_borrow(&mut self, rt: ResourceId, index: u32) -> Result<u32, H::Error> {
        let answer = self.host.lift_borrow(rt, index);
        self.record_handle("lift_borrow", (Some(rt), index), &answer);
        answer
    }

    fn lower_own(&mut self, rt: ResourceId, rep: u32) -> Result<u32, H::Error> {
        let answer = self.host.lower_own(rt, rep);
        self.record_handle("lower_own", (Some(rt), rep), &answer);
        answer
    }

    fn lower_borrow(&mut self, rt: ResourceId, rep: u32) -> Result<u32, H::Error> {
        let answer = self.host.lower_borrow(rt, rep);
        self.record_handle("lower_borrow", (Some(rt), rep), &answer);
        answer
    }

    fn lift_error_context(&mut self, index: u32) -> Result<u32, H::Error> {
        let answer = self.host.lift_error_context(index);
        self.record_handle("lift_error_context", (None, index), &answer);
        answer
    }

    fn lower_error_context(&mut self, rep: u32) -> Result<u32, H::Error> {
        let answer = self.host.lower_error_context(rep);
        self.record_handle("lower_error_context", (None, rep), &answer);
        answer
    }

    fn lift_stream(&mut self, payload: Option<ValType>, index: u32) -> Result<u32, H::Error> {
        let answer = self.host.lift_stream(payload, index);
        self.record_handle("lift_stream", (None, index), &answer);
        answer
    }

    fn lower_stream(&mut self, payload: Option<ValType>, rep: u32) -> Result<u32, H::Error> {
        let answer = self.host.lower_stream(payload, rep);
        self.record_handle("lower_stream", (None, rep), &answer);
        answer
    }

    fn lift_future(&mut self, payload: Option<ValType>, index: u32) -> Result<u32, H::Error> {
        let answer = self.host.lift_future(payload, index);
        self.record_handle("lift_future", (None, index), &answer);
        answer
    }

    fn lower_future(&mut self, payload: Option<ValType>, rep: u32) -> Result<u32, H::Error> {
        let answer = self.host.lower_future(payload, rep);
        self.record_handle("lower_future", (None, rep), &answer);
        answer
    }

    fn reserve(&mut self, n_bytes: u64) -> Result<(), H::Error> {
        self.host.reserve(n_bytes)
    }

    fn reserve_string(&mut self, n_bytes: u64) -> Result<(), H::Error> {
        self.host.reserve_string(n_bytes)
    }

    fn source_encoding(&self) -> StringEncoding {
        self.host.source_encoding()
    }

    fn string_lifted(&mut self, is_utf16: bool) {
        self.host.string_lifted(is_utf16);
    }

    fn next_string_tag(&mut self) -> Option<bool> {
        self.host.next_string_tag()
    }

    fn consume_bytes(&mut self, n_bytes: u64) -> Result<(), H::Error> {
        self.host.consume_bytes(n_bytes)
    }

    const OBSERVES: bool = true;

    fn n_observed(&self, length: u64) -> u64 {
        if self.n_silent > 0 { 0 } else { length.min(self.budget.left as u64) }
    }

    fn elided(&mut self, n_records: u64) {
        // Parts of what is not traced itself are not counted.
        if self.n_silent == 0 && n_records > 0 {
            self.whole().n_parts += n_records;
            self.n_elided += usize::try_from(n_records).expect("records are fewer than bytes of memory");
        }
    }

    fn begin(&mut self, step: Begin<'_>) {
        if self.n_silent > 0 {
            self.n_silent += 1;
            return;
        }
        let Begin::Value { ty, access } = step else { return self.begin_part(step) };
        if self.budget.take() {
            let path = self.next_path();
            self.begin_component(ty, access, path);
        } else {
            self.whole().n_parts += 1;
            self.n_elided += 1;
            self.n_silent = 1;
        }
    }

    fn case(&mut self, case: u32) {
        if self.n_silent == 0 {
            let types = self.types;
            let open = self.innermost();
            open.case = Some(case);
            if open.reads_flat() {
                let label = open.case_label(types);
                open.step.value = label;
            }
        }
    }

    fn end(&mut self, step: End<'_>) {
        if self.n_silent > 0 {
            self.n_silent -= 1;
        } else {
            self.end_open(step);
        }
    }
}
