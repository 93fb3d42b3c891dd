//! "General requirements": met, or who lacks what with repairs in place; and "Assignment date".

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use chrono::{Days, NaiveDate};
use lineside_model::id::{LicenseTypeId, UserId};
use lineside_model::list::UserRow;
use lineside_model::phone_number::NumberKind;
use lineside_model::plan::{Blocker, Repair, SeatEffect};
use lineside_model::schedule::in_words;
use lineside_model::schedule_list::SeatHolder;

use super::examined::{Examined, Need};
use super::repairs::{Free, Repairs, number_field};
use super::{Chosen, title_and_names};
use crate::control::{Choice, Control};
use crate::form::Form;
use crate::frame::Frame;
use crate::page_error::PageError;
use crate::repair::{Note, notes};
use crate::visitor::Visitor;

/// Users with controls of their own; of more, the numbers are given by one button.
const LISTED: usize = 25;
/// Numbers in a list to choose from.
const OFFERED: usize = 50;

#[derive(Template)]
#[template(path = "license/requirements.html")]
pub(super) struct RequirementsPage {
    frame: Frame,
    form: Form,
    title: String,
    names: String,
    what: String,
    license_type_id: LicenseTypeId,
    user_ids: Vec<UserId>,
    /// Nothing was ever missing.
    met: bool,
    /// Something still is.
    open: bool,
    ready: usize,
    groups: Vec<Group>,
    additions: Vec<Addition>,
    seats: Vec<SeatNeed>,
    notes: Vec<Note>,
    /// Picked for users that are not listed one by one.
    hidden: Vec<(String, String)>,
    effects: Vec<SeatEffect>,
    /// Whether a button may pick numbers for several users.
    fills: bool,
    earliest: String,
    /// The date that the requirements were looked at for.
    on: Option<String>,
}

/// Users who lack the same.
struct Group {
    title: String,
    users: Vec<UserNeeds>,
    more: usize,
}

struct UserNeeds {
    row: UserRow,
    open: bool,
    controls: Vec<Control>,
    notes: Vec<Note>,
    /// A number that comes by itself.
    wait: Option<Wait>,
}

struct Wait {
    message: String,
    label: String,
    date: NaiveDate,
}

/// A license of a track that is added for all who lack one.
struct Addition {
    title: String,
    open: bool,
    control: Control,
}

/// Too few seats of a type, and who could give one back.
struct SeatNeed {
    license_type_id: LicenseTypeId,
    license: String,
    message: String,
    open: bool,
    holders: Vec<(SeatHolder, bool)>,
}

impl RequirementsPage {
    pub(super) async fn new(
        visitor: &Visitor,
        chosen: &Chosen,
        repairs: &Repairs,
        examined: &Examined,
        form: Form,
    ) -> Result<Self, PageError> {
        let (title, names) = title_and_names(&chosen.rows);
        let frame = visitor.frame(title.as_str()).await?;
        let needs = examined.needs();
        let wants_numbers = needs.values().flatten().any(|need| matches!(need, Need::Number(_)));
        let free = if wants_numbers { Some(Free::find(visitor, chosen, 0).await?) } else { None };
        let controls = Controls { visitor, repairs, free: free.as_ref(), form: &form };
        let groups = groups(chosen, examined, &needs, &controls).await?;
        let listed: BTreeSet<UserId> = groups.iter().flat_map(|group| &group.users).map(|user| user.row.id).collect();
        let others = repairs.numbers.iter().filter(|((user, _), _)| !listed.contains(user) && needs.contains_key(user));
        let today = frame.zone().date(frame.now());
        let track = chosen.catalogue.track(chosen.license.track_id).map(|track| track.name.as_str());
        let account = |blocker: &&Blocker| blocker.user_id.is_none() && !matches!(Need::of(blocker), Need::Seat(_));
        Ok(Self {
            title,
            names,
            what: format!("{}: {}", track.unwrap_or_default(), chosen.license.name),
            license_type_id: chosen.license.id,
            user_ids: chosen.user_ids(),
            met: examined.needed.is_empty() && examined.open.is_empty(),
            open: !examined.open.is_empty(),
            ready: chosen.rows.iter().filter(|row| !needs.contains_key(&row.id)).count(),
            additions: additions(chosen, examined, &needs, repairs, &form),
            seats: seats(visitor, chosen, examined, repairs).await?,
            notes: notes(examined.open.iter().filter(account)),
            hidden: others.map(|((user, kind), id)| (number_field(*kind, *user), id.to_string())).collect(),
            effects: examined.plan.seats.clone(),
            fills: wants_numbers && needs.len() > 1,
            earliest: (today + Days::new(1)).to_string(),
            on: examined.date.map(in_words),
            groups,
            frame,
            form,
        })
    }
}

