// A phone of few words: SIPp with scenarios of ours, one program a call, and a sound card of ours for the media. It omits
// what it may omit, answers at once, and leaves hanging up to the other side.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../port.js";
import { Program } from "../program.js";
import { Phone } from "./phone.js";
import { SoundCard } from "./sound_card.js";

const SCENARIOS = fileURLToPath(new URL("sipp/", import.meta.url));
const SOCKETS = { udp: "u1", tcp: "t1" };

export class Sipp extends Phone {
  /**
   * A phone that says `tone` (Hz) in every call. `account`: `{ username, password, domain, server, transport }`; over TCP it
   * calls only, since its registration would end with its program.
   */
  static async start({ tone, account }) {
    const phone = new Sipp("SIPp", tone);
    phone.account = { transport: "udp", ...account };
    phone.port = await freePort();
    phone.folder = await mkdtemp(join(tmpdir(), "lineside-sipp-"));
    phone.card = await SoundCard.open(tone);
    phone.runs = 0;
    if (phone.account.transport === "udp") {
      phone.play("register");
      await phone.over();
      phone.play("answer"); // until it calls
    }
    return phone;
  }

  /** Begins a scenario in place of the one before. */
  play(scenario, target = "") {
    const { username, password, domain, server, transport } = this.account;
    this.scenario = scenario;
    this.messages = join(this.folder, `messages-${++this.runs}`);
    this.program = new Program("sipp", "sipp", [
      server, "-sf", join(SCENARIOS, `${scenario}.xml`), "-t", SOCKETS[transport], "-i", "127.0.0.1", "-p", `${this.port}`,
      "-m", "1", "-nostdin", "-trace_msg", "-message_file", this.messages, "-timeout", "120",
      "-au", username, "-ap", password, "-auth_uri", target ? `${target}@${domain}` : domain,
      "-key", "user", username, "-key", "domain", domain, "-key", "target", target, "-key", "sound", `${this.card.port}`,
    ], { cwd: this.folder }); // prettier-ignore
  }

  /** Waits until the scenario was played to its end. */
  async over() {
    await this.program.exited;
    const { exitCode } = this.program.child;
    if (exitCode !== 0) throw new Error(`SIPp's ${this.scenario} failed (${exitCode}):\n${this.program.output.slice(-2000)}\n${await this.trace()}`);
  }

  async trace() {
    return readFile(this.messages, "latin1").catch(() => "");
  }

  async registered() {} // `start` has waited for it

  async call(extension) {
    await this.program?.stop("SIGKILL");
    this.play("call", extension);
  }

  /** Waits for an incoming call and returns who it says it is from. */
  async rings() {
    return (await this.inTrace(/^INVITE [\s\S]*?^From: (.*)$/m))[1];
  }

  async answer() {
    await this.talks();
  }

  async talks() {
    const other = this.scenario === "call" ? /^SIP\/2\.0 200 [\s\S]*?CSeq: 2 INVITE[\s\S]*?^m=audio (\d+)/m : /^INVITE [\s\S]*?^m=audio (\d+)/m;
    this.card.peer = Number((await this.inTrace(other))[1]);
    if (this.scenario === "answer") await this.inTrace(/^ACK /m);
  }

  async inTrace(pattern) {
    return this.until(`${pattern}`, async () => pattern.exec(await this.trace()));
  }

  /** Gives up without a word: hanging up is for the other side. */
  async hangUp() {
    await this.program.stop("SIGKILL");
    if (this.account.transport === "udp") this.play("answer");
  }

  /** Waits until the other side has hung up. */
  async idle() {
    await this.over();
    this.card.peer = undefined;
    if (this.account.transport === "udp") this.play("answer");
  }

  async heard() {
    return this.card.samples;
  }

  async stop() {
    this.card.close();
    await this.program?.stop("SIGKILL");
    await rm(this.folder, { recursive: true, force: true });
  }
}
