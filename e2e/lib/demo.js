// The demo data, made once for each build of the program: making it takes longer than most tests. Every test works on a
// copy of its own.

import { access, mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "./deadline.js";
import { freePort } from "./port.js";
import { Program } from "./program.js";

const SHELF = fileURLToPath(new URL("../node_modules/.cache/lineside-demo", import.meta.url));

/** The folder with the demo data of the program at `binary`; only to be copied. */
export async function demoData(binary) {
  const { size, mtimeMs } = await stat(binary);
  const data = join(SHELF, `${size}-${Math.round(mtimeMs)}`);
  if (await exists(data)) return data;
  await mkdir(SHELF, { recursive: true });
  for (const old of await readdir(SHELF)) if (!old.startsWith("new-")) await rm(join(SHELF, old), { recursive: true });
  const fresh = await mkdtemp(join(SHELF, "new-"));
  await make(binary, fresh);
  // Another test file may have been quicker: its data is as good.
  await rename(fresh, data).catch(() => rm(fresh, { recursive: true }));
  return data;
}

async function make(binary, data) {
  const [http, sip] = [await freePort(), await freePort()];
  const addresses = ["--http", `127.0.0.1:${http}`, "--sip", `127.0.0.1:${sip}`];
  const program = new Program("lineside", binary, ["demo", "--data", data, ...addresses, "--json"]);
  const isMade = async () => {
    program.mustRun();
    return (await exists(join(data, "demo.json"))) && !(await exists(join(data, "demo.begun")));
  };
  await until("the demo data", isMade, { within: 120_000 }).finally(() => program.stop());
}

function exists(path) {
  return access(path).then(() => true, () => false);
}
