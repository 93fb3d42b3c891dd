// A phone: linphone-daemon, provisioned from a URL as a person's Linphone is, with a sound card of ours.

import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { final } from "../deadline.js";
import { freePort, freeRtpPorts } from "../port.js";
import { Program } from "../program.js";
import { Phone } from "./phone.js";
import { SoundCard } from "./sound_card.js";

const PROMPT = "daemon-linphone>";

export class Linphone extends Phone {
  /**
   * Starts a phone that says `tone` (Hz) in every call.
   * - `provisioning`: the URL of its configuration; or
   * - `account`: `{ username, password, domain, server, transport }`; `server` is `host:port`.
   *   Without either the phone stays alone and is called directly at its `address`.
   * - `srtp`: whether it insists on SRTP.
   * - `trust`: the PEM file of the certificate that the server shows.
   * - `answer`: `"manual"` or `"auto"`.
   */
  static async start({ tone, provisioning, account, trust, srtp = false, answer = "manual" }) {
    const phone = new Linphone("linphone-daemon", tone);
    phone.account = account;
    phone.folder = await mkdtemp(join(tmpdir(), "lineside-linphone-"));
    phone.log = join(phone.folder, "log");
    phone.port = await freePort();
    phone.address = `sip:linphone@127.0.0.1:${phone.port}`;
    phone.card = await SoundCard.open(tone);
    phone.card.peer = await freeRtpPorts();
    const config = join(phone.folder, "linphonerc");
    await writeFile(config, configuration(phone, await freeRtpPorts(), { provisioning, account, trust, srtp }));
    await mkdir(join(phone.folder, ".local/share/linphone"), { recursive: true });
    const args = ["--config", config, "--log", phone.log, "--disable-stats-events"];
    if (answer === "auto") args.push("--auto-answer");
    phone.program = new Program("linphone-daemon", "linphone-daemon", args, {
      cwd: phone.folder,
      env: { PATH: process.env.PATH, HOME: phone.folder, LANG: "C.UTF-8", TERM: "dumb" },
    });
    try {
      await phone.until("prompt", () => phone.program.output.includes(PROMPT));
    } catch (error) {
      await phone.stop();
      throw error;
    }
    return phone;
  }

  /** Sends one of the daemon's commands (see its `help`) and returns its reply. */
  async command(line) {
    const from = this.program.output.length;
    this.program.write(line);
    const reply = await this.until(`reply to ${line}`, () => {
      const text = this.program.output.slice(from);
      const start = text.indexOf("Status: ");
      const end = text.indexOf(PROMPT, start);
      return start >= 0 && end >= 0 && text.slice(start, end);
    });
    if (reply.startsWith("Status: Error")) throw new Error(`linphone-daemon refused ${line}: ${reply.trim()}`);
    return reply;
  }

  /** Waits until the registrar has accepted this phone; a refusal is an error with its words. */
  async registered(options) {
    const isRegistered = async () => {
      const state = await this.registration();
      if (state === "LinphoneRegistrationFailed") throw final(`registration refused: ${await this.lastAnswer()}`);
      return state === "LinphoneRegistrationOk";
    };
    await this.until("registration", isRegistered, options);
  }

  /** Waits until the registrar refuses this phone, and returns its words: `403 Forbidden`. */
  async refused(options) {
    await this.until("refusal", async () => (await this.registration()) === "LinphoneRegistrationFailed", options);
    return this.lastAnswer();
  }

  /** Goes to another port, as a phone that changes its network does: it registers from there at once. */
  async moves() {
    this.port = await freePort();
    await this.command(`port sip ${this.port} udp`);
  }

  /** Waits until a phone that was refused is registered again by trying by itself. */
  async heals(options = { within: 30_000 }) {
    await this.until("healed", async () => (await this.registration()) === "LinphoneRegistrationOk", options);
  }

  /** The registration's state, from the log: the daemon's `register-status` knows only what its `register` began. */
  async registration() {
    const moves = [...(await this.readLog()).matchAll(/moving from state \[\w+\] to \[(LinphoneRegistration\w+)\]/g)];
    return moves.at(-1)?.[1];
  }

