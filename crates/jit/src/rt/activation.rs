//! Activations: each is one entry of the host into compiled code, up to its return.
//!
//! The store's state has the registers of the *running* activation at fixed places, where compiled
//! code and the signal handler find them. When a host function that it has called enters compiled
//! code again, the activation is *suspended*: its registers are put on the state's list until the
//! nested one has ended. So the running activation and the suspended ones, innermost last, are one
//! chain of frames on one stack.
//!
//! An activation may also be *parked* with those that it called: the store then runs as if they had
//! never been entered, until they are put back. Suspending a call that runs on a stack of its own
//! needs this. The frames of a parked chain stay where they are in the meantime, and what they hold
//! are roots of collection as before.
//!
//! The contract for code that gives calls stacks of their own:
//!
//! - It parks and unparks in a host function that the running activation has called, on that
//!   activation's stack, and does not return to compiled code in between but by unparking.
//! - The stack of a parked activation stays mapped and unchanged until it is unparked.
//! - A parked chain is unparked where its outermost activation may return to: its entry has to find
//!   the state as it left it, with that activation as the running one.
//! - An activation's stack limit is that of the stack it runs on, and moves with it.
//! - A parked chain that is abandoned is unparked and left like a trap leaves it, so that its
//!   frames end.

use std::ptr;

use super::state::VmStore;

/// The registers of an activation, in the order in which compiled code finds them at the start of
/// [`VmStore`].
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Activation {
    /// Lowest stack address that wasm functions may use.
    pub(super) stack_limit: usize,
    /// Frame pointer of the trampoline through which wasm last left to the host.
    pub(super) exit_fp: usize,
    /// Frame pointer of the trampoline through which the host entered wasm; zero if nothing runs.
    pub(super) entry_fp: usize,
    /// Stack pointer of that trampoline at its call.
    pub(super) entry_sp: usize,
    /// Where that trampoline continues after a trap.
    pub(super) handler_pc: usize,
}

/// An activation that has called a host function, and waits for it.
#[derive(Clone, Copy)]
pub(super) struct Suspended {
    pub(super) activation: Activation,
    /// What `VmStore::inner` is while it runs.
    inner: *mut (),
}

/// Activations that are put aside, outermost first.
///
/// Invariant: there is at least one.
pub(crate) struct Parked(Vec<Suspended>);

/// Names a parked chain of a store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ParkedId(usize);

impl Parked {
    /// Returns the activations, innermost first.
    pub(super) fn innermost_first(&self) -> impl Iterator<Item = Activation> {
        self.0.iter().rev().map(|suspended| suspended.activation)
    }
}

impl VmStore {
    /// Returns whether an activation runs.
    #[inline]
    pub(super) fn runs(&self) -> bool {
        self.running.entry_fp != 0
    }

    /// Suspends the running activation below one that is about to begin.
    #[inline]
    pub(super) fn suspend(&mut self) {
        self.suspended.push(Suspended { activation: self.running, inner: self.inner });
    }

    /// Makes the innermost suspended activation the running one, whose nested one has ended.
    #[inline]
    pub(super) fn resume(&mut self) {
        let Suspended { activation, inner } = self.suspended.pop().expect("what was suspended is there");
        (self.running, self.inner) = (activation, inner);
    }

    /// Notes that nothing runs.
    #[inline]
    pub(super) fn rest(&mut self) {
        self.running.entry_fp = 0;
        self.inner = ptr::null_mut();
    }

    /// Returns the suspended activations, innermost first.
    pub(super) fn suspended_innermost_first(&self) -> impl Iterator<Item = Activation> {
        self.suspended.iter().rev().map(|suspended| suspended.activation)
    }

