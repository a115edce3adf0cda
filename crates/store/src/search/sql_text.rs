//! Builds statements at run time, from literal fragments and values that are always bound.

use chrono::NaiveDate;
use diesel::{
    mysql::Mysql,
    query_builder::{AstPass, QueryFragment},
    result::QueryResult,
    sql_types::{BigInt, Binary, Date, Datetime, Double, Text as TextType},
};

use types::Timestamp;

/// Fragments of SQL and bound values in order. Fragments can only be literals of the program, so no value gets into the text.
#[derive(Debug, Clone, Default)]
pub(super) struct SqlText(Vec<Piece>);

#[derive(Debug, Clone)]
enum Piece {
    Literal(&'static str),
    Value(Value),
}

/// A value that is bound.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Integer(i64),
    Double(f64),
    Text(String),
    Bytes(Vec<u8>),
    Date(NaiveDate),
    Instant(Timestamp),
}

impl SqlText {
    /// Appends a literal.
    pub(super) fn sql(&mut self, literal: &'static str) -> &mut Self {
        self.0.push(Piece::Literal(literal));
        self
    }

    /// Appends a bound value.
    pub(super) fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.0.push(Piece::Value(value.into()));
        self
    }

    /// Appends `values`, bound and separated by commas.
    pub(super) fn list<V: Into<Value>>(&mut self, values: impl IntoIterator<Item = V>) -> &mut Self {
        for (index, value) in values.into_iter().enumerate() {
            if index > 0 {
                self.sql(", ");
            }
            self.bind(value);
        }
        self
    }

    /// Appends another text.
    pub(super) fn text(&mut self, other: &Self) -> &mut Self {
        self.0.extend(other.0.iter().cloned());
        self
    }
}

impl SqlText {
    /// The literals.
    pub(super) fn literals(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Literal(literal) => Some(*literal),
            Piece::Value(_) => None,
        })
    }
}

impl QueryFragment<Mysql> for SqlText {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Mysql>) -> QueryResult<()> {
        for piece in &self.0 {
            match piece {
                Piece::Literal(literal) => out.push_sql(literal),
                Piece::Value(Value::Integer(value)) => out.push_bind_param::<BigInt, _>(value)?,
                Piece::Value(Value::Double(value)) => out.push_bind_param::<Double, _>(value)?,
                Piece::Value(Value::Text(value)) => out.push_bind_param::<TextType, _>(value)?,
                Piece::Value(Value::Bytes(value)) => out.push_bind_param::<Binary, _>(value)?,
                Piece::Value(Value::Date(value)) => out.push_bind_param::<Date, _>(value)?,
                Piece::Value(Value::Instant(value)) => out.push_bind_param::<Datetime, _>(value)?,
            }
        }
        Ok(())
    }
}

macro_rules! values {
    ($($from:ty => $kind:ident,)*) => {$(
        impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self::$kind(value.into())
            }
        }
    )*};
}

values! {
    i64 => Integer,
    u32 => Integer,
    u16 => Integer,
    f64 => Double,
    String => Text,
    &str => Text,
    Vec<u8> => Bytes,
    NaiveDate => Date,
    Timestamp => Instant,
}
