//! Features and requirements as files and forms write them: `devices:5`, `number:landline`.

use crate::license::Feature;

/// A feature and the amount that goes with it, for forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeatureKind {
    pub code: &'static str,
    /// The most of it, where it has an amount.
    pub amount: Option<u16>,
    /// One of it, as an example.
    pub example: Feature,
}

const fn kind(code: &'static str, example: Feature) -> FeatureKind {
    let amount = match example {
        Feature::Devices(_) => Some(u8::MAX as u16),
        Feature::MobileData(_) => Some(u16::MAX),
        _ => None,
    };
    FeatureKind { code, amount, example }
}

/// In the order of forms.
pub const FEATURES: [FeatureKind; 10] = [
    kind("voice", Feature::Voice),
    kind("external-calls", Feature::ExternalCalls),
    kind("voicemail", Feature::Voicemail),
    kind("devices", Feature::Devices(1)),
    kind("web-phone", Feature::WebPhone),
    kind("call-recording", Feature::CallRecording),
    kind("mobile-line", Feature::MobileLine),
    kind("mobile-data", Feature::MobileData(1)),
    kind("unlimited-mobile-data", Feature::UnlimitedMobileData),
    kind("analytics", Feature::Analytics),
];

impl FeatureKind {
    pub fn label(self) -> &'static str {
        match self.example {
            Feature::MobileData(_) => "Mobile data, in GB a month",
            Feature::UnlimitedMobileData => "Mobile data without limit",
            feature => feature.label(),
        }
    }

    fn with(self, amount: u16) -> Option<Feature> {
        match self.example {
            Feature::Devices(_) => u8::try_from(amount).ok().map(Feature::Devices),
            Feature::MobileData(_) => Some(Feature::MobileData(amount)),
            _ => None,
        }
    }
}

impl Feature {
    pub fn kind(self) -> FeatureKind {
        let same = |kind: &&FeatureKind| std::mem::discriminant(&kind.example) == std::mem::discriminant(&self);
        FEATURES.iter().find(same).copied().unwrap_or(FEATURES[0])
    }

    /// The number that goes with it.
    pub fn number(self) -> Option<u16> {
        match self {
            Self::Devices(devices) => Some(devices.into()),
            Self::MobileData(gigabytes) => Some(gigabytes),
            _ => None,
        }
    }

    /// Such as `web-phone` or `devices:5`.
    pub fn code(self) -> String {
        let code = self.kind().code;
        self.number().map_or_else(|| code.to_owned(), |number| format!("{code}:{number}"))
    }

    pub fn from_code(text: &str) -> Result<Self, String> {
        let (code, amount) = match text.trim().split_once(':') {
            Some((code, amount)) => (code.trim(), Some(amount.trim())),
            None => (text.trim(), None),
        };
        let Some(kind) = FEATURES.iter().find(|kind| kind.code == code) else {
            let known = FEATURES.map(|kind| kind.code).join(", ");
            return Err(format!("there is no feature `{code}`; choose from {known}"));
        };
        match (kind.amount, amount) {
            (None, None) => Ok(kind.example),
            (None, Some(_)) => Err(format!("`{code}` has no amount; write only `{code}`")),
            (Some(most), amount) => amount
                .and_then(|amount| amount.parse::<u16>().ok())
                .filter(|amount| *amount > 0)
                .and_then(|amount| kind.with(amount))
                .ok_or_else(|| format!("write `{code}:` and a number from 1 to {most}, such as `{code}:5`")),
        }
    }
}
