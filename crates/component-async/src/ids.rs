//! Names of what a store holds.

use crate::arena::Id;

/// Names a component instance of a store. Instances stay as long as their store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InstanceId(pub u32);

/// Tells the ids of different things apart.
pub mod tag {
    /// Of a task.
    #[derive(Debug)]
    pub enum Task {}
    /// Of a thread.
    #[derive(Debug)]
    pub enum Thread {}
    /// Of a subtask.
    #[derive(Debug)]
    pub enum Subtask {}
    /// Of a waitable set.
    #[derive(Debug)]
    pub enum WaitableSet {}
    /// Of an end of a stream or future.
    #[derive(Debug)]
    pub enum End {}
    /// Of an error context.
    #[derive(Debug)]
    pub enum ErrorContext {}
}

/// Names a task: a call into a component instance.
pub type TaskId = Id<tag::Task>;
/// Names a thread.
pub type ThreadId = Id<tag::Thread>;
/// Names a subtask: a call out of a component instance.
pub type SubtaskId = Id<tag::Subtask>;
/// Names a waitable set.
pub type WaitableSetId = Id<tag::WaitableSet>;
/// Names an end of a stream or future.
pub type EndId = Id<tag::End>;
/// Names an error context.
pub type ErrorContextId = Id<tag::ErrorContext>;
