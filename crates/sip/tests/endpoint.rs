//! The transaction layer seen from its user and from the wire, one rule a test.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use std::time::{Duration, Instant};

use lineside_sip::stream::{Frame, Framer};
use lineside_sip::{
    Config, Endpoint, Event, Failure, Flow, HeaderName, Message, Method, Request, Response, Tokens, Transport,
};

struct Bench {
    endpoint: Endpoint,
    start: Instant,
    now: Instant,
}

fn flow(transport: Transport) -> Flow {
    let (local, remote) = ("192.0.2.1:5060".parse().unwrap(), "203.0.113.7:40000".parse().unwrap());
    Flow { transport, local, remote, id: 7 }
}

const UDP: Transport = Transport::Udp;

impl Bench {
    fn new(config: Config) -> Bench {
        #[expect(clippy::disallowed_methods, reason = "an arbitrary beginning of time")]
        let now = Instant::now();
        Bench { endpoint: Endpoint::new(config, Tokens::new([3; 16])), start: now, now }
    }

    fn receive(&mut self, text: &str) {
        self.endpoint.receive(self.now, flow(UDP), text.to_owned());
    }

    fn sent(&mut self) -> Vec<Message> {
        std::iter::from_fn(|| self.endpoint.poll_transmit()).map(|sent| Message::parse(sent.bytes).unwrap()).collect()
    }

    fn one_sent(&mut self) -> Message {
        let mut sent = self.sent();
        assert_eq!(sent.len(), 1, "{sent:?}");
        sent.remove(0)
    }

    fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.endpoint.poll_event()).collect()
    }

    fn request(&mut self) -> (lineside_sip::TransactionKey, Message) {
        match &self.events()[..] {
            [Event::Request { key, request, .. }] => (*key, request.clone()),
            other => panic!("{other:?}"),
        }
    }

    /// Lets that much time pass, and says when what was sent, in milliseconds since the beginning.
    fn pass(&mut self, time: Duration) -> Vec<(u128, Message)> {
        let end = self.now + time;
        let mut sent = Vec::new();
        while let Some(next) = self.endpoint.next_timeout().filter(|next| *next <= end) {
            self.now = next;
            self.endpoint.handle_timeout(next);
            let at = (next - self.start).as_millis();
            sent.extend(self.sent().into_iter().map(|message| (at, message)));
        }
        self.now = end;
        sent
    }
}

fn moments(sent: &[(u128, Message)]) -> Vec<u128> {
    sent.iter().map(|(at, _)| *at).collect()
}

fn request(method: &str, branch: &str, more: &str) -> String {
    let cseq = if method == "ACK" || method == "CANCEL" || method == "INVITE" { 1 } else { 2 };
    format!(
        "{method} sip:101@pbx.example SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.5:5060;rport;branch={branch}\r\nVia: SIP/2.0/UDP p\r\n\
         Max-Forwards: 70\r\nFrom: <sip:100@pbx.example>;tag=a\r\nTo: <sip:101@pbx.example>{}\r\nCall-ID: c1\r\n\
         CSeq: {cseq} {method}\r\nContact: <sip:100@10.0.0.5>\r\n{more}Content-Length: 0\r\n\r\n",
        if method == "BYE" { ";tag=b" } else { "" },
    )
}

/// A response to what was sent, as the peer would write it.
fn answer(to: &Message, status: u16) -> String {
    String::from_utf8(Response::new(to, status).to_tag("remote").into_bytes().to_vec()).unwrap()
}

fn outgoing(method: Method) -> Request {
    Request::initial(method, "sip:1@x", "<sip:me@x>;tag=1", "<sip:1@x>", "out", 1)
        .header(HeaderName::Route, "<sip:r;lr>")
}

#[test]
fn an_invite_is_repeated_by_timer_a_until_timer_b() {
    let mut bench = Bench::new(Config::default());
    let key = bench.endpoint.request(bench.now, flow(UDP), &outgoing(Method::Invite));
    assert_eq!(bench.one_sent().max_forwards(), Some(70));
    assert_eq!(moments(&bench.pass(Duration::from_mins(1))), [500, 1500, 3500, 7500, 15500, 31500]);
    assert!(matches!(bench.events()[..], [Event::Failed { key: k, failure: Failure::Timeout }] if k == key));
    assert_eq!(bench.endpoint.transactions(), 0);
}

