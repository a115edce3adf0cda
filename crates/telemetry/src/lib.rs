//! What a program reports to its operators: metrics, and the targets of its logs and traces. No
//! I/O.

pub mod log_throttle;
pub mod logs;
mod metrics;

pub use metrics::{BUCKETS, Histogram, HistogramSnapshot, Labels, Metric, Samples};
