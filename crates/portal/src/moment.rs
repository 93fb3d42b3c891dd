//! Instants as people read them.

use std::fmt;

use askama::filters::HtmlSafe;
use chrono::{DateTime, Datelike, Utc};
use lineside_model::time_zone::TimeZone;

/// `today 08:12`, `4 Mar 08:12`, `4 Mar 2025 08:12` in a zone; the exact instant on hover.
pub struct Moment {
    at: DateTime<Utc>,
    zone: TimeZone,
    now: DateTime<Utc>,
}

impl Moment {
    pub fn new(at: DateTime<Utc>, zone: TimeZone, now: DateTime<Utc>) -> Self {
        Self { at, zone, now }
    }

    /// Without markup, for sentences and attributes.
    pub fn text(&self) -> String {
        let (at, now) = (self.zone.local(self.at), self.zone.local(self.now));
        let days = now.date_naive().signed_duration_since(at.date_naive()).num_days();
        let form = match days {
            0 => "today %H:%M",
            1 => "yesterday %H:%M",
            -1 => "tomorrow %H:%M",
            _ if at.year() == now.year() => "%-d %b %H:%M",
            _ => "%-d %b %Y %H:%M",
        };
        at.format(form).to_string()
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let local = self.zone.local(self.at);
        let exact = local.format("%Y-%m-%d %H:%M:%S %Z");
        let machine = self.at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        write!(f, "<time datetime=\"{machine}\" title=\"{exact}\">{}</time>", self.text())
    }
}

/// Digits, letters and names of zones: nothing that would have to be escaped.
impl HtmlSafe for Moment {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_reads_in_the_accounts_zone() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let zone = TimeZone::parse("America/Phoenix").unwrap();
        let shown = |text: &str| Moment::new(at(text), zone, at("2026-11-22T12:00:00Z")).text();
        assert_eq!(shown("2026-11-22T15:12:00Z"), "today 08:12");
        assert_eq!(shown("2026-11-22T06:12:00Z"), "yesterday 23:12");
        assert_eq!(shown("2026-03-04T15:12:00Z"), "4 Mar 08:12");
        assert_eq!(shown("2025-03-04T15:12:00Z"), "4 Mar 2025 08:12");
    }
}
