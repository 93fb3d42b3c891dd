//! Home: the account's number, what is not ready, and what to do next.

use askama::Template;
use lineside_model::incident::{Incident, IncidentKind};
use lineside_model::license::{Catalogue, Seats};
use lineside_model::list::Home;
use lineside_model::readiness::LampKind;
use lineside_model::schedule_list::ScheduleCounts;

use crate::frame::Frame;
use crate::page::{self, Answer};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/home", Access::Administrator, home)]
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    frame: Frame,
    home: Home,
    first_steps: Vec<FirstStep>,
    lacks: Vec<Lack>,
    seats: Vec<(String, Seats)>,
    spool: Option<String>,
    schedule: ScheduleCounts,
    problems: Vec<Incident>,
}

/// One of the steps that a new account begins with.
struct FirstStep {
    title: &'static str,
    why: &'static str,
    done: bool,
    links: Vec<(&'static str, &'static str)>,
}

/// How many users lack one of the lamps.
struct Lack {
    lamp: LampKind,
    users: i64,
}

impl HomePage {
    /// Until all are done; then they have taught what they can.
    fn teaches(&self) -> bool {
        self.first_steps.iter().any(|step| !step.done)
    }
}

async fn home(visitor: Visitor) -> Answer {
    let home = visitor.service.home(&visitor.caller).await?;
    let catalogue = visitor.service.catalogue().await?;
    let page = HomePage {
        frame: visitor.frame("Home").await?,
        first_steps: first_steps(&home),
        lacks: lacks(&home),
        seats: named(&catalogue, &home.seats),
        spool: visitor.service.settings().mail_spool.as_ref().map(|folder| folder.display().to_string()),
        schedule: visitor.service.schedule_counts(&visitor.caller).await?,
        problems: problems(visitor.service.problems(&visitor.caller).await?),
        home,
    };
    page::show(&page)
}

/// What goes on, and what was refused today; a trunk that is back is none any more.
fn problems(mut incidents: Vec<Incident>) -> Vec<Incident> {
    incidents.retain(|incident| incident.goes_on() || incident.kind != IncidentKind::TrunkDown);
    incidents.truncate(PROBLEMS_SHOWN);
    incidents
}

/// The rest stands in the journal.
const PROBLEMS_SHOWN: usize = 5;

fn first_steps(home: &Home) -> Vec<FirstStep> {
    let seats = home.seats.iter().any(|seats| seats.bought > 0);
    vec![
        FirstStep {
            title: "Add a location",
            why: "Its address is where help is sent, its area code which numbers are offered, its time zone what phones show.",
            done: home.locations > 0,
            links: vec![("/locations/add", "Add location")],
        },
        FirstStep {
            title: "Add phone numbers and seats",
            why: "Numbers are what people call; a seat of a Voice license is what lets a phone ring.",
            done: home.numbers > 0 && seats,
            links: vec![("/numbers/add", "Add numbers"), ("/licensing", "Add seats")],
        },
        FirstStep {
            title: "Add the first user",
            why: "The wizard leads from a name to a ringing phone, and can be left and resumed.",
            // Whoever opened the account is a user too.
            done: home.users > 1,
            links: vec![("/users/add", "Add user")],
        },
    ]
}

fn lacks(home: &Home) -> Vec<Lack> {
    let lacks = LampKind::ALL.into_iter().zip(home.missing).map(|(lamp, users)| Lack { lamp, users });
    lacks.filter(|lack| lack.users > 0).collect()
}

fn named(catalogue: &Catalogue, seats: &[Seats]) -> Vec<(String, Seats)> {
    let of = |license: &lineside_model::license::LicenseType| {
        let seats = seats.iter().find(|seats| seats.license_type_id == license.id)?;
        Some((license.name.clone(), seats.clone()))
    };
    catalogue.types.iter().filter_map(of).collect()
}
