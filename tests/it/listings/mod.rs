//! Listings through GraphQL: visibility, mutations of hosts, and the number of statements.

mod drafts;
mod hosts;
mod nights;
mod readers;
mod updates;
mod world;
