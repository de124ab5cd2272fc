//! Runs the code of scenarios on the state machines.

use super::{
    End, Function, Lift, MAX_CALLBACKS, MAX_ELEMENTS, MAX_READS, N_REGISTERS, Outcome, Scenario, Seen, words,
};
use crate::buffer::Buffer;
use crate::canon::{
    AsyncLower, CancelCopy, CanonLift, Copy, EnterImplicitThread, Forward, NextEvent, Operation, Step,
    SubtaskCancel, Switch, SyncLower, WaitableSetWait,
};
use crate::embedding::{Embedding, Handle, Payload};
use crate::ids::{InstanceId, SubtaskId, ThreadId};
use crate::policy::Policy;
use crate::state::{Callee, Caller, EndKind, Event, Lifted, Runner, Store, Suspension, Transfer};
use crate::trap::Trap;
use alloc::rc::Rc;
use alloc::vec;
use alloc::vec::Vec;
use canonical_abi::handles::HandleTable;
use core::cell::RefCell;
use core::fmt::Debug;
use core::marker::PhantomData;

/// A run is given up when it has seen so much.
const MAX_SEEN: usize = 200;

/// The types of scenarios.
#[derive(Debug)]
pub(super) struct Scripted<P>(PhantomData<P>);

impl<P: Policy + Debug> Embedding for Scripted<P> {
    type Continuation = Code;
    type Buffer = Elements;
    type Payload = Numbers;
    type Table = HandleTable<Handle>;
    type Policy = P;
}

/// What passes through streams and futures: numbers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Numbers;

impl Payload for Numbers {
    fn is_none_or_number(&self) -> bool {
        true
    }
}

/// The elements of a read or write. They lie in memory that is shared with the instance.
#[derive(Debug)]
pub(super) struct Elements {
    memory: Rc<RefCell<Vec<u8>>>,
    at: usize,
    progress: u32,
    length: u32,
}

impl Buffer for Elements {
    fn progress(&self) -> u32 {
        self.progress
    }

    fn remain(&self) -> u32 {
        self.length - self.progress
    }
}

/// Suspended code: which, and where it is.
#[derive(Debug)]
pub(super) struct Code {
    pub(super) function: usize,
    /// What the task is passed: an end, by the caller's index.
    pub(super) argument: Option<(EndKind, u32)>,
    pub(super) part: Part,
    /// The next of the part's lines.
    pub(super) line: usize,
    pub(super) doing: Doing,
    /// How often its callback was called.
    n_callbacks: u32,
}

impl Code {
    /// Returns the code of a function's task, or of a thread.
    pub(super) fn new(function: usize, argument: Option<(EndKind, u32)>, part: Part, doing: Doing) -> Self {
        Self { function, argument, part, line: 0, doing, n_callbacks: 0 }
    }

    /// Ends the core function or callback, which returns `packed`.
    pub(super) fn next_event(&mut self, packed: u32) {
        let packed = if self.n_callbacks == MAX_CALLBACKS { 0 } else { packed };
        self.doing = Doing::NextEvent(NextEvent::new(packed));
    }
}

/// Which code of a function.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Part {
    Body,
    Callback,
    /// The body, as the code of a thread of its own.
    Thread,
}

/// What was begun and has not ended.
#[derive(Debug)]
pub(super) enum Doing {
    Nothing,
    Enter(EnterImplicitThread),
    Call { subtask: SubtaskId, lift: CanonLift, is_async: bool, into: usize },
    SyncLower(SyncLower),
    SubtaskCancel(SubtaskCancel),
    SetWait(WaitableSetWait),
    Copy(Copy<Elements>),
    CancelCopy(CancelCopy<Numbers>),
    Forward(Forward<Numbers>),
    Switch(Switch),
    NextEvent(NextEvent),
}

/// What all code of an instance shares.
#[derive(Debug)]
pub(super) struct Guest {
    registers: [u32; N_REGISTERS],
    /// What it has read.
    memory: Rc<RefCell<Vec<u8>>>,
    n_reads: usize,
    n_written: u8,
}

