//! A DNS server of the test's own, and what is found with it.

use std::net::Ipv4Addr;

use hickory_resolver::proto::{
    op::{Message, ResponseCode},
    rr::{
        Name, Record,
        rdata::{A, NAPTR},
    },
    serialize::binary::{BinDecodable, BinEncodable},
};
use lineside_model::trunk::Host;
use tokio::{net::UdpSocket, task::JoinHandle};

use super::*;

/// Answers what it knows; of all else it says that there is none.
pub(in crate::edge) struct Dns {
    pub(in crate::edge) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Dns {
    pub(in crate::edge) async fn start(records: Vec<Record>) -> Dns {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let task = tokio::spawn(async move {
            let mut buffer = [0; 4096];
            while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                let Ok(question) = Message::from_bytes(&buffer[..length]) else { continue };
                let asked = question.queries[0].clone();
                let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
                let is_asked = |record: &&Record| record.name == *asked.name();
                let named: Vec<&Record> = records.iter().filter(is_asked).collect();
                if named.is_empty() {
                    answer.metadata.response_code = ResponseCode::NXDomain;
                }
                let fitting = named.into_iter().filter(|record| record.record_type() == asked.query_type());
                answer.add_answers(fitting.cloned());
                answer.add_query(asked);
                let _ = socket.send_to(&answer.to_bytes().unwrap(), from).await;
            }
        });
        Dns { address, task }
    }

    fn names(&self) -> Names {
        Names::new(&[self.address])
    }
}

impl Drop for Dns {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}

pub(in crate::edge) fn host(of: &str, last: u8, ttl: u32) -> Record {
    Record::from_rdata(name(of), ttl, RData::A(A(Ipv4Addr::new(127, 0, 0, last))))
}

pub(in crate::edge) fn server(of: &str, (priority, weight, port): (u16, u16, u16), target: &str) -> Record {
    Record::from_rdata(name(of), 300, RData::SRV(SRV::new(priority, weight, port, name(target))))
}

fn spoken(of: &str, (order, preference): (u16, u16), services: &str, replacement: &str) -> Record {
    let naptr = NAPTR::new(
        order,
        preference,
        b"s".to_vec().into(),
        services.as_bytes().to_vec().into(),
        Vec::new().into(),
        name(replacement),
    );
    Record::from_rdata(name(of), 300, RData::NAPTR(naptr))
}

fn wanted(transport: Option<Transport>, port: Option<u16>) -> Wanted {
    Wanted { host: Host::parse("carrier.test").unwrap(), port, transport }
}

/// Each server as transport, last part of its address, port, priority and weight.
fn told(found: &Found) -> Vec<(Transport, u8, u16, u16, u16)> {
    let of = |target: &Target| {
        let Target { transport, priority, weight, addresses } = target.clone();
        addresses.into_iter().map(move |address| {
            let SocketAddr::V4(address) = address else { panic!() };
            (transport, address.ip().octets()[3], address.port(), priority, weight)
        })
    };
    found.targets.iter().flat_map(of).collect()
}

#[tokio::test]
async fn a_port_or_no_records_lead_to_the_hosts_addresses() {
    let dns = Dns::start(vec![host("carrier.test.", 9, 300), host("carrier.test.", 10, 300)]).await;
    let names = dns.names();
    let found = names.find(&wanted(Some(Transport::Tcp), Some(5099))).await;
    assert_eq!(told(&found), [(Transport::Tcp, 9, 5099, 0, 0), (Transport::Tcp, 10, 5099, 0, 0)]);
    for (transport, spoken, port) in [
        (Some(Transport::Udp), Transport::Udp, 5060),
        (Some(Transport::Tls), Transport::Tls, 5061),
        (None, Transport::Udp, 5060),
    ] {
        let found = names.find(&wanted(transport, None)).await;
        assert_eq!(told(&found)[0], (spoken, 9, port, 0, 0), "{transport:?}");
    }
    let nobody = Wanted { host: Host::parse("nobody.test").unwrap(), ..wanted(None, None) };
    assert!(names.find(&nobody).await.targets.is_empty());
}

#[tokio::test]
async fn servers_stand_in_srv_records_with_their_ports_and_weights() {
    let dns = Dns::start(vec![
        server("_sips._tcp.carrier.test.", (20, 0, 5071), "b.carrier.test."),
        server("_sips._tcp.carrier.test.", (10, 60, 5061), "a.carrier.test."),
        server("_sips._tcp.carrier.test.", (10, 40, 5062), "b.carrier.test."),
        server("_sips._tcp.carrier.test.", (5, 0, 5063), "gone.carrier.test."),
        server("_sip._udp.carrier.test.", (1, 0, 0), "."),
        host("a.carrier.test.", 1, 300),
        host("b.carrier.test.", 2, 45),
        host("carrier.test.", 9, 300),
    ])
    .await;
    let found = dns.names().find(&wanted(Some(Transport::Tls), None)).await;
    let expected =
        [(Transport::Tls, 1, 5061, 10, 60), (Transport::Tls, 2, 5062, 10, 40), (Transport::Tls, 2, 5071, 20, 0)];
    assert_eq!(told(&found), expected, "one whose name is gone is left out");
    assert!(found.lasts <= Duration::from_secs(45), "as long as the record that ends first: {:?}", found.lasts);
}

#[tokio::test]
async fn what_is_spoken_stands_in_naptr_records_by_order_and_preference() {
    let dns = Dns::start(vec![
        spoken("carrier.test.", (50, 50), "SIP+D2U", "_sip._udp.carrier.test."),
        spoken("carrier.test.", (10, 90), "SIP+D2S", "_sip._sctp.carrier.test."),
        spoken("carrier.test.", (20, 30), "SIP+D2T", "_sip._tcp.carrier.test."),
        spoken("carrier.test.", (20, 10), "sips+d2t", "elsewhere.carrier.test."),
        server("elsewhere.carrier.test.", (1, 1, 5081), "a.carrier.test."),
        server("_sip._tcp.carrier.test.", (1, 1, 5060), "a.carrier.test."),
        host("a.carrier.test.", 1, 1),
    ])
    .await;
    let names = dns.names();
    let found = names.find(&wanted(None, None)).await;
    assert_eq!(told(&found), [(Transport::Tls, 1, 5081, 1, 1)]);
    assert_eq!(found.lasts, LASTS.0, "however short: the servers are not flooded");
    let found = names.find(&wanted(Some(Transport::Tcp), None)).await;
    assert_eq!(told(&found), [(Transport::Tcp, 1, 5060, 1, 1)], "what is set comes before what the name says");
}
