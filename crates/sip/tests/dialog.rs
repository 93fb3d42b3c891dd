//! Dialogs, seen from both sides.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use std::time::{Duration, Instant};

use bytes::Bytes;
use lineside_sip::dialog::{Answer, Due, State};
use lineside_sip::{Config, Dialog, DialogId, Flow, HeaderName, Message, Method, Request, Response, Transport};

fn message(method: &str, cseq: u32, more: &str) -> Message {
    let text = format!(
        "{method} sip:101@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.5;branch=z9hG4bK1\r\n\
         From: \"A\" <sip:100@pbx.example>;tag=a\r\nTo: <sip:101@pbx.example>\r\nCall-ID: c\r\nCSeq: {cseq} {method}\r\n\
         {more}Content-Length: 0\r\n\r\n"
    );
    Message::parse(text.into()).unwrap()
}

const ROUTED: &str =
    "Contact: <sip:100@10.0.0.5;ob;line=x>\r\nRecord-Route: <sip:p2;lr>, <sip:p1;lr>\r\nRecord-Route: <sip:p0;lr>\r\n";

fn sent(request: &Request) -> Message {
    Message::parse(request.to_bytes("SIP/2.0/UDP h;branch=z9hG4bK9")).unwrap()
}

fn routes(request: &Message) -> Vec<&[u8]> {
    request.values(HeaderName::Route).collect()
}

/// A response that has the recorded route and a contact.
fn response(invite: &Message, status: u16, tag: &str, contact: &str) -> Message {
    let response = Response::new(invite, status).to_tag(tag).header(HeaderName::Contact, contact);
    Message::parse(response.into_bytes()).unwrap()
}

#[test]
fn the_callee_routes_in_the_order_recorded() {
    let invite = message("INVITE", 5, ROUTED);
    let mut dialog = Dialog::uas(&invite, "mine").unwrap();
    assert_eq!((dialog.state(), dialog.next_hop()), (State::Early, &b"sip:p2;lr"[..]));
    dialog.confirm();
    let bye = sent(&dialog.request(Method::Bye));
    assert_eq!(bye.request_uri(), b"sip:100@10.0.0.5;ob;line=x");
    assert_eq!(routes(&bye), [&b"<sip:p2;lr>"[..], b"<sip:p1;lr>", b"<sip:p0;lr>"]);
    assert_eq!((bye.from_tag(), bye.to_tag(), bye.cseq().number), (&b"mine"[..], &b"a"[..], 1));
    assert_eq!(bye.to().display, Some(&b"A"[..]));
    assert_eq!(DialogId::of_response(&response(&bye, 200, "", "<sip:x>")), *dialog.id());
}

#[test]
fn the_caller_routes_backwards() {
    let invite = message("INVITE", 5, ROUTED);
    let mut dialog = Dialog::uac(&response(&invite, 200, "b", "<sip:101@10.9.9.9>")).unwrap();
    assert_eq!(dialog.state(), State::Confirmed);
    let ack = sent(&dialog.ack(5));
    assert_eq!((ack.method(), ack.cseq().number, ack.to_tag()), (Method::Ack, 5, &b"b"[..]));
    assert_eq!(routes(&ack), [&b"<sip:p0;lr>"[..], b"<sip:p1;lr>", b"<sip:p2;lr>"]);
    let bye = sent(&dialog.request(Method::Bye));
    assert_eq!((bye.request_uri(), bye.cseq().number), (&b"sip:101@10.9.9.9"[..], 6));
}

#[test]
fn a_strict_router_gets_the_request_uri() {
    let invite = message("INVITE", 1, "Contact: <sip:100@10.0.0.5>\r\nRecord-Route: <sip:strict>, <sip:p;lr>\r\n");
    let bye = sent(&Dialog::uas(&invite, "mine").unwrap().request(Method::Bye));
    assert_eq!(bye.request_uri(), b"sip:strict");
    assert_eq!(routes(&bye), [&b"<sip:p;lr>"[..], b"<sip:100@10.0.0.5>"]);
}

