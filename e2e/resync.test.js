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
  const phone = await Desk.start(t, lineside);
  // Generate ordered one, which waited for the phone to register.
  const [notify] = await until("a NOTIFY of check-sync", () => phone.asked().length > 0 && phone.asked());
  const { username, domain } = phone.account;
  assert.match(notify, new RegExp(`^To: <sip:${username}@${domain}>\\r?$`, "m"));
  const resync = await phone.answered();
  t.diagnostic(`baresip: ${resync.state}, ${resync.said}`);
});

test("a phone with a lamp key hears at once that the colleague has another extension", async (t) => {
  const lineside = await Lineside.start(t);
  const phone = await Desk.start(t, lineside);
  await until("a NOTIFY after Generate", () => phone.asked().length === 1);
  await phone.answered();
  const [colleague] = (await lineside.api("GET", "/users?search=203")).items;
  await lineside.api("PUT", `/devices/${phone.device}/lamp-keys`, { user_ids: [colleague.id] });
  await until("a NOTIFY after the key was set", () => phone.asked().length === 2);
  await phone.answered();
  const { extension } = await lineside.api("PATCH", `/users/${colleague.id}`, { extension: "2977" });
  assert.equal(extension, "2977");
  await until("a NOTIFY after the extension", () => phone.asked().length === 3);
  const resync = await phone.answered();
  t.diagnostic(`baresip: ${resync.state}, ${resync.said}`);
});

/** A baresip with the line of a Yealink, which speaks as one where it is asked. */
class Desk {
  static async start(t, lineside) {
    const { items } = await lineside.api("GET", "/users?search=202");
    const device = await lineside.api("POST", "/devices", { model: "yealink-t54w", mac: "805ec0fe7777", user_id: items[0].id });
    const { username, secret, domain, registrar } = await lineside.api("POST", `/devices/${device.id}/generate`);
    const account = { username, password: secret, domain, server: registrar };
    const baresip = await Baresip.start({ tone: 523, account });
    t.after(() => baresip.stop());
    await baresip.registered();
    return Object.assign(new Desk(), { lineside, account, baresip, device: device.id });
  }

  /** What asked it to fetch; other NOTIFYs tell of messages in the mailbox. */
  asked() {
    const notifies = this.baresip.program.stdout.match(/NOTIFY sip:[\s\S]*?\r?\n\r?\n/g) ?? [];
    return notifies.filter((notify) => /^Event: check-sync;reboot=false\r?$/m.test(notify));
  }

  answered() {
    return until("an answer", async () => {
      const { resync } = await this.lineside.api("GET", `/devices/${this.device}`);
      return ["answered", "refused"].includes(resync.state) && resync;
    });
  }
}
