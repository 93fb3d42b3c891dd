// A program under test: its output kept for the error message, and ended by its own process id.

import { spawn } from "node:child_process";

const running = new Set();
process.on("exit", () => running.forEach((program) => program.child.kill("SIGKILL")));
process.once("SIGTERM", () => process.exit(143)); // so does the test runner end a test that takes too long
process.once("SIGINT", () => process.exit(130));

export class Program {
  /** Starts `command`. `options` are those of `child_process.spawn`. */
  constructor(name, command, args, options = {}) {
    this.name = name;
    this.output = ""; // both streams, as they came
    this.stdout = "";
    this.child = spawn(command, args, { ...options, stdio: "pipe" });
    this.exited = new Promise((resolve) => {
      this.child.once("error", (error) => {
        this.output += `${error.message}\n`;
        resolve();
      });
      this.child.once("close", resolve);
    }).then(() => {
      this.over = true;
      running.delete(this);
    });
    this.child.stdin.on("error", () => {}); // a write to a program that has just ended; `over` tells
    this.child.stdout.setEncoding("utf8").on("data", (text) => {
      this.output += text;
      this.stdout += text;
    });
    this.child.stderr.setEncoding("utf8").on("data", (text) => (this.output += text));
    running.add(this);
  }

  /** Throws, with the program's last words, if it has ended. */
  mustRun() {
    if (!this.over) return;
    const { exitCode, signalCode } = this.child;
    const error = new Error(`${this.name} ended (${signalCode ?? exitCode}):\n${this.output.slice(-4000)}`);
    throw Object.assign(error, { final: true });
  }

  write(line) {
    this.child.stdin.write(`${line}\n`);
  }

  /** Waits for an end that was asked for; takes the program's life when it does not come. */
  async end(within = 5_000) {
    const timer = setTimeout(() => this.child.kill("SIGKILL"), within);
    await this.exited;
    clearTimeout(timer);
  }

  async stop(signal = "SIGTERM") {
    if (!this.over) this.child.kill(signal);
    await this.end();
  }
}
