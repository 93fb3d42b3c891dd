//! Who made a device, as far as its MAC address tells.

use lineside_model::device::Mac;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Vendor {
    Yealink,
    Poly,
    Grandstream,
    Snom,
    Fanvil,
}

impl Vendor {
    pub const fn name(self) -> &'static str {
        match self {
            Vendor::Yealink => "Yealink",
            Vendor::Poly => "Poly",
            Vendor::Grandstream => "Grandstream",
            Vendor::Snom => "Snom",
            Vendor::Fanvil => "Fanvil",
        }
    }

    /// Who seems to have made the device: good for a suggestion and for a warning, never for a decision. A vendor has more
    /// prefixes than are known here, and anybody can send any address.
    pub fn guess(mac: &Mac) -> Option<Vendor> {
        let oui = &mac.as_str()[..6];
        OUIS.iter().find(|(_, ouis)| ouis.contains(&oui)).map(|(vendor, _)| *vendor)
    }

    /// The known beginnings of its MAC addresses, six lower-case digits each.
    pub fn ouis(self) -> &'static [&'static str] {
        OUIS.iter().find(|(vendor, _)| *vendor == self).map_or(&[], |(_, ouis)| ouis)
    }
}

const OUIS: &[(Vendor, &[&str])] = &[
    (
        Vendor::Yealink,
        &[
            "001565", "249ad8", "3497d7", "44dbd2", "644f56", "805e0c", "805ec0", "b061a9", "c4fc22", "e434d7",
            "ec1da9", "f01653",
        ],
    ),
    (Vendor::Poly, &["0004f2", "482567", "64167f"]),
    (Vendor::Grandstream, &["000b82", "c074ad", "ec74d7"]),
    (Vendor::Snom, &["000413", "00087b"]),
    (Vendor::Fanvil, &["0c383e"]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_mac_suggests_its_vendor() {
        let guess = |text: &str| Vendor::guess(&Mac::parse(text).unwrap());
        assert_eq!(guess("80:5E:C0:00:00:01"), Some(Vendor::Yealink));
        assert_eq!(guess("00:04:f2:00:00:01"), Some(Vendor::Poly));
        assert_eq!(guess("02:00:00:00:00:01"), None);
    }

    #[test]
    fn no_prefix_belongs_to_two_vendors_and_each_is_lower_case() {
        let all: Vec<&str> = OUIS.iter().flat_map(|(_, ouis)| ouis.iter().copied()).collect();
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
        assert!(all.iter().all(|oui| oui.len() == 6 && *oui == oui.to_lowercase()));
    }
}
