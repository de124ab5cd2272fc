//! How a task resolves itself. Follows CanonicalABI.md, "`canon task.return`" and "`canon
//! task.cancel`".

use crate::embedding::Embedding;
use crate::state::Store;
use crate::trap::{Trap, trap_if};

impl<E: Embedding> Store<E> {
    /// Checks that the current task may call `task.return` (the first steps of the spec's
    /// `canon_task_return`). That result type and options are the function's is the embedder's to
    /// check; it then lifts the result and says [`check_return`](Self::check_return), lowers it and
    /// says [`resolve_task`](Self::resolve_task).
    ///
    /// # Errors
    ///
    /// When its instance must not be left, or the task was not lifted with `async`.
    pub fn canon_task_return(&mut self) -> Result<(), Trap> {
        self.leave()?;
        self.check_async()
    }

    /// Resolves the current task, which was asked to be cancelled (the spec's `canon_task_cancel`).
    ///
    /// # Errors
    ///
    /// When its instance must not be left, the task was not lifted with `async`, was not asked, or
    /// holds borrows.
    pub fn canon_task_cancel(&mut self) -> Result<(), Trap> {
        self.leave()?;
        self.check_async()?;
        self.cancel_task()
    }

    fn check_async(&self) -> Result<(), Trap> {
        let task = &self.tasks[self.current_task()];
        trap_if(!task.lifted.is_async, Trap::NotAsync)
    }
}
