//! The cryptography: keys derived from the master key, counter mode with HMAC-SHA1 (RFC 3711), and GCM (RFC 7714).

use aes::{
    Aes128Enc,
    cipher::{InnerIvInit, KeyInit, StreamCipher, StreamCipherCoreWrapper},
};
use hmac::{Hmac, Mac};
use ring::aead;
use sha1::Sha1;

use super::{
    SrtpError,
    key::{KEY, SrtpKey, Suite},
};

/// The part of an RTCP packet that is not encrypted.
pub(super) const RTCP_HEADER: usize = 8;
/// The encryption bit and the index, after an SRTCP packet's payload.
const TRAILER: usize = 4;
const ENCRYPTED: u32 = 1 << 31;
/// SRTCP has the long tag whatever RTP has (RFC 4568 section 6.2.2).
const RTCP_TAG: usize = 10;
const GCM_TAG: usize = 16;

type Core = ctr::CtrCore<Aes128Enc, ctr::flavors::Ctr128BE>;

/// The keys of RTP and of RTCP.
pub(super) enum Transform {
    Counter { keys: Box<[CounterKeys; 2]>, rtp_tag: usize },
    Gcm(Box<[GcmKeys; 2]>),
}

pub(super) struct CounterKeys {
    cipher: Aes128Enc,
    salt: [u8; 14],
    authentication: Hmac<Sha1>,
}

pub(super) struct GcmKeys {
    cipher: aead::LessSafeKey,
    salt: [u8; 12],
}

impl Transform {
    pub(super) fn new(key: &SrtpKey) -> Self {
        match key.suite() {
            suite @ (Suite::AesCm80 | Suite::AesCm32) => Self::Counter {
                keys: Box::new([CounterKeys::derive(key, 0), CounterKeys::derive(key, 3)]),
                rtp_tag: suite.tag(),
            },
            Suite::AesGcm => Self::Gcm(Box::new([GcmKeys::derive(key, 0), GcmKeys::derive(key, 3)])),
        }
    }

    pub(super) fn protect_rtp(
        &self,
        packet: &mut Vec<u8>,
        header: usize,
        ssrc: u32,
        index: u64,
    ) -> Result<(), SrtpError> {
        match self {
            Self::Counter { keys, rtp_tag } => {
                let [rtp, _] = &**keys;
                rtp.apply(&mut packet[header..], ssrc, index);
                let tag = rtp.tag(&[packet, &roll_over(index)]);
                packet.extend_from_slice(&tag[..*rtp_tag]);
                Ok(())
            }
            Self::Gcm(keys) => {
                let [rtp, _] = &**keys;
                let (clear, secret) = packet.split_at_mut(header);
                let tag = rtp.seal(rtp.rtp_nonce(ssrc, index), clear, secret)?;
                packet.extend_from_slice(tag.as_ref());
                Ok(())
            }
        }
    }

    pub(super) fn unprotect_rtp(
        &self,
        packet: &mut Vec<u8>,
        header: usize,
        ssrc: u32,
        index: u64,
    ) -> Result<(), SrtpError> {
        match self {
            Self::Counter { keys, rtp_tag } => {
                let [rtp, _] = &**keys;
                let end = packet.len().checked_sub(*rtp_tag).filter(|end| *end >= header).ok_or(SrtpError::Short)?;
                rtp.verify(&[&packet[..end], &roll_over(index)], &packet[end..])?;
                packet.truncate(end);
                rtp.apply(&mut packet[header..], ssrc, index);
                Ok(())
            }
            Self::Gcm(keys) => {
                let [rtp, _] = &**keys;
                let (clear, secret) = packet.split_at_mut(header);
                let length = rtp.open(rtp.rtp_nonce(ssrc, index), clear, secret)?;
                packet.truncate(header + length);
                Ok(())
            }
        }
    }

    pub(super) fn protect_rtcp(&self, packet: &mut Vec<u8>, index: u32) -> Result<(), SrtpError> {
        let ssrc = rtcp_ssrc(packet)?;
        let trailer = (ENCRYPTED | index).to_be_bytes();
        match self {
            Self::Counter { keys, .. } => {
                let [_, rtcp] = &**keys;
                rtcp.apply(&mut packet[RTCP_HEADER..], ssrc, u64::from(index));
                packet.extend_from_slice(&trailer);
                let tag = rtcp.tag(&[packet]);
                packet.extend_from_slice(&tag[..RTCP_TAG]);
            }
            Self::Gcm(keys) => {
                let [_, rtcp] = &**keys;
                let clear = gcm_clear(packet, trailer)?;
                let tag = rtcp.seal(rtcp.rtcp_nonce(ssrc, index), &clear, &mut packet[RTCP_HEADER..])?;
                packet.extend_from_slice(tag.as_ref());
                packet.extend_from_slice(&trailer);
            }
        }
        Ok(())
    }