/// Runs the threads of a scenario.
pub(super) struct Machine<'a> {
    pub(super) scenario: &'a Scenario,
    guests: Vec<Guest>,
    seen: Vec<Seen>,
}

/// Why code does not run on.
enum Stop {
    Suspend(Option<ThreadId>),
    Ended,
}

pub(super) fn run<P: Policy + Debug>(scenario: &Scenario, policy: &mut P) -> Outcome {
    let n_instances = scenario.functions.iter().map(|function| function.instance + 1).max().unwrap_or(0);
    let guests = (0..n_instances).map(|_| Guest::new()).collect();
    let mut machine = Machine { scenario, guests, seen: Vec::new() };
    let mut store: Store<Scripted<&mut P>> = Store::new(policy);
    for _ in 0..n_instances {
        store.add_instance(HandleTable::new());
    }
    let end = super::end_of(machine.host(&mut store));
    let end = if machine.seen.len() > MAX_SEEN { End::TooLong } else { end };
    let memories = machine.guests.iter().map(|guest| guest.memory.borrow().clone()).collect();
    Outcome { seen: machine.seen, end, memories }
}

impl Guest {
    fn new() -> Self {
        let memory = vec![0; MAX_READS * MAX_ELEMENTS as usize];
        let memory = Rc::new(RefCell::new(memory));
        Self { registers: [0; N_REGISTERS], memory, n_reads: 0, n_written: 0 }
    }

    /// Returns the place of the next read.
    pub(super) fn place(&mut self, length: u32) -> Elements {
        assert!(length <= MAX_ELEMENTS, "a read has at most MAX_ELEMENTS elements");
        let at = self.n_reads.min(MAX_READS - 1) * MAX_ELEMENTS as usize;
        self.n_reads += 1;
        Elements { memory: Rc::clone(&self.memory), at, progress: 0, length }
    }

    /// Returns the next numbers to write.
    pub(super) fn numbers(&mut self, length: u32) -> Elements {
        assert!(length <= MAX_ELEMENTS, "a write has at most MAX_ELEMENTS elements");
        let numbers: Vec<u8> = (0..length).map(|_| self.number()).collect();
        Elements { memory: Rc::new(RefCell::new(numbers)), at: 0, progress: 0, length }
    }

    fn number(&mut self) -> u8 {
        self.n_written = self.n_written.wrapping_add(1);
        self.n_written
    }
}

