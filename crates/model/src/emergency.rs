//! Calls for help: where the caller is, whom to call back, and what is told of it (47 CFR 9.16; RFC 4119, 5139, 6442).

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::address::CivicAddress;
use crate::e911::Confirmation;
use crate::id::{AccountId, CallId, DeviceId, LocationId, UserId};
use crate::list::UserRow;
use crate::phone_number::E164;

/// What is dialled to hear what would be told; see [`crate::extension::EMERGENCY`] for all of them.
pub const TEST: &str = "933";

/// After an emergency call, calls to its callback number ring the phone that made it, whatever else is set (RFC 6881 SP-35).
pub const CALLBACK: TimeDelta = TimeDelta::minutes(30);

/// Where a user is found, as calls for help tell it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmergencyPlace {
    pub address: CivicAddress,
    /// A person has said that the user is there.
    pub confirmed: bool,
    /// The location that the user belongs to.
    pub location: Option<LocationId>,
    pub location_name: Option<String>,
    /// What emergency services call back: the user's own, or the location's.
    pub callback: Option<E164>,
}

/// Somebody calls for help. Told as the call goes out, not after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmergencyCall {
    pub call: CallId,
    pub account: AccountId,
    pub user: UserId,
    pub at: DateTime<Utc>,
    /// `911` or `112`.
    pub dialled: String,
    pub name: String,
    pub extension: String,
    pub callback: Option<E164>,
    /// Nothing is known where the user is.
    pub place: Option<EmergencyPlace>,
    /// A trunk was there to take it.
    pub connected: bool,
}

impl EmergencyCall {
    /// What those who can help on site are told, a sentence each. `at`: in the zone of whoever reads it.
    pub fn sentences(&self, at: &str) -> Vec<String> {
        let who = match self.extension.as_str() {
            "" => self.name.clone(),
            extension => format!("{} (extension {extension})", self.name),
        };
        let mut told = vec![format!("{who} called {} at {at}.", self.dialled)];
        told.push(match &self.place {
            Some(place) => {
                let unsure = if place.confirmed { "" } else { " Nobody has confirmed this address." };
                format!("Help is sent to: {}.{unsure}", place.address.one_line())
            }
            None => "No address is known for this phone: ask the caller where help is needed.".to_owned(),
        });
        told.extend(self.callback.as_ref().map(|number| format!("Emergency services call back {}.", number.pretty())));
        if !self.connected {
            told.push("The call could not be connected: call for help yourself.".to_owned());
        }
        told
    }
}

/// A call for help as the portal shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenCall {
    pub call: EmergencyCall,
    /// When somebody of the account has seen it, and who.
    pub seen: Option<(DateTime<Utc>, String)>,
}

/// `933` was dialled, and the address read back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmergencyTest {
    pub at: DateTime<Utc>,
    pub address: Option<CivicAddress>,
    pub callback: Option<E164>,
    /// All of it was heard; otherwise only its digits, and the rest was mailed.
    pub spoken: bool,
}

impl EmergencyTest {
    /// What was read back, a sentence each.
    pub fn sentences(&self) -> Vec<String> {
        let address = match &self.address {
            Some(address) => format!("Help would be sent to: {}.", address.one_line()),
            None => "No address is known for this phone: an administrator has to enter one.".to_owned(),
        };
        let callback = match &self.callback {
            Some(number) => format!("Emergency services would call back {}.", number.pretty()),
            None => "There is no number that emergency services could call back.".to_owned(),
        };
        vec![address, callback]
    }
}

/// Whether help finds a user: what a call would tell, who confirmed it, and when it was last tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmergencyReadiness {
    pub user: UserRow,
    pub devices: Vec<(DeviceId, String)>,
    /// Nothing is known where the user is.
    pub place: Option<EmergencyPlace>,
    pub confirmed: Option<Confirmation>,
    pub callback: Option<E164>,
    pub test: Option<EmergencyTest>,
}

impl EmergencyReadiness {
    /// What is not right, in the order in which it is put right.
    pub fn lacks(&self) -> Vec<&'static str> {
        let stale = |test: &EmergencyTest| {
            let place = self.place.as_ref().map(|place| &place.address);
            test.address.as_ref() != place || test.callback != self.callback
        };
        let lacks = [
            (self.place.is_none(), "no address is known"),
            (self.place.is_some() && self.confirmed.is_none(), "nobody has confirmed the address"),
            (self.callback.is_none(), "there is no number to call back"),
            (self.test.is_none(), "never tested: dial 933"),
            (self.test.as_ref().is_some_and(stale), "changed since the last test: dial 933"),
        ];
        lacks.into_iter().filter(|(lacks, _)| *lacks).map(|(_, what)| what).collect()
    }
}

