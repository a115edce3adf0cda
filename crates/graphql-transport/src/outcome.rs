//! What came of a mutation, for the log and the metrics: a problem is an answer like any other, and only the payload knows of it.

use std::cell::Cell;

tokio::task_local! {
    /// The first problem of the operation that this task runs.
    static PROBLEM: Cell<Option<&'static str>>;
}

/// The operation that runs is answered with the problem that has this code.
pub fn note(problem: &'static str) {
    // Nobody asks outside of an operation.
    let _ = PROBLEM.try_with(|first| first.set(first.get().or(Some(problem))));
}

/// What `operation` gives, and the code of the first problem in it.
pub async fn watched<T>(operation: impl Future<Output = T>) -> (T, Option<&'static str>) {
    let watched = async {
        let done = operation.await;
        (done, PROBLEM.with(Cell::take))
    };
    PROBLEM.scope(Cell::new(None), watched).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_problem_of_an_operation_is_known() {
        assert_eq!(watched(async { 1 }).await, (1, None));
        let two = async {
            note("EMAIL_TAKEN");
            note("NOT_FOUND");
        };
        assert_eq!(watched(two).await, ((), Some("EMAIL_TAKEN")));
        note("NOT_FOUND");
        assert_eq!(watched(async {}).await, ((), None), "what happens elsewhere does not count");
    }
}
