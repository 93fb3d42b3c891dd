//! Phones that do one thing over and over, so many at once: each takes the next as soon as it has done the last. Callers
//! and callees share one socket; nobody speaks.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use lineside_sip::digest::{Challenge, Ha1};
use lineside_sip::{HeaderName, Message, Method};

/// Nothing has come for so long: a message was lost, and nobody repeats it.
const SILENCE: Duration = Duration::from_secs(5);
/// In that time what was lost is sent again so often.
const TRIES: u32 = 10;
const AGENT: &str = "Lineside bench 1.0 (as long a name as phones have)";
/// Where phones that nobody listens to say that they hear.
const NOWHERE: [u16; 2] = [9, 9];

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
    /// Where the caller and the callee hear.
    pub ports: [u16; 2],
    /// What was sent, if it is to be kept.
    pub sent: Option<Mutex<Vec<Vec<u8>>>>,
}

/// Two phones that talk.
pub struct Talk {
    call: Call,
    ok: Message,
    /// Where the caller's sound and the callee's are to be sent.
    pub ports: [u16; 2],
}

impl<'a> Phones<'a> {
    pub fn new(lines: &'a [Line], server: SocketAddr) -> anyhow::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.connect(server)?;
        socket.set_read_timeout(Some(SILENCE))?;
        Ok(Self {
            here: socket.local_addr()?,
            socket,
            lines,
            cseq: vec![0; lines.len()],
            calls: 0,
            ports: NOWHERE,
            sent: None,
        })
    }

    /// Registers `count` times, line after line, `window` at once. Every registration is a REGISTER that is challenged, and one
    /// with the answer. What got lost in a full socket is sent again.
    pub fn register(&mut self, count: usize, window: usize) -> anyhow::Result<()> {
        let (mut begun, mut done, mut tries) = (0, 0, TRIES);
        let mut waiting: HashMap<usize, Vec<u8>> = HashMap::new();
        let mut buffer = vec![0; 65_535];
        self.socket.set_read_timeout(Some(SILENCE / TRIES))?;
        while done < count {
            while begun < count && waiting.len() < window.min(self.lines.len()) {
                let line = begun % self.lines.len();
                waiting.insert(line, self.send_register(line, None)?);
                begun += 1;
            }
            let Some(message) = self.try_receive(&mut buffer)? else {
                tries -= 1;
                ensure!(tries > 0, "{} registrations are not answered", waiting.len());
                waiting.values().try_for_each(|bytes| self.send(bytes))?;
                continue;
            };
            // Others are repetitions.
            let Some(line) = line_of(message.call_id()).filter(|line| message.cseq().number == self.cseq[*line]) else {
                continue;
            };
            match message.status() {
                401 => {
                    let challenge = Challenge::find(&message).context("a challenge that can't be met")?;
                    waiting.insert(line, self.send_register(line, Some(&challenge))?);
                }
                200 if waiting.remove(&line).is_some() => (done, tries) = (done + 1, TRIES),
                200 => {}
                status => bail!("REGISTER of {} was answered with {status}", self.lines[line].username),
            }
        }
        self.socket.set_read_timeout(Some(SILENCE))?;
        Ok(())
    }

    fn send_register(&mut self, at: usize, challenge: Option<&Challenge<'_>>) -> anyhow::Result<Vec<u8>> {
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
        self.send(text.as_bytes())?;
        Ok(text.into_bytes())
    }

    /// Calls `count` times, `window` at once: INVITE, challenged, again with the answer, 180, 200, ACK, BYE, 200.
    pub fn call(&mut self, count: usize, window: usize) -> anyhow::Result<()> {
        let mut open = HashMap::new();
        let (mut begun, mut done, mut tries) = (0, 0, TRIES);
        let mut buffer = vec![0; 65_535];
        self.socket.set_read_timeout(Some(SILENCE / TRIES))?;
        while done < count {
            while begun < count && open.len() < window {
                let mut call = self.next_call()?;
                call.last = self.send_invite(&call, None)?;
                open.insert(call.id.clone().into_bytes(), call);
                begun += 1;
            }
            let Some(message) = self.try_receive(&mut buffer)? else {
                tries -= 1;
                ensure!(tries > 0, "{} calls are not answered", open.len());
                open.values().try_for_each(|call| self.send(&call.last))?;
                continue;
            };
            if message.is_request() {
                self.answer(&message)?;
                continue;
            }
            let Some(call) = open.get_mut(message.call_id()) else { continue };
            match (message.method(), message.status()) {
                (_, 100..200) => {}
                (Method::Invite, 407) => {
                    self.send_ack(call, &message, 1)?;
                    let challenge = Challenge::find(&message).context("a challenge that can't be met")?;
                    call.last = self.send_invite(call, Some(&challenge))?;
                }
                (Method::Invite, 200) => {
                    self.send_ack(call, &message, 2)?;
                    call.last = self.in_dialog(call, &message, "BYE", 3).into_bytes();
                    self.send(&call.last)?;
                }
                (Method::Bye, 200) => {
                    open.remove(message.call_id());
                    (done, tries) = (done + 1, TRIES);
                }
                (method, status) => bail!("{} was answered with {status}", method.as_str()),
            }
        }
        self.socket.set_read_timeout(Some(SILENCE))?;
        Ok(())
    }

