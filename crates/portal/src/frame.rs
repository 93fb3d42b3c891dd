//! What is around every page: the rail, the account, and what was just done.

use chrono::{DateTime, Utc};
use lineside_model::list::RailCounts;
use lineside_model::time_zone::TimeZone;
use lineside_service::ServiceError;

use crate::moment::Moment;
use crate::visitor::Visitor;

/// Templates that extend `frame.html` carry it as their field `frame`.
pub struct Frame {
    /// The page, for the browser's tab.
    pub title: String,
    pub rail: Vec<Group>,
    pub person: String,
    /// The account's name and its number in two groups; none for the operator.
    pub account: Option<(String, String)>,
    /// What was just done, said once.
    pub done: Option<String>,
    zone: TimeZone,
    now: DateTime<Utc>,
}

pub struct Group {
    pub name: &'static str,
    pub links: Vec<Link>,
}

pub struct Link {
    pub href: &'static str,
    pub name: &'static str,
    pub count: Option<i64>,
    pub current: bool,
}

impl Visitor {
    /// The frame for a page of this title.
    pub async fn frame(&self, title: impl Into<String>) -> Result<Frame, ServiceError> {
        let mut frame = Frame {
            title: title.into(),
            rail: Vec::new(),
            person: self.caller.name().to_owned(),
            account: None,
            done: self.done.clone(),
            zone: TimeZone(chrono_tz::UTC),
            now: self.service.now(),
        };
        if self.caller.is_operator() {
            frame.rail = operator_rail();
        } else {
            let (account, counts) = self.service.rail(&self.caller).await?;
            frame.account = Some((account.settings.name.to_string(), account.number.pretty()));
            frame.zone = account.settings.time_zone;
            frame.rail = if self.caller.administers() {
                administrator_rail(rail_counts(&counts))
            } else {
                vec![group(
                    "",
                    &[
                        ("/me", "My phone"),
                        ("/voicemail", "Voicemail"),
                        ("/forwarding", "Forwarding"),
                        ("/calls", "Calls"),
                    ],
                )]
            };
        }
        frame.mark_current(&self.path);
        Ok(frame)
    }
}

impl Visitor {
    /// What stands beside links of an administrator's rail.
    pub async fn rail_counts(&self) -> Result<[(&'static str, Option<i64>); 3], ServiceError> {
        Ok(rail_counts(&self.service.rail(&self.caller).await?.1))
    }
}

fn rail_counts(counts: &RailCounts) -> [(&'static str, Option<i64>); 3] {
    let some = |count: i64| (count > 0).then_some(count);
    [("/users", Some(counts.users)), ("/schedule", some(counts.failing)), (EMERGENCIES, some(counts.emergencies))]
}

const EMERGENCIES: &str = "/emergency-calls";

impl Frame {
    /// Somebody called for help, and nobody has looked at it. Administrators are told of that.
    pub fn emergency(&self) -> bool {
        let mut links = self.rail.iter().flat_map(|group| &group.links);
        links.any(|link| link.href == EMERGENCIES && link.count.is_some())
    }

    /// An instant in the account's zone, exact on hover.
    pub fn time(&self, at: &DateTime<Utc>) -> Moment {
        Moment::new(*at, self.zone, self.now)
    }

    /// The counts in the rail follow: administrators only have any.
    pub fn is_live(&self) -> bool {
        self.rail.iter().flat_map(|group| &group.links).any(|link| link.count.is_some())
    }

    pub fn zone(&self) -> TimeZone {
        self.zone
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// The link whose address is the longest beginning of the page's.
    fn mark_current(&mut self, path: &str) {
        let leads_to = |href: &str| path == href || path.strip_prefix(href).is_some_and(|rest| rest.starts_with('/'));
        let links = self.rail.iter_mut().flat_map(|group| &mut group.links);
        if let Some(link) = links.filter(|link| leads_to(link.href)).max_by_key(|link| link.href.len()) {
            link.current = true;
        }
    }
}

fn administrator_rail(counts: [(&'static str, Option<i64>); 3]) -> Vec<Group> {
    let main = group(
        "",
        &[
            ("/home", "Home"),
            ("/users", "Users"),
            ("/licensing", "Licensing"),
            ("/schedule", "Schedule"),
            ("/numbers", "Numbers"),
            ("/devices", "Devices"),
            ("/calls", "Calls"),
            ("/locations", "Locations"),
            ("/departments", "Departments"),
        ],
    );
    let mut rail = vec![
        main,
        group(
            "Activity",
            &[
                (EMERGENCIES, "Emergency calls"),
                ("/emergency-readiness", "Emergency readiness"),
                ("/journal", "Journal"),
            ],
        ),
        group("Account", &[("/settings", "Settings"), ("/me", "My phone")]),
    ];
    for (href, count) in counts {
        let links = rail.iter_mut().flat_map(|group| &mut group.links);
        links.filter(|link| link.href == href).for_each(|link| link.count = count);
    }
    rail
}

fn operator_rail() -> Vec<Group> {
    vec![
        group(
            "Operator",
            &[("/operator/accounts", "Accounts"), ("/operator/catalogue", "Catalogue"), ("/operator/trunks", "Trunks")],
        ),
        group("Activity", &[("/operator/incidents", "Incidents"), ("/operator/journal", "Journal")]),
        group("Access", &[("/operator/tokens", "API tokens")]),
    ]
}

fn group(name: &'static str, links: &[(&'static str, &'static str)]) -> Group {
    let link = |(href, name): &(&'static str, &'static str)| Link { href, name, count: None, current: false };
    Group { name, links: links.iter().map(link).collect() }
}
