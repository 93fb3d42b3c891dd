//! How many devices of a user work: as many as the Voice license allows, those assigned first.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::id::LineId;
use crate::license::{Feature, LicenseType};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceLimit {
    /// The license type's name.
    pub license: String,
    pub devices: usize,
}

impl DeviceLimit {
    /// `None`: the type says nothing of devices, so it sets no limit.
    pub fn of(license: &LicenseType) -> Option<Self> {
        let devices = license.features.iter().find_map(|feature| match feature {
            Feature::Devices(devices) => Some(usize::from(*devices)),
            _ => None,
        })?;
        Some(Self { license: license.name.clone(), devices })
    }

    /// Those of a user's lines that do not work. A line is made when its device is assigned (a generic phone's with its
    /// first password) and has an identifier of that time, which Generate leaves as it is.
    pub fn beyond(&self, lines: impl IntoIterator<Item = LineId>) -> BTreeSet<LineId> {
        let lines: BTreeSet<LineId> = lines.into_iter().collect();
        lines.into_iter().skip(self.devices).collect()
    }

    /// Such as "Basic allows 1 device".
    pub fn words(&self) -> String {
        match self.devices {
            1 => format!("{} allows 1 device", self.license),
            0 => format!("{} allows no device", self.license),
            devices => format!("{} allows {devices} devices", self.license),
        }
    }
}

/// The lines that do not work of a user with this license, if there is one.
pub fn beyond(license: Option<&LicenseType>, lines: impl IntoIterator<Item = LineId>) -> BTreeSet<LineId> {
    license.and_then(DeviceLimit::of).map(|limit| limit.beyond(lines)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::license::Catalogue;

    fn lines(ids: &[u128]) -> BTreeSet<LineId> {
        ids.iter().map(|id| LineId(Uuid::from_u128(*id))).collect()
    }

    #[test]
    fn those_assigned_first_work() {
        let limit = DeviceLimit { license: "Basic".to_owned(), devices: 2 };
        assert_eq!(limit.beyond(lines(&[7, 3, 5])), lines(&[7]));
        assert_eq!(limit.beyond(lines(&[7, 3])), lines(&[]));
        assert_eq!(DeviceLimit { devices: 0, ..limit }.beyond(lines(&[7])), lines(&[7]));
    }

    #[test]
    fn a_license_that_says_nothing_of_devices_sets_no_limit() {
        let catalogue = Catalogue::default_catalogue();
        let mut basic = catalogue.license_type_by_slug("basic").unwrap().clone();
        assert_eq!(DeviceLimit::of(&basic).unwrap().words(), "Basic allows 1 device");
        assert_eq!(beyond(Some(&basic), lines(&[1, 2])), lines(&[2]));
        basic.features.retain(|feature| !matches!(feature, Feature::Devices(_)));
        assert_eq!(beyond(Some(&basic), lines(&[1, 2])), lines(&[]));
        assert_eq!(beyond(None, lines(&[1, 2])), lines(&[]));
    }
}
