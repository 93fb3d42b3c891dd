// Every page: no accessibility violation, light and wide, dark and narrow; nothing to scroll sideways on a telephone.

import assert from "node:assert/strict";
import { test } from "node:test";
import { axe, openBrowser, signIn } from "./lib/browser.js";
import { crawl } from "./lib/crawl.js";
import { Lineside } from "./lib/lineside.js";

const LOOKS = [
  ["light", { width: 1360, height: 900 }],
  ["dark", { width: 400, height: 800 }],
];

// Who looks, the fewest kinds of pages they must find, and pages that no link leads to.
const NOTHING_FOUND = ["/users", "/numbers", "/devices"].map((list) => `${list}?search=nothing-is-called-this`);
const PEOPLE = [
  ["owner", 40, [...NOTHING_FOUND, "/no-such-page", "/api/docs"]],
  ["user", 1, []],
  ["empty_owner", 20, ["/users", "/devices", "/departments", "/numbers", "/locations"]],
  ["operator", 10, ["/operator/accounts?search=nothing-is-called-this", "/operator/journal?search=nothing"]],
];

test("every page is accessible and fits, light and wide, dark and narrow", async (t) => {
  const lineside = await Lineside.start(t);
  const browser = await openBrowser(t);
  await t.test("for nobody", async () => {
    const page = await (await browser.newContext({ baseURL: lineside.url })).newPage();
    const wrong = [];
    await crawl(page, ["/sign-in", "/forgot-password", "/set-password/spent"], () => look(page, wrong));
    assert.equal(wrong.join("\n"), "");
  });
  for (const [who, fewest, more] of PEOPLE) {
    await t.test(`for the ${who}`, async () => {
      const page = await signIn(browser, lineside.url, lineside[who]);
      const wrong = [];
      const steps = who === "owner" ? await lastSteps(page) : [];
      const kinds = await crawl(page, ["/", ...more, ...steps], () => look(page, wrong));
      assert.equal(wrong.join("\n"), "");
      assert.ok(kinds.length >= fewest, `only these pages were found: ${kinds.join(" ")}`);
    });
  }
});

/** Of Add user: no link leads to them before the steps ahead are done. */
async function lastSteps(page) {
  await page.goto("/users?unfinished=on");
  const user = await page.locator("tbody a.person").first().getAttribute("href");
  return [`${user}/add/greeting`, `${user}/add/review`];
}

const ROWS = 12; // of a long list: the others look the same, and axe takes its time for each

async function look(page, wrong) {
  await page.evaluate((rows) => {
    for (const row of document.querySelectorAll(`tbody tr:nth-child(n + ${rows + 1})`)) row.remove();
  }, ROWS);
  for (const [colorScheme, size] of LOOKS) {
    await page.setViewportSize(size);
    await axe(page, [colorScheme]).catch((error) => wrong.push(`${size.width} px wide: ${error.message}`));
    const beyond = await page.evaluate(tooWide);
    if (beyond) wrong.push(`${page.url()} scrolls sideways at ${size.width} px: ${beyond}`);
  }
}

/** Runs in the page: what makes it scroll sideways, if it does. */
function tooWide() {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return "";
  const sticksOut = (part) => part.getBoundingClientRect().right > clientWidth + 1 && !part.closest(".scroll *");
  const parts = [...document.querySelectorAll("body *")].filter(sticksOut);
  return `${scrollWidth} px, by ${parts.slice(0, 3).map((part) => part.outerHTML.slice(0, 120)).join(" and ")}`;
}