async fn groups(
    chosen: &Chosen,
    examined: &Examined,
    needs: &BTreeMap<UserId, BTreeSet<Need>>,
    controls: &Controls<'_>,
) -> Result<Vec<Group>, PageError> {
    let mut by_lack: BTreeMap<&BTreeSet<Need>, Vec<&UserRow>> = BTreeMap::new();
    for row in &chosen.rows {
        if let Some(lack) = needs.get(&row.id) {
            by_lack.entry(lack).or_default().push(row);
        }
    }
    let mut groups = Vec::new();
    let mut left = LISTED;
    for (lack, rows) in by_lack {
        let shown = rows.len().min(left);
        left -= shown;
        let mut users = Vec::new();
        for row in &rows[..shown] {
            users.push(controls.of(row, lack, examined).await?);
        }
        let words: Vec<String> = lack.iter().map(|need| in_need_of(chosen, need)).collect();
        let title = match rows.as_slice() {
            [row] => format!("{} needs {}", row.name(), words.join(" and ")),
            rows => format!("{} users need {}", rows.len(), words.join(" and ")),
        };
        groups.push(Group { title, users, more: rows.len() - shown });
    }
    Ok(groups)
}

fn in_need_of(chosen: &Chosen, need: &Need) -> String {
    match need {
        Need::Number(kind) => format!("a {kind} number"),
        Need::License(track) => {
            let name = chosen.catalogue.track(*track).map(|track| track.name.as_str());
            format!("an active {} license", name.unwrap_or_default())
        }
        Need::E911 => "a confirmed E911 address".to_owned(),
        Need::Seat(_) => "a seat".to_owned(),
        Need::Other(label) => format!("another solution ({label})"),
    }
}

/// The controls that repair what one user lacks.
struct Controls<'a> {
    visitor: &'a Visitor,
    repairs: &'a Repairs,
    free: Option<&'a Free>,
    form: &'a Form,
}

impl Controls<'_> {
    async fn of(&self, row: &UserRow, lack: &BTreeSet<Need>, examined: &Examined) -> Result<UserNeeds, PageError> {
        let mut controls = Vec::new();
        for need in lack {
            match need {
                Need::Number(kind) => controls.push(self.number(row, *kind)),
                Need::E911 => controls.extend(self.e911(row).await?),
                Need::License(_) | Need::Seat(_) | Need::Other(_) => {}
            }
        }
        // What has no control here is said with links to where it is repaired.
        let elsewhere = |blocker: &&Blocker| {
            blocker.user_id == Some(row.id)
                && match Need::of(blocker) {
                    Need::Other(_) => true,
                    Need::E911 => controls.is_empty(),
                    _ => false,
                }
        };
        let notes = notes(examined.open.iter().filter(elsewhere));
        let open = lack.iter().any(|need| examined.is_open(row.id, need));
        let wait = examined.open.iter().filter(|blocker| blocker.user_id == Some(row.id)).find_map(Wait::of);
        Ok(UserNeeds { row: row.clone(), open, controls, notes, wait })
    }

    fn number(&self, row: &UserRow, kind: NumberKind) -> Control {
        let picked = self.repairs.numbers.get(&(row.id, kind));
        let offered: Vec<_> = self.free.into_iter().flat_map(|free| free.of(row.id, kind)).collect();
        let is_picked = |id| picked == Some(&id);
        let mut choices = vec![Choice::new("", format!("Pick a {kind} number"))];
        let shown = offered.iter().enumerate().filter(|(at, number)| *at < OFFERED || is_picked(number.id));
        choices.extend(shown.map(|(_, number)| {
            let local = if number.local { " · local" } else { "" };
            Choice::new(number.id.to_string(), format!("{}{local}", number.number.pretty()))
        }));
        let name = number_field(kind, row.id);
        let label =
            format!("{} number for {}", if kind == NumberKind::Landline { "Landline" } else { "Mobile" }, row.name());
        let form = self.form.clone().with(&name, picked.map(ToString::to_string).unwrap_or_default());
        let control = form.select(&name, &label, &choices);
        if offered.is_empty() {
            control.hint(format!("No {kind} number is free. Add some under Numbers."))
        } else {
            control
        }
    }

    async fn e911(&self, row: &UserRow) -> Result<Option<Control>, PageError> {
        let detail = self.visitor.service.user(&self.visitor.caller, row.id).await?;
        let address = detail.address_to_confirm();
        let label = |address: String| format!("{} is at {address}: confirm the E911 address", row.name());
        Ok(address.map(|address| self.form.tick(&format!("e911.{}", row.id), &label(address.one_line()))))
    }
}

