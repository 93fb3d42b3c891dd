//! Phones that do one thing over and over, so many at once: each takes the next as soon as it has done the last. Callers
//! and callees share one socket; nobody speaks.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use lineside_sip::digest::{Challenge, Ha1};
use lineside_sip::{HeaderName, Message, Method};

use super::super::now;

/// Nothing has come for so long: a message was lost, and nobody repeats it.
const SILENCE: Duration = Duration::from_secs(5);
const AGENT: &str = "Lineside bench 1.0 (as long a name as phones have)";
const SDP: &str = "v=0\r\no=- 20518 0 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 54000 RTP/AVP 0 8 101\r\n\
                   a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n\
                   a=ptime:20\r\na=sendrecv\r\n";

/// A line to register, and where it is called.
pub struct Line {
    pub username: String,
    pub domain: String,
    pub ha1: Ha1,
    /// The user part under which it is called, if it is.
    pub called: Option<String>,
}

pub struct Phones<'a> {
    socket: UdpSocket,
    here: SocketAddr,
    lines: &'a [Line],
    /// One for each line, grown with each REGISTER.
    cseq: Vec<u32>,
    calls: usize,
}

impl<'a> Phones<'a> {
    pub fn new(lines: &'a [Line], server: SocketAddr) -> anyhow::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.connect(server)?;
        socket.set_read_timeout(Some(SILENCE))?;
        Ok(Self { here: socket.local_addr()?, socket, lines, cseq: vec![0; lines.len()], calls: 0 })
    }

    /// Registers `count` times, line after line, `window` at once. Every registration is a REGISTER that is challenged, and one
    /// with the answer.
    pub fn register(&mut self, count: usize, window: usize) -> anyhow::Result<()> {
        let (mut begun, mut done) = (0, 0);
        while begun < window.min(count) {
            self.send_register(begun % self.lines.len(), None)?;
            begun += 1;
        }
        let mut buffer = vec![0; 65_535];
        while done < count {
            let message = self.receive(&mut buffer)?;
            let line = line_of(message.call_id()).context("a message of no phone here")?;
            match message.status() {
                401 => {
                    let challenge = Challenge::find(&message).context("a challenge that can't be met")?;
                    self.send_register(line, Some(&challenge))?;
                }
                200 => {
                    done += 1;
                    if begun < count {
                        self.send_register(begun % self.lines.len(), None)?;
                        begun += 1;
                    }
                }
                status => bail!("REGISTER of {} was answered with {status}", self.lines[line].username),
            }
        }
        Ok(())
    }

    fn send_register(&mut self, at: usize, challenge: Option<&Challenge<'_>>) -> anyhow::Result<()> {
        self.cseq[at] += 1;
        let (here, line, cseq) = (self.here, &self.lines[at], self.cseq[at]);
        let Line { username, domain, .. } = line;
        let authorization =
            challenge.map(|challenge| line.answer(challenge, "Authorization", "REGISTER", &format!("sip:{domain}")));
        let text = format!(
            "REGISTER sip:{domain} SIP/2.0\r\nVia: SIP/2.0/UDP {here};rport;branch=z9hG4bK{at}r{cseq}\r\nMax-Forwards: 70\r\n\
             From: <sip:{username}@{domain}>;tag=f{at}\r\nTo: <sip:{username}@{domain}>\r\nCall-ID: {at}@phones\r\n\
             CSeq: {cseq} REGISTER\r\nContact: <sip:{username}@{here};line={at}>\r\nExpires: 3600\r\n{}User-Agent: {AGENT}\r\n\
             Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, NOTIFY, MESSAGE, REFER\r\nSupported: path, replaces\r\n\
             Content-Length: 0\r\n\r\n",
            authorization.unwrap_or_default(),
        );
        self.send(text.as_bytes())
    }