  async lastAnswer() {
    const answers = [...(await this.readLog()).matchAll(/Register refresher \[(\d+)\] reason \[(.*?)\]/g)];
    return answers.length === 0 ? "no answer" : `${answers.at(-1)[1]} ${answers.at(-1)[2]}`;
  }

  async readLog() {
    return readFile(this.log, "utf8").catch(() => "");
  }

  async call(address) {
    await this.command(`call ${address}`);
  }

  /** Waits for an incoming call and returns who it says it is from. */
  async rings() {
    await this.inState("LinphoneCallIncomingReceived");
    return (await this.command("call-status")).match(/From: (.*)/)?.[1];
  }

  /** Waits until the phone at the other end rings. */
  async ringsThere() {
    await this.inState("LinphoneCallOutgoingRinging");
  }

  async answer() {
    await this.command("answer");
    await this.talks();
  }

  async talks() {
    await this.inState("LinphoneCallStreamsRunning");
  }

  /** Asks for a hold. With a sound card of ours it goes on sending and playing: only the other side falls silent. */
  async hold() {
    await this.command("call-pause");
    await this.inState("LinphoneCallPaused");
  }

  async resume() {
    await this.command(`call-resume ${this.callId}`);
    await this.talks();
  }

  /** Sends the other party to an extension or number of the account (blind transfer). */
  async transfer(extension) {
    await this.command(`call-transfer ${this.callId} sip:${extension}@${this.account.domain}`);
  }

  /** Hangs up, declines or cancels, as the call's state has it. */
  async hangUp() {
    await this.command("terminate");
  }

  /** Waits until no call is left. */
  async idle() {
    await this.inState("LinphoneCallReleased");
  }

  /** Waits until the latest call is in `state`, one of liblinphone's call states. */
  async inState(state, options) {
    await this.until(state, () => this.callState() === state, options);
  }

  /** The daemon's number of the latest call. */
  get callId() {
    return [...this.program.output.matchAll(/^Id: (\d+)/gm)].at(-1)?.[1];
  }

  callState() {
    return [...this.program.output.matchAll(/^Event: (LinphoneCall\w+)/gm)].at(-1)?.[1];
  }

  /** The samples that this phone has heard, of all its calls. */
  async heard() {
    return this.card.samples;
  }

  async stop() {
    this.card.close();
    if (!this.program.over) this.program.write("quit"); // a signal or an end of input makes it abort
    await this.program.end();
    await rm(this.folder, { recursive: true, force: true });
  }
}

// `hold_music`: a file that is not there, for one that is makes a hold with `rtp_io` abort the daemon.
// `verify_server_cn`: it compares with names only, and the certificate is one for an address.
// `refresher_retry_after`: milliseconds until a refused registration is tried again, a minute if unset.
function configuration({ port, card }, rtp, { provisioning, account, trust, srtp }) {
  return `
[sip]
sip_port=${port}
sip_tcp_port=${port}
sip_tls_port=${account?.transport === "tls" ? -1 : 0}
${trust ? `root_ca=${trust}\nverify_server_cn=0` : ""}
${srtp ? "media_encryption=srtp\nmedia_encryption_mandatory=1" : ""}
bind_address=127.0.0.1
use_ipv6=0
refresher_retry_after=1000
guess_hostname=0
contact=sip:linphone@127.0.0.1

[net]
firewall_policy=0

[rtp]
bind_address=127.0.0.1
audio_rtp_port=${rtp}

[sound]
rtp_io=1
rtp_map=pcmu/8000/1
rtp_local_addr=127.0.0.1
rtp_local_port=${card.peer}
rtp_remote_addr=127.0.0.1
rtp_remote_port=${card.port}
rtp_symmetric=0
echocancellation=0
agc=0
hold_music=none

[video]
enabled=0

[misc]
${provisioning ? `config-uri=${provisioning}` : ""}
${account ? accountSections(account) : ""}
`;
}

function accountSections({ username, password, domain, server, transport = "udp" }) {
  const route = `<sip:${server};transport=${transport}>`;
  return `
[sip]
default_proxy=0

[proxy_0]
reg_proxy=${route}
reg_route=${route}
reg_identity=<sip:${username}@${domain}>
reg_expires=600
reg_sendregister=1

[auth_info_0]
username=${username}
passwd=${password}
domain=${domain}
`;
}
