//! What bodies are made of.

use serde_json::Value;

/// A type as a person reads it: words, and what they lead to.
pub struct TypeDoc {
    /// Before the name, such as `list of`.
    pub before: String,
    pub name: String,
    /// The name is that of a schema on this page.
    pub linked: bool,
    /// After the name, such as `or null`.
    pub after: String,
}

pub struct SchemaDoc {
    pub name: String,
    pub description: String,
    pub properties: Vec<PropertyDoc>,
    /// The words that it may be.
    pub values: Vec<String>,
}

pub struct PropertyDoc {
    pub name: String,
    pub type_: TypeDoc,
    pub required: bool,
    pub description: String,
    pub example: String,
}

pub fn schemas(document: &Value) -> Vec<SchemaDoc> {
    let all = document["components"]["schemas"].as_object();
    all.into_iter().flatten().map(|(name, schema)| SchemaDoc::of(name, schema)).collect()
}

impl SchemaDoc {
    fn of(name: &str, schema: &Value) -> Self {
        let required =
            |property: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|name| name == property));
        let property = |(name, schema): (&String, &Value)| PropertyDoc {
            name: name.clone(),
            type_: TypeDoc::of(schema),
            required: required(name),
            description: text(&schema["description"]),
            example: example(schema),
        };
        Self {
            name: name.to_owned(),
            description: text(&schema["description"]),
            properties: schema["properties"].as_object().into_iter().flatten().map(property).collect(),
            values: words(schema),
        }
    }
}

impl TypeDoc {
    pub fn of(schema: &Value) -> Self {
        if let Some(reference) = schema["$ref"].as_str() {
            let name = reference.rsplit('/').next().unwrap_or(reference);
            return Self { linked: true, ..Self::plain(name) };
        }
        for key in ["oneOf", "anyOf", "allOf"] {
            let Some(parts) = schema[key].as_array() else { continue };
            return Self::any_of(parts);
        }
        match schema["type"].as_str() {
            Some("array") => {
                let inner = Self::of(&schema["items"]);
                Self { before: format!("list of {}", inner.before), ..inner }
            }
            Some(name) => Self::plain(&named(name, schema)),
            None => {
                let types: Vec<&str> =
                    schema["type"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                let named: Vec<String> = types.iter().map(|name| named(name, schema)).collect();
                Self::plain(&if named.is_empty() { "anything".to_owned() } else { named.join(" or ") })
            }
        }
    }

    /// `null` or a type; or one of two types, of which the second is only named.
    fn any_of(parts: &[Value]) -> Self {
        let mut types: Vec<Self> = parts.iter().map(Self::of).collect();
        types.sort_by_key(|type_| !type_.linked);
        let mut types = types.into_iter();
        let Some(first) = types.next() else { return Self::plain("anything") };
        let mut after = first.after.clone();
        for other in types {
            after.extend([" or ", &other.before, &other.name, &other.after]);
        }
        Self { after, ..first }
    }

    fn plain(name: &str) -> Self {
        Self { before: String::new(), name: name.to_owned(), linked: false, after: String::new() }
    }
}

fn named(name: &str, schema: &Value) -> String {
    let values = words(schema);
    match (name, schema["format"].as_str()) {
        ("null", _) => "null".to_owned(),
        (_, Some("uuid")) => "UUID".to_owned(),
        (_, Some("date-time")) => "instant (RFC 3339)".to_owned(),
        (_, Some("date")) => "date (RFC 3339)".to_owned(),
        ("string", _) if !values.is_empty() => values.join(" | "),
        ("string", _) => "text".to_owned(),
        ("boolean", _) => "true or false".to_owned(),
        ("integer", _) => "whole number".to_owned(),
        (other, _) => other.to_owned(),
    }
}

fn words(schema: &Value) -> Vec<String> {
    schema["enum"].as_array().into_iter().flatten().map(text).collect()
}

pub fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn example(schema: &Value) -> String {
    match &schema["example"] {
        Value::Null => text(&schema["examples"][0]),
        example => text(example),
    }
}
