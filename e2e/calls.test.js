// Phones of five makes, each against each, over every transport that they speak, on one running Lineside. Those over TLS insist on
// SRTP.

import assert from "node:assert/strict";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { openBrowser, signIn } from "./lib/browser.js";
import { until } from "./lib/deadline.js";
import { Lineside } from "./lib/lineside.js";
import { attachedSound, mailsTo } from "./lib/mail.js";
import { Baresip } from "./lib/phone/baresip.js";
import { Linphone } from "./lib/phone/linphone.js";
import { Pjsua } from "./lib/phone/pjsua.js";
import { SipJs } from "./lib/phone/sip_js.js";
import { Sipp } from "./lib/phone/sipp.js";
import { confirmed, openUser } from "./lib/portal.js";
import { isMostlyTone } from "./lib/tone.js";
import { channel, decodeWav } from "./lib/wav.js";

// Whose users have a Voice license and no device yet.
const EXTENSIONS = ["278", "218", "228", "248", "258", "268", "207", "288", "298", "308", "208", "219"];

const PHONES = [
  ["baresip over UDP", Baresip, { transport: "udp" }],
  ["baresip over TCP", Baresip, { transport: "tcp" }],
  ["baresip over TLS", Baresip, { transport: "tls", srtp: true }],
  ["Linphone over UDP", Linphone, { transport: "udp" }],
  ["Linphone over TCP", Linphone, { transport: "tcp" }],
  ["Linphone over TLS", Linphone, { transport: "tls", srtp: true }],
  ["pjsua2 over UDP", Pjsua, { transport: "udp", lamp: true }],
  ["pjsua2 over TCP", Pjsua, { transport: "tcp" }],
  ["pjsua2 over TLS", Pjsua, { transport: "tls", srtp: true }],
  ["SIP.js over WebSocket", SipJs, { transport: "ws" }],
  ["SIP.js over WebSocket in TLS", SipJs, { transport: "wss" }],
  ["SIPp over UDP", Sipp, { transport: "udp" }],
];

test("phones of five makes", async (t) => {
  const lineside = await Lineside.start(t, [], { transports: true });
  const phones = await Promise.all(PHONES.map(([label, Phone, options], n) => start(t, lineside, n, label, Phone, options)));
  await Promise.all(phones.map((phone) => phone.registered()));
  const the = (label) => phones.find((phone) => phone.label === label);
  const [baresip, linphone, pjsua, sipJs] = [the("baresip over TLS"), the("Linphone over UDP"), the("pjsua2 over TCP"), the("SIP.js over WebSocket")];
  // After a hold baresip records nothing more: who is put on hold and hears afterwards is another phone.
  const [first, second] = [the("pjsua2 over UDP"), the("SIP.js over WebSocket in TLS")];

  const page = await signIn(await openBrowser(t), lineside.url, lineside.owner);
  await t.test("each calls each, and each hears the other's tone", () => everybodyCallsEverybody(phones));

  // After a failure the phones are free for the next test.
  const also = (name, work) => t.test(name, () => work().catch(async (error) => {
    await Promise.allSettled(phones.map((phone) => phone.hangUp()));
    throw error;
  }));
  for (const here of [baresip, linphone, pjsua, sipJs]) {
    await also(`${here.label} holds a call and takes it up again`, () => hold(here, second));
    await also(`${here.label} is cancelled, and cancels`, () => cancel(here, second));
    await also(`${here.label} declines, and the mailbox answers`, () => decline(here, the("pjsua2 over TLS")));
    await also(`${here.label} sends its caller on to another phone`, () => transfer(first, here, second));
  }
  for (const here of [baresip, linphone, pjsua, sipJs]) {
    await also(`${here.label} takes the call that rings at a colleague's`, () => pickUp(first, here, second));
  }
  await also("SIPp calls over TCP", async () => {
    const { account } = await lineside.addPhone("219", { transport: "tcp" });
    const sipp = await Sipp.start({ tone: 2000, account });
    t.after(() => sipp.stop());
    await talk(Object.assign(sipp, { label: "SIPp over TCP", extension: "219" }), sipJs);
  });
  await also("a caller is told of a busy line without a mailbox", () => busy(page, pjsua, the("Linphone over TCP")));
  await also("pjsua2 connects two whom it has asked", () => connect(first, pjsua, second, async () => {
    const asked = pjsua.callId;
    await pjsua.hold();
    return async () => pjsua.connect(asked, pjsua.callId);
  }));
  await also("SIP.js connects two whom it has asked", () => connect(first, sipJs, second, async () => {
    const asked = sipJs.session;
    await sipJs.hold();
    return async () => asked.refer(sipJs.session);
  }));
  await also("a lamp shows that a colleague rings, talks and has hung up", () => watch(sipJs, first, linphone));
  await also("nobody answers: the message comes by mail, and the lamp goes on and off", () =>
    voicemail(page, lineside, baresip, the("pjsua2 over UDP")),
  );
});

