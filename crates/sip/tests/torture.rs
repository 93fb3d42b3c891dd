//! The torture messages of RFC 4475: what is valid is read as the RFC says, what is not is refused as it says, and whoever
//! can be answered is.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use std::time::Instant;

use bytes::Bytes;
use lineside_sip::message::Scheme;
use lineside_sip::{
    CSeq, Config, Contact, Endpoint, Event, Flow, HeaderName, Message, Method, Refusal, Tokens, Transport, Via,
};

/// Bytes of a message of the RFC.
macro_rules! dat {
    ($name:literal) => {
        &include_bytes!(concat!("data/rfc4475/", $name, ".dat"))[..]
    };
}

fn valid(bytes: &'static [u8]) -> Message {
    Message::parse(bytes.into()).unwrap_or_else(|malformed| panic!("{malformed}"))
}

fn flow() -> Flow {
    Flow {
        transport: Transport::Udp,
        local: "192.0.2.254:5060".parse().unwrap(),
        remote: "192.0.2.77:5555".parse().unwrap(),
        id: 1,
    }
}

/// What an endpoint answers, and the refusal it tells its user; a request that reaches the user is none.
fn answer(bytes: &'static [u8]) -> (Option<Bytes>, Option<Refusal>) {
    let config = Config { accepted: vec!["application/sdp".into()], ..Config::default() };
    let mut endpoint = Endpoint::new(config, Tokens::new([1; 16]));
    #[expect(clippy::disallowed_methods, reason = "an arbitrary beginning of time")]
    endpoint.receive(Instant::now(), flow(), bytes);
    let transmit = endpoint.poll_transmit().map(|transmit| transmit.bytes);
    let refusal = match endpoint.poll_event() {
        Some(Event::Refused { malformed, .. }) => Some(malformed.refusal),
        _ => None,
    };
    (transmit, refusal)
}

/// Refused with that status and answered. The answer repeats the header fields of the request as they stand, bad ones too,
/// so that not every answer is well formed.
fn refused(bytes: &'static [u8], status: u16) -> Bytes {
    let (response, refusal) = answer(bytes);
    assert_eq!(refusal.expect("refused").status, status);
    let response = response.expect("answered");
    assert!(response.starts_with(format!("SIP/2.0 {status} ").as_bytes()), "{}", response.escape_ascii());
    assert!(response.ends_with(b"Content-Length: 0\r\n\r\n"));
    response
}

fn parsed(response: Bytes) -> Message {
    Message::parse(response).expect("well formed")
}

fn passes(bytes: &'static [u8]) {
    assert_eq!(answer(bytes), (None, None));
}

#[test]
fn valid_3_1_1_1_wsinv() {
    let message = valid(dat!("wsinv"));
    assert_eq!(message.method(), Method::Invite);
    assert_eq!(message.request_uri(), b"sip:vivekg@chair-dnrc.example.com;unknownparam");
    assert_eq!(message.to_tag(), b"1918181833n");
    assert_eq!(message.to().uri.as_bytes(), b"sip:vivekg@chair-dnrc.example.com");
    assert_eq!(message.from().display, Some(&b"J Rosenberg \\\\\\\""[..]));
    assert_eq!(message.from_tag(), b"98asjd8");
    assert_eq!(message.max_forwards(), Some(68));
    assert_eq!(message.cseq(), CSeq { number: 9, method: Method::Invite });
    assert_eq!(message.header(HeaderName::Subject), Some(&b""[..]));
    assert_eq!(message.other_header("newfangledheader"), Some(&b"newfangled value\r\n continued newfangled value"[..]));
    let vias: Vec<Via<'_>> = message.vias().map(Result::unwrap).collect();
    assert_eq!(
        vias.iter().map(|via| via.host).collect::<Vec<_>>(),
        [&b"192.0.2.2"[..], b"spindle.example.com", b"192.168.255.111",]
    );
    assert_eq!(vias[0].branch(), Some(&b"390skdjuw"[..]));
    assert_eq!(vias[1].unique_branch(), Some(&b"z9hG4bK9ikj8"[..]));
    assert_eq!(vias[2].transport, b"UDP");
    let route = message.addresses(HeaderName::Route).next().unwrap().unwrap();
    assert!(route.uri.is_loose());
    let contact = message.contact().unwrap();
    assert_eq!(contact.display, Some(&b"Quoted string \\\"\\\""[..]));
    assert_eq!((contact.params.get("newparam"), contact.q()), (Some(&b"newvalue"[..]), Some(330)));
    assert!(contact.params.has("secondparam"));
    assert_eq!(message.body().len(), 150);
    passes(dat!("wsinv"));
}