    /// The index that an SRTCP packet says it has.
    pub(super) fn rtcp_index(&self, packet: &[u8]) -> Result<u32, SrtpError> {
        let tag = match self {
            Self::Counter { .. } => RTCP_TAG,
            Self::Gcm(_) => 0,
        };
        let trailer = packet.len().checked_sub(tag + TRAILER).ok_or(SrtpError::Short)?;
        let trailer = packet[trailer..].first_chunk().ok_or(SrtpError::Short)?;
        let trailer = u32::from_be_bytes(*trailer);
        // Both suites demand encryption of RTCP unless SDP said otherwise, which we refuse.
        if trailer & ENCRYPTED == 0 { Err(SrtpError::Forged) } else { Ok(trailer & !ENCRYPTED) }
    }

    pub(super) fn unprotect_rtcp(&self, packet: &mut Vec<u8>, index: u32) -> Result<(), SrtpError> {
        let ssrc = rtcp_ssrc(packet)?;
        match self {
            Self::Counter { keys, .. } => {
                let [_, rtcp] = &**keys;
                let tag = packet.len().checked_sub(RTCP_TAG).ok_or(SrtpError::Short)?;
                let end = tag.checked_sub(TRAILER).filter(|end| *end >= RTCP_HEADER).ok_or(SrtpError::Short)?;
                rtcp.verify(&[&packet[..tag]], &packet[tag..])?;
                packet.truncate(end);
                rtcp.apply(&mut packet[RTCP_HEADER..], ssrc, u64::from(index));
            }
            Self::Gcm(keys) => {
                let [_, rtcp] = &**keys;
                let end =
                    packet.len().checked_sub(TRAILER).filter(|end| *end >= RTCP_HEADER).ok_or(SrtpError::Short)?;
                let clear = gcm_clear(packet, (ENCRYPTED | index).to_be_bytes())?;
                let secret = &mut packet[RTCP_HEADER..end];
                let length = rtcp.open(rtcp.rtcp_nonce(ssrc, index), &clear, secret)?;
                packet.truncate(RTCP_HEADER + length);
            }
        }
        Ok(())
    }
}

impl CounterKeys {
    /// The three keys of RTP have the labels 0 to 2, those of RTCP 3 to 5 (RFC 3711 section 4.3.2).
    fn derive(key: &SrtpKey, label: u8) -> Self {
        Self {
            cipher: Aes128Enc::new(&derive::<KEY>(key, label).into()),
            authentication: authentication(&derive::<20>(key, label + 1)),
            salt: derive(key, label + 2),
        }
    }

    /// Encrypts or decrypts (RFC 3711 section 4.1.1).
    fn apply(&self, bytes: &mut [u8], ssrc: u32, index: u64) {
        let mut counter = [0; 16];
        counter[..14].copy_from_slice(&self.salt);
        xor(&mut counter[4..8], &ssrc.to_be_bytes());
        xor(&mut counter[6..14], &index.to_be_bytes());
        keystream(self.cipher.clone(), counter).apply_keystream(bytes);
    }

    fn tag(&self, parts: &[&[u8]]) -> [u8; 20] {
        let mut mac = self.authentication.clone();
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    fn verify(&self, parts: &[&[u8]], tag: &[u8]) -> Result<(), SrtpError> {
        use subtle::ConstantTimeEq as _;
        let expected = self.tag(parts);
        let matches = expected.get(..tag.len()).is_some_and(|expected| expected.ct_eq(tag).into());
        if matches { Ok(()) } else { Err(SrtpError::Forged) }
    }
}

impl GcmKeys {
    fn derive(key: &SrtpKey, label: u8) -> Self {
        let session = aead::UnboundKey::new(&aead::AES_128_GCM, &derive::<KEY>(key, label));
        let session = session.expect("a key of AES-128 has 16 bytes");
        Self { cipher: aead::LessSafeKey::new(session), salt: derive(key, label + 2) }
    }

    /// RFC 7714 section 8.1.
    fn rtp_nonce(&self, ssrc: u32, index: u64) -> aead::Nonce {
        let mut nonce = self.salt;
        xor(&mut nonce[2..6], &ssrc.to_be_bytes());
        xor(&mut nonce[6..12], &index.to_be_bytes()[2..]);
        aead::Nonce::assume_unique_for_key(nonce)
    }

    /// RFC 7714 section 9.1.
    fn rtcp_nonce(&self, ssrc: u32, index: u32) -> aead::Nonce {
        let mut nonce = self.salt;
        xor(&mut nonce[2..6], &ssrc.to_be_bytes());
        xor(&mut nonce[8..12], &index.to_be_bytes());
        aead::Nonce::assume_unique_for_key(nonce)
    }

    fn seal(&self, nonce: aead::Nonce, clear: &[u8], secret: &mut [u8]) -> Result<aead::Tag, SrtpError> {
        self.cipher.seal_in_place_separate_tag(nonce, aead::Aad::from(clear), secret).map_err(|_| SrtpError::Short)
    }

