// Whoever guesses extensions learns nothing: not with the usual scanner, and not with one that passes for a phone.

import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { test } from "node:test";
import { until } from "./lib/deadline.js";
import { Lineside } from "./lib/lineside.js";
import { Program } from "./lib/program.js";

const METHODS = ["REGISTER", "INVITE", "OPTIONS"];

test("svwar finds no extension, and neither does a scanner that passes for a phone", async (t) => {
  const lineside = await Lineside.start(t); // its extensions begin at 201
  await Promise.all(METHODS.map((method) => svwar(lineside, method)));
  for (const method of METHODS) {
    const [there, absent] = [await probe(t, lineside, method, "203"), await probe(t, lineside, method, "999")];
    assert.equal(there, absent, method);
  }
});

async function svwar({ sip }, method) {
  const scan = new Program("svwar", "svwar", ["-e100-300", "--force", "-m", method, "-p", `${sip.port}`, sip.host]);
  await scan.end(60_000);
  assert.match(scan.output, /found nothing/, method);
}

/** Asks as a phone would, and returns the answer without what is of this one request. */
async function probe(t, { sip }, method, extension) {
  const socket = createSocket("udp4");
  t.after(() => socket.close());
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  let answer;
  socket.on("message", (bytes) => (answer ??= bytes.toString("latin1")));
  const here = `127.0.0.1:${socket.address().port}`;
  const uri = method === "REGISTER" ? "sip:harbor-vine.example" : `sip:${extension}@harbor-vine.example`;
  const request = [
    `${method} ${uri} SIP/2.0`,
    `Via: SIP/2.0/UDP ${here};branch=z9hG4bK${method}`,
    "Max-Forwards: 70",
    `From: <sip:${extension}@harbor-vine.example>;tag=1`,
    `To: <sip:${extension}@harbor-vine.example>`,
    `Call-ID: ${method}`,
    `CSeq: 1 ${method}`,
    `Contact: <sip:${extension}@${here}>`,
    "User-Agent: Yealink SIP-T46U 108.86.0.20",
    "Content-Length: 0",
    "\r\n",
  ].join("\r\n");
  await until(`an answer to ${method} ${extension}`, () => {
    socket.send(request, sip.port, sip.host);
    return answer;
  }, { every: 200 });
  return answer
    .replaceAll(here, "here")
    .replaceAll(extension, "extension")
    .replace(/(;tag=|;rport=|nonce=")[^;\s"]*/g, "$1");
}