impl Wait {
    fn of(blocker: &Blocker) -> Option<Self> {
        blocker.repairs.iter().find_map(|repair| match repair {
            Repair::WaitForPort { date, .. } => {
                Some(Self { message: blocker.message.clone(), label: repair.label(), date: *date })
            }
            _ => None,
        })
    }
}

fn additions(
    chosen: &Chosen,
    examined: &Examined,
    needs: &BTreeMap<UserId, BTreeSet<Need>>,
    repairs: &Repairs,
    form: &Form,
) -> Vec<Addition> {
    let addition = |track: &lineside_model::license::Track| {
        let need = Need::License(track.id);
        let users: Vec<UserId> =
            needs.iter().filter(|(_, needs)| needs.contains(&need)).map(|(user, _)| *user).collect();
        let first = users.first()?;
        let whom = match users.as_slice() {
            [_] => chosen.rows.iter().find(|row| row.id == *first).map_or_else(|| "1 user".to_owned(), UserRow::name),
            users => format!("{} users", users.len()),
        };
        let verb = if users.len() == 1 { "needs" } else { "need" };
        let types = chosen.catalogue.types_of(track.id).filter(|license| !license.retired);
        let none = Choice::new("", format!("Add no {} license", track.name));
        let choices: Vec<Choice> = std::iter::once(none)
            .chain(types.map(|license| Choice::new(license.id.to_string(), format!("Add {}", license.name))))
            .collect();
        let name = format!("add.{}", track.id);
        let picked = repairs.types.get(&track.id).map(ToString::to_string).unwrap_or_default();
        let control =
            form.clone().with(&name, picked).select(&name, &format!("{} license to add", track.name), &choices);
        Some(Addition {
            title: format!("{whom} {verb} an active {} license", track.name),
            open: users.iter().any(|user| examined.is_open(*user, &need)),
            control,
        })
    };
    chosen.catalogue.tracks.iter().filter_map(addition).collect()
}

async fn seats(
    visitor: &Visitor,
    chosen: &Chosen,
    examined: &Examined,
    repairs: &Repairs,
) -> Result<Vec<SeatNeed>, PageError> {
    let mut short: BTreeMap<LicenseTypeId, String> = BTreeMap::new();
    for blocker in examined.open.iter().chain(&examined.needed) {
        if let Need::Seat(license) = Need::of(blocker) {
            short.entry(license).or_insert_with(|| blocker.message.clone());
        }
    }
    let mut needs = Vec::new();
    for (id, message) in short {
        let freed = repairs.freed.get(&id);
        let mut holders = visitor.service.seat_holders(&visitor.caller, id).await?;
        holders.retain(|holder| !chosen.rows.iter().any(|row| row.id == holder.user.id));
        holders.truncate(LISTED);
        let ticked = |holder: &SeatHolder| freed.is_some_and(|freed| freed.contains(&holder.user.id));
        needs.push(SeatNeed {
            license_type_id: id,
            license: chosen.catalogue.license_type(id).map(|license| license.name.clone()).unwrap_or_default(),
            message,
            open: examined.open.iter().any(|blocker| Need::of(blocker) == Need::Seat(id)),
            holders: holders.into_iter().map(|holder| (ticked(&holder), holder)).map(|(t, h)| (h, t)).collect(),
        });
    }
    Ok(needs)
}
