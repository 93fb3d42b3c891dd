//! What is scheduled in the lived-in account within the next sixty days: most of it well, some of it not; and seats that are
//! bound for a while.

use anyhow::Context;
use chrono::{Days, NaiveDate};
use lineside_model::change::Change;
use lineside_model::extension::Extension;
use lineside_model::id::{NumberId, UserId};
use lineside_model::leaving::{Leaving, LeftNumbers};
use lineside_model::license::{SeatBinding, VOICE};
use lineside_model::phone_number::{E164, NumberKind};
use lineside_model::time_zone::TimeZone;
use lineside_model::user::UserState;

use super::accounts::Demo;

/// Colleague, license type, and in how many days.
const ASSIGNED: [(usize, &str, u64); 9] = [
    (10, "business", 6),
    (11, "mobile-5gb", 9),
    // No number: this would fail.
    (9, "business", 12),
    (20, "business", 20),
    (21, "mobile-5gb", 20),
    (22, "mobile-5gb", 20),
    (22, "pro-plus", 20),
    // No Voice license: this would fail, and takes the last seat of its type.
    (19, "mobile-5gb", 27),
    (24, "pro-plus", 41),
];

/// `colleagues`: by their number.
pub(super) async fn fill(demo: &Demo<'_>, colleagues: &[UserId]) -> anyhow::Result<()> {
    let today = TimeZone::parse("America/Phoenix")?.date(demo.service.now());
    let user = |n: usize| colleagues.get(n).copied().context("a colleague of this number");
    for (n, slug, days) in ASSIGNED {
        let license_type_id = demo.license(slug)?;
        let date = Some(day(today, days));
        demo.apply(Change::AssignLicense { user_ids: vec![user(n)?], license_type_id, date }).await?;
    }
    let track_id = demo.catalogue.track_by_slug(VOICE).context("the catalogue has Voice")?.id;
    let date = Some(day(today, 33));
    demo.apply(Change::RemoveLicense { user_ids: vec![user(28)?], track_id, date }).await?;
    for (slug, bought, bound) in [("basic", 60, vec![(45, 20)]), ("business", 100, vec![(180, 60), (365, 20)])] {
        let bound = bound.into_iter().map(|(days, seats)| SeatBinding { until: day(today, days), seats }).collect();
        demo.apply(Change::SetSeats { license_type_id: demo.license(slug)?, bought, bound: Some(bound) }).await?;
    }
    demo.shared_view().await?;
    port(demo, user(39)?, day(today, 14)).await?;
    lifecycle(demo, user(30)?, user(31)?, today).await
}

/// Somebody who leaves next month, whose number the owner answers for a while; and somebody who is away for a season.
async fn lifecycle(demo: &Demo<'_>, leaves: UserId, away: UserId, today: NaiveDate) -> anyhow::Result<()> {
    let leaving =
        Leaving { numbers: LeftNumbers::Forward, forward_to: Some(Extension::parse("201")?), ..Leaving::default() };
    let date = Some(day(today, 31));
    demo.apply(Change::DeleteUsers { user_ids: vec![leaves], leaving, date }).await?;
    for (state, days) in [(UserState::Suspended, 45), (UserState::Active, 135)] {
        let date = Some(day(today, days));
        demo.apply(Change::SetUserState { user_ids: vec![away], state, date }).await?;
    }
    Ok(())
}

/// A number that another carrier still has, promised to somebody without one, and the license that waits for it.
async fn port(demo: &Demo<'_>, user: UserId, date: NaiveDate) -> anyhow::Result<()> {
    let number = E164::parse("+16025550199")?;
    let id = number.as_str().to_owned();
    let port = Change::PortNumbers { numbers: vec![number], kind: NumberKind::Landline, location_id: None, date };
    let request = demo.apply(port).await?;
    let number_id = NumberId(request.id.derive(&id, uuid::Uuid::nil()));
    demo.apply(Change::AssignNumber { number_id, user_id: Some(user) }).await?;
    let license_type_id = demo.license("business")?;
    demo.apply(Change::AssignLicense { user_ids: vec![user], license_type_id, date: Some(date) }).await?;
    Ok(())
}

fn day(today: NaiveDate, days: u64) -> NaiveDate {
    today + Days::new(days)
}
