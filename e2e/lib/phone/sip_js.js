// A phone in a browser, without the browser: SIP.js over WebSocket (RFC 7118), with plain RTP in place of WebRTC, so that
// everything but the media is what a web phone sends.

import { readFile } from "node:fs/promises";
import { Inviter, Registerer, RegistererState, SessionState, Subscriber, UserAgent } from "sip.js";
import { WebSocket } from "ws";
import { final } from "../deadline.js";
import { Phone } from "./phone.js";
import { SoundCard } from "./sound_card.js";

export class SipJs extends Phone {
  /**
   * Starts a phone that says `tone` (Hz) in every call.
   * - `account`: `{ username, password, domain, server, transport }`; `server` is `host:port`, `transport` `"ws"` or `"wss"`.
   * - `trust`: the PEM file of the certificate that the server shows.
   */
  static async start({ tone, account, trust }) {
    const phone = new SipJs("SIP.js", tone);
    phone.account = account;
    phone.program = { mustRun() {} }; // it lives in this process
    phone.card = await SoundCard.open(tone);
    const ca = trust && (await readFile(trust));
    // SIP.js takes the browser's. All phones of a test trust the same server.
    globalThis.WebSocket ??= class extends WebSocket {
      constructor(url, protocols) {
        super(url, protocols, { ca });
      }
    };
    phone.agent = new UserAgent({
      uri: UserAgent.makeURI(`sip:${account.username}@${account.domain}`),
      authorizationUsername: account.username,
      authorizationPassword: account.password,
      transportOptions: { server: `${account.transport}://${account.server}` },
      sessionDescriptionHandlerFactory: () => new PlainRtp(phone.card),
      hackAllowUnregisteredOptionTags: true,
      logBuiltinEnabled: false,
      gracefulShutdown: false, // the server may have gone before
      delegate: { onInvite: (invitation) => phone.follow(invitation, "in") },
    });
    await phone.agent.start();
    phone.registerer = new Registerer(phone.agent, { expires: 600 });
    phone.registerer.register({ requestDelegate: { onReject: ({ message }) => (phone.refusal = words(message)) } });
    return phone;
  }

  async registered() {
    await this.until("registration", () => {
      if (this.refusal) throw final(`registration refused: ${this.refusal}`);
      return this.registerer.state === RegistererState.Registered;
    });
  }

  async call(target) {
    const inviter = new Inviter(this.agent, this.uri(target));
    this.follow(inviter, "out");
    await inviter.invite({
      requestDelegate: {
        onProgress: ({ message }) => (this.rang ||= message.statusCode === 180),
        onReject: ({ message }) => (this.ending = words(message)),
      },
    });
  }

  uri(target) {
    return UserAgent.makeURI(`sip:${target}@${this.account.domain}`);
  }

  follow(session, direction) {
    Object.assign(this, { session, direction, rang: false, ending: undefined });
    session.delegate = { onBye: () => {} };
    session.stateChange.addListener((state) => {
      // Before a call is over another may be here.
      if (state === SessionState.Terminated && this.session === session) this.card.peer = undefined;
    });
  }

  async rings() {
    const isRinging = () => this.direction === "in" && this.session.state === SessionState.Initial && this.session;
    return (await this.until("an incoming call", isRinging)).remoteIdentity.uri.toString();
  }

  async ringsThere() {
    await this.until("ringing", () => this.rang);
  }

  /** Answers. Who offers to protect the sound is refused that (488), and asks again for sound in the clear. */
  async answer() {
    const offered = this.session;
    if (/^m=audio \d+ RTP\/SAVP/m.test(offered.request.body)) {
      await offered.reject({ statusCode: 488 });
      await this.until("an offer in the clear", () => this.session !== offered);
    }
    await this.session.accept();
    await this.talks();
  }

  async talks() {
    await this.until("established", () => this.session?.state === SessionState.Established);
  }

  async hold() {
    await this.reinvite({ hold: true });
  }

  async resume() {
    await this.reinvite({ hold: false });
  }

  async reinvite(sessionDescriptionHandlerOptions) {
    let outcome;
    await this.session.invite({
      sessionDescriptionHandlerOptions,
      requestDelegate: { onAccept: () => (outcome = "200"), onReject: ({ message }) => (outcome = words(message)) },
    });
    await this.until("an answer to a re-INVITE", () => outcome);
    if (outcome !== "200") throw new Error(`re-INVITE refused: ${outcome}`);
  }

  /** Transfers the call to an extension or, attended, to who is at the other end of another call of this phone. */
  async transfer(target) {
    await this.session.refer(typeof target === "string" ? this.uri(target) : target);
  }

  async hangUp() {
    const { session } = this;
    if (session.state === SessionState.Established) await session.bye();
    else if (this.direction === "out") await session.cancel();
    else await session.reject({ statusCode: 486 });
  }

  /** Waits until the call is over and returns why, if it was refused: `486 Busy Here`. */
  async idle() {
    await this.until("the end of the call", () => this.session?.state === SessionState.Terminated);
    return this.ending;
  }

  /** Subscribes to what another extension does; `lamp(extension)` waits for its states. */
  async watch(event, target, accept) {
    const subscriber = new Subscriber(this.agent, this.uri(target), event, { extraHeaders: [`Accept: ${accept}`] });
    const heard = [];
    subscriber.delegate = {
      onNotify: (notification) => {
        heard.push(notification.request.body);
        notification.accept();
      },
    };
    await subscriber.subscribe();
    return heard;
  }

  async heard() {
    return this.card.samples;
  }

  async stop() {
    this.card.close();
    const { ws } = this.agent.transport;
    await this.agent.stop();
    this.registerer.clearTimers(); // it would renew for hours
    ws?.terminate();
  }
}

function words({ statusCode, reasonPhrase }) {
  return `${statusCode} ${reasonPhrase}`;
}

/** What SIP.js asks about media, answered with one G.711 stream (RFC 3264) of a sound card of ours. */
class PlainRtp {
  version = 0;

  constructor(card) {
    this.card = card;
  }

  async getDescription({ hold = false } = {}) {
    this.held = hold;
    return { body: this.describe(), contentType: "application/sdp" };
  }

  describe() {
    return [
      "v=0",
      `o=- 1 ${++this.version} IN IP4 127.0.0.1`,
      "s=-",
      "c=IN IP4 127.0.0.1",
      "t=0 0",
      `m=audio ${this.card.port} RTP/AVP 0`,
      "a=rtpmap:0 PCMU/8000",
      `a=${this.held ? "sendonly" : this.remoteHeld ? "recvonly" : "sendrecv"}`,
      "",
    ].join("\r\n");
  }

  async setDescription(sdp) {
    this.remoteHeld = /^a=(sendonly|inactive)/m.test(sdp);
    const [, port] = sdp.match(/^m=audio (\d+)/m);
    this.card.peer = this.held || this.remoteHeld ? undefined : Number(port);
  }

  hasDescription(contentType) {
    return contentType === "application/sdp";
  }

  rollbackDescription() {
    return Promise.resolve();
  }

  sendDtmf() {
    return false;
  }

  close() {
    this.card.peer = undefined;
  }
}
