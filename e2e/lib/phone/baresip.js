// A phone: baresip, with a tone in place of its microphone and a recording in place of its loudspeaker.

import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { final } from "../deadline.js";
import { freePort, freeRtpPorts } from "../port.js";
import { Program } from "../program.js";
import { sine } from "../tone.js";
import { readWav, writeWav } from "../wav.js";
import { Phone } from "./phone.js";

const MODULES = "/usr/lib/baresip/modules";

// What baresip's control connection says of a call, in the order in which a call goes through it.
const CALL_STATES = ["CALL_INCOMING", "CALL_RINGING", "CALL_PROGRESS", "CALL_ESTABLISHED", "CALL_CLOSED"];

export class Baresip extends Phone {
  /**
   * Starts a phone that says `tone` (Hz) in every call.
   * - `account`: `{ username, password, domain, server, transport, interval }`; `server` is `host:port`, `interval` the
   *   seconds between registrations. Without one the phone stays alone and is called directly at its `address`.
   * - `srtp`: whether it insists on SRTP.
   * - `trust`: the PEM file of the certificate that the server shows.
   * - `answer`: `"manual"` or `"auto"`.
   */
  static async start({ tone, account, trust, srtp = false, answer = "manual" }) {
    const phone = new Baresip("baresip", tone);
    phone.events = [];
    phone.replies = new Map();
    phone.folder = await mkdtemp(join(tmpdir(), "lineside-baresip-"));
    phone.port = await freePort();
    phone.control = await freePort();
    phone.address = `sip:phone@127.0.0.1:${phone.port}`;
    await mkdir(join(phone.folder, "heard"));
    await writeWav(join(phone.folder, "tone.wav"), sine(tone, { seconds: 120 }));
    await writeFile(join(phone.folder, "config"), configuration(phone, await freeRtpPorts(), trust));
    await writeFile(join(phone.folder, "accounts"), `${accountLine(account, srtp, answer)}\n`);
    await writeFile(join(phone.folder, "contacts"), "");
    phone.program = new Program("baresip", "baresip", ["-f", phone.folder, "-4", "-s"], { cwd: phone.folder });
    try {
      phone.socket = await phone.until("control connection", () => open(phone.control));
    } catch (error) {
      await phone.stop();
      throw error;
    }
    phone.listen();
    return phone;
  }

  listen() {
    let unread = Buffer.alloc(0);
    this.socket.on("error", () => {}); // the program has ended; `until` says so
    this.socket.on("data", (bytes) => {
      unread = Buffer.concat([unread, bytes]);
      for (let message; ([message, unread] = cut(unread)), message; ) {
        const { response, token, ...rest } = JSON.parse(message);
        if (response) this.replies.set(token, rest);
        else this.events.push(rest);
      }
    });
  }

  /** Sends one of baresip's long commands (`sndcode`, `transfer`, `callstat` …) and returns its reply. */
  async command(command, params = "") {
    const token = randomUUID();
    const message = JSON.stringify({ command, params, token });
    this.socket.write(`${Buffer.byteLength(message)}:${message},`);
    const reply = await this.until(`reply to ${command}`, () => this.replies.get(token));
    if (!reply.ok) throw new Error(`baresip refused ${command} ${params}: ${reply.data}`);
    return reply.data;
  }

  /** Waits until the registrar has accepted this phone; a refusal is an error with its words. */
  async registered() {
    const isRegistered = () => {
      const answer = this.registration();
      if (answer && !answer.startsWith("200 ")) throw final(`registration refused: ${answer}`);
      return answer;
    };
    await this.until("registration", isRegistered);
  }

  /** Waits until the registrar refuses this phone, and returns its words: `403 Forbidden`. */
  async refused(options) {
    const failure = () => this.registration() && !this.registration().startsWith("200 ");
    await this.until("refusal", failure, options);
    return this.registration();
  }

