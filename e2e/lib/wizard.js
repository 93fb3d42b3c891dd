// Add user, step by step, as an administrator's hands do it. `look` is called on each page that is passed.

/** An option of a list by the words that it begins with; returns its whole text. */
export async function choose(list, words) {
  const option = list.locator("option", { hasText: words }).first();
  const text = (await option.textContent()).trim();
  await list.selectOption({ value: await option.getAttribute("value") });
  return text;
}

/**
 * Goes through the whole wizard and leaves the browser on the new user's page. Returns what the wizard filled in:
 * `{ user, number, extension, device }`; `user` and `device` are paths.
 * - `person`: `{ first, last, email, location, areaCode, package }`.
 * - `model`: of the new device.
 * - `greeting`: a file to upload, if any.
 */
export async function addUser(page, { person, model, greeting }, look = async () => {}) {
  await page.goto("/users/add");
  await look(page);
  const added = await fillProfile(page, person);
  await saveAndContinue(page, "E911 address");
  added.user = new URL(page.url()).pathname.replace(/\/add\/e911$/, "");
  await look(page);
  await page.getByLabel("Floor, suite, room").fill("Floor 3, desk 12");
  await page.getByLabel("I confirm that this is where the phone will be used.").check();
  await saveAndContinue(page, "Device");
  await look(page);
  await page.getByLabel("Model", { exact: true }).selectOption({ label: model });
  await page.getByRole("button", { name: "Save & continue" }).click();
  added.device = await page.getByRole("link", { name: "Device page" }).getAttribute("href");
  await look(page);
  await page.getByRole("button", { name: "Continue" }).click();
  await isAtStep(page, "Greeting");
  await look(page);
  if (greeting) await page.getByLabel("Upload a greeting").setInputFiles(greeting);
  await saveAndContinue(page, "Review");
  await look(page);
  await page.getByRole("button", { name: "Finish" }).click();
  await page.waitForURL((address) => address.pathname === added.user);
  return added;
}

async function fillProfile(page, person) {
  await page.getByLabel("First name").fill(person.first);
  await page.getByLabel("Last name").fill(person.last);
  await page.getByLabel("Username").fill(person.username);
  await page.getByLabel("Email", { exact: true }).fill(person.email);
  await page.getByLabel("Location", { exact: true }).selectOption({ label: person.location });
  const numbers = page.getByLabel("Phone number", { exact: true });
  await showNumbers(page, numbers);
  const number = await choose(numbers, person.areaCode);
  await choose(page.getByLabel("Package"), person.package);
  return { number, extension: await page.getByLabel("Extension", { exact: true }).inputValue() };
}

/** The location's area code comes first: by itself with scripts, by a button without. */
async function showNumbers(page, numbers) {
  const button = page.getByRole("button", { name: "Show numbers for this location" });
  if (await button.isVisible()) await button.click();
  await numbers.locator("optgroup[label=\"In the location's area code\"]").first().waitFor({ state: "attached" });
}

async function saveAndContinue(page, step) {
  await page.getByRole("button", { name: "Save & continue" }).click();
  await isAtStep(page, step);
}

/** Fails with what the page says is wrong when it does not go on. */
async function isAtStep(page, step) {
  const current = page.locator(".steps [aria-current=step]", { hasText: step });
  const wrong = page.locator(".summary");
  await current.or(wrong).first().waitFor();
  if (await wrong.isVisible()) throw new Error(`before ${step}: ${await wrong.innerText()}`);
}
