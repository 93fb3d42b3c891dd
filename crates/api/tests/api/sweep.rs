//! Every text of every endpoint, as the description has them, with what no database takes.

use axum::http::Method;
use lineside_api::{Access, Endpoint, endpoints};
use lineside_testkit::database::Engine;
use rstest::rstest;
use serde_json::{Value, json};
use std::collections::BTreeMap;

use crate::access::{belongings, filled};
use crate::client::{Answer, Client};
use crate::house;

struct Sweep {
    client: Client,
    operator: Client,
    document: Value,
    ids: BTreeMap<&'static str, String>,
    tried: usize,
}

#[rstest]
#[tokio::test]
async fn a_control_character_anywhere_is_refused_and_never_our_mistake(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((house, _database)) = house(engine).await else { return };
    let ids = belongings(&house).await;
    let client = Client::of(&house, &house.acme.administrator).await;
    let operator = Client::operator(&house).await;
    let document = serde_json::from_str(&lineside_api::openapi()).unwrap();
    let mut sweep = Sweep { client, operator, document, ids, tried: 0 };
    for endpoint in endpoints().iter().filter(|endpoint| endpoint.path.starts_with("/api/v1")) {
        sweep.path(endpoint).await;
        sweep.query(endpoint).await;
        sweep.body(endpoint).await;
    }
    assert!(sweep.tried > 150, "{}", sweep.tried);
}

impl Sweep {
    fn operation(&self, endpoint: &Endpoint) -> &Value {
        &self.document["paths"][&endpoint.path][endpoint.method.as_str().to_lowercase()]
    }

    async fn path(&mut self, endpoint: &Endpoint) {
        for (from, _) in endpoint.path.match_indices('{') {
            let name = endpoint.path[from..].split_inclusive('}').next().unwrap();
            for control in ["%00", "%01", "a%0Ab"] {
                let path = filled(&endpoint.path.replacen(name, control, 1), &self.ids);
                let body = self.example(self.operation(endpoint));
                let answer = self.asks(endpoint).send(endpoint.method.clone(), &path, &[], body).await;
                self.tried += 1;
                assert!(answer.status.is_client_error(), "{endpoint:?} {name}: {}", answer.status);
            }
        }
    }

    async fn query(&mut self, endpoint: &Endpoint) {
        let parameters = self.operation(endpoint)["parameters"].as_array().cloned().unwrap_or_default();
        let names: Vec<String> = parameters
            .iter()
            .filter(|parameter| parameter["in"] == "query")
            .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
            .collect();
        for name in &names {
            for control in ["%00", "a%00", "%01", "a%0Ab", "%7F"] {
                let others = names.iter().filter(|other| *other != name && other.ends_with("_name"));
                let others: Vec<String> = others.map(|other| format!("&{other}=Ana")).collect();
                let path = format!("{}?{name}={control}{}", filled(&endpoint.path, &self.ids), others.concat());
                let answer = self.send(endpoint, &path, None).await;
                self.refused(&answer, control, &format!("{endpoint:?} {name}={control}"));
            }
        }
    }

    async fn body(&mut self, endpoint: &Endpoint) {
        // What a cell of a file may hold is said by its column, in the import's plan.
        if endpoint.path.starts_with("/api/v1/imports/") {
            return;
        }
        let Some(body) = self.example(self.operation(endpoint)) else { return };
        let path = filled(&endpoint.path, &self.ids);
        // The example itself is in order, so that nothing else is what refuses.
        let parameters = self.operation(endpoint)["parameters"].as_array();
        let planned = parameters.is_some_and(|all| all.iter().any(|parameter| parameter["name"] == "plan"));
        let dry = if planned { format!("{path}?plan=true") } else { path.clone() };
        let clean = self.send(endpoint, &dry, Some(body.clone())).await;
        assert!(clean.status.is_success(), "{endpoint:?} {body}: {}", clean.json);
        for pointer in texts(&body, String::new()) {
            for control in ["\u{0}", "\u{1}", "\u{7f}", "\n", "\u{202e}"] {
                let mut body = body.clone();
                let text = body.pointer(&pointer).unwrap().as_str().unwrap().to_owned();
                let middle = text.len() / 2;
                *body.pointer_mut(&pointer).unwrap() =
                    json!(format!("{}{control}{}", &text[..middle], &text[middle..]));
                let answer = self.send(endpoint, &path, Some(body)).await;
                self.refused(&answer, control, &format!("{endpoint:?} {pointer} {control:?}"));
            }
        }
    }

