//! STUN binding requests on the SIP port (RFC 5626 section 4.4.2): how phones behind NAT keep their way open and see that it
//! has changed. Pure.

use std::net::{IpAddr, SocketAddr};

/// RFC 8489 section 5.
const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const HEADER: usize = 20;
const BINDING_REQUEST: [u8; 2] = [0x00, 0x01];
const BINDING_SUCCESS: [u8; 2] = [0x01, 0x01];
const XOR_MAPPED_ADDRESS: [u8; 2] = [0x00, 0x20];

/// The answer to a binding request; nothing for what is none.
pub(super) fn answer(datagram: &[u8], from: SocketAddr) -> Option<Vec<u8>> {
    let header = datagram.get(..HEADER)?;
    if header[..2] != BINDING_REQUEST || header[4..8] != COOKIE {
        return None;
    }
    let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
    if datagram.len() != HEADER + length {
        return None;
    }
    let transaction = &header[4..];
    let ip = from.ip().to_canonical();
    let mut value = vec![0, if ip.is_ipv4() { 1 } else { 2 }];
    value.extend(from.port().to_be_bytes().iter().zip(COOKIE).map(|(byte, key)| byte ^ key));
    let address = match ip {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    value.extend(address.iter().zip(transaction).map(|(byte, key)| byte ^ key));
    let size = u16::try_from(value.len()).ok()?;
    let mut answer = Vec::with_capacity(HEADER + 4 + value.len());
    answer.extend(BINDING_SUCCESS);
    answer.extend((size + 4).to_be_bytes());
    answer.extend(transaction);
    answer.extend(XOR_MAPPED_ADDRESS);
    answer.extend(size.to_be_bytes());
    answer.extend(value);
    Some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Vec<u8> {
        let mut request = vec![0, 1, 0, 0];
        request.extend(COOKIE);
        request.extend([7; 12]);
        request
    }

    #[test]
    fn the_answer_names_where_the_request_came_from() {
        // The mapped address of RFC 5769 section 2.2, with its transaction.
        let mut request = vec![0, 1, 0, 0];
        request.extend(COOKIE);
        request.extend([0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae]);
        let answer = answer(&request, "192.0.2.1:32853".parse().unwrap()).unwrap();
        assert_eq!(answer[..2], BINDING_SUCCESS);
        assert_eq!(answer[HEADER..], [0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43]);
    }

    #[test]
    fn an_ipv6_address_is_mixed_with_the_transaction_too() {
        let answer = answer(&request(), "[2001:db8::1]:5060".parse().unwrap()).unwrap();
        assert_eq!((answer.len(), answer[25]), (HEADER + 4 + 20, 2));
    }

    #[test]
    fn what_is_no_binding_request_has_no_answer() {
        let from = "192.0.2.1:1".parse().unwrap();
        let mut longer = request();
        longer.push(0);
        let mut response = request();
        response[0] = 1;
        for datagram in [&b"OPTIONS sip:a SIP/2.0\r\n"[..], &longer, &response, &request()[..19], b""] {
            assert_eq!(answer(datagram, from), None);
        }
    }
}