    /// The length of what was encrypted.
    fn open(&self, nonce: aead::Nonce, clear: &[u8], secret: &mut [u8]) -> Result<usize, SrtpError> {
        if secret.len() < GCM_TAG {
            return Err(SrtpError::Short);
        }
        let opened = self.cipher.open_in_place(nonce, aead::Aad::from(clear), secret);
        opened.map(|plain| plain.len()).map_err(|_| SrtpError::Forged)
    }
}

/// A session key (RFC 3711 section 4.3.1); the key derivation rate is zero, as SDES has it by default.
fn derive<const N: usize>(key: &SrtpKey, label: u8) -> [u8; N] {
    let mut counter = [0; 16];
    counter[..14].copy_from_slice(&key.master_salt());
    counter[7] ^= label;
    let cipher = Aes128Enc::new(&key.master().into());
    let mut derived = [0; N];
    keystream(cipher, counter).apply_keystream(&mut derived);
    derived
}

fn authentication(key: &[u8]) -> Hmac<Sha1> {
    Hmac::new_from_slice(key).expect("a key of any length will do")
}

fn keystream(cipher: Aes128Enc, counter: [u8; 16]) -> StreamCipherCoreWrapper<Core> {
    StreamCipherCoreWrapper::from_core(Core::inner_iv_init(cipher, &counter.into()))
}

fn gcm_clear(packet: &[u8], trailer: [u8; TRAILER]) -> Result<[u8; RTCP_HEADER + TRAILER], SrtpError> {
    let header: &[u8; RTCP_HEADER] = packet.first_chunk().ok_or(SrtpError::Short)?;
    let mut clear = [0; RTCP_HEADER + TRAILER];
    clear[..RTCP_HEADER].copy_from_slice(header);
    clear[RTCP_HEADER..].copy_from_slice(&trailer);
    Ok(clear)
}

fn rtcp_ssrc(packet: &[u8]) -> Result<u32, SrtpError> {
    let header: &[u8; RTCP_HEADER] = packet.first_chunk().ok_or(SrtpError::Short)?;
    Ok(u32::from_be_bytes([header[4], header[5], header[6], header[7]]))
}

fn roll_over(index: u64) -> [u8; 4] {
    let [_, _, high @ .., _, _] = index.to_be_bytes();
    high
}

fn xor(target: &mut [u8], with: &[u8]) {
    for (target, with) in target.iter_mut().zip(with) {
        *target ^= with;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> =
            hex.chars().filter_map(|digit| digit.to_digit(16)).map(|digit| digit.try_into().unwrap()).collect();
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    }

    /// RFC 3711 appendix B.3.
    #[test]
    fn session_keys_are_those_of_the_rfc() {
        let master = bytes("E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6");
        let key = SrtpKey::new(Suite::AesCm80, &master).unwrap();
        assert_eq!(derive::<16>(&key, 0).to_vec(), bytes("C61E7A93744F39EE10734AFE3FF7A087"));
        assert_eq!(derive::<14>(&key, 2).to_vec(), bytes("30CBBC08863D8C85D49DB34A9AE1"));
        assert_eq!(derive::<20>(&key, 1).to_vec(), bytes("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"));
    }

    /// RFC 3711 appendix B.2.
    #[test]
    fn the_keystream_is_that_of_the_rfc() {
        let mut salt = [0; 14];
        salt.copy_from_slice(&bytes("F0F1F2F3F4F5F6F7F8F9FAFBFCFD"));
        let key: [u8; 16] = bytes("2B7E151628AED2A6ABF7158809CF4F3C").try_into().unwrap();
        let keys = CounterKeys { cipher: Aes128Enc::new(&key.into()), salt, authentication: authentication(&[]) };
        let mut stream = [0; 32];
        keys.apply(&mut stream, 0, 0);
        assert_eq!(stream.to_vec(), bytes("E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB"));
    }

    /// RFC 7714 section 16.1.1: the keys are those of the session, not of the master.
    #[test]
    fn gcm_seals_as_the_rfc_does() {
        let session = aead::UnboundKey::new(&aead::AES_128_GCM, &bytes("000102030405060708090a0b0c0d0e0f")).unwrap();
        let salt: [u8; 12] = bytes("517569642070726f2071756f").try_into().unwrap();
        let keys = GcmKeys { cipher: aead::LessSafeKey::new(session), salt };
        let header = bytes("8040f17b8041f8d35501a0b2");
        let mut secret = bytes("47616c6c696120657374206f6d6e697320646976697361 20696e207061727465732074726573");
        let tag = keys.seal(keys.rtp_nonce(0x5501_a0b2, 0xf17b), &header, &mut secret).unwrap();
        assert_eq!(secret, bytes("f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833"));
        assert_eq!(tag.as_ref().to_vec(), bytes("899d7f27beb16a9152cf765ee4390cce"));
    }
}
