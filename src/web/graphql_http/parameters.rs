//! The parameters of a GraphQL request, as named by GraphQL over HTTP and `graphql-transport-ws`.
//! All except the query may be null.
//!
//! The values of variables are not checked here; the schema does that. [`document`] decides whether
//! the document may be executed.

use std::sync::Arc;

use async_graphql::parser::types::{ExecutableDocument, OperationType};
use async_graphql::{Request, ServerError, Variables};
use serde_json::{Map, Value};

use super::document::{self, Document};
use super::null_propagation::ResponsePlan;
use super::response::malformed;

/// The parameters of a request.
#[derive(Debug)]
pub struct Parameters {
    /// The document.
    pub query: String,
    /// The name of the operation to execute, if the document has several.
    pub operation_name: Option<String>,
    /// The values of the variables.
    pub variables: Variables,
}

impl Parameters {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// If it is malformed. The message is for developers.
    pub fn from_body(body: &[u8]) -> Result<Self, ServerError> {
        let json: Value = serde_json::from_slice(body)
            .map_err(|_| malformed("The body must be JSON in UTF-8."))?;
        Self::from_json(json)
    }

    /// Reads parameters from JSON.
    ///
    /// # Errors
    /// If they are malformed. The message is for developers.
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
        // Extensions are ignored, but a value that is not a map is an error.
        object(&mut members, "extensions")?;
        Ok(Self { query, operation_name, variables: Variables::from_json(variables) })
    }

    /// Reads the query string of an address.
    ///
    /// # Errors
    /// If it is malformed. The message is for developers.
    pub fn from_address(pairs: Vec<(String, String)>) -> Result<Self, ServerError> {
        let mut members = Map::new();
        for (name, text) in pairs {
            let value = match name.as_str() {
                // HTML forms send empty fields too.
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
    /// If the document or its variables are not valid. The message is for developers.
    pub fn prepare<C>(self, caller: Arc<C>) -> Result<PreparedRequest, ServerError>
    where
        C: Send + Sync + 'static,
    {
        let Self { query, operation_name, variables } = self;
        let Document { parsed, kind, variables } =
            document::read(&query, operation_name.as_deref(), variables)?;
        let plan = ResponsePlan { document: parsed, operation_name, variables };
        let request = plan.request(&query).data(caller);
        Ok(PreparedRequest { query, kind, plan, request })
    }
}

impl ResponsePlan {
    /// The request, without a caller. `query` is the text of the document.
    pub fn request(&self, query: &str) -> Request {
        let mut request = Request::new(query).variables(self.variables.clone());
        request.operation_name.clone_from(&self.operation_name);
        request.set_parsed_query(ExecutableDocument::clone(&self.document));
        request
    }
}

/// A request that the schema can execute.
pub struct PreparedRequest {
    /// The text of the document.
    pub query: String,
    /// The kind of the operation.
    pub kind: OperationType,
    /// The data for completing the response.
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
