//! The sound of two phones that talk: a packet every 20 ms each way, and whether the other has heard it.

use std::net::{Ipv4Addr, UdpSocket};
use std::thread;
use std::time::Duration;

use super::super::now;

const PACKET_TIME: Duration = Duration::from_millis(20);
const HEADER: usize = 12;
/// G.711 of 20 ms.
const PAYLOAD: usize = 160;

pub struct Sound {
    socket: UdpSocket,
    /// Its stream's name, and the byte that it says.
    side: u8,
}

impl Sound {
    pub fn new(side: u8) -> anyhow::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, side })
    }

    pub fn port(&self) -> anyhow::Result<u16> {
        Ok(self.socket.local_addr()?.port())
    }

    fn say(&self, sequence: u16, port: u16) {
        let mut packet = [0x20 + self.side; HEADER + PAYLOAD];
        packet[..2].copy_from_slice(&[0x80, 0]);
        packet[2..4].copy_from_slice(&sequence.to_be_bytes());
        packet[4..8].copy_from_slice(&(u32::from(sequence) * 160).to_be_bytes());
        packet[8..12].copy_from_slice(&[7, 7, 7, self.side]);
        let _ = self.socket.send_to(&packet, (Ipv4Addr::LOCALHOST, port));
    }

    /// What the other said, since the last time.
    fn heard(&self, other: u8) -> u64 {
        let mut buffer = [0; 2048];
        let mut heard = 0;
        while let Ok(length) = self.socket.recv(&mut buffer) {
            let is_sound =
                length == HEADER + PAYLOAD && buffer[HEADER..length].iter().all(|byte| *byte == 0x20 + other);
            heard += u64::from(is_sound);
        }
        heard
    }
}

/// Talks as long as it goes on. Of 1000 packets, how many were not heard.
pub fn talk(sounds: &[Sound; 2], ports: [u16; 2], goes_on: impl Fn() -> bool) -> u64 {
    let (start, mut said, mut heard) = (now(), 0_u32, 0);
    while goes_on() {
        for (sound, port) in sounds.iter().zip(ports) {
            sound.say(u16::try_from(said % 0x1_0000).unwrap_or_default(), port);
        }
        said += 1;
        thread::sleep((start + PACKET_TIME * said).saturating_duration_since(now()));
        heard += sounds[0].heard(1) + sounds[1].heard(0);
    }
    // What is still on its way.
    thread::sleep(PACKET_TIME * 10);
    heard += sounds[0].heard(1) + sounds[1].heard(0);
    let said = u64::from(said) * 2;
    said.saturating_sub(heard) * 1000 / said.max(1)
}
