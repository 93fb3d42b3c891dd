// Lineside under test: the real program with its demo data, in a folder of its own and on ports of its own.

import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "./deadline.js";
import { demoData } from "./demo.js";
import { freePort } from "./port.js";
import { Program } from "./program.js";

export class Lineside {
  /**
   * Copies the demo data, starts the program and stops it after the test `t`. What the program says of itself becomes
   * fields: `url`, `operator`, `owner`, `user` (each `{ username, password }`), `api_token`, `operator_api_token`, `sip`, `spool`.
   * `options`: more arguments of `lineside demo`. With `transports`, phones reach it over TCP, TLS and WebSocket too, at
   * `doors` (`host:port` by transport), and know it by the certificate in `trust`.
   */
  static async start(t, options = [], { transports = false } = {}) {
    const lineside = new Lineside();
    lineside.data = await mkdtemp(join(tmpdir(), "lineside-e2e-"));
    t.after(async () => {
      await lineside.program?.stop();
      await rm(lineside.data, { recursive: true, force: true });
    });
    await cp(await demoData(binary()), lineside.data, { recursive: true });
    const [http, sip] = [await freePort(), await freePort()];
    if (transports) {
      for (const door of ["tls", "ws", "wss"]) (lineside.doors ??= {})[door] = `127.0.0.1:${await freePort()}`;
      options = [...options, ...Object.entries(lineside.doors).flatMap(([door, address]) => [`--sip-${door}`, address])];
      lineside.trust = join(lineside.data, "sip-certificate.pem");
    }
    lineside.arguments = ["--data", lineside.data, "--http", `127.0.0.1:${http}`, "--sip", `127.0.0.1:${sip}`, ...options];
    await lineside.resume();
    return lineside;
  }

  /**
   * Gives the user with `extension` another phone. Returns the `account` that a phone of these tests registers with, as its
   * page shows it once, and the `device`.
   */
  async addPhone(extension, { transport = "udp", ...device } = {}) {
    const { items } = await this.api("GET", `/users?search=${extension}`);
    const user = items.find((user) => user.extension === extension);
    const { id } = await this.api("POST", "/devices", { model: "generic", user_id: user.id, ...device });
    const { username, secret, domain, registrar } = await this.api("POST", `/devices/${id}/generate`);
    const server = this.doors?.[transport] ?? registrar;
    return { device: id, user: user.id, account: { username, password: secret, domain, server, transport } };
  }

  /** Starts the program on the data that is there: at first, and after `kill`. */
  async resume() {
    this.program = new Program("lineside", binary(), ["demo", ...this.arguments, "--json"]);
    const line = await until("the program's first line", () => this.firstLine(), { within: 60_000 });
    Object.assign(this, JSON.parse(line));
  }

  firstLine() {
    this.program.mustRun();
    return this.program.stdout.includes("\n") && this.program.stdout.split("\n", 1)[0];
  }

  /** Ends the program without a word, as a power cut does. */
  async kill() {
    await this.program.stop("SIGKILL");
  }

  /**
   * Calls the REST API as the demo account's owner: `api("POST", "/users", { … })`. Returns the body, decoded; an answer
   * that is no success is an error with `status` and `problem` (RFC 9457). `token`: somebody else's.
   */
  async api(method, path, body, token = this.api_token) {
    const answer = await this.request(method, path, body && JSON.stringify(body), "application/json", token);
    return decode(`${method} ${path}`, answer);
  }

  /** Sends a file as the demo account's owner. Returns the body, decoded. */
  async upload(path, bytes) {
    return decode(`POST ${path}`, await this.request("POST", path, bytes, "application/octet-stream"));
  }

  /** A file that the REST API has, for the demo account's owner. */
  async download(path) {
    const answer = await this.request("GET", path);
    if (!answer.ok) await decode(`GET ${path}`, answer);
    return Buffer.from(await answer.arrayBuffer());
  }

  request(method, path, body, type = "application/json", token = this.api_token) {
    const headers = { authorization: `Bearer ${token}`, "content-type": type };
    return fetch(`${this.url}/api/v1${path}`, { method, headers, body });
  }
}

async function decode(asked, answer) {
  const text = await answer.text();
  const decoded = text && JSON.parse(text);
  if (answer.ok) return decoded;
  const error = new Error(`${asked}: ${answer.status} ${text}`);
  throw Object.assign(error, { status: answer.status, problem: decoded });
}

function binary() {
  const path = process.env.LINESIDE_BIN;
  if (!path) throw new Error("LINESIDE_BIN must name the program; ./test e2e builds it and sets this");
  return path;
}
