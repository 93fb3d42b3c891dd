//! The OpenAPI 3.1 document: every operation from its handler, and what all of them have in common from here.

use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use serde_json::{Map, Value, json};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::apply::PLAN;
use crate::idempotency::KEY;
use crate::plan::PlanView;
use crate::problem::{DifferenceView, FieldErrorView, Problem, ProblemView};
use crate::query::{Nothing, Params};
use crate::router::{Access, ROOT, Route};

pub fn routes() -> Vec<Route> {
    vec![Route::new(Access::Anyone, routes!(document))]
}

/// This description of the API
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "API",
    responses((status = 200, body = Object, description = "OpenAPI 3.1"))
)]
async fn document(Params(Nothing {}): Params<Nothing>) -> Result<impl IntoResponse, Problem> {
    Ok(([(CONTENT_TYPE, "application/json")], openapi()))
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Lineside",
        description = "Users, numbers, devices, licenses and locations of an account. Every change can be planned first \
            (`?plan=true`), is applied at most once (`Idempotency-Key`), and is in the journal. Errors are RFC 9457 problems.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    components(schemas(PlanView, ProblemView<'_>, FieldErrorView, DifferenceView))
)]
struct Head;

/// The document as it is committed and served: indented, its keys in a fixed order.
pub fn openapi() -> String {
    let mut text = serde_json::to_string_pretty(&describe()).unwrap_or_default();
    text.push('\n');
    text
}

pub(crate) fn describe() -> Value {
    let (mut inner, mut common) = (OpenApiRouter::new(), Vec::new());
    for route in crate::router::routes() {
        let methods: Vec<String> = route.methods().iter().map(|method| method.as_str().to_ascii_lowercase()).collect();
        common.push((format!("{ROOT}{}", route.path()), methods, route.access, route.planned));
        inner = inner.routes(route.handler);
    }
    let api = OpenApiRouter::with_openapi(Head::openapi()).nest(ROOT, inner).into_openapi();
    let mut document = serde_json::to_value(api).unwrap_or_default();
    let versioned = versioned(&document);
    for (path, methods, access, planned) in common {
        for method in methods {
            if let Some(operation) = document["paths"][&path][&method].as_object_mut() {
                complete(operation, access, planned);
                if tagged(operation, &versioned) {
                    add_etag(operation, method == "get");
                }
                if planned {
                    add_plan(operation, method != "post");
                }
            }
        }
    }
    document["components"]["securitySchemes"] =
        json!({"token": {"type": "http", "scheme": "bearer", "description": "An API token; see POST /api/v1/tokens."}});
    document["components"]["responses"] = json!({"Problem": {
        "description": "What is wrong and what to do (RFC 9457)",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }});
    document
}

fn complete(operation: &mut Map<String, Value>, access: Access, planned: bool) {
    let problem = json!({"$ref": "#/components/responses/Problem"});
    let mut codes = vec!["400"];
    if access != Access::Anyone {
        codes.extend(["401", "404"]);
        operation.insert("security".to_owned(), json!([{"token": []}]));
    }
    if planned {
        codes.extend(["409", "422"]);
    } else if operation.contains_key("requestBody") {
        codes.push("422");
    }
    let responses = operation.entry("responses").or_insert_with(|| json!({}));
    for code in codes {
        responses[code] = problem.clone();
    }
}

/// References to the views that show a record's version.
fn versioned(document: &Value) -> Vec<Value> {
    let schemas = document["components"]["schemas"].as_object().into_iter().flatten();
    let versioned = schemas.filter(|(_, schema)| schema["properties"]["version"].is_object());
    versioned.map(|(name, _)| json!(format!("#/components/schemas/{name}"))).collect()
}

/// Answers one record.
fn tagged(operation: &Map<String, Value>, versioned: &[Value]) -> bool {
    ["200", "201"].iter().any(|code| {
        let schema = &operation["responses"][code]["content"]["application/json"]["schema"];
        let or_null = schema["oneOf"].as_array().into_iter().flatten();
        or_null.chain([schema]).any(|schema| versioned.contains(&schema["$ref"]))
    })
}

fn add_etag(operation: &mut Map<String, Value>, reads: bool) {
    let responses = &mut operation["responses"];
    for code in ["200", "201"] {
        if responses[code].is_object() {
            responses[code]["headers"]["ETag"] = json!({"schema": {"type": "string"},
                "description": "The record's version and a hash of the answer; for If-Match and If-None-Match."});
        }
    }
    if reads {
        responses["304"] = json!({"description": "It is as If-None-Match says"});
        add_parameters(
            operation,
            [header("If-None-Match", "An `ETag`: answer 304 while it is the latest.", &json!({"type": "string"}))],
        );
    }
}

fn header(name: &str, description: &str, schema: &Value) -> Value {
    json!({"name": name, "in": "header", "required": false, "description": description, "schema": schema})
}

fn add_parameters(operation: &mut Map<String, Value>, more: impl IntoIterator<Item = Value>) {
    let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
    if let Some(parameters) = parameters.as_array_mut() {
        parameters.extend(more);
    }
}

/// `?plan=true` answers 200 with the plan, beside what the operation answers when it is applied.
fn add_plan(operation: &mut Map<String, Value>, conditional: bool) {
    let plan = json!({"$ref": "#/components/schemas/Plan"});
    let ok = &mut operation["responses"]["200"];
    if ok.is_null() {
        *ok = json!({"description": "With plan=true: the plan. Nothing was done.",
            "content": {"application/json": {"schema": plan}}});
    } else {
        let schema = ok["content"]["application/json"]["schema"].take();
        ok["content"]["application/json"]["schema"] =
            if schema == plan { plan } else { json!({"anyOf": [schema, plan]}) };
        let description = ok["description"].as_str().unwrap_or_default();
        ok["description"] = json!(format!("{description}; with plan=true the plan, and nothing was done"));
    }
    let more = [
        json!({"name": "plan", "in": "query", "required": false, "schema": {"type": "boolean"},
            "description": "`true`: answer what would be done, and do nothing."}),
        header(
            PLAN,
            "The `fingerprint` of a plan: apply exactly that, or answer 409 with the new plan.",
            &json!({"type": "string"}),
        ),
        header(
            KEY,
            "A new UUID for each change: sent again with it, the change is applied once and answered alike.",
            &json!({"type": "string", "format": "uuid"}),
        ),
    ];
    add_parameters(operation, more);
    if conditional {
        let description =
            "An `ETag` of the record, or `*`: change it only while its version is that one, or answer 412.";
        add_parameters(operation, [header("If-Match", description, &json!({"type": "string"}))]);
        operation["responses"]["412"] = json!({"$ref": "#/components/responses/Problem"});
    }
}
