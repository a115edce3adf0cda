//! Connections: pages by the Relay specification.

use std::{fmt::Display, str::FromStr};

use async_graphql::{Context, SimpleObject};
use graphql_direct::{InMemory, Indirect, WriteDirect};

use types::{Newest, Page, error::Result, scalars::Cursor};

/// The position of a page in its list, as in the Relay specification.
#[derive(Debug, Clone, SimpleObject, WriteDirect)]
pub struct PageInfo {
    /// Whether more items follow this page.
    pub has_next_page: bool,
    /// Whether items precede this page; when paging forwards, whether the page began after a cursor.
    pub has_previous_page: bool,
    /// Cursor of the first item; null on an empty page.
    pub start_cursor: Option<Cursor>,
    /// Cursor of the last item; null on an empty page.
    pub end_cursor: Option<Cursor>,
}

/// The argument `first` of a field that is written directly: 20 when omitted, as everywhere in the contract.
///
/// # Errors
/// When it is no number.
pub fn first_of(ctx: &Context<'_>) -> InMemory<Option<i32>> {
    ctx.param_value("first", Some(|| Some(20))).map(|(_, first)| first).map_err(|_| Indirect)
}

/// The argument `after` of a field that is written directly.
///
/// # Errors
/// When it is no cursor.
pub fn after_of(ctx: &Context<'_>) -> InMemory<Option<Cursor>> {
    ctx.param_value("after", None).map(|(_, after)| after).map_err(|_| Indirect)
}

/// The requested page of a list, newest first.
///
/// # Errors
/// When an argument is wrong.
pub fn newest<Id: Display + FromStr>(first: Option<i32>, after: Option<&Cursor>) -> Result<Page<Newest<Id>>> {
    Ok(Newest::page(first, after.map(|cursor| cursor.0.as_str()))?)
}

/// A page whose items carry their cursors.
pub struct Cursored<T> {
    /// The items with their cursors.
    pub items: Vec<(Cursor, T)>,
    /// Position of the page in the list.
    pub page_info: PageInfo,
}

impl<T> Cursored<T> {
    /// Adds the cursor of `cursor_of` to every item of `page`.
    pub fn new(page: types::PageOf<T>, cursor_of: impl Fn(&T) -> String) -> Self {
        let items: Vec<_> = page.items.into_iter().map(|item| (Cursor(cursor_of(&item)), item)).collect();
        let cursor = |item: Option<&(Cursor, T)>| item.map(|(cursor, _)| cursor.clone());
        let page_info = PageInfo {
            has_next_page: page.has_next,
            has_previous_page: page.has_previous,
            start_cursor: cursor(items.first()),
            end_cursor: cursor(items.last()),
        };
        Self { items, page_info }
    }
}

/// Declares a connection and its edge, in the words of the contract.
macro_rules! connection {
    ($(#[$doc:meta])* $connection:ident, $(#[$edge_doc:meta])* $edge:ident, $(#[$node_doc:meta])* $node:ty) => {
        $(#[$doc])*
        #[derive(async_graphql::SimpleObject)]
        pub struct $connection {
            /// The items with their cursors.
            edges: Vec<$edge>,
            /// The items.
            nodes: Vec<$node>,
            /// Position of the page in the list.
            page_info: $crate::pages::PageInfo,
        }

        $(#[$edge_doc])*
        #[derive(async_graphql::SimpleObject)]
        pub struct $edge {
            /// Position in the list.
            cursor: types::scalars::Cursor,
            $(#[$node_doc])*
            node: $node,
        }

        impl<T: Into<$node>> From<$crate::pages::Cursored<T>> for $connection {
            fn from(page: $crate::pages::Cursored<T>) -> Self {
                let edges: Vec<_> =
                    page.items.into_iter().map(|(cursor, item)| $edge { cursor, node: item.into() }).collect();
                let nodes = edges.iter().map(|edge| edge.node.clone()).collect();
                Self { edges, nodes, page_info: page.page_info }
            }
        }
    };
}

pub(super) use connection;
