//! What lists repeat of each user's readiness, brought up to date in the transaction that changed it.

use lineside_model::id::{AccountId, DeviceId, TrackId, UserId};
use lineside_model::license::{Catalogue, VOICE};

use crate::StoreError;
use crate::connection::Connection;
use crate::value::values;

/// `landline` comes before `mobile`: the primary number is the landline.
const REFRESH_USERS: &str = "
    UPDATE account_user SET
        voice_license_id = (
            SELECT a.license_type_id FROM assignment a WHERE a.user_id = account_user.id AND a.track_id = $2
        ),
        number = (SELECT n.number FROM phone_number n WHERE n.user_id = account_user.id ORDER BY n.kind LIMIT 1),
        e911_confirmed = EXISTS (
            SELECT 1 FROM e911_address e WHERE e.user_id = account_user.id AND e.confirmed_at IS NOT NULL
        ),
        device = EXISTS (
            SELECT 1 FROM line l JOIN device d ON d.id = l.device_id WHERE l.user_id = account_user.id AND NOT d.locked
        ),
        registered_until = (SELECT max(b.expires_at) FROM binding b WHERE b.user_id = account_user.id),
        was_registered = EXISTS (
            SELECT 1 FROM device d WHERE d.user_id = account_user.id AND d.last_registered_at IS NOT NULL
        )
    WHERE account_id = $1 AND id IN (...)";
const REFRESH_DEVICES: &str = "
    UPDATE device SET registered_until = (SELECT max(b.expires_at) FROM binding b WHERE b.device_id = device.id)
    WHERE account_id = $1 AND id IN (...)";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[REFRESH_USERS, REFRESH_DEVICES];

pub(crate) async fn refresh_users(
    link: &mut Connection,
    account: AccountId,
    catalogue: &Catalogue,
    users: &[UserId],
) -> Result<(), StoreError> {
    let voice = catalogue.track_by_slug(VOICE).map_or_else(|| TrackId(uuid::Uuid::nil()), |track| track.id);
    link.execute_in(REFRESH_USERS, values![account, voice], users.iter().copied()).await?;
    Ok(())
}

pub(crate) async fn refresh_devices(
    link: &mut Connection,
    account: AccountId,
    devices: impl IntoIterator<Item = DeviceId>,
) -> Result<(), StoreError> {
    link.execute_in(REFRESH_DEVICES, values![account], devices).await?;
    Ok(())
}
