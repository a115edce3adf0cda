//! Directives applied to definitions.

use std::collections::BTreeMap;
use std::fmt;

use async_graphql_parser::Positioned;
use async_graphql_parser::types::ConstDirective;
use async_graphql_value::ConstValue;

/// A directive applied to a definition.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct AppliedDirective {
    pub name: String,
    pub arguments: BTreeMap<String, ConstValue>,
}

impl AppliedDirective {
    /// The argument, if it is a string.
    pub fn text(&self, argument: &str) -> Option<&str> {
        match self.arguments.get(argument) {
            Some(ConstValue::String(text)) => Some(text),
            _ => None,
        }
    }
}

/// `@deprecated(reason: "…")`.
impl fmt::Display for AppliedDirective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}", self.name)?;
        if self.arguments.is_empty() {
            return Ok(());
        }
        let arguments: Vec<_> = self.arguments.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        write!(f, "({})", arguments.join(", "))
    }
}

/// The first directive with that name.
pub(super) fn applied_directive<'a>(
    applied_directives: &'a [AppliedDirective],
    name: &str,
) -> Option<&'a AppliedDirective> {
    applied_directives.iter().find(|applied_directive| applied_directive.name == name)
}

/// Converts directives. A deprecation without a reason gets the specification's default reason.
pub(super) fn applied_directives(directives: Vec<Positioned<ConstDirective>>) -> Vec<AppliedDirective> {
    let applied_directives = directives.into_iter().map(|directive| {
        let ConstDirective { name, arguments } = directive.node;
        let arguments = arguments.into_iter().map(|(name, value)| (name.node.to_string(), sorted(value.node)));
        let mut applied_directive = AppliedDirective { name: name.node.to_string(), arguments: arguments.collect() };
        if applied_directive.name == "deprecated" {
            let reason = || ConstValue::String("No longer supported".to_owned());
            applied_directive.arguments.entry("reason".to_owned()).or_insert_with(reason);
        }
        applied_directive
    });
    applied_directives.collect()
}

/// The value with the keys of its objects sorted, so that its text does not depend on their order.
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
