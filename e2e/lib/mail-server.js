// A mail server for tests: SMTP with STARTTLS and AUTH PLAIN or LOGIN (RFC 5321, 3207, 4954), and a certificate of its own.

import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { createSecureContext, TLSSocket } from "node:tls";
import { promisify } from "node:util";

const run = promisify(execFile);

export class MailServer {
  /** Every message that was taken: `{ user, encrypted, from, to, text }`. */
  taken = [];

  /** A certificate for `localhost` in `folder`; its path is what a client has to trust. */
  static async make(folder, { port, username, password }) {
    const server = new MailServer();
    Object.assign(server, { port, username, password, certificate: join(folder, "mail.crt") });
    const key = join(folder, "mail.key");
    const what = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"];
    const forWhom = ["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"];
    await run("openssl", ["req", ...what, ...forWhom, "-keyout", key, "-out", server.certificate]);
    server.tls = createSecureContext({ key: await readFile(key), cert: await readFile(server.certificate) });
    return server;
  }

  async start() {
    this.sockets = new Set();
    this.server = createServer((socket) => this.serve(socket));
    await new Promise((resolve) => this.server.listen(this.port, "127.0.0.1", resolve));
  }

  async stop() {
    for (const socket of this.sockets ?? []) socket.destroy();
    await new Promise((resolve) => (this.server ? this.server.close(resolve) : resolve()));
  }

  serve(socket) {
    this.sockets.add(socket);
    const session = { encrypted: false, to: [] };
    const say = (line) => socket.write(`${line}\r\n`);
    const listen = () => {
      let waiting = "";
      socket.setEncoding("latin1").on("data", (data) => {
        waiting += data;
        for (let end = waiting.indexOf("\r\n"); end >= 0; end = waiting.indexOf("\r\n")) {
          const line = waiting.slice(0, end);
          waiting = waiting.slice(end + 2);
          this.hear(line, session, say, upgrade);
        }
      });
      socket.on("error", () => {});
    };
    const upgrade = () => {
      socket.removeAllListeners("data");
      socket = new TLSSocket(socket, { isServer: true, secureContext: this.tls });
      this.sockets.add(socket);
      Object.assign(session, { encrypted: true, user: undefined });
      listen();
    };
    listen();
    say("220 localhost ready");
  }

  hear(line, session, say, upgrade) {
    if (session.data !== undefined) return this.hearText(line, session, say);
    if (session.login) return this.hearLogin(line, session, say);
    const [verb] = line.toUpperCase().split(" ", 1);
    switch (verb) {
      case "EHLO":
        return say(session.encrypted ? "250-localhost\r\n250 AUTH PLAIN LOGIN" : "250-localhost\r\n250 STARTTLS");
      case "STARTTLS":
        say("220 go ahead");
        return upgrade();
      case "AUTH":
        return this.hearAuth(line.split(" "), session, say);
      case "MAIL":
        session.from = line;
        return say(session.user ? "250 ok" : "530 5.7.0 authenticate first");
      case "RCPT":
        session.to.push(line);
        return say("250 ok");
      case "DATA":
        session.data = [];
        return say("354 go on");
      case "QUIT":
        return say("221 bye");
      default:
        return say("250 ok");
    }
  }

  hearText(line, session, say) {
    if (line !== ".") return session.data.push(line.replace(/^\./, ""));
    const { user, encrypted, from, to, data } = session;
    this.taken.push({ user, encrypted, from, to, text: data.join("\r\n") });
    Object.assign(session, { data: undefined, to: [] });
    say(`250 2.0.0 taken as number ${this.taken.length}`);
  }

  hearAuth([, mechanism, first], session, say) {
    if (mechanism.toUpperCase() === "PLAIN" && first) {
      const [, user, password] = Buffer.from(first, "base64").toString().split("\0");
      return this.check(user, password, session, say);
    }
    session.login = first ? [Buffer.from(first, "base64").toString()] : [];
    say(`334 ${Buffer.from(first ? "Password:" : "Username:").toString("base64")}`);
  }

  hearLogin(line, session, say) {
    session.login.push(Buffer.from(line, "base64").toString());
    if (session.login.length < 2) return say(`334 ${Buffer.from("Password:").toString("base64")}`);
    const [user, password] = session.login;
    session.login = undefined;
    this.check(user, password, session, say);
  }

  check(user, password, session, say) {
    const right = session.encrypted && user === this.username && password === this.password;
    if (right) session.user = user;
    say(right ? "235 2.7.0 welcome" : "535 5.7.8 wrong name or password");
  }
}
