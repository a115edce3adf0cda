//! Directives applied to definitions.

use std::collections::BTreeMap;
use std::fmt;

use async_graphql_parser::Positioned;
use async_graphql_parser::types::ConstDirective;
use async_graphql_value::ConstValue;

/// A directive applied to a definition.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mark {
    pub name: String,
    pub arguments: BTreeMap<String, ConstValue>,
}

impl Mark {
    /// The argument, if it is a string.
    pub fn text(&self, argument: &str) -> Option<&str> {
        match self.arguments.get(argument) {
            Some(ConstValue::String(text)) => Some(text),
            _ => None,
        }
    }
}

/// `@deprecated(reason: "…")`.
impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}", self.name)?;
        if self.arguments.is_empty() {
            return Ok(());
        }
        let arguments: Vec<_> = self.arguments.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        write!(f, "({})", arguments.join(", "))
    }
}

/// The first mark of that name.
pub(super) fn mark<'a>(marks: &'a [Mark], name: &str) -> Option<&'a Mark> {
    marks.iter().find(|mark| mark.name == name)
}

/// Directives as marks. A deprecation without a reason has the one that the specification gives it.
pub(super) fn marks(directives: Vec<Positioned<ConstDirective>>) -> Vec<Mark> {
    let marks = directives.into_iter().map(|directive| {
        let ConstDirective { name, arguments } = directive.node;
        let arguments = arguments.into_iter().map(|(name, value)| (name.node.to_string(), sorted(value.node)));
        let mut mark = Mark { name: name.node.to_string(), arguments: arguments.collect() };
        if mark.name == "deprecated" {
            let reason = || ConstValue::String("No longer supported".to_owned());
            mark.arguments.entry("reason".to_owned()).or_insert_with(reason);
        }
        mark
    });
    marks.collect()
}

/// The value with the keys of its objects in order, so that its text does not depend on how it was written.
pub(super) fn sorted(value: ConstValue) -> ConstValue {
    match value {
        ConstValue::List(items) => ConstValue::List(items.into_iter().map(sorted).collect()),
        ConstValue::Object(fields) => {
            let fields: BTreeMap<_, _> = fields.into_iter().map(|(name, value)| (name, sorted(value))).collect();
            ConstValue::Object(fields.into_iter().collect())
        }
        other => other,
    }
}