    /// Calls `count` times, `window` at once: INVITE, challenged, again with the answer, 180, 200, ACK, BYE, 200.
    pub fn call(&mut self, count: usize, window: usize) -> anyhow::Result<()> {
        let mut open = HashMap::new();
        let (mut begun, mut done) = (0, 0);
        let mut buffer = vec![0; 65_535];
        while done < count {
            while begun < count && open.len() < window {
                let call = self.next_call()?;
                self.send_invite(&call, None)?;
                open.insert(call.id.clone().into_bytes(), call);
                begun += 1;
            }
            let message = self.receive(&mut buffer)?;
            if message.is_request() {
                self.answer(&message)?;
                continue;
            }
            let Some(call) = open.get(message.call_id()) else { continue };
            match (message.method(), message.status()) {
                (_, 100..200) => {}
                (Method::Invite, 407) => {
                    self.send_ack(call, &message, 1)?;
                    let challenge = Challenge::find(&message).context("a challenge that can't be met")?;
                    self.send_invite(call, Some(&challenge))?;
                }
                (Method::Invite, 200) => {
                    self.send_ack(call, &message, 2)?;
                    let bye = self.in_dialog(call, &message, "BYE", 3);
                    self.send(bye.as_bytes())?;
                }
                (Method::Bye, 200) => {
                    open.remove(message.call_id());
                    done += 1;
                }
                (method, status) => bail!("{} was answered with {status}", method.as_str()),
            }
        }
        Ok(())
    }

    fn next_call(&mut self) -> anyhow::Result<Call> {
        let called: Vec<usize> =
            (0..self.lines.len()).filter(|at| self.lines[*at].called.is_some()).take(1_000).collect();
        ensure!(called.len() >= 2, "nobody can be called");
        self.calls += 1;
        let (from, to) = (called[self.calls % called.len()], called[(self.calls + called.len() / 2) % called.len()]);
        let target = format!("sip:{}@{}", self.lines[to].called.as_deref().unwrap_or_default(), self.lines[to].domain);
        Ok(Call { id: format!("{}-{}@calls", self.calls, self.here.port()), from, target })
    }

    fn send_invite(&self, call: &Call, challenge: Option<&Challenge<'_>>) -> anyhow::Result<()> {
        let (here, line, target) = (self.here, &self.lines[call.from], &call.target);
        let cseq = 1 + u32::from(challenge.is_some());
        let authorization = challenge.map(|challenge| line.answer(challenge, "Proxy-Authorization", "INVITE", target));
        let text = format!(
            "INVITE {target} SIP/2.0\r\nVia: SIP/2.0/UDP {here};rport;branch=z9hG4bK{id}i{cseq}\r\nMax-Forwards: 70\r\n\
             From: <sip:{user}@{domain}>;tag=c\r\nTo: <{target}>\r\nCall-ID: {id}\r\nCSeq: {cseq} INVITE\r\n\
             Contact: <sip:{user}@{here}>\r\n{}User-Agent: {AGENT}\r\n\
             Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, NOTIFY, MESSAGE, REFER\r\n\
             Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{SDP}",
            authorization.unwrap_or_default(),
            SDP.len(),
            id = call.id,
            user = line.username,
            domain = line.domain,
        );
        self.send(text.as_bytes())
    }

    fn send_ack(&self, call: &Call, response: &Message, cseq: u32) -> anyhow::Result<()> {
        if response.status() < 300 {
            return self.send(self.in_dialog(call, response, "ACK", cseq).as_bytes());
        }
        // RFC 3261 section 17.1.1.3: that of a refusal belongs to the INVITE's transaction.
        let line = &self.lines[call.from];
        let text = format!(
            "ACK {target} SIP/2.0\r\nVia: SIP/2.0/UDP {here};rport;branch=z9hG4bK{id}i{cseq}\r\nMax-Forwards: 70\r\n\
             From: <sip:{}@{}>;tag=c\r\nTo: {to}\r\nCall-ID: {id}\r\nCSeq: {cseq} ACK\r\nContent-Length: 0\r\n\r\n",
            line.username,
            line.domain,
            target = call.target,
            here = self.here,
            id = call.id,
            to = text(response.header(HeaderName::To)),
        );
        self.send(text.as_bytes())
    }

