// An operator's whole session over REST: an account opened whose owner signs in, and the catalogue changed under its version.

import assert from "node:assert/strict";
import { test } from "node:test";
import { openBrowser, signIn } from "./lib/browser.js";
import { until } from "./lib/deadline.js";
import { Lineside } from "./lib/lineside.js";
import { mailsTo } from "./lib/mail.js";
import { passwordLink, setPassword } from "./lib/portal.js";

test("an operator opens an account and changes the catalogue over REST", async (t) => {
  const lineside = await Lineside.start(t);
  const call = async (method, path, body, headers = {}) => {
    const answer = await fetch(`${lineside.url}/api/v1/operator${path}`, {
      method,
      headers: { authorization: `Bearer ${lineside.operator_api_token}`, "content-type": "application/json", ...headers },
      body: body && JSON.stringify(body),
    });
    return { status: answer.status, etag: answer.headers.get("etag"), json: await answer.json() };
  };

  const harbor = {
    name: "Harbor Dental",
    billing_email: "billing@harbor.example",
    time_zone: "America/Denver",
    country: "US",
    sip_domain: "harbor.sip.example",
    owner: { first_name: "Ida", last_name: "Berg", email: "ida@harbor.example" },
  };
  const plan = await call("POST", "/accounts?plan=true", harbor);
  const opened = await call("POST", "/accounts", harbor, { "lineside-plan": plan.json.fingerprint });
  assert.equal(opened.status, 201);
  assert.match(plan.json.summary.replaceAll(" ", ""), new RegExp(opened.json.number));
  const mails = await until("the owner's mail", async () => {
    const mails = await mailsTo(lineside.spool, "ida@harbor.example");
    return mails.length > 0 && mails;
  });
  const browser = await openBrowser(t);
  const page = await (await browser.newContext()).newPage();
  await setPassword(page, passwordLink(mails[0]), "a long walk in the rain");
  await signIn(browser, lineside.url, { username: "ida.berg", password: "a long walk in the rain" });

  const { json: read, etag } = await call("GET", "/catalogue");
  const { tracks, types } = read;
  const changed = types.map((type) => (type.slug === "business" ? { ...type, features: ["voice"] } : type));
  const wanted = { tracks, types: changed };
  const losing = await call("PUT", "/catalogue?plan=true", wanted);
  assert.match(losing.json.warnings.map(({ message }) => message).join(), /users of Business lose Voicemail/);
  const renamed = await call("PATCH", "/catalogue/types/business", { name: "Business line" });
  assert.equal(renamed.status, 200);
  const refused = await call("PUT", "/catalogue", wanted, { "if-match": etag });
  assert.equal(refused.status, 412);
  assert.equal(refused.json.differences[0].after, "Business line");
  const done = await call("PUT", "/catalogue", { tracks, types: changed }, { "if-match": renamed.etag });
  assert.equal(done.status, 200);
  const history = await call("GET", "/catalogue/history");
  assert.equal(history.json.items.length, 2);

  const operator = await signIn(browser, lineside.url, lineside.operator);
  await operator.goto(`${lineside.url}/operator/journal`);
  await operator.getByRole("link", { name: /^Open account .* for Harbor Dental$/ }).click();
  await operator.getByText("through the API").waitFor();
});