#[test]
fn other_requests_are_repeated_by_timer_e_until_timer_f() {
    let mut bench = Bench::new(Config::default());
    bench.endpoint.request(bench.now, flow(UDP), &outgoing(Method::Options));
    bench.sent();
    let times = moments(&bench.pass(Duration::from_mins(1)));
    assert_eq!(times, [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]);
    assert!(matches!(bench.events()[..], [Event::Failed { failure: Failure::Timeout, .. }]));
}

#[test]
fn nothing_is_repeated_over_a_connection() {
    for method in [Method::Invite, Method::Options] {
        let mut bench = Bench::new(Config::default());
        bench.endpoint.request(bench.now, flow(Transport::Tcp), &outgoing(method));
        assert_eq!(bench.one_sent().top_via().transport, b"TCP");
        assert!(bench.pass(Duration::from_mins(1)).is_empty());
        assert_eq!(bench.events().len(), 1);
    }
}

#[test]
fn a_lost_connection_fails_its_clients_only() {
    let mut bench = Bench::new(Config::default());
    let over_tcp = bench.endpoint.request(bench.now, flow(Transport::Tcp), &outgoing(Method::Invite));
    let other = Flow { id: 8, ..flow(Transport::Tcp) };
    bench.endpoint.request(bench.now, other, &outgoing(Method::Invite));
    bench.endpoint.flow_lost(7);
    assert!(matches!(bench.events()[..], [Event::Failed { key, failure: Failure::FlowLost }] if key == over_tcp));
    assert_eq!(bench.endpoint.transactions(), 1);
}

#[test]
fn responses_reach_the_user_once_and_a_refusal_is_acknowledged_each_time() {
    let mut bench = Bench::new(Config::default());
    bench.endpoint.request(bench.now, flow(UDP), &outgoing(Method::Invite));
    let invite = bench.one_sent();
    for status in [100, 180, 486, 486] {
        bench.receive(&answer(&invite, status));
    }
    let statuses = bench.events().into_iter().map(|event| match event {
        Event::Response { response, .. } => response.status(),
        other => panic!("{other:?}"),
    });
    assert_eq!(statuses.collect::<Vec<_>>(), [100, 180, 486]);
    let acks = bench.sent();
    assert_eq!(acks.len(), 2);
    for ack in acks {
        assert_eq!((ack.method(), ack.branch(), ack.to_tag()), (Method::Ack, invite.branch(), &b"remote"[..]));
        assert_eq!((ack.cseq().number, ack.request_uri()), (1, invite.request_uri()));
        assert_eq!(ack.header(HeaderName::Route), invite.header(HeaderName::Route));
    }
    assert!(bench.pass(Duration::from_mins(1)).is_empty());
    assert_eq!(bench.endpoint.transactions(), 0);
}

#[test]
fn every_2xx_reaches_the_user_and_none_is_acknowledged_for_it() {
    let mut bench = Bench::new(Config::default());
    bench.endpoint.request(bench.now, flow(UDP), &outgoing(Method::Invite));
    let invite = bench.one_sent();
    bench.receive(&answer(&invite, 200));
    bench.receive(&answer(&invite, 200).replace("remote", "fork"));
    bench.receive(&answer(&invite, 486));
    assert_eq!(bench.events().len(), 2);
    assert!(bench.sent().is_empty());
    bench.pass(Duration::from_secs(33));
    bench.receive(&answer(&invite, 200));
    assert!(matches!(bench.events()[..], [Event::Stray { .. }]));
}

