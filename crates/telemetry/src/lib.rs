//! What the parts of a program tell those who run it: measures, and the names of logs. No I/O.

pub mod logs;
mod measures;

pub use measures::{CLASSES, Distribution, Durations, Labels, Measure, Readings};