#[test]
fn valid_3_1_1_2_intmeth() {
    let message = valid(dat!("intmeth"));
    assert_eq!(message.method(), Method::Other);
    assert_eq!(message.method_text(), b"!interesting-Method0123456789_*+`.%indeed'~");
    let uri = message.uri();
    assert_eq!(uri.user, Some(&b"1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"[..]));
    assert_eq!(uri.password, Some(&b"&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"[..]));
    assert_eq!(uri.host, b"example.com");
    assert_eq!(message.to().display, Some(&b"BEL:\\\x07 NUL:\\\x00 DEL:\\\x7f"[..]));
    assert_eq!(message.from().display, Some(&b"token1~` token2'+_ token3*%!.-"[..]));
    assert_eq!(message.from_tag(), b"_token~1'+`*%!-.");
    assert_eq!(message.call_id(), b"intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{");
    assert_eq!(message.cseq().number, 139_122_385);
    assert_eq!(message.max_forwards(), Some(255));
    assert_eq!(message.other_header("extensionHeader-!.%*+_`'~").map(<[u8]>::len), Some(12));
    refused(dat!("intmeth"), 501);
}

#[test]
fn valid_3_1_1_3_esc01() {
    let message = valid(dat!("esc01"));
    assert_eq!(&*message.uri().user_decoded(), b"sips:user@example.com");
    assert_eq!(message.uri().host, b"example.net");
    assert_eq!(&*message.to().uri.user_decoded(), b"user");
    assert_eq!(&*message.from().uri.user_decoded(), b"I have spaces");
    let contact = message.contact().unwrap();
    assert_eq!(contact.uri.as_bytes(), b"sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31");
    assert_eq!(message.content_type(), Some(&b"application/sdp"[..]));
    passes(dat!("esc01"));
}

