//! The users of the account: searched, filtered, sorted, picked.

use askama::Template;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::id::UserId;
use lineside_model::license::{Catalogue, VOICE};
use lineside_model::list::{Page, UserFilter, UserRow, UserSort};
use lineside_model::readiness::LampKind;
use lineside_model::user::UserState;

use crate::control::Choice;
use crate::filter::Filter;
use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{self, Answer};
use crate::page_error::PageError;
use crate::pager::Pager;
use crate::review::{self, Ways, own_page};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/users", Access::Administrator, list),
        Route::post("/users/welcome", Access::Administrator, send_welcome),
    ]
}

#[derive(Template)]
#[template(path = "user/list.html")]
struct ListPage {
    frame: Frame,
    search: String,
    filters: Vec<Filter>,
    unfinished: bool,
    filter: UserFilter,
    filtered: bool,
    users: Page<UserRow>,
    pager: Pager,
    form: Form,
}

/// A column that can be sorted by.
struct Column {
    name: &'static str,
    href: String,
    aria: &'static str,
}

impl ListPage {
    fn columns(&self) -> Vec<Column> {
        let column = |name, sort: UserSort, key: &str| {
            let current = self.filter.sort == sort;
            let turn = current && !self.filter.descending;
            let aria = match (current, self.filter.descending) {
                (false, _) => "none",
                (true, false) => "ascending",
                (true, true) => "descending",
            };
            let sorted = if sort == UserSort::default() { String::new() } else { key.to_owned() };
            let href = self.pager.with_all(&[("sort", &sorted), ("dir", if turn { "desc" } else { "" })]);
            Column { name, href, aria }
        };
        vec![
            column("Name", UserSort::Name, "name"),
            column("Extension", UserSort::Extension, "extension"),
            column("Location", UserSort::Location, "location"),
        ]
    }

    fn column(&self, at: usize) -> Column {
        self.columns().swap_remove(at)
    }

    /// What a search keeps of the address: how the list is sorted.
    fn sorting(&self) -> Vec<(&'static str, &'static str)> {
        let sort = match self.filter.sort {
            UserSort::Name => None,
            UserSort::Extension => Some(("sort", "extension")),
            UserSort::Location => Some(("sort", "location")),
        };
        sort.into_iter().chain(self.filter.descending.then_some(("dir", "desc"))).collect()
    }

    /// Where the list is now, to come back to.
    fn here(&self) -> String {
        self.pager.href(&self.users.page)
    }
}

impl Column {
    fn arrow(&self) -> &'static str {
        match self.aria {
            "ascending" => "↑",
            "descending" => "↓",
            _ => "",
        }
    }
}

async fn list(visitor: Visitor, data: FormData) -> Answer {
    let (service, caller) = (&visitor.service, &visitor.caller);
    let filter = filter(&data);
    let users = service.users(caller, &filter).await?;
    let query: Vec<(String, String)> = data.fields().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let pager = Pager::new(&users, "/users", &query);
    let filters = vec![
        Filter::new("location_id", "Location", data.text("location_id"), locations(&visitor).await?),
        Filter::new("department_id", "Department", data.text("department_id"), departments(&visitor).await?),
        Filter::new("license_type_id", "License", data.text("license_type_id"), licenses(&service.catalogue().await?)),
        Filter::new(
            "ready",
            "Ready",
            data.text("ready"),
            vec![Choice::new("no", "Not ready"), Choice::new("yes", "Ready")],
        ),
        Filter::new(
            "missing",
            "Missing",
            filter.missing.map_or("", LampKind::as_str),
            LampKind::ALL.map(|lamp| Choice::new(lamp.as_str(), lamp.label())).to_vec(),
        ),
        Filter::new(
            "state",
            "State",
            data.text("state"),
            vec![
                Choice::new("active", "Active"),
                Choice::new("suspended", "Suspended"),
                Choice::new("deleted", "Deleted"),
            ],
        ),
    ];
    let page = ListPage {
        frame: visitor.frame("Users").await?,
        search: filter.search.clone(),
        filters,
        unfinished: filter.unfinished,
        filtered: filter
            != UserFilter {
                page: filter.page,
                sort: filter.sort,
                descending: filter.descending,
                ..UserFilter::default()
            },
        filter,
        users,
        pager,
        form: Form::empty(service.new_change_id()),
    };
    page::show(&page)
}

fn filter(data: &FormData) -> UserFilter {
    UserFilter {
        search: data.search(),
        location_id: data.parse("location_id"),
        department_id: data.parse("department_id"),
        license_type_id: data.parse("license_type_id"),
        no_license: data.text("license_type_id") == "none",
        state: UserState::parse(data.text("state")),
        ready: match data.text("ready") {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        },
        missing: LampKind::parse(data.text("missing")),
        unfinished: data.has("unfinished"),
        sort: match data.text("sort") {
            "extension" => UserSort::Extension,
            "location" => UserSort::Location,
            _ => UserSort::Name,
        },
        descending: data.text("dir") == "desc",
        page: data.parse("page").unwrap_or(1).clamp(1, 100_000),
        ..UserFilter::default()
    }
}

pub(crate) async fn locations(visitor: &Visitor) -> Result<Vec<Choice>, PageError> {
    let rows = visitor.service.locations(&visitor.caller).await?;
    Ok(rows.into_iter().map(|row| Choice::new(row.location.id.to_string(), row.location.site.name.as_str())).collect())
}

pub(crate) async fn departments(visitor: &Visitor) -> Result<Vec<Choice>, PageError> {
    let rows = visitor.service.departments(&visitor.caller).await?;
    Ok(rows.into_iter().map(|row| Choice::new(row.id.to_string(), row.name)).collect())
}

/// By the Voice license, which is what the list shows; "none" stands for having none.
fn licenses(catalogue: &Catalogue) -> Vec<Choice> {
    let voice = catalogue.track_by_slug(VOICE).map(|track| track.id);
    let types = catalogue.types.iter().filter(|license| Some(license.track_id) == voice);
    let types = types.map(|license| Choice::new(license.id.to_string(), license.name.as_str()));
    std::iter::once(Choice::new("none", "No license")).chain(types).collect()
}

/// To all that were picked on the list.
async fn send_welcome(visitor: Visitor, data: FormData) -> Answer {
    let user_ids: Vec<UserId> = data.all("user_ids").filter_map(|id| id.parse().ok()).collect();
    let back = own_page(data.text("back"));
    if user_ids.is_empty() {
        return Ok(crate::flash::done(&back, "Pick users first: tick the boxes before their names."));
    }
    let request = ChangeRequest { id: data.change_id()?, change: Change::SendWelcome { user_ids } };
    review::submit(&visitor, &request, &Ways::back_to(&back)).await
}