  /** The registrar's latest answer, from the output: the first may come before the control connection stands. */
  registration() {
    return [...this.program.output.matchAll(/(?:\{\d+\/\w+\/v4\}|\(prio \d+\):) (\d{3} .*?) \(/g)].at(-1)?.[1];
  }

  /** Calls a URI, or an extension or number at the account's server. */
  async call(address) {
    await this.command("dial", address);
  }

  /** Waits for an incoming call and returns who it says it is from. */
  async rings() {
    return (await this.inState("CALL_INCOMING")).peeruri;
  }

  /** Waits until the phone at the other end rings. */
  async ringsThere() {
    await this.inState("CALL_RINGING");
  }

  async answer() {
    await this.command("accept");
    await this.talks();
  }

  async talks() {
    await this.inState("CALL_ESTABLISHED");
  }

  /** Asks for a hold. From then on baresip 1.0 records nothing more of this call: listen at the other phone. */
  async hold() {
    await this.command("hold");
  }

  async resume() {
    await this.command("resume");
  }

  /** Sends the other party to an extension or number at the account's server (blind transfer). */
  async transfer(address) {
    await this.command("transfer", address);
  }

  /** Hangs up, declines or cancels, as the call's state has it. */
  async hangUp() {
    await this.command("hangup");
  }

  /** Waits until the call is over and returns why: `486 Busy Here`, or baresip's word for a BYE. */
  async idle() {
    return (await this.inState("CALL_CLOSED")).param;
  }

  /** Waits until the latest call is in `state`, and returns baresip's event of it. */
  async inState(state, options) {
    return this.until(state, () => this.latest(CALL_STATES)?.type === state && this.latest(CALL_STATES), options);
  }

  latest(types) {
    return this.events.findLast((event) => types.includes(event.type));
  }

  /** The samples that this phone has heard in its latest call. */
  async heard() {
    const folder = join(this.folder, "heard");
    const latest = (await readdir(folder)).filter((name) => name.endsWith("-dec.wav")).sort().at(-1);
    return latest ? (await readWav(join(folder, latest))).samples : new Int16Array(0);
  }

  async stop() {
    this.socket?.destroy();
    await this.program.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

function configuration(phone, rtp, trust) {
  return `
poll_method epoll
sip_listen 127.0.0.1:${phone.port}
net_interface 127.0.0.1
rtp_ports ${rtp}-${rtp + 1}
call_local_timeout 120
call_max_calls 4
audio_player aubridge,nowhere
audio_source aufile,${phone.folder}/tone.wav
audio_alert aubridge,nowhere
ringback_disabled yes
menu_bell no
statmode_default off
ausrc_format s16
auplay_format s16
auenc_format s16
audec_format s16
jitter_buffer_delay 1-5
module_path ${MODULES}
${trust ? `sip_cafile ${trust}` : ""}
module g711.so
module srtp.so
module sndfile.so
module aufile.so
module aubridge.so
module_tmp uuid.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:${phone.control}
snd_path ${phone.folder}/heard
`;
}

function accountLine(account, srtp, answer) {
  if (!account) return `<sip:phone@127.0.0.1>;regint=0;answermode=${answer}`;
  const { username, password, domain, server, transport = "udp", interval = 60 } = account;
  return [
    `<sip:${username}@${domain};transport=${transport}>`,
    `auth_user=${username}`,
    `auth_pass=${password}`,
    `outbound="sip:${server};transport=${transport}"`,
    `regint=${interval}`,
    `answermode=${answer}`,
    ...(srtp ? ["mediaenc=srtp-mand"] : []),
  ].join(";");
}

function open(port) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(socket));
    socket.once("error", reject);
  });
}

/** Cuts the first netstring (`length:text,`) from `bytes`: its text, if whole, and the rest. */
function cut(bytes) {
  const colon = bytes.indexOf(":");
  if (colon < 0) return [undefined, bytes];
  const end = colon + 1 + Number(bytes.toString("latin1", 0, colon));
  if (bytes.length <= end) return [undefined, bytes];
  return [bytes.toString("utf8", colon + 1, end), bytes.subarray(end + 1)];
}
