//! Conventions of mutations: one input, and a payload that is a union of the success and the
//! problems.

use super::super::sdl::{FieldDef, Kind};
use super::Lint;
use super::names::pascal_case;

impl Lint<'_> {
    pub(super) fn check_mutations(&mut self) {
        let schema = self.schema;
        let Some((root, ty)) = schema.roots.get("mutation").and_then(|root| schema.types.get_key_value(root)) else {
            return;
        };
        for (name, field) in &ty.fields {
            let coordinate = format!("{root}.{name}");
            let subject = pascal_case(name);
            self.check_mutation_input(&coordinate, &subject, field);
            self.check_mutation_payload(&coordinate, &subject, field);
        }
    }

    fn check_mutation_input(&mut self, coordinate: &str, subject: &str, field: &FieldDef) {
        let given: Vec<_> = field.arguments.iter().map(|(name, input)| format!("{name}: {input}")).collect();
        let expected = format!("input: {subject}Input!");
        if !given.is_empty() && given != [expected.as_str()] {
            self.report(coordinate, format!("takes nothing or ({expected}), not ({})", given.join(", ")));
        }
    }

    fn check_mutation_payload(&mut self, coordinate: &str, subject: &str, field: &FieldDef) {
        let (result, expected) = (field.ty.to_string(), format!("{subject}Payload"));
        if result.trim_end_matches('!') != expected {
            self.report(coordinate, format!("answers {expected}, not {result}"));
        }
        let Some(payload) = self.schema.types.get(&expected) else { return };
        if payload.kind != Kind::Union {
            return self.report(&expected, "is a union of the result and the problems");
        }
        let success = format!("{subject}Success");
        if !payload.members.contains(&success) {
            self.report(&expected, format!("has no member {success}"));
        }
        for member in payload.members.iter().filter(|member| **member != success) {
            let problem = self.schema.types.get(member).is_some_and(|ty| ty.implements.contains("UserError"));
            if !problem {
                self.report(&expected, format!("its member {member} does not implement UserError"));
            }
        }
    }
}