    /// Makes one call, and leaves it standing.
    pub fn begin(&mut self) -> anyhow::Result<Talk> {
        let call = self.next_call()?;
        self.send_invite(&call, None)?;
        let (mut buffer, mut callee) = (vec![0; 65_535], 0);
        loop {
            let message = self.receive(&mut buffer)?;
            if message.is_request() {
                callee = if message.method() == Method::Invite { audio_port(&message)? } else { callee };
                self.answer(&message)?;
                continue;
            }
            if message.call_id() != call.id.as_bytes() {
                continue;
            }
            match message.status() {
                100..200 => {}
                407 => {
                    self.send_ack(&call, &message, 1)?;
                    let challenge = Challenge::find(&message).context("a challenge that can't be met")?;
                    self.send_invite(&call, Some(&challenge))?;
                }
                200 => {
                    self.send_ack(&call, &message, 2)?;
                    let ports = [audio_port(&message)?, callee];
                    return Ok(Talk { call, ok: message, ports });
                }
                status => bail!("INVITE was answered with {status}"),
            }
        }
    }

    /// Answers what is asked in a call, until it is over or `goes_on` says no. Whether it was still standing.
    pub fn keep(&self, talk: &Talk, goes_on: impl Fn() -> bool) -> anyhow::Result<bool> {
        let mut buffer = vec![0; 65_535];
        self.socket.set_read_timeout(Some(Duration::from_millis(100)))?;
        let mut stands = true;
        while goes_on() {
            let Ok(length) = self.socket.recv(&mut buffer) else { continue };
            let Ok(message) = Message::parse(buffer[..length].to_vec().into()) else { continue };
            if message.is_request() {
                let is_ours = message.call_id() == talk.call.id.as_bytes();
                stands &= !(is_ours && message.method() == Method::Bye);
                self.answer(&message)?;
            }
        }
        self.socket.set_read_timeout(Some(SILENCE))?;
        Ok(stands)
    }

    /// The caller hangs up.
    pub fn end(&self, talk: &Talk) -> anyhow::Result<()> {
        self.send(self.in_dialog(&talk.call, &talk.ok, "BYE", 3).as_bytes())?;
        let mut buffer = vec![0; 65_535];
        loop {
            let message = self.receive(&mut buffer)?;
            if message.is_request() {
                self.answer(&message)?;
            } else if message.method() == Method::Bye && message.call_id() == talk.call.id.as_bytes() {
                ensure!(message.status() == 200, "BYE was answered with {}", message.status());
                return Ok(());
            }
        }
    }

    fn next_call(&mut self) -> anyhow::Result<Call> {
        let called: Vec<usize> =
            (0..self.lines.len()).filter(|at| self.lines[*at].called.is_some()).take(1_000).collect();
        ensure!(called.len() >= 2, "nobody can be called");
        self.calls += 1;
        let (from, to) = (called[self.calls % called.len()], called[(self.calls + called.len() / 2) % called.len()]);
        let target = format!("sip:{}@{}", self.lines[to].called.as_deref().unwrap_or_default(), self.lines[to].domain);
        Ok(Call { id: format!("{}-{}@calls", self.calls, self.here.port()), from, target, last: Vec::new() })
    }

