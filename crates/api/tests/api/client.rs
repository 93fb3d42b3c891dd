//! A caller of the API, without a network between.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use lineside_testkit::service::{House, Person, Tenant};
use serde_json::Value;
use tower::ServiceExt;

pub struct Client {
    router: Router,
    token: Option<String>,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
    /// `null` when it is no JSON.
    pub json: Value,
}

impl Client {
    pub fn nobody(house: &House) -> Self {
        Self { router: lineside_api::router(house.service.clone()), token: None }
    }

    pub async fn of(house: &House, person: &Person) -> Self {
        Self { token: Some(house.token(person).await.unwrap()), ..Self::nobody(house) }
    }

    pub async fn operator(house: &House) -> Self {
        Self { token: Some(house.operator_token().await.unwrap()), ..Self::nobody(house) }
    }

    /// Somebody who administers nothing.
    pub async fn of_user(house: &House, tenant: &Tenant) -> Self {
        Self::of(house, &tenant.user).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], None).await
    }

    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> Answer {
        let body = body.map(|body| body.to_string().into_bytes());
        let json = ("Content-Type", "application/json");
        let headers: Vec<_> = headers.iter().copied().chain(body.is_some().then_some(json)).collect();
        self.send_bytes(method, path, &headers, body.unwrap_or_default()).await
    }

    pub async fn send_bytes(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        let path = if path.starts_with("/api") { path.to_owned() } else { format!("/api/v1{path}") };
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec();
        let json = serde_json::from_slice(&bytes).unwrap_or_default();
        Answer { status, headers, bytes, json }
    }
}

impl Answer {
    /// The status, and that what is refused says so as RFC 9457 asks.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        let said = String::from_utf8_lossy(&self.bytes);
        assert_eq!(self.status.as_u16(), status, "{said}");
        if status >= 400 {
            assert_eq!(self.headers["content-type"], "application/problem+json");
            assert_eq!(self.json["status"], status);
            assert!(self.json["type"].as_str().unwrap().starts_with("/problems/"), "{said}");
        }
        self
    }

    #[track_caller]
    pub fn tag(&self) -> String {
        self.headers["etag"].to_str().unwrap().to_owned()
    }

    pub fn id(&self) -> String {
        self.json["id"].as_str().unwrap_or_else(|| panic!("no id in {}", self.json)).to_owned()
    }
}
