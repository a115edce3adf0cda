//! Root objects from parts, one part for each noun. A root finds the part of a field by its name, and the field's future is behind
//! `dyn`: the code of all operations is generated once, in this crate, instead of again in each program that executes the schema.
//! And a future is as large as its own part, not as the largest one.

use std::collections::HashMap;
use std::sync::OnceLock;

use async_graphql::indexmap::IndexMap;
use async_graphql::registry::{MetaField, MetaType, ObjectBuilder, Registry};
use async_graphql::{Context, ObjectType, ServerResult, Value};
use futures_util::future::BoxFuture;

/// The answer of a field; `None`: the object has no such field.
pub(crate) type Resolved = ServerResult<Option<Value>>;

/// An object whose fields are part of a root.
pub(crate) trait Part: Sync {
    /// Adds its types to `registry` and returns its fields.
    fn register(&self, registry: &mut Registry) -> IndexMap<String, MetaField>;

    /// Resolves the field of `ctx`.
    fn resolve<'a>(&'a self, ctx: &'a Context<'_>) -> BoxFuture<'a, Resolved>;
}

impl<P: ObjectType> Part for P {
    fn register(&self, registry: &mut Registry) -> IndexMap<String, MetaField> {
        match registry.create_fake_output_type::<P>() {
            MetaType::Object { fields, .. } => fields,
            _ => IndexMap::new(),
        }
    }

    fn resolve<'a>(&'a self, ctx: &'a Context<'_>) -> BoxFuture<'a, Resolved> {
        Box::pin(self.resolve_field(ctx))
    }
}

/// The parts of a root.
pub(crate) struct Parts {
    list: &'static [&'static dyn Part],
    /// Known once the root was registered, which comes before any operation.
    by_field: OnceLock<HashMap<String, &'static dyn Part>>,
}

impl Parts {
    pub(crate) const fn new(list: &'static [&'static dyn Part]) -> Self {
        Self { list, by_field: OnceLock::new() }
    }

    /// The type of a root, whose fields are those of the parts.
    pub(crate) fn register(&self, (name, description): (&str, &str), registry: &mut Registry) -> MetaType {
        let (mut all, mut by_field) = (IndexMap::new(), HashMap::new());
        for part in self.list {
            let fields = part.register(registry);
            by_field.extend(fields.keys().map(|field| (field.clone(), *part)));
            all.extend(fields);
        }
        self.by_field.get_or_init(|| by_field);
        ObjectBuilder::new(name, all).description(Some(description.to_owned())).build()
    }

    /// Resolves the field of `ctx`.
    pub(crate) fn resolve<'a>(&self, ctx: &'a Context<'_>) -> BoxFuture<'a, Resolved> {
        let part = self.by_field.get().and_then(|parts| parts.get(ctx.item.node.name.node.as_str()));
        part.map_or_else(|| Box::pin(std::future::ready(Ok(None))) as BoxFuture<'a, Resolved>, |part| part.resolve(ctx))
    }
}

/// A root object and its parts, which are unit structs.
macro_rules! root {
    (#[doc = $doc:literal] $name:ident { $($part:path),* $(,)? }) => {
        #[doc = $doc]
        pub struct $name;

        impl $name {
            fn parts() -> &'static $crate::roots::Parts {
                static PARTS: $crate::roots::Parts = $crate::roots::Parts::new(&[$(&$part),*]);
                &PARTS
            }
        }

        impl async_graphql::ContainerType for $name {
            async fn resolve_field(&self, ctx: &async_graphql::Context<'_>) -> $crate::roots::Resolved {
                Self::parts().resolve(ctx).await
            }
        }

        impl async_graphql::OutputType for $name {
            fn type_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn create_type_info(registry: &mut async_graphql::registry::Registry) -> String {
                registry.create_output_type::<Self, _>(async_graphql::registry::MetaTypeId::Object, |registry| {
                    Self::parts().register((stringify!($name), $doc.trim()), registry)
                })
            }

            async fn resolve(
                &self,
                ctx: &async_graphql::ContextSelectionSet<'_>,
                _field: &async_graphql::Positioned<async_graphql::parser::types::Field>,
            ) -> async_graphql::ServerResult<async_graphql::Value> {
                async_graphql::resolver_utils::resolve_container(ctx, self).await
            }
        }

        impl async_graphql::ObjectType for $name {}
    };
}
pub(crate) use root;
