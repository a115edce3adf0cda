//! Loaders: the only readers of resolvers. Rows that do not depend on the viewer are batched for the whole process, rows that do
//! for one viewer and operation; the two are told apart by type. Nothing is cached, so an own write is always seen.

mod private;
mod public;

pub use private::{Private, PrivateLoaders};
pub use public::{Public, PublicLoaders};

/// What a batch answers: the rows by key, keys without a row left out.
pub type Batch<K, R> = crate::error::Result<std::collections::HashMap<K, R>>;
