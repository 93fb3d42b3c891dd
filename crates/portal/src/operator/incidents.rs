//! What is wrong with calls, in any account and on the operator's own trunks.

use askama::Template;
use lineside_model::incident::{AccountIncident, Incident, IncidentKind};

use crate::frame::Frame;
use crate::page::{Answer, show};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/operator/incidents", Access::Operator, list)]
}

#[derive(Template)]
#[template(path = "operator/incidents.html")]
struct IncidentsPage {
    frame: Frame,
    incidents: Vec<AccountIncident>,
}

async fn list(visitor: Visitor) -> Answer {
    let incidents = visitor.service.problems_of_all(&visitor.caller).await?;
    show(&IncidentsPage { frame: visitor.frame("Incidents").await?, incidents })
}

fn what(incident: &Incident) -> &'static str {
    match incident.kind {
        IncidentKind::TrunkDown => "Trunk is down",
        IncidentKind::LimitReached => "Limit reached",
        IncidentKind::DestinationRefused => "Destination is shut",
    }
}