    fn send_invite(&self, call: &Call, challenge: Option<&Challenge<'_>>) -> anyhow::Result<Vec<u8>> {
        let (here, line, target) = (self.here, &self.lines[call.from], &call.target);
        let (cseq, sdp) = (1 + u32::from(challenge.is_some()), sdp(self.ports[0]));
        let authorization = challenge.map(|challenge| line.answer(challenge, "Proxy-Authorization", "INVITE", target));
        let text = format!(
            "INVITE {target} SIP/2.0\r\nVia: SIP/2.0/UDP {here};rport;branch=z9hG4bK{id}i{cseq}\r\nMax-Forwards: 70\r\n\
             From: <sip:{user}@{domain}>;tag=c\r\nTo: <{target}>\r\nCall-ID: {id}\r\nCSeq: {cseq} INVITE\r\n\
             Contact: <sip:{user}@{here}>\r\n{}User-Agent: {AGENT}\r\n\
             Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, NOTIFY, MESSAGE, REFER\r\n\
             Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
            authorization.unwrap_or_default(),
            sdp.len(),
            id = call.id,
            user = line.username,
            domain = line.domain,
        );
        self.send(text.as_bytes())?;
        Ok(text.into_bytes())
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
        let route = route.iter().fold(String::new(), |lines, value| lines + "Route: " + value + "\r\n");
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
                self.respond(request, "200 OK", &sdp(self.ports[1]))
            }
            Method::Ack => Ok(()),
            _ => self.respond(request, "200 OK", ""),
        }
    }

    fn respond(&self, request: &Message, status: &str, body: &str) -> anyhow::Result<()> {
        let mut kept = String::new();
        for name in [HeaderName::Via, HeaderName::RecordRoute] {
            for value in request.headers(name) {
                kept = kept + name.as_str() + ": " + &text(Some(value)) + "\r\n";
            }
        }
        let tag = if request.to_tag().is_empty() { ";tag=callee" } else { "" };
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let answer = format!(
            "SIP/2.0 {status}\r\n{kept}From: {}\r\nTo: {}{tag}\r\nCall-ID: {}\r\nCSeq: {}\r\nContact: <sip:callee@{}>\r\n\
             {kind}Content-Length: {}\r\n\r\n{body}",
            text(request.header(HeaderName::From)),
            text(request.header(HeaderName::To)),
            text(Some(request.call_id())),
            text(request.header(HeaderName::CSeq)),
            self.here,
            body.len(),
        );
        self.send(answer.as_bytes())
    }

    fn send(&self, bytes: &[u8]) -> anyhow::Result<()> {
        if let Some(sent) = &self.sent {
            sent.lock().unwrap_or_else(PoisonError::into_inner).push(bytes.to_vec());
        }
        Ok(self.socket.send(bytes).map(drop)?)
    }

    fn receive(&self, buffer: &mut [u8]) -> anyhow::Result<Message> {
        self.try_receive(buffer)?.context("nothing comes any more: a message was lost")
    }

    /// The next message; none when there is none for as long as the socket waits.
    fn try_receive(&self, buffer: &mut [u8]) -> anyhow::Result<Option<Message>> {
        loop {
            match self.socket.recv(buffer) {
                // Keepalives.
                Ok(length) if length < 16 => {}
                Ok(length) => {
                    let message = Message::parse(buffer[..length].to_vec().into());
                    return message.map(Some).map_err(|error| anyhow::anyhow!("{error}"));
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

struct Call {
    id: String,
    from: usize,
    target: String,
    /// What is sent again when nothing is heard.
    last: Vec<u8>,
}

impl Line {
    fn answer(&self, challenge: &Challenge<'_>, header: &str, method: &str, uri: &str) -> String {
        format!("{header}: {}\r\n", challenge.authorization(&self.ha1, &self.username, method, uri, "0a4f113b", 1))
    }
}

fn sdp(port: u16) -> String {
    format!(
        "v=0\r\no=- 20518 0 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 0 8 101\r\n\
         a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n\
         a=ptime:20\r\na=sendrecv\r\n"
    )
}

fn audio_port(message: &Message) -> anyhow::Result<u16> {
    let body = String::from_utf8_lossy(message.body()).into_owned();
    let line = body.lines().find_map(|line| line.strip_prefix("m=audio ")).context("no audio is offered")?;
    Ok(line.split(' ').next().unwrap_or_default().parse()?)
}

fn text(bytes: Option<&[u8]>) -> String {
    bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default()
}

fn line_of(call_id: &[u8]) -> Option<usize> {
    str::from_utf8(call_id).ok()?.strip_suffix("@phones")?.parse().ok()
}
