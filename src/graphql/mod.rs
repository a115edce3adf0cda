/// Prepared documents, in front of the executor.
pub mod documents;
