// A phone without a license gets nothing and cannot register; with the license back it works again by itself.

import assert from "node:assert/strict";
import { test } from "node:test";
import { openBrowser, signIn } from "./lib/browser.js";
import { Lineside } from "./lib/lineside.js";
import { Linphone } from "./lib/phone/linphone.js";
import { confirmed, openUser } from "./lib/portal.js";

test("taking the license away stops the phone, and giving it back heals it untouched", async (t) => {
  const lineside = await Lineside.start(t);
  const browser = await openBrowser(t);
  const page = await signIn(browser, lineside.url, lineside.owner);
  await openUser(page, "203");
  const user = page.url();
  await page.getByRole("link", { name: "Linphone", exact: true }).click();
  const provisioning = await page.locator("#url").innerText();
  assert.equal((await fetch(provisioning)).status, 200);
  const linphone = await Linphone.start({ tone: 784, provisioning });
  t.after(() => linphone.stop());
  await linphone.registered();

  await page.goto(user);
  await page.getByRole("link", { name: "Remove Business" }).click();
  await page.getByRole("button", { name: "Review plan" }).click();
  await page.getByRole("heading", { name: "What changes" }).waitFor();
  assert.equal((await fetch(provisioning)).status, 200, "a plan that is only shown changes nothing");
  await page.getByRole("button", { name: "Confirm" }).click();
  await page.waitForURL(user);
  assert.equal((await fetch(provisioning)).status, 404);
  await linphone.moves(); // to another port, so that its next REGISTER is now and not in ten minutes
  assert.match(await linphone.refused(), /^403/);

  await page.getByRole("link", { name: "Assign Voice" }).click();
  await page.getByRole("radio", { name: /^Business(?! Mobile)/ }).check();
  await page.getByRole("button", { name: "Change license" }).click();
  await page.getByText("Requirements are met").waitFor();
  await page.getByRole("button", { name: "Review plan" }).click();
  await confirmed(page);
  await page.getByRole("status").waitFor();
  await linphone.heals();
  assert.equal((await fetch(provisioning)).status, 200);
});