/// The location of a call as a document beside its session description: PIDF-LO with a civic address. Elements stand in the
/// order of the schema.
pub fn pidf_lo(place: &EmergencyPlace, entity: &str, device: DeviceId, at: DateTime<Utc>) -> String {
    let CivicAddress { street_number, street_name, unit, city, region, postal_code, country } = &place.address;
    let name = place.location_name.as_deref().unwrap_or_default();
    let elements = [
        ("country", country.as_str()),
        ("A1", region),
        ("A3", city),
        ("RD", street_name),
        ("HNO", street_number),
        ("LOC", unit),
        ("NAM", name),
        ("PC", postal_code),
    ];
    let mut civic = String::new();
    for (element, text) in elements.into_iter().filter(|(_, text)| !text.is_empty()) {
        let _ = write!(civic, "<ca:{element}>{}</ca:{element}>", xml(text));
    }
    let instant = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n\
         <presence xmlns=\"urn:ietf:params:xml:ns:pidf\" xmlns:dm=\"urn:ietf:params:xml:ns:pidf:data-model\" \
         xmlns:gp=\"urn:ietf:params:xml:ns:pidf:geopriv10\" \
         xmlns:gbp=\"urn:ietf:params:xml:ns:pidf:geopriv10:basicPolicy\" \
         xmlns:ca=\"urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr\" entity=\"pres:{entity}\">\r\n\
         <dm:device id=\"caller\"><gp:geopriv><gp:location-info>\
         <ca:civicAddress xml:lang=\"en\">{civic}</ca:civicAddress></gp:location-info>\
         <gp:usage-rules><gbp:retransmission-allowed>true</gbp:retransmission-allowed>\
         <gbp:retention-expiry>{expiry}</gbp:retention-expiry></gp:usage-rules><gp:method>Manual</gp:method></gp:geopriv>\
         <dm:deviceID>urn:uuid:{device}</dm:deviceID><dm:timestamp>{now}</dm:timestamp></dm:device>\r\n\
         </presence>\r\n",
        entity = xml(entity),
        expiry = instant(at + TimeDelta::days(1)),
        now = instant(at),
    )
}

/// Text within an element or an attribute; what XML can't hold is left out.
fn xml(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            letter if letter.is_control() => {}
            letter => safe.push(letter),
        }
    }
    safe
}

/// The address as a voice says it: house numbers and postal codes digit by digit, regions by their names.
pub fn spoken(address: &CivicAddress, callback: Option<&E164>) -> String {
    let digits = |text: &str| text.chars().map(String::from).collect::<Vec<_>>().join(" ");
    let region = address.region_name();
    let mut text = format!(
        "{} {}. {}{}, {}, {}. ",
        digits(&address.street_number),
        address.street_name,
        if address.unit.is_empty() { String::new() } else { format!("{}. ", address.unit) },
        address.city,
        region,
        digits(&address.postal_code),
    );
    match callback {
        Some(number) => {
            let _ = write!(text, "Emergency services would call back {}.", digits(number.digits()));
        }
        None => text.push_str("There is no number that emergency services could call back."),
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Country;

    fn place(unit: &str) -> EmergencyPlace {
        let address = CivicAddress {
            street_number: "1200".into(),
            street_name: "N Main St".into(),
            unit: unit.into(),
            city: "Seattle".into(),
            region: "WA".into(),
            postal_code: "98101".into(),
            country: Country::US,
        };
        let (location, location_name, callback) = (None, Some("Acme & Sons".into()), E164::parse("+12065550100").ok());
        EmergencyPlace { address, confirmed: true, location, location_name, callback }
    }

    #[test]
    fn the_document_holds_the_address_in_the_order_of_the_schema_and_nothing_that_breaks_it() {
        let device = DeviceId(uuid::Uuid::from_u128(7));
        let at = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let text = pidf_lo(&place("Suite <310>, \"3rd\u{7} floor\""), "+12065550100@pbx.example.com", device, at);
        assert!(text.contains(
            "<ca:country>US</ca:country><ca:A1>WA</ca:A1><ca:A3>Seattle</ca:A3><ca:RD>N Main St</ca:RD><ca:HNO>1200</ca:HNO>\
             <ca:LOC>Suite &lt;310&gt;, &quot;3rd floor&quot;</ca:LOC><ca:NAM>Acme &amp; Sons</ca:NAM><ca:PC>98101</ca:PC>"
        ));
        assert!(text.contains("2024-10-04T00:00:00Z") && text.contains("entity=\"pres:+12065550100@pbx"), "{text}");
        assert!(!pidf_lo(&place(""), "x", device, at).contains("LOC"), "an empty element says nothing");
    }

    #[test]
    fn the_address_is_said_as_people_say_it() {
        let place = place("Suite 310");
        assert_eq!(
            spoken(&place.address, place.callback.as_ref()),
            "1 2 0 0 N Main St. Suite 310. Seattle, Washington, 9 8 1 0 1. \
             Emergency services would call back 1 2 0 6 5 5 5 0 1 0 0."
        );
    }

    #[test]
    fn who_can_help_is_told_who_where_and_whom_to_call() {
        let call = EmergencyCall {
            call: CallId(uuid::Uuid::nil()),
            account: AccountId(uuid::Uuid::nil()),
            user: UserId(uuid::Uuid::nil()),
            at: DateTime::UNIX_EPOCH,
            dialled: "911".into(),
            name: "Ana Duarte".into(),
            extension: "201".into(),
            callback: E164::parse("+12065550100").ok(),
            place: Some(place("Suite 310")),
            connected: true,
        };
        let told = call.sentences("9:00").join(" ");
        for part in ["Ana Duarte (extension 201) called 911 at 9:00", "1200 N Main St", "Suite 310", "206 555 0100"] {
            assert!(told.contains(part), "{told}");
        }
        let lost = EmergencyCall { place: None, connected: false, callback: None, ..call };
        let told = lost.sentences("9:00").join(" ");
        assert!(told.contains("ask the caller") && told.contains("could not be connected"), "{told}");
    }
}
