// The end of an administrator's checklist without a support agent: recording is switched on for a user, a test call of a
// minute is made, and its recording is found and heard in the portal.

import assert from "node:assert/strict";
import { test } from "node:test";
import { axe, openBrowser, signIn } from "./lib/browser.js";
import { until } from "./lib/deadline.js";
import { Lineside } from "./lib/lineside.js";
import { Baresip } from "./lib/phone/baresip.js";
import { Linphone } from "./lib/phone/linphone.js";
import { confirmed, openUser } from "./lib/portal.js";
import { isMostlyTone } from "./lib/tone.js";
import { channel, decodeWav } from "./lib/wav.js";

// A shorter call proves the same; a minute is what people are asked for.
const SECONDS = Number(process.env.TEST_CALL_SECONDS ?? 60);

test("a user's calls are recorded, and the test call is heard in the portal", async (t) => {
  const lineside = await Lineside.start(t);
  const page = await signIn(await openBrowser(t), lineside.url, lineside.owner);
  await giveLicense(page, lineside, "207");
  await openUser(page, "207");
  await page.goto(`${page.url()}/recording`);
  await page.getByLabel("All calls").check();
  await axe(page);
  await page.getByRole("button", { name: "Save" }).click();
  await confirmed(page);

  const recorded = page.locator("#results tbody tr");
  await page.goto("/calls?recorded=on");
  const before = await recorded.count();

  const caller = await start(t, Baresip, 523, await lineside.addPhone("218"));
  const callee = await start(t, Linphone, 784, await lineside.addPhone("207"));
  await caller.call("207");
  await callee.rings();
  await callee.answer();
  await Promise.all([caller.hears(784), callee.hears(523)]);
  // The page counts the seconds: "0:59" or more.
  await page.goto("/calls");
  const clock = page.locator("section", { has: page.locator("#live") }).locator("td.num");
  const talked = async () => {
    await page.reload();
    const [minutes, seconds] = (await clock.first().innerText()).split(":").map(Number);
    return 60 * minutes + seconds >= SECONDS;
  };
  await until(`a call of ${SECONDS} seconds`, talked, { within: (SECONDS + 20) * 1000, every: 500 });
  await caller.hangUp();
  await Promise.all([caller.idle(), callee.idle()]);

  await page.goto("/calls?recorded=on");
  await until("the recorded call", async () => {
    await page.reload();
    return (await recorded.count()) === before + 1;
  });
  await recorded.first().getByRole("link").first().click();
  await axe(page);
  const player = page.getByLabel(/^Recording of /);
  const heard = await page.request.get(await player.getAttribute("src"));
  const sound = decodeWav(await heard.body());
  assert.equal(sound.channels, 2);
  const length = sound.samples.length / sound.channels / sound.rate;
  assert.ok(Math.abs(length - SECONDS) < 5, `${length} seconds`);
  assert.ok(isMostlyTone(523, channel(sound, 0), sound.rate), "the caller is not heard on the left");
  assert.ok(isMostlyTone(784, channel(sound, 1), sound.rate), "the callee is not heard on the right");
  // And the browser can play it.
  const played = await player.evaluate(async (audio) => {
    await audio.play();
    await new Promise((resolve) => audio.addEventListener("timeupdate", () => audio.currentTime > 0.5 && resolve()));
    return audio.duration;
  });
  assert.ok(Math.abs(played - length) < 0.1, `the browser says ${played} seconds`);
});

/** Recording needs a license with it: Pro Plus, as the checklist has it, from My Account. */
async function giveLicense(page, lineside, extension) {
  const { items } = await lineside.api("GET", `/users?search=${extension}`);
  const user = items.find((user) => user.extension === extension);
  await lineside.api("POST", "/licenses/assign", { user_ids: [user.id], license_type: "pro-plus" });
}

async function start(t, Phone, tone, { account }) {
  const phone = await Phone.start({ tone, account });
  t.after(() => phone.stop());
  await phone.registered();
  return phone;
}
