//! Limits per client: addresses, budgets, quotas and a queue in which addresses take turns.

mod address;
mod budget;
mod fair_queue;
mod quota;

pub use address::AddressPrefix;
pub use budget::Budget;
pub use fair_queue::{Bounds, FairQueue, Lane, Slot};
pub use quota::{Permit, Quota};
