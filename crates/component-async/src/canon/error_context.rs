//! Error contexts. Follows CanonicalABI.md, "`canon error-context.new`" to "`canon
//! error-context.drop`".

use crate::embedding::{Element, Embedding};
use crate::ids::{ErrorContextId, InstanceId};
use crate::policy::{Flip, Policy};
use crate::state::instance::wrong;
use crate::state::{ErrorContext, Store};
use crate::trap::Trap;
use alloc::string::String;
use canonical_abi::handles::Table;

impl<E: Embedding> Store<E> {
    /// Makes an error context and returns its index (the spec's `canon_error_context_new`). The
    /// message is asked for only if the policy keeps it.
    ///
    /// # Errors
    ///
    /// When the current instance must not be left, has no room for a handle, or `message` fails.
    pub fn canon_error_context_new(
        &mut self,
        message: impl FnOnce() -> Result<String, Trap>,
    ) -> Result<u32, Trap> {
        let instance = self.leave()?;
        let keeps = self.policy.flip(Flip::KeepMessage);
        let debug_message = if keeps { message()? } else { String::new() };
        let id = self.error_contexts.add(ErrorContext { debug_message });
        self.add_element(instance, Element::ErrorContext(id))
    }

    /// Returns the message of the error context at `index` (the spec's
    /// `canon_error_context_debug_message`).
    ///
    /// # Errors
    ///
    /// When the current instance must not be left, or the index is none of an error context.
    pub fn canon_error_context_debug_message(&self, index: u32) -> Result<&str, Trap> {
        let instance = self.leave()?;
        let id = self.lift_error_context(instance, index)?;
        Ok(&self.error_contexts[id].debug_message)
    }

    /// Takes an error context out of the current instance's table (the spec's
    /// `canon_error_context_drop`). Others may have it still.
    ///
    /// # Errors
    ///
    /// When the current instance must not be left, or the index is none of an error context.
    pub fn canon_error_context_drop(&mut self, index: u32) -> Result<(), Trap> {
        let instance = self.leave()?;
        self.lift_error_context(instance, index)?;
        self.instance_mut(instance).handles.remove(index)?;
        Ok(())
    }

    /// Returns the error context at `index` of an instance's table (the spec's
    /// `lift_error_context`).
    ///
    /// # Errors
    ///
    /// When the index is none of an error context.
    pub fn lift_error_context(&self, instance: InstanceId, index: u32) -> Result<ErrorContextId, Trap> {
        match self.element(instance, index)? {
            Some(Element::ErrorContext(id)) => Ok(id),
            Some(Element::Subtask(_) | Element::WaitableSet(_) | Element::End(_)) | None => {
                Err(wrong(index, "error-context"))
            }
        }
    }

    /// Gives an instance an error context and returns its index (the spec's `lower_error_context`).
    ///
    /// # Errors
    ///
    /// When the instance has no room for a handle.
    pub fn lower_error_context(&mut self, instance: InstanceId, id: ErrorContextId) -> Result<u32, Trap> {
        self.add_element(instance, Element::ErrorContext(id))
    }
}
