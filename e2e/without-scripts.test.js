// Every page works as plain HTML.

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { openBrowser, signIn } from "./lib/browser.js";
import { Lineside } from "./lib/lineside.js";
import { lampStrip } from "./lib/portal.js";
import { sine } from "./lib/tone.js";
import { writeWav } from "./lib/wav.js";
import { addUser } from "./lib/wizard.js";

test("without scripts a user is added through the whole wizard", async (t) => {
  const lineside = await Lineside.start(t);
  const browser = await openBrowser(t);
  const page = await signIn(browser, lineside.url, lineside.owner, { javaScriptEnabled: false });
  const greeting = join(lineside.data, "hello.wav");
  await writeWav(greeting, sine(440, { seconds: 1 }));
  const person = {
    first: "Mary",
    last: "Jackson",
    username: "",
    email: "mary@harbor-vine.example",
    location: "Tucson",
    areaCode: "520",
    package: "Business:",
  };
  const added = await addUser(page, { person, model: "Linphone", greeting });
  assert.match(added.number, /520/);
  await page.getByText("mary.jackson").first().waitFor();
  const strip = "License: ready; Number: ready; Emergency address: ready; Device: ready; Registered: missing";
  assert.equal(await lampStrip(page), strip);
});
