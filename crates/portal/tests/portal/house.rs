//! The portal over a database of its own, called without a network.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use lineside_testkit::database::{Database, Engine};
use lineside_testkit::service::{House, PASSWORD, Person};
use scraper::{Html, Selector};
use tower::ServiceExt;

pub struct Portal {
    pub house: House,
    router: Router,
    _database: Database,
}

/// What came back, read as a browser would.
pub struct Page {
    pub status: StatusCode,
    pub location: Option<String>,
    pub cookie: Option<String>,
    pub body: String,
}

impl Portal {
    pub async fn new() -> Self {
        Self::on(Engine::Sqlite).await.expect("SQLite needs no server")
    }

    /// `None`: no server was given for PostgreSQL.
    pub async fn on(engine: Engine) -> Option<Self> {
        let database = Database::fresh(engine).await?;
        let house = House::over(database.store.clone()).await.unwrap();
        Some(Self { router: lineside_portal::router(house.service.clone()), house, _database: database })
    }

    /// The session cookie of somebody who signed in through the page.
    pub async fn sign_in(&self, username: &str) -> String {
        let body = format!("username={username}&password={}", PASSWORD.replace(' ', "+"));
        let page = self.post("/sign-in", "", &body).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
        page.cookie.expect("a session")
    }

    pub async fn session(&self, person: &Person) -> String {
        self.sign_in(&person.username).await
    }

    pub async fn get(&self, path: &str, cookie: &str) -> Page {
        self.call(Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, path: &str, cookie: &str, body: &str) -> Page {
        let request = Request::post(path)
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body.to_owned()));
        self.call(request.unwrap()).await
    }

    /// The path of the link in the only mail that was sent.
    pub fn link_of_the_mail(&self) -> String {
        let mails = self.house.mails().unwrap();
        let mail = mails[0].replace("=\r\n", "").replace("=\n", "");
        let start = mail.find("/set-password/").expect("a link");
        mail[start..].chars().take_while(|c| !c.is_whitespace() && !"<>\"".contains(*c)).collect()
    }

    pub async fn call(&self, request: Request<Body>) -> Page {
        Page::read(self.raw(request).await).await
    }

    pub async fn raw(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }
}

impl Page {
    async fn read(response: Response<Body>) -> Self {
        let text = |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let (status, location) = (response.status(), text(header::LOCATION));
        let cookie = text(header::SET_COOKIE).map(|set| set.split(';').next().unwrap_or_default().to_owned());
        let body = axum::body::to_bytes(response.into_body(), 4_000_000).await.unwrap();
        Self { status, location, cookie, body: String::from_utf8_lossy(&body).into_owned() }
    }

    /// The texts of what a selector finds.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        let (html, selector) = (Html::parse_document(&self.body), Selector::parse(selector).unwrap());
        let texts = html
            .select(&selector)
            .map(|found| found.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" "));
        texts.collect()
    }

    /// An attribute of the first that a selector finds.
    pub fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        let html = Html::parse_document(&self.body);
        let found = html.select(&Selector::parse(selector).unwrap()).next()?;
        found.value().attr(name).map(str::to_owned)
    }

    /// The hidden and filled-in fields of a form, as a browser would send them.
    pub fn form(&self, selector: &str) -> Vec<(String, String)> {
        let html = Html::parse_document(&self.body);
        let form = html.select(&Selector::parse(selector).unwrap()).next().unwrap_or_else(|| panic!("no {selector}"));
        let inputs = Selector::parse("input[name], select[name]").unwrap();
        let chosen = Selector::parse("option[selected]").unwrap();
        let filled = form.select(&inputs).filter_map(|input| {
            let (name, kind) = (input.value().attr("name")?, input.value().attr("type").unwrap_or_default());
            let value = match (input.value().name(), kind) {
                ("select", _) => input.select(&chosen).next().and_then(|option| option.value().attr("value"))?,
                (_, "checkbox" | "radio") if input.value().attr("checked").is_none() => return None,
                _ => input.value().attr("value").unwrap_or_default(),
            };
            Some((name.to_owned(), value.to_owned()))
        });
        filled.collect()
    }
}

/// A form's fields with some set, as a body.
pub fn filled(fields: &[(String, String)], set: &[(&str, &str)]) -> String {
    let kept = fields.iter().filter(|(name, _)| !set.iter().any(|(other, _)| other == name));
    let kept = kept.map(|(name, value)| (name.as_str(), value.as_str()));
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(kept.chain(set.iter().copied())).finish()
}
