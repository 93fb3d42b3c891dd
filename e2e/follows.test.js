// Pages that follow what others change, without being loaded anew.

import assert from "node:assert/strict";
import { test } from "node:test";
import { axe, openBrowser, signIn } from "./lib/browser.js";
import { day } from "./lib/day.js";
import { Lineside } from "./lib/lineside.js";

/** From the answer of a change to its sight on an open page. */
const WITHIN = 1_000;

test("the schedule, its month, Home and the rail follow within a second", async (t) => {
  const lineside = await Lineside.start(t);
  const browser = await openBrowser(t);
  const open = async (path) => {
    const page = await signIn(browser, lineside.url, lineside.owner);
    await page.goto(path);
    // A mark that does not survive loading the page.
    await page.evaluate(() => (globalThis.sameAsBefore = true));
    return page;
  };
  const date = day(3);
  const [schedule, month, home] = await Promise.all([
    open(`/schedule?from=${date}&until=${date}`),
    open(`/schedule/month?month=${date.slice(0, 7)}`),
    open("/home"),
  ]);
  const count = (page, href) => page.locator(`nav.rail a[href='${href}'] .count`);
  const failing = Number(await count(schedule, "/schedule").innerText());
  const tile = home.locator("a.tile[href='/schedule'] b");
  const scheduled = Number(await tile.innerText());
  await schedule.getByText("Nothing fits").waitFor();

  // Somebody without a number: it would fail.
  const { items } = await lineside.api("GET", "/users?search=209");
  await lineside.api("POST", "/licenses/assign", { user_ids: [items[0].id], license_type: "business", date });
  const changed = performance.now();
  await Promise.all([
    schedule.locator("tbody tr").first().waitFor(),
    month.locator(`td:has(time[datetime='${date}']) .tag`).first().waitFor(),
    home.locator(`a.tile[href='/schedule'] b:text-is("${scheduled + 1}")`).waitFor(),
    ...[schedule, month, home].map((page) =>
      page.locator(`nav.rail a[href='/schedule'] .count:text-is("${failing + 1}")`).waitFor(),
    ),
  ]);
  const took = performance.now() - changed;
  t.diagnostic(`${took.toFixed(0)} ms`);
  assert.ok(took < WITHIN, `${took} ms`);
  for (const page of [schedule, month, home]) {
    assert.ok(await page.evaluate(() => globalThis.sameAsBefore), "the page was loaded anew");
    await axe(page);
  }
});
