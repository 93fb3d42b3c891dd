// "Import multiple Users (up to 40) at one time by using the Import Users option": download the template, fill it in, upload
// it. Every user from a file equals one that was made by hand, field by field.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { test } from "node:test";
import { axe, openBrowser, signIn } from "./lib/browser.js";
import { Lineside } from "./lib/lineside.js";
import { fill, libreOffice } from "./lib/spreadsheet.js";
import { addUser } from "./lib/wizard.js";

const BUSINESS = "01900000-0000-7000-8000-00000000000c";
const BY_HAND = {
  first: "Ada",
  last: "Lovelace",
  username: "ada.lovelace",
  email: "ada.lovelace@harbor-vine.example",
  location: "Denver",
  areaCode: "303",
  package: "Business:",
};
const USERS = 40;

test("40 users from each template equal one made by hand, field by field", async (t) => {
  const lineside = await Lineside.start(t);
  await lineside.api("PUT", `/seats/${BUSINESS}`, { bought: 200, bound: [] });
  const page = await signIn(await openBrowser(t), lineside.url, lineside.owner);
  const added = await addUser(page, { person: BY_HAND, model: "Linphone" });
  const byHand = await fields(lineside, added.user.split("/").at(-1));
  await lineside.api("POST", "/numbers", { numbers: ["+1 303 555 2000 - 2099"], kind: "landline" });

  const csv = people("csv", 2000, 620);
  await imports(page, "users-template.csv", lineside, async (template, result) => {
    const [head] = (await readFile(template, "utf8")).replace("\uFEFF", "").split(/\r?\n/);
    const headings = head.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/).map((heading) => heading.replaceAll('"', ""));
    const lines = csv.map((row) => headings.map((heading) => `"${row[heading] ?? ""}"`).join(","));
    await writeFile(result, [head, ...lines, ""].join("\r\n"));
  });
  const xlsx = people("xlsx", 2050, 661);
  let others = [];
  await imports(page, "users-template.xlsx", lineside, async (template, result) => {
    others = libreOffice ? ["ods", "xls"].map((format) => result.replace(/xlsx$/, format)) : [];
    await fill(template, xlsx, result, ...others);
  });
  for (const other of others) await plansAgain(page, other);

  for (const row of [...csv, ...xlsx]) {
    const found = await lineside.api("GET", `/users?search=${row.Extension}`);
    const user = found.items.find(({ username }) => username === row.Username);
    assert.ok(user, row.Username);
    const own = {
      first_name: row["First name"],
      last_name: row["Last name"],
      username: row.Username,
      email: row.Email,
      extension: row.Extension,
      numbers: [{ number: row["Phone number"], kind: "landline" }],
    };
    const e911 = { ...byHand.e911, callback: row["Phone number"] };
    assert.deepEqual(await fields(lineside, user.id), { ...byHand, ...own, e911 }, row.Username);
  }
});

test("an export that LibreOffice saved still knows what it was exported from", { skip: !libreOffice && "needs LibreOffice" }, async (t) => {
  const lineside = await Lineside.start(t);
  const exported = join(lineside.data, "users.xlsx");
  await writeFile(exported, await lineside.download("/users-file?kind=xlsx"));
  const saved = ["xlsx", "ods", "xls"].map((format) => join(lineside.data, `saved.${format}`));
  await fill(exported, [{ "Last name": "Retyped" }], ...saved);
  const [first, ...rest] = (await planned(lineside, saved[0])).rows;
  await lineside.api("PATCH", `/users/${first.user_id}`, { first_name: "Meanwhile" });

  for (const file of saved) {
    const { rows, errors, notes } = await planned(lineside, file);
    assert.deepEqual(errors, [], file);
    assert.deepEqual(rows, [{ ...first, name: "Meanwhile Retyped" }, ...rest], file);
    assert.deepEqual(notes.map(({ place, message }) => [place, message]), [["A2", "others wrote Meanwhile since the export, and that stays"]], file);
    assert.deepEqual(new Set(rest.map(({ effect }) => effect)), new Set(["unchanged"]), file);
  }
});

/** The plan of a file that is uploaded through the API. */
async function planned(lineside, file) {
  const { id } = await lineside.upload(`/imports?file_name=${basename(file)}`, await readFile(file));
  await lineside.api("POST", `/imports/${id}/plan`);
  return lineside.api("GET", `/imports/${id}/plan`);
}

/** Downloads a template, lets `fill` write the file to upload, and goes through the import; then once more with the same file. */
async function imports(page, link, lineside, fill) {
  await page.goto("/imports");
  await axe(page);
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator(`a[href="/imports/files/${link}"]`).click()]);
  const template = join(lineside.data, download.suggestedFilename());
  const filled = join(lineside.data, `filled-${download.suggestedFilename()}`);
  await download.saveAs(template);
  await fill(template, filled);

  await plans(page, filled);
  await page.getByRole("link", { name: `${USERS} added` }).waitFor();
  await axe(page);
  await page.getByRole("button", { name: `Import ${USERS} rows` }).click();
  await page.getByText(`${USERS} users were added, 0 changed`).waitFor();
  await axe(page);

  await plansAgain(page, filled);
}

async function plansAgain(page, file) {
  await plans(page, file);
  await page.getByRole("link", { name: `${USERS} unchanged` }).waitFor();
  await page.getByRole("link", { name: "0 added" }).waitFor();
}

async function plans(page, file) {
  await page.goto("/imports");
  await page.getByLabel("File", { exact: true }).setInputFiles(file);
  await page.getByRole("button", { name: "Upload" }).click();
  await page.getByRole("heading", { name: "What the columns mean" }).waitFor();
  await axe(page);
  await page.getByRole("button", { name: "Show the plan" }).click();
  await page.getByRole("heading", { name: "What each row does" }).waitFor();
}

/** Rows by the template's headings. */
function people(suffix, firstNumber, firstExtension) {
  return Array.from({ length: USERS }, (_, n) => ({
    "First name": "Zoë",
    "Last name": `Ångström-${suffix} ${n}`,
    Username: `zoe.${suffix}.${n}`,
    Email: `zoe.${suffix}.${n}@harbor-vine.example`,
    "Phone number": `+1303555${firstNumber + n}`,
    Extension: String(firstExtension + n),
    Location: "Denver",
    "Send a welcome email": "yes",
    "E911 unit, floor, room": "Floor 3, desk 12",
    "E911 confirmed": "yes",
    "Device model": "Linphone",
    "Voice license": "Business",
  }));
}

/** All that is known of a user, without what is another's by nature: identifiers, moments, states that change by themselves. */
async function fields(lineside, id) {
  const user = await lineside.api("GET", `/users/${id}`);
  const mails = user.mails.map(({ kind, template }) => ({ kind, template }));
  const numbers = user.numbers.map(({ number, kind }) => ({ number, kind }));
  const licenses = user.licenses.map(({ license_type_id, track_id }) => ({ license_type_id, track_id }));
  const devices = user.devices.map(({ model, mac, label, locked }) => ({ model, mac, label, locked }));
  const { address, callback, confirmed_at, confirmed_by } = user.e911;
  const e911 = { address, callback, confirmed: Boolean(confirmed_at), confirmed_by };
  const rest = Object.entries(user).filter(([name]) => !["id", "version", "created_at"].includes(name));
  return { ...Object.fromEntries(rest), mails, numbers, licenses, devices, e911 };
}
