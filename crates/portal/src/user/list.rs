//! The users of the account: searched, filtered, sorted, picked.

use std::collections::BTreeSet;

use askama::Template;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::id::UserId;
use lineside_model::license::{Catalogue, VOICE};
use lineside_model::list::{Page, UserFilter, UserRow, UserSort};
use lineside_model::readiness::LampKind;
use lineside_model::selection::Selection;
use lineside_model::user::UserState;
use lineside_model::user_view::{UserColumn, UserView};
use lineside_service::ServiceError;
use lineside_service::import::{FileKind, FileOf};

use crate::control::Choice;
use crate::filter::Filter;
use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::import::file::users_file;
use crate::page::{self, Answer};
use crate::page_error::PageError;
use crate::pager::Pager;
use crate::review::{self, Ways, own_page};
use crate::router::{Access, Route};
use crate::selection::{self, ALL, EXCEPT, SELECT};
use crate::user::view::{COLUMNS, columns_of, in_address};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/users", Access::Administrator, list),
        Route::get("/users/select", Access::Administrator, select),
        Route::post("/users/welcome", Access::Administrator, send_welcome),
        Route::get("/users/export.csv", Access::Administrator, export_csv),
        Route::get("/users/export.xlsx", Access::Administrator, export_xlsx),
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
    selection: Picked,
    columns: Vec<UserColumn>,
    /// As the address has them; blank for one's own choice.
    own_columns: String,
    views: Vec<UserView>,
}

/// What of the list is picked when the page is opened: nobody, or all that match but some.
#[derive(Default)]
struct Picked {
    /// As the table's form carries it on.
    fields: Vec<(String, String)>,
    all: bool,
    except: BTreeSet<UserId>,
    /// How many are picked, over all pages.
    count: usize,
    /// Why not all that match can be picked.
    error: Option<String>,
}

