//! IDs, connections and problems.

use async_graphql_parser::types::BaseType;

use super::super::sdl::{FieldDef, InputDef, Kind, TypeDef, innermost};
use super::Lint;

/// The fields that every problem has, so that old clients can handle new problems.
const USER_ERROR: [&str; 4] = ["code", "message", "path", "retryable"];

impl Lint<'_> {
    /// Checks the result of a field.
    pub(super) fn result(&mut self, coordinate: &str, name: &str, field: &FieldDef) {
        let ty = field.ty.to_string();
        if name == "id" && ty != "ID!" {
            self.find(coordinate, format!("an id is ID!, not {ty}"));
        }
        if name != "id" && innermost(&field.ty) == "ID" {
            self.find(coordinate, "an ID is called id: to point to something else, return that");
        }
        if name != "id" && is_key(name) && innermost(&field.ty) != "ID" {
            self.find(coordinate, "is a foreign key: return the thing itself");
        }
        if name == "success" && innermost(&field.ty) == "Boolean" {
            self.find(coordinate, "says success as a boolean: the type of the result says it");
        }
        if innermost(&field.ty).ends_with("Connection") && self.schema.kind(innermost(&field.ty)) == Some(Kind::Object)
        {
            self.paged(coordinate, field);
        }
    }

    /// Checks an argument or input field.
    pub(super) fn given(&mut self, coordinate: &str, name: &str, input: &InputDef) {
        let list = matches!(input.ty.base, BaseType::List(_));
        if (name == "id" || is_key(name)) && (innermost(&input.ty) != "ID" || list) {
            self.find(coordinate, format!("an id is ID, not {}", input.ty));
        }
        if (name == "ids" || name.ends_with("Ids")) && (innermost(&input.ty) != "ID" || !list) {
            self.find(coordinate, format!("ids are [ID!], not {}", input.ty));
        }
        if matches!(name, "offset" | "skip" | "pageNumber") {
            self.find(coordinate, "lists are paged by cursor, not by offset");
        }
    }

    pub(super) fn shape(&mut self, name: &str, ty: &TypeDef) {
        if name.ends_with("Connection") {
            self.connection(name, ty);
        }
        if name.ends_with("Edge") {
            for part in ["cursor", "node"].into_iter().filter(|part| !ty.fields.contains_key(*part)) {
                self.find(name, format!("is an edge without {part}"));
            }
        }
        if name.ends_with("Problem") && !ty.implements.contains("UserError") {
            self.find(name, "is a problem that does not implement UserError");
        }
        if name == "UserError" {
            for part in USER_ERROR.into_iter().filter(|part| !ty.fields.contains_key(*part)) {
                self.find(name, format!("lacks {part}"));
            }
        }
    }

    fn connection(&mut self, name: &str, ty: &TypeDef) {
        for part in ["edges", "nodes"] {
            match ty.fields.get(part) {
                None => self.find(name, format!("is a connection without {part}")),
                Some(field) if !matches!(field.ty.base, BaseType::List(_)) => {
                    self.find(&format!("{name}.{part}"), format!("is a list, not {}", field.ty));
                }
                Some(_) => {}
            }
        }
        match ty.fields.get("pageInfo").map(|field| field.ty.to_string()) {
            None => self.find(name, "is a connection without pageInfo"),
            Some(ty) if ty != "PageInfo!" => self.find(&format!("{name}.pageInfo"), format!("is PageInfo!, not {ty}")),
            Some(_) => {}
        }
        if ty.fields.get("totalCount").is_some_and(|field| !field.ty.nullable) {
            self.find(&format!("{name}.totalCount"), "is bounded, so it is nullable");
        }
    }

    /// Checks a field that returns a connection.
    fn paged(&mut self, coordinate: &str, field: &FieldDef) {
        let pairs: &[_] = if field.arguments.contains_key("last") || field.arguments.contains_key("before") {
            &["first", "after", "last", "before"]
        } else {
            &["first", "after"]
        };
        for argument in pairs.iter().filter(|argument| !field.arguments.contains_key(**argument)) {
            self.find(coordinate, format!("answers a connection but takes no {argument}"));
        }
        for argument in ["first", "last"] {
            if let Some(input) = field.arguments.get(argument).filter(|input| innermost(&input.ty) != "Int") {
                self.find(&format!("{coordinate}({argument}:)"), format!("is an Int, not {}", input.ty));
            }
        }
    }
}

fn is_key(name: &str) -> bool {
    name.strip_suffix("Id").is_some_and(|owner| !owner.is_empty())
}