    /// A request within the dialog that `ok` made, along its route.
    fn in_dialog(&self, call: &Call, ok: &Message, method: &str, cseq: u32) -> String {
        let line = &self.lines[call.from];
        let target = ok.contact().map(|contact| text(Some(contact.uri.as_bytes()))).unwrap_or_default();
        let mut route: Vec<String> = ok.values(HeaderName::RecordRoute).map(|value| text(Some(value))).collect();
        route.reverse();
        let route: String = route.iter().map(|value| format!("Route: {value}\r\n")).collect();
        format!(
            "{method} {target} SIP/2.0\r\nVia: SIP/2.0/UDP {here};rport;branch=z9hG4bK{id}{method}\r\nMax-Forwards: 70\r\n{route}\
             From: <sip:{}@{}>;tag=c\r\nTo: {to}\r\nCall-ID: {id}\r\nCSeq: {cseq} {method}\r\nContent-Length: 0\r\n\r\n",
            line.username,
            line.domain,
            here = self.here,
            id = call.id,
            to = text(ok.header(HeaderName::To)),
        )
    }

    /// Who is called rings and answers at once, and takes the end of the call.
    fn answer(&self, request: &Message) -> anyhow::Result<()> {
        match request.method() {
            Method::Invite => {
                self.respond(request, "180 Ringing", "")?;
                self.respond(request, "200 OK", SDP)
            }
            Method::Ack => Ok(()),
            _ => self.respond(request, "200 OK", ""),
        }
    }

    fn respond(&self, request: &Message, status: &str, body: &str) -> anyhow::Result<()> {
        let mut answer = format!("SIP/2.0 {status}\r\n");
        for name in [HeaderName::Via, HeaderName::RecordRoute] {
            for value in request.headers(name) {
                answer += &format!("{}: {}\r\n", name.as_str(), text(Some(value)));
            }
        }
        let tag = if request.to_tag().is_empty() { ";tag=callee" } else { "" };
        answer += &format!(
            "From: {}\r\nTo: {}{tag}\r\nCall-ID: {}\r\nCSeq: {}\r\nContact: <sip:callee@{}>\r\n",
            text(request.header(HeaderName::From)),
            text(request.header(HeaderName::To)),
            text(Some(request.call_id())),
            text(request.header(HeaderName::CSeq)),
            self.here,
        );
        if !body.is_empty() {
            answer += "Content-Type: application/sdp\r\n";
        }
        answer += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
        self.send(answer.as_bytes())
    }

    fn send(&self, bytes: &[u8]) -> anyhow::Result<()> {
        Ok(self.socket.send(bytes).map(drop)?)
    }

    fn receive(&self, buffer: &mut [u8]) -> anyhow::Result<Message> {
        let since = now();
        loop {
            match self.socket.recv(buffer) {
                // Keepalives.
                Ok(length) if length < 16 => {}
                Ok(length) => {
                    return Ok(
                        Message::parse(buffer[..length].to_vec().into()).map_err(|error| anyhow::anyhow!("{error}"))?
                    );
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    bail!("nothing came for {:.1?}: a message was lost", since.elapsed())
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

struct Call {
    id: String,
    from: usize,
    target: String,
}

impl Line {
    fn answer(&self, challenge: &Challenge<'_>, header: &str, method: &str, uri: &str) -> String {
        format!("{header}: {}\r\n", challenge.authorization(&self.ha1, &self.username, method, uri, "0a4f113b", 1))
    }
}

fn text(bytes: Option<&[u8]>) -> String {
    bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default()
}

fn line_of(call_id: &[u8]) -> Option<usize> {
    str::from_utf8(call_id).ok()?.strip_suffix("@phones")?.parse().ok()
}
