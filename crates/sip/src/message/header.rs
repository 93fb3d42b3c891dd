//! Header field names: the known ones as a small enum, found without allocation; compact forms of RFC 3261 section 7.3.3.

macro_rules! header_names {
    ($($variant:ident $text:literal),* $(,)?) => {
        /// The name of a header field. `Other` stands for every name this crate has no use for; its text stays in the
        /// message.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum HeaderName { $($variant),*, Other }

        const NAMES: &[(&str, HeaderName)] = &[$(($text, HeaderName::$variant)),*];
    };
}

header_names! {
    Accept "Accept", AcceptContact "Accept-Contact", AcceptEncoding "Accept-Encoding", AcceptLanguage "Accept-Language",
    AlertInfo "Alert-Info", Allow "Allow", AllowEvents "Allow-Events", AuthenticationInfo "Authentication-Info",
    Authorization "Authorization", CallId "Call-ID", CallInfo "Call-Info", Contact "Contact",
    ContentDisposition "Content-Disposition", ContentEncoding "Content-Encoding", ContentId "Content-ID",
    ContentLanguage "Content-Language", ContentLength "Content-Length", ContentType "Content-Type", CSeq "CSeq",
    Date "Date", Diversion "Diversion", ErrorInfo "Error-Info", Event "Event", Expires "Expires", From "From",
    Geolocation "Geolocation", GeolocationRouting "Geolocation-Routing", HistoryInfo "History-Info",
    Identity "Identity", InReplyTo "In-Reply-To", MaxBreadth "Max-Breadth", MaxForwards "Max-Forwards",
    MimeVersion "MIME-Version", MinExpires "Min-Expires", MinSe "Min-SE", Organization "Organization",
    PAssertedIdentity "P-Asserted-Identity", PPreferredIdentity "P-Preferred-Identity", Path "Path",
    Priority "Priority", Privacy "Privacy", ProxyAuthenticate "Proxy-Authenticate",
    ProxyAuthorization "Proxy-Authorization", ProxyRequire "Proxy-Require", RAck "RAck", Reason "Reason",
    RecordRoute "Record-Route", ReferSub "Refer-Sub", ReferTo "Refer-To", ReferredBy "Referred-By",
    RejectContact "Reject-Contact", RemotePartyId "Remote-Party-ID", Replaces "Replaces", ReplyTo "Reply-To",
    RequestDisposition "Request-Disposition", Require "Require", RetryAfter "Retry-After", Route "Route",
    RSeq "RSeq", Server "Server", ServiceRoute "Service-Route", SessionExpires "Session-Expires",
    SipEtag "SIP-ETag", SipIfMatch "SIP-If-Match", Subject "Subject", SubscriptionState "Subscription-State",
    Supported "Supported", Timestamp "Timestamp", To "To", Unsupported "Unsupported", UserAgent "User-Agent",
    Via "Via", Warning "Warning", WwwAuthenticate "WWW-Authenticate",
}

const SLOTS: usize = 256;

/// Open-addressed table over [`NAMES`], built by the compiler: index + 1, 0 for empty.
static TABLE: [u8; SLOTS] = build_table();

impl HeaderName {
    /// The name a header line begins with, in any case, long or compact.
    pub fn parse(name: &[u8]) -> HeaderName {
        if let [letter] = name {
            return from_compact(*letter);
        }
        if name.is_empty() {
            return HeaderName::Other;
        }
        let mut slot = slot(name);
        while TABLE[slot] != 0 {
            let (text, header) = NAMES[usize::from(TABLE[slot]) - 1];
            // Most senders write a name as the RFC does, and comparing that is quicker.
            if text.as_bytes() == name || text.as_bytes().eq_ignore_ascii_case(name) {
                return header;
            }
            slot = (slot + 1) % SLOTS;
        }
        HeaderName::Other
    }

    /// The long form as RFCs write it; empty for `Other`.
    pub fn as_str(self) -> &'static str {
        NAMES.get(self as usize).map_or("", |(text, _)| text)
    }
}

/// RFC 3261 section 20 and the IANA registry of header fields.
fn from_compact(letter: u8) -> HeaderName {
    match letter.to_ascii_lowercase() {
        b'a' => HeaderName::AcceptContact,
        b'b' => HeaderName::ReferredBy,
        b'c' => HeaderName::ContentType,
        b'd' => HeaderName::RequestDisposition,
        b'e' => HeaderName::ContentEncoding,
        b'f' => HeaderName::From,
        b'i' => HeaderName::CallId,
        b'j' => HeaderName::RejectContact,
        b'k' => HeaderName::Supported,
        b'l' => HeaderName::ContentLength,
        b'm' => HeaderName::Contact,
        b'o' => HeaderName::Event,
        b'r' => HeaderName::ReferTo,
        b's' => HeaderName::Subject,
        b't' => HeaderName::To,
        b'u' => HeaderName::AllowEvents,
        b'v' => HeaderName::Via,
        b'x' => HeaderName::SessionExpires,
        b'y' => HeaderName::Identity,
        _ => HeaderName::Other,
    }
}

const fn slot(name: &[u8]) -> usize {
    let len = name.len();
    let first = (name[0] | 0x20) as usize;
    let middle = (name[len / 2] | 0x20) as usize;
    let last = (name[len - 1] | 0x20) as usize;
    (first * 5 + middle * 31 + last * 97 + len * 13) % SLOTS
}

const fn build_table() -> [u8; SLOTS] {
    let mut table = [0; SLOTS];
    let mut index = 0;
    while index < NAMES.len() {
        let mut slot = slot(NAMES[index].0.as_bytes());
        while table[slot] != 0 {
            slot = (slot + 1) % SLOTS;
        }
        index += 1;
        #[expect(clippy::cast_possible_truncation, reason = "there are fewer than 255 names")]
        {
            table[slot] = index as u8;
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_in_any_case() {
        for (text, header) in NAMES {
            assert_eq!(HeaderName::parse(text.as_bytes()), *header);
            assert_eq!(HeaderName::parse(text.to_ascii_uppercase().as_bytes()), *header);
            assert_eq!(header.as_str(), *text);
        }
    }

    #[test]
    fn unknown_and_compact_names() {
        assert_eq!(HeaderName::parse(b"NewFangledHeader"), HeaderName::Other);
        assert_eq!(HeaderName::parse(b"V"), HeaderName::Via);
        assert_eq!(HeaderName::parse(b"q"), HeaderName::Other);
        assert_eq!(HeaderName::parse(b""), HeaderName::Other);
    }
}
