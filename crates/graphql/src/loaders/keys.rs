//! Declares loaders whose rows one function of the domain reads.

use std::{collections::HashMap, hash::Hash, sync::Arc};

/// Declares keys, each a newtype over the id of its rows, with their visibility: `public` for everyone, `private` for the viewer. `cached` ones
/// are public, and their rows stay in memory: the id is that of the object whose changes concern them, and their [`Size`] is known.
///
/// `by_id` takes a function that reads rows by their `id`. `of_parent` takes a function that reads the children of some parents, by parent;
/// or, with the field that has the parent's id, in the order of each parent's list.
macro_rules! keys {
    ($($(#[$doc:meta])* $who:ident $key:ident($of:ty) => $row:ty, $how:ident $($load:ident)::+ $(($field:ident))?;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $key(pub $of);

        $crate::loaders::keys::read! { $who $key => $row, $how $($load)::+ $($field)? }
    )*};
}

/// Reads the rows of a key.
macro_rules! read {
    (cached $key:ident => $row:ty, $($how:tt)+) => {
        impl $crate::loaders::Public for $key {
            type Row = $row;

            async fn load(app: &domain::app::App, keys: Vec<Self>) -> $crate::loaders::Batch<Self, $row> {
                let parents: Vec<_> = keys.into_iter().map(|Self(parent)| parent).collect();
                $crate::loaders::keys::rows! { Self => $row, (app, &parents), $($how)+ }
            }

            fn object(&self) -> Option<types::ObjectId> {
                Some(self.0.into())
            }

            fn bytes(row: &$row) -> usize {
                $crate::loaders::sizes::Size::bytes(row)
            }
        }
    };
    (public $key:ident => $row:ty, $($how:tt)+) => {
        impl $crate::loaders::Public for $key {
            type Row = $row;

            async fn load(app: &domain::app::App, keys: Vec<Self>) -> $crate::loaders::Batch<Self, $row> {
                let parents: Vec<_> = keys.into_iter().map(|Self(parent)| parent).collect();
                $crate::loaders::keys::rows! { Self => $row, (app, &parents), $($how)+ }
            }
        }
    };
    (private $key:ident => $row:ty, $($how:tt)+) => {
        impl $crate::loaders::Private for $key {
            type Row = $row;

            async fn load(
                app: &domain::app::App,
                viewer: &auth::Member,
                keys: Vec<Self>,
            ) -> $crate::loaders::Batch<Self, $row> {
                let parents: Vec<_> = keys.into_iter().map(|Self(parent)| parent).collect();
                $crate::loaders::keys::rows! { Self => $row, (app, viewer, &parents), $($how)+ }
            }
        }
    };
}

/// The rows of a batch.
macro_rules! rows {
    ($key:expr => $row:ty, $given:tt, by_id $($load:ident)::+) => {
        Ok($crate::loaders::keys::by_id($($load)::+ $given.await?, |row: &$row| $key(row.id)))
    };
    ($key:expr => $row:ty, $given:tt, of_parent $($load:ident)::+) => {
        Ok($crate::loaders::keys::of_parent($($load)::+ $given.await?, $key))
    };
    ($key:expr => $row:ty, $given:tt, of_parent $($load:ident)::+ $field:ident) => {
        Ok($crate::loaders::keys::children($($load)::+ $given.await?, |row| $key(row.$field)))
    };
}

pub(crate) use {keys, read, rows};

/// Rows by their own key.
pub(crate) fn by_id<K: Eq + Hash, R>(rows: Vec<impl Into<R>>, key: impl Fn(&R) -> K) -> HashMap<K, R> {
    rows.into_iter().map(Into::into).map(|row| (key(&row), row)).collect()
}

/// The children of each parent, by the key of the parent.
pub(crate) fn of_parent<P, K: Eq + Hash, T: Into<R>, R>(found: HashMap<P, T>, key: impl Fn(P) -> K) -> HashMap<K, R> {
    found.into_iter().map(|(parent, rows)| (key(parent), rows.into())).collect()
}

/// The rows of each parent, by the key of the parent.
pub(crate) fn children<K: Eq + Hash, R>(rows: Vec<R>, key: impl Fn(&R) -> K) -> HashMap<K, Vec<Arc<R>>> {
    let mut children: HashMap<K, Vec<Arc<R>>> = HashMap::new();
    for row in rows {
        children.entry(key(&row)).or_default().push(Arc::new(row));
    }
    children
}
