//! The device models that can be added.

use crate::mac::Mac;

/// One model in the list.
#[derive(Debug, PartialEq, Eq)]
pub struct DeviceModel {
    /// In URLs, files and the database: `yealink-t54w`. Never changes.
    pub slug: &'static str,
    pub vendor: Vendor,
    pub name: &'static str,
    /// How many lines it can hold.
    pub lines: u8,
    /// Whether it is known by a MAC address.
    pub has_mac: bool,
    pub file: FileKind,
}

/// The form of the model's configuration file. It decides which credential the file needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// `key = value`; wants the secret itself.
    Yealink,
    /// XML; wants the HA1 only.
    Linphone,
    /// None: a person types the credentials.
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Vendor {
    Yealink,
    Poly,
    Grandstream,
    Snom,
    Fanvil,
    Linphone,
    Other,
}

impl DeviceModel {
    pub fn find(slug: &str) -> Option<&'static DeviceModel> {
        MODELS.iter().find(|model| model.slug == slug)
    }

    /// In the order in which a form offers them.
    pub const fn all() -> &'static [DeviceModel] {
        MODELS
    }

    /// Vendor and name, for example `Yealink T54W`.
    pub fn title(&self) -> String {
        match self.vendor {
            Vendor::Linphone | Vendor::Other => self.name.to_owned(),
            vendor => format!("{} {}", vendor.name(), self.name),
        }
    }
}

impl Vendor {
    pub const fn name(self) -> &'static str {
        match self {
            Vendor::Yealink => "Yealink",
            Vendor::Poly => "Poly",
            Vendor::Grandstream => "Grandstream",
            Vendor::Snom => "Snom",
            Vendor::Fanvil => "Fanvil",
            Vendor::Linphone => "Linphone",
            Vendor::Other => "Other",
        }
    }

    /// Who seems to have made the device: good for a suggestion and for a warning, never for a decision. A vendor has more
    /// prefixes than are known here, and anybody can send any address.
    pub fn guess(mac: Mac) -> Option<Vendor> {
        OUIS.iter().find(|(_, ouis)| ouis.contains(&mac.oui())).map(|(vendor, _)| *vendor)
    }

    /// The known prefixes of its MAC addresses.
    pub fn ouis(self) -> &'static [[u8; 3]] {
        OUIS.iter().find(|(vendor, _)| *vendor == self).map_or(&[], |(_, ouis)| ouis)
    }
}

const MODELS: &[DeviceModel] = &[
    yealink("yealink-t31p", "T31P", 2),
    yealink("yealink-t33g", "T33G", 4),
    yealink("yealink-t43u", "T43U", 12),
    yealink("yealink-t46u", "T46U", 16),
    yealink("yealink-t48u", "T48U", 16),
    yealink("yealink-t53", "T53", 12),
    yealink("yealink-t54w", "T54W", 16),
    yealink("yealink-t57w", "T57W", 16),
    yealink("yealink-t58w", "T58W", 16),
    yealink("yealink-cp925", "CP925", 1),
    yealink("yealink-w70b", "W70B", 10),
    DeviceModel {
        slug: "linphone",
        vendor: Vendor::Linphone,
        name: "Linphone",
        lines: 1,
        has_mac: false,
        file: FileKind::Linphone,
    },
    DeviceModel {
        slug: "generic-sip",
        vendor: Vendor::Other,
        name: "Generic SIP phone",
        lines: 1,
        has_mac: false,
        file: FileKind::None,
    },
];

const fn yealink(slug: &'static str, name: &'static str, lines: u8) -> DeviceModel {
    DeviceModel { slug, vendor: Vendor::Yealink, name, lines, has_mac: true, file: FileKind::Yealink }
}

const OUIS: &[(Vendor, &[[u8; 3]])] = &[
    (
        Vendor::Yealink,
        &[
            [0x00, 0x15, 0x65],
            [0x24, 0x9a, 0xd8],
            [0x34, 0x97, 0xd7],
            [0x44, 0xdb, 0xd2],
            [0x64, 0x4f, 0x56],
            [0x80, 0x5e, 0x0c],
            [0x80, 0x5e, 0xc0],
            [0xb0, 0x61, 0xa9],
            [0xc4, 0xfc, 0x22],
            [0xe4, 0x34, 0xd7],
            [0xec, 0x1d, 0xa9],
            [0xf0, 0x16, 0x53],
        ],
    ),
    (Vendor::Poly, &[[0x00, 0x04, 0xf2], [0x48, 0x25, 0x67], [0x64, 0x16, 0x7f]]),
    (Vendor::Grandstream, &[[0x00, 0x0b, 0x82], [0xc0, 0x74, 0xad], [0xec, 0x74, 0xd7]]),
    (Vendor::Snom, &[[0x00, 0x04, 0x13], [0x00, 0x08, 0x7b]]),
    (Vendor::Fanvil, &[[0x0c, 0x38, 0x3e]]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_model_is_found_by_its_own_slug() {
        let slugs: HashSet<&str> = DeviceModel::all().iter().map(|model| model.slug).collect();
        assert_eq!(slugs.len(), DeviceModel::all().len());
        for model in DeviceModel::all() {
            assert_eq!(DeviceModel::find(model.slug), Some(model));
            assert!(model.lines > 0);
        }
        assert_eq!(DeviceModel::find("yealink-t54w").unwrap().title(), "Yealink T54W");
        assert_eq!(DeviceModel::find("T54W"), None);
    }

    #[test]
    fn a_mac_suggests_its_vendor() {
        assert_eq!(Vendor::guess(Mac::parse("80:5e:c0:00:00:01").unwrap()), Some(Vendor::Yealink));
        assert_eq!(Vendor::guess(Mac::parse("00:04:f2:00:00:01").unwrap()), Some(Vendor::Poly));
        assert_eq!(Vendor::guess(Mac::parse("02:00:00:00:00:01").unwrap()), None);
    }

    #[test]
    fn no_prefix_belongs_to_two_vendors() {
        let all: Vec<_> = OUIS.iter().flat_map(|(_, ouis)| ouis.iter()).collect();
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
    }
}