impl Machine<'_> {
    /// Calls the first function, and runs what is ready. Returns whether the call has resolved.
    fn host<P: Policy + Debug>(&mut self, store: &mut Store<Scripted<P>>) -> Result<bool, Trap> {
        let mut lift = self.lift(store, 0, Caller::Host(0), None);
        self.drive(store, &mut lift)?;
        let mut is_resolved = false;
        loop {
            for (_, how) in store.take_resolved() {
                assert!(super::is_return(how), "the host cancels nothing");
                self.seen.push(Seen::Resolved);
                is_resolved = true;
            }
            if self.seen.len() > MAX_SEEN || !store.tick(self)? {
                return Ok(is_resolved);
            }
        }
    }

    /// Steps an operation that suspends nothing.
    fn drive<P: Policy + Debug, O: Operation<Scripted<P>>>(
        &mut self,
        store: &mut Store<Scripted<P>>,
        operation: &mut O,
    ) -> Result<O::Output, Trap> {
        loop {
            match operation.step(store)? {
                Step::Done(output) => return Ok(output),
                Step::Resume(thread) => store.resume(self, thread)?,
                Step::Transfer(transfer) => copy(store, transfer),
                Step::Suspend { .. } => unreachable!("the host is not suspended"),
            }
        }
    }

    pub(super) fn lift<P: Policy + Debug>(
        &self,
        store: &mut Store<Scripted<P>>,
        index: usize,
        caller: Caller,
        argument: Option<(EndKind, u32)>,
    ) -> CanonLift {
        let function = &self.scenario.functions[index];
        let lifted = Lifted {
            instance: InstanceId(function.instance),
            is_async_type: function.is_async_type,
            is_async: function.lift != Lift::Sync,
            has_callback: function.lift == Lift::Callback,
        };
        let doing = Doing::Enter(EnterImplicitThread::default());
        let code = Code::new(index, argument, Part::Body, doing);
        CanonLift::new(store, lifted, caller, code)
    }

    fn function(&self, code: &Code) -> &Function {
        &self.scenario.functions[code.function]
    }

    pub(super) fn guest(&mut self, code: &Code) -> &mut Guest {
        let instance = self.function(code).instance;
        &mut self.guests[instance as usize]
    }

    pub(super) fn register(&mut self, code: &Code, register: usize) -> u32 {
        self.guest(code).registers[register]
    }

    pub(super) fn register_mut(&mut self, code: &Code, register: usize) -> &mut u32 {
        &mut self.guest(code).registers[register]
    }

    pub(super) fn result(&mut self, code: &Code, value: u32) {
        self.seen.push(Seen::Result { function: code.function, value: (value, 0, 0) });
    }

    pub(super) fn event(&mut self, code: &Code, event: Event) {
        self.seen.push(Seen::Result { function: code.function, value: words(event) });
    }

    /// Goes on with what code was doing, and then with its next lines.
    fn run_code<P: Policy + Debug>(
        &mut self,
        store: &mut Store<Scripted<P>>,
        code: &mut Code,
    ) -> Result<Stop, Trap> {
        loop {
            if self.seen.len() > MAX_SEEN {
                return Ok(Stop::Suspend(None));
            }
            let asked = match &mut code.doing {
                Doing::Nothing => match self.next_line(store, code)? {
                    Some(stop) => return Ok(stop),
                    None => continue,
                },
                Doing::Enter(operation) => operation.step(store)?.map(Ended::Entered),
                Doing::Call { lift, .. } => lift.step(store)?.map(|_| Ended::Called),
                Doing::SyncLower(operation) => operation.step(store)?.map(|()| Ended::Nothing),
                Doing::SubtaskCancel(operation) => operation.step(store)?.map(Ended::Value),
                Doing::SetWait(operation) => operation.step(store)?.map(Ended::Event),
                Doing::Copy(operation) => operation.step(store)?.map(Ended::Value),
                Doing::CancelCopy(operation) => operation.step(store)?.map(Ended::Value),
                Doing::Forward(operation) => operation.step(store)?.map(|()| Ended::Nothing),
                Doing::Switch(operation) => operation.step(store)?.map(|()| Ended::Nothing),
                Doing::NextEvent(operation) => operation.step(store)?.map(Ended::Next),
            };
            match asked {
                Step::Suspend { switch_to } => return Ok(Stop::Suspend(switch_to)),
                Step::Resume(thread) => store.resume(self, thread)?,
                Step::Transfer(transfer) => copy(store, transfer),
                Step::Done(ended) => {
                    let doing = core::mem::replace(&mut code.doing, Doing::Nothing);
                    if self.ended(store, code, doing, ended)? {
                        return Ok(Stop::Ended);
                    }
                }
            }
        }
    }

    /// Does what follows an operation, and returns whether the thread has ended.
    fn ended<P: Policy + Debug>(
        &mut self,
        store: &mut Store<Scripted<P>>,
        code: &mut Code,
        doing: Doing,
        ended: Ended,
    ) -> Result<bool, Trap> {
        match ended {
            Ended::Nothing => {}
            Ended::Value(value) => self.result(code, value),
            Ended::Event(event) => self.event(code, event),
            Ended::Entered(false) => return Ok(true),
            Ended::Entered(true) => {
                store.start_task(None);
                if let Some(argument) = code.argument.take() {
                    let end = super::ops::lift_argument(store, argument)?;
                    let instance = store.current_instance();
                    *self.register_mut(code, 0) = store.lower_end(instance, end)?;
                }
                self.seen.push(Seen::Begin { function: code.function });
            }
            Ended::Called => self.called(store, code, doing)?,
            Ended::Next(None) => {
                store.exit_implicit_thread()?;
                return Ok(true);
            }
            Ended::Next(Some(event)) => {
                (code.part, code.line) = (Part::Callback, 0);
                code.n_callbacks += 1;
                self.seen.push(Seen::Callback { function: code.function, event: words(event) });
            }
        }
        Ok(false)
    }

    /// A call has come back.
    fn called<P: Policy + Debug>(
        &mut self,
        store: &mut Store<Scripted<P>>,
        code: &mut Code,
        doing: Doing,
    ) -> Result<(), Trap> {
        let Doing::Call { subtask, lift, is_async, into } = doing else { unreachable!("a call has ended") };
        store.called(subtask, Callee::Task(lift.task()));
        if !is_async {
            code.doing = Doing::SyncLower(SyncLower::new(subtask));
            return Ok(());
        }
        let lowered = AsyncLower::new(store, subtask)?;
        if let AsyncLower::Blocked { index, .. } = lowered {
            *self.register_mut(code, into) = index;
        }
        self.result(code, lowered.packed());
        Ok(())
    }

    /// Runs the next line of code, or ends it.
    fn next_line<P: Policy + Debug>(
        &mut self,
        store: &mut Store<Scripted<P>>,
        code: &mut Code,
    ) -> Result<Option<Stop>, Trap> {
        let function = self.function(code);
        let lines = if code.part == Part::Callback { &function.callback } else { &function.body };
        let (lift, line) = (function.lift, lines.get(code.line).copied());
        code.line += 1;
        match line {
            Some(op) => {
                super::ops::begin(self, store, code, op)?;
                Ok(None)
            }
            None => self.end_of_code(store, code, lift),
        }
    }

    fn end_of_code<P: Policy + Debug>(
        &mut self,
        store: &mut Store<Scripted<P>>,
        code: &mut Code,
        lift: Lift,
    ) -> Result<Option<Stop>, Trap> {
        match (code.part, lift) {
            (Part::Thread, _) => store.exit_thread()?,
            (_, Lift::Sync) => {
                store.check_return()?;
                store.resolve_task();
                store.exit_implicit_thread()?;
            }
            (_, Lift::Stackful) => store.exit_implicit_thread()?,
            (_, Lift::Callback) => {
                code.next_event(0);
                return Ok(None);
            }
        }
        Ok(Some(Stop::Ended))
    }
}

