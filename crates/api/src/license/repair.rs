//! What an assignment lacks, done together with it.

use chrono::NaiveDate;
use lineside_model::address::CivicAddressInput;
use lineside_model::change::{Change, USERS_MAX};
use lineside_model::field::FieldErrors;
use lineside_model::id::{LicenseTypeId, NumberId, UserId};
use lineside_model::phone_number::E164;
use lineside_service::Service;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::address::AddressBody;
use crate::license::change::users;
use crate::license::find_type;
use crate::problem::Problem;

/// In the order in which they are done, before the assignment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AssignRepairs)]
pub struct Repairs {
    /// Users whose license of the same track is removed, on the same date, so that their seats become free.
    #[serde(default)]
    #[schema(default = json!([]))]
    remove_from: Vec<Uuid>,
    /// Numbers that users get, now.
    #[serde(default)]
    #[schema(default = json!([]))]
    numbers: Vec<NumberRepair>,
    /// Emergency addresses that are confirmed, now.
    #[serde(default)]
    #[schema(default = json!([]))]
    confirm_e911: Vec<E911Repair>,
    /// A Voice license beside the one that is assigned, on the same date. By its slug or id.
    #[schema(example = "basic")]
    voice_license_type: Option<String>,
    /// Who gets it; without this: all who are assigned to.
    voice_user_ids: Option<Vec<Uuid>>,
}

/// A free number for a user.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NumberRepair {
    user_id: Uuid,
    number_id: Uuid,
}

/// Somebody says that the user will be at this address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct E911Repair {
    user_id: Uuid,
    address: AddressBody,
    /// Without one: the user's own number.
    #[schema(example = "+14805550143")]
    callback: Option<String>,
}

impl Repairs {
    pub async fn read(
        self,
        service: &Service,
        assigned: &[Uuid],
        license: Option<LicenseTypeId>,
        date: Option<NaiveDate>,
        errors: &mut FieldErrors,
    ) -> Result<Vec<Change>, Problem> {
        let mut changes = Vec::new();
        let catalogue = service.catalogue().await?;
        let track = license.and_then(|id| catalogue.license_type(id)).map(|license| license.track_id);
        if let Some(track_id) = track.filter(|_| !self.remove_from.is_empty())
            && let Some(user_ids) = errors.take("repairs.remove_from", users(&self.remove_from))
        {
            changes.push(Change::RemoveLicense { user_ids, track_id, date });
        }
        for (field, count) in [("numbers", self.numbers.len()), ("confirm_e911", self.confirm_e911.len())] {
            if count > USERS_MAX {
                errors.push(&format!("repairs.{field}"), format!("one request has at most {USERS_MAX} of these"));
                return Ok(Vec::new());
            }
        }
        let given = |one: &NumberRepair| Change::AssignNumber {
            number_id: NumberId(one.number_id),
            user_id: Some(UserId(one.user_id)),
        };
        changes.extend(self.numbers.iter().map(given));
        for (n, one) in self.confirm_e911.into_iter().enumerate() {
            changes.extend(one.read(&format!("repairs.confirm_e911.{n}"), errors));
        }
        if let Some(voice) = self.voice_license_type {
            let voice = errors.take("repairs.voice_license_type", find_type(service, &voice).await?);
            let named = self.voice_user_ids.as_deref();
            let who = errors.take("repairs.voice_user_ids", users(named.unwrap_or(assigned)));
            if let Some((license_type_id, user_ids)) = voice.zip(who) {
                changes.push(Change::AssignLicense { user_ids, license_type_id, date });
            }
        }
        Ok(changes)
    }
}

impl E911Repair {
    fn read(self, at: &str, errors: &mut FieldErrors) -> Option<Change> {
        let address = CivicAddressInput::from(self.address).parse();
        let address = address
            .map_err(|wrong| {
                wrong.0.iter().for_each(|one| errors.push(&format!("{at}.address.{}", one.field), &one.message));
            })
            .ok();
        let callback = self.callback.as_deref().unwrap_or_default();
        let callback = errors.take_optional(&format!("{at}.callback"), callback, E164::parse);
        let user_id = UserId(self.user_id);
        address.map(|address| Change::ConfirmE911 { user_id, address, callback, confirmed: true })
    }
}
