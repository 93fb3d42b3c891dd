//! What can be asked for, by which method at which address.

use serde_json::{Map, Value};

use super::schema::{TypeDoc, text};

pub struct OperationDoc {
    pub id: String,
    pub method: String,
    pub path: String,
    pub summary: String,
    pub description: String,
    pub parameters: Vec<ParameterDoc>,
    pub body: Option<TypeDoc>,
    pub responses: Vec<ResponseDoc>,
    /// A line to try it with.
    pub curl: String,
}

pub struct ParameterDoc {
    pub name: String,
    /// `path`, `query` or `header`.
    pub place: String,
    pub type_: TypeDoc,
    pub required: bool,
    pub description: String,
}

pub struct ResponseDoc {
    pub status: String,
    pub description: String,
    pub type_: Option<TypeDoc>,
}

/// Each with its tag, in the order of their addresses; reading comes before changing.
pub fn operations(document: &Value) -> Vec<(String, OperationDoc)> {
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        for method in ["get", "post", "put", "patch", "delete"] {
            let operation = &methods[method];
            if operation.is_object() {
                operations.push((text(&operation["tags"][0]), OperationDoc::of(document, path, method, operation)));
            }
        }
    }
    operations
}

impl OperationDoc {
    fn of(document: &Value, path: &str, method: &str, operation: &Value) -> Self {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let responses = operation["responses"].as_object().into_iter().flatten();
        let body = operation["requestBody"]["content"].as_object().and_then(first_content);
        Self {
            id: text(&operation["operationId"]),
            method: method.to_ascii_uppercase(),
            path: path.to_owned(),
            summary: text(&operation["summary"]),
            description: text(&operation["description"]),
            parameters: parameters.map(ParameterDoc::of).collect(),
            curl: curl(document, path, method, operation, body),
            body: body.map(|(kind, content)| match kind {
                "application/json" => TypeDoc::of(&content["schema"]),
                kind => TypeDoc { name: kind.to_owned(), linked: false, ..TypeDoc::of(&Value::Null) },
            }),
            responses: responses.map(|(status, response)| ResponseDoc::of(document, status, response)).collect(),
        }
    }
}

impl ParameterDoc {
    fn of(parameter: &Value) -> Self {
        Self {
            name: text(&parameter["name"]),
            place: text(&parameter["in"]),
            type_: TypeDoc::of(&parameter["schema"]),
            required: parameter["required"] == true,
            description: text(&parameter["description"]),
        }
    }
}

impl ResponseDoc {
    fn of(document: &Value, status: &str, response: &Value) -> Self {
        let response = match response["$ref"].as_str() {
            Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap_or(response),
            None => response,
        };
        let content = response["content"].as_object().and_then(first_content);
        Self {
            status: status.to_owned(),
            description: text(&response["description"]),
            type_: content.map(|(_, content)| TypeDoc::of(&content["schema"])),
        }
    }
}

fn first_content(content: &Map<String, Value>) -> Option<(&str, &Value)> {
    content.iter().next().map(|(kind, content)| (kind.as_str(), content))
}

fn curl(document: &Value, path: &str, method: &str, operation: &Value, body: Option<(&str, &Value)>) -> String {
    let mut words = vec!["curl".to_owned()];
    if method != "get" {
        words.push(format!("-X {}", method.to_ascii_uppercase()));
    }
    if operation["security"].is_array() {
        words.push("-H \"Authorization: Bearer $TOKEN\"".to_owned());
    }
    match body {
        Some(("application/json", content)) => {
            words.push("-H 'Content-Type: application/json'".to_owned());
            words.push(format!("-d '{}'", sample(document, &content["schema"], 0)));
        }
        Some(_) => words.push("--data-binary @greeting.wav".to_owned()),
        None => {}
    }
    words.push(format!("\"$LINESIDE{}\"", variables(path)));
    words.join(" ")
}

/// `/users/{id}` becomes `/users/$ID`, as shells write variables.
fn variables(path: &str) -> String {
    let part = |part: &str| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
        Some(name) => format!("${}", name.to_uppercase()),
        None => part.to_owned(),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// A body made of the fields' examples: what is required, and what has an example.
fn sample(document: &Value, schema: &Value, depth: usize) -> Value {
    let schema = match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap_or(&Value::Null),
        None => schema,
    };
    let example = if schema["example"].is_null() { &schema["examples"][0] } else { &schema["example"] };
    if !example.is_null() || depth > 4 {
        return example.clone();
    }
    if let Some(first) = schema["enum"].as_array().and_then(|values| values.last()) {
        return first.clone();
    }
    match schema["type"].as_str() {
        Some("object") => {
            let required = |name: &String| {
                schema["required"].as_array().is_some_and(|all| all.iter().any(|required| required == name))
            };
            let shown = |(name, field): (&String, &Value)| {
                let has_example = !field["example"].is_null() || !field["examples"].is_null();
                (required(name) || has_example).then(|| (name.clone(), sample(document, field, depth + 1)))
            };
            schema["properties"].as_object().into_iter().flatten().filter_map(shown).collect::<Map<_, _>>().into()
        }
        Some("array") => Value::Array(vec![sample(document, &schema["items"], depth + 1)]),
        Some("boolean") => Value::Bool(true),
        Some("integer") => 1.into(),
        Some("string") if schema["format"] == "uuid" => "0190a1b2-0000-7000-8000-000000000001".into(),
        Some("string") => "".into(),
        _ => Value::Null,
    }
}