async function hold(here, there) {
  await talkOf(here, there);
  await there.hears(here.tone);
  await here.hold();
  // Linphone goes on sending with a sound card of ours, and what a holder sends is passed on: it may be music.
  if (!(here instanceof Linphone)) await there.hearsNothing();
  if (!(here instanceof Baresip)) await here.hearsNothing();
  await here.resume();
  await Promise.all([there.hears(here.tone), here instanceof Baresip || here.hears(there.tone)]);
  await hangUp(here, there);
}

async function cancel(here, there) {
  for (const [from, to] of [[here, there], [there, here]]) {
    await from.call(to.extension);
    await to.rings();
    await from.ringsThere();
    await from.hangUp();
    await Promise.all([from.idle(), to.idle()]);
  }
}

async function decline(here, caller) {
  await caller.call(here.extension);
  await here.rings();
  await here.hangUp();
  await here.idle();
  await caller.talks();
  await caller.hangUp();
  await caller.idle();
}

async function busy(page, caller, callee) {
  await openUser(page, callee.extension);
  await page.goto(`${page.url()}/voicemail`);
  await page.getByLabel("Voicemail answers when nobody does").uncheck();
  await page.getByRole("button", { name: "Save" }).click();
  await confirmed(page);
  await caller.call(callee.extension);
  await callee.rings();
  await callee.hangUp();
  assert.match(await caller.idle(), /^(486|603) /);
}

async function transfer(caller, here, third) {
  await talkOf(caller, here);
  await here.transfer(third.extension);
  await third.rings();
  await third.answer();
  await Promise.all([caller.hears(third.tone), third.hears(caller.tone)]);
  await here.idle();
  await hangUp(caller, third);
}

async function pickUp(caller, here, colleague) {
  await caller.call(colleague.extension);
  await colleague.rings();
  await here.call(`**${colleague.extension}`);
  await Promise.all([caller.talks(), here.talks(), colleague.idle()]);
  await Promise.all([caller.hears(here.tone), here.hears(caller.tone)]);
  await hangUp(caller, here);
}

/** `ask` puts the first call on hold and returns what connects it with the next. */
async function connect(caller, here, third, ask) {
  await talkOf(caller, here);
  const connectBoth = await ask();
  await talkOf(here, third);
  await Promise.all([here.hears(third.tone), third.hears(here.tone)]);
  await connectBoth();
  await Promise.all([caller.hears(third.tone), third.hears(caller.tone)]);
  await here.idle();
  await hangUp(caller, third);
}

async function watch(here, caller, colleague) {
  const heard = await here.watch("dialog", colleague.extension, "application/dialog-info+xml");
  const shows = (state) => until(`a lamp that shows ${state}`, () => heard.at(-1)?.match(/<state>(\w+)/)?.[1] === state);
  await until("the lamp's first state", () => heard.length > 0 && !/<dialog /.test(heard[0]));
  await caller.call(colleague.extension);
  await colleague.rings();
  await shows("early");
  await colleague.answer();
  await shows("confirmed");
  await hangUp(caller, colleague);
  await until("a dark lamp", () => !/<state>(early|confirmed)/.test(heard.at(-1)));
}

