//! The parameters of a GraphQL request, from JSON or from a query string.

use async_graphql::{ServerError, Variables};
use serde_json::{Map, Value};

use super::response_body::error;

/// The operation to run. Only one extension is supported: `"cost": true` requests the cost of the
/// operation.
#[derive(Debug, Default)]
pub(super) struct Params {
    pub query: String,
    pub operation_name: Option<String>,
    pub variables: Variables,
    pub wants_cost: bool,
}

impl Params {
    /// Parses the body of a request.
    ///
    /// # Errors
    ///
    /// When it is not JSON, is a batch, or a parameter is missing or of the wrong type.
    pub fn from_json(body: &[u8]) -> Result<Self, ServerError> {
        let value = serde_json::from_slice(body).map_err(|wrong| {
            bad_request(format!("The body is not JSON: line {}, column {}.", wrong.line(), wrong.column()))
        })?;
        match value {
            Value::Object(map) => Self::from_map(map),
            Value::Array(_) => Err(bad_request("Batches are not supported: send one operation per request.")),
            _ => Err(bad_request("The body must be a JSON object.")),
        }
    }

    /// Reads the parameters from a JSON object, also from the payload of a websocket's `subscribe`.
    ///
    /// # Errors
    ///
    /// When a parameter is missing or of the wrong type.
    pub fn from_map(mut map: Map<String, Value>) -> Result<Self, ServerError> {
        let extensions = match map.remove("extensions") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(extensions)) => extensions,
            Some(_) => return Err(bad_request("`extensions` must be an object.")),
        };
        let wants_cost = extensions.get("cost") == Some(&Value::Bool(true));
        let query = match map.remove("query") {
            Some(Value::String(query)) => query,
            None | Some(Value::Null) if extensions.contains_key("persistedQuery") => {
                return Err(error("PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported"));
            }
            None | Some(Value::Null) => return Err(bad_request("`query` is missing.")),
            Some(_) => return Err(bad_request("`query` must be a string.")),
        };
        let operation_name = match map.remove("operationName") {
            None | Some(Value::Null) => None,
            Some(Value::String(name)) => Some(name),
            Some(_) => return Err(bad_request("`operationName` must be a string.")),
        };
        let variables = match map.remove("variables") {
            None | Some(Value::Null) => Variables::default(),
            Some(variables @ Value::Object(_)) => {
                serde_json::from_value(variables).map_err(|_| bad_request("`variables` cannot be read."))?
            }
            Some(_) => return Err(bad_request("`variables` must be an object.")),
        };
        Ok(Self { query, operation_name, variables, wants_cost })
    }

    /// Reads the parameters from the query string of a GET, in which `variables` and `extensions`
    /// are JSON.
    ///
    /// # Errors
    ///
    /// When a parameter is missing, given twice or of the wrong type.
    pub fn from_query(pairs: Vec<(String, String)>) -> Result<Self, ServerError> {
        let mut map = Map::new();
        for (name, text) in pairs {
            let value = match name.as_str() {
                "query" | "operationName" => Value::String(text),
                "variables" | "extensions" if text.is_empty() => Value::Null,
                "variables" | "extensions" => {
                    serde_json::from_str(&text).map_err(|_| bad_request(format!("`{name}` is not JSON.")))?
                }
                _ => continue,
            };
            if map.insert(name.clone(), value).is_some() {
                return Err(bad_request(format!("`{name}` is given twice.")));
            }
        }
        Self::from_map(map)
    }
}

fn bad_request(message: impl Into<String>) -> ServerError {
    error("BAD_REQUEST", message)
}
