//! The parameters of a GraphQL request, as GraphQL over HTTP and `graphql-transport-ws` name
//! them. Each but the query may be null.
//!
//! The values of variables are the schema's business. Whether the document may be executed is
//! decided in [`document`].

use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use async_graphql::{Request, ServerError, Variables};
use serde_json::{Map, Value};

use super::document::{self, Document};
use super::null_propagation::ResponsePlan;
use super::response::malformed;

/// What is asked for.
#[derive(Debug)]
pub struct Parameters {
    /// The document.
    pub query: String,
    /// Which of its operations is meant.
    pub operation_name: Option<String>,
    /// Values of its variables.
    pub variables: Variables,
}

impl Parameters {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// What is wrong with it, for developers.
    pub fn from_body(body: &[u8]) -> Result<Self, ServerError> {
        let json: Value = serde_json::from_slice(body)
            .map_err(|_| malformed("The body must be JSON in UTF-8."))?;
        Self::from_json(json)
    }

    /// Reads parameters out of JSON.
    ///
    /// # Errors
    /// What is wrong with them, for developers.
    pub fn from_json(json: Value) -> Result<Self, ServerError> {
        let mut members = match json {
            Value::Object(members) => members,
            Value::Array(_) => return Err(malformed("Batches are not taken: send one request.")),
            _ => return Err(malformed("A request must be a JSON object.")),
        };
        let Some(Value::String(query)) = members.remove("query") else {
            return Err(malformed("\"query\" must be a text."));
        };
        let operation_name = match members.remove("operationName") {
            None | Some(Value::Null) => None,
            Some(Value::String(name)) => Some(name),
            Some(_) => return Err(malformed("\"operationName\" must be a text or null.")),
        };
        let variables = object(&mut members, "variables")?;
        // Nothing here reads extensions, but what is no map of them is a mistake all the same.
        object(&mut members, "extensions")?;
        Ok(Self { query, operation_name, variables: Variables::from_json(variables) })
    }

    /// Reads the query of an address.
    ///
    /// # Errors
    /// What is wrong with it, for developers.
    pub fn from_address(pairs: Vec<(String, String)>) -> Result<Self, ServerError> {
        let mut members = Map::new();
        for (name, text) in pairs {
            let value = match name.as_str() {
                // Forms send what is left empty.
                "operationName" | "variables" | "extensions" if text.is_empty() => continue,
                "query" | "operationName" => Value::String(text),
                "variables" | "extensions" => serde_json::from_str(&text)
                    .map_err(|_| malformed(format!("\"{name}\" must be JSON.")))?,
                _ => continue,
            };
            if members.insert(name, value).is_some() {
                return Err(malformed("Each parameter may be given once."));
            }
        }
        Self::from_json(Value::Object(members))
    }

    /// Makes a request that the schema can execute. Resolvers find the caller in their context.
    ///
    /// # Errors
    /// What is wrong with the document or with its variables, for developers.
    pub fn prepare<C>(self, caller: Arc<C>) -> Result<PreparedRequest, ServerError>
    where
        C: Send + Sync + 'static,
    {
        let Self { query, operation_name, variables } = self;
        let Document { parsed, kind, variables } =
            document::read(&query, operation_name.as_deref(), variables)?;
        let mut request = Request::new(query).variables(variables.clone()).data(caller);
        request.operation_name.clone_from(&operation_name);
        request.set_parsed_query(parsed.clone());
        let plan = ResponsePlan { document: parsed, operation_name, variables };
        Ok(PreparedRequest { kind, plan, request })
    }
}

/// A request that the schema can execute.
pub struct PreparedRequest {
    /// What kind of operation it is.
    pub kind: OperationType,
    /// What the response is compared with.
    pub plan: ResponsePlan,
    /// The request.
    pub request: Request,
}

fn object(members: &mut Map<String, Value>, name: &str) -> Result<Value, ServerError> {
    match members.remove(name) {
        None | Some(Value::Null) => Ok(Value::Object(Map::new())),
        Some(object @ Value::Object(_)) => Ok(object),
        Some(_) => Err(malformed(format!("\"{name}\" must be an object or null."))),
    }
}
