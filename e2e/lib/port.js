// Free ports on the loopback address. Ports are handed out once per process, so that two servers started at the same
// time never get the same one.

import { createSocket } from "node:dgram";
import { createServer } from "node:net";

const given = new Set();

/** A port that is free for TCP and for UDP on 127.0.0.1. */
export async function freePort() {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = await freeTcpPort();
    if (!given.has(port) && (await udpIsFree(port))) {
      given.add(port);
      return port;
    }
  }
  throw new Error("no port is free for both TCP and UDP on 127.0.0.1");
}

/**
 * An even port whose successor is free too: one for RTP, one for RTCP (RFC 3550 section 11). Taken below the range
 * from which the system hands out ports by itself.
 */
export async function freeRtpPorts() {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = 20_000 + 2 * Math.floor(Math.random() * 5_000);
    if (!given.has(port) && (await udpIsFree(port)) && (await udpIsFree(port + 1))) {
      given.add(port);
      return port;
    }
  }
  throw new Error("no pair of UDP ports is free on 127.0.0.1");
}

function freeTcpPort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function udpIsFree(port) {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    socket.once("error", () => resolve(false));
    socket.bind(port, "127.0.0.1", () => socket.close(() => resolve(true)));
  });
}