#[test]
fn a_cancel_waits_for_a_provisional_response() {
    let mut bench = Bench::new(Config::default());
    let key = bench.endpoint.request(bench.now, flow(UDP), &outgoing(Method::Invite));
    let invite = bench.one_sent();
    bench.endpoint.cancel(bench.now, key);
    bench.endpoint.cancel(bench.now, key);
    assert!(bench.sent().is_empty());
    bench.receive(&answer(&invite, 180));
    let cancel = bench.one_sent();
    assert_eq!((cancel.method(), cancel.branch()), (Method::Cancel, invite.branch()));
    assert_eq!((cancel.header(HeaderName::To), cancel.cseq().number), (invite.header(HeaderName::To), 1));
    bench.receive(&answer(&cancel, 200));
    bench.endpoint.cancel(bench.now, key);
    assert_eq!(bench.events().len(), 1, "only the 180");
    bench.pass(Duration::from_secs(33));
    assert!(matches!(bench.events()[..], [Event::Failed { failure: Failure::Timeout, .. }]), "no 487 ever came");
    assert_eq!(bench.endpoint.transactions(), 0);
}

#[test]
fn trying_is_sent_for_a_slow_user_only() {
    let mut bench = Bench::new(Config::default());
    bench.receive(&request("INVITE", "z9hG4bK1", ""));
    let sent = bench.pass(Duration::from_secs(1));
    assert_eq!((moments(&sent), sent[0].1.status()), (vec![200], 100));
    assert_eq!(sent[0].1.to_tag(), b"");
    let mut quick = Bench::new(Config::default());
    quick.receive(&request("INVITE", "z9hG4bK1", ""));
    let (key, invite) = quick.request();
    quick.endpoint.respond(quick.now, key, Response::new(&invite, 180));
    assert_eq!(quick.one_sent().status(), 180);
    assert!(quick.pass(Duration::from_secs(10)).is_empty());
    quick.receive(&request("INVITE", "z9hG4bK1", ""));
    assert_eq!(quick.one_sent().status(), 180, "the INVITE came again");
    assert!(quick.events().is_empty());
}

#[test]
fn a_refused_invite_is_repeated_until_its_ack() {
    let mut bench = Bench::new(Config::default());
    bench.receive(&request("INVITE", "z9hG4bK1", ""));
    let (key, invite) = bench.request();
    bench.endpoint.respond(bench.now, key, Response::new(&invite, 486));
    let response = bench.one_sent();
    assert_eq!(response.to_tag(), bench.endpoint.local_tag(key).as_bytes());
    assert_eq!(moments(&bench.pass(Duration::from_secs(6))), [500, 1500, 3500]);
    bench.receive(&request("ACK", "z9hG4bK1", ""));
    bench.receive(&request("ACK", "z9hG4bK1", ""));
    assert!(bench.events().is_empty() && bench.pass(Duration::from_secs(4)).is_empty());
    bench.receive(&request("INVITE", "z9hG4bK1", ""));
    assert!(bench.sent().is_empty() && bench.events().is_empty(), "absorbed until timer I");
    bench.pass(Duration::from_secs(2));
    assert_eq!(bench.endpoint.transactions(), 0);
}

#[test]
fn a_refusal_without_ack_fails_after_timer_h() {
    let mut bench = Bench::new(Config::default());
    bench.receive(&request("INVITE", "z9hG4bK1", ""));
    let (key, invite) = bench.request();
    bench.endpoint.respond(bench.now, key, Response::new(&invite, 486));
    assert_eq!(bench.sent().len() + bench.pass(Duration::from_mins(1)).len(), 11);
    assert!(matches!(bench.events()[..], [Event::Failed { failure: Failure::NoAck, .. }]));
}

#[test]
fn the_ack_of_a_2xx_reaches_the_user() {
    let mut bench = Bench::new(Config::default());
    bench.receive(&request("INVITE", "z9hG4bK1", ""));
    let (key, invite) = bench.request();
    let bytes = bench.endpoint.respond(bench.now, key, Response::new(&invite, 200));
    assert_eq!(bench.one_sent().as_bytes(), &bytes);
    bench.receive(&request("INVITE", "z9hG4bK1", ""));
    assert!(bench.sent().is_empty(), "repeating a 2xx is the user's");
    bench.receive(&request("ACK", "z9hG4bK2", ""));
    bench.receive(&request("ACK", "z9hG4bK1", ""));
    assert!(matches!(bench.events()[..], [Event::Ack { .. }, Event::Ack { .. }]));
    assert!(bench.endpoint.respond(bench.now, key, Response::new(&invite, 486)).is_empty(), "too late to refuse");
}

