// Users picked like files, by mouse and keyboard, and all that match on every page.

import assert from "node:assert/strict";
import { test } from "node:test";
import { axe, openBrowser, signIn } from "./lib/browser.js";
import { Lineside } from "./lib/lineside.js";

test("users are picked by click, Shift, Ctrl and the keyboard", async (t) => {
  const lineside = await Lineside.start(t);
  const browser = await openBrowser(t);
  const page = await signIn(browser, lineside.url, lineside.owner);
  await page.goto("/users");
  const extension = (row) => page.locator("tbody tr").nth(row).locator("td").nth(2);
  const box = (row) => page.locator("tbody tr").nth(row).locator("input[type=checkbox]");
  const says = (text) => page.locator("[data-selected]").filter({ hasText: text }).waitFor();
  await says("None selected");
  await extension(1).click();
  await says("1 selected");
  await extension(4).click({ modifiers: ["Shift"] });
  await says("4 selected");
  await extension(6).click({ modifiers: ["ControlOrMeta"] });
  await says("5 selected");
  await box(0).focus();
  await page.keyboard.press("Escape");
  await says("None selected");
  await page.keyboard.press("Space");
  await page.keyboard.press("Shift+ArrowDown");
  await page.keyboard.press("Shift+ArrowDown");
  await says("3 selected");
  await page.keyboard.press("Shift+ArrowUp");
  await says("2 selected");
  await page.keyboard.press("Control+a");
  await says("50 selected");
  await axe(page);
});

test("all that match are picked on every page, but those unticked", async (t) => {
  const lineside = await Lineside.start(t);
  const browser = await openBrowser(t);
  const page = await signIn(browser, lineside.url, lineside.owner);
  await page.goto("/users");
  await page.getByRole("link", { name: /^Select all \d+ users$/ }).click();
  const count = async () => Number.parseInt(await page.locator("[data-selected]").innerText(), 10);
  const all = await count();
  assert.ok(all > 100, `only ${all} users are picked`);
  await page.locator("tbody input[type=checkbox]").first().uncheck();
  assert.equal(await count(), all - 1);
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByText("Page 2 of").waitFor();
  assert.equal(await count(), all - 1);
  await axe(page);
  await page.getByText("More", { exact: true }).click();
  await axe(page);
  await page.getByRole("button", { name: "Suspend…" }).click();
  await page.getByRole("heading", { name: `Suspend ${all - 1} users` }).waitFor();
  await axe(page);
});
