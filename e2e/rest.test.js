// From a name to a ringing phone once more, over REST and without a browser.

import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "./lib/deadline.js";
import { Lineside } from "./lib/lineside.js";
import { mailsTo } from "./lib/mail.js";
import { Baresip } from "./lib/phone/baresip.js";
import { Linphone } from "./lib/phone/linphone.js";
import { passwordLink } from "./lib/portal.js";

test("a colleague added over REST has a phone that rings, and both sides hear each other", async (t) => {
  const lineside = await Lineside.start(t);
  const denver = (await lineside.api("GET", "/locations")).find(({ name }) => name === "Denver");
  const numbers = await lineside.api("GET", `/free-numbers?location_id=${denver.id}`);
  const { extension } = await lineside.api("GET", "/suggestions/extension");
  const ada = await lineside.api("POST", "/users", {
    first_name: "Ada",
    last_name: "Lovelace",
    username: "ada.lovelace",
    email: "ada@harbor-vine.example",
    extension,
    location_id: denver.id,
    number_id: numbers[0].id,
    package: "business",
    send_welcome: true,
  });
  await lineside.api("PUT", `/users/${ada.id}/e911`, { address: denver.address, confirmed: true });
  const device = await lineside.api("POST", "/devices", { model: "linphone", user_id: ada.id });
  const linphone = await Linphone.start({ tone: 784, provisioning: device.provisioning_url });
  t.after(() => linphone.stop());
  await linphone.registered();
  await until("every lamp is ready", async () => (await lineside.api("GET", `/users/${ada.id}`)).ready);

  const baresip = await Baresip.start({ tone: 523, account: await genericPhone(lineside, "207") });
  t.after(() => baresip.stop());
  await baresip.registered();
  await baresip.call(extension);
  assert.match(await linphone.rings(), /\b207\b/);
  await linphone.answer();
  await baresip.talks();
  await Promise.all([linphone.hears(523), baresip.hears(784)]);
  await linphone.hangUp();
  await Promise.all([linphone.idle(), baresip.idle()]);

  const mails = await until("the welcome mail", async () => {
    const mails = await mailsTo(lineside.spool, "ada@harbor-vine.example");
    return mails.length > 0 && mails;
  });
  assert.equal((await fetch(passwordLink(mails[0]))).status, 200);
});

async function genericPhone(lineside, extension) {
  const user = (await lineside.api("GET", `/users?search=${extension}`)).items.find((one) => one.extension === extension);
  const device = await lineside.api("POST", "/devices", { model: "generic", user_id: user.id });
  const line = await lineside.api("POST", `/devices/${device.id}/generate`);
  return { username: line.username, password: line.secret, domain: line.domain, server: line.registrar };
}