    async fn send(&self, endpoint: &Endpoint, path: &str, body: Option<Value>) -> Answer {
        let body = body.or_else(|| self.example(self.operation(endpoint)));
        if endpoint.path.ends_with("/greeting") && endpoint.method == Method::PUT {
            return self.client.send_bytes(Method::PUT, path, &[], lineside_testkit::call::wav()).await;
        }
        self.asks(endpoint).send(endpoint.method.clone(), path, &[], body).await
    }

    fn asks(&self, endpoint: &Endpoint) -> &Client {
        if endpoint.access == Access::Operator { &self.operator } else { &self.client }
    }

    /// A line break may pass as the blank that it is folded to.
    fn refused(&mut self, answer: &Answer, control: &str, what: &str) {
        self.tried += 1;
        if control == "\n" {
            let kept = answer.status.is_success() && answer.json.to_string().contains("\\n");
            assert!(answer.status.as_u16() < 500 && !kept, "{what}: {}", answer.json);
            return;
        }
        let kind = answer.json["type"].as_str().unwrap_or_default();
        assert!(
            matches!(kind, "/problems/malformed" | "/problems/invalid"),
            "{what}: {} {}",
            answer.status,
            answer.json
        );
    }

    /// A body made of the description's examples.
    fn example(&self, operation: &Value) -> Option<Value> {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        schema.is_object().then(|| self.of_schema("", schema))
    }

    fn of_schema(&self, name: &str, schema: &Value) -> Value {
        if let Some(reference) = schema["$ref"].as_str() {
            return self.of_schema(name, self.document.pointer(reference.trim_start_matches('#')).unwrap());
        }
        if let Some(described) = schema["allOf"].get(0) {
            return self.of_schema(name, described);
        }
        let mut choices = schema["oneOf"].as_array().into_iter().flatten();
        if let Some(choice) = choices.find(|choice| choice["type"] != "null") {
            return self.of_schema(name, choice);
        }
        if let Some(fields) = schema["properties"].as_object() {
            let kept = fields
                .iter()
                .filter(|(name, _)| !["version", "mobile_number_id"].contains(&name.as_str()))
                .filter(|(name, _)| *name != "number_id" || !fields.contains_key("number"));
            return kept.map(|(name, field)| (name.clone(), self.of_schema(name, field))).collect();
        }
        if !schema["example"].is_null() {
            return schema["example"].clone();
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds[0].as_str().unwrap(),
            kind => kind.as_str().unwrap(),
        };
        match (kind, name) {
            ("array", name) => json!([self.of_schema(name, &schema["items"])]),
            // What is said of some by their identifiers.
            ("object", name) => {
                json!({ (self.ids["users"].clone()): self.of_schema(name, &schema["additionalProperties"]) })
            }
            ("boolean", _) => json!(false),
            ("integer", _) => json!(1),
            _ if schema["enum"].is_array() => schema["enum"][0].clone(),
            (_, "number_id") => json!(self.ids["numbers"]),
            (_, "location_id") => json!(self.ids["locations"]),
            (_, "department_id") => json!(self.ids["departments"]),
            _ => json!(self.ids["users"]),
        }
    }
}

/// Pointers to every text.
fn texts(value: &Value, at: String) -> Vec<String> {
    match value {
        Value::String(_) => vec![at],
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(index, item)| texts(item, format!("{at}/{index}"))).collect()
        }
        Value::Object(fields) => fields.iter().flat_map(|(name, field)| texts(field, format!("{at}/{name}"))).collect(),
        _ => Vec::new(),
    }
}
