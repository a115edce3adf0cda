#![doc = include_str!("../README.md")]

mod leaves;
mod output;
mod plan;

use std::borrow::Cow;

use async_graphql::{
    ContextSelectionSet, OutputType, Positioned, ServerResult, Value, parser::types::Field, registry::Registry,
};
pub use graphql_direct_macros::{WriteDirect, direct};

pub use output::Output;
pub use plan::{Plan, PlannedField, Selection};

/// Something cannot be written directly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Indirect;

/// What is in memory.
pub type InMemory<T> = Result<T, Indirect>;

/// A value that can write itself as JSON.
pub trait WriteDirect {
    /// Adds the fields of a selection to a plan. A leaf has none.
    ///
    /// # Errors
    /// When a field cannot be written directly.
    fn plan<'a>(selection: Selection<'a>, plan: &mut Plan<'a>) -> Result<(), Indirect> {
        let (_, _) = (selection, plan);
        Ok(())
    }

    /// Writes the fields of a plan that [`Self::plan`] has made.
    ///
    /// # Errors
    /// When something is not in memory. What was written before must be discarded.
    fn write<'a>(&self, plan: &Plan<'a>, out: &mut Output<'a>) -> Result<(), Indirect>;
}

/// In the data of a request whose values may be written directly: [`Value::Binary`] in its response is JSON.
#[derive(Debug, Clone, Copy)]
pub struct Enabled;

/// A value that is written directly if it can be, in requests with [`Enabled`] in their data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Direct<T>(pub T);

impl<T> From<T> for Direct<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

fn written<T: WriteDirect>(value: &T, ctx: &ContextSelectionSet<'_>) -> Option<Value> {
    ctx.data_opt::<Enabled>()?;
    let mut plan = Plan::default();
    T::plan(Selection::of(ctx), &mut plan).ok()?;
    let mut out = Output::new(ctx);
    value.write(&plan, &mut out).ok()?;
    Some(Value::Binary(out.into_bytes().into()))
}

impl<T: OutputType + WriteDirect> OutputType for Direct<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn qualified_type_name() -> String {
        T::qualified_type_name()
    }

    fn introspection_type_name(&self) -> Cow<'static, str> {
        self.0.introspection_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        match written(&self.0, ctx) {
            Some(value) => Ok(value),
            None => self.0.resolve(ctx, field).await,
        }
    }
}
