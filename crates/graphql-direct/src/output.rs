//! The JSON that is written.

use async_graphql::{Context, ContextSelectionSet, OutputType, Value};
use serde::Serialize;

use crate::{Indirect, Plan, PlannedField, plan::TYPENAME};

/// Capacity of a new output: most values are longer.
const CAPACITY: usize = 1_024;

/// JSON that is being written, for one operation.
pub struct Output<'a> {
    bytes: Vec<u8>,
    ctx: &'a ContextSelectionSet<'a>,
}

impl<'a> Output<'a> {
    pub(crate) fn new(ctx: &'a ContextSelectionSet<'a>) -> Self {
        Self { bytes: Vec::with_capacity(CAPACITY), ctx }
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The context of a field, for its arguments and the data of the operation. Its path is not that of the field.
    pub fn context(&self, field: &PlannedField<'a>) -> Context<'a> {
        self.ctx.with_field(field.field())
    }

    /// Writes an object of type `T`: `write` writes the value of each field.
    ///
    /// # Errors
    /// That of `write`.
    pub fn object<T: OutputType>(
        &mut self,
        plan: &Plan<'a>,
        write: impl Fn(&PlannedField<'a>, &mut Self) -> Result<(), Indirect>,
    ) -> Result<(), Indirect> {
        self.bytes.push(b'{');
        for (at, field) in plan.fields().iter().enumerate() {
            // A name of GraphQL needs no escapes.
            self.bytes.extend_from_slice(if at == 0 { b"\"" } else { b",\"" });
            self.bytes.extend_from_slice(field.key().as_bytes());
            self.bytes.extend_from_slice(b"\":");
            if field.number() == TYPENAME {
                self.json(&T::type_name());
            } else {
                write(field, self)?;
            }
        }
        self.bytes.push(b'}');
        Ok(())
    }

    /// Writes a list.
    ///
    /// # Errors
    /// That of `write`.
    pub fn list<T>(
        &mut self,
        items: &[T],
        write: impl Fn(&T, &mut Self) -> Result<(), Indirect>,
    ) -> Result<(), Indirect> {
        self.bytes.push(b'[');
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.bytes.push(b',');
            }
            write(item, self)?;
        }
        self.bytes.push(b']');
        Ok(())
    }

    /// Writes null.
    pub fn null(&mut self) {
        self.bytes.extend_from_slice(b"null");
    }

    /// Writes a text that needs no escapes, such as the name of an enum's value.
    pub fn name(&mut self, name: &str) {
        self.bytes.push(b'"');
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(b'"');
    }

    /// Writes the value of a scalar.
    pub fn value(&mut self, value: &Value) {
        self.json(value);
    }

    pub(crate) fn json(&mut self, value: &(impl Serialize + ?Sized)) {
        // Writing what can be JSON into memory does not fail.
        let _ = serde_json::to_writer(&mut self.bytes, value).is_ok();
    }
}
