//! What the model's rules of routing look up, in memory: who is registered, whose number it is, which trunks there are.

use std::sync::Arc;

use lineside_model::{
    dialled::Dialled,
    directory::{DirectoryAccount, DirectoryUser},
    extension::{EMERGENCY, Extension},
    id::AccountId,
    route::Lookup,
};
use lineside_sip::message::{Scheme, Uri};

use crate::{directory::Directory, registrar::Registrar};

/// The directory with who is there now.
pub(crate) struct House<'a> {
    pub(crate) directory: &'a Directory,
    pub(crate) registrar: &'a Registrar,
}

impl Lookup for House<'_> {
    fn extension(&self, account: AccountId, extension: &Extension) -> Option<Arc<DirectoryUser>> {
        self.directory.extension(account, extension)
    }

    fn number(&self, number: &str) -> Option<Arc<DirectoryUser>> {
        self.directory.number(number)
    }

    fn account(&self, account: AccountId) -> Option<Arc<DirectoryAccount>> {
        self.directory.account(account)
    }

    fn registered(&self, user: &DirectoryUser) -> bool {
        let reached = |line| self.registrar.contacts(line).iter().any(|contact| contact.flow.is_some());
        user.lines.iter().any(|line| reached(line.line_id))
    }

    fn has_trunk(&self, account: AccountId) -> bool {
        self.directory.has_trunk(account)
    }
}

/// What was dialled: the user part with escapes undone.
pub(crate) fn dialled(uri: &Uri<'_>) -> Dialled {
    // RFC 5031: phones with an emergency key may send the service URN in place of digits.
    if uri.scheme == Scheme::Urn && is_sos(uri.user.unwrap_or_default()) {
        return Dialled::new(EMERGENCY[0]);
    }
    Dialled::new(&String::from_utf8_lossy(&uri.user_plain()))
}

fn is_sos(urn: &[u8]) -> bool {
    let urn = urn.to_ascii_lowercase();
    urn == b"service:sos" || urn.starts_with(b"service:sos.")
}

#[cfg(test)]
mod tests {
    use lineside_model::route::{Caller, Route, Target, route};

    use super::*;
    use crate::fixture;

    fn dial(uri: &str) -> Route {
        let directory = Directory::new();
        directory.put(fixture::user_with_number(1, "201"));
        let caller = Arc::new(fixture::user(3, "203"));
        let registrar = Registrar::default();
        let house = House { directory: &directory, registrar: &registrar };
        route(&house, &Caller::User(caller), &dialled(&Uri::parse(uri.as_bytes()).unwrap()))
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
            assert_eq!(dial(uri).target, Target::Emergency(code), "{uri}");
        }
        for uri in ["sip:9911@x", "sip:9110@x", "sip:+911@x", "sip:91@x", "sip:1911@x", "sip:a911@x", "sip:999@x"] {
            assert!(matches!(dial(uri).target, Target::Refused(_)), "{uri}");
        }
    }

    #[test]
    fn every_form_of_a_number_leads_to_the_user() {
        let number = fixture::number(1);
        let national = number.digits()[1..].to_owned();
        for user in [
            "201".to_owned(),
            number.as_str().to_owned(),
            number.digits().to_owned(),
            national.clone(),
            format!("({})%20{}-{}", &national[..3], &national[3..6], &national[6..]),
        ] {
            let target = dial(&format!("sip:{user}@pbx.example.com")).target;
            let unreachable = lineside_model::route::Refusal::Unreachable;
            assert_eq!(target, Target::Refused(unreachable), "{user}: the user is found, and not registered");
        }
    }
}
