// A real browser: Debian's Chromium, driven by playwright-core.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const QUIET = [
  "--no-sandbox", // tests run as root too
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const axeSource = readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Starts a browser that closes after the test `t`. */
export async function openBrowser(t) {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  const browser = await chromium.launch({ executablePath, args: QUIET });
  t.after(() => browser.close());
  return browser;
}

/** A page in a session of its own, signed in as `{ username, password }`. `options`: Playwright's for a context. */
export async function signIn(browser, url, { username, password }, options = {}) {
  const context = await browser.newContext({ baseURL: url, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  await page.goto("/");
  await page.getByLabel("Username").fill(username);
  await page.getByLabel("Password", { exact: true }).fill(password);
  const signInPage = page.url();
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL((address) => address.href !== signInPage);
  return page;
}

/** Fails with every accessibility violation that axe finds on the page, in the light look and in the dark one. */
export async function axe(page, looks = ["light", "dark"]) {
  const source = await axeSource;
  const found = [];
  for (const colorScheme of looks) {
    await page.emulateMedia({ colorScheme });
    // Not as a script of the page: its content security policy forbids that, and rightly.
    if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(source);
    const { violations } = await page.evaluate(() => globalThis.axe.run({ resultTypes: ["violations"] }));
    for (const { id, help, nodes } of violations) {
      const places = nodes.map(({ target, failureSummary }) => `    ${target.join(" ")}: ${failureSummary}`);
      found.push(`  ${colorScheme}: ${id}: ${help}\n${places.join("\n")}`);
    }
  }
  await page.emulateMedia({ colorScheme: null });
  if (found.length > 0) throw new Error(`accessibility violations on ${page.url()}:\n${found.join("\n")}`);
}
