//! Listings through GraphQL: who sees which, what hosts can do, and what it costs.

mod drafts;
mod hosts;
mod nights;
mod readers;
mod updates;
mod world;
