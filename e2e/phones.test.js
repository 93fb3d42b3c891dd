// The phones of these tests, proved on each other without any server: what later tests say of Lineside, they say
// through these.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Baresip } from "./lib/phone/baresip.js";
import { Linphone } from "./lib/phone/linphone.js";
import { isSilent, isTone, sine } from "./lib/tone.js";

const PAIRS = [
  [Baresip, Baresip],
  [Baresip, Linphone],
  [Linphone, Baresip],
  [Linphone, Linphone],
];

for (const [Caller, Callee] of PAIRS) {
  test(`${Caller.name} calls ${Callee.name}, and each hears the other's tone`, async (t) => {
    const [here, there] = await pair(t, Caller, Callee);
    await here.call(there.address);
    await there.rings();
    await here.ringsThere();
    await there.answer();
    await here.talks();
    await Promise.all([here.hears(there.tone), there.hears(here.tone)]);
    await there.hangUp();
    await Promise.all([here.idle(), there.idle()]);
  });
}

test("a held phone hears nothing until the call is resumed", async (t) => {
  const [here, there] = await pair(t, Baresip, Linphone);
  await here.call(there.address);
  await there.rings();
  await there.answer();
  await there.hears(here.tone);
  await here.hold();
  await there.hearsNothing();
  await here.resume();
  await there.hears(here.tone);
});

test("a call is declined, and the caller is told so", async (t) => {
  const [here, there] = await pair(t, Baresip, Linphone);
  await here.call(there.address);
  await there.rings();
  await there.hangUp();
  assert.match(await here.idle(), /^603 Decline/);
});

test("a call is cancelled, and the other phone stops ringing", async (t) => {
  const [here, there] = await pair(t, Linphone, Baresip);
  await here.call(there.address);
  await there.rings();
  await here.ringsThere();
  await here.hangUp();
  await Promise.all([here.idle(), there.idle()]);
});

test("a phone that answers by itself is heard", async (t) => {
  const here = await start(t, Baresip, { tone: 523 });
  const there = await start(t, Linphone, { tone: 784, answer: "auto" });
  await here.call(there.address);
  await here.hears(784);
});

test("a tone is told from another, from two at once and from silence", () => {
  const a = sine(523, { seconds: 1 });
  const b = sine(784, { seconds: 1 });
  assert.ok(isTone(523, a));
  assert.ok(!isTone(784, a));
  assert.ok(!isTone(523, a.map((sample, n) => sample + b[n])));
  assert.ok(!isTone(523, new Int16Array(8000)));
  assert.ok(isSilent(new Int16Array(8000)) && !isSilent(a));
});

async function pair(t, Here, There) {
  return Promise.all([start(t, Here, { tone: 523 }), start(t, There, { tone: 784 })]);
}

async function start(t, Phone, options) {
  const phone = await Phone.start(options);
  t.after(() => phone.stop());
  return phone;
}
