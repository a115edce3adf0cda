//! The problem that a mutation returned, for the log and the metrics: a problem is a normal
//! response, so only the payload shows it.

use std::cell::Cell;

tokio::task_local! {
    /// The code of the first problem of the operation that runs in this task.
    static PROBLEM: Cell<Option<&'static str>>;
}

/// Records that the current operation returns the problem with this code.
pub fn record_problem(problem: &'static str) {
    // Outside an operation there is nothing to record.
    let _ = PROBLEM.try_with(|first| first.set(first.get().or(Some(problem))));
}

/// The result of `operation`, and the code of its first problem.
pub async fn with_problem<T>(operation: impl Future<Output = T>) -> (T, Option<&'static str>) {
    let with_problem = async {
        let done = operation.await;
        (done, PROBLEM.with(Cell::take))
    };
    PROBLEM.scope(Cell::new(None), with_problem).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_problem_of_an_operation_is_recorded() {
        assert_eq!(with_problem(async { 1 }).await, (1, None));
        let two = async {
            record_problem("EMAIL_TAKEN");
            record_problem("NOT_FOUND");
        };
        assert_eq!(with_problem(two).await, ((), Some("EMAIL_TAKEN")));
        record_problem("NOT_FOUND");
        assert_eq!(with_problem(async {}).await, ((), None), "other operations do not count");
    }
}