    /// Takes the running activation off the chain, with those that it was entered from up to
    /// position `from`, and keeps them.
    ///
    /// # Safety
    ///
    /// The contract of this file holds.
    #[cfg_attr(not(test), expect(dead_code, reason = "for calls that wait on stacks of their own"))]
    pub(super) unsafe fn park(&mut self, from: usize) -> ParkedId {
        assert!(self.runs(), "an activation runs");
        self.suspend();
        let chain = Parked(self.suspended.split_off(from));
        assert!(!chain.0.is_empty(), "the chain has the running activation");
        match self.suspended.is_empty() {
            true => self.rest(),
            false => self.resume(),
        }
        let free = self.parked.iter().position(Option::is_none);
        let at = free.unwrap_or(self.parked.len());
        if at == self.parked.len() {
            self.parked.push(None);
        }
        self.parked[at] = Some(chain);
        ParkedId(at)
    }

    /// Puts a parked chain back on top of the running activation, if there is one; its innermost
    /// activation runs.
    ///
    /// # Safety
    ///
    /// The contract of this file holds.
    #[cfg_attr(not(test), expect(dead_code, reason = "for calls that wait on stacks of their own"))]
    pub(super) unsafe fn unpark(&mut self, id: ParkedId) {
        let chain = self.parked[id.0].take().expect("a parked chain is put back once");
        if self.runs() {
            self.suspend();
        }
        self.suspended.extend(chain.0);
        self.resume();
    }
}

#[cfg(test)]
mod tests {
    //! Host functions park the activation that has called them, as if they were about to switch to
    //! another stack.

    use super::ParkedId;
    use crate::embed::instance::Instance;
    use crate::embed::linker::Linker;
    use crate::embed::store::{AsContextMut, Caller, Store};
    use crate::engine::module::Module;
    use crate::engine::{Config, Engine};
    use crate::error::HostError;
    use crate::rt::state::VmStore;

