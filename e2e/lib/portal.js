// What people do in the portal, and what it shows them, beyond one test.

import { until } from "./deadline.js";
import { mailsTo } from "./mail.js";

/** What the first lamp strip on the page says: `License: ready; Number: missing; …`. */
export async function lampStrip(page) {
  return page.locator("[data-lamps] .lamps").first().getAttribute("aria-label");
}

/** Opens the page of the user with `extension` through the list's search. */
export async function openUser(page, extension) {
  await page.goto(`/users?search=${extension}`);
  await page.locator("tbody tr", { hasText: extension }).first().getByRole("link").first().click();
  await page.waitForURL(/\/users\/[0-9a-f-]{36}$/);
}

/**
 * Gives the user with `extension` a Generic SIP phone and presses Generate. Returns what a phone needs, as read from the
 * page that shows it once: an `account` for `Baresip`.
 */
export async function addGenericPhone(page, extension, look = async () => {}) {
  await openUser(page, extension);
  await page.getByRole("link", { name: "Add device…" }).click();
  await page.getByLabel("Model", { exact: true }).selectOption({ label: "Generic SIP phone" });
  await page.getByRole("button", { name: "Add device" }).click();
  if (await confirmed(page)) await page.waitForURL(/\/devices\//);
  await look(page);
  await page.getByRole("link", { name: "Generate…" }).first().click();
  await look(page);
  await page.getByRole("button", { name: "Confirm" }).click();
  await page.getByRole("heading", { name: "SIP credentials" }).waitFor();
  await look(page);
  const fact = (name) => page.locator(`dt:text-is("${name}") + dd`).innerText();
  const account = {
    username: await fact("Username"),
    password: await fact("Password"),
    domain: await fact("Server and realm"),
    server: (await fact("Registrar")).split(" ")[0],
  };
  await page.getByRole("link", { name: "I have typed them in" }).click();
  await page.waitForURL(/\/devices\//);
  return account;
}

/** Confirms the plan if one is shown. */
export async function confirmed(page) {
  const confirm = page.getByRole("button", { name: "Confirm" });
  await confirm.or(page.locator("main h1")).first().waitFor();
  if (!(await confirm.isVisible())) return false;
  await confirm.click();
  return true;
}

/** Sets a password by the link in a mail that the user asks for. Returns how to sign in with it. */
export async function setPasswordByMail(browser, lineside, username) {
  const context = await browser.newContext({ baseURL: lineside.url });
  const page = await context.newPage();
  await page.goto("/forgot-password");
  await page.getByLabel("Username").fill(username);
  await page.getByRole("button", { name: "Send me a link" }).click();
  await page.getByRole("heading", { name: "Look in your mail" }).waitFor();
  const mails = await until(`a mail to ${username}`, async () => {
    const mails = await mailsTo(lineside.spool, username);
    return mails.length > 0 && mails;
  });
  const password = "seven brass lamps at dusk";
  await setPassword(page, passwordLink(mails.at(-1)), password);
  await context.close();
  return { username, password };
}

/** The link that sets a password, from a mail. */
export function passwordLink(mail) {
  return mail.match(/https?:\/\/\S+\/set-password\/[\w-]+/)[0];
}

export async function setPassword(page, link, password) {
  await page.goto(link);
  await page.getByLabel("New password").fill(password);
  await page.getByLabel("The same again").fill(password);
  await page.getByRole("button", { name: "Set password" }).click();
  await page.getByRole("heading", { name: "Your password is set" }).waitFor();
}