async function voicemail(page, lineside, caller, callee) {
  await openUser(page, callee.extension);
  const user = page.url();
  const { email } = await lineside.api("GET", `/users/${user.split("/").at(-1)}`);
  await page.goto(`${user}/forwarding`);
  await page.getByLabel("after so many seconds").fill("5");
  await page.getByRole("button", { name: "Save" }).click();
  await confirmed(page);
  await callee.lamp(/Messages-Waiting: no/);

  await caller.call(callee.extension);
  await callee.rings();
  await callee.idle();
  await caller.talks();
  // The greeting first, then a beep; from then on the caller's tone is recorded.
  const calls = join(lineside.data, "calls");
  const seconds = async () => {
    const names = (await readdir(calls)).filter((name) => name.endsWith(".wav"));
    const sizes = await Promise.all(names.map(async (name) => (await stat(join(calls, name))).size));
    return Math.max(0, ...sizes) / 16_000;
  };
  await until("three seconds of a message", async () => (await seconds()) > 3, { within: 30_000 });
  await caller.hangUp();
  await caller.idle();

  const isThere = (mails) => mails.find((mail) => attachedSound(mail));
  const mail = await until("the message by mail", async () => isThere(await mailsTo(lineside.spool, email)), { within: 15_000 });
  const sound = decodeWav(attachedSound(mail));
  assert.ok(sound.samples.length / sound.rate >= 3, `${sound.samples.length} samples`);
  assert.ok(isMostlyTone(caller.tone, channel(sound, 0), sound.rate), "the message is not the caller's tone");
  await callee.lamp(/Messages-Waiting: yes[\s\S]*Voice-Message: 1\/0/);

  await page.goto(`${user}/voicemail`);
  await page.getByRole("button", { name: /^Mark as heard/ }).click();
  await callee.lamp(/Messages-Waiting: no[\s\S]*Voice-Message: 0\/1/);
}

async function talkOf(here, there) {
  await here.call(there.extension);
  await there.rings();
  await there.answer();
  await here.talks();
}

async function hangUp(here, there) {
  await here.hangUp();
  await Promise.all([here.idle(), there.idle()]);
}

async function start(t, lineside, n, label, Phone, { transport, ...options }) {
  const extension = EXTENSIONS[n];
  const { account } = await lineside.addPhone(extension, { transport });
  const phone = await Phone.start({ tone: 440 + 97 * n, account, trust: lineside.trust, ...options });
  t.after(() => phone.stop());
  return Object.assign(phone, { label, extension });
}

async function everybodyCallsEverybody(phones) {
  const failed = [];
  for (const round of rounds(phones)) {
    const calls = round.map(async ([one, other]) => {
      for (const [here, there] of [[one, other], [other, one]]) {
        await talk(here, there).catch(async (error) => {
          failed.push(`${here.label} to ${there.label}: ${error.message}`);
          await Promise.allSettled([here.hangUp(), there.hangUp()]);
        });
      }
    });
    await Promise.all(calls);
  }
  assert.deepEqual(failed, []);
}

/** A call with a tone each way, ended by who was called. */
async function talk(here, there) {
  await here.call(there.extension);
  assert.match(await there.rings(), new RegExp(`\\b${here.extension}\\b`));
  await there.answer();
  await here.talks();
  await Promise.all([here.hears(there.tone), there.hears(here.tone)]);
  await (there instanceof Sipp ? hangUp(here, there) : hangUp(there, here));
}

/** Everybody meets everybody, each in one pair of every round (the circle method). */
function* rounds(all) {
  const [fixed, ...circle] = all;
  for (let n = 0; n < circle.length; n++) {
    const row = [fixed, ...circle];
    yield row.slice(0, row.length / 2).map((one, m) => [one, row[row.length - 1 - m]]);
    circle.unshift(circle.pop());
  }
}