#[test]
fn each_to_tag_of_a_fork_is_a_dialog() {
    let invite = message("INVITE", 1, ROUTED);
    let mut one = Dialog::uac(&response(&invite, 180, "one", "<sip:1@a>")).unwrap();
    let other = Dialog::uac(&response(&invite, 183, "other", "<sip:1@b>")).unwrap();
    assert_ne!(one.id(), other.id());
    assert_eq!(other.remote_target(), b"sip:1@b");
    one.response(&response(&invite, 200, "one", "<sip:1@c>"));
    assert_eq!((one.state(), one.remote_target()), (State::Confirmed, &b"sip:1@c"[..]));
    assert_eq!(other.state(), State::Early);
    assert!(Dialog::uac(&Message::parse(Response::new(&invite, 100).into_bytes()).unwrap()).is_err());
}

#[test]
fn requests_out_of_order_are_refused_and_the_target_is_refreshed() {
    let mut dialog = Dialog::uas(&message("INVITE", 5, ROUTED), "mine").unwrap();
    dialog.confirm();
    assert_eq!(dialog.receive(&message("INFO", 5, "")).unwrap_err().status, 500);
    assert_eq!(dialog.receive(&message("UPDATE", 7, "Contact: <sip:100@10.0.0.6>\r\n")), Ok(()));
    assert_eq!(dialog.remote_target(), b"sip:100@10.0.0.6");
    assert_eq!(dialog.receive(&message("INFO", 8, "Contact: <sip:evil>\r\n")), Ok(()));
    assert_eq!(dialog.remote_target(), b"sip:100@10.0.0.6", "INFO refreshes nothing");
    assert_eq!(dialog.receive(&message("ACK", 5, "")), Ok(()));
    assert_eq!(dialog.receive(&message("BYE", 6, "")).unwrap_err().status, 500);
}

#[test]
fn crossing_invites_are_refused() {
    let mut dialog = Dialog::uas(&message("INVITE", 1, ROUTED), "mine").unwrap();
    assert!(!dialog.may_invite(), "the first INVITE is not answered yet");
    assert_eq!(dialog.receive(&message("INVITE", 2, ROUTED)).unwrap_err().status, 500);
    dialog.confirm();
    assert!(dialog.may_invite());
    let ours = sent(&dialog.request(Method::Invite));
    assert_eq!(dialog.receive(&message("INVITE", 3, ROUTED)).unwrap_err().status, 491);
    dialog.response(&response(&ours, 491, "", "<sip:x>"));
    assert_eq!(dialog.receive(&message("INVITE", 4, ROUTED)), Ok(()));
    dialog.refused();
    dialog.request(Method::Invite);
    dialog.invite_failed();
    assert!(dialog.may_invite());
}

#[test]
fn no_dialog_without_a_contact() {
    assert_eq!(Dialog::uas(&message("INVITE", 1, ""), "mine").unwrap_err().status, 400);
}

fn answer_at(now: Instant) -> Answer {
    let (local, remote) = ("192.0.2.1:5060".parse().unwrap(), "203.0.113.7:40000".parse().unwrap());
    let flow = Flow { transport: Transport::Tcp, local, remote, id: 1 };
    Answer::new(now, &Config::default(), flow, Bytes::from_static(b"200"), 5)
}

#[test]
fn a_2xx_is_repeated_over_any_transport_until_its_ack() {
    #[expect(clippy::disallowed_methods, reason = "an arbitrary beginning of time")]
    let start = Instant::now();
    let mut answer = answer_at(start);
    let mut repeated = Vec::new();
    let gave_up = loop {
        let now = answer.next_timeout().unwrap();
        match answer.poll(now) {
            Due::Repeat(_) => repeated.push((now - start).as_millis()),
            Due::GiveUp => break now - start,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(repeated, [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]);
    assert_eq!(gave_up, Duration::from_secs(32));
    assert_eq!((answer.poll(start), answer.next_timeout()), (Due::Done, None));

    let mut acknowledged = answer_at(start);
    assert!(matches!(acknowledged.poll(start), Due::Later(at) if at == start + Duration::from_millis(500)));
    assert!(!acknowledged.ack(&message("ACK", 4, "")), "of another INVITE");
    assert!(acknowledged.ack(&message("ACK", 5, "")));
    assert!(!acknowledged.ack(&message("ACK", 5, "")), "again");
    assert_eq!(acknowledged.poll(start + Duration::from_mins(1)), Due::Done);
}