/// What an operation ended with.
enum Ended {
    Nothing,
    Value(u32),
    Event(Event),
    Entered(bool),
    Called,
    Next(Option<Event>),
}

impl<P: Policy + Debug> Runner<Scripted<P>> for Machine<'_> {
    fn run(
        &mut self,
        store: &mut Store<Scripted<P>>,
        _: ThreadId,
        mut code: Code,
    ) -> Result<Suspension<Code>, Trap> {
        if code.part == Part::Thread && code.line == 0 && matches!(code.doing, Doing::Nothing) {
            self.seen.push(Seen::Begin { function: code.function });
        }
        Ok(match self.run_code(store, &mut code)? {
            Stop::Ended => Suspension::Ended,
            Stop::Suspend(switch_to) => Suspension::Suspended { cont: code, switch_to },
        })
    }
}

/// Copies elements.
fn copy<P: Policy + Debug>(store: &mut Store<Scripted<P>>, mut transfer: Transfer<Elements>) {
    let n = transfer.n as usize;
    let (from, into) = (&mut transfer.from, &mut transfer.into);
    let start = from.at + from.progress as usize;
    let elements = from.memory.borrow()[start..start + n].to_vec();
    let start = into.at + into.progress as usize;
    into.memory.borrow_mut()[start..start + n].copy_from_slice(&elements);
    from.progress += transfer.n;
    into.progress += transfer.n;
    store.finish_transfer(transfer);
}
