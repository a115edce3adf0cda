//! Conventions of IDs, connections and problems.

use async_graphql_parser::types::BaseType;

use super::super::sdl::{FieldDef, InputDef, Kind, TypeDef, innermost};
use super::Lint;

/// The fields that every problem has, so that old clients can handle new problems.
const USER_ERROR_FIELDS: [&str; 4] = ["code", "message", "path", "retryable"];

impl Lint<'_> {
    /// Checks the result of a field.
    pub(super) fn check_result(&mut self, coordinate: &str, name: &str, field: &FieldDef) {
        let ty = field.ty.to_string();
        if name == "id" && ty != "ID!" {
            self.report(coordinate, format!("an id is ID!, not {ty}"));
        }
        if name != "id" && innermost(&field.ty) == "ID" {
            self.report(coordinate, "an ID is called id: to point to something else, return that");
        }
        if name != "id" && is_foreign_key(name) && innermost(&field.ty) != "ID" {
            self.report(coordinate, "is a foreign key: return the thing itself");
        }
        if name == "success" && innermost(&field.ty) == "Boolean" {
            self.report(coordinate, "says success as a boolean: the type of the result says it");
        }
        if innermost(&field.ty).ends_with("Connection") && self.schema.kind(innermost(&field.ty)) == Some(Kind::Object)
        {
            self.check_pagination_arguments(coordinate, field);
        }
    }

    /// Checks an argument or input field.
    pub(super) fn check_input_type(&mut self, coordinate: &str, name: &str, input: &InputDef) {
        let is_list = matches!(input.ty.base, BaseType::List(_));
        if (name == "id" || is_foreign_key(name)) && (innermost(&input.ty) != "ID" || is_list) {
            self.report(coordinate, format!("an id is ID, not {}", input.ty));
        }
        if (name == "ids" || name.ends_with("Ids")) && (innermost(&input.ty) != "ID" || !is_list) {
            self.report(coordinate, format!("ids are [ID!], not {}", input.ty));
        }
        if matches!(name, "offset" | "skip" | "pageNumber") {
            self.report(coordinate, "lists are paged by cursor, not by offset");
        }
    }

    pub(super) fn check_shape(&mut self, name: &str, ty: &TypeDef) {
        if name.ends_with("Connection") {
            self.check_connection(name, ty);
        }
        if name.ends_with("Edge") {
            for part in ["cursor", "node"].into_iter().filter(|part| !ty.fields.contains_key(*part)) {
                self.report(name, format!("is an edge without {part}"));
            }
        }
        if name.ends_with("Problem") && !ty.implements.contains("UserError") {
            self.report(name, "is a problem that does not implement UserError");
        }
        if name == "UserError" {
            for part in USER_ERROR_FIELDS.into_iter().filter(|part| !ty.fields.contains_key(*part)) {
                self.report(name, format!("lacks {part}"));
            }
        }
    }

    fn check_connection(&mut self, name: &str, ty: &TypeDef) {
        for part in ["edges", "nodes"] {
            match ty.fields.get(part) {
                None => self.report(name, format!("is a connection without {part}")),
                Some(field) if !matches!(field.ty.base, BaseType::List(_)) => {
                    self.report(&format!("{name}.{part}"), format!("is a list, not {}", field.ty));
                }
                Some(_) => {}
            }
        }
        match ty.fields.get("pageInfo").map(|field| field.ty.to_string()) {
            None => self.report(name, "is a connection without pageInfo"),
            Some(ty) if ty != "PageInfo!" => {
                self.report(&format!("{name}.pageInfo"), format!("is PageInfo!, not {ty}"))
            }
            Some(_) => {}
        }
        if ty.fields.get("totalCount").is_some_and(|field| !field.ty.nullable) {
            self.report(&format!("{name}.totalCount"), "is bounded, so it is nullable");
        }
    }

    /// Checks a field that returns a connection.
    fn check_pagination_arguments(&mut self, coordinate: &str, field: &FieldDef) {
        let pairs: &[_] = if field.arguments.contains_key("last") || field.arguments.contains_key("before") {
            &["first", "after", "last", "before"]
        } else {
            &["first", "after"]
        };
        for argument in pairs.iter().filter(|argument| !field.arguments.contains_key(**argument)) {
            self.report(coordinate, format!("answers a connection but takes no {argument}"));
        }
        for argument in ["first", "last"] {
            if let Some(input) = field.arguments.get(argument).filter(|input| innermost(&input.ty) != "Int") {
                self.report(&format!("{coordinate}({argument}:)"), format!("is an Int, not {}", input.ty));
            }
        }
    }
}

fn is_foreign_key(name: &str) -> bool {
    name.strip_suffix("Id").is_some_and(|owner| !owner.is_empty())
}
