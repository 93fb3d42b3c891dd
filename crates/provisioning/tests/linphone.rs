//! The file that Linphone gets.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod device;
mod names;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use device::{device, line};
use lineside_provisioning::{Credential, Device, RenderError, Secret, generic, render};
use names::{BREAKS, ODD_NAMES};
use quick_xml::Reader;
use quick_xml::events::Event;

const HA1: &str = "939e7578ed9e3c518a452acee763bce9";

fn now() -> DateTime<Utc> {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

fn softphone() -> Device {
    Device { lines: vec![line(Credential::Ha1(Secret::new(HA1)))], ..device("linphone") }
}

/// `section/entry` and its text, read by an XML parser; one that is not well-formed panics.
fn entries(device: &Device) -> BTreeMap<String, String> {
    let xml = render(device, now()).unwrap().body;
    let mut reader = Reader::from_str(&xml);
    let (mut section, mut entry, mut entries) = (String::new(), None, BTreeMap::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Start(element) => {
                let name = element.try_get_attribute("name").unwrap();
                let name = name.map(|name| name.value.into_owned()).unwrap_or_default();
                match element.name().as_ref() {
                    "section" => section = name,
                    "entry" => entry = Some((format!("{section}/{name}"), String::new())),
                    _ => {}
                }
            }
            Event::Text(text) => {
                if let Some((_, value)) = &mut entry {
                    value.push_str(&text);
                }
            }
            Event::GeneralRef(reference) => {
                let (_, value) = entry.as_mut().unwrap();
                value.push(reference.resolve_char_ref().unwrap().unwrap());
            }
            Event::End(_) => entries.extend(entry.take()),
            Event::Eof => return entries,
            _ => {}
        }
    }
}

#[test]
fn a_softphone() {
    insta::assert_snapshot!(render(&softphone(), now()).unwrap().body);
}

#[test]
fn it_reads_back_as_it_was_meant() {
    let entries = entries(&softphone());
    assert_eq!(entries["proxy_0/reg_identity"], "\"Ada Lovelace\" <sip:d-8f3k2q7xab@acme.example.com>");
    assert_eq!(entries["proxy_0/reg_proxy"], "<sip:sip.example.com:5061;transport=tls>");
    assert_eq!(entries["auth_info_0/ha1"], HA1);
    assert_eq!(entries["auth_info_0/algorithm"], "MD5");
    assert_eq!(entries["misc/transient_provisioning"], "0");
    assert_eq!(entries["misc/config-uri"], "https://prov.example.com/t0ken/");
    assert!(entries.keys().all(|key| !key.ends_with("passwd")));
}

#[test]
fn odd_names_stay_text() {
    for name in ODD_NAMES {
        let mut odd = softphone();
        odd.lines[0].display_name = name.to_owned();
        let (odd, plain) = (entries(&odd), entries(&softphone()));
        let quoted = name.replace('\\', "\\\\").replace('"', "\\\"");
        assert_eq!(odd["proxy_0/reg_identity"], format!("\"{quoted}\" <sip:d-8f3k2q7xab@acme.example.com>"));
        assert_eq!(odd.len(), plain.len(), "{name}");
    }
}

/// Linphone writes what it reads into its own file, line by line.
#[test]
fn a_line_break_is_refused() {
    for text in BREAKS {
        let mut broken = softphone();
        broken.lines[0].display_name = text.to_owned();
        assert!(matches!(render(&broken, now()), Err(RenderError::Character { .. })), "{text:?}");
    }
}

#[test]
fn the_secret_itself_is_never_delivered() {
    let error = render(&device("linphone"), now()).unwrap_err();
    assert_eq!(error, RenderError::NeedsHa1("Linphone"));
}

#[test]
fn a_phone_without_a_file_gets_credentials_to_type() {
    let device = device("generic");
    assert_eq!(render(&device, now()).unwrap_err(), RenderError::NoFile("Generic SIP phone"));
    let [credentials] = generic::credentials(&device).unwrap().try_into().unwrap();
    assert_eq!((credentials.username.as_str(), credentials.domain.as_str()), ("d-8f3k2q7xab", "acme.example.com"));
    assert_eq!(credentials.outbound_proxy.as_deref(), Some("sip.example.com"));
    assert_eq!(credentials.secret.reveal(), "kT9vXw2mQe7rLz4sBn6yPd8h");
    assert!(!format!("{credentials:?}").contains("kT9v"));
}
