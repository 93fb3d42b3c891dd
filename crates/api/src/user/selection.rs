//! Whom a request for many users is about: those it names, and all that match a filter but some.

use std::collections::BTreeSet;

use lineside_model::change::USERS_MAX;
use lineside_model::id::UserId;
use lineside_model::list::UserFilter;
use lineside_model::selection::Selection;
use lineside_service::{Caller, Service};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::problem::Problem;
use crate::user::view::StateName;

/// The fields that a list of users is filtered by, as a query has them and as a body has them: in a query nothing can be nested.
/// `$attribute` is what their documentation is written with, and `$own` the fields that are only there.
macro_rules! user_filter {
    ($(#[$outer:meta])* $name:ident, $attribute:ident { $($own:tt)* }) => {
        $(#[$outer])*
        pub struct $name {
            /// Beginnings of words: names, username, extension, email, digits of a number. Every word must match.
            #[$attribute(example = "owner")]
            search: Option<String>,
            location_id: Option<uuid::Uuid>,
            department_id: Option<uuid::Uuid>,
            /// The Voice license held.
            license_type_id: Option<uuid::Uuid>,
            /// Only users without a Voice license.
            no_license: bool,
            /// Holds this license type, of whatever track.
            holds: Option<uuid::Uuid>,
            /// Does not hold it.
            lacks: Option<uuid::Uuid>,
            #[$attribute(inline)]
            state: Option<crate::user::view::StateName>,
            /// `true`: every lamp is ready; `false`: some lamp is not.
            ready: Option<bool>,
            /// Only users whose lamp of this name is needed and not ready.
            #[$attribute(value_type = Option<String>, pattern = "^(license|number|e911|device|registered)$", example = "number")]
            missing: Option<lineside_model::readiness::LampKind>,
            /// Only users whose Add user was left half way.
            unfinished: bool,
            $($own)*
        }

        impl $name {
            /// `search`: what that is called where it stands.
            fn fields(self, search: &str) -> Result<lineside_model::list::UserFilter, crate::problem::Problem> {
                Ok(lineside_model::list::UserFilter {
                    search: crate::page::words(search, self.search)?,
                    location_id: self.location_id.map(lineside_model::id::LocationId),
                    department_id: self.department_id.map(lineside_model::id::DepartmentId),
                    license_type_id: self.license_type_id.map(lineside_model::id::LicenseTypeId),
                    no_license: self.no_license,
                    holds: self.holds.map(lineside_model::id::LicenseTypeId),
                    lacks: self.lacks.map(lineside_model::id::LicenseTypeId),
                    state: self.state.map(lineside_model::user::UserState::from),
                    ready: self.ready,
                    missing: self.missing,
                    unfinished: self.unfinished,
                    ..lineside_model::list::UserFilter::default()
                })
            }
        }
    };
}
pub(super) use user_filter;

user_filter! {
    /// All users that match, as `GET /users` lists them over all its pages; at most 10,000.
    #[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
    #[serde(deny_unknown_fields, default)]
    #[schema(as = MatchingUsers)]
    Matching, schema {
        /// Left out of those that match; at most 100.
        except: Vec<Uuid>,
    }
}

impl Matching {
    fn selection(self) -> Result<Selection, Problem> {
        let except: Vec<UserId> = self.except.iter().copied().map(UserId).collect();
        Ok(Selection::matching(self.filter("matching")?, except))
    }

    /// `field`: what it is called where it stands.
    pub fn filter(self, field: &str) -> Result<UserFilter, Problem> {
        self.fields(&format!("{field}.search"))
    }
}

impl From<UserFilter> for Matching {
    fn from(filter: UserFilter) -> Self {
        Self {
            search: Some(filter.search).filter(|search| !search.is_empty()),
            location_id: filter.location_id.map(Uuid::from),
            department_id: filter.department_id.map(Uuid::from),
            license_type_id: filter.license_type_id.map(Uuid::from),
            no_license: filter.no_license,
            holds: filter.holds.map(Uuid::from),
            lacks: filter.lacks.map(Uuid::from),
            state: filter.state.map(StateName::from),
            ready: filter.ready,
            missing: filter.missing,
            unfinished: filter.unfinished,
            except: Vec::new(),
        }
    }
}

/// Those named and those that match, each once.
pub async fn users(
    service: &Service,
    caller: &Caller,
    user_ids: Vec<Uuid>,
    matching: Option<Matching>,
) -> Result<Vec<UserId>, Problem> {
    let mut users: BTreeSet<UserId> = user_ids.into_iter().map(UserId).collect();
    if let Some(matching) = matching {
        users.extend(service.selected(caller, &matching.selection()?).await?);
    }
    if users.len() > USERS_MAX {
        let message = format!("one request names at most {USERS_MAX} users; send the rest afterwards");
        return Err(Problem::field("user_ids", message));
    }
    Ok(users.into_iter().collect())
}
