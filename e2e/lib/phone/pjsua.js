// A phone: PJSIP's pjsua2 (Python), with a tone in place of its microphone and a recording in place of its loudspeaker.

import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { final } from "../deadline.js";
import { freeRtpPorts } from "../port.js";
import { Program } from "../program.js";
import { readWav } from "../wav.js";
import { Phone } from "./phone.js";

const SCRIPT = fileURLToPath(new URL("pjsua.py", import.meta.url));
// ./test e2e makes it.
const PYTHON = process.env.PJSUA_PYTHON ?? fileURLToPath(new URL("../../.venv/bin/python", import.meta.url));

export class Pjsua extends Phone {
  /**
   * Starts a phone that says `tone` (Hz) in every call.
   * - `account`: `{ username, password, domain, server, transport }`; `server` is `host:port`.
   * - `srtp`: whether it insists on SRTP.
   * - `trust`: the PEM file of the certificate that the server shows.
   * - `codecs`: with more than one it asks for the chosen one again once the call stands, by UPDATE.
   * - `lamp`: whether it subscribes to its message waiting lamp.
   * - `listen`: `{ address, port, certificate, key }` (PEM files) of a carrier, which registers nowhere and takes every call.
   */
  static async start({ tone, account, trust = "", lamp = false, srtp = false, listen = null, codecs = ["PCMU/8000"] }) {
    const phone = new Pjsua("pjsua2", tone);
    phone.account = account;
    phone.events = [];
    phone.folder = await mkdtemp(join(tmpdir(), "lineside-pjsua-"));
    const rtp = await freeRtpPorts();
    const options = { transport: "udp", ...account, trust, lamp, srtp, listen, codecs, rtp, tone, folder: phone.folder };
    phone.program = new Program("pjsua2", PYTHON, [SCRIPT, JSON.stringify(options)]);
    phone.listen();
    return phone;
  }

  listen() {
    let unread = "";
    this.program.child.stdout.on("data", (text) => {
      const lines = (unread + text).split("\n");
      unread = lines.pop();
      // The library prints a few words of its own before it is told not to.
      this.events.push(...lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line)));
    });
  }

  tell(what, options = {}) {
    this.program.write(JSON.stringify({ do: what, ...options }));
  }

  async registered() {
    await this.until("registration", () => {
      const said = this.latest("registration")?.said;
      if (said && !said.startsWith("200 ")) throw final(`registration refused: ${said}`);
      return said;
    });
  }

  async call(extension) {
    await this.dial(this.uri(extension));
  }

  async dial(uri) {
    this.tell("call", { uri });
    await this.inState(["CALLING", "EARLY", "CONNECTING", "CONFIRMED"]);
  }

  uri(extension) {
    return `sip:${extension}@${this.account.domain}`;
  }

  async rings() {
    return (await this.inState(["INCOMING", "EARLY"], true)).peer;
  }

  async ringsThere() {
    await this.inState(["EARLY"]);
  }

  async answer() {
    this.tell("answer", { id: this.callId, status: 200 });
    await this.talks();
  }

  async talks() {
    await this.inState(["CONFIRMED"]);
  }

  async hold() {
    await this.media(() => this.tell("hold", { id: this.callId }));
  }

  async resume() {
    await this.media(() => this.tell("resume", { id: this.callId }));
  }

  /** Waits for the media to change by what is done. */
  async media(change) {
    const count = () => this.events.filter(({ event }) => event === "media").length;
    const before = count();
    change();
    await this.until("other media", () => count() > before);
  }

  async transfer(extension) {
    this.tell("transfer", { id: this.callId, uri: this.uri(extension) });
  }

  /** Connects the parties of two calls of this phone and leaves (attended transfer). */
  async connect(id, other) {
    this.tell("connect", { id, other });
  }

  async hangUp() {
    this.tell("hang_up", { id: this.callId });
  }

  /** Waits until the call is over and returns why: `486 Busy Here`. */
  async idle() {
    return (await this.inState(["DISCONNECTED"])).said;
  }

  /** Waits until the message waiting lamp was told `body`, a pattern, last. */
  async lamp(body) {
    await this.until(`a lamp that says ${body}`, () => body.test(this.latest("lamp")?.body ?? ""));
  }

  get callId() {
    return this.latest("call").id;
  }

  /** Waits until the latest call is in one of PJSIP's `states`, and returns the event of it. */
  async inState(states, incoming) {
    return this.until(states.join(" or "), () => {
      const error = this.latest("error");
      if (error) throw final(`pjsua2: ${error.said}`);
      const call = this.latest("call");
      return states.includes(call?.state) && call.incoming === (incoming ?? call.incoming) && call;
    });
  }

  latest(kind) {
    return this.events.findLast(({ event }) => event === kind);
  }

  /** The samples that this phone has heard in its latest call. */
  async heard() {
    const name = (await readdir(this.folder)).filter((name) => name.startsWith("heard-")).sort().at(-1);
    return name ? (await readWav(join(this.folder, name))).samples : new Int16Array(0);
  }

  async stop() {
    if (!this.program.over) this.tell("quit");
    await this.program.end();
    await rm(this.folder, { recursive: true, force: true });
  }
}
