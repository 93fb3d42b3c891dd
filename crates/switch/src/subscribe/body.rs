//! The documents that notifications carry.

use lineside_model::directory::DirectoryUser;
use lineside_sip::Token;

/// One call of a user, as a lamp shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Talk {
    /// Stays the same for as long as the call lasts, and names nobody.
    pub(crate) id: u64,
    pub(crate) is_caller: bool,
    pub(crate) is_answered: bool,
    /// What it is picked up by, while it rings.
    pub(crate) pickup: Option<Token>,
}

impl Talk {
    pub(super) fn xml(&self) -> String {
        let direction = if self.is_caller { "initiator" } else { "recipient" };
        let state = if self.is_answered { "confirmed" } else { "early" };
        // Phones differ in which tag they take for whose; with the same in both, none is wrong.
        let name = self.pickup.map(|name| format!(" call-id=\"{name}\" local-tag=\"{name}\" remote-tag=\"{name}\""));
        let name = name.unwrap_or_default();
        format!("<dialog id=\"{}\"{name} direction=\"{direction}\"><state>{state}</state></dialog>", self.id)
    }
}

/// RFC 4235 section 4.1. Who talks with whom is nobody's business but theirs, so only the state is told.
pub(super) fn dialog_info(dialogs: &str, user: Option<&DirectoryUser>, version: u32) -> String {
    format!(
        "<?xml version=\"1.0\"?>\r\n<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"{version}\" \
         state=\"full\" entity=\"{}\">{dialogs}</dialog-info>\r\n",
        user.map(address).unwrap_or_default()
    )
}

/// RFC 3842 section 5.2.
pub(crate) fn summary(user: &DirectoryUser) -> String {
    let mailbox = &user.mailbox;
    let waiting = if mailbox.unheard > 0 { "yes" } else { "no" };
    format!(
        "Messages-Waiting: {waiting}\r\nMessage-Account: {}\r\nVoice-Message: {}/{} (0/0)\r\n",
        address(user),
        mailbox.unheard,
        mailbox.saved
    )
}

/// Extensions and domains hold nothing that XML would take for its own.
fn address(user: &DirectoryUser) -> String {
    let extension = user.extension.as_ref().map(ToString::to_string);
    let number = || user.numbers.first().map(|number| number.as_str().to_owned());
    format!("sip:{}@{}", extension.or_else(number).unwrap_or_else(|| "anonymous".to_owned()), user.sip_domain)
}
