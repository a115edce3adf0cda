//! Mutations: one input, and a union of the success and the problems.

use super::super::sdl::{FieldDef, Kind};
use super::Lint;
use super::names::pascal;

impl Lint<'_> {
    pub(super) fn mutations(&mut self) {
        let schema = self.schema;
        let Some((root, ty)) = schema.roots.get("mutation").and_then(|root| schema.types.get_key_value(root)) else {
            return;
        };
        for (name, field) in &ty.fields {
            let coordinate = format!("{root}.{name}");
            let subject = pascal(name);
            self.mutation_input(&coordinate, &subject, field);
            self.mutation_payload(&coordinate, &subject, field);
        }
    }

    fn mutation_input(&mut self, coordinate: &str, subject: &str, field: &FieldDef) {
        let given: Vec<_> = field.arguments.iter().map(|(name, input)| format!("{name}: {input}")).collect();
        let wanted = format!("input: {subject}Input!");
        if !given.is_empty() && given != [wanted.as_str()] {
            self.find(coordinate, format!("takes nothing or ({wanted}), not ({})", given.join(", ")));
        }
    }

    fn mutation_payload(&mut self, coordinate: &str, subject: &str, field: &FieldDef) {
        let (answer, wanted) = (field.ty.to_string(), format!("{subject}Payload"));
        if answer.trim_end_matches('!') != wanted {
            self.find(coordinate, format!("answers {wanted}, not {answer}"));
        }
        let Some(payload) = self.schema.types.get(&wanted) else { return };
        if payload.kind != Kind::Union {
            return self.find(&wanted, "is a union of the result and the problems");
        }
        let success = format!("{subject}Success");
        if !payload.members.contains(&success) {
            self.find(&wanted, format!("has no member {success}"));
        }
        for member in payload.members.iter().filter(|member| **member != success) {
            let problem = self.schema.types.get(member).is_some_and(|ty| ty.implements.contains("UserError"));
            if !problem {
                self.find(&wanted, format!("its member {member} does not implement UserError"));
            }
        }
    }
}
