//! A visitor of the portal in a test: signed in, going from page to page, filling in forms as a browser without scripts
//! would.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use lineside_testkit::database::{Database, Engine};
use lineside_testkit::service::{House, PASSWORD};
use scraper::{ElementRef, Html, Selector};
use tower::ServiceExt;

pub struct Visit {
    pub house: Arc<House>,
    router: Router,
    cookie: String,
    database: Arc<Database>,
}

/// A page as it was answered.
pub struct Shown {
    pub status: StatusCode,
    /// Where it leads on.
    pub location: Option<String>,
    /// What the page that it leads to will say was done.
    pub done: Option<String>,
    pub html: String,
}

impl Visit {
    /// The Account Owner of Acme.
    pub async fn owner() -> Self {
        Self::of("acme.owner").await
    }

    pub async fn of(username: &str) -> Self {
        let database = Database::fresh(Engine::Sqlite).await.unwrap();
        let house = House::over(database.store.clone()).await.unwrap();
        let router = lineside_portal::router(house.service.clone());
        let nobody = Self { house: Arc::new(house), router, cookie: String::new(), database: Arc::new(database) };
        nobody.sign_in(username).await
    }

    /// Somebody else at the same time.
    pub async fn sign_in(&self, username: &str) -> Self {
        let signed_in = self.house.service.sign_in(username, PASSWORD, None).await.unwrap();
        Self {
            house: self.house.clone(),
            router: self.router.clone(),
            cookie: format!("lineside_session={}", signed_in.token),
            database: self.database.clone(),
        }
    }

    pub async fn get(&self, path: &str) -> Shown {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, path: &str, fields: &[(String, String)]) -> Shown {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// Opens a page, fills in its form and sends it.
    pub async fn fill(&self, path: &str, fields: &[(&str, &str)]) -> Shown {
        let opened = self.get(path).await;
        assert_eq!(opened.status, StatusCode::OK, "{path}: {}", opened.html);
        let (action, filled) = opened.form(fields);
        self.post(&action.unwrap_or_else(|| path.to_owned()), &filled).await
    }

    /// Follows the first link that a selector finds.
    pub async fn page_of_link(&self, shown: &Shown, selector: &str) -> Shown {
        let page = shown.page();
        let link = page.select(&Selector::parse(selector).unwrap()).next().and_then(|link| link.value().attr("href"));
        let link = link.unwrap_or_else(|| panic!("no {selector}: {}", shown.html)).to_owned();
        drop(page);
        self.get(&link).await
    }

    /// Presses Confirm on the review page.
    pub async fn confirm(&self, review: &Shown) -> Shown {
        assert_eq!(review.status, StatusCode::OK, "{}", review.html);
        let (action, fields) = review.form(&[]);
        self.post(&action.expect("a review says where it is confirmed"), &fields).await
    }

    async fn send(&self, mut request: Request<Body>) -> Shown {
        request.headers_mut().insert(header::COOKIE, self.cookie.parse().unwrap());
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let location = response.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned());
        let mut cookies = response.headers().get_all(header::SET_COOKIE).iter();
        let done = cookies.find_map(|set| set.to_str().unwrap().strip_prefix("lineside_done=")).map(str::to_owned);
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        Shown { status, location, done, html: String::from_utf8_lossy(&body).into_owned() }
    }
}

impl Shown {
    pub fn page(&self) -> Html {
        Html::parse_document(&self.html)
    }

    /// The text of every element that fits, blanks folded.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        let selector = Selector::parse(selector).unwrap();
        self.page().select(&selector).map(|element| fold(&element.text().collect::<String>())).collect()
    }

    pub fn says(&self, words: &str) -> bool {
        self.texts("main").iter().any(|text| text.contains(words))
    }

    /// The error beside a field.
    pub fn error(&self, field: &str) -> Option<String> {
        self.texts(&format!("[id='{field}-error']")).into_iter().next()
    }

    pub fn has(&self, selector: &str) -> bool {
        !self.texts(selector).is_empty()
    }

    /// The page's own form: where it is sent, and its fields with some of them filled in.
    pub fn form(&self, fields: &[(&str, &str)]) -> (Option<String>, Vec<(String, String)>) {
        let page = self.page();
        let forms = Selector::parse("main form[method=post]").unwrap();
        let named = |form: &ElementRef<'_>| {
            let names = values(form);
            fields.iter().all(|(name, _)| names.contains_key(*name)) && form.value().attr("action").is_none_or(fits)
        };
        let form = page.select(&forms).find(named).unwrap_or_else(|| panic!("no such form: {}", self.html));
        let mut values = values(&form);
        for (name, value) in fields {
            values.insert((*name).to_owned(), vec![(*value).to_owned()]);
        }
        let sent =
            values.into_iter().flat_map(|(name, values)| values.into_iter().map(move |value| (name.clone(), value)));
        (form.value().attr("action").map(str::to_owned), sent.collect())
    }
}

/// Signing out is a form too.
fn fits(action: &str) -> bool {
    action != "/sign-out"
}

/// What a browser would send, with an empty entry for what is not ticked or chosen.
fn values(form: &ElementRef<'_>) -> BTreeMap<String, Vec<String>> {
    let controls = Selector::parse("input[name], select[name], textarea[name]").unwrap();
    let chosen = Selector::parse("option[selected]").unwrap();
    let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for control in form.select(&controls) {
        let element = control.value();
        let sent = values.entry(element.attr("name").unwrap().to_owned()).or_default();
        match (element.name(), element.attr("type")) {
            (_, Some("checkbox" | "radio")) if element.attr("checked").is_none() => {}
            ("select", _) => {
                sent.extend(control.select(&chosen).filter_map(|option| option.attr("value")).map(str::to_owned));
            }
            ("textarea", _) => sent.push(control.text().collect::<String>().trim_start_matches('\n').to_owned()),
            _ => sent.push(element.attr("value").unwrap_or("on").to_owned()),
        }
    }
    values
}

fn fold(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
