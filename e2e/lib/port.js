// Free ports on the loopback address. Ports are handed out once per process, so that two servers started at the same
// time never get the same one. All lie below those that the program relays media through (20,000 to 29,999) and those
// that the system hands out by itself (from 32,768): neither takes one between its being given and its being used.

import { createSocket } from "node:dgram";
import { createServer } from "node:net";

const FIRST = 10_000;
const PAIRS = 5_000;
const given = new Set();

/** A port that is free for TCP and for UDP on 127.0.0.1. */
export async function freePort() {
  return freePair(async (port) => (await tcpIsFree(port)) && (await udpIsFree(port)));
}

/** An even port whose successor is free too: one for RTP, one for RTCP (RFC 3550 section 11). */
export async function freeRtpPorts() {
  return freePair(async (port) => (await udpIsFree(port)) && (await udpIsFree(port + 1)));
}

async function freePair(isFree) {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = FIRST + 2 * Math.floor(Math.random() * PAIRS);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error("no port is free on 127.0.0.1");
}

function tcpIsFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

function udpIsFree(port) {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    socket.once("error", () => resolve(false));
    socket.bind(port, "127.0.0.1", () => socket.close(() => resolve(true)));
  });
}
