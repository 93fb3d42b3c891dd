//! Where a call goes: from the caller's account and the dialled address to a user, pure and without side effects.

use std::sync::Arc;

use lineside_model::{
    directory::DirectoryUser,
    extension::{EMERGENCY, Extension},
    id::AccountId,
};
use lineside_sip::message::{Scheme, Uri};

use crate::directory::Directory;

/// Where a dialled address leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// 911, 112, or the test line 933.
    Emergency(&'static str),
    User(Arc<DirectoryUser>),
    /// Nobody has this extension or number.
    NotInService,
}

/// The route of a call. Emergency numbers come before everything else, whatever extensions exist.
pub fn route(directory: &Directory, account: AccountId, dialled: &Dialled) -> Route {
    if let Some(code) = dialled.emergency() {
        return Route::Emergency(code);
    }
    let user = Extension::parse(&dialled.0)
        .ok()
        .and_then(|extension| directory.extension(account, &extension))
        .or_else(|| directory.number(account, &dialled.e164()?));
    user.map_or(Route::NotInService, Route::User)
}

/// Who rings for a user none of whose devices is registered ("Primary number unreachable"). One hop and no further, never
/// back to the user itself, nor to the caller, who is busy calling.
pub fn unreachable(
    directory: &Directory,
    caller: &DirectoryUser,
    callee: &DirectoryUser,
) -> Option<Arc<DirectoryUser>> {
    let instead = directory.destination(callee.account_id, callee.unreachable.as_ref()?)?;
    let is_loop = instead.user_id == callee.user_id || instead.user_id == caller.user_id;
    (instead.voice && !is_loop).then_some(instead)
}

/// What was dialled: the user part with escapes undone and without visual separators (RFC 3966 section 5.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialled(String);

impl Dialled {
    pub fn of(uri: &Uri<'_>) -> Self {
        // RFC 5031: phones with an emergency key may send the service URN in place of digits.
        if uri.scheme == Scheme::Urn && is_sos(uri.user.unwrap_or_default()) {
            return Self(EMERGENCY[0].to_owned());
        }
        let user = uri.user_plain();
        let text = String::from_utf8_lossy(&user);
        Self(text.chars().filter(|character| !matches!(character, '-' | '.' | '(' | ')' | ' ')).collect())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As a number of the world, or of North America without country code. Whether such a number can exist is not asked:
    /// the directory knows those that do.
    fn e164(&self) -> Option<String> {
        let digits = self.0.strip_prefix('+').unwrap_or(&self.0);
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        match (self.0.starts_with('+'), digits.len(), digits.as_bytes().first()) {
            (true, 8..=15, _) | (false, 11, Some(b'1')) => Some(format!("+{digits}")),
            (false, 10, Some(b'2'..=b'9')) => Some(format!("+1{digits}")),
            _ => None,
        }
    }

    fn emergency(&self) -> Option<&'static str> {
        EMERGENCY.into_iter().find(|code| *code == self.0)
    }
}

fn is_sos(urn: &[u8]) -> bool {
    let urn = urn.to_ascii_lowercase();
    urn == b"service:sos" || urn.starts_with(b"service:sos.")
}

#[cfg(test)]
mod tests {
    use lineside_model::extension::Destination;

    use super::*;
    use crate::fixture;

    fn directory() -> Directory {
        let directory = Directory::new();
        directory.put(fixture::user(1, "201"));
        directory.put(fixture::user(2, "202"));
        directory
    }

    fn dial(uri: &str) -> Route {
        route(&directory(), fixture::account_id(), &Dialled::of(&Uri::parse(uri.as_bytes()).unwrap()))
    }

    #[test]
    fn emergency_numbers_are_matched_exactly_however_they_are_written() {
        for (uri, code) in [
            ("sip:911@pbx.example.com", "911"),
            ("sip:9-1-1@pbx.example.com;user=phone", "911"),
            ("sip:%39%31%31@pbx.example.com", "911"),
            ("sip:911;phone-context=+1@pbx.example.com", "911"),
            ("tel:911;phone-context=+1", "911"),
            ("sip:112@pbx.example.com", "112"),
            ("sip:933@pbx.example.com", "933"),
            ("urn:service:sos", "911"),
            ("urn:service:sos.fire", "911"),
        ] {
            assert_eq!(dial(uri), Route::Emergency(code), "{uri}");
        }
        for uri in ["sip:9911@x", "sip:9110@x", "sip:+911@x", "sip:91@x", "sip:1911@x", "sip:a911@x", "sip:999@x"] {
            assert_eq!(dial(uri), Route::NotInService, "{uri}");
        }
    }

    #[test]
    fn extensions_and_every_form_of_a_number_lead_to_the_user() {
        let directory = Directory::new();
        directory.put(fixture::user_with_number(1, "201"));
        let number = fixture::number(1);
        let national = number.digits()[1..].to_owned();
        for user in [
            "201".to_owned(),
            number.as_str().to_owned(),
            number.digits().to_owned(),
            national.clone(),
            format!("({})%20{}-{}", &national[..3], &national[3..6], &national[6..]),
        ] {
            let uri = format!("sip:{user}@pbx.example.com");
            let dialled = Dialled::of(&Uri::parse(uri.as_bytes()).unwrap());
            let Route::User(found) = route(&directory, fixture::account_id(), &dialled) else {
                panic!("{user} has no route")
            };
            assert_eq!(found.user_id, fixture::user_id(1), "{user}");
        }
    }

    #[test]
    fn nobody_has_it() {
        for uri in ["sip:203@x", "sip:%2397@x", "sip:ana@x", "sip:+15550100@x", "sip:x", "urn:service:counseling"] {
            assert_eq!(dial(uri), Route::NotInService, "{uri}");
        }
    }

    #[test]
    fn unreachable_leads_one_hop_and_never_in_a_circle() {
        let directory = directory();
        let caller = fixture::user(3, "203");
        let to = |extension: &str| Some(Destination::Extension(Extension::parse(extension).unwrap()));
        let mut callee = fixture::user(1, "201");
        assert_eq!(unreachable(&directory, &caller, &callee), None);
        callee.unreachable = to("202");
        assert_eq!(unreachable(&directory, &caller, &callee).unwrap().user_id, fixture::user_id(2));
        assert_eq!(unreachable(&directory, &fixture::user(2, "202"), &callee), None, "not back to the caller");
        callee.unreachable = to("201");
        assert_eq!(unreachable(&directory, &caller, &callee), None, "not to itself");
        callee.unreachable = to("202");
        let mut unlicensed = fixture::user(2, "202");
        unlicensed.voice = false;
        directory.put(unlicensed);
        assert_eq!(unreachable(&directory, &caller, &callee), None, "not to somebody who may not be called");
    }
}
