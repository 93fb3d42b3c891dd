// What calls leave behind, as people look at it: the history, one call, recordings, messages, forwarding; a call that goes on,
// and a test call with a real phone.

import assert from "node:assert/strict";
import { test } from "node:test";
import { axe, openBrowser, signIn } from "./lib/browser.js";
import { until } from "./lib/deadline.js";
import { Lineside } from "./lib/lineside.js";
import { Baresip } from "./lib/phone/baresip.js";
import { addGenericPhone, openUser } from "./lib/portal.js";

test("the history is filtered, a call shows its ladder, and its recording plays", async (t) => {
  const { page } = await owner(t);
  await page.goto("/calls");
  const rows = page.locator("#results tbody tr");
  assert.equal(await rows.count(), 50);
  await axe(page);
  await page.getByRole("link", { name: "Older calls" }).click();
  await page.waitForURL(/before=/);

  await page.goto("/calls");
  await page.getByLabel("Outcome").selectOption({ label: "busy" });
  await page.waitForURL(/outcome=busy/);
  const outcomes = await page.locator("#results tbody .tag").allInnerTexts();
  assert.ok(outcomes.length > 5 && outcomes.every((outcome) => outcome === "busy"), outcomes.join());

  await page.goto("/calls?outcome=answered");
  await rows.first().getByRole("link").click();
  await page.getByRole("heading", { name: "SIP messages" }).waitFor();
  for (const title of ["INVITE", "180 Ringing", "BYE"]) await page.locator("svg").getByText(title).first().waitFor();
  await axe(page);

  await page.goto("/calls?recorded=on");
  assert.ok((await rows.count()) >= 2);
  await rows.first().getByRole("link").click();
  await plays(page, page.locator("audio").first());
  await axe(page);
});

test("a message is heard and sent to a colleague", async (t) => {
  const { page } = await owner(t);
  await page.goto("/voicemail");
  await axe(page);
  await page.locator("tbody a.person").first().click();
  await plays(page, page.locator("audio"));
  await page.getByLabel("Extension").fill("999");
  await page.getByRole("button", { name: "Send a copy" }).click();
  await page.getByText("nobody has extension 999; check it").first().waitFor();
  await axe(page);
  await page.getByLabel("Extension").fill("203");
  await page.getByRole("button", { name: "Send a copy" }).click();
  await page.getByRole("status").getByText("A copy lies in your colleague's mailbox.").waitFor();
  await openUser(page, "203");
  await page.getByRole("link", { name: "Messages and settings…" }).click();
  assert.equal(await page.locator("tbody tr").count(), 2, "theirs, and the copy");
});

test("forwarding tells beside each field what is wrong with it", async (t) => {
  const { page } = await owner(t);
  await openUser(page, "203");
  await page.goto(`${page.url()}/forwarding`);
  await page.getByLabel("When busy").fill("911");
  await page.getByLabel("after so many seconds").fill("3");
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator("#busy-error").waitFor();
  await page.locator("#ring_seconds-error").waitFor();
  await axe(page);
  await page.getByLabel("When busy").fill("205");
  await page.getByLabel("after so many seconds").fill("20");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("status").waitFor();
  assert.equal(await page.getByLabel("When busy").inputValue(), "205");
});

test("a call that goes on is seen at once, and hung up", async (t) => {
  const { page, lineside } = await owner(t);
  const here = await phone(t, page, "207", { tone: 523 });
  const there = await phone(t, page, "208", { tone: 784 });
  await page.goto("/calls");
  await page.evaluate(() => (globalThis.sameAsBefore = true));
  await here.call("208");
  await there.rings();
  const now = page.locator("#now");
  await now.getByText("ringing").waitFor();
  await there.answer();
  await now.getByText("talking").waitFor();
  await axe(page);
  assert.ok(await page.evaluate(() => globalThis.sameAsBefore), "the page was loaded anew");
  await now.getByRole("button", { name: /^Hang up/ }).click();
  await Promise.all([here.idle(), there.idle()]);
  await page.getByText("The call is hung up.").waitFor();
  await until("the call in the history, as hung up", async () => {
    const { items } = await lineside.api("GET", "/calls?number=207");
    return items[0].ended_by === "switch";
  });
});

test("a test call rings the phone, and the page tells what was heard", async (t) => {
  const { page } = await owner(t);
  const here = await phone(t, page, "207", { tone: 523, answer: "auto" });
  await openUser(page, "207");
  await page.evaluate(() => (globalThis.sameAsBefore = true));
  await page.getByRole("button", { name: "Test call" }).click();
  const section = page.locator("#test-call");
  await section.getByText("The phone answered.").waitFor({ timeout: 20_000 });
  await axe(page);
  await section.getByText("the phone was heard").waitFor({ timeout: 60_000 });
  await section.getByText(/lost, jitter .* ms.*PCM/).waitFor();
  await plays(page, section.locator("audio"));
  await axe(page);
  await here.hangUp(); // what was said is still being played back
  await here.idle();
});

test("a test call of somebody without a phone says what to do", async (t) => {
  const { page } = await owner(t);
  await openUser(page, "209");
  await page.getByRole("button", { name: "Test call" }).click();
  await page.locator("#test-call").getByText("no phone is registered").waitFor();
  await page.locator("#test-call").getByText(/Switch a phone of this user on/).waitFor();
});

async function owner(t) {
  const lineside = await Lineside.start(t);
  const page = await signIn(await openBrowser(t), lineside.url, lineside.owner);
  return { lineside, page };
}

async function phone(t, page, extension, options) {
  const account = await addGenericPhone(page, extension);
  const baresip = await Baresip.start({ account, ...options });
  t.after(() => baresip.stop());
  await baresip.registered();
  return baresip;
}

/** The sound can be played, from its middle too. */
async function plays(page, audio) {
  const seconds = await audio.evaluate(async (audio) => {
    audio.muted = true;
    await audio.play();
    audio.currentTime = audio.duration / 2;
    await new Promise((seeked) => audio.addEventListener("seeked", seeked, { once: true }));
    const from = audio.currentTime;
    await new Promise((moved) => audio.addEventListener("timeupdate", () => audio.currentTime > from && moved()));
    audio.pause();
    return audio.duration;
  });
  assert.ok(seconds > 1, `${seconds} s`);
}