    /// Holds an exception in a frame while the host runs; throws it again if the host says so.
    const TEXT: &str = r#"(module
        (import "host" "wait" (func $wait (result i32)))
        (import "host" "outer" (func $outer (result i32)))
        (tag $t (param i32))
        (func $throw (param i32) (throw $t (local.get 0)))
        (func (export "hold") (param i32) (result i32)
            (local $held exnref)
            (block $caught (result i32 exnref)
                (try_table (catch_ref $t $caught) (call $throw (local.get 0)))
                (unreachable))
            (local.set $held) (drop)
            (if (i32.eqz (call $wait)) (then (return (i32.const 0))))
            (block $again (result i32)
                (try_table (catch $t $again) (throw_ref (local.get $held)))
                (unreachable)))
        (func (export "nest") (result i32) (call $outer))
        (func (export "trap") (unreachable)))"#;

    /// What the host does while "hold" waits for it; returns whether the exception is thrown again.
    type Wait = fn(&mut Caller<'_, Option<Instance>>) -> Result<i32, HostError>;

    fn store(wait: Wait) -> (Store<Option<Instance>>, Instance) {
        let engine = Engine::new(&Config::new()).expect("a supported machine");
        let module = Module::new(&engine, &wat::parse_str(TEXT).expect("well formed")).expect("valid");
        let mut linker = Linker::new(&engine);
        linker
            .func_wrap("host", "wait", move |mut caller: Caller<'_, Option<Instance>>| wait(&mut caller))
            .and_then(|linker| {
                linker.func_wrap("host", "outer", |mut caller: Caller<'_, Option<Instance>>| {
                    let instance = caller.data().ok_or("no instance")?;
                    let hold = instance.get_typed_func::<i32, i32>(&mut caller, "hold")?;
                    Ok::<_, HostError>(hold.call(&mut caller, 43)?)
                })
            })
            .expect("names are free");
        let mut store = Store::new(&engine, None);
        let instance = linker.instantiate(&mut store, &module).expect("it links");
        *store.data_mut() = Some(instance);
        (store, instance)
    }

    fn call(wait: Wait, name: &str) -> i32 {
        let (mut store, instance) = store(wait);
        let result = if name == "hold" {
            instance.get_typed_func::<i32, i32>(&mut store, name).map(|hold| hold.call(&mut store, 43))
        } else {
            instance.get_typed_func::<(), i32>(&mut store, name).map(|nest| nest.call(&mut store, ()))
        };
        let result = result.expect("it is exported").expect("it returns");
        store.collect();
        assert_eq!(store.n_exceptions(), 0);
        result
    }

    /// Gives the state of the store whose code waits to `f`.
    fn with_vm<R>(caller: &mut Caller<'_, Option<Instance>>, f: impl FnOnce(&mut VmStore) -> R) -> R {
        let mut cx = caller.as_context_mut();
        // SAFETY: the store is the caller's, exclusively; its compiled code waits.
        f(unsafe { &mut *cx.opaque_mut().vm().ptr() })
    }

    fn park(caller: &mut Caller<'_, Option<Instance>>, from: usize) -> ParkedId {
        // SAFETY: the host function that runs unparks before it returns, and nobody touches the
        // stack below it.
        with_vm(caller, |vm| unsafe { vm.park(from) })
    }

    fn unpark(caller: &mut Caller<'_, Option<Instance>>, id: ParkedId) {
        // SAFETY: as in `park`.
        with_vm(caller, |vm| unsafe { vm.unpark(id) });
    }

    fn n_exceptions_after_collection(caller: &mut Caller<'_, Option<Instance>>) -> usize {
        let mut cx = caller.as_context_mut();
        cx.opaque_mut().vm_mut().collect();
        cx.opaque_mut().entities().exceptions.len()
    }

    #[test]
    fn what_a_parked_activation_holds_is_not_collected() {
        let wait: Wait = |caller| {
            let id = park(caller, 0);
            assert!(with_vm(caller, |vm| !vm.runs()));
            assert_eq!(n_exceptions_after_collection(caller), 1);
            unpark(caller, id);
            assert_eq!(n_exceptions_after_collection(caller), 1);
            Ok(1)
        };
        assert_eq!(call(wait, "hold"), 43);
    }

    #[test]
    fn what_no_registered_activation_holds_is_collected() {
        // The control: without the parked chain nothing finds the frame.
        let wait: Wait = |caller| {
            let id = park(caller, 0);
            let hidden = with_vm(caller, |vm| vm.parked[id.0].take());
            assert_eq!(n_exceptions_after_collection(caller), 0);
            with_vm(caller, |vm| vm.parked[id.0] = hidden);
            unpark(caller, id);
            Ok(0)
        };
        assert_eq!(call(wait, "hold"), 0);
    }

    #[test]
    fn the_store_runs_other_calls_and_traps_meanwhile() {
        let wait: Wait = |caller| {
            let id = park(caller, 0);
            let instance = caller.data().ok_or("no instance")?;
            let trap = instance.get_typed_func::<(), ()>(&mut *caller, "trap")?;
            let trap = trap.call(&mut *caller, ()).expect_err("it traps");
            // The frames of the parked activation are none of the trap's.
            assert_eq!(trap.backtrace().frames().len(), 1);
            assert_eq!(n_exceptions_after_collection(caller), 1);
            unpark(caller, id);
            let trap = instance.get_typed_func::<(), ()>(&mut *caller, "trap")?;
            let trap = trap.call(&mut *caller, ()).expect_err("it traps");
            assert_eq!(trap.backtrace().frames().len(), 2);
            Ok(1)
        };
        assert_eq!(call(wait, "hold"), 43);
    }

    #[test]
    fn a_part_of_the_chain_is_parked_or_all_of_it() {
        let inner: Wait = |caller| {
            assert_eq!(with_vm(caller, |vm| vm.suspended.len()), 1);
            let id = park(caller, 1);
            // The outer activation runs again.
            assert!(with_vm(caller, |vm| vm.runs() && vm.suspended.is_empty()));
            assert_eq!(n_exceptions_after_collection(caller), 1);
            unpark(caller, id);
            Ok(1)
        };
        assert_eq!(call(inner, "nest"), 43);
        let both: Wait = |caller| {
            let id = park(caller, 0);
            assert!(with_vm(caller, |vm| !vm.runs()));
            assert_eq!(n_exceptions_after_collection(caller), 1);
            unpark(caller, id);
            assert_eq!(with_vm(caller, |vm| vm.suspended.len()), 1);
            Ok(1)
        };
        assert_eq!(call(both, "nest"), 43);
    }
}
