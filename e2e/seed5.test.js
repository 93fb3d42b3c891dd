// "Assign licenses to a Single user & Mass assign licenses" and "Scheduled assignments", in that guide's order and words.

import assert from "node:assert/strict";
import { test } from "node:test";
import { axe, openBrowser, signIn } from "./lib/browser.js";
import { day } from "./lib/day.js";
import { Lineside } from "./lib/lineside.js";

test("a license is assigned to a single user whose requirements are met", async (t) => {
  const page = await owner(t);
  await openByName(page, "Eve Lindqvist"); // Business, with a landline
  await page.getByRole("link", { name: "Assign license…" }).click();
  await chooses(page, "Voice", "Business Mobile");
  await axe(page);

  // The details are completed in place: the numbers are selected, and are part of the same plan.
  await page.getByText("Eve Lindqvist needs a mobile number").waitFor();
  await page.getByLabel("Mobile number for Eve Lindqvist").selectOption({ index: 1 });
  await page.getByRole("button", { name: "Check again" }).click();
  await page.getByText("Requirements are met", { exact: true }).waitFor();

  await page.getByRole("radio", { name: /Assign now/ }).check();
  await confirms(page);
  await page.locator("#licenses .held").getByText("Business Mobile").waitFor();
});

test("requirements that are not met keep a license from being assigned now, and not from being scheduled", async (t) => {
  const page = await owner(t);
  await openByName(page, "Diego Ruiz"); // no license, no number
  await page.getByRole("link", { name: "Assign license…" }).click();
  await chooses(page, "Mobile data", "Unlimited 5G");
  await page.getByText("Requirements are not met", { exact: true }).waitFor();
  await page.getByText("Diego Ruiz needs an active Voice license").first().waitFor();

  await page.getByRole("radio", { name: /Assign now/ }).check();
  await page.getByRole("button", { name: "Review plan" }).click();
  await page.locator("#when-error").waitFor();

  await customDate(page, 40);
  await page.getByText("America/Phoenix").first().waitFor();
  await page.getByRole("button", { name: "Review plan" }).click();
  await page.getByText("It will fail on its day unless this is repaired by then").waitFor();
  await axe(page);
  await page.getByRole("button", { name: "Confirm" }).click();
  await page.locator(".timeline").waitFor();
  await page.getByText(/Unlimited 5G on .* will fail/).first().waitFor();
  await axe(page);
});

test("licenses are assigned to several users at once, those who lack something with those who do not", async (t) => {
  const page = await owner(t);
  // The users are selected from the list: one by one with Ctrl, as many as wanted.
  await page.goto("/users?license_type_id=none");
  const boxes = page.getByRole("checkbox", { name: /^Select (?!all)/ });
  await boxes.nth(0).check();
  await boxes.nth(1).check();
  await page.getByRole("button", { name: "Assign license…" }).click();
  await chooses(page, "Voice", "Business");
  await page.getByText("2 users need a landline number").waitFor();
  await axe(page);
  await page.getByRole("button", { name: "Give each a free number" }).click();
  await page.getByText("Requirements are met", { exact: true }).waitFor();
  await customDate(page, 30);
  await confirms(page);
  await page.waitForURL(/\/schedule$/);
  await page.getByRole("heading", { name: "Schedule" }).waitFor();
  await page.goto(`/schedule?from=${day(30)}&until=${day(30)}`);
  assert.equal(await page.locator("tbody tr").count(), 2);
  await page.goto(`/schedule/month?month=${day(30).slice(0, 7)}`);
  await page.getByRole("link", { name: /^2 changes/ }).waitFor();
});

test("a scheduled assignment gets another date, all of a user's get one, and one is removed", async (t) => {
  const page = await owner(t);
  await openByName(page, "Eve Lindqvist");
  const user = page.url();
  await schedules(page, user, "Voice", "Basic", 20);
  await schedules(page, user, "Upgrades", "Pro Plus", 25);

  const entries = page.locator(".entries tbody tr");
  assert.equal(await entries.count(), 2);
  await entries.first().getByRole("link", { name: /^Edit date/ }).click();
  await page.getByLabel("Schedule date").fill(day(22));
  await page.getByRole("button", { name: "Save date" }).click();
  await confirmsWhatIsShown(page);
  await page.waitForURL(user);

  await page.getByLabel("One date for all scheduled licenses").fill(day(35));
  await page.getByRole("button", { name: "Move all…" }).click();
  await confirmsWhatIsShown(page);
  await page.waitForURL(user);
  const dates = await entries.locator("td:first-child").allInnerTexts();
  assert.equal(new Set(dates).size, 1);

  await entries.first().getByRole("link", { name: /^Remove/ }).click();
  await page.getByRole("button", { name: "Confirm" }).click();
  await page.waitForURL(user);
  assert.equal(await entries.count(), 1);
});

async function owner(t) {
  const lineside = await Lineside.start(t);
  const browser = await openBrowser(t);
  return signIn(browser, lineside.url, lineside.owner);
}

async function openByName(page, name) {
  await page.goto(`/users?search=${encodeURIComponent(name)}`);
  await page.getByRole("link", { name, exact: true }).first().click();
  await page.getByRole("heading", { name, exact: true }).waitFor();
}

/** The track, the license type with the comparison beside it, and Change license. */
async function chooses(page, track, type) {
  await page.getByRole("button", { name: new RegExp(`^${track}`) }).click();
  await page.getByRole("radio", { name: new RegExp(`^${type}(?! Mobile)`) }).waitFor();
  await page.getByText("Show comparison").click();
  await page.getByRole("group", { name: "Comparison" }).waitFor();
  await page.getByRole("radio", { name: new RegExp(`^${type}(?! Mobile)`) }).check();
  await page.getByRole("button", { name: "Change license" }).click();
  await page.getByRole("heading", { name: "General requirements" }).waitFor();
}

async function customDate(page, days) {
  await page.getByRole("radio", { name: /Custom date/ }).check();
  await page.getByLabel("Date", { exact: true }).fill(day(days));
}

async function confirms(page) {
  await page.getByRole("button", { name: "Review plan" }).click();
  await page.getByRole("button", { name: "Confirm" }).click();
  await page.getByRole("status").filter({ hasText: "Done" }).waitFor();
}

/** What moves no seat is done without a plan. */
async function confirmsWhatIsShown(page) {
  const confirm = page.getByRole("button", { name: "Confirm" });
  await confirm.or(page.locator("#licenses")).first().waitFor();
  if (await confirm.isVisible()) await confirm.click();
}

async function schedules(page, user, track, type, days) {
  await page.goto(user);
  await page.getByRole("link", { name: "Assign license…" }).click();
  await chooses(page, track, type);
  await customDate(page, days);
  await confirms(page);
}
