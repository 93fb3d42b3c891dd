// The power goes in the middle of a recorded call: what was promised before is still true afterwards.

import assert from "node:assert/strict";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { openBrowser, signIn } from "./lib/browser.js";
import { until } from "./lib/deadline.js";
import { Lineside } from "./lib/lineside.js";
import { Baresip } from "./lib/phone/baresip.js";
import { Linphone } from "./lib/phone/linphone.js";
import { confirmed, openUser } from "./lib/portal.js";
import { isMostlyTone } from "./lib/tone.js";
import { channel, decodeWav } from "./lib/wav.js";

test("after a crash in a call phones are reached, the recording so far is there, and nothing is left open", async (t) => {
  const lineside = await Lineside.start(t);
  const page = await signIn(await openBrowser(t), lineside.url, lineside.owner);
  const { user, account } = await lineside.addPhone("207");
  await lineside.api("POST", "/licenses/assign", { user_ids: [user], license_type: "pro-plus" });
  await page.goto(`/users/${user}/recording`);
  await page.getByLabel("All calls").check();
  await page.getByRole("button", { name: "Save" }).click();
  await confirmed(page);

  // Neither renews its registration while the test lasts.
  const here = await start(t, Baresip, 523, (await lineside.addPhone("218")).account);
  const there = await start(t, Linphone, 784, account);
  await call(here, there, "207");
  const seats = await lineside.api("GET", "/seats");
  await until("some seconds of the recording", async () => (await recorded(lineside)) > 3);

  await lineside.kill();
  await Promise.allSettled([here.hangUp(), there.hangUp()]);
  await lineside.resume();

  assert.deepEqual(await lineside.api("GET", "/seats"), seats);
  const back = await signIn(await openBrowser(t), lineside.url, lineside.owner);
  await back.goto("/calls");
  assert.equal(await back.locator("#live").count(), 0, "a call is shown as if it went on");
  const row = back.locator("#results tbody tr").first();
  await until("the cut call in the history", async () => {
    await back.reload();
    return (await row.count()) > 0;
  });
  await row.getByRole("link").first().click();
  const why = await back.locator("dt:text-is('Why it ended') + dd").innerText();
  assert.match(why, /stopped|restart|crash|cut/i);
  const src = await back.getByLabel(/^Recording of /).getAttribute("src");
  const sound = decodeWav(await (await back.request.get(src)).body());
  assert.ok(sound.samples.length / sound.channels / sound.rate > 2, `${sound.samples.length} samples`);
  assert.ok(isMostlyTone(523, channel(sound, 0), sound.rate) && isMostlyTone(784, channel(sound, 1), sound.rate));

  // The lines are still registered where they were, and more calls than one find ports.
  await openUser(back, "207");
  for (let n = 0; n < 2; n++) {
    await call(here, there, "207");
    await here.hangUp();
    await Promise.all([here.idle(), there.idle()]);
  }
});

/** Seconds in the longest recording that is being made: two channels of 16 bits at 8 kHz. */
async function recorded(lineside) {
  const folder = join(lineside.data, "calls");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".wav"));
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return Math.max(0, ...sizes) / 32_000;
}

async function call(here, there, extension) {
  await here.call(extension);
  await there.rings();
  await there.answer();
  await here.talks();
  await Promise.all([here.hears(there.tone), there.hears(here.tone)]);
}

async function start(t, Phone, tone, account) {
  const phone = await Phone.start({ tone, account: { ...account, interval: 600 } });
  t.after(() => phone.stop());
  await phone.registered();
  return phone;
}
