// The microphone and the loudspeaker of a machine that has none: RTP streams of G.711 µ-law (RFC 3551, payload type 0) over UDP.
// Linphone's `rtp_io` reads and writes such streams in place of a sound card; phones without media of their own send
// and take them as the sound of their calls.

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { freeRtpPorts } from "../port.js";
import { sine } from "../tone.js";
import { decodeMulaw, encodeMulaw } from "./g711.js";

const RATE = 8000;
const PACKET = 160; // samples in 20 ms
const HEADER = 12; // bytes: RFC 3550 section 5.1, no contributing sources

export class SoundCard {
  /** Where its stream goes, on this machine; nowhere while unset. */
  peer;

  /** A card at whose microphone `tone` (Hz) sounds all the time. */
  static async open(tone) {
    const card = new SoundCard();
    card.played = new Int16Array(60 * RATE);
    card.length = 0;
    card.port = await freeRtpPorts();
    card.socket = createSocket("udp4");
    card.socket.on("error", () => {}); // between two calls the phone's end is closed
    card.socket.on("message", (packet) => card.play(packet.subarray(HEADER)));
    card.socket.bind(card.port, "127.0.0.1");
    await once(card.socket, "listening");
    card.speak(Uint8Array.from(sine(tone, { seconds: 1, rate: RATE }), encodeMulaw));
    return card;
  }

  /** The samples that came out of the loudspeaker so far. */
  get samples() {
    return this.played.subarray(0, this.length);
  }

  play(sound) {
    if (this.length + sound.length > this.played.length) {
      const longer = new Int16Array(2 * this.played.length);
      longer.set(this.samples);
      this.played = longer;
    }
    for (const byte of sound) this.played[this.length++] = decodeMulaw(byte);
  }

  /** Sends the packets that are due by the clock, so that a late timer makes a late packet and no gap. */
  speak(sound) {
    const start = performance.now();
    let sent = 0;
    this.timer = setInterval(() => {
      for (const due = (performance.now() - start) / 20; sent < due; sent++) {
        if (!this.peer) continue;
        const packet = Buffer.alloc(HEADER + PACKET);
        packet[0] = 0x80; // version 2; payload type 0 is µ-law
        packet.writeUInt16BE(sent & 0xffff, 2);
        packet.writeUInt32BE((sent * PACKET) >>> 0, 4);
        packet.writeUInt32BE(0x11ace, 8); // the source's name: any, always the same
        for (let n = 0; n < PACKET; n++) packet[HEADER + n] = sound[(sent * PACKET + n) % sound.length];
        this.socket.send(packet, this.peer, "127.0.0.1");
      }
    }, 10);
  }

  close() {
    clearInterval(this.timer);
    this.socket.close();
  }
}
