// Mail through a mail server: encrypted, signed in, with the server's own words; and nothing is lost while it is down or when
// the program is killed.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { until } from "./lib/deadline.js";
import { Lineside } from "./lib/lineside.js";
import { MailServer } from "./lib/mail-server.js";
import { freePort } from "./lib/port.js";
import { Program } from "./lib/program.js";

test("a welcome mail waits for the mail server, survives a kill, and arrives once", async (t) => {
  const lineside = await Lineside.start(t);
  const user = (await lineside.api("GET", "/users?search=207")).items[0];
  await lineside.kill();

  const port = await freePort();
  const server = await MailServer.make(lineside.data, { port, username: "phones", password: "correct horse" });
  t.after(() => server.stop());
  await writeFile(join(lineside.data, "password"), "correct horse\n");
  const config = join(lineside.data, "lineside.toml");
  await writeFile(config, configuration(lineside, server));
  const serve = async () => {
    lineside.program = new Program("lineside", process.env.LINESIDE_BIN, ["serve", "--config", config]);
    await until("the program answers", async () => {
      lineside.program.mustRun();
      return (await fetch(`${lineside.url}/healthz`).catch(() => ({ ok: false }))).ok;
    }, { within: 60_000 });
  };
  const mail = async () => (await lineside.api("GET", `/users/${user.id}`)).mails[0];

  await serve();
  await lineside.api("POST", `/users/${user.id}/welcome`);
  const delayed = await until("a delayed mail", async () => {
    const sent = await mail();
    return sent?.state === "delayed" && sent;
  });
  assert.match(delayed.said, /refused|connect/i);

  await lineside.kill();
  await server.start();
  await serve();
  await lineside.api("POST", `/users/${user.id}/mails/${delayed.id}/retry`);
  const accepted = await until("an accepted mail", async () => {
    const sent = await mail();
    return sent?.state === "accepted" && sent;
  });
  assert.match(accepted.said, /taken as number 1/);
  const [taken, ...more] = server.taken;
  assert.deepEqual(more, []);
  assert.equal(taken.user, "phones");
  assert.ok(taken.encrypted);
  assert.match(taken.text, /multipart\/alternative/);
  assert.match(taken.text, /^Message-ID: /m);
});

function configuration(lineside, server) {
  const { host } = new URL(lineside.url);
  return `
data = ${JSON.stringify(lineside.data)}
[http]
url = "${lineside.url}"
listen = "${host}"
[sip]
host = "${lineside.sip.host}"
listen = "${lineside.sip.host}:${lineside.sip.port}"
media_address = "127.0.0.1"
[mail]
from = "phones@localhost.example"
[mail.smtp]
host = "localhost"
port = ${server.port}
security = "starttls"
username = "${server.username}"
password_file = ${JSON.stringify(join(lineside.data, "password"))}
trust_file = ${JSON.stringify(server.certificate)}
`;
}
