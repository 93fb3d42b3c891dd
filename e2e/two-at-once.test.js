// Two people want the same thing at once: neither is overwritten unawares, and one seat is given once.

import assert from "node:assert/strict";
import { test } from "node:test";
import { openBrowser, signIn } from "./lib/browser.js";
import { Lineside } from "./lib/lineside.js";
import { confirmed, openUser, setPasswordByMail } from "./lib/portal.js";

test("who saves second sees what changed and by whom, keeps what they typed, and may overwrite it", async (t) => {
  const { owner, administrator } = await twoPeople(t);
  await openUser(owner, "208");
  const user = owner.url();
  await Promise.all([owner.goto(`${user}/edit`), administrator.goto(`${user}/edit`)]);

  await owner.getByLabel("Last name").fill("Hopper");
  await owner.getByRole("button", { name: "Save" }).click();
  await owner.waitForURL(user);

  await administrator.getByLabel("First name").fill("Grace Brewster");
  await administrator.getByLabel("Last name").fill("Murray");
  await administrator.getByRole("button", { name: "Save" }).click();
  await administrator.locator(".summary").waitFor();
  const remark = await administrator.locator("#last_name-remark").innerText();
  assert.match(remark, /^Ana Duarte changed this to “Hopper”/);
  assert.equal(await administrator.getByLabel("First name").inputValue(), "Grace Brewster");
  assert.equal(await administrator.getByLabel("Last name").inputValue(), "Murray");
  await owner.reload();
  await owner.getByRole("heading", { name: /Hopper$/ }).waitFor(); // nothing was overwritten yet

  await administrator.getByRole("button", { name: "Save" }).click();
  await administrator.waitForURL(user);
  await administrator.getByRole("heading", { name: "Grace Brewster Murray" }).waitFor();
});

test("the last seat goes to one, and the other reads that none is free", async (t) => {
  const { owner, administrator } = await twoPeople(t);
  await owner.goto("/licensing");
  await owner.getByRole("textbox", { name: "Seats of Unlimited 5G" }).fill("1");
  await owner.getByRole("button", { name: "Set seats of Unlimited 5G" }).click();
  if (await confirmed(owner)) await owner.getByRole("status").waitFor();

  await Promise.all([wantsUnlimited(owner, "208"), wantsUnlimited(administrator, "209")]);
  await Promise.all([takes(owner), takes(administrator)]);
  const outcomes = await Promise.all([outcome(owner), outcome(administrator)]);
  assert.deepEqual(outcomes.toSorted(), ["done", "no free seat"]);
});

/** The owner and an administrator, each in a browser session of their own. */
async function twoPeople(t) {
  const lineside = await Lineside.start(t);
  const browser = await openBrowser(t);
  const owner = await signIn(browser, lineside.url, lineside.owner);
  const credentials = await setPasswordByMail(browser, lineside, "chiara.rossi");
  return { owner, administrator: await signIn(browser, lineside.url, credentials) };
}

async function wantsUnlimited(page, extension) {
  await openUser(page, extension);
  await page.getByRole("link", { name: "Assign Mobile data" }).click();
  await page.getByRole("radio", { name: /Unlimited 5G/ }).check();
  await page.getByRole("button", { name: "Change license" }).click();
  await page.getByRole("heading", { name: "General requirements" }).waitFor();
}

async function takes(page) {
  await page.getByRole("button", { name: "Review plan" }).click();
  await confirmed(page);
}

async function outcome(page) {
  const done = page.getByRole("status").filter({ hasText: "Done" });
  const refused = page.getByText(/no free seat/i);
  await done.or(refused).first().waitFor();
  return (await refused.first().isVisible()) ? "no free seat" : "done";
}
