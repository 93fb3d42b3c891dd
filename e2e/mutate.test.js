// Damaged messages and senseless packets at a running program in which two phones talk: a small share of what
// `lineside bench mutate` sends by itself, with another seed each time. A failure tells the seed, which sends the same again.

import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Program } from "./lib/program.js";

test("damaged messages and packets disturb no call, and nothing panics", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "lineside-mutate-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const seed = randomInt(1, 2 ** 32);
  const sizes = ["--messages", "50000", "--packets", "50000", "--seed", `${seed}`];
  const program = new Program("lineside", process.env.LINESIDE_BIN, ["bench", "mutate", ...sizes, "--data", join(folder, "data")]);
  t.after(() => program.stop());
  await program.end(240_000);
  assert.equal(program.child.exitCode, 0, `seed ${seed}:\n${program.output.slice(-4000)}`);
  t.diagnostic(program.stdout.trim().split("\n").at(-1));
});
