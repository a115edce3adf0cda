//! Directives in an operation.

use std::collections::BTreeSet;

use async_graphql_parser::Positioned;
use async_graphql_parser::types::Directive;

use super::Check;

impl<'a> Check<'a> {
    pub(super) fn directives(&mut self, directives: &'a [Positioned<Directive>], location: &str) {
        let mut seen = BTreeSet::new();
        for Positioned { pos, node } in directives {
            let name = node.name.node.as_str();
            let schema = self.schema;
            let Some(definition) = schema.directive(name) else {
                self.fault(*pos, format!("there is no directive @{name}"));
                continue;
            };
            if !definition.locations.contains(location) {
                self.fault(*pos, format!("@{name} is not allowed on {location}"));
            }
            if !seen.insert(name) && !definition.repeatable {
                self.fault(*pos, format!("@{name} may not be repeated"));
            }
            self.arguments(&format!("@{name}"), &definition.arguments, &node.arguments, *pos);
        }
    }
}
