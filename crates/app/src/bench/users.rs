//! `lineside bench users`: what the pages cost with many users in one account. Server time: from the request's arrival at the
//! router to the last byte of the answer, without a network between.

use std::time::Duration;

use anyhow::ensure;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{Request, header};
use clap::Args;
use lineside_auth::OsRandom;
use lineside_service::Service;
use tower::ServiceExt as _;

use super::{Late, Times, say_head};
use crate::demo::EmptyAccount;

#[derive(Args)]
pub struct Options {
    /// How many users the account has.
    #[arg(long, default_value_t = 100_000)]
    users: usize,
    /// Requests of each kind.
    #[arg(long, default_value_t = 400)]
    requests: usize,
}

/// The goal: 95 of 100 requests within this time.
const GOAL: Duration = Duration::from_millis(20);
/// The first few requests of each kind fill caches, and are not counted.
const WARM_UP: usize = 20;

pub(super) async fn measure(options: &Options, service: Service, sign_in: EmptyAccount) -> anyhow::Result<Late> {
    tracing::info!(users = options.users, engine = service.engine(), "filling an account");
    service.add_sample(&sign_in.scope, options.users).await?;
    let session = service.sign_in(&sign_in.username, &sign_in.password, None).await?;
    let pages =
        Pages { app: lineside_portal::router(service.clone()), cookie: format!("lineside_session={}", session.token) };
    let users = pages.some_users(&service, &session.caller).await?;

    let engine = service.engine();
    say_head(&format!("{} users, {engine}, {} requests of each kind: server time", options.users, options.requests));
    let mut late = Late::new();
    for (name, paths) in kinds(&users) {
        let (mut warm_up, mut times) = (Times::default(), Times::default());
        for n in 0..options.requests + WARM_UP {
            let times = if n < WARM_UP { &mut warm_up } else { &mut times };
            pages.time(&paths[n % paths.len()], times).await?;
        }
        if times.say(name) > GOAL {
            late.push(name.to_owned());
        }
    }
    Ok(late)
}

struct Pages {
    app: Router,
    cookie: String,
}

/// What the searches look for, taken from the sample itself.
struct Sampled {
    ids: Vec<String>,
    names: Vec<String>,
    numbers: Vec<String>,
    extensions: Vec<String>,
}

fn kinds(users: &Sampled) -> Vec<(&'static str, Vec<String>)> {
    let search = |words: &[String]| words.iter().map(|word| format!("/users?search={word}")).collect::<Vec<_>>();
    let cut = |words: &[String], length: usize| -> Vec<String> {
        words.iter().map(|word| word.chars().take(length).collect()).collect()
    };
    vec![
        ("users page", vec!["/users".to_owned(), "/users?page=2".to_owned(), "/users?page=20".to_owned()]),
        ("users page, not ready", vec!["/users?ready=false".to_owned(), "/users?ready=true".to_owned()]),
        ("search, one letter of a name", search(&cut(&users.names, 1))),
        ("search, three letters of a name", search(&cut(&users.names, 3))),
        ("search, a whole name", search(&users.names)),
        ("search, a phone number", search(&users.numbers)),
        (
            "search, its last four digits",
            search(&users.numbers.iter().map(|n| n[n.len() - 4..].to_owned()).collect::<Vec<_>>()),
        ),
        ("search, an extension", search(&users.extensions)),
        ("a user's page", users.ids.iter().map(|id| format!("/users/{id}")).collect()),
        ("home", vec!["/home".to_owned()]),
    ]
}

impl Pages {
    async fn time(&self, path: &str, times: &mut Times) -> anyhow::Result<()> {
        let peer = ConnectInfo(std::net::SocketAddr::from(([127, 0, 0, 1], 1)));
        let request = Request::get(path).header(header::COOKIE, &self.cookie).extension(peer).body(Body::empty())?;
        let answer = async {
            let response = self.app.clone().oneshot(request).await?;
            let status = response.status();
            to_bytes(response.into_body(), 16 * 1024 * 1024).await?;
            anyhow::Ok(status)
        };
        let status = times.of(answer).await?;
        ensure!(status.is_success(), "{path} answered {status}");
        Ok(())
    }

    /// Users from all over the list.
    async fn some_users(&self, service: &Service, caller: &lineside_service::Caller) -> anyhow::Result<Sampled> {
        let mut sampled = Sampled { ids: Vec::new(), names: Vec::new(), numbers: Vec::new(), extensions: Vec::new() };
        for page in (1..40).step_by(4) {
            let filter = lineside_model::list::UserFilter { page, ..lineside_model::list::UserFilter::default() };
            for row in service.users(caller, &filter).await?.rows {
                let plain = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
                sampled.ids.push(row.id.to_string());
                sampled.names.push(format!("{}+{}", plain(&row.first_name), plain(&row.last_name)));
                sampled.numbers.extend(row.number.map(|number| number.digits().to_owned()));
                sampled.extensions.extend(row.extension);
            }
        }
        ensure!(!sampled.numbers.is_empty() && !sampled.extensions.is_empty(), "the sample has too few users");
        shuffle(&mut sampled.ids);
        Ok(sampled)
    }
}

/// So that neighbours in the list are not asked for one after the other.
fn shuffle(items: &mut [String]) {
    for at in (1..items.len()).rev() {
        let mut bytes = [0; 8];
        rand::Rng::fill_bytes(&mut OsRandom, &mut bytes);
        let other = usize::try_from(u64::from_le_bytes(bytes) % (at as u64 + 1)).unwrap_or_default();
        items.swap(at, other);
    }
}
