// A carrier that takes and brings calls over TLS with keys for the sound alone (PJSIP), and gets the place of who calls for help.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { until } from "./lib/deadline.js";
import { Lineside } from "./lib/lineside.js";
import { Baresip } from "./lib/phone/baresip.js";
import { Pjsua } from "./lib/phone/pjsua.js";
import { freePort } from "./lib/port.js";

const run = promisify(execFile);
// Not where the phones are: a carrier is known by its address.
const ADDRESS = "127.0.0.2";
const OUTSIDE = "+16025550199";

test("calls over a carrier by TLS and SRTP", async (t) => {
  const papers = await certificate(t);
  const lineside = await Lineside.start(t, ["--sip-trust", papers.certificate], { transports: true });
  const port = await freePort();
  const account = { username: "carrier", domain: ADDRESS, transport: "tls" };
  const carrier = await Pjsua.start({ tone: 1500, account, srtp: true, trust: lineside.trust, listen: { address: ADDRESS, port, ...papers } });
  t.after(() => carrier.stop());
  await until("the carrier", () => carrier.latest("ready"));
  const trunk = { name: "Carrier", enabled: true, host: ADDRESS, port, transport: "TLS", secure_media: true, emergency: true };
  const operator = (method, path, body) => lineside.api(method, path, body, lineside.operator_api_token);
  const { items: accounts } = await operator("GET", "/operator/accounts?search=Harbor");
  await operator("POST", "/operator/trunks", { accounts: [accounts[0].number], trunk });
  const user = await caller(lineside);
  const { account: line } = await lineside.addPhone(user.extension);
  const phone = await Baresip.start({ tone: 700, account: line });
  t.after(() => phone.stop());
  await phone.registered();

  await t.test("sound goes both ways, and its keys by TLS", async () => {
    await phone.call(OUTSIDE);
    await carrier.rings();
    const invite = carrier.latest("invite").message;
    assert.match(invite, /^Via: SIP\/2.0\/TLS /m);
    assert.match(invite, /^m=audio \d+ RTP\/SAVP /m);
    assert.match(invite, /^a=crypto:\d+ AES_CM_128_HMAC_SHA1_80 inline:/m);
    assert.match(invite, new RegExp(`^P-Asserted-Identity: .*${user.number.replace("+", "\\+")}@`, "m"));
    await carrier.answer();
    await phone.talks();
    await Promise.all([phone.hears(carrier.tone), carrier.hears(phone.tone)]);
    await phone.hangUp();
    await Promise.all([phone.idle(), carrier.idle()]);
  });

  await t.test("a number rings that the carrier is called for", async () => {
    await carrier.dial(`sip:${user.number}@${lineside.doors.tls};transport=tls`);
    await phone.rings();
    await phone.answer();
    await carrier.talks();
    await Promise.all([phone.hears(carrier.tone), carrier.hears(phone.tone)]);
    await carrier.hangUp();
    await Promise.all([phone.idle(), carrier.idle()]);
  });

  await t.test("who calls for help is found", async () => {
    await phone.call("911");
    await carrier.rings();
    const invite = carrier.latest("invite").message;
    const { address, callback } = await lineside.api("GET", `/users/${user.id}/e911`);
    const place = await location(invite);
    assert.equal(place.HNO, address.street_number);
    assert.equal(place.RD, address.street_name);
    assert.deepEqual([place.LOC, place.A3, place.A1, place.PC, place.country], [address.unit, address.city, address.region, address.postal_code, address.country]);
    assert.ok(place.NAM, "the location's name");
    assert.match(invite, /^Geolocation-Routing: yes\r$/m);
    assert.ok(invite.includes(`<sip:${callback ?? user.number}@`), "the number to call back");
    await carrier.answer();
    await phone.talks();
    await Promise.all([phone.hears(carrier.tone), carrier.hears(phone.tone)]);
    await phone.hangUp();
    await Promise.all([phone.idle(), carrier.idle()]);
    const told = await until("the call to be told of", async () => (await lineside.api("GET", "/emergency-calls")).find((call) => call.user_id === user.id && !call.seen_at));
    assert.deepEqual([told.dialled, told.connected, told.address], ["911", true, address]);
  });
});

/** Somebody with a number, a license to call outside, and a confirmed emergency address. */
async function caller(lineside) {
  const { items } = await lineside.api("GET", "/users?search=2&sort=extension");
  const fits = ({ number, lamps, license }) => number && lamps.e911 === "ready" && license === "Business" && lamps.device !== "ready";
  const found = items.find(fits);
  assert.ok(found, JSON.stringify(items.slice(0, 3)));
  return found;
}

/** The text of each element of the PIDF-LO beside the session description, which has to be XML and named by the header. */
async function location(invite) {
  const [, boundary] = invite.match(/^Content-Type: *multipart\/mixed; *boundary="?([^"\r]+)/im);
  const parts = invite.split(`--${boundary}`).slice(1, -1);
  const part = parts.find((part) => /^Content-Type: *application\/pidf\+xml/im.test(part));
  const [, id] = part.match(/^Content-ID: *<(.+)>\r$/im);
  assert.ok(invite.includes(`Geolocation: <cid:${id}>`));
  const folder = await mkdtemp(join(tmpdir(), "lineside-place-"));
  try {
    const file = join(folder, "place.xml");
    await writeFile(file, part.split("\r\n\r\n").slice(1).join("\r\n\r\n").trim());
    const read = "import json, sys, xml.etree.ElementTree as x; print(json.dumps({e.tag.split('}')[1]: e.text for e in x.parse(sys.argv[1]).iter()}))";
    return JSON.parse((await run("python3", ["-c", read, file])).stdout);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The carrier's, signed by itself: files with the certificate and its key. */
async function certificate(t) {
  const folder = await mkdtemp(join(tmpdir(), "lineside-carrier-"));
  t.after(() => rm(folder, { recursive: true }));
  const [certificate, key] = [join(folder, "certificate.pem"), join(folder, "key.pem")];
  const options = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=carrier", "-addext", "basicConstraints=critical,CA:FALSE"];
  await run("openssl", ["req", ...options, "-addext", `subjectAltName=IP:${ADDRESS}`, "-keyout", key, "-out", certificate]);
  return { certificate, key };
}
