//! The OpenAPI document as a client reads it: JSON, nothing else.

use serde_json::Value;

/// One operation of the document.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) id: String,
    pub(crate) spec: Value,
}

impl Operation {
    /// Whether it has this parameter; `at` is `path`, `query` or `header`.
    pub(crate) fn takes(&self, at: &str, name: &str) -> bool {
        let parameters = self.spec["parameters"].as_array().into_iter().flatten();
        parameters.into_iter().any(|parameter| parameter["in"] == at && parameter["name"] == name)
    }
}

/// The produced document.
pub(crate) fn document() -> Value {
    let text = xunke_api::server::document().to_json().expect("the document is JSON");
    serde_json::from_str(&text).expect("the document is JSON")
}

/// Every operation of a document.
pub(crate) fn operations(document: &Value) -> Vec<Operation> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, spec) in item.as_object().into_iter().flatten() {
            if ["get", "put", "post", "delete", "patch", "head", "options", "trace"]
                .contains(&method.as_str())
            {
                let id = spec["operationId"].as_str().unwrap_or_default().to_owned();
                all.push(Operation {
                    method: method.to_uppercase(),
                    path: path.clone(),
                    id,
                    spec: spec.clone(),
                });
            }
        }
    }
    all
}

/// What a `$ref` inside the document points at.
pub(crate) fn resolve<'a>(document: &'a Value, reference: &str) -> Option<&'a Value> {
    document.pointer(reference.strip_prefix('#')?)
}

/// The example of an operation's body, with its media type.
pub(crate) fn example(document: &Value, operation: &Operation) -> Option<(String, Value)> {
    let content = operation.spec["requestBody"]["content"].as_object()?;
    content.iter().find_map(|(media, body)| {
        let schema = &body["schema"];
        let schema =
            schema["$ref"].as_str().and_then(|reference| resolve(document, reference)).unwrap_or(schema);
        let found = [&body["example"], &schema["example"], &schema["examples"][0]];
        let found = found.into_iter().find(|example| !example.is_null())?;
        Some((media.clone(), found.clone()))
    })
}
