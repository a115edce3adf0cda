//! The rules of the business as pure functions: what a stay costs, which nights can be booked, what a cancellation refunds, and who may do
//! what in which state. Nothing here reads a clock, a database or a setting; every number is in [`rule_sets`].

pub mod cancellation;
pub mod money;
pub mod pricing;
pub mod restrictions;
pub mod rule_sets;
pub mod support_cases;
pub mod timezones;
pub mod transitions;
