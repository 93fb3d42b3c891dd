// From a name to a ringing phone: a person adds a colleague in the browser, and a phone that knows nothing but its
// provisioning address rings when the colleague's extension is called.

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { axe, openBrowser, signIn } from "./lib/browser.js";
import { until } from "./lib/deadline.js";
import { Lineside } from "./lib/lineside.js";
import { mailsTo } from "./lib/mail.js";
import { Baresip } from "./lib/phone/baresip.js";
import { Linphone } from "./lib/phone/linphone.js";
import { addGenericPhone, lampStrip, passwordLink, setPassword } from "./lib/portal.js";
import { sine } from "./lib/tone.js";
import { writeWav } from "./lib/wav.js";
import { addUser } from "./lib/wizard.js";

const ADA = {
  first: "Ada",
  last: "Lovelace",
  username: "ada.lovelace",
  email: "ada@harbor-vine.example",
  location: "Denver",
  areaCode: "303",
  package: "Business:",
};

test("a colleague added in the browser has a phone that rings, and both sides hear each other", async (t) => {
  const lineside = await Lineside.start(t);
  const browser = await openBrowser(t);
  const page = await signIn(browser, lineside.url, lineside.owner);
  await axe(page);

  const greeting = join(lineside.data, "hello.wav");
  await writeWav(greeting, sine(440, { seconds: 2 }));
  const added = await addUser(page, { person: ADA, model: "Linphone", greeting }, axe);
  assert.match(added.number, /303/);
  await page.getByText("Ada Lovelace is added. The welcome mail is on its way.").waitFor();
  assert.equal(await lampStrip(page), "License: ready; Number: ready; Emergency address: ready; Device: ready; Registered: missing");
  await axe(page);

  await page.goto(added.device);
  await page.getByRole("img", { name: "QR code" }).waitFor();
  const provisioning = await page.locator("#url").innerText();
  await axe(page);

  await page.goto(added.user);
  await page.evaluate(() => (globalThis.neverReloaded = true));
  const linphone = await Linphone.start({ tone: 784, provisioning });
  t.after(() => linphone.stop());
  await linphone.registered();
  const green = "License: ready; Number: ready; Emergency address: ready; Device: ready; Registered: ready";
  await until("the lamp strip is green", async () => (await lampStrip(page)) === green, { within: 1_500 });
  assert.ok(await page.evaluate(() => globalThis.neverReloaded));
  await axe(page);

  const account = await addGenericPhone(page, "207", axe);
  const baresip = await Baresip.start({ tone: 523, account });
  t.after(() => baresip.stop());
  await baresip.registered();
  await baresip.call(added.extension);
  assert.match(await linphone.rings(), /\b207\b/);
  await baresip.ringsThere();
  await linphone.answer();
  await baresip.talks();
  await Promise.all([linphone.hears(523), baresip.hears(784)]);
  await baresip.hangUp();
  await Promise.all([linphone.idle(), baresip.idle()]);

  await setsPasswordOnce(browser, lineside);
});

async function setsPasswordOnce(browser, lineside) {
  const [mail] = await until("the welcome mail", async () => {
    const mails = await mailsTo(lineside.spool, ADA.email);
    return mails.length > 0 && mails;
  });
  assert.match(mail, /ada\.lovelace/);
  const link = passwordLink(mail);
  const page = await (await browser.newContext()).newPage();
  await page.goto(link);
  await axe(page);
  const password = "seven brass lamps at dusk";
  await setPassword(page, link, password);
  await axe(page);

  const second = await page.goto(link);
  assert.equal(second.status(), 410);
  await page.getByRole("heading", { name: "This link no longer works" }).waitFor();
  await axe(page);

  const ada = await signIn(browser, lineside.url, { username: ADA.username, password });
  assert.equal(new URL(ada.url()).pathname, "/me");
  await ada.getByRole("heading", { name: "Ada Lovelace" }).waitFor();
  await axe(ada);
}