impl Picked {
    async fn read(visitor: &Visitor, data: &FormData, filter: &UserFilter) -> Result<Self, PageError> {
        let fields = selection::of_list(data);
        if data.text(SELECT) != ALL {
            return Ok(Self { fields, ..Self::default() });
        }
        let except: BTreeSet<UserId> = data.all(EXCEPT).filter_map(|id| id.parse().ok()).collect();
        let matching = Selection::matching(filter.clone(), except.iter().copied());
        match visitor.service.selected(&visitor.caller, &matching).await {
            Ok(users) => Ok(Self { fields, all: true, except, count: users.len(), error: None }),
            Err(ServiceError::Invalid(errors)) => {
                let error = errors.0.into_iter().next().map(|error| error.message);
                Ok(Self { fields, error, ..Self::default() })
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// A column as its heading is: with where sorting by it leads, for those that a list is sorted by.
struct Heading {
    name: &'static str,
    sorted: Option<Sorted>,
    /// Only where there is room.
    wide: bool,
}

struct Sorted {
    href: String,
    aria: &'static str,
}

impl ListPage {
    fn heading(&self, column: UserColumn) -> Heading {
        let sorted = match column {
            UserColumn::Extension => Some(self.sorted(UserSort::Extension, "extension")),
            UserColumn::Location => Some(self.sorted(UserSort::Location, "location")),
            _ => None,
        };
        let wide = !matches!(column, UserColumn::Extension | UserColumn::Ready);
        Heading { name: column.label(), sorted, wide }
    }

    fn name_heading(&self) -> Heading {
        Heading { name: "Name", sorted: Some(self.sorted(UserSort::Name, "")), wide: false }
    }

    fn sorted(&self, sort: UserSort, key: &str) -> Sorted {
        let current = self.filter.sort == sort;
        let turn = current && !self.filter.descending;
        let aria = match (current, self.filter.descending) {
            (false, _) => "none",
            (true, false) => "ascending",
            (true, true) => "descending",
        };
        let href = self.pager.with_all(&[("sort", key), ("dir", if turn { "desc" } else { "" })]);
        Sorted { href, aria }
    }

    /// Where the list as it is now is saved as a view.
    fn save_as(&self) -> String {
        let columns = (COLUMNS.to_owned(), in_address(&self.columns));
        let query = self.selection.fields.iter().cloned().chain([columns]);
        format!("/users/views?{}", url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish())
    }

    fn choose_columns(&self) -> String {
        let query = [("back", self.pager.with(COLUMNS, "")), (COLUMNS, in_address(&self.columns))];
        format!("/users/columns?{}", url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish())
    }

    fn shows(&self, column: &str) -> bool {
        self.columns.iter().any(|shown| shown.as_str() == column)
    }

    /// What a search keeps of the address: how the list is sorted.
    fn sorting(&self) -> Vec<(&'static str, &str)> {
        let sort = match self.filter.sort {
            UserSort::Name => None,
            UserSort::Extension => Some(("sort", "extension")),
            UserSort::Location => Some(("sort", "location")),
        };
        let columns = (!self.own_columns.is_empty()).then_some((COLUMNS, self.own_columns.as_str()));
        sort.into_iter().chain(self.filter.descending.then_some(("dir", "desc"))).chain(columns).collect()
    }

    fn is_picked(&self, id: &UserId) -> bool {
        self.selection.all && !self.selection.except.contains(id)
    }

    /// Left out on other pages: those of this page are told by their boxes.
    fn excepted_elsewhere(&self) -> impl Iterator<Item = &UserId> {
        self.selection.except.iter().filter(|id| !self.users.rows.iter().any(|row| row.id == **id))
    }

    /// Picked on other pages.
    fn picked_elsewhere(&self) -> usize {
        self.selection.count - self.users.rows.iter().filter(|row| self.is_picked(&row.id)).count()
    }

    /// Who left can only be looked at.
    fn may_act(&self) -> bool {
        self.filter.state != Some(UserState::Deleted)
    }

    /// The list with all that match picked, or with nobody.
    fn select(&self, what: &str) -> String {
        self.pager.with_all(&[(SELECT, what), (EXCEPT, "")])
    }

    /// Where the list is now, to come back to.
    fn here(&self) -> String {
        if self.selection.all { self.select("") } else { self.pager.href(&self.users.page) }
    }
}

impl Sorted {
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
    let filter = read_filter(&data);
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
    let selection = Picked::read(&visitor, &data, &filter).await?;
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
        selection,
        columns: columns_of(&visitor, &data).await?,
        own_columns: data.text(COLUMNS).to_owned(),
        views: service.user_views(caller).await?,
    };
    page::show(&page)
}

pub(crate) fn read_filter(data: &FormData) -> UserFilter {
    UserFilter {
        search: data.search(),
        location_id: data.parse("location_id"),
        department_id: data.parse("department_id"),
        license_type_id: data.parse("license_type_id"),
        no_license: data.text("license_type_id") == "none",
        holds: data.parse("holds"),
        lacks: data.parse("lacks"),
        state: UserState::parse(data.text("state")),
        ready: match data.text("ready") {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        },
        missing: LampKind::parse(data.text("missing")),
        unfinished: data.has("unfinished"),
        untested: false,
        sort: match data.text("sort") {
            "extension" => UserSort::Extension,
            "location" => UserSort::Location,
            _ => UserSort::Name,
        },
        descending: data.text("dir") == "desc",
        page: data.parse("page").unwrap_or(1).clamp(1, 100_000),
    }
}

/// A filter as the list's address has it; the page is the first.
pub(crate) fn pairs(filter: &UserFilter) -> Vec<(String, String)> {
    let id = |id: Option<String>| id.unwrap_or_default();
    let license =
        if filter.no_license { "none".to_owned() } else { id(filter.license_type_id.map(|id| id.to_string())) };
    let ready = filter.ready.map_or("", |ready| if ready { "yes" } else { "no" });
    let sort = match filter.sort {
        UserSort::Name => "",
        UserSort::Extension => "extension",
        UserSort::Location => "location",
    };
    let pairs = [
        ("search", filter.search.clone()),
        ("location_id", id(filter.location_id.map(|id| id.to_string()))),
        ("department_id", id(filter.department_id.map(|id| id.to_string()))),
        ("license_type_id", license),
        ("holds", id(filter.holds.map(|id| id.to_string()))),
        ("lacks", id(filter.lacks.map(|id| id.to_string()))),
        ("state", filter.state.map_or("", UserState::as_str).to_owned()),
        ("ready", ready.to_owned()),
        ("missing", filter.missing.map_or("", LampKind::as_str).to_owned()),
        ("unfinished", if filter.unfinished { "on" } else { "" }.to_owned()),
        ("sort", sort.to_owned()),
        ("dir", if filter.descending { "desc" } else { "" }.to_owned()),
    ];
    pairs.into_iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name.to_owned(), value)).collect()
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

/// Another page of the list with all that match picked, but those whose boxes are not ticked.
async fn select(_: Visitor, data: FormData) -> Answer {
    Ok(selection::to_list(&data))
}

/// To all that were picked on the list.
async fn send_welcome(visitor: Visitor, data: FormData) -> Answer {
    let back = own_page(data.text("back"));
    let user_ids = selection::users(&visitor, &data).await?;
    if user_ids.is_empty() {
        return Ok(selection::nobody(&back));
    }
    let request = ChangeRequest { id: data.change_id()?, change: Change::SendWelcome { user_ids } };
    review::submit(&visitor, &request, &Ways::back_to(&back)).await
}

async fn export_csv(visitor: Visitor, data: FormData) -> Answer {
    export(&visitor, &data, FileKind::Csv).await
}

async fn export_xlsx(visitor: Visitor, data: FormData) -> Answer {
    export(&visitor, &data, FileKind::Xlsx).await
}

async fn export(visitor: &Visitor, data: &FormData, kind: FileKind) -> Answer {
    let selection = selection::read(data);
    if selection.is_empty() {
        return Ok(selection::nobody(&own_page(data.text("back"))));
    }
    users_file(visitor, FileOf::Selected(selection), kind).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_survives_the_lists_address() {
        let one = "01900000-0000-7000-8000-000000000001".parse().unwrap();
        let filter = UserFilter {
            search: "ana".to_owned(),
            location_id: Some(one),
            no_license: true,
            holds: Some("01900000-0000-7000-8000-000000000002".parse().unwrap()),
            state: Some(UserState::Suspended),
            ready: Some(false),
            missing: Some(LampKind::E911),
            unfinished: true,
            sort: UserSort::Location,
            descending: true,
            page: 1,
            ..UserFilter::default()
        };
        assert_eq!(read_filter(&FormData::new(pairs(&filter))), filter);
        let plain = UserFilter { page: 1, ..UserFilter::default() };
        assert_eq!(read_filter(&FormData::new(pairs(&plain))), plain);
    }
}
