// A phone is asked to fetch its configuration anew, and its page tells what it answered.

import assert from "node:assert/strict";
import { test } from "node:test";
import { axe, openBrowser, signIn } from "./lib/browser.js";
import { until } from "./lib/deadline.js";
import { Lineside } from "./lib/lineside.js";
import { Baresip } from "./lib/phone/baresip.js";
import { Linphone } from "./lib/phone/linphone.js";
import { openUser } from "./lib/portal.js";

test("a registered phone hears check-sync over its registration, and its answer stands on its page", async (t) => {
  const lineside = await Lineside.start(t);
  const page = await signIn(await openBrowser(t), lineside.url, lineside.owner);
  await openUser(page, "203");
  await page.getByRole("link", { name: "Linphone", exact: true }).click();
  const device = page.url();
  const provisioning = await page.locator("#url").innerText();
  await page.getByRole("button", { name: "Re-sync" }).click();
  await page.getByText("it will be asked when it registers").waitFor();

  const linphone = await Linphone.start({ tone: 784, provisioning });
  t.after(() => linphone.stop());
  await linphone.registered();
  // It fetched by itself when it started, so there was nothing left to ask.
  await page.getByText("before it could be asked").waitFor();

  await page.goto(device);
  await page.getByRole("button", { name: "Re-sync" }).click();
  const asked = page.locator("dt:text-is('Asked to fetch') + dd");
  await asked.getByText(/answered/).waitFor();
  t.diagnostic(`Linphone: ${(await asked.innerText()).replaceAll(/\s+/g, " ")}`);
  await axe(page);
});

test("a phone of another make is asked at its contact, in its own account", async (t) => {
  const lineside = await Lineside.start(t);
  const { items } = await lineside.api("GET", "/users?search=202");
  const device = await lineside.api("POST", "/devices", { model: "yealink-t54w", mac: "805ec0fe7777", user_id: items[0].id });
  const { username, secret, domain, registrar } = await lineside.api("POST", `/devices/${device.id}/generate`);
  const account = { username, password: secret, domain, server: registrar };
  const baresip = await Baresip.start({ tone: 523, account });
  t.after(() => baresip.stop());
  await baresip.registered();
  // Generate ordered one too, which waited for the phone to register.
  // Others tell of messages in the mailbox.
  const ordered = () => {
    const notifies = baresip.program.stdout.match(/NOTIFY sip:[\s\S]*?\r?\n\r?\n/g) ?? [];
    return notifies.find((notify) => /^Event: check-sync;reboot=false\r?$/m.test(notify));
  };
  const notify = await until("a NOTIFY of check-sync", ordered);
  assert.match(notify, new RegExp(`^To: <sip:${username}@${domain}>\\r?$`, "m"));
  const { resync } = await until("an answer", async () => {
    const seen = await lineside.api("GET", `/devices/${device.id}`);
    return ["answered", "refused"].includes(seen.resync.state) && seen;
  });
  t.diagnostic(`baresip: ${resync.state}, ${resync.said}`);
});