#[test]
fn valid_3_1_1_4_escnull() {
    let message = valid(dat!("escnull"));
    let users: Vec<Vec<u8>> = message
        .contacts()
        .map(|contact| match contact {
            Ok(Contact::Address(address)) => address.uri.user_decoded().into_owned(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(users, [&b"\0"[..], b"\0\0"]);
    passes(dat!("escnull"));
}

#[test]
fn valid_3_1_1_5_esc02() {
    let message = valid(dat!("esc02"));
    assert_eq!(message.method_text(), b"RE%47IST%45R");
    assert_eq!(message.method(), Method::Other, "not REGISTER");
    assert_eq!(message.to().display, Some(&b"%Z%45"[..]));
    assert_eq!(message.branch(), b"z9hG4bK209%fzsnel234");
    assert_eq!(message.contacts().count(), 2, "C%6Fntact is another header");
    refused(dat!("esc02"), 501);
}

#[test]
fn valid_3_1_1_6_lwsdisp() {
    let message = valid(dat!("lwsdisp"));
    assert_eq!(message.from().display, Some(&b"caller"[..]));
    assert_eq!(message.from().uri.as_bytes(), b"sip:caller@example.com");
    passes(dat!("lwsdisp"));
}

#[test]
fn valid_3_1_1_7_longreq() {
    let message = valid(dat!("longreq"));
    assert_eq!(message.vias().flatten().count(), 34);
    assert!(message.from_tag().starts_with(b"1298298298") && message.from_tag().ends_with(b"982424"));
    assert_eq!(message.from_tag().len(), 155);
    let params: Vec<_> = message.to().uri.params.iter().collect();
    assert_eq!(params.len(), 3);
    assert!(params[0].1.ends_with(b"longvalue") && params[1].1 == b"shortvalue" && params[2].1.is_empty());
    assert_eq!(message.from().params.iter().count(), 3);
    assert_eq!(message.content_type(), Some(&b"application/sdp"[..]));
    passes(dat!("longreq"));
}

#[test]
fn valid_3_1_1_8_dblreq() {
    let message = valid(dat!("dblreq"));
    assert_eq!(message.method(), Method::Register);
    assert!(message.body().is_empty(), "what follows in the datagram is not looked at");
    passes(dat!("dblreq"));
}

#[test]
fn valid_3_1_1_9_semiuri() {
    let message = valid(dat!("semiuri"));
    assert_eq!(&*message.uri().user_decoded(), b"user;par=u@example.net");
    assert_eq!(message.uri().host, b"example.com");
    assert!(message.uri().params.is_empty());
    assert_eq!(message.values(HeaderName::Accept).count(), 6);
    passes(dat!("semiuri"));
}

#[test]
fn valid_3_1_1_10_transports() {
    let message = valid(dat!("transports"));
    let transports: Vec<&[u8]> = message.vias().map(|via| via.unwrap().transport).collect();
    assert_eq!(transports, [&b"UDP"[..], b"SCTP", b"TLS", b"UNKNOWN", b"TCP"]);
    passes(dat!("transports"));
}

#[test]
fn valid_3_1_1_11_mpart01() {
    let message = valid(dat!("mpart01"));
    assert_eq!(message.content_type(), Some(&b"multipart/mixed"[..]));
    assert_eq!(message.body().len(), 553);
    assert!(message.body().contains(&0), "binary");
    let response = parsed(refused(dat!("mpart01"), 405));
    assert!(response.lists(HeaderName::Allow, "INVITE"));
}

#[test]
fn valid_3_1_1_12_unreason() {
    let message = valid(dat!("unreason"));
    assert_eq!(message.status(), 200);
    assert!(message.reason().starts_with(b"= 2**3 * 5**2 "));
    assert_eq!(message.to_tag(), b"2229");
}

#[test]
fn valid_3_1_1_13_noreason() {
    let message = valid(dat!("noreason"));
    assert_eq!((message.status(), message.reason()), (100, &b""[..]));
}

#[test]
fn invalid_3_1_2_1_badinv01() {
    refused(dat!("badinv01"), 400);
}

#[test]
fn invalid_3_1_2_2_clerr() {
    let response = refused(dat!("clerr"), 400);
    assert!(response.starts_with(b"SIP/2.0 400 Content-Length beyond the end of the message\r\n"));
}

#[test]
fn invalid_3_1_2_3_ncl() {
    refused(dat!("ncl"), 400);
}

#[test]
fn invalid_3_1_2_4_scalar02() {
    refused(dat!("scalar02"), 400);
}

#[test]
fn invalid_3_1_2_5_scalarlg() {
    let (response, refusal) = answer(dat!("scalarlg"));
    assert_eq!((response.is_none(), refusal.is_some()), (true, true), "a bad response is dropped");
}

#[test]
fn invalid_3_1_2_6_quotbal() {
    refused(dat!("quotbal"), 400);
}

#[test]
fn invalid_3_1_2_7_ltgtruri() {
    refused(dat!("ltgtruri"), 400);
}

#[test]
fn invalid_3_1_2_8_lwsruri() {
    refused(dat!("lwsruri"), 400);
}

#[test]
fn invalid_3_1_2_9_lwsstart() {
    refused(dat!("lwsstart"), 400);
}

#[test]
fn invalid_3_1_2_10_trws() {
    refused(dat!("trws"), 400);
}

#[test]
fn invalid_3_1_2_11_escruri() {
    refused(dat!("escruri"), 400);
}

/// The RFC lets an element ignore the date, which we do not use.
#[test]
fn invalid_3_1_2_12_baddate() {
    passes(dat!("baddate"));
}

#[test]
fn invalid_3_1_2_13_regbadct() {
    refused(dat!("regbadct"), 400);
}

/// The RFC lets an element be liberal and ignore the spaces.
#[test]
fn invalid_3_1_2_14_badaspec() {
    assert_eq!(valid(dat!("badaspec")).to().uri.as_bytes(), b"sip:t.watson@example.org");
    passes(dat!("badaspec"));
}

/// The RFC lets an element infer what was meant; such phones exist.
#[test]
fn invalid_3_1_2_15_baddn() {
    assert_eq!(valid(dat!("baddn")).from().display, Some(&b"Bell, Alexander"[..]));
    passes(dat!("baddn"));
}

#[test]
fn invalid_3_1_2_16_badvers() {
    refused(dat!("badvers"), 505);
}

#[test]
fn invalid_3_1_2_17_mismatch01() {
    refused(dat!("mismatch01"), 400);
}

/// The RFC asks for 501 or 400.
#[test]
fn invalid_3_1_2_18_mismatch02() {
    refused(dat!("mismatch02"), 400);
}

#[test]
fn invalid_3_1_2_19_bigcode() {
    let (response, refusal) = answer(dat!("bigcode"));
    assert_eq!((response.is_none(), refusal.is_some()), (true, true), "a bad response is dropped");
}

/// A branch of the magic cookie alone identifies nothing: matched by the rules of RFC 2543.
#[test]
fn transaction_3_2_1_badbranch() {
    let message = valid(dat!("badbranch"));
    assert_eq!(message.top_via().branch(), Some(&b"z9hG4bK"[..]));
    assert_eq!(message.branch(), b"");
    passes(dat!("badbranch"));
}

#[test]
fn application_3_3_1_insuf() {
    refused(dat!("insuf"), 400);
}

#[test]
fn application_3_3_2_unkscm() {
    assert_eq!(valid(dat!("unkscm")).uri().scheme, Scheme::Other);
    refused(dat!("unkscm"), 416);
}

#[test]
fn application_3_3_3_novelsc() {
    refused(dat!("novelsc"), 416);
}

/// The registrar knows no such address of record; to the parser it is fine.
#[test]
fn application_3_3_4_unksm2() {
    assert_eq!(valid(dat!("unksm2")).to().uri.scheme, Scheme::Other);
    passes(dat!("unksm2"));
}

#[test]
fn application_3_3_5_bext01() {
    let response = parsed(refused(dat!("bext01"), 420));
    for tag in ["nothingSupportsThis", "nothingSupportsThisEither", "noProxiesSupportThis"] {
        assert!(response.lists(HeaderName::Unsupported, tag));
    }
}

#[test]
fn application_3_3_6_invut() {
    let response = parsed(refused(dat!("invut"), 415));
    assert!(response.lists(HeaderName::Accept, "application/sdp"));
}

/// Credentials of an unknown scheme are none: the registrar answers 401.
#[test]
fn application_3_3_7_regaut01() {
    assert!(lineside_sip::digest::Credentials::find(&valid(dat!("regaut01")), "example.com").is_none());
    passes(dat!("regaut01"));
}

#[test]
fn application_3_3_8_multi01() {
    let response = parsed(refused(dat!("multi01"), 400));
    assert_eq!(response.from_tag(), b"3413415", "one of each is answered");
}

#[test]
fn application_3_3_9_mcl01() {
    refused(dat!("mcl01"), 400);
}

/// A response with more than our Via was not meant for us.
#[test]
fn application_3_3_10_bcast() {
    assert_eq!(valid(dat!("bcast")).vias().nth(1).unwrap().unwrap().host, b"255.255.255.255");
    passes(dat!("bcast"));
}

/// Answered by the one it was sent to, refused by one who would pass it on.
#[test]
fn application_3_3_11_zeromf() {
    let message = valid(dat!("zeromf"));
    assert_eq!(message.max_forwards(), Some(0));
    assert_eq!(message.next_max_forwards().unwrap_err().status, 483);
    passes(dat!("zeromf"));
}

#[test]
fn application_3_3_12_cparam01() {
    let message = valid(dat!("cparam01"));
    let contact = message.contact().unwrap();
    assert_eq!(contact.uri.as_bytes(), b"sip:+19725552222@gw1.example.net");
    assert!(contact.params.has("unknownparam"));
    passes(dat!("cparam01"));
}

#[test]
fn application_3_3_13_cparam02() {
    let message = valid(dat!("cparam02"));
    let contact = message.contact().unwrap();
    assert_eq!(contact.uri.as_bytes(), b"sip:+19725552222@gw1.example.net;unknownparam");
    assert!(contact.params.is_empty() && contact.uri.params.has("unknownparam"));
    passes(dat!("cparam02"));
}

#[test]
fn application_3_3_14_regescrt() {
    let message = valid(dat!("regescrt"));
    let contact = message.contact().unwrap();
    assert_eq!(contact.uri.headers, b"Route=%3Csip:sip.example.com%3E");
    passes(dat!("regescrt"));
}

#[test]
fn application_3_3_15_sdp01() {
    assert_eq!(valid(dat!("sdp01")).header(HeaderName::Accept), Some(&b"text/nobodyKnowsThis"[..]));
    passes(dat!("sdp01"));
}

/// Without Max-Forwards, branch, Contact, Content-Length and From tag.
#[test]
fn compatibility_3_4_1_inv2543() {
    let message = valid(dat!("inv2543"));
    assert_eq!((message.branch(), message.from_tag(), message.max_forwards()), (&b""[..], &b""[..], None));
    assert_eq!(message.from().uri.params.get("user"), Some(&b"phone"[..]));
    assert_eq!(message.to().params.get("user"), Some(&b"phone"[..]));
    assert!(message.body().starts_with(b"v=0"));
    passes(dat!("inv2543"));
}