#[test]
fn a_cancel_is_answered_each_time_and_told_once() {
    let mut bench = Bench::new(Config::default());
    bench.receive(&request("INVITE", "z9hG4bK1", ""));
    let (key, invite) = bench.request();
    for _ in 0..2 {
        bench.receive(&request("CANCEL", "z9hG4bK1", ""));
        let ok = bench.one_sent();
        assert_eq!((ok.status(), ok.cseq().method), (200, Method::Cancel));
        assert_eq!(ok.to_tag(), bench.endpoint.local_tag(key).as_bytes());
    }
    assert!(matches!(bench.events()[..], [Event::Cancelled { key: k, .. }] if k == key));
    bench.endpoint.respond(bench.now, key, Response::new(&invite, 487));
    bench.receive(&request("CANCEL", "z9hG4bK1", ""));
    assert_eq!(bench.sent().iter().map(Message::status).collect::<Vec<_>>(), [487, 200]);
    bench.receive(&request("CANCEL", "z9hG4bK-other", ""));
    assert_eq!(bench.one_sent().status(), 481);
    assert!(bench.events().is_empty());
}

#[test]
fn a_repeated_request_gets_the_same_response() {
    let mut bench = Bench::new(Config::default());
    bench.receive(&request("BYE", "z9hG4bK5", ""));
    let (key, bye) = bench.request();
    bench.receive(&request("BYE", "z9hG4bK5", ""));
    assert!(bench.sent().is_empty() && bench.events().is_empty());
    bench.endpoint.respond(bench.now, key, Response::new(&bye, 200));
    let first = bench.one_sent();
    bench.receive(&request("BYE", "z9hG4bK5", ""));
    assert_eq!(bench.one_sent().as_bytes(), first.as_bytes());
    bench.receive(&request("OPTIONS", "z9hG4bK5", ""));
    assert_eq!(bench.events().len(), 1, "another method is another transaction");
    bench.pass(Duration::from_secs(33));
    assert_eq!(bench.endpoint.transactions(), 0, "an unanswered request does not stay for ever");
}

#[test]
fn responses_say_where_the_request_came_from() {
    let mut bench = Bench::new(Config::default());
    bench.receive(&request("OPTIONS", "z9hG4bK5", ""));
    let (key, options) = bench.request();
    bench.endpoint.respond(bench.now, key, Response::new(&options, 200));
    let sent = bench.endpoint.poll_transmit().unwrap();
    assert_eq!(sent.flow, flow(UDP));
    let response = Message::parse(sent.bytes).unwrap();
    let vias: Vec<&[u8]> = response.headers(HeaderName::Via).collect();
    let filled = &b"SIP/2.0/UDP 10.0.0.5:5060;rport=40000;branch=z9hG4bK5;received=203.0.113.7"[..];
    assert_eq!(vias, [filled, b"SIP/2.0/UDP p"]);
}

#[test]
fn old_peers_are_matched_without_branch() {
    let old = |method: &str| request(method, "1", "").replace(";branch=1", "");
    let mut bench = Bench::new(Config::default());
    bench.receive(&old("INVITE"));
    let (key, invite) = bench.request();
    bench.endpoint.respond(bench.now, key, Response::new(&invite, 486));
    bench.receive(&old("INVITE"));
    assert_eq!(bench.sent().len(), 2, "repeated");
    bench.receive(&old("ACK"));
    assert!(bench.events().is_empty());
    bench.pass(Duration::from_secs(6));
    assert_eq!(bench.endpoint.transactions(), 0);
}

#[test]
fn too_many_transactions_are_refused_without_a_record() {
    let mut bench = Bench::new(Config { max_transactions: 1, ..Config::default() });
    bench.receive(&request("INVITE", "z9hG4bK1", ""));
    bench.receive(&request("INVITE", "z9hG4bK2", ""));
    let busy = bench.one_sent();
    assert_eq!((busy.status(), busy.header(HeaderName::RetryAfter)), (503, Some(&b"5"[..])));
    assert_eq!(bench.endpoint.transactions(), 1);
    bench.events();
    let ack = request("ACK", "z9hG4bK2", "").replace(
        "To: <sip:101@pbx.example>",
        &format!("To: <sip:101@pbx.example>;tag={}", str::from_utf8(busy.to_tag()).unwrap()),
    );
    bench.receive(&ack);
    assert!(bench.events().is_empty(), "its ACK is known by the tag");
    bench.endpoint.request(bench.now, flow(UDP), &outgoing(Method::Options));
    assert!(matches!(bench.events()[..], [Event::Failed { failure: Failure::FlowLost, .. }]));
    assert!(bench.sent().is_empty());
}

