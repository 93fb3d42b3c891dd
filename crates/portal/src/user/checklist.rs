//! Why this phone rings, or does not: the lamps with a reason and a repair beside each.

use askama::Template;
use askama::filters::HtmlSafe;
use lineside_model::id::UserId;
use lineside_model::license::{Catalogue, VOICE};
use lineside_model::list::{DeviceDetail, UserDetail};
use lineside_model::phone_number::E164;
use lineside_model::readiness::{Lamp, Lamps};

use crate::frame::Frame;
use crate::repair::Link;

#[derive(Template)]
#[template(path = "user/checklist.html")]
pub struct Checklist {
    title: &'static str,
    user_id: UserId,
    lamps: Lamps,
    points: Vec<Point>,
}

impl HtmlSafe for Checklist {}

struct Point {
    lamp: Lamp,
    title: String,
    /// May hold markup of ours (times), never what a person typed.
    note: String,
    repair: Option<Link>,
}

impl Checklist {
    pub fn new(detail: &UserDetail, catalogue: &Catalogue, frame: &Frame) -> Self {
        let (id, lamps) = (detail.user.id, detail.lamps);
        let points = vec![
            license(detail, catalogue, frame),
            number(detail),
            e911(detail, frame),
            device(detail, frame),
            registered(detail, frame),
        ];
        Self { title: "Ready to call?", user_id: id, lamps, points }
    }

    /// Beside Add user.
    #[must_use]
    pub fn before_it_rings(mut self) -> Self {
        self.title = "Before this phone rings";
        self.without_repairs()
    }

    /// For who can't repair them, or is about to on the next steps.
    #[must_use]
    pub fn without_repairs(mut self) -> Self {
        self.points.iter_mut().for_each(|point| point.repair = None);
        self
    }

    /// Before there is a user.
    pub fn of_nobody() -> Self {
        let point = |title: &str, note: &str| Point {
            lamp: Lamp::NotNeeded,
            title: title.to_owned(),
            note: note.to_owned(),
            repair: None,
        };
        let points = vec![
            point("Voice license", "The package on this page"),
            point("Phone number and extension", "On this page"),
            point("Emergency address", "Next step, filled in from the location"),
            point("Device", "The step after"),
            point("Registered", "When the phone is plugged in"),
        ];
        let lamps = Lamps::of(lineside_model::readiness::Conditions::default());
        Self { title: "Before this phone rings", user_id: UserId(uuid::Uuid::nil()), lamps, points }
    }

    fn is_of_somebody(&self) -> bool {
        !self.user_id.0.is_nil()
    }
}

fn license(detail: &UserDetail, catalogue: &Catalogue, frame: &Frame) -> Point {
    let voice = catalogue.track_by_slug(VOICE);
    let held = detail.assignments.iter().find(|held| voice.is_some_and(|voice| voice.id == held.track_id));
    let name = held.and_then(|held| catalogue.license_type(held.license_type_id)).map(|license| license.name.clone());
    let (title, note) = match (held, name) {
        (Some(held), Some(name)) => (format!("{name} license"), format!("Since {}", frame.time(&held.starts_at))),
        _ => ("No Voice license".to_owned(), "No phone of this user can register".to_owned()),
    };
    let href = voice.map(|voice| format!("/licensing/assign?user_ids={}&track={}", detail.user.id, voice.id));
    point(detail.lamps.license, title, note, href, "Assign")
}

fn number(detail: &UserDetail) -> Point {
    let extension = detail.user.profile.extension.as_ref().map(|extension| format!("ext. {extension}"));
    let number = detail.number().map(|number| number.number.pretty());
    let title = match (&number, &extension) {
        (None, None) => "No phone number".to_owned(),
        (None, Some(extension)) => format!("No phone number · {extension}"),
        _ => number.iter().chain(&extension).cloned().collect::<Vec<_>>().join(" · "),
    };
    let note = if number.is_some() { "Reached from outside" } else { "Internal calls only" };
    let href = format!("/users/{}/number", detail.user.id);
    point(detail.lamps.number, title, note.to_owned(), Some(href), "Pick")
}

fn e911(detail: &UserDetail, frame: &Frame) -> Point {
    let (title, note) = match &detail.e911 {
        None => ("No emergency address", "Help would not know where to go".to_owned()),
        Some(e911) => match &e911.confirmed {
            Some(confirmed) => ("Emergency address confirmed", frame.time(&confirmed.at).to_string()),
            None => ("Emergency address not confirmed", "Somebody has to say that it is right".to_owned()),
        },
    };
    let href = format!("/users/{}/e911", detail.user.id);
    point(detail.lamps.e911, title.to_owned(), note, Some(href), "Confirm")
}

fn device(detail: &UserDetail, frame: &Frame) -> Point {
    let works = |device: &&DeviceDetail| device.line.is_some() && device.beyond.is_none();
    let first = detail.devices.iter().find(works).or(detail.devices.first());
    let (title, mut note) = match first {
        None => ("No device".to_owned(), "Give this user a phone".to_owned()),
        Some(device) => (device.device.model_name().to_owned(), device_note(device, frame)),
    };
    let beyond: Vec<&DeviceDetail> = detail.devices.iter().filter(|device| device.beyond.is_some()).collect();
    if let [device, more @ ..] = beyond.as_slice()
        && let Some(limit) = &device.beyond
    {
        let others = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
        let model = device.device.model_name();
        note = format!("{note}; {model}{others} can't register: the license allows {}", limit.devices);
    }
    let href = first
        .map_or_else(|| format!("/users/{}/device", detail.user.id), |device| format!("/devices/{}", device.device.id));
    let label = if first.is_some() { "Look" } else { "Add" };
    point(detail.lamps.device, title, note, Some(href), label)
}

fn device_note(device: &DeviceDetail, frame: &Frame) -> String {
    match (&device.line, &device.fetch) {
        _ if device.device.locked => "Locked: it gets no configuration".to_owned(),
        (None, _) => "No SIP credentials yet: Generate makes them".to_owned(),
        (Some(_), Some(fetch)) => format!("Configuration fetched {}", frame.time(&fetch.at)),
        (Some(_), None) => "Configuration not fetched yet".to_owned(),
    }
}

fn registered(detail: &UserDetail, frame: &Frame) -> Point {
    let registrations = detail.devices.iter().flat_map(|device| &device.registrations);
    let newest = registrations.max_by_key(|registration| registration.registered_at);
    let last = detail.devices.iter().filter_map(|device| device.last_registered_at).max();
    let (title, note) = match (newest, last, detail.lamps.registered) {
        (Some(now), ..) => ("Registered", format!("Since {}", frame.time(&now.registered_at))),
        (None, Some(last), Lamp::Failing) => ("Registration lost", format!("Last seen {}", frame.time(&last))),
        _ => ("Not registered", "When the phone is plugged in".to_owned()),
    };
    point(detail.lamps.registered, title.to_owned(), note, None, "")
}

fn point(lamp: Lamp, title: String, note: String, href: Option<String>, label: &str) -> Point {
    let repair = href.filter(|_| lamp != Lamp::Ready).map(|href| Link { href, label: label.to_owned() });
    Point { lamp, title, note, repair }
}

/// For sentences such as `+1 480 555 0141`.
pub(crate) fn pretty(number: Option<&E164>) -> String {
    number.map(E164::pretty).unwrap_or_default()
}
