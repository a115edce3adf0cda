//! Listings through GraphQL: who sees which, what hosts can do, and what it costs.

mod hosts;
mod readers;
mod world;