#[test]
fn a_challenge_leaves_no_record() {
    let mut bench = Bench::new(Config::default());
    for _ in 0..2 {
        bench.receive(&request("REGISTER", "z9hG4bK1", ""));
        let (key, register) = bench.request();
        bench.endpoint.respond_and_forget(key, &register, Response::new(&register, 401));
        assert_eq!(bench.one_sent().status(), 401);
        assert_eq!(bench.endpoint.transactions(), 0);
        assert!(bench.endpoint.respond(bench.now, key, Response::new(&register, 200)).is_empty());
    }
}

#[test]
fn methods_and_extensions_are_refused_with_what_is_offered() {
    let mut bench = Bench::new(Config { supported: vec!["100rel".into()], ..Config::default() });
    bench.receive(&request("PUBLISH", "z9hG4bK1", ""));
    assert!(bench.one_sent().lists(HeaderName::Allow, "REGISTER"));
    bench.receive(&request("WHATEVER", "z9hG4bK2", ""));
    assert_eq!(bench.one_sent().status(), 501);
    bench.receive(&request("INVITE", "z9hG4bK3", "Require: 100REL, timer\r\n"));
    assert_eq!(bench.one_sent().header(HeaderName::Unsupported), Some(&b"timer"[..]));
    assert_eq!(bench.endpoint.transactions(), 0);
}

#[test]
fn responses_not_for_us_and_keepalives_disturb_nothing() {
    let mut bench = Bench::new(Config { sent_by: Some("pbx.example:5070".into()), ..Config::default() });
    bench.endpoint.request(bench.now, flow(UDP), &outgoing(Method::Options));
    let options = bench.one_sent();
    assert_eq!(options.sent_by(), b"pbx.example:5070");
    bench.receive(&answer(&options, 200).replacen("\r\n", "\r\nVia: SIP/2.0/UDP other\r\n", 1));
    bench.receive(&answer(&options, 200).replace("z9hG4bK", "z9hG4bKx"));
    assert!(matches!(bench.events()[..], [Event::Stray { .. }, Event::Stray { .. }]));
    bench.receive("\r\n\r\n");
    bench.receive("");
    bench.receive("\0\0\0\0");
    assert!(bench.events().is_empty() && bench.sent().is_empty());
}

#[test]
fn a_connection_goes_on_after_a_bad_message() {
    let mut bench = Bench::new(Config::default());
    let mut framer = Framer::new();
    let good = request("OPTIONS", "z9hG4bK2", "");
    framer.push(request("OPTIONS", "z9hG4bK1", "").replace("Call-ID: c1\r\n", "").as_bytes());
    framer.push(good.as_bytes());
    while let Some(Frame::Message(bytes)) = framer.next_frame() {
        bench.endpoint.receive(bench.now, flow(Transport::Tcp), bytes);
    }
    let refusal = bench.endpoint.poll_transmit().unwrap();
    assert!(refusal.bytes.starts_with(b"SIP/2.0 400 Missing Call-ID\r\n"));
    assert!(matches!(bench.events()[..], [Event::Refused { .. }, Event::Request { .. }]));
}

#[test]
fn too_long_a_message_on_a_connection_is_answered_before_it_is_closed() {
    let mut bench = Bench::new(Config::default());
    let mut framer = Framer::new();
    framer.push(request("OPTIONS", "z9hG4bK1", "").replace("Content-Length: 0", "Content-Length: 70000").as_bytes());
    let Some(Frame::Lost(head)) = framer.next_frame() else { panic!("its end is out of reach") };
    bench.endpoint.receive(bench.now, flow(Transport::Tcp), head);
    assert_eq!(bench.one_sent().status(), 513);
    bench.receive(&request("OPTIONS", "z9hG4bK1", &"X: y\r\n".repeat(300)));
    assert_eq!(bench.one_sent().reason(), b"Too many header fields");
}
