// Whoever looks for telephones, guesses extensions or passwords, or floods us learns nothing and stops nobody: not with the
// usual programs, and not with one that passes for a phone.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { test } from "node:test";
import { until } from "./lib/deadline.js";
import { Lineside } from "./lib/lineside.js";
import { Baresip } from "./lib/phone/baresip.js";
import { Pjsua } from "./lib/phone/pjsua.js";
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

test("svmap finds no telephone system, svcrack no password, and the log tells of them", async (t) => {
  const { sip, program } = await Lineside.start(t);
  const map = new Program("svmap", "svmap", ["-p", `${sip.port}`, "-t", "2", sip.host]);
  await map.end(60_000);
  assert.match(map.output, /found nothing/);
  const crack = new Program("svcrack", "svcrack", ["-u203", "-r100-300", "-p", `${sip.port}`, sip.host]);
  await crack.end(60_000);
  assert.doesNotMatch(crack.output, /The password for/);
  await until("a line in the log", () => /a scanner looks for telephones/.test(program.output));
});

test("who guesses a line's password is not heard any more, and administrators are told", async (t) => {
  const lineside = await Lineside.start(t);
  const { account } = await lineside.addPhone("207");
  const [wrong, unknown] = [{ ...account, password: "guess" }, { ...account, username: "d-nobody" }];
  const ask = await asker(t, lineside);
  for (let n = 0; n < 25; n++) assert.match(await ask(wrong), /^SIP\/2.0 401 /);
  const nameless = (answer) => answer.replaceAll(account.username, "user").replaceAll("d-nobody", "user");
  assert.equal(nameless(await ask(account)), nameless(await ask(unknown)), "even the right password is not heard");
  const told = async () => (await lineside.api("GET", "/journal")).items.find(({ action }) => action === "password_guessing");
  assert.match((await until("a line in the journal", told)).summary, /^Somebody at 127\.0\.0\.1 guesses passwords/);
});

test("a flood of registrations from a thousand addresses disturbs no call, and new calls are made", async (t) => {
  const lineside = await Lineside.start(t);
  const here = await phone(t, Baresip, 523, await lineside.addPhone("207"));
  const there = await phone(t, Pjsua, 784, await lineside.addPhone("218"));
  const calls = async (work) => {
    await here.call("218");
    await there.rings();
    await there.answer();
    await here.talks();
    await work();
    await Promise.all([here.hears(784), there.hears(523)]);
    await here.hangUp();
    await Promise.all([here.idle(), there.idle()]);
  };
  const sockets = await Promise.all(Array.from({ length: 1000 }, (_, n) => bound(t, `127.1.${n >> 8}.${n & 255}`)));
  let sent = 0;
  const flood = setInterval(() => {
    for (let n = 0; n < 100; n++, sent++) {
      const socket = sockets[sent % sockets.length];
      socket.send(request("REGISTER", `${sent % 9000}`, socket.address(), `${sent}`), lineside.sip.port, lineside.sip.host);
    }
  }, 10);
  t.after(() => clearInterval(flood));
  await calls(() => until("some of the flood", () => sent > 10_000));
  await calls(() => until("more of the flood", () => sent > 30_000));
  t.diagnostic(`${sent} requests from ${sockets.length} addresses`);
});

async function phone(t, Phone, tone, { account }) {
  const phone = await Phone.start({ tone, account });
  t.after(() => phone.stop());
  await phone.registered();
  return phone;
}

async function bound(t, address) {
  const socket = createSocket("udp4");
  t.after(() => socket.close());
  socket.bind(0, address);
  await once(socket, "listening");
  return socket;
}

/** Registers with an account over a socket of its own: `ask(account)` returns the last answer, without what is of it alone. */
async function asker(t, { sip }) {
  const socket = await bound(t, "127.0.0.1");
  let answer;
  socket.on("message", (bytes) => (answer = bytes.toString("latin1")));
  let count = 0;
  const send = async (account, credentials = "") => {
    answer = undefined;
    const bytes = request("REGISTER", account.username, socket.address(), `${++count}`, account.domain, credentials);
    return until("an answer", () => {
      socket.send(bytes, sip.port, sip.host);
      return answer;
    }, { every: 100 });
  };
  return async (account) => {
    const challenge = await send(account);
    const [, nonce] = challenge.match(/nonce="([^"]*)"/);
    return blank(await send(account, digest(account, nonce)));
  };
}

function digest({ username, password, domain }, nonce) {
  const md5 = (text) => createHash("md5").update(text).digest("hex");
  const response = md5(`${md5(`${username}:${domain}:${password}`)}:${nonce}:00000001:x:auth:${md5(`REGISTER:sip:${domain}`)}`);
  return (
    `Authorization: Digest username="${username}", realm="${domain}", nonce="${nonce}", uri="sip:${domain}", ` +
    `response="${response}", algorithm=MD5, qop=auth, nc=00000001, cnonce="x"\r\n`
  );
}

/** An answer without what is of one request. */
function blank(answer) {
  return answer.replace(/(;tag=|;rport=|;branch=|nonce="|Call-ID: |CSeq: )[^;\s"]*/g, "$1");
}

/** A request as a phone would send it. */
function request(method, extension, { address, port }, id, domain = "harbor-vine.example", more = "") {
  const here = `${address}:${port}`;
  return [
    `${method} ${method === "REGISTER" ? `sip:${domain}` : `sip:${extension}@${domain}`} SIP/2.0`,
    `Via: SIP/2.0/UDP ${here};branch=z9hG4bK${method}${id}`,
    "Max-Forwards: 70",
    `From: <sip:${extension}@${domain}>;tag=1`,
    `To: <sip:${extension}@${domain}>`,
    `Call-ID: ${method}${id}`,
    `CSeq: 1 ${method}`,
    `Contact: <sip:${extension}@${here}>`,
    `${more}User-Agent: Yealink SIP-T46U 108.86.0.20`,
    "Content-Length: 0",
    "\r\n",
  ].join("\r\n");
}

/** Asks as a phone would, and returns the answer without what is of this one request. */
async function probe(t, { sip }, method, extension) {
  const socket = await bound(t, "127.0.0.1");
  let answer;
  socket.on("message", (bytes) => (answer ??= bytes.toString("latin1")));
  await until(`an answer to ${method} ${extension}`, () => {
    socket.send(request(method, extension, socket.address(), ""), sip.port, sip.host);
    return answer;
  }, { every: 200 });
  return blank(answer.replaceAll(`127.0.0.1:${socket.address().port}`, "here").replaceAll(extension, "extension"));
}
